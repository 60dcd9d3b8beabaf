package plivoserver_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// "The Multiparty Object", "Retrieve all participant details", recorded fixtures: every field, live
// and over, nulls included. Fake time begins at midnight of 1 January 2000.
func TestRoomObjects(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		ms := three(s)
		room, err := s.sw.Look("room-7")
		require.NoError(t, err)
		fillIn := func(text string) string {
			return replace(text, "{uuid}", room.UUID(), "{call1}", ms[0].CallID(), "{call3}", ms[2].CallID(),
				"{root}", "/v1/Account/"+s.server.AuthID())
		}
		const live = `{"mpc_uuid":"{uuid}","friendly_name":"room-7","status":"Active","creation_time":"2000-01-01 00:00:00+00:00",
			"start_time":"2000-01-01 00:00:00+00:00","end_time":null,"duration":null,"billed_duration":null,"billed_amount":null,
			"recording":"not-recording","stay_alone":true,"sub_account":null,"termination_cause":null,"termination_cause_code":null,
			"participants":"{root}/MultiPartyCall/{by}/Participant/","resource_uri":"{root}/MultiPartyCall/{by}/"}`
		s.like(s.call("GET", "/MultiPartyCall/name_room-7/", ""), fillIn(replace(live, "{by}", "name_room-7")))
		s.like(s.call("GET", "/MultiPartyCall/uuid_"+room.UUID()+"/", ""), fillIn(replace(live, "{by}", "uuid_{uuid}")))

		s.like(s.call("GET", "/MultiPartyCall/name_room-7/Participant/3/", ""), fillIn(`{"member_id":"3","mpc_uuid":"{uuid}",
			"call_uuid":"{call3}","role":"supervisor","mute":false,"hold":false,"coach_mode":true,"start_mpc_on_enter":true,
			"end_mpc_on_exit":false,"join_time":"2000-01-01 00:00:00+00:00","exit_time":null,"duration":null,"billed_duration":null,
			"billed_amount":null,"exit_cause":null,"member_address":"sip:boss@phone.example.test",
			"resource_uri":"{root}/MultiPartyCall/name_room-7/Participant/3/"}`))

		time.Sleep(61 * time.Second)
		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_room-7/Participant/1/", "").status)
		const departed = `{"member_id":"1","mpc_uuid":"{uuid}","call_uuid":"{call1}","role":"agent",
			"mute":null,"hold":null,"coach_mode":null,"start_mpc_on_enter":true,"end_mpc_on_exit":false,
			"join_time":"2000-01-01 00:00:00+00:00","exit_time":"2000-01-01 00:01:01+00:00","duration":61,"billed_duration":120,
			"billed_amount":"0.01000","exit_cause":"Kicked Out of Multiparty Call","member_address":"15550101",
			"resource_uri":"{root}/MultiPartyCall/{by}/Participant/1/"}`
		s.like(s.call("GET", "/MultiPartyCall/name_room-7/Participant/1/", ""), fillIn(replace(departed, "{by}", "name_room-7")))
		a := s.call("GET", "/MultiPartyCall/name_room-7/Participant/", "")
		require.Equal(t, []any{"3", "2", "1"}, a.list("member_id"))
		require.Equal(t, map[string]any{"count": 3., "limit": 20., "offset": 0., "next": nil, "previous": nil}, a.meta())

		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_room-7/", "").status)
		s.like(s.call("GET", "/MultiPartyCall/uuid_"+room.UUID()+"/", ""), fillIn(`{"mpc_uuid":"{uuid}","friendly_name":"room-7",
			"status":"Ended","creation_time":"2000-01-01 00:00:00+00:00","start_time":"2000-01-01 00:00:00+00:00",
			"end_time":"2000-01-01 00:01:01+00:00","duration":61,"billed_duration":360,"billed_amount":"0.03000","recording":null,
			"stay_alone":true,"sub_account":null,"termination_cause":"Hangup API Triggered","termination_cause_code":3000,
			"participants":"{root}/MultiPartyCall/uuid_{uuid}/Participant/","resource_uri":"{root}/MultiPartyCall/uuid_{uuid}/"}`))
		s.like(s.call("GET", "/MultiPartyCall/uuid_"+room.UUID()+"/Participant/1/", ""), fillIn(replace(departed, "{by}", "uuid_{uuid}")))
		require.Equal(t, []any{"Multiparty Call Ended", "Multiparty Call Ended", "Kicked Out of Multiparty Call"},
			s.call("GET", "/MultiPartyCall/uuid_"+room.UUID()+"/Participant/", "").list("exit_cause"))
		require.Equal(t, []any{"Ended"}, s.call("GET", "/MultiPartyCall/", "").list("status"))
	})
}

