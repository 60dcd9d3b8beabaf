package plivoserver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

const addPath = "/MultiPartyCall/name_room-7/Participant/"

// "Add a participant": 201, a room begins, the leg rings until the world answers, and only then has
// a member id. With one destination request_uuid is its call_uuid.
func TestAddParticipant(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		a := s.call("POST", addPath, `{"role":"Supervisor","from":"15550100","to":"sip:desk7@phone.example.test",
			"mute":true,"hold":"true","coach_mode":false,"start_mpc_on_enter":false,"end_mpc_on_exit":true,"stay_alone":true,
			"max_participants":3,"max_duration":300,"on_exit_action_url":"https://app.example.test/x"}`)
		require.Equal(t, 201, a.status, a.text)
		ringing := s.sw.Ringing("room-7")
		require.Len(t, ringing, 1)
		s.like(a, replace(`{"message":"add participant action initiated","request_uuid":"{c}",
			"calls":[{"to":"sip:desk7@phone.example.test","from":"15550100","call_uuid":"{c}"}]}`, "{c}", ringing[0].CallID()))
		leg := ringing[0].Info().Leg
		require.Equal(t, fake.Leg{
			CallID: ringing[0].CallID(), Address: "sip:desk7@phone.example.test", Called: "15550100", Role: cc.RoleSupervisor,
			Mute: true, Hold: true, Coach: cc.Off, Entry: fake.EntryCommand, ExitAction: "https://app.example.test/x",
			Waits: true, EndOnExit: true, RingFor: 45 * time.Second,
			Rules: &fake.Rules{Capacity: 3, MaxDuration: 300 * time.Second},
		}, leg)
		require.Empty(t, s.call("GET", addPath, "").list("member_id"))

		require.NoError(t, ringing[0].Answer())
		require.Equal(t, []any{"1"}, s.call("GET", addPath+"?call_uuid="+ringing[0].CallID(), "").list("member_id"))
		room := s.call("GET", "/MultiPartyCall/name_room-7/", "")
		require.Equal(t, "Initialized", room.body["status"])
		require.Equal(t, true, room.body["stay_alone"])
		require.Nil(t, room.body["start_time"])

		// "Activate" starts it, and once more does nothing.
		for range 2 {
			require.Equal(t, 204, s.call("POST", "/MultiPartyCall/name_room-7/", `{"status":"Active"}`).status)
			require.Equal(t, "Active", s.call("GET", "/MultiPartyCall/name_room-7/", "").body["status"])
		}
	})
}

// The defaults of "Add a participant".
func TestAddParticipantDefaults(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		require.Equal(t, 201, s.call("POST", addPath, `{"role":"customer","from":"15550100","to":"15550101"}`).status)
		m := s.sw.Ringing("room-7")[0]
		require.Equal(t, fake.Leg{
			CallID: m.CallID(), Address: "15550101", Called: "15550100", Role: "customer", Coach: cc.On,
			Entry: fake.EntryCommand, RingFor: 45 * time.Second,
			Rules: &fake.Rules{Capacity: 10, EndAlone: true, MaxDuration: 4 * time.Hour},
		}, m.Info().Leg)
		time.Sleep(45 * time.Second)
		require.False(t, m.Ringing())
		require.Equal(t, 404, s.call("GET", "/MultiPartyCall/name_room-7/", "").status) // nobody was in it
	})
}

// Several destinations, for agents: the first to answer joins, each with its own times.
func TestAddParticipantRace(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		room := s.join("room-7", fake.Leg{Role: "customer"})
		uuid := strings.TrimPrefix(string(room.Instance()), "uuid:")
		a := s.call("POST", "/MultiPartyCall/uuid_"+uuid+"/Participant/", `{"role":"agent","from":"15550100",
			"to":"15550101<15550102<15550103","ring_timeout":"10<20","delay_dial":5}`)
		require.Equal(t, 201, a.status, a.text)
		calls := a.body["calls"].([]any)
		require.Len(t, calls, 3)
		ringing := s.sw.Ringing("room-7")
		for i, m := range ringing {
			call := calls[i].(map[string]any)
			require.Equal(t, map[string]any{"to": m.Address(), "from": "15550100", "call_uuid": m.CallID()}, call)
			require.NotEqual(t, a.body["request_uuid"], m.CallID())
		}
		time.Sleep(15 * time.Second)
		require.Equal(t, fake.ExitNoAnswer, ringing[0].Info().Cause)
		require.True(t, ringing[1].Ringing())
		require.NoError(t, ringing[2].Answer())
		require.Equal(t, fake.ExitLostRace, ringing[1].Info().Cause)
		require.Equal(t, []any{"2", "1"}, s.call("GET", addPath, "").list("member_id"))
	})
}

