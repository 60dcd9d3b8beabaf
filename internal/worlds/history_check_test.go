package worlds_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// checkOrder holds what one order returned against the truth.
func (s *scene) checkOrder(o *order) {
	bad := func(format string, args ...any) {
		s.mistake("%s\n in %v\n%s", fmt.Sprintf(format, args...), o, s.truthOf(o.name, o.from, o.to))
	}
	if !o.done() {
		bad("it never came back")
		return
	}
	s.checkTime(o, bad)
	if o.err != nil {
		s.checkText(o, bad)
	}
	if o.verb == verbLook {
		s.checkLook(o, bad)
		return
	}
	s.checkRequests(o, bad)
	s.checkOutcome(o, bad)
	s.checkCalm(o, bad)
	if s.didIt(o) && o.err != nil && s.answered(o) {
		bad("it was done, and nothing is unknown")
	}
}

// checkTime: it returns by its deadline, and at the instant of a cancel.
func (s *scene) checkTime(o *order, bad func(string, ...any)) {
	by := o.began.Add(10 * time.Second)
	if o.limit > 0 {
		by = o.began.Add(o.limit)
	}
	if at := o.began.Add(o.cancel); o.cancel >= 0 && at.Before(by) {
		by = at
	}
	if !o.canceledAt.IsZero() && o.canceledAt.Before(by) {
		by = o.canceledAt
	}
	if o.ended.After(by) {
		bad("it came back at %s, and was due at %s", clock(o.ended), clock(by))
	}
}

// checkText: no id, number or name in the text of an error.
func (s *scene) checkText(o *order, bad func(string, ...any)) {
	text := o.err.Error() + fmt.Sprintf("%v %+v %#v %q", o.err, o.err, o.err, o.err)
	words := []string{"standup", "1555010", "uuid", "Caller"}
	if o.part != "" {
		words = append(words, string(o.part))
	}
	for _, r := range o.requests {
		if r.there {
			words = append(words, r.soul.call)
		}
	}
	for _, w := range words {
		if strings.Contains(text, w) {
			bad("the text has %q: %s", w, text)
		}
	}
	var e *cc.Error
	if !errors.As(o.err, &e) || e.Conference != o.handle || e.Participant != o.part || e.Op == "" || e.Client == "" {
		bad("not in the shape of the contract: %#v", e)
	}
	if kind := cc.KindOf(o.err); kind == cc.ErrCanceled &&
		!errors.Is(o.err, context.Canceled) && !errors.Is(o.err, context.DeadlineExceeded) {
		bad("canceled, and by no context")
	}
}

// checkLook: a snapshot is of some moment between call and return.
func (s *scene) checkLook(o *order, bad func(string, ...any)) {
	moments := s.during(o.handle, o.name, o.from, o.to, s.since(o.from))
	if o.err == nil {
		if !slices.ContainsFunc(moments, func(m moment) bool {
			switch {
			case m.version == nil:
				return len(o.seen.Participants) == 0 && s.cast.http && s.cast.profile.RunIDs // it ended between two reads of one snapshot
			case s.cast.profile.RunIDs && m.life.instance != o.seen.Instance:
				return false
			case s.cast.http && m.version.listed > 20:
				return true
			}
			return m.version.owned && s.cast.shows(m.version, o.seen.Participants)
		}) {
			bad("the conference was never like %v", o.seen.Participants)
		}
		return
	}
	switch kind := cc.KindOf(o.err); kind {
	case cc.ErrNotFound:
		if !s.absent(o.handle, o.name, o.from, o.to) {
			bad("it was there all the time")
		}
	case cc.ErrUnavailable, cc.ErrCanceled, cc.ErrRateLimited, cc.ErrClosed:
		if kind == cc.ErrUnavailable && o.struck == 0 && o.limit == 0 && o.cancel < 0 && o.canceledAt.IsZero() {
			bad("nothing went wrong")
		}
	default:
		bad("a kind that no read has")
	}
}

