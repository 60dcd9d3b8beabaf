package plivoserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

const allGroups = "mpc-state-changes, participant-state-changes ,PARTICIPANT-SPEAK-EVENTS,participant-digit-input-events," +
	"add-participant-api-events,participant-audio-events"

// texts are the fields of the hits since the last call, with the run's uuid left out.
func (a *app) texts(uuid string) []string {
	list := []string{}
	for _, h := range a.take() {
		list = append(list, strings.ReplaceAll(h.text(), uuid, "UUID"))
	}
	return list
}

func (s *site) set(m *fake.Member, change cc.Change) {
	s.t.Helper()
	_, err := s.sw.Set(m.Instance(), m.ID(), change)
	require.NoError(s.t, err)
}

// Each event with its fields ("Multiparty Calls", and what receivers have recorded).
func TestStatusCallbacks(t *testing.T) {
	told(t, fake.Options{FirstMember: 41}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url + "/mpc?t=1", Events: allGroups}))
		uuid := ""
		step := func(what string, want ...string) {
			t.Helper()
			flush(t, sender)
			if uuid == "" {
				room, err := s.sw.Look("room-7")
				require.NoError(t, err)
				uuid = room.UUID()
			}
			require.Equal(t, append([]string{}, want...), a.texts(uuid), what)
			time.Sleep(10 * time.Second)
		}
		anna := s.join("room-7", fake.Leg{CallID: "call-a", Role: cc.RoleAgent, Address: "15550101", Called: "15550100", Waits: true})
		step("the first, who waits",
			"EventName=MPCInitialized|EventTimestamp=2000-01-01 00:00:00+00:00|MPCName=room-7|MPCUUID=UUID|SequenceNumber=1",
			"EventName=ParticipantJoin|EventTimestamp=2000-01-01 00:00:00+00:00|MPCName=room-7|MPCUUID=UUID|MemberAddress=15550101|"+
				"MemberID=41|ParticipantCallDirection=inbound|ParticipantCallFrom=15550101|ParticipantCallTo=15550100|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=true|ParticipantRole=agent|SequenceNumber=2")
		boss := s.join("room-7", fake.Leg{CallID: "call-b", Role: cc.RoleSupervisor, Address: "sip:boss@phone.example.test", Coach: cc.Off})
		step("who starts it",
			"EventName=MPCStart|EventTimestamp=2000-01-01 00:00:10+00:00|MPCName=room-7|MPCUUID=UUID|SequenceNumber=3",
			"EventName=ParticipantJoin|EventTimestamp=2000-01-01 00:00:10+00:00|MPCName=room-7|MPCUUID=UUID|MemberAddress=sip:boss@phone.example.test|"+
				"MemberID=42|ParticipantCallDirection=inbound|ParticipantCallFrom=sip:boss@phone.example.test|ParticipantCallTo=|"+
				"ParticipantCallUUID=call-b|ParticipantCoachMode=false|ParticipantRole=supervisor|SequenceNumber=4")
		s.set(anna, cc.Change{Mute: cc.On, Hold: cc.On, Coach: cc.Off}) // coaching is nothing to an agent
		step("two flags at once",
			"EventName=ParticipantMute|EventTimestamp=2000-01-01 00:00:20+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=5",
			"EventName=ParticipantHold|EventTimestamp=2000-01-01 00:00:20+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=6")
		s.set(anna, cc.Change{Mute: cc.On}) // a repeat
		s.set(anna, cc.Change{Deaf: cc.On}) // not known to this product
		step("nothing")
		s.set(anna, cc.Change{Mute: cc.Off, Hold: cc.Off})
		step("and back",
			"EventName=ParticipantUnmute|EventTimestamp=2000-01-01 00:00:40+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=7",
			"EventName=ParticipantUnhold|EventTimestamp=2000-01-01 00:00:40+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=8")
		s.set(boss, cc.Change{Coach: cc.On})
		s.set(boss, cc.Change{Coach: cc.Off})
		step("coaching",
			"EventName=ParticipantCoachModeStart|EventTimestamp=2000-01-01 00:00:50+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=42|"+
				"ParticipantCallUUID=call-b|ParticipantCoachMode=true|ParticipantRole=supervisor|SequenceNumber=9",
			"EventName=ParticipantCoachModeStop|EventTimestamp=2000-01-01 00:00:50+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=42|"+
				"ParticipantCallUUID=call-b|ParticipantCoachMode=false|ParticipantRole=supervisor|SequenceNumber=10")
		require.NoError(t, sender.Speaks(anna, true))
		require.NoError(t, sender.Speaks(anna, false))
		require.NoError(t, sender.Digits(anna, "5#"))
		require.ErrorIs(t, sender.Digits(anna, "five"), cc.ErrInvalid)
		step("what only the person does",
			"EventName=ParticipantSpeakStart|EventTimestamp=2000-01-01 00:01:00+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=11",
			"EventName=ParticipantSpeakStop|EventTimestamp=2000-01-01 00:01:00+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=12",
			"DigitInput=5#|EventName=ParticipantDigitInput|EventTimestamp=2000-01-01 00:01:00+00:00|MPCName=room-7|MPCUUID=UUID|MemberID=41|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantRole=agent|SequenceNumber=13")
		require.Equal(t, 201, s.call("POST", "/MultiPartyCall/name_room-7/Participant/",
			`{"role":"customer","from":"15550100","to":"15550103"}`).status)
		ring := s.sw.Ringing("room-7")[0]
		step("Add Participant",
			"EventName=AddParticipantByAPIActionInitiated|EventTimestamp=2000-01-01 00:01:10+00:00|MPCName=room-7|MPCUUID=UUID|SequenceNumber=14")
		require.NoError(t, ring.Answer())
		step("an answer",
			"EventName=ParticipantJoin|EventTimestamp=2000-01-01 00:01:20+00:00|MPCName=room-7|MPCUUID=UUID|MemberAddress=15550103|"+
				"MemberID=43|ParticipantCallDirection=outbound|ParticipantCallFrom=15550100|ParticipantCallTo=15550103|"+
				"ParticipantCallUUID="+ring.CallID()+"|ParticipantCoachMode=true|ParticipantRole=customer|SequenceNumber=15",
			"AddParticipantAPIRequestOutcome=Success|EventName=AddParticipantByAPIActionCompleted|EventTimestamp=2000-01-01 00:01:20+00:00|"+
				"MPCName=room-7|MPCUUID=UUID|SequenceNumber=16")
		_, err := s.sw.Dial("room-7", fake.Leg{CallID: "call-d", Role: "customer", Address: "15550104", Called: "15550100", RingFor: time.Second})
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
		step("nobody answers",
			"EventName=AddParticipantByAPIActionInitiated|EventTimestamp=2000-01-01 00:01:30+00:00|MPCName=room-7|MPCUUID=UUID|SequenceNumber=17",
			"EventName=ParticipantExit|EventTimestamp=2000-01-01 00:01:31+00:00|MPCName=room-7|MPCUUID=UUID|MemberAddress=15550104|"+
				"ParticipantCallDirection=outbound|ParticipantCallFrom=15550100|ParticipantCallTo=15550104|ParticipantCallUUID=call-d|"+
				"ParticipantCoachMode=true|ParticipantEndTime=2000-01-01 00:01:31+00:00|ParticipantRole=customer|SequenceNumber=18",
			"AddParticipantAPIRequestOutcome=Failed|EventName=AddParticipantByAPIActionCompleted|EventTimestamp=2000-01-01 00:01:31+00:00|"+
				"MPCName=room-7|MPCUUID=UUID|SequenceNumber=19")
		anna.HangUp()
		step("a departure",
			"EventName=ParticipantExit|EventTimestamp=2000-01-01 00:01:42+00:00|MPCName=room-7|MPCUUID=UUID|MemberAddress=15550101|"+
				"MemberID=41|ParticipantCallDirection=inbound|ParticipantCallFrom=15550101|ParticipantCallTo=15550100|"+
				"ParticipantCallUUID=call-a|ParticipantCoachMode=false|ParticipantEndTime=2000-01-01 00:01:42+00:00|"+
				"ParticipantJoinTime=2000-01-01 00:00:00+00:00|ParticipantRole=agent|SequenceNumber=20")
		require.ErrorIs(t, sender.Digits(anna, "5"), cc.ErrConflict)
		require.ErrorIs(t, sender.Speaks(anna, true), cc.ErrConflict)
		boss.HangUp()
		flush(t, sender)
		require.Equal(t, []string{"ParticipantExit"}, a.names("EventName"))
		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_room-7/", "").status)
		flush(t, sender)
		hits := a.take()
		require.Len(t, hits, 2)
		require.Equal(t, "ParticipantExit", hits[0].fields.Get("EventName"))
		// It was active for 102 s; 102 s are billed as 120, 102 - 10 as 120, and 32 as 60.
		require.Equal(t, "EventName=MPCEnd|EventTimestamp=2000-01-01 00:01:52+00:00|MPCBilledAmount=0.02500|MPCBilledDuration=300|"+
			"MPCDuration=102|MPCName=room-7|MPCTerminationCause=Hangup API Triggered|MPCTerminationCauseCode=3000|MPCUUID=UUID|SequenceNumber=23",
			strings.ReplaceAll(hits[1].text(), uuid, "UUID"))

		// Everything went to the URL as it was given, as a form, and is signed.
		for _, d := range sender.Sent() {
			require.Equal(t, 200, d.Status)
			require.Equal(t, plivoserver.StatusCallback, d.Kind)
			require.Equal(t, cc.ConferenceID("uuid:"+uuid), d.Instance)
		}
		for _, h := range hits {
			require.Equal(t, "POST", h.method)
			require.Equal(t, a.url+"/mpc?t=1", h.url)
			require.Equal(t, "application/x-www-form-urlencoded", h.header.Get("Content-Type"))
			require.Equal(t, h.signed(s.server.AuthToken()), h.header.Get("X-Plivo-Signature-V3"))
			require.Equal(t, h.signed(s.server.AuthToken()), h.header.Get("X-Plivo-Signature-Ma-V3"))
			require.Empty(t, h.header.Get("X-Plivo-Signature-V2"))
		}
		require.Equal(t, plivoserver.CallbackCounts{Made: 23, Sent: 23, Answered: 23}, sender.Counts())
	})
}

