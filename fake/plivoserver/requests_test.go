package plivoserver_test

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// "Update participant state": what is refused, and what then is not changed.
func TestUpdateRefused(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		ms := three(s)
		for _, c := range []struct {
			member, body string
			status       int
		}{
			{"1", ``, 400}, {"1", `{}`, 400}, {"1", `null`, 400}, // no flag
			{"1", `{"mute":null}`, 400},
			{"1", `{"disable_state_change_sound":true}`, 400},
			{"1", `{"mute":"on"}`, 400}, {"1", `{"mute":1}`, 400}, {"1", `{"hold":{}}`, 400},
			{"1", `{"mute":true,"hold":"x"}`, 400},
			{"1", `{"mute":true,"deaf":true}`, 400},
			{"1", `{"mute":true,"MUTE":false}`, 400},
			{"1", `{"mute":true,"disable_state_change_sound":7}`, 400},
			{"1", `mute=true`, 400}, {"1", `{"mute":true`, 400}, {"1", `[{"mute":true}]`, 400},
			{"all", `{"coach_mode":false}`, 400},            // documented
			{"all", `{"mute":true,"coach_mode":true}`, 400}, //
			{"1,3", `{"coach_mode":false}`, 400},            // one participant only, by the page's words
			{"9", `{"mute":true}`, 404},
			{"1,9", `{"mute":true}`, 404},
			{"1,", `{"mute":true}`, 404},
			{"1,all", `{"mute":true}`, 404},
			{"ALL", `{"mute":true}`, 404},
			{"01", `{"mute":true}`, 404},
			{"%201", `{"mute":true}`, 404},
			{"+1", `{"mute":true}`, 404},
			{"1%2C2", `{"mute":false}`, 202}, // an escaped comma is a comma
			{"1", `{"mute":false,"disable_state_change_sound":"true"}`, 202},
		} {
			a := s.call("POST", "/MultiPartyCall/name_room-7/Participant/"+c.member+"/", c.body)
			require.Equal(t, c.status, a.status, "%s %s: %s", c.member, c.body, a.text)
		}
		off := cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off}
		require.Equal(t, off, ms[0].State())
		require.Equal(t, off, ms[1].State())
	})
}

// Selections where the documentation knows no list, and departed members.
func TestSelections(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		gone := s.join("room-7", fake.Leg{})
		gone.HangUp()
		require.EqualValues(t, "4", gone.ID())
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"GET", "/MultiPartyCall/name_room-7/Participant/all/", "", 404},
			{"GET", "/MultiPartyCall/name_room-7/Participant/1,2/", "", 404},
			{"GET", "/MultiPartyCall/name_room-7/Participant/4/", "", 200},
			{"POST", "/MultiPartyCall/name_room-7/Participant/4/", `{"mute":true}`, 404},
			{"DELETE", "/MultiPartyCall/name_room-7/Participant/4/", "", 404},
			{"DELETE", "/MultiPartyCall/name_room-7/Participant/1,4/", "", 404},
			{"POST", "/Conference/room-7/Member/1,2/Kick/", "{}", 404},
			{"DELETE", "/Conference/room-7/Member/1,2/", "", 404},
			{"POST", "/Conference/room-7/Member/4/Mute/", "{}", 404},
			{"POST", "/Conference/room-7/Member/1/Mute/", `{"mute":true}`, 400},
			{"POST", "/Conference/room-8/Member/1/Kick/", "{}", 404},
			{"DELETE", "/Call/nobody/", "", 404},
		} {
			require.Equal(t, c.status, s.call(c.method, c.path, c.body).status, "%s %s", c.method, c.path)
		}
		require.Len(t, s.sw.Members("room-7"), 3)
	})
}

