package provider

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// A told is a conference as a reader has been told of it: the first synced, and then joined, changed
// and left, one by one.
type told struct {
	t        *testing.T
	synced   bool
	people   []cc.Participant
	controls cc.Controls
	stale    bool
	over     bool
	events   int
}

func (f *told) index(id cc.ParticipantID) int {
	return slices.IndexFunc(f.people, func(p cc.Participant) bool { return p.ID == id })
}

func (f *told) hear(e cc.Event) {
	t := f.t
	f.events++
	require.False(t, f.over, "%s after the end", e.Type)
	i := f.index(e.Participant.ID)
	switch e.Type {
	case cc.Synced:
		require.Equal(t, f.synced || f.stale, e.Gap, "a gap, and only then")
		if !f.synced {
			f.people, f.controls = slices.Clone(e.Snapshot.Participants), e.Snapshot.Controls
		}
		f.synced, f.stale = true, false
		f.same(e.Snapshot)
		return
	case cc.Joined:
		require.True(t, f.synced)
		require.Negative(t, i, "joined, and is there")
		require.NotEmpty(t, e.Participant.ID)
		f.people = append(f.people, e.Participant)
	case cc.Left:
		require.True(t, f.synced)
		require.GreaterOrEqual(t, i, 0, "left, and is not there")
		require.Equal(t, f.people[i], e.Participant, "as last seen")
		f.people = slices.Delete(f.people, i, i+1)
	case cc.Changed:
		require.True(t, f.synced)
		if e.Participant.ID == "" {
			require.Equal(t, cc.Participant{Controls: e.Participant.Controls}, e.Participant)
			require.NotEqual(t, f.controls, e.Participant.Controls)
			f.controls = e.Participant.Controls
			break
		}
		require.GreaterOrEqual(t, i, 0, "changed, and is not there")
		require.Equal(t, f.people[i].State, e.Before)
		require.NotEqual(t, f.people[i], e.Participant, "changed, and is as before")
		require.True(t, samePerson(f.people[i], e.Participant))
		f.people[i] = e.Participant
	case cc.Stale:
		require.False(t, f.stale, "stale twice")
		require.Error(t, e.Err)
		f.stale = true
	case cc.Ended:
		require.Empty(t, f.people)
		require.NotEmpty(t, e.Reason)
		f.over = true
	default:
		t.Fatalf("an event of type %q", e.Type)
	}
	slices.SortFunc(f.people, inOrder)
}

// Same requires that what was told is what is so.
func (f *told) same(s cc.Snapshot) {
	require.Equal(f.t, append([]cc.Participant{}, s.Participants...), append([]cc.Participant{}, f.people...))
	require.Equal(f.t, s.Controls, f.controls)
}

// A history is a conference that changes at random, and what is learnt of it.
type history struct {
	rand  *rand.Rand
	now   time.Time
	calls int
	snap  Snapshot
	story story
}

func (h *history) pick() int { return h.rand.IntN(len(h.snap.Participants)) }

// Change changes what is true.
func (h *history) change() {
	list := slices.Clone(h.snap.Participants)
	h.now = h.now.Add(time.Second)
	switch n := h.rand.IntN(12); {
	case n < 4 && len(list) < 6 || len(list) == 0:
		p := cc.Participant{ID: cc.ParticipantID(strconv.Itoa(h.rand.IntN(8))), Address: "15550000"}
		if h.rand.IntN(4) > 0 {
			h.calls++
			p.CallID = fmt.Sprint("call-", h.calls)
		}
		if h.rand.IntN(4) > 0 {
			p.JoinedAt = h.now
		}
		list = append(list, p) // which may be a twin
	case n < 6:
		i := h.pick()
		list = slices.Delete(list, i, i+1)
	case n < 8:
		i := h.pick()
		list[i].State.Mute = cc.Toggle(h.rand.IntN(3))
		list[i].State.Hold = cc.Toggle(h.rand.IntN(3))
	case n < 9:
		i := h.pick()
		list[i].Name = fmt.Sprint("name", h.rand.IntN(3))
		list[i].Controls = cc.Controls(h.rand.IntN(4))
	case n < 10:
		i := h.pick() // the same id, another leg
		h.calls++
		list[i].CallID, list[i].JoinedAt = fmt.Sprint("call-", h.calls), h.now
	case n < 11:
		i := h.pick() // what was not told, is
		if list[i].JoinedAt.IsZero() {
			list[i].JoinedAt = h.now
		}
	default:
		h.snap.Controls ^= cc.CanEnd
	}
	h.snap.Participants = list
}

// Publish is what the watch does with a good read.
func (h *history) publish(gap bool) {
	s := h.snap
	tidy("room", &s, h.now)
	h.story.have, h.story.snap, h.story.at, h.story.stale = true, s.Snapshot, h.now, nil
	h.story.read++
	if gap {
		h.story.gaps++
	}
	h.story.takeNote(s.Departed)
}

