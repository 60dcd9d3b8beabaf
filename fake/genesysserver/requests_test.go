package genesysserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// Facts 14.1, 2.2, 2.3, 2.5: what is needed to be let in.
func TestAuthentication(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{}, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana", Password: "open sesame"})
		refused := func(a answer) {
			t.Helper()
			require.Equal(t, 403, a.status)
			require.JSONEq(t, `{"statusCode":20,"statusMessage":"Access is denied"}`, a.text)
		}
		c := s.client(ana)
		c.agent = nil
		refused(c.get("/api/v2/me"))

		r := c.request("GET", "/api/v2/me", "")
		r.SetBasicAuth("ana", "wrong")
		refused(c.do(r))
		r = c.request("GET", "/api/v2/me", "")
		r.SetBasicAuth("bob", "open sesame")
		refused(c.do(r))
		require.Zero(t, s.server.Counts().Sessions)

		r = c.request("GET", "/api/v2/me/", "")
		r.SetBasicAuth("ana", "open sesame")
		got := c.do(r)
		require.Equal(t, 200, got.status)
		require.Contains(t, got.header.Get("Set-Cookie"), "JSESSIONID=")
		require.Equal(t, "X-CSRF-TOKEN", got.header.Get("X-CSRF-HEADER"))
		require.NotEmpty(t, got.header.Get("X-CSRF-TOKEN"))
		require.Equal(t, 1, s.server.Counts().Sessions)

		// The cookie is enough now, and credentials beside it open no other session.
		again := c.get("/api/v2/me")
		require.Equal(t, 200, again.status)
		require.Empty(t, again.header.Get("Set-Cookie"))
		require.Equal(t, got.header.Get("X-CSRF-TOKEN"), again.header.Get("X-CSRF-TOKEN"))
		c.agent = ana
		require.Equal(t, 200, c.get("/api/v2/me").status)
		require.Equal(t, 1, s.server.Counts().Sessions)
	})
}

// "Cross-Site Request Forgery protection", and facts 14.3.
func TestCSRF(t *testing.T) {
	type request struct {
		name               string
		cookie, old, token bool // what it comes with; old: a cookie of a session that is gone
		basic              bool
	}
	const pass, text, denied = 3, 403, 20 // pass: it came to the name of the operation
	for name, c := range map[string]struct {
		options genesysserver.Options
		want    map[request]int
	}{
		"on": {genesysserver.Options{}, map[request]int{
			{name: "all", cookie: true, token: true}:                             pass,
			{name: "no token", cookie: true}:                                     text,
			{name: "nothing"}:                                                    text,
			{name: "credentials and no cookie", basic: true}:                     text,
			{name: "expired", cookie: true, old: true}:                           denied,
			{name: "expired, credentials", old: true, basic: true, cookie: true}: text,
		}},
		"off": {genesysserver.Options{NoCSRF: true}, map[request]int{
			{name: "all", cookie: true, token: true}:         pass,
			{name: "no token", cookie: true}:                 pass,
			{name: "nothing"}:                                denied,
			{name: "credentials and no cookie", basic: true}: pass,
			{name: "expired", cookie: true, old: true}:       denied,
		}},
		"after authentication": {genesysserver.Options{AuthFirst: true}, map[request]int{
			{name: "all", cookie: true, token: true}:         pass,
			{name: "no token", cookie: true}:                 text,
			{name: "nothing"}:                                denied,
			{name: "credentials and no cookie", basic: true}: text,
			{name: "expired", cookie: true, old: true}:       denied,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, c.options, func(t *testing.T, s *site) {
				ana := s.add(genesysserver.AgentOptions{User: "ana"})
				for q, want := range c.want {
					cl := s.login(ana)
					if !q.cookie {
						cl.http.Jar = nil
					}
					if q.old {
						s.server.ExpireSessions("ana")
					}
					if !q.token {
						cl.csrf = ""
					}
					r := cl.request("POST", "/api/v2/me/channels/voice", operation("Nonsense"))
					if q.basic {
						r.SetBasicAuth(ana.User(), ana.Password())
					}
					got := cl.do(r)
					switch want {
					case text:
						require.Equal(t, 403, got.status, q.name)
						require.Nil(t, got.body, q.name)
						require.Contains(t, strings.ToLower(got.text), "csrf token", q.name)
					case denied:
						require.Equal(t, 403, got.status, q.name)
						require.Equal(t, 20, got.code(), q.name)
					default:
						require.Equal(t, 403, got.status, q.name)
						require.Equal(t, 3, got.code(), q.name) // an operation that is not known
					}
				}
			})
		})
	}
}

