package conformance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A story is one range over Events, read by a goroutine of its own.
type story struct {
	*probe
	cancel func()
	done   chan struct{} // closed when the range has ended

	mu    sync.Mutex
	items []item
	taken int
}

// An item is what one step of the range yielded.
type item struct {
	ev  cc.Event
	err error
	at  time.Time
}

// news is how long news may take: what was lost is repaired by the next reconcile.
func (p *probe) news() time.Duration { return p.h.patience() + 40*time.Second }

// watch begins to range over the events of a conference.
func (r *room) watch() *story { return r.watchAs(r.conf) }

func (r *room) watchAs(conf cc.Conference) *story {
	if r.site.Client.Capabilities().Conference&cc.CanWatch == 0 {
		r.cannotArise("watching is not declared")
	}
	ctx, cancel := context.WithCancel(r.ctx)
	s := &story{probe: r.probe, cancel: cancel, done: make(chan struct{})}
	r.lifts = append(r.lifts, cancel)
	go func() {
		defer close(s.done)
		defer func() {
			if v := recover(); v != nil {
				s.put(item{err: fmt.Errorf("it panicked: %v", v)})
			}
		}()
		for ev, err := range conf.Events(ctx) {
			s.put(item{ev: ev, err: err, at: time.Now()})
		}
	}()
	return s
}

func (s *story) put(i item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, i)
}

// take returns the next item that is there.
func (s *story) take() (item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken == len(s.items) {
		return item{}, false
	}
	s.taken++
	return s.items[s.taken-1], true
}

// over tells whether the range has ended.
func (s *story) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// next returns the next item, if one comes within the limit.
func (s *story) next(limit time.Duration) (i item, ok bool) {
	s.until(limit, func() bool {
		if i, ok = s.take(); ok {
			return true
		}
		return s.over()
	})
	if !ok {
		// What came with the end.
		i, ok = s.take()
	}
	return i, ok
}

// event returns the next event, which has to come.
func (s *story) event(what string) cc.Event {
	i, ok := s.next(s.news())
	switch {
	case !ok && s.over():
		s.failf("waiting for %s: the range ended", what)
	case !ok:
		s.failf("waiting for %s: nothing came", what)
	case i.err != nil:
		s.failf("waiting for %s: the range ended with %v", what, i.err)
	}
	return i.ev
}

// find returns the next event that is ok, and passes over others.
func (s *story) find(what string, ok func(cc.Event) bool) cc.Event {
	for {
		if ev := s.event(what); ok(ev) {
			return ev
		}
	}
}

// first returns the event that a range begins with.
func (s *story) first() cc.Event { return s.event("the first event") }

// quiet fails if another event than those that ok lets pass comes soon.
func (s *story) quiet(ok func(cc.Event) bool) {
	d := 500 * time.Millisecond
	if s.h.FakeTime {
		d = 8 * time.Second
	}
	for end := time.Now().Add(d); ; {
		i, more := s.next(time.Until(end))
		if !more {
			return
		}
		if i.err != nil {
			s.failf("the range ended with %v", i.err)
		}
		if !ok(i.ev) {
			s.failf("an event that tells nothing new came: %s", eventWords(i.ev))
		}
	}
}

func isType(types ...cc.EventType) func(cc.Event) bool {
	return func(ev cc.Event) bool { return slices.Contains(types, ev.Type) }
}

// about tells whether an event is of that type and about that participant.
func about(t cc.EventType, id cc.ParticipantID) func(cc.Event) bool {
	return func(ev cc.Event) bool { return ev.Type == t && ev.Participant.ID == id }
}

func eventWords(ev cc.Event) string {
	s := string(ev.Type)
	if ev.Participant.ID != "" {
		s += " " + string(ev.Participant.ID)
	}
	if ev.Reason != "" {
		s += " (" + string(ev.Reason) + ")"
	}
	if ev.Gap {
		s += " with a gap"
	}
	return s
}

// same tells whether two reports of a participant are equal.
func same(a, b cc.Participant) bool {
	equal := a.JoinedAt.Equal(b.JoinedAt)
	a.JoinedAt, b.JoinedAt = time.Time{}, time.Time{}
	return equal && a == b
}

// hurry rings for a conference, so that news come early where they are fetched.
func (r *room) hurry() { r.site.Client.Notify(r.id) }

// A fold is a conference as told by events.
type fold struct {
	people   map[cc.ParticipantID]cc.Participant
	controls cc.Controls
}

func newFold(s cc.Snapshot) *fold {
	f := &fold{people: map[cc.ParticipantID]cc.Participant{}, controls: s.Controls}
	for _, who := range s.Participants {
		f.people[who.ID] = who
	}
	return f
}

// apply applies one event. It returns what is wrong with the event at this point of the story.
func (f *fold) apply(ev cc.Event) string {
	id := ev.Participant.ID
	was, there := f.people[id]
	switch ev.Type {
	case "joined":
		if there {
			return "joined of somebody who is there"
		}
		f.people[id] = ev.Participant
	case "left":
		if !there {
			return "left of somebody who is not there"
		}
		delete(f.people, id)
	case "changed":
		switch {
		case id == "":
			f.controls = ev.Participant.Controls
		case !there:
			return "changed of somebody who is not there"
		case was.State != ev.Before:
			return fmt.Sprintf("changed with Before %s, and told was %s", stateWords(ev.Before), stateWords(was.State))
		default:
			f.people[id] = ev.Participant
		}
	}
	return ""
}

// differs returns how the fold differs from a snapshot.
func (f *fold) differs(s cc.Snapshot) string {
	if len(f.people) != len(s.Participants) {
		return fmt.Sprintf("the events give %d people, the snapshot has %d", len(f.people), len(s.Participants))
	}
	for _, who := range s.Participants {
		told, ok := f.people[who.ID]
		if !ok {
			return fmt.Sprintf("participant %s was not told of", who.ID)
		}
		if !same(told, who) {
			return fmt.Sprintf("participant %s is %+v, and told was %+v", who.ID, who, told)
		}
	}
	if f.controls != s.Controls {
		return fmt.Sprintf("the conference's Controls are %s, and told was %s", words(s.Controls), words(f.controls))
	}
	return ""
}