// checkRequests: what was sent is what was ordered, not more often than twice, one after the other,
// and the second time to nobody else.
func (s *scene) checkRequests(o *order, bad func(string, ...any)) {
	sent := map[cc.Change][]*request{} // by step
	for i, r := range o.requests {
		if i > 0 && r.change != o.requests[i-1].change {
			s.checkStep(o, o.requests[i-1], r, bad)
		}
		switch {
		case r.verb != o.verb, r.part != o.part, !within(r.change, o.change), r.verb == verbSet && r.change == (cc.Change{}):
			bad("request %d is not what was ordered", r.n)
		case o.byInstance() && r.conf != o.handle:
			bad("request %d names another conference", r.n)
		case !o.byInstance() && r.conf != o.handle:
			if l := s.byID[r.conf]; l == nil || l.name != o.name {
				bad("request %d names another conference", r.n)
			}
		}
		sent[r.change] = append(sent[r.change], r)
		for _, e := range r.effects {
			if o.byInstance() && e.life.instance != o.handle || e.life.name != o.name {
				bad("request %d changed another run: %v", r.n, e)
			}
		}
	}
	for _, list := range sent {
		attempts := len(list)
		list = slices.DeleteFunc(list, func(r *request) bool { return r.fault == throttle || r.fault == throttled })
		if len(list) > 2 || attempts > 3 {
			bad("sent %d times, %d of them to be done", attempts, len(list))
		}
		for _, r := range list[min(1, len(list)):] {
			s.checkAgain(o, list[0], r, bad)
		}
	}
}

// checkStep: steps that restrict go before those that release, and each is seen to be done before the
// next.
func (s *scene) checkStep(o *order, last, next *request, bad func(string, ...any)) {
	on := func(c cc.Change) bool {
		return c.Mute == cc.On || c.Deaf == cc.On || c.Hold == cc.On || c.Coach == cc.On
	}
	if on(next.change) && !on(last.change) {
		bad("request %d restricts, after one that released", next.n)
	}
	if !s.wasUntil(o, last.change, o.after(last.change), next.seq) {
		bad("request %d was sent before the step before it was done", next.n)
	}
}

// checkAgain: what is sent a second time reaches the run and the leg that the first was for, unless
// another came to have the name after the last read before it had begun.
func (s *scene) checkAgain(o *order, first, again *request, bad func(string, ...any)) {
	if len(again.effects) == 0 || s.cast.slack > 0 && !s.cast.profile.RunIDs {
		return
	}
	switch {
	case first.life == nil:
		// Nobody was there, so it was for whoever is. By evidence there is a run that was read.
	case again.life != first.life:
		if over := first.life.now(); !over.over || s.cast.profile.RunIDs || over.at.Before(o.lastLook(again)) {
			bad("sent again to another run")
		}
	case o.verb == verbEnd || !first.there:
	case again.soul.call != first.soul.call && s.tellsLegs(o, first):
		gone := slices.IndexFunc(first.life.versions, func(v version) bool {
			_, there := v.byKey(first.soul.key)
			return v.seq > first.seq && !there
		})
		if gone < 0 || first.life.versions[gone].at.Before(o.lastLook(again).Add(-s.cast.slack)) {
			bad("sent again to another leg")
		}
	}
}

// tellsLegs reports whether a request's leg could have been told from another with its id: the vendor
// tells calls, and, where the handle names the run, which is evidence enough, it had been read.
func (s *scene) tellsLegs(o *order, r *request) bool {
	if !s.cast.profile.CallIDs {
		return false
	}
	at, read := s.known[leg{r.life.instance, r.soul.call}]
	return !o.byInstance() || s.cast.http || read && at.Before(r.sent)
}

// lastLook is when the last read before a request began.
func (o *order) lastLook(r *request) time.Time {
	last := o.began
	for _, l := range o.looked {
		if l.seq < r.seq && !l.at.After(r.sent) {
			last = l.at
		}
	}
	return last
}

// checkLanes: two commands on one participant never are under way together.
func (s *scene) checkLanes() {
	type lane struct {
		handle cc.ConferenceID
		part   cc.ParticipantID
	}
	busy := map[lane][]*order{}
	for _, o := range s.orders {
		if len(o.requests) == 0 || o.verb == verbLook || o.verb == verbEnd && !s.cast.profile.Serial {
			continue
		}
		k := lane{o.handle, o.part}
		if s.cast.profile.Serial {
			k.part = ""
		}
		for _, other := range busy[k] {
			if o.requests[0].sent.Before(other.ended) && other.requests[0].sent.Before(o.ended) {
				s.mistake("two at once: %v\n and %v", o, other)
			}
		}
		busy[k] = append(busy[k], o)
	}
}
