package plivoserver_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// routes is every operation with the status that its source gives. {1} to {3} are the members, {call}
// is the first one's call, {uuid} the room's. The page titles are those of Plivo's documentation.
var routes = []struct {
	op           plivoserver.Operation
	source       string
	method, path string
	body         string
	status       int
	answer       string // without api_id; "": no body; "-": not compared here
	left         int    // how many are in the room afterwards
}{
	{plivoserver.ListRooms, "Retrieve all multiparty calls", "GET", "/MultiPartyCall/", "", 200, "-", 3},
	{plivoserver.GetRoom, "The Multiparty Object", "GET", "/MultiPartyCall/name_room-7/", "", 200, "-", 3},
	{plivoserver.GetRoom, "The Multiparty Object", "GET", "/MultiPartyCall/uuid_{uuid}/", "", 200, "-", 3},
	{plivoserver.ActivateRoom, "plivo-go, -java and -ruby tests", "POST", "/MultiPartyCall/name_room-7/", `{"status":"active"}`, 204, "", 3},
	{plivoserver.EndRoom, "End a multiparty call", "DELETE", "/MultiPartyCall/name_room-7/", "", 204, "", 0},
	{plivoserver.EndRoom, "End a multiparty call", "DELETE", "/MultiPartyCall/uuid_{uuid}/", "", 204, "", 0},
	{plivoserver.AddParticipant, "Add a participant", "POST", "/MultiPartyCall/name_room-7/Participant/",
		`{"role":"agent","from":"15550100","to":"15550101"}`, 201, "-", 3},
	{plivoserver.ListParticipants, "Retrieve all participant details", "GET", "/MultiPartyCall/name_room-7/Participant/", "", 200, "-", 3},
	{plivoserver.GetParticipant, "Retrieve all participant details", "GET", "/MultiPartyCall/name_room-7/Participant/{1}/", "", 200, "-", 3},
	{plivoserver.UpdateParticipant, "Update participant state", "POST", "/MultiPartyCall/name_room-7/Participant/{1}/",
		`{"mute":true}`, 202, `{"mute":"MPC: room-7 mute/unmute member(s) succeeded"}`, 3},
	{plivoserver.UpdateParticipant, "Update participant state", "POST", "/MultiPartyCall/name_room-7/Participant/{3}/",
		`{"mute":true,"hold":false,"coach_mode":false}`, 202, `{"mute":"MPC: room-7 mute/unmute member(s) succeeded",
		"hold":"MPC: room-7 hold/unhold member(s) succeeded","coach_mode":"MPC: room-7 coach_mode enable/disable succeeded"}`, 3},
	{plivoserver.UpdateParticipant, "Update participant state", "POST", "/MultiPartyCall/name_room-7/Participant/{1},{2}/",
		`{"hold":true}`, 202, `{"hold":"MPC: room-7 hold/unhold member(s) succeeded"}`, 3},
	{plivoserver.UpdateParticipant, "Update participant state", "POST", "/MultiPartyCall/name_room-7/Participant/all/",
		`{"hold":true}`, 202, `{"hold":"MPC: room-7 hold/unhold member(s) succeeded"}`, 3},
	{plivoserver.KickParticipant, "Kick Out a Participant", "DELETE", "/MultiPartyCall/name_room-7/Participant/{1}/", "", 204, "", 2},
	{plivoserver.KickParticipant, "Kick Out a Participant", "DELETE", "/MultiPartyCall/uuid_{uuid}/Participant/{1},{3}/", "", 204, "", 1},
	{plivoserver.KickParticipant, "Kick Out a Participant", "DELETE", "/MultiPartyCall/name_room-7/Participant/all/", "", 204, "", 0},

	{plivoserver.ListConferences, "Conference API", "GET", "/Conference/", "", 200, `{"conferences":["room-7"]}`, 3},
	{plivoserver.GetConference, "Conference API", "GET", "/Conference/room-7/", "", 200, "-", 3},
	{plivoserver.EndConference, "Conference API", "DELETE", "/Conference/room-7/", "", 204, "", 0},
	{plivoserver.EndConferences, "Conference API", "DELETE", "/Conference/", "", 204, "", 0},
	{plivoserver.HangUpMember, "Disconnect a member from a conference", "DELETE", "/Conference/room-7/Member/{1}/", "", 204, "", 2},
	{plivoserver.HangUpMember, "Disconnect a member from a conference", "DELETE", "/Conference/room-7/Member/all/", "", 204, "", 0},
	{plivoserver.KickMember, "Kick or disconnect a member from a conference", "POST", "/Conference/room-7/Member/{1}/Kick/",
		`{}`, 202, `{"message":"kicked","member_id":"1"}`, 2},
	{plivoserver.KickMember, "Kick or disconnect a member from a conference", "POST", "/Conference/room-7/Member/all/Kick/",
		`{}`, 202, `{"message":"kicked","member_id":"all"}`, 0},
	{plivoserver.MuteMember, "Conference API", "POST", "/Conference/room-7/Member/{1}/Mute/", `{}`, 202, `{"message":"muted","member_id":"1"}`, 3},
	{plivoserver.MuteMember, "Conference API", "POST", "/Conference/room-7/Member/{1},{2}/Mute/", `{}`, 202, `{"message":"muted","member_id":"1,2"}`, 3},
	{plivoserver.UnmuteMember, "Conference API", "DELETE", "/Conference/room-7/Member/{1}/Mute/", "", 204, "", 3},
	{plivoserver.DeafMember, "Conference API", "POST", "/Conference/room-7/Member/all/Deaf/", `{}`, 202, `{"message":"deaf","member_id":"all"}`, 3},
	{plivoserver.UndeafMember, "Conference API", "DELETE", "/Conference/room-7/Member/{1}/Deaf/", "", 204, "", 3},

	{plivoserver.HangUpCall, "Hangup a call", "DELETE", "/Call/{call}/", "", 204, "", 2},
}