// call_uuid pulls a call in that is up: out of another room, or out of its own flow.
func TestAddParticipantByCall(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		keep := s.join("other", fake.Leg{})
		m := s.join("other", fake.Leg{Address: "15550101", Called: "15550100", Name: "Joe Doe"})
		body := `{"role":"agent","call_uuid":"` + m.CallID() + `","mute":true}`
		a := s.call("POST", addPath, body)
		require.Equal(t, 201, a.status, a.text)
		s.like(a, replace(`{"message":"add participant action initiated","request_uuid":"{c}",
			"calls":[{"to":"15550100","from":"15550101","call_uuid":"{c}"}]}`, "{c}", m.CallID()))
		require.False(t, m.Present())
		require.Equal(t, fake.ExitTransferred, m.Info().Cause)
		in := s.sw.Members("room-7")
		require.Len(t, in, 1)
		require.Equal(t, "15550101", in[0].Address())
		require.Equal(t, fake.EntryCommand, in[0].Info().Leg.Entry)
		require.Equal(t, cc.On, in[0].State().Mute)
		require.True(t, keep.Present())

		require.Equal(t, 400, s.call("POST", addPath, body).status) // is there already

		// A call that has left goes on, and can be pulled in again.
		in[0].Leave()
		require.Equal(t, 201, s.call("POST", addPath, body).status)
		in = s.sw.Members("room-7")
		require.Len(t, in, 1)
		require.Equal(t, "15550101", in[0].Address())
		require.Equal(t, "Joe Doe", in[0].Info().Leg.Name)

		in[0].HangUp()
		require.Equal(t, 404, s.call("POST", addPath, body).status)
		require.Equal(t, 404, s.call("POST", addPath, `{"role":"agent","call_uuid":"x"}`).status)
		require.Empty(t, s.sw.Members("room-7"))
	})
}

// A full room takes nobody in, whoever asks; by API it is found out when the leg answers.
func TestAddParticipantFull(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{Rules: &fake.Rules{Capacity: 1}})
		other := s.join("other", fake.Leg{})
		require.Equal(t, 400, s.call("POST", addPath, `{"role":"agent","call_uuid":"`+other.CallID()+`"}`).status)
		require.True(t, other.Present())
		require.Equal(t, 201, s.call("POST", addPath, `{"role":"agent","from":"15550100","to":"15550101"}`).status)
		require.Error(t, s.sw.Ringing("room-7")[0].Answer())
		require.Len(t, s.sw.Members("room-7"), 1)
		require.True(t, m.Present())
	})
}

// A ringing call can be hung up by the Call API ("Hangup a call").
func TestHangUpRingingCall(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		require.Equal(t, 201, s.call("POST", addPath, `{"role":"agent","from":"15550100","to":"15550101"}`).status)
		m := s.sw.Ringing("room-7")[0]
		require.Equal(t, 204, s.call("DELETE", "/Call/"+m.CallID()+"/", "").status)
		require.False(t, m.Ringing())
		require.Equal(t, 404, s.call("DELETE", "/Call/"+m.CallID()+"/", "").status)
	})
}

