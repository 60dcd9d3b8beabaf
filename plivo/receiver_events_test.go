package plivo_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// Every event that Plivo documents, and whether it rings.
var knownEvents = []struct {
	provider, name string
	rings          bool
}{
	{plivo.MPC, "MPCInitialized", true}, {plivo.MPC, "MPCStart", true}, {plivo.MPC, "MPCEnd", true},
	{plivo.MPC, "ParticipantJoin", true}, {plivo.MPC, "ParticipantExit", true},
	{plivo.MPC, "ParticipantMute", true}, {plivo.MPC, "ParticipantUnmute", true},
	{plivo.MPC, "ParticipantHold", true}, {plivo.MPC, "ParticipantUnhold", true},
	{plivo.MPC, "ParticipantCoachModeStart", true}, {plivo.MPC, "ParticipantCoachModeStop", true},
	{plivo.MPC, "ParticipantSpeakStart", false}, {plivo.MPC, "ParticipantSpeakStop", false},
	{plivo.MPC, "ParticipantDigitInput", false},
	{plivo.MPC, "AddParticipantByAPIActionInitiated", true}, {plivo.MPC, "AddParticipantByAPIActionCompleted", true},
	{plivo.MPC, "MPCRecordingInitiated", false}, {plivo.MPC, "MPCRecordingPaused", false},
	{plivo.MPC, "MPCRecordingResumed", false}, {plivo.MPC, "MPCRecordingCompleted", false}, {plivo.MPC, "MPCRecordingFailed", false},
	{plivo.Conference, "enter", true}, {plivo.Conference, "exit", true},
	{plivo.Conference, "digits", false}, {plivo.Conference, "floor", false}, {plivo.Conference, "record", false},
}

func eventOf(provider, name, room string) url.Values {
	if provider == plivo.MPC {
		return mpcEvent(name, room, runA)
	}
	return memberEvent(name, room)
}

// A known event with its documented fields rings or not by what it is. Without one of them, with one of
// them twice, or with one in another format it does not ring whatever it is.
func TestWhatRings(t *testing.T) {
	of := map[string]func(*plivo.ReceiverOptions){
		"":               func(*plivo.ReceiverOptions) {},
		plivo.MPC:        func(o *plivo.ReceiverOptions) { o.Provider = plivo.MPC },
		plivo.Conference: func(o *plivo.ReceiverOptions) { o.Provider = plivo.Conference },
	}
	// No field that is documented has such a value.
	wrong := []string{"", "x\x00", strings.Repeat("9", 3000)}
	for _, e := range knownEvents {
		for provider, change := range of {
			r := receiver(t, change)
			take := func(form url.Values) (known, rung bool) {
				before := r.Stats()
				deliver(t, r, form)
				after := r.Stats()
				require.Equal(t, before.Accepted+1, after.Accepted)
				return after.Unknown == before.Unknown, after.Rung > before.Rung
			}
			form := eventOf(e.provider, e.name, "room-7")
			known, rung := take(form)
			require.True(t, known, e.name)
			require.Equal(t, e.rings && (provider == "" || provider == e.provider), rung, "%s of %s", e.name, provider)
			known, _ = take(merge(form, url.Values{"SomethingNew": {"1", "2"}, "From": {"+15550100"}}))
			require.True(t, known, "what is not known is taken")
			if provider != "" {
				continue
			}
			for key := range form {
				if ordinary(key) || e.name == "record" && key != "RecordUrl" && !strings.HasPrefix(key, "Recording") && key != "ConferenceAction" {
					continue
				}
				known, rung = take(merge(form, url.Values{key: nil}))
				require.False(t, known || rung, "%s without %s", e.name, key)
				for _, value := range wrong {
					if value == "" && key == "RecordUrl" {
						continue // a recording that has failed has none
					}
					known, rung = take(merge(form, url.Values{key: {value}}))
					require.False(t, known || rung, "%s with %s=%q", e.name, key, value)
				}
			}
		}
	}
}

// ordinary fields are those of the call, of which nothing is made.
func ordinary(key string) bool {
	return strings.Contains(" From To Direction CallStatus Event ", " "+key+" ")
}