// Why a room ended, and that numbers begin again with each run.
func TestEndings(t *testing.T) {
	told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url, Events: "mpc-state-changes"}))
		for _, c := range []struct {
			leg  fake.Leg
			end  func(m *fake.Member)
			want string
		}{
			{fake.Leg{}, func(m *fake.Member) { m.HangUp() }, "1000 No Active Participants"},
			{fake.Leg{EndOnExit: true}, func(m *fake.Member) { m.HangUp() }, "0 Unknown"},
			{fake.Leg{Rules: &fake.Rules{MaxDuration: time.Minute}}, func(*fake.Member) { time.Sleep(time.Minute) }, "2000 Max Duration Reached"},
			{fake.Leg{Rules: &fake.Rules{EndAlone: true}}, func(*fake.Member) { s.join("room-7", fake.Leg{}).HangUp() }, "1010 Stay Alone Not Permitted"},
		} {
			c.end(s.join("room-7", c.leg))
			flush(t, sender)
			hits := a.take()
			require.Len(t, hits, 3)
			f := hits[2].fields
			require.Equal(t, c.want, f.Get("MPCTerminationCauseCode")+" "+f.Get("MPCTerminationCause"))
			require.Equal(t, "3", f.Get("SequenceNumber"))
		}
	})
}

// Which groups are told, and which where none is asked for.
func TestGroups(t *testing.T) {
	for _, c := range []struct {
		events string
		want   []string
	}{
		{"", []string{"MPCInitialized", "MPCStart", "ParticipantJoin", "ParticipantMute", "ParticipantExit", "MPCEnd"}},
		{" ", []string{"MPCInitialized", "MPCStart", "ParticipantJoin", "ParticipantMute", "ParticipantExit", "MPCEnd"}},
		{"mpc-state-changes", []string{"MPCInitialized", "MPCStart", "MPCEnd"}},
		{"Participant-State-Changes", []string{"ParticipantJoin", "ParticipantMute", "ParticipantExit"}},
		{"participant-speak-events , participant-digit-input-events", []string{"ParticipantSpeakStart", "ParticipantDigitInput"}},
		{"add-participant-api-events", []string{"AddParticipantByAPIActionInitiated", "AddParticipantByAPIActionCompleted"}},
		{"participant-audio-events", []string{}}, // names not documented
	} {
		told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
			require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url, Events: c.events}))
			ms, err := s.sw.Dial("room-7", fake.Leg{})
			require.NoError(t, err)
			require.NoError(t, ms[0].Answer())
			s.set(ms[0], cc.Change{Mute: cc.On})
			flush(t, sender)
			require.NoError(t, sender.Speaks(ms[0], true))
			require.NoError(t, sender.Digits(ms[0], "1"))
			flush(t, sender)
			ms[0].HangUp()
			flush(t, sender)
			hits := a.take()
			names := []string{}
			for i, h := range hits {
				names = append(names, h.fields.Get("EventName"))
				require.Equal(t, i+1, atoi(h.fields.Get("SequenceNumber")))
			}
			require.Equal(t, c.want, names, c.events)
		})
	}
}

