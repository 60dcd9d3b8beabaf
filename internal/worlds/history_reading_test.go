package worlds_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A telling is one event, or the error at the end, as a reader was told it.
type telling struct {
	seq   int
	at    time.Time
	event cc.Event
	err   error
}

func (t telling) String() string {
	if t.err != nil {
		return fmt.Sprintf("%d @%s error %v", t.seq, clock(t.at), t.err)
	}
	var b strings.Builder
	e := t.event
	fmt.Fprintf(&b, "%d @%s (learnt %s) %s gap %v %s(%.4s) %s before %s %s|", t.seq, clock(t.at), clock(e.At), e.Type, e.Gap,
		e.Participant.ID, e.Participant.CallID, short(e.Participant.State), short(e.Before), e.Reason)
	for _, p := range e.Snapshot.Participants {
		fmt.Fprintf(&b, " %s(%.4s)%s", p.ID, p.CallID, short(p.State))
	}
	return b.String()
}

// A reading is one range over the events of a conference.
type reading struct {
	handle cc.ConferenceID
	name   string
	fast   bool
	from   int // place in the history when it began
	told   []telling
	broken bool // the reader broke off
	over   bool // the range has ended
	to     int  // place in the history when it had
}

func (r *reading) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "reading of %.18s, fast %v, from %d, broken %v, over %v at %d", r.handle, r.fast, r.from, r.broken, r.over, r.to)
	for _, t := range r.told {
		fmt.Fprintf(&b, "\n  %v", t)
	}
	return b.String()
}

// read follows one conference again and again, until ctx ends.
func (s *scene) read(ctx context.Context, i int) {
	rng, name := s.rng(400+i), s.names[i%len(s.names)]
	fast := i%2 == 0
	for ctx.Err() == nil {
		patience := 1 << 30
		if rng.IntN(2) == 0 {
			patience = rng.IntN(30)
		}
		r := &reading{name: name, fast: fast, handle: cc.ConferenceID(name)}
		s.step(func() {
			if l := s.live[name]; l != nil && s.cast.profile.RunIDs && rng.IntN(3) == 0 {
				r.handle = l.instance
			}
			r.from = s.seq
			s.ranges = append(s.ranges, r)
		})
		s.follow(ctx, rng, r, patience)
		s.step(func() { r.over, r.to = true, s.seq })
		if s.quiet() {
			return
		}
		pause(ctx, time.Duration(rng.IntN(400))*time.Millisecond)
	}
}

// quiet reports whether the history has come to its end.
func (s *scene) quiet() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *scene) follow(ctx context.Context, rng *rand.Rand, r *reading, patience int) {
	for e, err := range s.client.Conference(r.handle).Events(ctx) {
		s.step(func() {
			r.told = append(r.told, telling{seq: s.seq, at: time.Now(), event: e, err: err})
			r.broken = len(r.told) > patience && err == nil && !s.calm
		})
		if r.broken {
			return
		}
		if !r.fast && !s.quiet() {
			pause(ctx, time.Duration(rng.IntN(700))*time.Millisecond)
		}
	}
}

