package plivoserver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// mediaRoutes is every operation on sound: what is asked for first, and what then. The answers are
// templates: {id} is a recording's.
var mediaRoutes = []struct {
	op           plivoserver.Operation
	source       string
	first        string // a path to POST to, which then is stopped, paused or resumed
	firstBody    string
	method, path string
	body         string
	status       int
	answer       string // "": no body
	after        string // the recordings and what is played
}{
	{plivoserver.StartRoomRecording, "plivo-go, -java and -ruby tests", "", "", "POST", "/MultiPartyCall/name_room-7/Record/",
		`{"record_track_type":""}`, 202, `{"message":"MPC: room-7 record started","recording_id":"{id}",
		"recording_url":"https://media.plivo.com/v1/Account/MAFAKEACCOUNTFORTEST/Recording/{id}.mp3"}`, "recording/mp3/"},
	{plivoserver.StopRoomRecording, "the same", "/MultiPartyCall/name_room-7/Record/", `{}`,
		"DELETE", "/MultiPartyCall/uuid_{uuid}/Record/", "", 204, "", "completed/mp3/"},
	{plivoserver.PauseRoomRecording, "the same", "/MultiPartyCall/uuid_{uuid}/Record/", `{"file_format":"WAV"}`,
		"POST", "/MultiPartyCall/name_room-7/Record/Pause/", "", 204, "", "paused/wav/"},
	{plivoserver.ResumeRoomRecording, "the same", "/MultiPartyCall/name_room-7/Record/", ``,
		"POST", "/MultiPartyCall/name_room-7/Record/Resume/", `{"friendly_name":"room-7"}`, 204, "", "recording/mp3/"},
	{plivoserver.StartParticipantRecording, "plivo-go, -java and -ruby tests", "", "", "POST", "/MultiPartyCall/name_room-7/Participant/1/Record/",
		`{"file_format":"wav","record_track_type":"Participant","transcript":false,"recording_callback_method":"POST"}`, 200,
		`{"message":"MPC: room-7 record started","recording_id":"{id}",
		"recording_url":"https://media.plivo.com/v1/Account/MAFAKEACCOUNTFORTEST/Recording/{id}.wav"}`, "recording/wav/1participant"},
	{plivoserver.StopParticipantRecording, "the same", "/MultiPartyCall/name_room-7/Participant/1/Record/", `{}`,
		"DELETE", "/MultiPartyCall/name_room-7/Participant/1/Record/", `{"participant_id":1,"record_track_type":"all"}`, 204, "", "completed/mp3/1all"},
	{plivoserver.PauseParticipantRecording, "the same", "/MultiPartyCall/name_room-7/Participant/1/Record/", `{"record_track_type":"both"}`,
		"POST", "/MultiPartyCall/name_room-7/Participant/1/Record/Pause/", `{"record_track_type":""}`, 204, "", "paused/mp3/1both"},
	{plivoserver.ResumeParticipantRecording, "the same", "/MultiPartyCall/name_room-7/Participant/1/Record/", `{}`,
		"POST", "/MultiPartyCall/name_room-7/Participant/1/Record/Resume/", `{"participant_id":1,"uuid":"x"}`, 204, "", "recording/mp3/1all"},
	{plivoserver.StartPlay, "Play audio on a MPC call", "", "", "POST", "/MultiPartyCall/name_room-7/Member/2/Play/",
		`{"url":"https://media.example.test/a.mp3"}`, 202, `{"message":"play queued into MPC","mpcMemberId":["2"],"mpcName":"room-7"}`,
		"2 [https://media.example.test/a.mp3] "},
	{plivoserver.StartPlay, "Play audio on a MPC call", "", "", "POST", "/MultiPartyCall/name_room-7/Member/3,2/Play/",
		`{"urls":"https://media.example.test/a.mp3"}`, 202, `{"message":"play queued into MPC","mpcMemberId":["3","2"],"mpcName":"room-7"}`,
		"2,3 [https://media.example.test/a.mp3] "},
	{plivoserver.StartPlay, "Play audio on a MPC call", "", "", "POST", "/MultiPartyCall/uuid_{uuid}/Member/all/Play/",
		`{"urls":["https://media.example.test/a.mp3","https://media.example.test/b.mp3"]}`, 202,
		`{"message":"play queued into MPC","mpcMemberId":["all"],"mpcName":"room-7"}`,
		"all [https://media.example.test/a.mp3 https://media.example.test/b.mp3] "},
	{plivoserver.StopPlay, "Stop playing audio on a MPC call", "/MultiPartyCall/name_room-7/Member/2,3/Play/", `{"url":"https://a.test/"}`,
		"DELETE", "/MultiPartyCall/name_room-7/Member/3,2/Play/", "", 204, "", ""},
	{plivoserver.StartSpeak, "plivo-go tests", "", "", "POST", "/MultiPartyCall/name_room-7/Member/2/Speak/",
		`{"text":"One moment.","voice":"","language":"","mix":false}`, 202,
		`{"message":"speak queued into MPC","mpcMemberId":["2"],"mpcName":"room-7"}`, "2 [] One moment."},
	{plivoserver.StopSpeak, "plivo-go tests", "/MultiPartyCall/name_room-7/Member/all/Speak/", `{"text":"x"}`,
		"DELETE", "/MultiPartyCall/name_room-7/Member/all/Speak/", "", 204, "", ""},

	{plivoserver.PlayToMember, "Conference API", "", "", "POST", "/Conference/room-7/Member/1,2/Play/", `{"url":"https://a.test/"}`, 202,
		`{"message":"play queued into conference","member_id":"1,2"}`, "1,2 [https://a.test/] "},
	{plivoserver.StopPlayToMember, "Conference API", "/Conference/room-7/Member/1/Play/", `{"url":"https://a.test/","member_id":"1","conference_name":"room-7"}`,
		"DELETE", "/Conference/room-7/Member/1/Play/", "", 204, "", ""},
	{plivoserver.SpeakToMember, "Conference API", "", "", "POST", "/Conference/room-7/Member/all/Speak/", `{"text":"x","voice":"WOMAN","language":"en-US"}`,
		202, `{"message":"speak queued into conference","member_id":"all"}`, "all [] x"},
	{plivoserver.StopSpeakToMember, "Conference API", "/Conference/room-7/Member/1/Speak/", `{"text":"x"}`,
		"DELETE", "/Conference/room-7/Member/1/Speak/", "", 204, "", ""},
	{plivoserver.RecordConference, "Conference API", "", "", "POST", "/Conference/room-7/Record/",
		`{"time_limit":60,"file_format":"wav","transcription_type":"auto"}`, 202, `{"message":"conference recording started","recording_id":"{id}",
		"url":"https://media.plivo.com/v1/Account/MAFAKEACCOUNTFORTEST/Recording/{id}.wav"}`, "recording/wav/"},
	{plivoserver.StopRecordConference, "Conference API", "/Conference/room-7/Record/", `{"conference_name":"room-7"}`,
		"DELETE", "/Conference/room-7/Record/", "", 204, "", "completed/mp3/"},
}

