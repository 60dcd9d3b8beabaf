package plivoserver

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// Every event has a group that can be asked for, and its contrary is an event too, with what that one
// has beside the rest.
func TestContraries(t *testing.T) {
	for name, group := range eventGroup {
		require.Contains(t, groups, group, name)
	}
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	m := fake.MemberInfo{ID: "1", JoinedAt: at, ExitAt: at}
	for name, other := range contraries {
		kind := StatusCallback
		if eventGroup[name] == "" {
			kind = ConferenceCallback
		} else {
			require.Equal(t, eventGroup[name][:3], eventGroup[other][:3], name)
		}
		e := event{name: name, member: &m}
		switch name {
		case "MPCEnd":
			e.extra = ending(fake.RoomInfo{})
		case "ParticipantExit":
			e.extra = exitFields(m)
		case "ParticipantJoin":
			e.extra = legFields(m)
		}
		c := Callback{Kind: kind, Event: name, Fields: statusFields(fake.RoomInfo{}, e, at)}
		before := c.Fields.Encode()
		got := c.Contrary()
		require.Equal(t, other, got.Event)
		require.Equal(t, before, c.Fields.Encode(), "the original stays")
		switch other {
		case "MPCEnd":
			require.Subset(t, got.Fields, url.Values{"EventName": {"MPCEnd"}, "MPCTerminationCauseCode": {"3000"}})
		case "ParticipantExit":
			require.Subset(t, got.Fields, url.Values{"EventName": {other}, "ParticipantEndTime": {"2000-01-01 00:00:00+00:00"}})
		case "ParticipantJoin":
			require.NotContains(t, got.Fields, "ParticipantEndTime")
		case "enter", "exit":
			require.Equal(t, other, got.Fields.Get("ConferenceAction"))
		}
	}
	for _, c := range []Callback{{Kind: ExitAction}, {Kind: RecordingCallback, Event: "MPCRecordingPaused"}, {Kind: CallStatusCallback, Event: "exit"}} {
		got := c.Contrary()
		require.Equal(t, c.Event, got.Event)
		require.Empty(t, got.Fields)
	}
}

// Whatever a fragment is, the times are within their ranges.
func FuzzTuning(f *testing.F) {
	for _, s := range []string{"", "#", "#ct=1500&rt=5000&rc=2&rp=ct,rt,5xx", "#ct=-1&rt=99999999999999999999&tt=x&rc=6", "#%zz&rc=1;rc=2", "?a#b#rc=2"} {
		f.Add("https://h/" + s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := parseTuning(s)
		for _, x := range []struct{ d, least, most time.Duration }{
			{got.connect, 100 * time.Millisecond, 10 * time.Second}, {got.read, 100 * time.Millisecond, 40 * time.Second},
			{got.total, 100 * time.Millisecond, 55 * time.Second}, {time.Duration(got.retries), 0, 5},
		} {
			require.LessOrEqual(t, x.least, x.d)
			require.LessOrEqual(t, x.d, x.most)
		}
	})
}

// Whatever the pairs are, they are signed as they arrive: by GET as what the query decodes to, and
// whatever the order they are sent in.
func FuzzSignature(f *testing.F) {
	f.Add("https://h/p?a=b", "k", "v", "w")
	f.Add("https://h", "", "", "")
	f.Add("https://h/%2F?a=%zz&;", "a", "\x00", "é.")
	f.Fuzz(func(t *testing.T, rawURL, key, one, other string) {
		a := url.Values{key: {one, other}, "z": {other}}
		b := url.Values{key: {other, one}, "z": {other}}
		if key == "z" {
			return
		}
		require.Equal(t, signV3("t", rawURL, a, "n"), signV3("t", rawURL, b, "n"))
		target, _ := cutURL(rawURL)
		require.Equal(t, baseV3(withQuery(target, a), nil), target+"?"+join(a, "=", "&"))
		require.NotEqual(t, signV3("t", rawURL, a, "n"), signV3("u", rawURL, a, "n"))
		_ = signV2("t", rawURL, "n")
	})
}

// What is remembered of runs is bounded, and what is live is not forgotten.
func TestRunsAreForgotten(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	s, err := New(sw, Options{})
	require.NoError(t, err)
	o := roomOrder{status: place{"https://app.example.test/", "GET"}, groups: defaultGroups}
	join := func(name string) *fake.Member {
		var m *fake.Member
		require.NoError(t, s.bring(name, o, func() (run cc.ConferenceID, err error) {
			m, err = sw.Join(name, fake.Leg{})
			return m.Instance(), err
		}))
		return m
	}
	kept := join("kept")
	for range 3 * mostBindings {
		join("room-7").HangUp()
	}
	require.LessOrEqual(t, len(s.where.bound), 2*mostBindings+1)
	require.Equal(t, o.status, s.where.of(kept.Instance(), "kept").status)

	var n numbering
	for i := range 2 * mostNumbered {
		run := cc.ConferenceID(string(rune('a' + i)))
		require.Equal(t, 1, n.take(run))
		require.Equal(t, 2, n.take(run))
	}
	require.Len(t, n.next, mostNumbered)
	require.Len(t, n.order, mostNumbered)
}

// Recordings that are over are forgotten from the oldest on, also where nobody has looked whether
// their rooms are; and so is what is played.
func TestRecordingsAreBounded(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	s, err := New(sw, Options{})
	require.NoError(t, err)
	room := func(name string) fake.RoomInfo {
		m, err := sw.Join(name, fake.Leg{})
		require.NoError(t, err)
		info, err := sw.Look(m.Instance())
		require.NoError(t, err)
		return info
	}
	kept := room("kept")
	require.Equal(t, 202, s.record(kept, "", values{}, 202).status)
	for range mostRecordings + 100 {
		info := room("room-7")
		require.Equal(t, 202, s.record(info, "", values{}, 202).status)
		s.media.queue(Playing{Instance: kept.Instance, All: true, URLs: []string{"https://a.test/"}})
		_, err := sw.End(info.Instance, fake.HangUp)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(s.media.recordings), 2*mostRecordings)
	list := s.Recordings("")
	require.Len(t, list, mostRecordings+1)
	require.Equal(t, RecordingRuns, list[0].State)
	require.Len(t, s.Playing(kept.Instance), mostPlays)
}