func atoi(s string) int {
	n := 0
	for _, r := range s {
		n = 10*n + int(r-'0')
	}
	return n
}

// Where callbacks go: what was said of the room, else what was said of all; what Add Participant
// says, of the rooms that it begins, or where the XML said nothing. GET is the default of requests,
// POST that of the XML.
func TestWhereCallbacksGo(t *testing.T) {
	const invite = `{"role":"agent","from":"15550100","to":"15550101","stay_alone":true`
	type at struct{ method, path string }
	for name, c := range map[string]struct {
		otherwise, named plivoserver.Callbacks // /otherwise, /named
		xml              bool                  // somebody is in it before
		body             string                // {app} is where the app is
		want             at
	}{
		"nowhere":                   {body: invite + `}`},
		"of all":                    {otherwise: plivoserver.Callbacks{URL: "/otherwise"}, body: invite + `}`, want: at{"POST", "/otherwise"}},
		"of this one":               {otherwise: plivoserver.Callbacks{URL: "/otherwise"}, named: plivoserver.Callbacks{URL: "/named", Method: "get"}, body: invite + `}`, want: at{"GET", "/named"}},
		"by request":                {body: invite + `,"status_callback_url":"{app}/request"}`, want: at{"GET", "/request"}},
		"by request, with a method": {body: invite + `,"status_callback_url":"{app}/request","status_callback_method":"post"}`, want: at{"POST", "/request"}},
		"the request was first":     {otherwise: plivoserver.Callbacks{URL: "/otherwise"}, body: invite + `,"status_callback_url":"{app}/request"}`, want: at{"GET", "/request"}},
		"the XML was first":         {xml: true, named: plivoserver.Callbacks{URL: "/named"}, body: invite + `,"status_callback_url":"{app}/request"}`, want: at{"POST", "/named"}},
		"the XML said nothing":      {xml: true, body: invite + `,"status_callback_url":"{app}/request"}`, want: at{"GET", "/request"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
				a := newApp(t)
				defer a.close()
				for _, x := range []*plivoserver.Callbacks{&c.otherwise, &c.named} {
					if x.URL != "" {
						x.URL = a.url + x.URL
					}
				}
				var err error
				s.server, err = plivoserver.New(s.sw, plivoserver.Options{Callbacks: c.otherwise})
				require.NoError(t, err)
				endpoint, err := s.server.Start(plivoserver.Pipe)
				require.NoError(t, err)
				defer endpoint.Close()
				first := s.endpoint
				defer func() { s.endpoint = first }()
				s.endpoint, s.client = endpoint, &http.Client{Transport: endpoint.Transport()}
				if c.named.URL != "" {
					require.NoError(t, s.server.Callback("room-7", c.named))
				}
				sender, err := s.server.SendCallbacks(plivoserver.CallbackOptions{Transport: a.client})
				require.NoError(t, err)
				defer sender.Close()
				if c.xml {
					s.join("room-7", fake.Leg{})
				}
				flush(t, sender)
				a.take()
				require.Equal(t, 201, s.call("POST", "/MultiPartyCall/name_room-7/Participant/", replace(c.body, "{app}", a.url)).status)
				require.Equal(t, 201, s.call("POST", "/MultiPartyCall/name_room-7/Participant/", invite+`,"status_callback_url":"`+a.url+`/late"}`).status)
				require.NoError(t, s.sw.Ringing("room-7")[0].Answer())
				flush(t, sender)
				hits := a.take()
				got := map[at]bool{}
				for _, h := range hits {
					u, err := url.Parse(h.url)
					require.NoError(t, err)
					got[at{h.method, u.Path}] = true
				}
				want := map[at]bool{c.want: true}
				if c.want == (at{}) { // the second request was the first to name one
					want = map[at]bool{{"GET", "/late"}: true}
				}
				require.Equal(t, want, got)
			})
		})
	}
}