func TestStoryRandomHistories(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		h := &history{rand: r, now: watchStart}
		h.snap.Conference, h.snap.Instance = "room", "room"
		type listener struct {
			reader
			told
			lazy int // skips this many of ten occasions
		}
		var all []*listener
		listen := func(l *listener) bool {
			events, over, err := l.next(&h.story)
			for _, e := range events {
				l.hear(e)
				require.False(t, h.story.stale != nil && e.Type == cc.Synced, "synced, and the truth cannot be had")
			}
			if l.reader.synced && !l.told.over {
				l.same(h.story.snap)
				require.Equal(t, h.story.stale != nil, l.told.stale)
			}
			require.Equal(t, over && err == nil, l.told.over)
			return over
		}
		stale := false
		for range 200 {
			switch n := r.IntN(20); {
			case n < 2 && len(all) < 8:
				l := &listener{told: told{t: t}, lazy: r.IntN(11)}
				l.from, l.gaps = h.story.read+1, h.story.gaps
				all = append(all, l)
			case n < 4:
				stale = true
				h.story.stale = &cc.Error{Kind: cc.ErrUnavailable}
			case n < 12:
				h.change()
			default:
				for range r.IntN(4) {
					h.change()
				}
				h.publish(stale || n == 12)
				stale = false
			}
			for _, l := range all {
				if r.IntN(10) >= l.lazy {
					require.False(t, listen(l))
				}
			}
		}
		h.publish(true)
		for _, l := range all {
			require.False(t, listen(l))
			l.same(h.story.snap)
		}
		h.story.ended, h.story.why = true, ending{reason: cc.ReasonEnded, others: cc.ReasonEnded, self: cc.ReasonEnded}
		for _, l := range all {
			require.True(t, listen(l), "seed %d", seed)
			require.True(t, l.told.over)
		}
	}
}

func TestStoryFirstIsNeverOlderThanTheReader(t *testing.T) {
	h := &history{rand: rand.New(rand.NewPCG(1, 1)), now: watchStart}
	h.snap.Conference = "room"
	h.publish(false)
	r := reader{from: h.story.read + 1, gaps: h.story.gaps}
	events, over, err := r.next(&h.story)
	require.Empty(t, events)
	require.False(t, over)
	require.NoError(t, err)
	h.publish(false)
	events, _, _ = r.next(&h.story)
	require.Len(t, events, 1)
	require.Equal(t, cc.Synced, events[0].Type)
	require.False(t, events[0].Gap)
}

func TestStoryEnds(t *testing.T) {
	fail := &cc.Error{Kind: cc.ErrForbidden}
	for _, test := range []struct {
		name   string
		synced bool
		story  story
		events []cc.EventType
		err    error
	}{
		{"ended before synced", false, story{ended: true}, nil, cc.ErrNotFound},
		{"failed", true, story{err: fail}, nil, fail},
		{"failed before synced", false, story{err: fail}, nil, fail},
		{"ended", true, story{have: true, ended: true}, []cc.EventType{cc.Ended}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := reader{synced: test.synced}
			events, over, err := r.next(&test.story)
			require.True(t, over)
			require.Equal(t, test.err, err)
			var types []cc.EventType
			for _, e := range events {
				types = append(types, e.Type)
			}
			require.Equal(t, test.events, types)
		})
	}
}

func TestStoryReasons(t *testing.T) {
	a := cc.Participant{ID: "1", CallID: "a"}
	b := cc.Participant{ID: "1", CallID: "b"}
	bare := cc.Participant{ID: "1"}
	hungUp := Departure{ID: "1", CallID: "a", Reason: cc.ReasonHungUp, Code: "16"}
	snap := func(list ...cc.Participant) cc.Snapshot { return cc.Snapshot{Participants: list} }

	t.Run("nothing known", func(t *testing.T) {
		var s story
		require.Equal(t, Departure{}, s.departure(a))
	})
	t.Run("told", func(t *testing.T) {
		var s story
		s.read = 1
		s.takeNote([]Departure{hungUp})
		require.Equal(t, hungUp, s.departure(a))
		require.Equal(t, cc.Reason(""), s.departure(b).Reason, "another leg")
	})
	t.Run("a reason is not forgotten for none", func(t *testing.T) {
		var s story
		s.takeNote([]Departure{hungUp})
		s.takeNote([]Departure{{ID: "1", CallID: "a"}})
		require.Equal(t, cc.ReasonHungUp, s.departure(a).Reason)
	})
	t.Run("what we have done ourselves we know best", func(t *testing.T) {
		var s story
		s.note(Departure{ID: "1", CallID: "a", Reason: cc.ReasonRemoved}, 3, true)
		s.takeNote([]Departure{hungUp})
		require.Equal(t, Departure{ID: "1", CallID: "a", Reason: cc.ReasonRemoved, Code: "16"}, s.departure(a))
	})
	t.Run("who is back will leave for a reason of its own", func(t *testing.T) {
		var s story
		s.read = 3
		s.note(Departure{ID: "1", Reason: cc.ReasonRemoved}, 3, true)
		s.snap = snap(bare)
		s.takeNote(nil) // the read that was under way during the removal
		require.Equal(t, cc.ReasonRemoved, s.departure(bare).Reason)
		s.read = 4
		s.snap = snap()
		s.takeNote(nil)
		require.Equal(t, cc.ReasonRemoved, s.departure(bare).Reason, "a slow reader is still to be told")
		s.read = 5
		s.snap = snap(bare)
		s.takeNote(nil)
		require.Equal(t, cc.Reason(""), s.departure(bare).Reason)
	})
	t.Run("a departure of an id that is present is of an earlier leg", func(t *testing.T) {
		var s story
		s.snap = snap(a)
		s.takeNote([]Departure{{ID: "1", Reason: cc.ReasonFailed}})
		require.Equal(t, cc.Reason(""), s.departure(a).Reason)
	})
	t.Run("bounded", func(t *testing.T) {
		var s story
		for i := range 10 * maxDepartures {
			s.note(Departure{ID: cc.ParticipantID(strconv.Itoa(i))}, 1, false)
			require.LessOrEqual(t, len(s.left), maxDepartures)
		}
	})
}

