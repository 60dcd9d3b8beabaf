package genesys_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/genesys"
	"github.com/callcontrol-go/callcontrol/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user     = "agent7"
	password = "swordfish-swordfish"
	basic    = "Basic YWdlbnQ3OnN3b3JkZmlzaC1zd29yZGZpc2g="
	callID   = "01RCC3N118B1V0SL8O7GK2LAES00000O"
	deviceID = "631608b3-ceb1-472b-ba05-2ae39555b0d1"
	ownDN    = "15000"
)

// A desk is a small server of one agent: it knows logins, sessions and tokens, answers reads with what
// it was told to, and takes every order. The CometD service is not there.
type desk struct {
	mu       sync.Mutex
	call     string // the one call; empty: none
	logins   int
	session  int // which is valid; 0: none
	token    int
	requests []string
	orders   []string
	answer   func(r *http.Request, body string) (status int, answer string, ok bool)
}

func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	d.serve(w, r, body)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (d *desk) serve(w http.ResponseWriter, r *http.Request, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v2/")
	if r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/notifications") {
		line += " " + body
	}
	d.requests = append(d.requests, line)
	say := func(status int, text string) {
		if strings.HasPrefix(text, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	if r.Header.Get("Authorization") != "" {
		if r.Header.Get("Authorization") != basic {
			say(403, `{"statusCode":20,"statusMessage":"denied"}`)
			return
		}
		d.logins++
		d.session = d.logins
		http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: strconv.Itoa(d.session), Path: "/", HttpOnly: true})
	} else if c, err := r.Cookie("JSESSIONID"); err != nil || d.session == 0 || c.Value != strconv.Itoa(d.session) {
		http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "anonymous", Path: "/"})
		say(403, `{"statusCode":20,"statusMessage":"access denied"}`)
		return
	}
	if d.answer != nil {
		if status, text, ok := d.answer(r, body); ok {
			say(status, text)
			return
		}
	}
	if r.Method == http.MethodGet {
		w.Header().Set("X-CSRF-HEADER", "X-CSRF-TOKEN")
		w.Header().Set("X-CSRF-TOKEN", "token-"+strconv.Itoa(d.token))
	} else if r.Header.Get("X-CSRF-TOKEN") != "token-"+strconv.Itoa(d.token) {
		say(403, "The CSRF token is missing or invalid.")
		return
	}
	device := `{"id":"` + deviceID + `","deviceState":"Active","phoneNumber":"` + ownDN + `","userState":{"state":"Ready"}}`
	switch path := strings.TrimPrefix(r.URL.Path, "/api/v2/"); {
	case r.Method == http.MethodPost && strings.HasPrefix(path, "me"):
		d.orders = append(d.orders, body)
		say(200, `{"statusCode":0}`)
	case path == "me":
		say(200, `{"statusCode":0,"user":{"userName":"agent7","devices":[`+device+`],"calls":[`+d.call+`]}}`)
	case path == "me/devices":
		say(200, `{"statusCode":0,"devices":[`+device+`]}`)
	case path == "me/calls":
		say(200, `{"statusCode":0,"calls":[`+d.call+`]}`)
	case path == "me/calls/"+callID && d.call != "":
		say(200, `{"statusCode":0,"call":`+d.call+`}`)
	case strings.HasPrefix(path, "me/calls/"):
		say(404, `{"statusCode":6,"statusMessage":"no such call"}`)
	default:
		say(404, "<html>not here</html>")
	}
}

func (d *desk) lines() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.requests...)
}

func (d *desk) sent() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.orders...)
}

func (d *desk) options() genesys.Options {
	return genesys.Options{
		Endpoint: "https://gws.example.test", User: user, Password: genesys.NewSecret(password), Transport: d,
	}
}

func (d *desk) driver(t *testing.T) provider.Driver {
	t.Helper()
	driver, err := genesys.NewDriver(d.options())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close()) })
	return driver
}

// callWith is a call of the new dialect.
func callWith(state, kind string, offers []string, numbers ...string) string {
	list := make([]map[string]string, 0, len(numbers))
	for _, n := range numbers {
		list = append(list, map[string]string{"phoneNumber": n, "digits": n, "formattedPhoneNumber": n, "e164Number": ""})
	}
	b, _ := json.Marshal(map[string]any{
		"id": callID, "callUuid": callID, "connId": "0071027198180018", "state": state, "callType": kind,
		"deviceUri":    "http://10.0.0.1:8080/api/v2/devices/" + deviceID,
		"participants": list, "capabilities": offers, "mute": "Off", "duration": "43",
		"uri": "http://10.0.0.1:8080/api/v2/me/calls/somewhere-else",
	})
	return string(b)
}

func ids(list []cc.Participant) (all []string) {
	for _, p := range list {
		all = append(all, string(p.ID))
	}
	return all
}

var background = context.Background()

func itoa(n int) string { return strconv.Itoa(n) }