// Each field has its format, required or not; one that is not required may be empty.
func TestFormatsOfFields(t *testing.T) {
	join, enter := mpcEvent("ParticipantJoin", "room-7", runA), memberEvent("enter", "room-7")
	for _, f := range []struct {
		form       url.Values
		key        string
		good, evil []string
	}{
		{join, "EventName", nil, []string{"participantjoin", " ParticipantJoin", "ParticipantJoinEventTimestamp", "enter"}},
		{join, "EventTimestamp",
			[]string{"2026-03-01 10:00:05", "2026-03-01 10:00:05+00:00", "2026-03-01T10:00:05Z", "2026-03-01 10:00:05.1"},
			[]string{"now", "1772359205", "2026-03-01", "2026-13-01 10:00:05", "2026-03-01 10:00:05MPCNamex"}},
		{join, "MPCUUID", []string{strings.ToUpper(runA)}, []string{runA[1:], runA + "0", "uuid:" + runA, strings.ReplaceAll(runA, "-", "0"), strings.ReplaceAll(runA, "a", "g"), "all"}},
		{join, "MPCName", []string{"Zoë's room / 7", "a.b", strings.Repeat("x", 512)}, []string{"", "a\nb", "a\x7fb", "a\u0085b", strings.Repeat("x", 513)}},
		{join, "MemberID", []string{"1", strings.Repeat("9", 20)}, []string{"all", "1,2", "-1", "1.0", "0x1", strings.Repeat("9", 21)}},
		{join, "ParticipantCallUUID", nil, []string{"x", callA + "?"}},
		{join, "ParticipantRole", []string{"Agent", "supervisor", "ai-agent"}, []string{"", "agent,customer", "agent ", "+15550100"}},
		{join, "ParticipantCoachMode", []string{"true", "False", "TRUE"}, []string{"", "1", "yes", "truefalse"}},
		{join, "SequenceNumber", []string{"", "0", "3"}, []string{"-3", "3a", "three"}},
		{join, "MemberAddress", []string{"", "15550100", "sip:desk7@phone.example.test"}, []string{"a\rb"}},
		{join, "ParticipantJoinTime", []string{"", "2026-03-01 10:00:05+00:00"}, []string{"soon"}},
		{join, "ParticipantEndTime", []string{"", "2026-03-01 10:00:05+00:00"}, []string{"soon"}},
		{join, "ParticipantCallDirection", []string{"", "inbound"}, []string{"in bound"}},
		{join, "DigitInput", []string{"", "1", "*9#"}, []string{"its1234"}},
		{join, "RecordingUUID", []string{"", callA}, []string{"a/b"}},
		{mpcEvent("MPCEnd", "room-7", runA), "MPCDuration", []string{"0", "7.5"}, []string{"", "-1", "7 s", ".5", "5.", "1e9", "NaN"}},
		{mpcEvent("MPCEnd", "room-7", runA), "MPCTerminationCauseCode", []string{"", "1000"}, []string{"No Active Participants"}},
		{mpcEvent("MPCEnd", "room-7", runA), "MPCTerminationCause", []string{"No Active Participants"}, []string{"a\nb"}},
		{mpcEvent("MPCEnd", "room-7", runA), "ParticipantCallUUID", []string{"", callA}, []string{"x"}},
		{enter, "ConferenceAction", nil, []string{"Enter", "enterCallUUID", "mute", "ParticipantJoin"}},
		{enter, "ConferenceMemberID", []string{"1"}, []string{"all", "1,2"}},
		{enter, "ConferenceUUID", nil, []string{"room-7"}},
		{enter, "CallUUID", nil, []string{"", "ac"}},
		{enter, "RecordingDuration", []string{"-1", "7"}, []string{"-2", "long"}},
	} {
		r := receiver(t)
		for _, value := range f.good {
			deliver(t, r, merge(f.form, url.Values{f.key: {value}}))
		}
		require.Equal(t, plivo.ReceiverStats{Accepted: uint64(len(f.good)), Rung: uint64(len(f.good))}, r.Stats(), f.key)
		for _, value := range f.evil {
			deliver(t, r, merge(f.form, url.Values{f.key: {value}}))
		}
		s := r.Stats()
		require.Equal(t, []uint64{uint64(len(f.good)), uint64(len(f.evil))}, []uint64{s.Rung, s.Unknown}, f.key)
	}
}