// fill puts the ids of three people, whose numbers are 1 to 3, in a path.
func fill(s *site, path string) string {
	s.t.Helper()
	room, err := s.sw.Look("room-7")
	require.NoError(s.t, err)
	return replace(path, "{1}", "1", "{2}", "2", "{3}", "3", "{uuid}", room.UUID(), "{call}", room.Members[0].CallID)
}

// three is a room with an agent, a customer and a supervisor in it.
func three(s *site) [3]*fake.Member {
	s.t.Helper()
	return [3]*fake.Member{
		s.join("room-7", fake.Leg{Role: cc.RoleAgent, Address: "15550101", Name: "Joe Doe"}),
		s.join("room-7", fake.Leg{Role: "customer", Address: "15550102"}),
		s.join("room-7", fake.Leg{Role: cc.RoleSupervisor, Address: "sip:boss@phone.example.test"}),
	}
}

func testRoutes(t *testing.T, n plivoserver.Network) {
	for _, c := range routes {
		t.Run(string(c.op)+" "+c.method+" "+c.path, func(t *testing.T) {
			run := func(t *testing.T) {
				s, done := open(t, n, fake.Options{FirstMember: 1}, plivoserver.Options{})
				defer done()
				three(s)
				a := s.call(c.method, fill(s, c.path), c.body)
				require.Equal(t, c.status, a.status, "%s: %s", c.source, a.text)
				switch c.answer {
				case "":
					require.Empty(t, a.text)
					require.Empty(t, a.header.Values("Content-Type"))
				case "-":
					require.NotNil(t, a.body)
					require.NotEmpty(t, a.body["api_id"])
				default:
					s.like(a, c.answer)
				}
				require.NotEmpty(t, a.header.Get("X-Request-Id"))
				require.Len(t, s.sw.Members("room-7"), c.left)
				log := s.server.Requests()
				require.Len(t, log, 1)
				require.Equal(t, c.op, log[0].Operation)
				require.Equal(t, c.status, log[0].Status)
				require.Equal(t, c.body, log[0].Body)
			}
			if n == plivoserver.Pipe {
				synctest.Test(t, run)
				return
			}
			run(t)
		})
	}
}