// GET has the fields in the query, behind what is there.
func TestCallbacksByGet(t *testing.T) {
	told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room 7", plivoserver.Callbacks{URL: a.url + "/a%2Fb?MPCName=x#rc=2", Method: "get", Events: "mpc-state-changes"}))
		m := s.join("room 7", fake.Leg{})
		flush(t, sender)
		h := a.take()[0]
		room, err := s.sw.Look(m.Instance())
		require.NoError(t, err)
		require.Equal(t, "GET", h.method)
		require.Equal(t, a.url+"/a%2Fb?MPCName=x&EventName=MPCInitialized&EventTimestamp=2000-01-01+00%3A00%3A00%2B00%3A00&MPCName=room+7&MPCUUID="+
			room.UUID()+"&SequenceNumber=1", h.url)
		require.Empty(t, h.body)
		require.Empty(t, h.header.Get("Content-Type"))
		require.Equal(t, h.signed(s.server.AuthToken()), h.header.Get("X-Plivo-Signature-V3"))
	})
}

// A URL without a path is signed as it is written, without the slash that HTTP asks for.
func TestURLWithoutPath(t *testing.T) {
	told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url}))
		s.join("room-7", fake.Leg{})
		flush(t, sender)
		h := a.take()[0]
		require.Equal(t, a.url+"/", h.url)
		require.NotEqual(t, h.signed(s.server.AuthToken()), h.header.Get("X-Plivo-Signature-V3"))
		h.url = a.url
		require.Equal(t, h.signed(s.server.AuthToken()), h.header.Get("X-Plivo-Signature-V3"))
	})
}

// Callbacks that cannot be meant.
func TestCallbackRefuses(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	s, err := plivoserver.New(sw, plivoserver.Options{})
	require.NoError(t, err)
	for _, c := range []plivoserver.Callbacks{
		{URL: "x"}, {URL: "ftp://h/"}, {URL: "https://"}, {URL: "https://h/", Method: "PUT"}, {URL: "https://h/", Events: "mpc-state-changes,"},
		{Events: "all"}, {RecordingURL: "x"}, {RecordingMethod: "x"}, {ConferenceURL: "/x"}, {ConferenceMethod: "x"},
	} {
		require.Error(t, s.Callback("room-7", c))
		_, err := plivoserver.New(sw, plivoserver.Options{Callbacks: c})
		require.Error(t, err)
	}
}