// What the official libraries really send ("Library defects" of plivo-go, -python, -node, -ruby).
func TestLenient(t *testing.T) {
	for _, c := range []struct {
		who, method, path, contentType, body string
		status                               int
	}{
		{"plivo-python", "POST", "/MultiPartyCall/name_room-7/", "application/json", `{"status":["active"]}`, 204},
		{"plivo-node", "POST", "/MultiPartyCall/name_room-7/", "application/json; charset=utf-8", `{"status":"ACTIVE"}`, 204},
		{"plivo-node", "GET", "/MultiPartyCall/name_room-7", "application/json", ``, 200},
		{"plivo-node", "GET", "/MultiPartyCall/name_room-7?", "application/json", `{"is_voice_request":"true"}`, 200},
		{"plivo-node", "POST", "/MultiPartyCall/name_room-7/Participant/1/", "application/json", `{"mute":"true","hold":"false"}`, 202},
		{"plivo-go", "DELETE", "/MultiPartyCall/name_room-7/", "application/json", ``, 204},
		{"plivo-python", "DELETE", "/MultiPartyCall/name_room-7/Participant/1/", "application/json", `{"participant_id":1,"friendly_name":"room-7"}`, 204},
		{"plivo-ruby", "DELETE", "/MultiPartyCall/name_room-7/Participant/1/", "application/json", `null`, 204},
		{"plivo-dotnet", "DELETE", "/MultiPartyCall/name_room-7/Participant/1/", "application/json", `{}`, 204},
		{"plivo-python", "POST", "/Conference/room-7/Member/1/Kick/", "application/json", `null`, 202},
		{"plivo-python", "POST", "/Conference/room-7/Member/1/Kick/", "application/json", `{"conference_name":"room-7","member_id":"1"}`, 202},
		{"plivo-python", "POST", "/Conference/room-7/Member/1/Mute/", "application/json", `{"conference_name":"room-7","member_id":1}`, 202},
		{"plivo-python", "POST", "/Conference/room-7/Member/1/Deaf/", "application/json", `{"conference_name":"room-7","member_id":"1"}`, 202},
		{"nobody", "POST", "/Conference/room-7/Member/1/Kick/", "application/json", `{"member":"1"}`, 400},
		{"plivo-node", "POST", "/Conference/room-7/Member/1/Kick", "application/json", ` `, 202},
		{"nobody", "DELETE", "/MultiPartyCall/name_room-7/", "application/json", `{`, 400},
		{"nobody", "DELETE", "/MultiPartyCall/name_room-7/", "application/x-www-form-urlencoded", `a=b`, 400},
		{"nobody", "DELETE", "/MultiPartyCall/name_room-7/", "text/plain", `null`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "application/x-www-form-urlencoded", `status=active`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "", `{"status":"active"}`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "text/json", `{"status":"active"}`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "application/json", `{}`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "application/json", `{"status":"ended"}`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "application/json", `{"status":["active","active"]}`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "application/json", `{"status":"active","name":"x"}`, 400},
		{"nobody", "POST", "/MultiPartyCall/name_room-7/", "application/json", `{"status":"active","x":"` + strings.Repeat("a", 1<<20) + `"}`, 400},
	} {
		bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
			three(s)
			r := s.request(c.method, c.path, c.body)
			r.Header.Del("Accept")
			r.Header.Del("Content-Type")
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			require.Equal(t, c.status, s.do(r).status, "%s %s %.60s", c.who, c.path, c.body)
		})
	}
}

// "API Overview": Basic authentication with the account that is in the path.
func TestAuthentication(t *testing.T) {
	const id, token = "MAXXXXXXXXXXXXXXXXXX", "t0ken"
	bubble(t, fake.Options{}, plivoserver.Options{AuthID: id, AuthToken: token}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		for _, c := range []struct {
			account, user, password string
			basic                   bool
			status                  int
		}{
			{id, id, token, true, 204},
			{id, "", "", false, 401},
			{id, "", "", true, 401},
			{id, id, "", true, 401},
			{id, id, "t0kem", true, 401},
			{id, id, token + "x", true, 401},
			{id, "MAXXXXXXXXXXXXXXXXXY", token, true, 401},
			{id, token, id, true, 401},
			{"MAXXXXXXXXXXXXXXXXXY", id, token, true, 401},
			{"MAXXXXXXXXXXXXXXXXXY", "MAXXXXXXXXXXXXXXXXXY", token, true, 401},
			{strings.ToLower(id), id, token, true, 401},
			{"", id, token, true, 404},
		} {
			r := s.request("DELETE", "", "")
			r.URL.Path = "/v1/Account/" + c.account + "/Conference/"
			r.Header.Del("Authorization")
			if c.basic {
				r.SetBasicAuth(c.user, c.password)
			}
			a := s.do(r)
			require.Equal(t, c.status, a.status, "%+v", c)
			if c.status == 401 {
				require.Equal(t, map[string]any{"error": "authentication credentials invalid"}, a.body)
				require.Equal(t, "application/json", a.header.Get("Content-Type"))
				require.Equal(t, `Basic realm="Plivo"`, a.header.Get("WWW-Authenticate"))
				if c.account == id {
					m = s.join("room-7", fake.Leg{})
				}
			}
		}
		require.True(t, m.Present())

		// Bearer is for tokens that this server does not give out; unknown paths are not told to strangers.
		r := s.request("GET", "/MultiPartyCall/", "")
		r.Header.Set("Authorization", "Bearer "+token)
		require.Equal(t, 401, s.do(r).status)
		r = s.request("GET", "/nothing/", "")
		r.Header.Del("Authorization")
		require.Equal(t, 401, s.do(r).status)
	})
}