func TestRoutes(t *testing.T)    { testRoutes(t, plivoserver.Pipe) }
func TestRoutesTCP(t *testing.T) { testRoutes(t, plivoserver.TCP) }
func TestRoutesTLS(t *testing.T) { testRoutes(t, plivoserver.TLS) }

// Every operation is in the table above.
func TestRoutesAreComplete(t *testing.T) {
	tested := map[plivoserver.Operation]bool{}
	for _, c := range routes {
		tested[c.op] = true
	}
	for _, c := range mediaRoutes {
		tested[c.op] = true
	}
	for _, op := range plivoserver.Operations() {
		require.True(t, tested[op], op)
	}
	require.Len(t, tested, len(plivoserver.Operations()))
}

// "Multiparty Calls", "Conference API": methods and paths that are none.
func TestNotRoutes(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		for _, c := range []struct {
			method, path string
			status       int
			allow        string
		}{
			{"POST", "/MultiPartyCall/", 405, "GET"}, // a room is not made that way
			{"DELETE", "/MultiPartyCall/", 405, "GET"},
			{"HEAD", "/MultiPartyCall/", 405, "GET"},
			{"PUT", "/MultiPartyCall/name_room-7/", 405, "DELETE, GET, POST"},
			{"DELETE", "/MultiPartyCall/name_room-7/Participant/", 405, "GET, POST"},
			{"PATCH", "/MultiPartyCall/name_room-7/Participant/1/", 405, "DELETE, GET, POST"},
			{"POST", "/Conference/", 405, "DELETE, GET"},
			{"POST", "/Conference/room-7/", 405, "DELETE, GET"},
			{"GET", "/Conference/room-7/Member/1/", 405, "DELETE"},
			{"POST", "/Conference/room-7/Member/1/", 405, "DELETE"},
			{"GET", "/Conference/room-7/Member/1/Kick/", 405, "POST"}, // one page's kick
			{"DELETE", "/Conference/room-7/Member/1/Kick/", 405, "POST"},
			{"GET", "/Call/x/", 405, "DELETE"},
			{"GET", "/MultiPartyCall/name_room-7/Record/", 405, "DELETE, POST"},
			{"DELETE", "/MultiPartyCall/name_room-7/Record/Pause/", 405, "POST"},
			{"GET", "/MultiPartyCall/name_room-7/Participant/1/Record/Resume/", 405, "POST"},
			{"PUT", "/MultiPartyCall/name_room-7/Member/1/Play/", 405, "DELETE, POST"},
			{"GET", "/Conference/room-7/Member/1/Speak/", 405, "DELETE, POST"},
			{"GET", "/Conference/room-7/Record/", 405, "DELETE, POST"},

			{"GET", "/", 404, ""},
			{"GET", "", 404, ""},
			{"GET", "/multipartycall/", 404, ""},
			{"GET", "/MultiPartyCalls/", 404, ""},
			{"POST", "/MultiPartyCall/name_room-7/Participant/1/Mute/", 404, ""}, // a command line client's idea
			{"POST", "/MultiPartyCall/name_room-7/Participant/1/Hold/", 404, ""},
			{"DELETE", "/MultiPartyCall/name_room-7/Member/1/", 404, ""},
			{"POST", "/MultiPartyCall/name_room-7/Participant/1/Play/", 404, ""}, // Member has it
			{"POST", "/MultiPartyCall/name_room-7/Member/1/Record/", 404, ""},    // Participant has it
			{"POST", "/MultiPartyCall/name_room-7/Record/Stop/", 404, ""},
			{"POST", "/Conference/room-7/Record/Pause/", 404, ""},
			{"POST", "/Conference/room-7/Member/1/Record/", 404, ""},
			{"DELETE", "/Conference/room-7/Member/", 404, ""},
			{"DELETE", "/Conference/room-7/Participant/1/", 404, ""},
			{"DELETE", "/Call/", 404, ""},
		} {
			a := s.call(c.method, c.path, "")
			require.Equal(t, c.status, a.status, "%s %s", c.method, c.path)
			require.Equal(t, c.allow, a.header.Get("Allow"))
			if c.method == http.MethodHead {
				require.Empty(t, a.text)
				continue
			}
			want := `{"error":"not found"}`
			if c.status == 405 {
				want = `{"error":"method not allowed"}`
			}
			s.like(a, want)
		}
		require.Len(t, s.sw.Members("room-7"), 3)
	})
}

