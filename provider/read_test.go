package provider

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

func TestTidy(t *testing.T) {
	began := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	zone := time.FixedZone("x", 7200)
	in := []cc.Participant{
		{ID: "2", JoinedAt: began.In(zone)},
		{ID: "1", JoinedAt: began},
		{ID: "0", JoinedAt: began.Add(time.Second)},
		{ID: "9"},
	}
	s := Snapshot{Snapshot: cc.Snapshot{Participants: in}}
	tidy("room", &s, began)
	require.Equal(t, cc.ConferenceID("room"), s.Conference)
	require.Equal(t, cc.ConferenceID("room"), s.Instance)
	require.Equal(t, began, s.At)
	var ids []cc.ParticipantID
	for _, p := range s.Participants {
		ids = append(ids, p.ID)
		require.True(t, p.JoinedAt.IsZero() || p.JoinedAt.Location() == time.UTC)
	}
	require.Equal(t, []cc.ParticipantID{"9", "1", "2", "0"}, ids)
	require.Equal(t, cc.ParticipantID("2"), in[0].ID, "the driver's list is its own")

	s = Snapshot{Snapshot: cc.Snapshot{Conference: "room", Instance: "uuid:1", At: began.In(zone)}}
	tidy("uuid:1", &s, time.Time{})
	require.Equal(t, cc.ConferenceID("room"), s.Conference)
	require.Equal(t, cc.ConferenceID("uuid:1"), s.Instance)
	require.Equal(t, began, s.At)
	require.NotNil(t, s.Participants)
}

func TestTwins(t *testing.T) {
	at := func(n int) time.Time { return time.Date(2030, 1, 1, 0, 0, n, 0, time.UTC) }
	for _, test := range []struct {
		name string
		in   []cc.Participant
		want []cc.ParticipantID
		free []cc.ParticipantID // who keeps controls
	}{
		{"none", []cc.Participant{{ID: "1"}, {ID: "2"}}, []cc.ParticipantID{"1", "2"}, []cc.ParticipantID{"1", "2"}},
		{
			"two", []cc.Participant{{ID: "15001", JoinedAt: at(2)}, {ID: "15001", JoinedAt: at(1)}, {ID: "15002", JoinedAt: at(3)}},
			[]cc.ParticipantID{"15001", "15001#2", "15002"}, []cc.ParticipantID{"15002"},
		},
		{"three", []cc.Participant{{ID: "1"}, {ID: "1"}, {ID: "1"}}, []cc.ParticipantID{"1", "1#2", "1#3"}, nil},
		{"withheld", []cc.Participant{{}, {}}, []cc.ParticipantID{"#1", "#2"}, nil},
		{"one withheld", []cc.Participant{{}}, []cc.ParticipantID{"#1"}, nil},
		{"a suffix that is taken", []cc.Participant{{ID: "1"}, {ID: "1"}, {ID: "1#2"}}, []cc.ParticipantID{"1", "1#2", "1#2#2"}, nil},
		{"still in order", []cc.Participant{{ID: "1"}, {ID: "1"}, {ID: "1 2"}}, []cc.ParticipantID{"1", "1 2", "1#2"}, []cc.ParticipantID{"1 2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.in {
				test.in[i].Controls = cc.CanMute
			}
			s := Snapshot{Snapshot: cc.Snapshot{Participants: test.in}}
			tidy("room", &s, at(0))
			var ids, free []cc.ParticipantID
			for _, p := range s.Participants {
				ids = append(ids, p.ID)
				if p.Controls != 0 {
					free = append(free, p.ID)
				}
			}
			require.Equal(t, test.want, ids)
			require.Equal(t, test.free, free)
		})
	}
}