// sound tells what is recorded and played, in one line.
func sound(s *site) string {
	text := ""
	for _, r := range s.server.Recordings("room-7") {
		text += fmt.Sprintf("%s/%s/%s%s", r.State, r.Format, r.Participant, r.Track)
	}
	for _, p := range s.server.Playing("room-7") {
		who := "all"
		if !p.All {
			who = string(p.Members[0])
			for _, id := range p.Members[1:] {
				who += "," + string(id)
			}
		}
		text += fmt.Sprintf("%s %v %s", who, p.URLs, p.Text)
	}
	return text
}

func TestMediaRoutes(t *testing.T) {
	for _, c := range mediaRoutes {
		t.Run(string(c.op), func(t *testing.T) {
			bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
				three(s)
				if c.first != "" {
					require.Equal(t, 404, s.call(c.method, fill(s, c.path), c.body).status, "nothing to stop")
					require.Equal(t, 2, s.call("POST", fill(s, c.first), c.firstBody).status/100)
				}
				a := s.call(c.method, fill(s, c.path), c.body)
				require.Equal(t, c.status, a.status, "%s: %s", c.source, a.text)
				if c.answer == "" {
					require.Empty(t, a.text)
				} else {
					id, _ := a.body["recording_id"].(string)
					s.like(a, replace(c.answer, "{id}", id))
				}
				require.Equal(t, c.after, sound(s))
				log := s.server.Requests()
				require.Equal(t, c.op, log[len(log)-1].Operation)
				require.Len(t, s.sw.Members("room-7"), 3)
			})
		})
	}
}