// Facts 14.3: the knobs of sessions.
func TestSessionsGoAway(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{}, func(t *testing.T, s *site) {
		ana, bob := s.add(genesysserver.AgentOptions{User: "ana"}), s.add(genesysserver.AgentOptions{User: "bob"})
		a, b := s.login(ana).listen(), s.login(bob).listen()
		a.take()
		ready := operation("Ready")

		s.server.RotateCSRF("ana")
		require.Equal(t, 403, a.post("/api/v2/me/channels/voice", ready).status)
		status, _ := a.bayeux(`[{"channel":"/meta/connect"}]`)
		require.Equal(t, 403, status)
		require.Equal(t, 200, b.post("/api/v2/me/channels/voice", ready).status)
		require.Equal(t, 200, a.get("/api/v2/me").status)
		require.Equal(t, 200, a.post("/api/v2/me/channels/voice", ready).status)

		s.server.ExpireSessions("ana")
		got := a.post("/api/v2/me/channels/voice", ready)
		require.Equal(t, 403, got.status)
		require.Equal(t, 20, got.code())
		got = a.post("/api/v2/notifications", `[{"id":"9","channel":"/meta/connect","clientId":"`+a.id+`","connectionType":"long-polling"}]`)
		require.Equal(t, 403, got.status)
		require.Equal(t, 20, got.code())
		require.Equal(t, 200, b.post("/api/v2/me/channels/voice", ready).status)

		time.Sleep(30*time.Minute - time.Second)
		require.Equal(t, 200, b.post("/api/v2/me/channels/voice", ready).status)
		time.Sleep(30 * time.Minute)
		require.Equal(t, 20, b.post("/api/v2/me/channels/voice", ready).code())

		a, b = s.login(ana).listen(), s.login(bob).listen()
		s.server.Restart()
		require.Equal(t, 20, a.post("/api/v2/me/channels/voice", ready).code())
		require.Equal(t, 20, b.post("/api/v2/me/channels/voice", ready).code())
		require.True(t, ana.Started()) // that is the telephony server's
		require.Zero(t, s.server.CometD().Sessions)
	})
}

// Facts 8.2 and 14.3: 402, with advice where it is a connect.
func TestCometDSessionsGoAway(t *testing.T) {
	for name, c := range map[string]struct {
		lose   func(s *site)
		advice bool
	}{
		"dropped":              {func(s *site) { s.server.DropCometD("ana", true) }, true},
		"dropped, no advice":   {func(s *site) { s.server.DropCometD("ana", false) }, false},
		"the cookie forgotten": {func(s *site) { s.server.ForgetBrowser("ana") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, genesysserver.Options{}, func(t *testing.T, s *site) {
				a, b := s.login(s.add(genesysserver.AgentOptions{User: "ana"})).listen(), s.login(s.add(genesysserver.AgentOptions{User: "bob"})).listen()
				c.lose(s)
				_, r := a.bayeux(`[{"id":"3","channel":"/meta/connect","clientId":"` + a.id + `","connectionType":"long-polling"}]`)
				require.Len(t, r, 1)
				require.Equal(t, false, r[0]["successful"])
				require.Equal(t, "402::Unknown client", r[0]["error"])
				advice, has := r[0]["advice"].(map[string]any)
				require.Equal(t, c.advice, has)
				if has {
					require.Equal(t, "handshake", advice["reconnect"])
				}
				require.EqualValues(t, 1, s.server.CometD().Unknown)
				b.take() // still there
				a.listen().take()
			})
		})
	}
}

