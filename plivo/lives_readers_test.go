package plivo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A lifeStyle is how a reader reads.
type lifeStyle struct {
	n     int
	byRun bool // by Instance, where there is one
	slow  bool
}

// styles are those of a replica's readers: one by name that is fast, and perhaps others.
func (l *life) styles(p *replica) []lifeStyle {
	rng := l.rng(20 + p.n)
	list := []lifeStyle{{}}
	if rng.IntN(3) == 0 {
		list = append(list, lifeStyle{n: 1, slow: true})
	}
	if rng.IntN(3) == 0 && l.product.name == products[0].name {
		list = append(list, lifeStyle{n: 2, byRun: true, slow: rng.IntN(2) == 0})
	}
	return list
}

// A lifeTelling is one event, or the error at the end, as a reader was told it.
type lifeTelling struct {
	at    time.Time
	event cc.Event
	err   error
}

// A lifeRange is one range over the events.
type lifeRange struct {
	replica *replica
	style   lifeStyle
	handle  cc.ConferenceID
	from    time.Time
	told    []lifeTelling
	over    time.Time // zero: it goes on
}

// read follows the conference again and again, until ctx ends.
func (p *replica) read(ctx context.Context, style lifeStyle) {
	l := p.life
	rng := l.rng(30 + 10*p.n + style.n)
	for ctx.Err() == nil {
		r := &lifeRange{replica: p, style: style, handle: lifeRoom}
		if style.byRun {
			room, err := l.sw.Look(lifeRoom)
			if err != nil || room.Status == fake.Ended {
				_ = lifePause(ctx, time.Duration(rng.IntN(1500))*time.Millisecond)
				continue
			}
			r.handle = room.Instance
		}
		p.mu.Lock()
		r.from = time.Now()
		p.ranges = append(p.ranges, r)
		p.mu.Unlock()
		closed := false
		for e, err := range p.client.Conference(r.handle).Events(ctx) {
			p.mu.Lock()
			r.told = append(r.told, lifeTelling{time.Now(), e, err})
			p.mu.Unlock()
			closed = cc.KindOf(err) == cc.ErrClosed
			if style.slow && !l.isCalm() {
				_ = lifePause(ctx, time.Duration(rng.IntN(1500))*time.Millisecond)
			}
		}
		p.mu.Lock()
		r.over = time.Now()
		p.mu.Unlock()
		if closed {
			return
		}
		if d := time.Duration(100+rng.IntN(1500)) * time.Millisecond; l.isCalm() {
			_ = lifePause(ctx, lifeAgain)
		} else {
			_ = lifePause(ctx, d)
		}
	}
}

// lifeAgain is how soon a reader begins again where all is calm.
const lifeAgain = 300 * time.Millisecond

// fold is the conference as a range has told it: the people, and whether that may be out of date. It is
// not synced where nothing was told, or the range is over.
func (r *lifeRange) fold() (people []cc.Participant, synced, stale bool) {
	for _, t := range r.told {
		if t.err != nil {
			return nil, false, false
		}
		switch t.event.Type {
		case cc.Synced:
			synced, stale = true, false
			people = slices.Clone(t.event.Snapshot.Participants)
		case cc.Stale:
			stale = true
		case cc.Ended:
			return nil, false, false
		default:
			people = applied(people, t.event)
		}
	}
	return people, synced, stale
}

// applied is a list of people after one event.
func applied(people []cc.Participant, e cc.Event) []cc.Participant {
	if e.Participant.ID == "" {
		return people
	}
	people = slices.DeleteFunc(slices.Clone(people), func(p cc.Participant) bool { return p.ID == e.Participant.ID })
	if e.Type != cc.Left {
		people = append(people, e.Participant)
	}
	return people
}

// alikePeople reports whether two lists are of the same people, as they are, in any order.
func alikePeople(a, b []cc.Participant) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(p cc.Participant) bool { return !slices.Contains(b, p) })
}

func (r *lifeRange) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "replica %d, %+v, range over %.18s since %s", r.replica.n, r.style, r.handle, lifeClock(r.from))
	for _, t := range r.told {
		fmt.Fprintf(&b, "\n    %v", t)
	}
	if !r.over.IsZero() {
		fmt.Fprintf(&b, "\n    over %s", lifeClock(r.over))
	}
	return b.String()
}

func (t lifeTelling) String() string {
	if t.err != nil {
		return fmt.Sprintf("%s error %v", lifeClock(t.at), t.err)
	}
	e := t.event
	var b strings.Builder
	fmt.Fprintf(&b, "%s (learnt %s) %s gap %v", lifeClock(t.at), lifeClock(e.At), e.Type, e.Gap)
	if e.Participant.ID != "" {
		fmt.Fprintf(&b, " %s(%.4s) %s %v before %v", e.Participant.ID, e.Participant.CallID, e.Reason, e.Participant.State, e.Before)
	}
	b.WriteString(" |")
	for _, p := range e.Snapshot.Participants {
		fmt.Fprintf(&b, " %s(%.4s)%v", p.ID, p.CallID, p.State)
	}
	return b.String()
}