// What is refused changes nothing.
func TestMediaRefused(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		const room, conference, url = "/MultiPartyCall/name_room-7/", "/Conference/room-7/", `{"url":"https://a.test/"}`
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", "/MultiPartyCall/name_other/Record/", `{}`, 404},
			{"POST", "/MultiPartyCall/room-7/Record/", `{}`, 404},
			{"POST", room + "Record/", `{"file_format":"ogg"}`, 400},
			{"POST", room + "Record/", `{"record_track_type":"all"}`, 400}, // of participants
			{"POST", room + "Record/", `{"recording_callback_url":"x"}`, 400},
			{"POST", room + "Record/", `{"recording_callback_method":"PUT"}`, 400},
			{"POST", room + "Record/", `{"transcript":"perhaps"}`, 400},
			{"POST", room + "Record/", `{"status_callback_url":"https://a.test/"}`, 400}, // its name until 2022
			{"POST", room + "Record/", `{"callback_url":"https://a.test/"}`, 400},
			{"POST", room + "Record/", `[]`, 400},
			{"POST", room + "Record/Pause/", `{"file_format":"mp3"}`, 400},
			{"POST", room + "Record/Pause/", `{"record_track_type":"all"}`, 400},
			{"POST", room + "Participant/9/Record/", `{}`, 404},
			{"POST", room + "Participant/all/Record/", `{}`, 404}, // one id
			{"POST", room + "Participant/1,2/Record/", `{}`, 404},
			{"POST", room + "Participant/1/Record/", `{"record_track_type":"left"}`, 400},
			{"POST", room + "Participant/1/Record/Pause/", `{"record_track_type":"left"}`, 400},
			{"DELETE", room + "Participant/9/Record/", "", 404},
			{"POST", room + "Member/9/Play/", url, 404},
			{"POST", room + "Member/1,9/Play/", url, 404},
			{"POST", room + "Member/1/Play/", `{}`, 400},
			{"POST", room + "Member/1/Play/", ``, 400},
			{"POST", room + "Member/1/Play/", `{"url":""}`, 400},
			{"POST", room + "Member/1/Play/", `{"url":"ftp://a.test/"}`, 400},
			{"POST", room + "Member/1/Play/", `{"url":["https://a.test/"]}`, 400},
			{"POST", room + "Member/1/Play/", `{"urls":[]}`, 400},
			{"POST", room + "Member/1/Play/", `{"urls":["a"]}`, 400},
			{"POST", room + "Member/1/Play/", `{"urls":7}`, 400},
			{"POST", room + "Member/1/Play/", `{"url":"https://a.test/","urls":"https://a.test/"}`, 400},
			{"POST", room + "Member/1/Play/", `{"url":"https://a.test/","loop":true}`, 400},
			{"POST", room + "Member/1/Speak/", `{}`, 400},
			{"POST", room + "Member/1/Speak/", `{"text":" "}`, 400},
			{"POST", room + "Member/1/Speak/", `{"text":7}`, 400},
			{"POST", room + "Member/1/Speak/", `{"text":"x","mix":"x"}`, 400},
			{"POST", room + "Member/1/Speak/", `{"text":"x","callback_url":"x"}`, 400},
			{"POST", conference + "Member/9/Play/", url, 404},
			{"POST", conference + "Member/1/Play/", `{"urls":"https://a.test/"}`, 400}, // the other page
			{"POST", conference + "Member/1/Speak/", `{"text":"x","voice":"CHILD"}`, 400},
			{"POST", conference + "Member/1/Speak/", `{"text":"x","mix":true}`, 400},
			{"POST", conference + "Record/", `{"time_limit":0}`, 400},
			{"POST", conference + "Record/", `{"time_limit":"60"}`, 400},
			{"POST", conference + "Record/", `{"transcription_type":"human"}`, 400},
			{"POST", conference + "Record/", `{"recording_callback_url":"https://a.test/"}`, 400},
			{"POST", "/Conference/other/Record/", `{}`, 404},
			{"POST", "/Conference/other/Member/1/Play/", url, 404},
		} {
			a := s.call(c.method, c.path, c.body)
			require.Equal(t, c.status, a.status, "%s %s %s: %s", c.method, c.path, c.body, a.text)
		}
		require.Empty(t, sound(s))
	})
}

