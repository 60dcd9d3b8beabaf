package plivoserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

func respondWith(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// "Conferencing (XML)": five actions, with the ordinary fields of a call.
func TestConferenceCallbacks(t *testing.T) {
	told(t, fake.Options{FirstMember: 17}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room a", plivoserver.Callbacks{ConferenceURL: a.url + "/c", Floor: true}))
		m := s.join("room a", fake.Leg{CallID: "call-a", Address: "15550101", Called: "15550100"})
		room, err := s.sw.Look("room a")
		require.NoError(t, err)
		require.NoError(t, sender.Speaks(m, true))
		require.NoError(t, sender.Speaks(m, false))
		require.NoError(t, sender.Digits(m, "12"))
		a1 := s.call("POST", "/Conference/room%20a/Record/", `{"callback_url":"`+a.url+`/r","callback_method":"GET"}`)
		require.Equal(t, 202, a1.status)
		flush(t, sender)
		const of = "CallStatus=in-progress|CallUUID=call-a|"
		const where = "|ConferenceMemberID=17|ConferenceName=room a|ConferenceUUID=UUID|"
		require.ElementsMatch(t, []string{
			of + "ConferenceAction=enter" + where + "Direction=inbound|Event=ConferenceEnter|From=15550101|To=15550100",
			of + "ConferenceAction=floor" + where + "Direction=inbound|Event=ConferenceFloor|From=15550101|To=15550100",
			of + "ConferenceAction=digits|ConferenceDigitsMatch=12" + where + "Direction=inbound|Event=ConferenceDigits|From=15550101|To=15550100",
		}, a.texts(room.UUID()))

		s.call("POST", "/Conference/room%20a/Member/17/Mute/", "{}") // nothing is told of it
		time.Sleep(1500 * time.Millisecond)
		require.Equal(t, 204, s.call("DELETE", "/Conference/room%20a/Record/", "").status)
		flush(t, sender)
		hits := a.take()
		require.Len(t, hits, 2)
		id, url := a1.body["recording_id"].(string), a1.body["url"].(string)
		require.Equal(t, "GET", hits[0].method)
		require.Contains(t, hits[0].url, "/r?api_id=")
		require.Equal(t, "api_id="+a1.body["api_id"].(string)+"|conference_name=room a|record_url="+url+"|recording_duration=1|recording_duration_ms=1500|"+
			"recording_end_ms=946684801500|recording_id="+id+"|recording_start_ms=946684800000", hits[0].text())
		require.Equal(t, "POST", hits[1].method)
		require.Equal(t, of+"ConferenceAction=record|ConferenceName=room a|ConferenceUUID=UUID|Direction=inbound|Event=ConferenceRecord|From=15550101|"+
			"RecordUrl="+url+"|RecordingDuration=1|RecordingDurationMs=1500|RecordingEndMs=946684801500|RecordingID="+id+"|"+
			"RecordingStartMs=946684800000|To=15550100", strings.ReplaceAll(hits[1].text(), room.UUID(), "UUID"))

		m.HangUp() // and the end of the conference is not told
		flush(t, sender)
		require.Equal(t, []string{
			"CallStatus=completed|CallUUID=call-a|ConferenceAction=exit" + where + "Direction=inbound|Event=ConferenceExit|From=15550101|To=15550100",
		}, a.texts(room.UUID()))
	})
}

// floor is told only where it is asked for.
func TestNoFloor(t *testing.T) {
	told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room a", plivoserver.Callbacks{ConferenceURL: a.url, ConferenceMethod: "GET"}))
		m := s.join("room a", fake.Leg{})
		require.NoError(t, sender.Speaks(m, true))
		m.Leave()
		flush(t, sender)
		require.Equal(t, []string{"enter", "exit"}, a.names("ConferenceAction"))
	})
}