// What "Add a participant" and the libraries' own checks refuse. Nothing is dialled then.
func TestAddParticipantRefused(t *testing.T) {
	const base = `"role":"agent","from":"15550100","to":"15550101"`
	numbers := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprint(15550100 + i)
		}
		return strings.Join(list, "<")
	}
	accepted := []string{
		`{` + base + `}`,
		`{"role":"AGENT","from":"15550100","to":"+15550101"}`,
		`{"role":"ai-agent","from":"15550100","to":"SIP:a@b"}`,
		`{"role":"agent","from":"15550100","to":"` + numbers(20) + `"}`,
		`{` + base + `,"caller_name":"` + strings.Repeat("ü", 50) + `"}`,
		`{` + base + `,"ring_timeout":30,"delay_dial":"0"}`,
		`{` + base + `,"max_duration":28800,"max_participants":2,"record_min_member_count":2}`,
		`{` + base + `,"record":"false","stay_alone":"True","relay_dtmf_inputs":false,"transcript":false,"send_on_preanswer":true}`,
		`{` + base + `,"dial_music":"Real","enter_sound":"beep:1","exit_sound":"https://app.example.test/x.mp3"}`,
		`{` + base + `,"status_callback_events":"mpc-state-changes, participant-speak-events","status_callback_method":"get"}`,
		`{` + base + `,"start_mpc_with_single_participant":true,"create_mpc_with_single_participant":true}`,
		`{` + base + `,"call_uuid":null,"caller_name":null,"wait_music_url":null}`,
		`{` + base + `,"confirm_key":"#","sip_headers":"a=b,c=d","send_digits":"1w2","record_file_format":"WAV"}`,
		`{` + base + `,"agent_hold_music":"x","customer_hold_music":"y"}`,
	}
	refused := []string{
		``, `null`, `{}`, `[]`, `"x"`, `{`, `{}{}`, "{\"role\":\"\xff\"}",
		`{"from":"15550100","to":"15550101"}`,
		`{"role":"agent"}`,
		`{"role":"agent","from":"15550100"}`,
		`{"role":"agent","to":"15550101"}`,
		`{"role":"agent","call_uuid":"x","to":"15550101"}`,
		`{"role":"agent","call_uuid":"x","from":"15550100"}`,
		`{"role":"boss","from":"15550100","to":"15550101"}`,
		`{"role":7,"from":"15550100","to":"15550101"}`,
		`{"role":"agent","from":15550100,"to":"15550101"}`,
		`{"role":"customer","from":"15550100","to":"15550101<15550102"}`,
		`{"role":"supervisor","from":"15550100","to":"15550101<15550102"}`,
		`{"role":"agent","from":"15550100","to":"` + numbers(21) + `"}`,
		`{"role":"agent","from":"15550100","to":"15550101<"}`,
		`{"role":"agent","from":"15550100","to":"somebody"}`,
		`{"role":"agent","from":"15550100","to":["15550101"]}`,
		`{` + base + `,"caller_name":"` + strings.Repeat("ü", 51) + `"}`,
		`{` + base + `,"ring_timeout":"10<20"}`,
		`{` + base + `,"delay_dial":"1<2"}`,
		`{` + base + `,"ring_timeout":"ten"}`, `{` + base + `,"ring_timeout":-1}`, `{` + base + `,"ring_timeout":1.5}`,
		`{` + base + `,"ring_timeout":[10]}`, `{` + base + `,"ring_timeout":true}`,
		`{` + base + `,"max_duration":299}`, `{` + base + `,"max_duration":28801}`, `{` + base + `,"max_duration":"300"}`,
		`{` + base + `,"max_participants":1}`, `{` + base + `,"max_participants":11}`,
		`{` + base + `,"record_min_member_count":3}`,
		`{` + base + `,"mute":"yes"}`, `{` + base + `,"mute":1}`, `{` + base + `,"hold":[true]}`,
		`{` + base + `,"confirm_key":"12"}`, `{` + base + `,"record_file_format":"ogg"}`,
		`{` + base + `,"status_callback_url":"app"}`, `{` + base + `,"status_callback_url":"ftp://a/b"}`,
		`{` + base + `,"status_callback_method":"PUT"}`, `{` + base + `,"status_callback_events":"everything"}`,
		`{` + base + `,"enter_sound":"beep:3"}`,
		`{` + base + `,"callback_url":"https://app.example.test/"}`, // asynchronous mode is not served
		`{` + base + `,"Mute":true}`, `{` + base + `,"muted":true}`, `{` + base + `,"is_voice_request":"true"}`,
	}
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		for _, body := range refused {
			a := s.call("POST", addPath, body)
			require.Equal(t, 400, a.status, body)
			require.NotEmpty(t, a.body["error"], body)
			require.Empty(t, s.sw.Ringing("room-7"), body)
		}
		for i, body := range accepted {
			require.Equal(t, 201, s.call("POST", fmt.Sprintf("/MultiPartyCall/name_room-%d/Participant/", i), body).status, body)
		}
		require.Equal(t, 404, s.call("POST", "/MultiPartyCall/name_/Participant/", accepted[0]).status)
		require.Equal(t, 404, s.call("POST", "/MultiPartyCall/name_uuid:x/Participant/", accepted[0]).status)
		require.Equal(t, 404, s.call("POST", "/MultiPartyCall/uuid_x/Participant/", accepted[0]).status)
	})
}
