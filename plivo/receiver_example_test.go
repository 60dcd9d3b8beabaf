package plivo_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// Wiring names no vendor: whatever provider the configuration names, its callbacks are mounted if it
// has any, and a conference that one rings for is passed on to the other replicas.
func ExampleReceiver() {
	tellOtherReplicas := make(chan cc.ConferenceID, 1)
	client, err := cc.OpenConfig(context.Background(), cc.Config{
		Provider:  "plivo-mpc",
		PublicURL: "https://hooks.example.net",
		Notified:  func(c cc.ConferenceID) { tellOtherReplicas <- c },
		Secret: func(_ context.Context, name string) (string, error) {
			return map[string]string{"PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX", "PLIVO_AUTH_TOKEN": "token"}[name], nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	mux := http.NewServeMux()
	if callbacks, ok := cc.As[http.Handler](client); ok {
		mux.Handle("/callbacks", callbacks)
	}

	// Plivo was told "https://hooks.example.net/callbacks", as statusCallbackUrl.
	form := url.Values{
		"EventName": {"MPCStart"}, "EventTimestamp": {"2026-03-01 10:00:05+00:00"},
		"MPCName": {"support"}, "MPCUUID": {"5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"},
	}
	signature, err := plivo.SignV3(plivo.NewSecret("token"), "POST", "https://hooks.example.net/callbacks", form, "90210443318")
	if err != nil {
		log.Fatal(err)
	}
	request := httptest.NewRequest("POST", "/callbacks", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(plivo.HeaderNonceV3, "90210443318")
	request.Header.Set(plivo.HeaderSignatureV3, signature)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)

	fmt.Println(answer.Code, <-tellOtherReplicas)
	// Output: 200 support
}