// The callbacks of recordings, to where the request says, else to where the room says.
func TestRecordingCallbacks(t *testing.T) {
	told(t, fake.Options{FirstMember: 1}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{RecordingURL: a.url + "/room"}))
		ms := three(s)
		room, err := s.sw.Look("room-7")
		require.NoError(t, err)
		const path = "/MultiPartyCall/name_room-7/"
		a1 := s.call("POST", path+"Record/", `{"recording_callback_url":"`+a.url+`/own","file_format":"wav"}`)
		time.Sleep(2 * time.Second)
		for range 2 {
			require.Equal(t, 204, s.call("POST", path+"Record/Pause/", "").status)
		}
		time.Sleep(3 * time.Second)
		for range 2 {
			require.Equal(t, 204, s.call("POST", path+"Record/Resume/", "").status)
		}
		time.Sleep(4 * time.Second)
		require.Equal(t, 204, s.call("DELETE", path+"Record/", "").status)
		flush(t, sender)
		id := a1.body["recording_id"].(string)
		line := func(event, at, end, n string) string {
			text := "EventName=MPCRecording" + event + "|EventTimestamp=2000-01-01 00:00:" + at + "+00:00|MPCName=room-7|MPCUUID=UUID|"
			if end != "" {
				text += "RecordingDuration=6|RecordingEndTime=" + end + "|"
			}
			text = text + "RecordingFormat=wav|RecordingStartTime=946684800000|RecordingURL=" + a1.body["recording_url"].(string) +
				"|RecordingUUID=" + id + "|SequenceNumber=" + n
			return text
		}
		hits := a.take()
		for _, h := range hits {
			require.Equal(t, "POST", h.method)
			require.Equal(t, a.url+"/own", h.url)
			require.Equal(t, h.signed(s.server.AuthToken()), h.header.Get("X-Plivo-Signature-V3"))
		}
		var texts []string
		for _, h := range hits {
			texts = append(texts, strings.ReplaceAll(h.text(), room.UUID(), "UUID"))
		}
		require.Equal(t, []string{line("Initiated", "00", "", "1"), line("Paused", "02", "", "2"), line("Resumed", "05", "", "3"),
			line("Completed", "09", "946684809000", "4")}, texts)

		// To where the room says, by its method; over because who it is of has left, or it has failed.
		require.Equal(t, 200, s.call("POST", path+"Participant/1/Record/", "").status)
		require.Equal(t, 200, s.call("POST", path+"Participant/2/Record/", `{"recording_callback_url":"`+a.url+`/own","recording_callback_method":"get"}`).status)
		ms[0].HangUp()
		flush(t, sender)
		require.True(t, s.server.FailRecording(s.server.Recordings("room-7")[2].ID))
		require.Equal(t, 202, s.call("POST", path+"Record/", "").status)
		_, err = s.sw.End("room-7", fake.AsEntered)
		require.NoError(t, err)
		flush(t, sender)
		var got []string
		for _, h := range a.take() {
			require.Equal(t, "GET", h.method)
			got = append(got, strings.TrimPrefix(h.fields.Get("EventName"), "MPCRecording")+" "+strings.TrimPrefix(strings.Split(h.url, "?")[0], a.url))
		}
		require.Equal(t, []string{"Initiated /room", "Initiated /own", "Completed /room", "Failed /own", "Initiated /room", "Completed /room"}, got)
	})
}

// What Add Participant says of recording: it begins once there are enough, and by GET.
func TestRecordByInvitation(t *testing.T) {
	told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.Equal(t, 201, s.call("POST", "/MultiPartyCall/name_room-7/Participant/", `{"role":"agent","from":"15550100","to":"15550101",
			"record":true,"record_file_format":"wav","record_min_member_count":2,"recording_callback_url":"`+a.url+`"}`).status)
		require.NoError(t, s.sw.Ringing("room-7")[0].Answer())
		flush(t, sender)
		require.Empty(t, a.take())
		require.Equal(t, "not-recording", s.call("GET", "/MultiPartyCall/name_room-7/", "").body["recording"])
		time.Sleep(time.Second)
		s.join("room-7", fake.Leg{})
		joined := time.Now()
		time.Sleep(time.Second)
		require.Equal(t, "recording", s.call("GET", "/MultiPartyCall/name_room-7/", "").body["recording"])
		list := s.server.Recordings("room-7")
		require.Len(t, list, 1)
		require.Equal(t, "wav", list[0].Format)
		require.True(t, list[0].StartedAt.Equal(joined))
		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_room-7/Record/", "").status)
		s.join("room-7", fake.Leg{}) // it is not begun again
		flush(t, sender)
		hits := a.take()
		require.Len(t, hits, 2)
		require.Equal(t, "GET", hits[0].method)
		require.Equal(t, "MPCRecordingInitiated", hits[0].fields.Get("EventName"))
		require.Equal(t, "MPCRecordingCompleted", hits[1].fields.Get("EventName"))
	})
}