func TestDifferencesIdentity(t *testing.T) {
	at := watchStart
	for _, test := range []struct {
		name     string
		was, is  cc.Participant
		expected []cc.EventType
	}{
		{"the same", cc.Participant{ID: "1"}, cc.Participant{ID: "1"}, nil},
		{"state", cc.Participant{ID: "1"}, cc.Participant{ID: "1", State: cc.ParticipantState{Deaf: cc.On}}, []cc.EventType{cc.Changed}},
		{"role", cc.Participant{ID: "1"}, cc.Participant{ID: "1", Role: cc.RoleAgent}, []cc.EventType{cc.Changed}},
		{"address", cc.Participant{ID: "1"}, cc.Participant{ID: "1", Address: "15550001"}, []cc.EventType{cc.Changed}},
		{"name", cc.Participant{ID: "1"}, cc.Participant{ID: "1", Name: "x"}, []cc.EventType{cc.Changed}},
		{"controls", cc.Participant{ID: "1"}, cc.Participant{ID: "1", Controls: cc.CanMute}, []cc.EventType{cc.Changed}},
		{"a leg that becomes known", cc.Participant{ID: "1"}, cc.Participant{ID: "1", CallID: "a"}, []cc.EventType{cc.Changed}},
		{"another leg", cc.Participant{ID: "1", CallID: "a"}, cc.Participant{ID: "1", CallID: "b"}, []cc.EventType{cc.Left, cc.Joined}},
		{"our own leg comes to have an id", cc.Participant{ID: "1"}, cc.Participant{ID: "1", CallID: "a", Self: true}, []cc.EventType{cc.Left, cc.Joined}},
		{"another time", cc.Participant{ID: "1", JoinedAt: at}, cc.Participant{ID: "1", JoinedAt: at.Add(1)}, []cc.EventType{cc.Left, cc.Joined}},
		{"the same instant in another zone", cc.Participant{ID: "1", JoinedAt: at}, cc.Participant{ID: "1", JoinedAt: at.In(time.FixedZone("x", 3600))}, nil},
		{"somebody else", cc.Participant{ID: "1"}, cc.Participant{ID: "2"}, []cc.EventType{cc.Left, cc.Joined}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var types []cc.EventType
			events := differences(cc.Snapshot{Participants: []cc.Participant{test.was}}, cc.Snapshot{Participants: []cc.Participant{test.is}},
				func(cc.Participant) Departure { return Departure{} })
			for _, e := range events {
				types = append(types, e.Type)
			}
			require.Equal(t, test.expected, types)
		})
	}
}

func TestAnotherRun(t *testing.T) {
	run := func(instance cc.ConferenceID, lasted time.Duration, calls ...string) *Snapshot {
		s := &Snapshot{RunTime: lasted}
		s.Conference, s.Instance = "room", instance
		for _, c := range calls {
			s.Participants = append(s.Participants, cc.Participant{CallID: c})
		}
		return s
	}
	for _, test := range []struct {
		name string
		a, b *Snapshot
		want bool
	}{
		{"ids of runs are equal", run("uuid:1", 9, "a"), run("uuid:1", 1, "b"), false},
		{"ids of runs differ", run("uuid:1", 1, "a"), run("uuid:2", 2, "a"), true},
		{"a leg in common", run("room", 1, "a", "b"), run("room", 2, "b", "c"), false},
		{"no leg in common", run("room", 1, "a"), run("room", 2, "b"), true},
		{"running time goes back", run("room", 2, "a"), run("room", 1, "a"), true},
		{"nobody is told", run("room", 1), run("room", 2, "a"), false},
		{"no leg is told", run("room", 1, ""), run("room", 2, "a"), false},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, anotherRun(test.a, test.b)) })
	}
}