// "Multiparty Calls": end codes and exit causes.
func TestCauses(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		code := func(room string, end func(m *fake.Member), leg fake.Leg) {
			t.Helper()
			m := s.join(room, leg)
			end(m)
		}
		code("left", (*fake.Member).Leave, fake.Leg{})
		code("hung-up", (*fake.Member).HangUp, fake.Leg{})
		code("on-exit", (*fake.Member).HangUp, fake.Leg{EndOnExit: true})
		code("long", func(*fake.Member) { time.Sleep(time.Hour) }, fake.Leg{Rules: &fake.Rules{MaxDuration: time.Minute}})
		m := s.join("alone", fake.Leg{Rules: &fake.Rules{EndAlone: true}})
		s.join("alone", fake.Leg{})
		m.HangUp()
		moved := s.join("moved", fake.Leg{})
		s.join("elsewhere", fake.Leg{CallID: moved.CallID()}).HangUp()

		causes := map[string][3]any{}
		for _, o := range s.call("GET", "/MultiPartyCall/", "").body["objects"].([]any) {
			room := o.(map[string]any)
			list := s.call("GET", "/MultiPartyCall/uuid_"+room["mpc_uuid"].(string)+"/Participant/", "")
			exit := list.list("exit_cause")
			causes[room["friendly_name"].(string)] = [3]any{
				room["termination_cause_code"], room["termination_cause"], exit[len(exit)-1],
			}
		}
		require.Equal(t, map[string][3]any{
			"left":      {1000., "No Active Participants", "Participant Call Transferred"},
			"hung-up":   {1000., "No Active Participants", "Participant Call Hangup"},
			"on-exit":   {0., "Unknown", "Participant Call Hangup"},
			"long":      {2000., "Max Duration Reached", "Multiparty Call Ended"},
			"alone":     {1010., "Stay Alone Not Permitted", "Participant Call Hangup"},
			"moved":     {1000., "No Active Participants", "Participant Call Transferred"},
			"elsewhere": {1000., "No Active Participants", "Participant Call Hangup"},
		}, causes)
	})
}

// "Conference API", with its quirks: numbers are text, a name is percent-escaped, no run id.
func TestConferenceObject(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 17}, plivoserver.Options{}, func(t *testing.T, s *site) {
		joe := s.join("room a", fake.Leg{Address: "15550100", Called: "15550101", Name: "Joe Doe", Mute: true})
		time.Sleep(73500 * time.Millisecond)
		out, err := s.sw.Dial("room a", fake.Leg{Address: "15550102", Called: "15550101"})
		require.NoError(t, err)
		require.NoError(t, out[0].Answer())
		s.like(s.call("GET", "/Conference/room%20a/", ""), replace(`{"conference_name":"room a","conference_run_time":"73",
			"conference_member_count":"2","members":[
			{"member_id":"17","call_uuid":"{1}","muted":true,"deaf":false,"from":"15550100","to":"15550101",
			 "caller_name":"Joe%20Doe","direction":"inbound","join_time":"73"},
			{"member_id":"18","call_uuid":"{2}","muted":false,"deaf":false,"from":"15550101","to":"15550102",
			 "caller_name":"","direction":"outbound","join_time":"0"}]}`, "{1}", joe.CallID(), "{2}", out[0].CallID()))
	})
}

// "Kick or disconnect a member from a conference", "Kick Out a Participant", "End a multiparty call":
// what becomes of the call.
func TestFates(t *testing.T) {
	legs := map[string]fake.Leg{
		"xml":        {},
		"xml+action": {ExitAction: "https://app.example.test/next"},
		"api":        {Entry: fake.EntryCommand},
		"api+action": {Entry: fake.EntryCommand, ExitAction: "https://app.example.test/next"},
	}
	all := slices.Sorted(maps.Keys(legs))
	asEntered := []string{"api+action", "xml", "xml+action"}
	for _, c := range []struct {
		method, path string
		up           []string // whose calls go on
	}{
		{"DELETE", "/MultiPartyCall/name_room-7/Participant/{m}/", asEntered},
		{"DELETE", "/MultiPartyCall/name_room-7/", asEntered},
		{"POST", "/Conference/room-7/Member/{m}/Kick/", all},
		{"DELETE", "/Conference/room-7/Member/{m}/", nil},
		{"DELETE", "/Conference/room-7/", nil},
		{"DELETE", "/Call/{call}/", nil},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
				var up []string
				for _, kind := range all {
					m := s.join("room-7", legs[kind])
					a := s.call(c.method, replace(c.path, "{m}", string(m.ID()), "{call}", m.CallID()), "")
					require.Less(t, a.status, 300, a.text)
					require.False(t, m.Present())
					if m.Up() {
						up = append(up, kind)
					}
				}
				require.Equal(t, c.up, up)
			})
		})
	}
}