// Facts 3 and 14.1: the resources, with and without the last slash, and what is none.
func TestRoutes(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{IDs: genesysserver.IDName}, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana", FirstName: "Ana", LastName: "Ruiz", Features: []string{genesysserver.FeatureVoice}})
		_, err := ana.Join("one")
		require.NoError(t, err)
		s.join("one", "15001")
		s.join("two", "15001")
		c := s.login(ana)
		device := "/api/v2/me/devices/" + ana.DeviceID()
		for _, r := range []struct {
			method, path string
			status, code int
			has          string // key of the answer
		}{
			{"GET", "/api/v2/me", 200, 0, "user"},
			{"GET", "/api/v2/me/", 200, 0, "user"},
			{"GET", "/api/v2/me/devices", 200, 0, "uris"},
			{"GET", "/api/v2/me/devices?fields=*", 200, 0, "devices"},
			{"GET", device, 200, 0, "device"},
			{"GET", "/api/v2/me/devices/other", 404, 6, ""},
			{"GET", "/api/v2/me/calls", 200, 0, "uris"},
			{"GET", "/api/v2/me/calls/?fields=*", 200, 0, "calls"},
			{"GET", "/api/v2/me/calls/one", 200, 0, "call"},
			{"GET", "/api/v2/me/calls/one/", 200, 0, "call"},
			{"GET", "/api/v2/me/calls/two", 404, 6, ""}, // not this agent's
			{"GET", "/api/v2/me/calls/on%65", 200, 0, "call"},
			{"GET", "/api/v2/me/calls/one%2F", 404, 6, ""},
			{"GET", "/api/v2/diagnostics/version", 200, 0, "version"},
			{"GET", "/api/v2/services", 200, 0, "uris"},
			{"GET", "/api/v2/services?fields=*", 200, 0, "services"},
			{"POST", "/api/v2/me/calls/two", 404, 6, ""},
			{"POST", device + "x", 404, 6, ""},
			{"POST", device + "x/calls", 404, 6, ""},
			// Nothing is cleaned, and nobody is redirected.
			{"GET", "/api/v2/me/calls/one//", 404, -1, ""},
			{"GET", "/api/v2//me", 404, -1, ""},
			{"GET", "/api/v2/me/calls/../devices", 404, -1, ""},
			{"GET", "/api/v2/me/calls/%zz", 400, -1, ""}, // net/http itself
			{"GET", "/genesys/cometd", 404, -1, ""},
			{"GET", "/", 404, -1, ""},
			{"PUT", "/api/v2/me", 405, -1, ""},
			{"DELETE", "/api/v2/me/calls/one", 405, -1, ""},
			{"POST", "/api/v2/services", 405, -1, ""},
			{"GET", device + "/calls", 405, -1, ""},
		} {
			if strings.Contains(r.path, "%zz") {
				continue // no client would let that out
			}
			body := ""
			if r.method == "POST" {
				body = operation("Hangup")
			}
			got := c.send(r.method, r.path, body)
			require.Equal(t, r.status, got.status, r.path)
			require.Equal(t, r.code, got.code(), r.path)
			if r.has != "" {
				require.Contains(t, got.body, r.has, r.path)
			}
		}
		require.Equal(t, "GET, HEAD, POST", c.send("PUT", "/api/v2/me", "").header.Get("Allow"))
		require.Equal(t, "8.5.202.96", c.get("/api/v2/diagnostics/version").body["version"])

		user := c.get("/api/v2/me?subresources=features,devices,calls").body["user"].(map[string]any)
		require.Equal(t, "ana", user["userName"])
		require.Equal(t, "Ruiz", user["lastName"])
		require.Equal(t, []any{map[string]any{"id": "api-voice"}}, user["features"])
		require.Len(t, user["devices"], 1)
		require.Len(t, user["calls"], 1)
		require.Len(t, c.get("/api/v2/me?subresources=*").body["user"].(map[string]any)["calls"], 1)
		require.NotContains(t, c.get("/api/v2/me").body["user"], "calls")
		d := user["devices"].([]any)[0].(map[string]any)
		require.Equal(t, ana.DeviceID(), d["id"])
		require.Equal(t, "7101", d["phoneNumber"])
		require.Equal(t, "Active", d["deviceState"])
		require.Equal(t, "NotReady", d["userState"].(map[string]any)["state"])
		require.NotContains(t, words(d["capabilities"]), "ListenIn") // lacks the feature
		uris := c.get("/api/v2/me/calls").body["uris"]
		require.Equal(t, []any{"https://gws.example.test/api/v2/me/calls/one"}, uris)
	})
}