// What has no event, or two, or an unknown one, is taken and rings nothing.
func TestOtherCallbacks(t *testing.T) {
	join, enter := mpcEvent("ParticipantJoin", "room-7", runA), memberEvent("enter", "room-7")
	for name, form := range map[string]url.Values{
		"nothing":            nil,
		"a call's":           {"CallUUID": {callA}, "From": {"15550100"}, "CallStatus": {"ringing"}},
		"an exit action":     {"MPCUUID": {runA}, "MPCFriendlyName": {"room-7"}, "MemberID": {"1"}, "ParticipantCallUUID": {callA}, "ParticipantRole": {"agent"}},
		"a newer event":      merge(join, url.Values{"EventName": {"ParticipantAudioLost"}}),
		"both":               merge(join, enter),
		"a newer action":     merge(enter, url.Values{"ConferenceAction": {"mute"}}),
		"two names":          merge(join, url.Values{"EventName": {"ParticipantJoin", "ParticipantJoin"}}),
		"an action of no id": {"ConferenceName": {"room-7"}, "ConferenceUUID": {runA}, "ConferenceMemberID": {"1"}, "RecordUrl": {"https://x.example.net/"}, "RecordingID": {callA}},
		"in small letters":   {"eventname": {"MPCStart"}, "mpcuuid": {runA}, "mpcname": {"room-7"}, "eventtimestamp": {"2026-03-01 10:00:05"}},
	} {
		r := receiver(t)
		deliver(t, r, form)
		require.Equal(t, plivo.ReceiverStats{Accepted: 1, Unknown: 1}, r.Stats(), name)
	}

	// A recording that was begun by REST names no event.
	r := receiver(t)
	rest := url.Values{
		"api_id": {callA}, "record_url": {"https://media.example.net/a.mp3"}, "recording_id": {callA}, "conference_name": {"room-7"},
		"recording_duration": {"7"}, "recording_duration_ms": {"7012"}, "recording_start_ms": {"1772359205123"}, "recording_end_ms": {"1772359212135"},
	}
	deliver(t, r, rest)
	require.Equal(t, plivo.ReceiverStats{Accepted: 1}, r.Stats())
	for key := range rest {
		deliver(t, r, merge(rest, url.Values{key: nil}))
	}
	require.Equal(t, plivo.ReceiverStats{Accepted: 9, Unknown: 8}, r.Stats())

	// Of a POST the query says nothing, and of a GET the body cannot.
	r = receiver(t)
	require.Equal(t, 200, serve(t, r, delivery{target: "/cb?" + join.Encode(), form: url.Values{"a": {"b"}}}.request(t)))
	require.Equal(t, plivo.ReceiverStats{Accepted: 1, Unknown: 1}, r.Stats())
	require.Equal(t, 200, serve(t, r, delivery{target: "/cb?MPCUUID=x&EventName=y", form: join}.request(t)))
	require.Equal(t, plivo.ReceiverStats{Accepted: 2, Unknown: 1, Rung: 1}, r.Stats())
	q := delivery{method: "GET", target: "/cb"}.request(t)
	post := delivery{form: join}.request(t)
	q.Body, q.ContentLength = post.Body, post.ContentLength
	require.Equal(t, 200, serve(t, r, q))
	require.Equal(t, plivo.ReceiverStats{Accepted: 3, Unknown: 2, Rung: 1}, r.Stats())
}

// One id for each callback that rings: the name, or the Instance of a room whose name is refused here. A
// conference of the older API that cannot be named here cannot be rung for.
func TestWhomABellIsFor(t *testing.T) {
	r, rung := bells(t)
	for name, want := range map[string]cc.ConferenceID{
		"room-7": "room-7", "stand up": "stand up",
		"Zoë / 7": "uuid:" + runA, "all": "uuid:" + runA, "..": "uuid:" + runA, "uuid:" + runB: "uuid:" + runA,
	} {
		deliver(t, r, mpcEvent("MPCStart", name, runA))
		require.Equal(t, []cc.ConferenceID{want}, rung())
	}
	deliver(t, r, memberEvent("enter", "room-8"))
	require.Equal(t, []cc.ConferenceID{"room-8"}, rung())
	before := r.Stats()
	for i, name := range []string{"Zoë / 7", "all", "uuid:" + runB} {
		deliver(t, r, memberEvent("enter", name))
		require.Equal(t, before.Rung, r.Stats().Rung, fmt.Sprint(i))
	}
	require.Equal(t, before.Unknown, r.Stats().Unknown)
}