// "Update participant state", "Conference API": a flag is changed, on whom it was asked for, and
// none of the others is.
func TestFlags(t *testing.T) {
	type state = cc.ParticipantState
	base := state{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off}
	boss := state{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off, Coach: cc.On}
	with := func(s state, change func(*state)) state { change(&s); return s }
	mute := func(s *state) { s.Mute = cc.On }
	deaf := func(s *state) { s.Deaf = cc.On }
	hold := func(s *state) { s.Hold = cc.On }
	for _, c := range []struct {
		method, path, body string
		want               [3]state
	}{
		{"POST", "/MultiPartyCall/name_room-7/Participant/2/", `{"mute":true}`, [3]state{base, with(base, mute), boss}},
		{"POST", "/MultiPartyCall/name_room-7/Participant/2/", `{"hold":true}`, [3]state{base, with(base, hold), boss}},
		{"POST", "/MultiPartyCall/name_room-7/Participant/1,3/", `{"hold":true}`, [3]state{with(base, hold), base, with(boss, hold)}},
		{"POST", "/MultiPartyCall/name_room-7/Participant/1,1/", `{"mute":"TRUE"}`, [3]state{with(base, mute), base, boss}},
		{"POST", "/MultiPartyCall/name_room-7/Participant/all/", `{"mute":true,"hold":true}`,
			[3]state{with(with(base, hold), mute), with(with(base, hold), mute), with(with(boss, hold), mute)}},
		{"POST", "/MultiPartyCall/name_room-7/Participant/3/", `{"coach_mode":false}`,
			[3]state{base, base, with(boss, func(s *state) { s.Coach = cc.Off })}},
		{"POST", "/MultiPartyCall/name_room-7/Participant/1/", `{"coach_mode":false}`, [3]state{base, base, boss}}, // stored only
		{"POST", "/Conference/room-7/Member/2/Mute/", ``, [3]state{base, with(base, mute), boss}},
		{"POST", "/Conference/room-7/Member/2/Deaf/", `{}`, [3]state{base, with(base, deaf), boss}},
		{"POST", "/Conference/room-7/Member/1,2/Deaf/", `null`, [3]state{with(base, deaf), with(base, deaf), boss}},
		{"POST", "/Conference/room-7/Member/all/Mute/", ``, [3]state{with(base, mute), with(base, mute), with(boss, mute)}},
	} {
		bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
			ms := three(s)
			require.Equal(t, 202, s.call(c.method, c.path, c.body).status)
			require.Equal(t, c.want, [3]state{ms[0].State(), ms[1].State(), ms[2].State()}, "%s %s", c.path, c.body)
		})
	}
	// Off again, one by one.
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{Mute: true, Deaf: true, Hold: true})
		require.Equal(t, 204, s.call("DELETE", "/Conference/room-7/Member/1/Mute/", "").status)
		require.Equal(t, state{Mute: cc.Off, Deaf: cc.On, Hold: cc.On}, m.State())
		require.Equal(t, 204, s.call("DELETE", "/Conference/room-7/Member/all/Deaf/", "").status)
		require.Equal(t, state{Mute: cc.Off, Deaf: cc.Off, Hold: cc.On}, m.State())
		require.Equal(t, 202, s.call("POST", "/MultiPartyCall/name_room-7/Participant/1/", `{"hold":false}`).status)
		require.Equal(t, base, m.State())
	})
}

// What is accepted is done after the lag, and shown after the read lag.
func TestLags(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1, Lag: time.Second, ReadLag: time.Second}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		require.Equal(t, 404, s.call("GET", "/MultiPartyCall/name_room-7/", "").status)
		time.Sleep(time.Second)
		require.Equal(t, 202, s.call("POST", "/MultiPartyCall/name_room-7/Participant/1/", `{"mute":true}`).status)
		require.Equal(t, cc.Off, m.State().Mute)
		time.Sleep(time.Second)
		require.Equal(t, cc.On, m.State().Mute)
		shown := func() any { return s.call("GET", "/MultiPartyCall/name_room-7/Participant/1/", "").body["mute"] }
		require.Equal(t, false, shown())
		time.Sleep(time.Second)
		require.Equal(t, true, shown())
	})
}

// Every JSON answer has an api_id of its own, and so has every X-Request-Id.
func TestFreshIDs(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		seen := map[any]bool{}
		for range 3 {
			for _, path := range []string{"/MultiPartyCall/", "/MultiPartyCall/name_room-7/", "/MultiPartyCall/name_room-7/Participant/2/", "/nothing/"} {
				a := s.call("GET", path, "")
				for _, id := range []any{a.body["api_id"], a.header.Get("X-Request-Id")} {
					require.False(t, seen[id], path)
					seen[id] = true
				}
			}
		}
	})
}