// Facts 14.1: the order of validation, and 3.1.
func TestOrderOfValidation(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{IDs: genesysserver.IDName}, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana", Features: []string{}})
		sup := s.add(genesysserver.AgentOptions{User: "sup", Features: []string{genesysserver.FeatureVoice}})
		_, err := ana.Join("one")
		require.NoError(t, err)
		s.join("one", "15001", "15002")
		_, err = sup.Monitor("one", genesysserver.ListenIn)
		require.NoError(t, err)
		c, v := s.login(ana), s.login(sup)
		for _, r := range []struct {
			c            *client
			id, body     string
			status, code int
		}{
			{c, "none", `{`, 404, 6},
			{c, "one", ``, 400, 1},
			{c, "one", `{`, 400, 1},
			{c, "one", `[]`, 400, 1},
			{c, "one", `null`, 400, 1},
			{c, "one", `{}`, 400, 1},
			{c, "one", `{"operationName":null}`, 400, 1},
			{c, "one", `{"operationName":7}`, 400, 1},
			{c, "one", `{"operationName":" "}`, 400, 1},
			{c, "one", `{"operationName":"hold"}`, 403, 3},
			{c, "one", `{"operationName":"Dial"}`, 403, 3}, // of another resource
			{c, "one", operation("RemoveParticipantFromConference"), 400, 1},
			{c, "one", operation("RemoveParticipantFromConference", `"participant":15001`), 400, 1},
			{c, "one", operation("RemoveParticipantFromConference", `"participant":["15001"]`), 400, 1},
			{c, "one", operation("SingleStepConference", `"destination":"15009"`), 400, 1},
			{c, "one", operation("AttachUserData", `"userData":[]`), 400, 1},
			{c, "one", operation("Retrieve"), 409, 2},
			{c, "one", operation("MuteMonitoredUser"), 409, 2},
			{c, "one", operation("Hold"), 403, 5},
			{v, "one", operation("SwitchToBargeIn"), 403, 5},
			{v, "one", operation("MuteMonitoredUser"), 403, 5},
			{v, "one", operation("Hangup"), 200, 0},
		} {
			got := r.c.post("/api/v2/me/calls/"+r.id, r.body)
			require.Equal(t, r.status, got.status, r.body)
			require.Equal(t, r.code, got.code(), r.body)
			if r.code != 0 {
				require.Len(t, got.body, 2, "no field but statusCode and statusMessage") // "Return Values"
			}
		}
	})
}