// checkReading holds what one reader was told against the truth.
func (s *scene) checkReading(r *reading) {
	bad := func(i int, format string, args ...any) {
		s.mistake("%s\n at telling %d of %v\n%s", fmt.Sprintf(format, args...), i, r, s.truthOf(r.name, r.from, r.to))
	}
	var (
		model  []cc.Participant
		synced bool
		stale  bool
		ended  bool
		place  int // of the last version that was told
		run    *life
		last   time.Time
	)
	for i, t := range r.told {
		if ended {
			bad(i, "something is told after the end")
			return
		}
		if t.err != nil {
			switch kind := cc.KindOf(t.err); {
			case i != len(r.told)-1:
				bad(i, "something is told after an error")
			case kind == cc.ErrNotFound && synced:
				bad(i, "not found, and it was")
			case kind == cc.ErrNotFound && !s.absent(r.handle, r.name, r.from, t.seq):
				bad(i, "not found, and it was there all the time")
			case kind != cc.ErrNotFound && kind != cc.ErrClosed && kind != cc.ErrCanceled:
				bad(i, "an error of a kind that ends no story: %v", t.err)
			}
			return
		}
		e := t.event
		if e.At.Before(last) || e.At.After(t.at) || e.At.Location() != time.UTC {
			bad(i, "learnt at %v", e.At)
		}
		last = e.At
		if !synced && e.Type != cc.Synced && e.Type != cc.Stale {
			bad(i, "%s before the first synced", e.Type)
			return
		}
		p := e.Participant
		at := slices.IndexFunc(model, func(was cc.Participant) bool { return was.ID == p.ID })
		switch e.Type {
		case cc.Synced:
			if !synced {
				model = slices.Clone(e.Snapshot.Participants)
				if e.Gap != stale {
					bad(i, "gap of the first synced")
				}
				run = s.runOf(e.Snapshot, r.name, t.seq)
			} else if !e.Gap {
				bad(i, "synced again without a gap")
			}
			synced, stale = true, false
		case cc.Joined:
			if at >= 0 {
				bad(i, "joined twice")
				return
			}
			model = append(model, p)
		case cc.Changed:
			if p.ID == "" {
				break
			}
			if at < 0 {
				bad(i, "changed, and was not there")
				return
			}
			was := model[at]
			if was.State != e.Before || was == p || was.CallID != p.CallID || !was.JoinedAt.Equal(p.JoinedAt) {
				bad(i, "not a change of %v", was)
			}
			model[at] = p
		case cc.Left:
			if at < 0 {
				bad(i, "left, and was not there")
				return
			}
			if model[at] != p {
				bad(i, "left, and was last seen as %v", model[at])
			}
			model = slices.Delete(model, at, at+1)
		case cc.Stale:
			if e.Err == nil || stale {
				bad(i, "stale")
			}
			stale = true
			continue
		case cc.Ended:
			ended = true
			if len(model) > 0 {
				bad(i, "ended, and %v have not left", model)
			}
			if !s.endedFor(run, place, t.seq) {
				bad(i, "ended, and it is not")
			}
			continue
		default:
			bad(i, "what is that?")
		}
		if e.Type == cc.Synced && !alike(model, e.Snapshot.Participants) {
			bad(i, "the differences do not lead to the snapshot: %v", model)
			return
		}
		if run == nil {
			bad(i, "nobody knows the run that is told of")
			return
		}
		if next := s.matches(run, place, t.seq, e.Snapshot.Participants); next < 0 {
			bad(i, "the bridge was never like that after version %d", place)
			return
		} else {
			place = next
		}
	}
	if !synced || ended || r.over {
		return
	}
	// Still open: it is told everything that there is to tell.
	now := run.now()
	switch {
	case stale:
		bad(len(r.told), "stale for good")
	case now.over || !now.owned:
		bad(len(r.told), "over, and not ended")
	case !s.cast.shows(now, model):
		bad(len(r.told), "the last state told is %v", model)
	}
	for _, l := range s.losses {
		s.checkStale(r, l, bad)
		if l.conf != "" && l.conf != r.handle || r.from > l.from {
			continue
		}
		i := slices.IndexFunc(r.told, func(t telling) bool { return t.seq > l.from })
		if i == 0 {
			continue // it had not begun
		}
		if !slices.ContainsFunc(r.told, func(t telling) bool { return t.seq > l.from && t.event.Type == cc.Synced && t.event.Gap }) {
			if l.what == newsBreak || !s.cast.profile.Push {
				bad(i, "%s at %d, and no gap", l.what, l.from)
			}
		}
	}
}

// checkStale: a reader who does not dawdle is told at once that a read failed, where no news would have
// come either.
func (s *scene) checkStale(r *reading, l loss, bad func(int, string, ...any)) {
	if s.cast.profile.Push || !r.fast || l.conf != r.handle || r.from > l.from {
		return
	}
	stale := false
	for i, t := range r.told {
		if t.at.After(l.at) {
			if !stale && i > 0 {
				bad(i, "%s at %s, and not told", l.what, clock(l.at))
			}
			return
		}
		switch t.event.Type {
		case cc.Stale:
			stale = true
		case cc.Synced:
			stale = t.at.Equal(l.at) // a good read at the same instant makes up for it
		}
	}
}

// checkReasons: whom this client itself has removed, in peace, is told as removed.
func (s *scene) checkReasons() {
	ours := map[string]*order{} // by call
	for _, o := range s.orders {
		if o.verb != verbRemove || o.err != nil || !s.inPeace(o) {
			continue
		}
		for _, r := range o.requests {
			if len(r.effects) > 0 && r.there {
				ours[string(o.part)+r.soul.call] = o
			}
		}
	}
	for _, r := range s.ranges {
		for i, t := range r.told {
			p := t.event.Participant
			o := ours[string(p.ID)+p.CallID]
			if t.event.Type == cc.Left && o != nil && o.name == r.name && t.at.After(o.ended) && t.event.Reason != cc.ReasonRemoved {
				s.mistake("left for the reason %q at telling %d of %v\nand was removed by %v", t.event.Reason, i, r, o)
			}
		}
	}
}

// alike reports whether two lists are of the same people, as they are, in any order.
func alike(a, b []cc.Participant) bool {
	if len(a) != len(b) {
		return false
	}
	for _, p := range a {
		if !slices.Contains(b, p) {
			return false
		}
	}
	return true
}