// Quirks: each turns one answer into the other form that has been seen.
func TestQuirks(t *testing.T) {
	type quirks = plivoserver.Quirks
	get := func(key string, q quirks, method, path, body string) any {
		var got any
		bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{Quirks: q}, func(t *testing.T, s *site) {
			ms := three(s)
			ms[1].HangUp()
			a := s.call(method, path, body)
			require.Less(t, a.status, 300)
			var whole map[string]any
			require.NoError(t, json.Unmarshal([]byte(a.text), &whole))
			got = whole[key]
			if _, ok := whole[key]; !ok {
				got = "absent"
			}
		})
		return got
	}
	const (
		member   = "/Conference/room-7/Member/"
		room     = "/MultiPartyCall/name_room-7/"
		departed = room + "Participant/2/"
	)
	for _, c := range []struct {
		quirks                  quirks
		method, path, body, key string
		plain, quirk            any
	}{
		{quirks{MemberID: plivoserver.MemberIDList}, "POST", member + "1/Kick/", "", "member_id", "1", []any{"1"}},
		{quirks{MemberID: plivoserver.MemberIDPythonText}, "POST", member + "1,3/Mute/", "", "member_id", "1,3", "[u'1', u'3']"},
		{quirks{MemberID: plivoserver.MemberIDPythonText}, "POST", member + "all/Mute/", "", "member_id", "all", "[u'all']"},
		{quirks{NestedUpdate: true}, "POST", room + "Participant/1/", `{"mute":true}`, "message", "absent",
			map[string]any{"mute": "MPC: room-7 mute/unmute member(s) succeeded"}},
		{quirks{Misspelt: true}, "POST", room + "Participant/1/", `{"hold":true}`, "hold",
			"MPC: room-7 hold/unhold member(s) succeeded", "MPC: room-7 hold/unhold member(s) succeded"},
		{quirks{Misspelt: true}, "POST", room + "Participant/3/", `{"coach_mode":true}`, "coach_mode",
			"MPC: room-7 coach_mode enable/disable succeeded", "MPC: room-7 coach_mode enable/disable succeeded"},
		{quirks{LowerCase: true}, "GET", room, "", "status", "Active", "active"},
		{quirks{NumericAmounts: true}, "GET", departed, "", "billed_amount", "0.00000", 0.},
		{quirks{DocumentedExit: true}, "GET", departed, "", "exit_cause", "Participant Call Hangup", "absent"},
		{quirks{DocumentedExit: true}, "GET", departed, "", "participant_exit_cause", "absent", "Participant Call Hangup"},
		{quirks{OldParticipants: true}, "GET", departed, "", "exit_cause", "Participant Call Hangup", "absent"},
		{quirks{OldParticipants: true}, "GET", departed, "", "member_address", "15550102", "absent"},
		{quirks{TotalCount: true}, "GET", room + "Participant/", "", "meta",
			map[string]any{"count": 3., "limit": 20., "offset": 0., "next": nil, "previous": nil},
			map[string]any{"total_count": 3., "limit": 20., "offset": 0., "next": nil, "previous": nil}},
		{quirks{NoLinks: true}, "GET", room + "Participant/", "", "meta",
			map[string]any{"count": 3., "limit": 20., "offset": 0., "next": nil, "previous": nil},
			map[string]any{"count": 3., "limit": 20., "offset": 0.}},
	} {
		require.Equal(t, c.plain, get(c.key, quirks{}, c.method, c.path, c.body), "%s %s", c.path, c.key)
		require.Equal(t, c.quirk, get(c.key, c.quirks, c.method, c.path, c.body), "%s %s", c.path, c.key)
	}

	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{Quirks: quirks{
		NoConferencesKey: true, MemberActions204: true, UUIDLinks: true,
	}, NoRequestID: true}, func(t *testing.T, s *site) {
		s.like(s.call("GET", "/Conference/", ""), `{}`)
		three(s)
		s.like(s.call("GET", "/Conference/", ""), `{"conferences":["room-7"]}`)
		a := s.call("POST", "/Conference/room-7/Member/1/Kick/", "")
		require.Equal(t, 204, a.status)
		require.Empty(t, a.text)
		a = s.call("GET", "/MultiPartyCall/name_room-7/", "")
		require.Equal(t, "/v1/Account/"+s.server.AuthID()+"/MultiPartyCall/uuid_"+a.body["mpc_uuid"].(string)+"/", a.body["resource_uri"])
		require.Empty(t, a.header.Values("X-Request-Id"))
	})
}