// "StartContactCenterSession", "EndContactCenterSession", and a trace: 500 with 4 and a bare
// ErrorMessage while the device is not registered.
func TestContactCenterSession(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{}, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana", LoggedOut: true, Broken: []string{"chat"}})
		_, err := ana.Join("one")
		require.NoError(t, err)
		s.join("one", "15001")
		c := s.login(ana).listen()
		c.take()
		id := c.call()["id"].(string) // calls from the physical phone are there all the same

		got := c.op(id, "Hold")
		require.Equal(t, 500, got.status)
		require.Equal(t, 4, got.code())
		time.Sleep(time.Second)
		news := c.take()
		require.Len(t, news, 1)
		require.Equal(t, "/v2/me/devices", news[0].Channel)
		require.Equal(t, "ErrorMessage", news[0].Data["messageType"])
		require.Equal(t, "/devices/"+ana.DeviceID(), news[0].Data["devicePath"])
		require.NotContains(t, news[0].Data, "errorMessage")
		require.NotContains(t, news[0].Data, "errorCode")

		start := func(channels string) answer {
			return c.post("/api/v2/me", operation("StartContactCenterSession", `"channels":`+channels))
		}
		require.Equal(t, 1, start(`[]`).code())
		require.Equal(t, 1, start(`"voice"`).code())
		require.Equal(t, 3, c.post("/api/v2/me", operation("Ready")).code())
		got = start(`["chat"]`)
		require.Equal(t, 500, got.status)
		require.Equal(t, 4, got.code())
		require.False(t, ana.Started())
		got = start(`["voice","chat"]`)
		require.Equal(t, 200, got.status)
		require.JSONEq(t, `{"statusCode":7,
			"failed":[{"statusCode":4,"statusMessage":"The channel cannot be started","channel":"multimedia"}],
			"succeeded":[{"statusCode":0,"channel":"voice"}]}`, got.text)
		require.Equal(t, 0, start(`["voice"]`).code())
		require.True(t, ana.Started())
		require.Equal(t, 5, s.server.Counts().Starts)
		news = c.take()
		require.Len(t, news, 2)
		d := news[0].Data["devices"].([]any)[0].(map[string]any)
		require.Equal(t, "Active", d["deviceState"])

		at := time.Now()
		require.Equal(t, 0, c.post("/api/v2/me/channels/voice", operation("Ready")).code())
		require.Equal(t, 20*time.Millisecond, time.Since(at)) // the notification was first
		d = c.take()[0].Data["devices"].([]any)[0].(map[string]any)
		require.Equal(t, "Ready", d["userState"].(map[string]any)["state"])

		require.Equal(t, 0, c.op(id, "Hold").code())
		require.Equal(t, 0, c.post("/api/v2/me", operation("EndContactCenterSession")).code())
		require.False(t, ana.Started())
		require.Equal(t, 20, c.post("/api/v2/me", operation("EndContactCenterSession")).code())
	})
}

// "Error handling": 503 with 4 while the telephony server cannot be reached.
func TestVoiceOutage(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{}, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana"})
		_, err := ana.Join("one")
		require.NoError(t, err)
		s.join("one", "15001")
		c := s.login(ana).listen()
		c.take()
		id := c.call()["id"].(string)
		state := func() any {
			return c.get("/api/v2/services?fields=*").body["services"].([]any)[0].(map[string]any)["state"]
		}
		require.Equal(t, "Active", state())
		s.server.SetVoice(false)
		s.server.SetVoice(false)
		require.Equal(t, "Inactive", state())
		got := c.op(id, "Hold")
		require.Equal(t, 503, got.status)
		require.Equal(t, 4, got.code())
		require.Equal(t, 500, c.post("/api/v2/me", operation("StartContactCenterSession", `"channels":["voice"]`)).status)
		s.server.SetVoice(true)
		require.Equal(t, 0, c.op(id, "Hold").code())
		news := c.take()
		require.Equal(t, "/notifications/services", news[0].Channel)
		require.Equal(t, "/notifications/services", news[1].Channel)
		require.Len(t, news, 3)
	})
}

func TestRequestsAreKeptAndCounted(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{LogSize: 3}, func(t *testing.T, s *site) {
		c := s.login(s.add(genesysserver.AgentOptions{User: "ana"})).listen()
		c.post("/api/v2/me/calls/none", operation("Hold"))
		c.post("/api/v2/me/channels/voice", operation("Ready"))
		c.get("/api/v2/me/calls?fields=*")
		c.send(http.MethodDelete, "/api/v2/me", "")
		require.Equal(t, genesysserver.Counts{CallPosts: 1, Posts: 2, Reads: 2, CometD: 2, Sessions: 1}, s.server.Counts())
		q := s.server.Requests()
		require.Len(t, q, 3)
		require.Equal(t, genesysserver.Operation("Ready"), q[0].Operation)
		require.Equal(t, `{"operationName":"Ready"}`, q[0].Body)
		require.Equal(t, "ana", q[0].User)
		require.Equal(t, 200, q[0].Status)
		require.Equal(t, genesysserver.ListCalls, q[1].Operation)
		require.Equal(t, "fields=*", q[1].Query)
		require.Equal(t, 405, q[2].Status)
		require.Empty(t, q[2].Operation)
	})
}