// The log keeps the latest, and counts all.
func TestLog(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{LogSize: 3}, func(t *testing.T, s *site) {
		s.call("GET", "/MultiPartyCall/?limit=1", "")
		s.call("GET", "/Conference/a%2Fb/", "")
		s.call("POST", "/Conference/a/Member/1/Kick/", "{}")
		s.call("DELETE", "/nothing/", "")
		root := "/v1/Account/" + s.server.AuthID()
		require.Equal(t, plivoserver.Counts{Commands: 2, Reads: 2}, s.server.Counts())
		log := s.server.Requests()
		for i := range log {
			require.False(t, log[i].At.IsZero())
			log[i].At = log[0].At
		}
		at := log[0].At
		require.Equal(t, []plivoserver.Request{
			{At: at, Operation: plivoserver.GetConference, Method: "GET", Path: root + "/Conference/a%2Fb/", Status: 404},
			{At: at, Operation: plivoserver.KickMember, Method: "POST", Path: root + "/Conference/a/Member/1/Kick/", Body: "{}", Status: 404},
			{At: at, Method: "DELETE", Path: root + "/nothing/", Status: 404},
		}, log)
		commands, reads := s.sw.Requests()
		require.Equal(t, [2]int{1, 2}, [2]int{commands, reads})
	})
}

// A long body is cut short in the log.
func TestLogOfLongBody(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		s.call("POST", "/Conference/a/Member/1/Kick/", `{"a":"`+strings.Repeat("a", 8<<10)+`"}`)
		require.Len(t, s.server.Requests()[0].Body, 4<<10)
	})
}

func TestNewRefuses(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	for _, o := range []plivoserver.Options{
		{AuthID: "MA"}, {AuthID: "XAXXXXXXXXXXXXXXXXXX"}, {AuthID: "maxxxxxxxxxxxxxxxxxx"}, {AuthID: "MAXXXXXXXXXXXXXXXX/X"},
		{AuthToken: "  "}, {LogSize: -1}, {Quirks: plivoserver.Quirks{MemberID: 9}},
	} {
		_, err := plivoserver.New(sw, o)
		require.Error(t, err)
	}
	_, err := plivoserver.New(nil, plivoserver.Options{})
	require.Error(t, err)
	s, err := plivoserver.New(sw, plivoserver.Options{AuthID: "SAXXXXXXXXXXXXXXXXXX", AuthToken: "x"})
	require.NoError(t, err)
	require.Equal(t, "SAXXXXXXXXXXXXXXXXXX", s.AuthID())
	require.Equal(t, "x", s.AuthToken())
	_, err = s.Start(0)
	require.Error(t, err)
}

// The token is nowhere to be seen, and log values name nobody.
func TestNothingIsTold(t *testing.T) {
	const token = "very-secret-token"
	o := plivoserver.Options{AuthToken: token}
	s, err := plivoserver.New(fake.NewSwitch(fake.Options{}), o)
	require.NoError(t, err)
	var text strings.Builder
	logger := slog.New(slog.NewTextHandler(&text, nil))
	endpoint, err := s.Start(plivoserver.Pipe)
	require.NoError(t, err)
	defer endpoint.Close()
	for _, v := range []any{o, &o, s, endpoint} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&text, verb, v)
		}
		logger.Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "v", v)
	}
	asXML, err := xml.Marshal(o)
	require.NoError(t, err)
	text.Write(asXML)
	request := plivoserver.Request{Operation: plivoserver.KickMember, Path: "/secret-name/15550100", Query: "secret-name", Body: "secret-name"}
	logger.Info("x", "request", request)
	fmt.Fprintf(&text, "%#v", request)
	require.NotContains(t, text.String(), token)
	require.NotContains(t, text.String(), fmt.Sprintf("%x", token))
	require.NotContains(t, text.String(), "secret-name")
	require.Contains(t, text.String(), "kick-member")
}

// A switch that is closed does nothing, and says so.
func TestClosedSwitch(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		require.NoError(t, s.sw.Close())
		for _, c := range [][3]string{
			{"DELETE", "/MultiPartyCall/name_room-7/", ""},
			{"POST", "/MultiPartyCall/name_room-7/", `{"status":"active"}`},
			{"POST", "/MultiPartyCall/name_room-7/Participant/1/", `{"mute":true}`},
			{"DELETE", "/MultiPartyCall/name_room-7/Participant/all/", ""},
			{"POST", "/MultiPartyCall/name_room-7/Participant/", `{"role":"agent","from":"15550100","to":"15550101"}`},
			{"DELETE", "/Conference/room-7/", ""},
		} {
			require.Equal(t, 503, s.call(c[0], c[1], c[2]).status, c)
		}
	})
}

// A server of one's own may use the handler, also one that cannot give connections away.
func TestHandlerAlone(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	s, err := plivoserver.New(sw, plivoserver.Options{})
	require.NoError(t, err)
	_, err = s.Inject(plivoserver.Fault{On: plivoserver.EndConferences, Wire: plivoserver.Wire{Mode: plivoserver.Reset}})
	require.NoError(t, err)
	for method, status := range map[string]int{"GET": 200, "DELETE": 502} {
		w := httptest.NewRecorder()
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(
			method + " /v1/Account/" + s.AuthID() + "/Conference/ HTTP/1.1\r\nHost: x\r\n\r\n")))
		require.NoError(t, err)
		r.SetBasicAuth(s.AuthID(), s.AuthToken())
		s.ServeHTTP(w, r)
		require.Equal(t, status, w.Code)
	}
}