// Section "Multiparty Calls": by name only while it is live, by uuid for good; by neither, nothing.
// "End a multiparty call" and the rest of the commands find nothing that is over.
func TestNames(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		first, err := s.sw.Look("room-7")
		require.NoError(t, err)
		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_room-7/", "").status)
		name, uuid := "/MultiPartyCall/name_room-7/", "/MultiPartyCall/uuid_"+first.UUID()+"/"
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"GET", name, "", 404},
			{"GET", name + "Participant/", "", 404},
			{"GET", uuid, "", 200},
			{"GET", uuid + "Participant/", "", 200},
			{"GET", uuid + "Participant/1/", "", 200},
			{"POST", uuid, `{"status":"active"}`, 404},
			{"POST", name, `{"status":"active"}`, 404},
			{"DELETE", uuid, "", 404},
			{"DELETE", name, "", 404},
			{"POST", uuid + "Participant/1/", `{"mute":true}`, 404},
			{"DELETE", uuid + "Participant/1/", "", 404},
			{"DELETE", uuid + "Participant/all/", "", 404},
			{"POST", uuid + "Participant/", `{"role":"agent","from":"15550100","to":"15550101"}`, 404},
			{"GET", "/Conference/room-7/", "", 404},
			{"DELETE", "/Conference/room-7/", "", 404},
			{"POST", "/Conference/room-7/Member/1/Kick/", "{}", 404},
			{"GET", "/MultiPartyCall/room-7/", "", 404},
			{"GET", "/MultiPartyCall/uuid_", "", 404},
			{"GET", "/MultiPartyCall/name_", "", 404},
			{"GET", "/MultiPartyCall/uuid_room-7/", "", 404},
			{"GET", "/MultiPartyCall/name_" + first.UUID() + "/", "", 404},
			{"GET", "/MultiPartyCall/name_uuid:" + first.UUID() + "/", "", 404},
			{"GET", "/Conference/uuid:" + first.UUID() + "/", "", 404},
		} {
			require.Equal(t, c.status, s.call(c.method, c.path, c.body).status, "%s %s", c.method, c.path)
		}

		three(s) // the name again: another run
		require.Equal(t, 200, s.call("GET", name, "").status)
		require.NotEqual(t, first.UUID(), s.call("GET", name, "").body["mpc_uuid"])
		require.Equal(t, "Ended", s.call("GET", uuid, "").body["status"])
		require.Equal(t, 404, s.call("DELETE", uuid, "").status)
		require.Equal(t, 404, s.call("GET", "/Conference/uuid:"+first.UUID()+"/", "").status)
		require.Len(t, s.sw.Members("room-7"), 3)
	})
}

// A room that only rings has no members: it is a room, and no conference yet.
func TestRingingRoom(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		_, err := s.sw.Dial("room-7", fake.Leg{})
		require.NoError(t, err)
		require.Equal(t, "Initialized", s.call("GET", "/MultiPartyCall/name_room-7/", "").body["status"])
		require.Empty(t, s.call("GET", "/MultiPartyCall/name_room-7/Participant/", "").list("member_id"))
		s.like(s.call("GET", "/Conference/", ""), `{"conferences":[]}`)
		require.Equal(t, 404, s.call("GET", "/Conference/room-7/", "").status)
		require.Equal(t, 404, s.call("DELETE", "/Conference/room-7/", "").status)
		require.Equal(t, 204, s.call("DELETE", "/Conference/", "").status)
		require.Equal(t, 202, s.call("POST", "/MultiPartyCall/name_room-7/Participant/all/", `{"mute":true}`).status)
		require.Len(t, s.sw.Ringing("room-7"), 1)
	})
}