// matches finds the first version of a run from one on that a list of participants shows, up to a
// place in the history; -1 if there is none.
func (s *scene) matches(run *life, from, to int, list []cc.Participant) int {
	for i := from; i < len(run.versions) && run.versions[i].seq <= to; i++ {
		if s.cast.shows(&run.versions[i], list) {
			return i
		}
		// A list of several pages is not of one moment.
		if s.cast.http && run.versions[i].listed > 20 {
			return i
		}
	}
	return -1
}

// runOf finds the run that a snapshot is of.
func (s *scene) runOf(snap cc.Snapshot, name string, to int) *life {
	if s.cast.profile.RunIDs {
		return s.byID[snap.Instance]
	}
	for _, l := range slices.Backward(s.lives) {
		if l.name == name && s.matches(l, 0, to, snap.Participants) >= 0 && sameLegs(l, snap.Participants) {
			return l
		}
	}
	return nil
}

// sameLegs reports whether the legs that are told were in that run.
func sameLegs(l *life, list []cc.Participant) bool {
	for _, p := range list {
		if p.CallID != "" && !slices.ContainsFunc(l.versions, func(v version) bool {
			return slices.ContainsFunc(v.souls, func(is soul) bool { return is.call == p.CallID })
		}) {
			return false
		}
	}
	return true
}

// A moment is a span of the history in which a handle led to the same.
type moment struct {
	from, to int // places; to is the next moment's
	end      time.Time
	life     *life
	version  *version // nil: there was nothing
}

// moments are the history of what a handle led to.
func (s *scene) moments(handle cc.ConferenceID, name string) []moment {
	if list, ok := s.told[handle]; ok {
		return list
	}
	const forever = 1 << 60
	end := time.Now().Add(time.Hour)
	var list []moment
	add := func(from int, at time.Time, l *life, v *version) {
		if n := len(list); n > 0 {
			list[n-1].to, list[n-1].end = from, at
			if list[n-1].from == from {
				list = list[:n-1]
			}
		}
		list = append(list, moment{from: from, to: forever, end: end, life: l, version: v})
	}
	add(0, s.begun, nil, nil)
	for _, l := range s.lives {
		if string(handle) == name && l.name != name || string(handle) != name && l.instance != handle {
			continue
		}
		for i := range l.versions {
			v := &l.versions[i]
			if v.over {
				add(v.seq, v.at, nil, nil)
			} else {
				add(v.seq, v.at, l, v)
			}
		}
	}
	s.told[handle] = list
	return list
}

// during returns the moments between two places of the history and, where since is an instant, from
// then on.
func (s *scene) during(handle cc.ConferenceID, name string, from, to int, since time.Time) []moment {
	var list []moment
	for _, m := range s.moments(handle, name) {
		if m.from <= to && (m.to > from || !since.IsZero() && !m.end.Before(since)) {
			list = append(list, m)
		}
	}
	return list
}

// absent reports whether there was a moment between two places at which a handle led to nothing that
// the session could see.
func (s *scene) absent(handle cc.ConferenceID, name string, from, to int) bool {
	return slices.ContainsFunc(s.during(handle, name, from, to, s.since(from)), func(m moment) bool {
		return m.version == nil || !m.version.owned
	})
}

// since is how far reads may look back from a place in the history; zero: not at all.
func (s *scene) since(from int) time.Time {
	if s.cast.slack == 0 {
		return time.Time{}
	}
	return s.when(from).Add(-s.cast.slack)
}

// endedFor reports whether a run was over for this session by a place in the history, where what was
// told last is one of its versions.
func (s *scene) endedFor(run *life, place, to int) bool {
	v := &run.versions[place]
	for i := place; i < len(run.versions) && run.versions[i].seq <= to; i++ {
		is := &run.versions[i]
		if is.over || !is.owned {
			return true
		}
		if !s.cast.profile.RunIDs && !slices.ContainsFunc(is.souls, func(p soul) bool {
			return slices.ContainsFunc(v.souls, func(was soul) bool { return was.call == p.call && (was.self || s.cast.profile.CallIDs) })
		}) {
			return true // nothing tells it from another run
		}
	}
	return false
}

// truthOf tells the history of a conference between two places, and what it was like right before.
func (s *scene) truthOf(name string, from, to int) string {
	var b strings.Builder
	for _, l := range s.lives {
		if l.name != name || l.now().over && l.now().seq < from-20 {
			continue
		}
		fmt.Fprintf(&b, " run %.13s\n", l.instance)
		for i := range l.versions {
			v := &l.versions[i]
			if v.seq <= to && (i == len(l.versions)-1 || l.versions[i+1].seq > from) {
				fmt.Fprintf(&b, "  %v\n", v)
			}
		}
	}
	return b.String()
}