// The exit action asks for XML where the call goes on, and reads what comes within the limits.
func TestExitAction(t *testing.T) {
	told(t, fake.Options{FirstMember: 1}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		leg := fake.Leg{CallID: "call-a", Role: "customer", Address: "15550101", Called: "15550100", ExitAction: a.url + "/exit"}
		m := s.join("room-7", leg)
		s.join("room-7", fake.Leg{})
		a.respond(respondWith(200, `<?xml version="1.0" encoding="UTF-8"?><Response><Speak>Bye</Speak></Response>`+"\n"))
		time.Sleep(time.Second)
		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_room-7/Participant/1/", "").status)
		flush(t, sender)
		require.True(t, m.Up())
		room, err := s.sw.Look("room-7")
		require.NoError(t, err)
		hits := a.take()
		require.Len(t, hits, 1)
		require.Equal(t, "POST", hits[0].method)
		require.Equal(t, "CallStatus=in-progress|CallUUID=call-a|Direction=inbound|Event=Redirect|From=15550101|MPCFriendlyName=room-7|MPCUUID=UUID|"+
			"MemberID=1|ParticipantCallUUID=call-a|ParticipantEndTime=2000-01-01 00:00:01+00:00|ParticipantJoinTime=2000-01-01 00:00:00+00:00|"+
			"ParticipantRole=customer|To=15550100", strings.ReplaceAll(hits[0].text(), room.UUID(), "UUID"))
		d := sender.Sent()[0]
		require.Equal(t, plivoserver.ExitAction, d.Kind)
		require.True(t, d.XML)
		require.Contains(t, d.Body, "<Speak>Bye</Speak>")

		// Whoever has hung up asks for nothing, and neither does what cannot be asked.
		leg.CallID = ""
		s.join("room-7", leg).HangUp()
		leg.ExitAction = "goodbye"
		s.join("room-7", leg).Leave()
		flush(t, sender)
		require.Empty(t, a.take())

		for body, want := range map[string]bool{
			`<Response/>`: true, `<Response><!-- x --></Response>`: true, ``: false, `OK`: false, `<Html/>`: false, `<Response>`: false,
			`<Response/><Response/>`: false, `<Response/>x`: false, `{"a":1}`: false,
			`<Response>` + strings.Repeat(" ", 100<<10-21) + `</Response>`: true,
			`<Response>` + strings.Repeat(" ", 100<<10-20) + `</Response>`: false,
		} {
			a.respond(respondWith(200, body))
			leg.ExitAction = a.url
			s.join("room-7", leg).Leave()
			flush(t, sender)
			sent := sender.Sent()
			require.Equal(t, want, sent[len(sent)-1].XML, "%.40s", body)
			require.LessOrEqual(t, len(sent[len(sent)-1].Body), 4<<10)
		}

		// 15 seconds.
		a.respond(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		s.join("room-7", leg).Leave()
		start := time.Now()
		flush(t, sender)
		require.Equal(t, 15*time.Second, time.Since(start))
		sent := sender.Sent()
		require.Error(t, sent[len(sent)-1].Err)
		require.Zero(t, sent[len(sent)-1].Status)
	})
}

// What Add Participant says of one leg: its exit action's method, and where its call's status goes.
func TestLegOrders(t *testing.T) {
	told(t, fake.Options{FirstMember: 1}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		const path = "/MultiPartyCall/name_room-7/Participant/"
		s.join("room-7", fake.Leg{})
		add := func(to string) *fake.Member {
			t.Helper()
			require.Equal(t, 201, s.call("POST", path, replace(`{"role":"agent","from":"15550100","to":"{to}","on_exit_action_url":"{app}/exit",
				"on_exit_action_method":"GET","call_status_callback_url":"{app}/call","stay_alone":true}`, "{to}", to, "{app}", a.url)).status)
			return s.sw.Ringing("room-7")[0]
		}
		got := func() (lines []string) {
			t.Helper()
			flush(t, sender)
			for _, h := range a.take() {
				f := h.fields
				lines = append(lines, h.method+strings.TrimPrefix(strings.Split(h.url, "?")[0], a.url)+" "+f.Get("Event")+" "+f.Get("CallStatus")+" "+
					f.Get("Direction")+" "+f.Get("From")+" "+f.Get("To"))
			}
			return lines
		}
		m := add("15550101")
		require.NoError(t, m.Answer())
		require.Equal(t, []string{"POST/call Ring ringing outbound 15550100 15550101", "POST/call StartApp in-progress outbound 15550100 15550101"}, got())
		require.Equal(t, 204, s.call("DELETE", path+string(m.ID())+"/", "").status)
		require.Equal(t, []string{"GET/exit Redirect in-progress outbound 15550100 15550101"}, got())
		require.NoError(t, add("15550102").Decline())
		require.Equal(t, []string{"POST/call Ring ringing outbound 15550100 15550102", "POST/call Hangup busy outbound 15550100 15550102"}, got())
		m = add("15550103")
		require.NoError(t, m.Answer())
		m.HangUp()
		require.Equal(t, "POST/call Hangup completed outbound 15550100 15550103", got()[2])

		// A call that is pulled in has no status callback, and its room is told of it.
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url + "/mpc", Events: "add-participant-api-events"}))
		out := s.join("other", fake.Leg{})
		require.Equal(t, 201, s.call("POST", path, replace(`{"role":"agent","call_uuid":"{call}","on_exit_action_url":"{app}/exit","on_exit_action_method":"GET",
			"call_status_callback_url":"{app}/call"}`, "{call}", out.CallID(), "{app}", a.url)).status)
		flush(t, sender)
		require.Equal(t, []string{"AddParticipantByAPIActionInitiated", "AddParticipantByAPIActionCompleted"}, a.names("EventName"))
		pulled, ok := s.sw.Find(out.CallID())
		require.True(t, ok)
		pulled.Leave()
		require.Equal(t, "GET/exit", got()[0][:8])
	})
}
