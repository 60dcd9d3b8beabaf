package genesysserver_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// The owner of a conference removes somebody from it, as any HTTP client would.
func Example() {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	server, err := genesysserver.New(sw, genesysserver.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	ana, err := server.AddAgent(genesysserver.AgentOptions{User: "ana", DN: "15000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	endpoint, err := server.Start(genesysserver.TCP)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer endpoint.Close()

	_, _ = ana.Join("standup")
	gone, _ := sw.Join("standup", fake.Leg{Address: "15001"})
	_, _ = sw.Join("standup", fake.Leg{Address: "15002"})
	id, _ := server.CallID("standup")

	jar, _ := cookiejar.New(nil)
	client := &http.Client{Transport: endpoint.Transport(), Jar: jar}
	login, _ := http.NewRequest(http.MethodGet, endpoint.URL()+"/api/v2/me", nil)
	login.SetBasicAuth(ana.User(), ana.Password())
	resp, err := client.Do(login)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()

	remove, _ := http.NewRequest(http.MethodPost, endpoint.URL()+"/api/v2/me/calls/"+id,
		strings.NewReader(`{"operationName":"RemoveParticipantFromConference","participant":"15001"}`))
	remove.Header.Set("X-CSRF-TOKEN", resp.Header.Get("X-CSRF-TOKEN"))
	resp, err = client.Do(remove)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	fmt.Println(gone.Present())
	// Output:
	// 200 {"statusCode":0}
	// false
}
