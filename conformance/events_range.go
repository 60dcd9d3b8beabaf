package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// This file judges the range over Events itself: its readers, its beginning and its end. What a
// range tells is judged in events.go.

func eventsSlowReader(p *probe) {
	r := p.start(4)
	if p.site.Client.Capabilities().Conference&cc.CanWatch == 0 {
		p.cannotArise("watching is not declared")
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	began, resume := make(chan struct{}), make(chan struct{})
	var told *fold
	q := p.begin(func() error {
		for ev, err := range r.conf.Events(ctx) {
			if err != nil {
				return err
			}
			if told == nil {
				told = newFold(ev.Snapshot)
				close(began)
				<-resume
				continue
			}
			if wrong := told.apply(ev); wrong != "" {
				return errors.New(wrong)
			}
			if truth, live := r.lookQuietly(); live && sameIDs(told, truth) {
				return nil
			}
		}
		return errors.New("the range ended")
	})
	release := func() {
		select {
		case <-resume:
		default:
			close(resume)
		}
	}
	p.lifts = append(p.lifts, release)
	if !p.until(p.news(), func() bool {
		select {
		case <-began:
			return true
		default:
			return q.back()
		}
	}) || q.back() {
		p.failf("no first event came")
	}
	for range 5 {
		id := r.join("")
		r.hurry()
		p.sleep(150 * time.Millisecond)
		r.hangUp(id)
		r.hurry()
		p.sleep(150 * time.Millisecond)
	}
	r.join("")
	r.hangUp(r.other().ID)
	r.hurry()
	release()
	if err := p.within(p.news(), q, "the reader"); err != nil {
		p.failf("the slow reader: %v", err)
	}
}

// lookQuietly is look for another goroutine than the case's.
func (r *room) lookQuietly() (cc.Snapshot, bool) {
	s, err := r.site.World.Look(r.id)
	return s, err == nil
}

// sameIDs tells whether a fold has the people of a snapshot.
func sameIDs(f *fold, s cc.Snapshot) bool {
	for _, who := range s.Participants {
		if _, ok := f.people[who.ID]; !ok {
			return false
		}
	}
	return len(f.people) == len(s.Participants)
}

func eventsTwo(p *probe) {
	r := p.start(2)
	a, b := r.watch(), r.watch()
	for _, s := range []*story{a, b} {
		if ev := s.first(); ev.Type != "synced" {
			p.failf("a range begins with %s", eventWords(ev))
		}
	}
	id := r.join("")
	r.hurry()
	a.find("joined in the first range", about("joined", id))
	b.find("joined in the second range", about("joined", id))
	a.cancel()
	p.until(p.h.patience(), a.over)
	id = r.join("")
	r.hurry()
	b.find("joined in the range that is left", about("joined", id))
}

func eventsOwnSnapshot(p *probe) {
	r := p.start(2)
	a, b := r.watch(), r.watch()
	mine := a.first().Snapshot.Participants
	for i := range mine {
		mine[i] = cc.Participant{ID: "overwritten"}
	}
	for _, ev := range []cc.Event{b.first(), r.next(b), r.next(a)} {
		if _, ok := person(ev.Snapshot, "overwritten"); ok {
			p.failf("what one reader wrote stands in another Snapshot")
		}
	}
}

// next has somebody join, and returns the event that tells it.
func (r *room) next(s *story) cc.Event {
	id := r.join("")
	r.hurry()
	return s.find("joined", about("joined", id))
}

func eventsBreak(p *probe) {
	r := p.start(2)
	if p.site.Client.Capabilities().Conference&cc.CanWatch == 0 {
		p.cannotArise("watching is not declared")
	}
	for range 3 {
		for _, err := range r.conf.Events(p.ctx) {
			p.must(err, "Events")
			break
		}
	}
	p.getGoing(50 * time.Millisecond)
	n := p.reads()
	r.join("")
	d := 6 * time.Second
	if p.h.FakeTime {
		d = 2 * time.Minute
	}
	p.sleep(d)
	if n = p.reads() - n; n > 0 {
		p.failf("%d reads were made for nobody", n)
	}
}

func eventsContext(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	p.getGoing(50 * time.Millisecond)
	at := time.Now()
	s.cancel()
	for {
		i, ok := s.next(long)
		switch {
		case !ok:
			p.failf("the range did not end with an error")
		case i.err == nil:
			continue
		case !errors.Is(i.err, context.Canceled):
			p.failf("the range ended with %v", i.err)
		case i.at.Sub(at) > p.slack():
			p.failf("the range ended %v after its context", i.at.Sub(at))
		}
		break
	}
	if !p.until(time.Second, s.over) {
		p.failf("the range goes on after its error")
	}
}

func eventsNotFound(p *probe) {
	r := p.start(2)
	s := r.watchAs(p.site.Client.Conference(r.nobodyHere()))
	i, ok := s.next(p.news())
	if !ok {
		p.failf("nothing came")
	}
	p.wantKind(i.err, "Events of a conference that is not there", cc.ErrNotFound)
	if i, more := s.next(time.Second); more {
		p.failf("after the error came %s, error %v", eventWords(i.ev), i.err)
	}
	if !s.over() {
		p.failf("the range goes on after its error")
	}
}

func eventsRefused(p *probe, what string, kind cc.Kind) {
	r := p.start(2)
	s := r.watch()
	s.first()
	p.inject(Fault{OpRead, what})
	r.hurry()
	for {
		i, ok := s.next(p.news())
		switch {
		case !ok:
			p.failf("the range did not end with an error")
		case i.err == nil && i.ev.Type == "stale", i.err == nil && i.ev.Type == "synced":
			continue
		case i.err == nil:
			p.failf("%s was told", eventWords(i.ev))
		}
		p.wantKind(i.err, fmt.Sprintf("a range while reads are answered with %q", kind.Error()), kind)
		return
	}
}
