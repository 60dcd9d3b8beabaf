package provider

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Read makes one read for a command, and tells what it says about the order: of the one participant
// where the vendor has that, else of the whole conference. Apart asks for a read that tells a
// conference that is over from a participant who is not there.
func (c *client) read(ctx context.Context, p *pending, o order, ev evidence, purpose Purpose, until time.Time, apart bool) reading {
	x := c.exchange(p, said{Context: ctx, purpose: purpose}, until)
	defer x.Cancel()
	if o.op != opEnd && !apart && !c.onlySnapshots.Load() {
		who, instance, err := c.driver.Participant(x, o.conf, o.part)
		if cc.KindOf(err) != cc.ErrUnsupported {
			return c.readOne(o, ev, who, instance, err)
		}
		c.onlySnapshots.Store(true)
	}
	s, err := c.fetch(x, o.conf)
	return tell(o, ev, &s, err)
}

func (c *client) readOne(o order, ev evidence, who cc.Participant, instance cc.ConferenceID, err error) reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch cc.KindOf(err) {
	case cc.ErrNotParticipant:
		c.memory.sawNone(o.conf, o.part)
		return reading{live: true}
	case cc.ErrNotFound:
		return reading{over: true}
	}
	if err != nil {
		return reading{err: err}
	}
	tidyParticipant(&who)
	instance = cmp.Or(instance, o.conf)
	c.memory.sawOne(o.conf, instance, who)
	r := reading{live: true, present: true, part: who, twin: isTwin(c.memory.entries[o.conf].participants, o.part)}
	pinned := ev.handle == instance && namesRun(ev.handle, instance)
	switch {
	case pinned:
		r.run = yes
	case ev.known && (ev.named || namesRun(o.conf, instance)):
		r.run = triOf(ev.instance == instance)
	case ev.known && ev.callID != "" && ev.callID == who.CallID:
		r.run = yes // where a run has no id, a call leg that is still there tells that it is the same
	}
	r.leg = sameLeg(ev, r.run, pinned, who.CallID)
	return r
}

// Tell is what a snapshot says about an order.
func tell(o order, ev evidence, s *Snapshot, err error) reading {
	if kind := cc.KindOf(err); kind == cc.ErrNotFound || kind == cc.ErrNotParticipant {
		return reading{over: true}
	}
	if err != nil {
		return reading{err: err}
	}
	r := reading{live: true, run: sameRun(ev, s.Conference, s.Instance, s.RunTime, s.Participants)}
	if o.op == opEnd {
		return r
	}
	for i := range s.Participants {
		if s.Participants[i].ID == o.part {
			r.present, r.part = true, s.Participants[i]
			pinned := ev.handle == s.Instance && namesRun(s.Conference, s.Instance)
			r.leg = sameLeg(ev, r.run, pinned, r.part.CallID)
			r.twin = isTwin(s.Participants, o.part)
			if r.twin && (ev.callID == "" || r.part.CallID == "") {
				r.leg = unknown
			}
			break
		}
	}
	return r
}

// Fetch reads a snapshot, tidies it and remembers it.
func (c *client) fetch(ctx context.Context, id cc.ConferenceID) (Snapshot, error) {
	began := time.Now()
	s, err := c.driver.Snapshot(ctx, id)
	if err != nil {
		if cc.KindOf(err) == cc.ErrNotFound {
			c.mu.Lock()
			c.memory.sawOver(id)
			c.mu.Unlock()
		}
		return Snapshot{}, err
	}
	if tidy(id, &s, began) {
		c.twins.Store(true)
	}
	if s.Conference != id && c.checkConference(s.Conference) != nil && c.checkConference(s.Instance) == nil {
		s.Conference = s.Instance // the one id that there is for it
	}
	c.mu.Lock()
	c.memory.saw(id, &s)
	c.mu.Unlock()
	return s, nil
}

// Tidy makes a snapshot what the contract says: a list of its own, ordered by JoinedAt and then by
// ID, ids distinct and not empty, times in UTC. It reports whether some cannot be told apart.
func tidy(id cc.ConferenceID, s *Snapshot, began time.Time) (twins bool) {
	if s.Conference == "" {
		s.Conference = id
	}
	if s.Instance == "" {
		s.Instance = s.Conference
	}
	if s.At.IsZero() {
		s.At = began
	}
	s.At = s.At.Round(0).UTC()
	s.Controls &= cc.CanEnd
	s.Participants = append(make([]cc.Participant, 0, len(s.Participants)), s.Participants...)
	for i := range s.Participants {
		tidyParticipant(&s.Participants[i])
	}
	slices.SortFunc(s.Participants, inOrder)
	if twins = distinct(s.Participants); twins {
		slices.SortFunc(s.Participants, inOrder)
	}
	return twins
}

func tidyParticipant(p *cc.Participant) {
	if p.JoinedAt.IsZero() {
		p.JoinedAt = time.Time{}
		return
	}
	p.JoinedAt = p.JoinedAt.Round(0).UTC()
}

func inOrder(a, b cc.Participant) int {
	if d := a.JoinedAt.Compare(b.JoinedAt); d != 0 {
		return d
	}
	if d := strings.Compare(string(a.ID), string(b.ID)); d != 0 {
		return d
	}
	return strings.Compare(a.CallID, b.CallID)
}

// Snapshot reads a conference for an application.
func (c *client) snapshot(ctx context.Context, id cc.ConferenceID) (cc.Snapshot, error) {
	if err := c.checkConference(id); err != nil {
		return cc.Snapshot{}, err
	}
	var s Snapshot
	err := c.reading(ctx, func(ctx context.Context) (err error) {
		s, err = c.fetch(ctx, id)
		return err
	})
	if err != nil {
		return cc.Snapshot{}, err
	}
	s.Participants = slices.Clone(s.Participants)
	return s.Snapshot, nil
}

// Reading runs a read of the application: with the default time where it has no deadline, and not
// beyond the end of the client.
func (c *client) reading(ctx context.Context, read func(context.Context) error) error {
	if ctx == nil {
		return noContext()
	}
	if c.isClosing() {
		return cc.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return notSent(err)
	}
	ctx2, cancel := context.WithCancel(ctx)
	if _, ok := ctx.Deadline(); !ok {
		cancel()
		ctx2, cancel = context.WithTimeout(ctx, c.timeout)
	}
	defer cancel()
	defer c.untilClosed(cancel)()
	err := read(ctx2)
	switch {
	case err == nil || errors.Is(err, cc.ErrNotFound):
		return err
	case ctx.Err() != nil:
		return keeping(notSent(ctx.Err()), err)
	case c.isClosing():
		return keeping(notSent(errClosed), err)
	}
	return err
}