// What a snapshot tells of an order depends on whether it is of the run and the leg that are known.
func TestTell(t *testing.T) {
	one := func(call string) []cc.Participant { return []cc.Participant{{ID: "1", CallID: call}} }
	snap := func(instance cc.ConferenceID, lasted time.Duration, list []cc.Participant) *Snapshot {
		return &Snapshot{Snapshot: cc.Snapshot{Conference: "room", Instance: instance, Participants: list}, RunTime: lasted}
	}
	remembered := func(instance cc.ConferenceID, lasted time.Duration, list []cc.Participant) evidence {
		e := &memo{conference: "room", instance: instance, runTime: lasted, whole: true, participants: list}
		return e.evidence("room", "1")
	}
	var nothing *memo
	for _, test := range []struct {
		name     string
		ev       evidence
		s        *Snapshot
		run, leg tri
	}{
		{"nothing remembered", nothing.evidence("room", "1"), snap("uuid:1", 0, one("a")), unknown, unknown},
		{"by Instance", nothing.evidence("uuid:1", "1"), snap("uuid:1", 0, one("a")), yes, yes},
		{"the same run and leg", remembered("uuid:1", 0, one("a")), snap("uuid:1", 0, one("a")), yes, yes},
		{"another run", remembered("uuid:1", 0, one("a")), snap("uuid:2", 0, one("a")), no, no},
		{"another leg", remembered("uuid:1", 0, one("a")), snap("uuid:1", 0, one("b")), yes, no},
		{"a leg that is not told", remembered("uuid:1", 0, one("")), snap("uuid:1", 0, one("")), yes, yes},
		{"a leg that was not there", remembered("uuid:1", 0, nil), snap("uuid:1", 0, one("a")), yes, unknown},
		{"no id of a run, a leg in common", remembered("room", time.Second, one("a")), snap("room", time.Minute, one("a")), yes, yes},
		{"no id of a run, none in common", remembered("room", time.Second, one("a")), snap("room", time.Minute, one("b")), no, no},
		{"no id of a run, none told", remembered("room", time.Second, one("")), snap("room", time.Minute, one("")), unknown, unknown},
		{"no id of a run, time goes back", remembered("room", time.Minute, one("a")), snap("room", time.Second, one("a")), no, no},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := tell(order{op: opRemove, conf: test.ev.handle, part: "1"}, test.ev, test.s, nil)
			require.True(t, r.live)
			require.True(t, r.present)
			require.Equal(t, test.run, r.run, "run")
			require.Equal(t, test.leg, r.leg, "leg")
		})
	}
	broken := errors.New("broken")
	require.Equal(t, reading{err: broken}, tell(order{}, evidence{}, nil, broken))
	require.Equal(t, reading{over: true}, tell(order{}, evidence{}, nil, cc.ErrNotFound))
}

// A read of one participant says less of the run than a snapshot does.
func TestReadOne(t *testing.T) {
	for _, test := range []struct {
		name     string
		handle   cc.ConferenceID
		known    *memo
		instance cc.ConferenceID
		call     string
		run, leg tri
	}{
		{"nothing remembered", "room", nil, "uuid:1", "a", unknown, unknown},
		{"by Instance", "uuid:1", nil, "uuid:1", "a", yes, yes},
		{"the same run", "room", &memo{conference: "room", instance: "uuid:1", participants: []cc.Participant{{ID: "1", CallID: "a"}}}, "uuid:1", "a", yes, yes},
		{"another run", "room", &memo{conference: "room", instance: "uuid:1", participants: []cc.Participant{{ID: "1", CallID: "a"}}}, "uuid:2", "a", no, no},
		{"no id of a run, the same leg", "room", &memo{conference: "room", instance: "room", participants: []cc.Participant{{ID: "1", CallID: "a"}}}, "room", "a", yes, yes},
		{"no id of a run, not told", "room", &memo{conference: "room", instance: "room", participants: []cc.Participant{{ID: "1", CallID: "a"}}}, "", "a", yes, yes},
		{"no id of a run, another leg", "room", &memo{conference: "room", instance: "room", participants: []cc.Participant{{ID: "1", CallID: "a"}}}, "room", "b", unknown, no},
		{"no id of a run or a leg", "room", &memo{conference: "room", instance: "room", participants: []cc.Participant{{ID: "1"}}}, "room", "", unknown, unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &client{}
			o := order{op: opRemove, conf: test.handle, part: "1"}
			r := c.readOne(o, test.known.evidence(test.handle, "1"), cc.Participant{ID: "1", CallID: test.call}, test.instance, nil)
			require.Equal(t, test.run, r.run, "run")
			require.Equal(t, test.leg, r.leg, "leg")
		})
	}
}