// One recording of a room and one of each participant at a time; the room object tells of the room's.
func TestRecordingStates(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		ms := three(s)
		const room = "/MultiPartyCall/name_room-7/"
		state := func() any { return s.call("GET", room, "").body["recording"] }
		require.Equal(t, "not-recording", state())
		require.Equal(t, 200, s.call("POST", room+"Participant/1/Record/", "").status)
		require.Equal(t, "not-recording", state())
		require.Equal(t, 202, s.call("POST", room+"Record/", "").status)
		require.Equal(t, "recording", state())
		require.Equal(t, 400, s.call("POST", room+"Record/", "").status)
		require.Equal(t, 400, s.call("POST", "/Conference/room-7/Record/", "").status)
		require.Equal(t, 400, s.call("POST", room+"Participant/1/Record/", "").status)
		require.Equal(t, 200, s.call("POST", room+"Participant/2/Record/", "").status)
		time.Sleep(10 * time.Second)
		for range 2 { // once more is as well
			require.Equal(t, 204, s.call("POST", room+"Record/Pause/", "").status)
		}
		require.Equal(t, "paused", state())
		time.Sleep(5 * time.Second)
		for range 2 {
			require.Equal(t, 204, s.call("POST", room+"Record/Resume/", "").status)
		}
		require.Equal(t, "recording", state())
		time.Sleep(2 * time.Second)
		require.Equal(t, 204, s.call("DELETE", room+"Record/", "").status)
		require.Equal(t, 404, s.call("DELETE", room+"Record/", "").status)
		require.Equal(t, 404, s.call("POST", room+"Record/Resume/", "").status)
		require.Equal(t, "not-recording", state())

		time.Sleep(time.Second)
		ms[0].HangUp() // and so its recording is over, though nobody stopped it
		left := time.Now()
		time.Sleep(time.Second)
		require.True(t, s.server.FailRecording(s.server.Recordings(ms[1].Instance())[2].ID))
		require.False(t, s.server.FailRecording("x"))
		failed := time.Now()
		require.Equal(t, 202, s.call("POST", room+"Record/", "").status)
		require.Equal(t, 204, s.call("POST", room+"Record/Pause/", "").status)
		time.Sleep(time.Second)
		require.Equal(t, 204, s.call("DELETE", room, "").status)
		ended := time.Now()
		time.Sleep(time.Second)

		var got []string
		for _, r := range s.server.Recordings("room-7") {
			got = append(got, fmt.Sprint(r.Participant, r.State, r.Duration()))
		}
		require.Equal(t, []string{"1completed18s", "completed12s", "2failed19s", "completed0s"}, got)
		all := s.server.Recordings("")
		require.True(t, all[0].EndedAt.Equal(left))
		require.True(t, all[2].EndedAt.Equal(failed))
		require.True(t, all[3].EndedAt.Equal(ended))
		require.Equal(t, time.Second, all[3].Idle)
		require.False(t, s.server.FailRecording(all[3].ID))
		require.Empty(t, s.server.Recordings("other"))
		require.NotContains(t, fmt.Sprintf("%#v", all), "room-7")
		require.NotContains(t, all[0].LogValue().String(), "room-7")
	})
}

// A member cannot be cut out of what was started for all; the two kinds are apart; whom it is for
// takes it along.
func TestPlaying(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		ms := three(s)
		const member, url = "/MultiPartyCall/name_room-7/Member/", `{"url":"https://a.test/"}`
		require.Equal(t, 202, s.call("POST", member+"all/Play/", url).status)
		require.Equal(t, 404, s.call("DELETE", member+"1/Play/", "").status)
		require.Equal(t, 404, s.call("DELETE", member+"all/Speak/", "").status)
		for range 2 { // queued
			require.Equal(t, 202, s.call("POST", member+"1/Play/", url).status)
		}
		require.Equal(t, 202, s.call("POST", member+"1/Speak/", `{"text":"x"}`).status)
		require.Equal(t, 202, s.call("POST", member+"2,3/Speak/", `{"text":"x"}`).status)
		require.Len(t, s.server.Playing(ms[0].Instance()), 5)
		require.Equal(t, 204, s.call("DELETE", member+"1/Play/", "").status)
		require.Len(t, s.server.Playing(""), 3)
		ms[0].HangUp()
		require.Len(t, s.server.Playing(""), 2)
		ms[1].HangUp() // one of two
		list := s.server.Playing("")
		require.Len(t, list, 2)
		require.True(t, list[0].All)
		require.Equal(t, []cc.ParticipantID{"2", "3"}, list[1].Members)
		require.NotContains(t, fmt.Sprintf("%#v", list), "room-7")
		require.NotContains(t, list[0].LogValue().String(), "room-7")
		_, err := s.sw.End("room-7", fake.AsEntered)
		require.NoError(t, err)
		require.Empty(t, s.server.Playing(""))
	})
}
