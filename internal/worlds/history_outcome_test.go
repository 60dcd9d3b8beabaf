package worlds_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// This file holds what commands answered against what became of them.

// definite are the kinds that say that nothing was done.
var definite = map[cc.Kind]bool{
	cc.ErrInvalid: true, cc.ErrUnsupported: true, cc.ErrForbidden: true, cc.ErrConflict: true,
	cc.ErrNotFound: true, cc.ErrNotParticipant: true, cc.ErrUnauthenticated: true, cc.ErrRateLimited: true,
	cc.ErrUnavailable: true, cc.ErrCanceled: true, cc.ErrClosed: true,
}

// checkOutcome: nil means done, a definite error means not done, and nobody else is ever changed.
func (s *scene) checkOutcome(o *order, bad func(string, ...any)) {
	var changed cc.Change
	legs := map[string]bool{}
	effects := 0
	for _, r := range o.requests {
		for _, e := range r.effects {
			effects++
			for _, f := range flags {
				if t := *f.want(&e.change); t != cc.Unset {
					*f.want(&changed) = t
				}
			}
			if o.verb == verbSet {
				legs[fmt.Sprint(e.life.instance, e.key)] = true
			}
		}
	}
	if len(legs) > 1 {
		s.checkLegs(o, bad)
	}
	if o.err == nil {
		s.checkNil(o, bad)
		return
	}
	kind := cc.KindOf(o.err)
	var e *cc.Error
	_ = errors.As(o.err, &e)
	if o.verb != verbSet && e.Applied != (cc.Change{}) || s.cast.profile.Whole && e.Applied != (cc.Change{}) {
		bad("a part is applied of what has no parts")
	}
	if !within(e.Applied, o.change) {
		bad("applied what was not asked for")
	}
	s.checkApplied(o, e.Applied, bad)
	if !definite[kind] {
		if kind != cc.ErrUncertain {
			bad("of no kind")
		}
		return
	}
	switch {
	case kind == cc.ErrConflict && s.stray(o, true):
	case o.verb != verbSet && effects > 0, !within(changed, e.Applied):
		bad("it says that it was not done, and it was")
	case (kind == cc.ErrCanceled || kind == cc.ErrClosed) && !s.onlyThrottled(o):
		bad("it says that nothing was sent, and it was")
	}
	s.checkReason(o, kind, bad)
}

// stray reports whether the news of another request's failure came while an order was under way. The
// news names the conference alone. Where that request's order had been confirmed, since what it asked
// came about otherwise, nothing tells whose the news is.
func (s *scene) stray(o *order, confirmed bool) bool {
	for _, other := range s.orders {
		for i, r := range other.requests {
			if r.fault != failLater && r.fault != failSooner || r.conf != o.handle {
				continue
			}
			done := other.err == nil || other == o && i < len(o.requests)-1
			if at := r.at.Add(20 * time.Millisecond); (done || !confirmed) && !at.Before(o.began) && !at.After(o.ended) {
				return true
			}
		}
	}
	return false
}

func (s *scene) onlyThrottled(o *order) bool {
	return !slices.ContainsFunc(o.requests, func(r *request) bool { return r.fault != throttle && r.fault != throttled })
}

// checkLegs: a change of several steps is of one person, unless the name went over to another in
// between, where nothing but the name can be said.
func (s *scene) checkLegs(o *order, bad func(string, ...any)) {
	var last *request
	for _, r := range o.requests {
		if len(r.effects) == 0 {
			continue
		}
		if last != nil && (r.life != last.life || r.soul.call != last.soul.call) && s.tellsLegs(o, last) {
			gone := last.life.now().at
			for _, v := range last.life.versions {
				if _, there := v.byKey(last.soul.key); v.seq > last.seq && !there {
					gone = v.at
					break
				}
			}
			if gone.Before(o.lastLook(r).Add(-s.cast.slack)) {
				bad("two people were changed")
			}
		}
		last = r
	}
}

// after is the place in the history from which on it counts that something is as an order asks: that of
// its first request for it, or of the call where nothing was sent.
func (o *order) after(c cc.Change) int {
	for _, r := range o.requests {
		if within(c, r.change) && r.seq <= o.to {
			return max(o.from, r.seq-1)
		}
	}
	return o.from
}

// checkNil: the effect was there at some moment between call and return.
func (s *scene) checkNil(o *order, bad func(string, ...any)) {
	from := o.after(cc.Change{})
	moments := s.during(o.handle, o.name, from, o.to, s.since(from))
	some := func(ok func(moment) bool) bool { return slices.ContainsFunc(moments, ok) }
	switch o.verb {
	case verbSet:
		each := []cc.Change{o.change}
		if !s.cast.profile.Whole {
			each = single(o.change)
		}
		for _, c := range each {
			if !s.was(o, c, o.after(c)) {
				bad("nil, and %v never was", c)
			}
		}
	case verbRemove:
		if o.tries == 0 {
			bad("nil, and nothing was sent")
		}
		if !some(func(m moment) bool {
			if m.version == nil || !m.version.owned {
				// The end of a session's view tells of its own leg alone.
				return m.version == nil || s.wasSelf(o)
			}
			_, there := m.version.find(o.part)
			return !there
		}) && !s.wentMeanwhile(o) {
			bad("nil, and was there all the time")
		}
	case verbEnd:
		if o.tries == 0 {
			bad("nil, and nothing was sent")
		}
		if !some(func(m moment) bool { return m.version == nil || !m.version.owned }) && !s.restarted(moments) {
			bad("nil, and it was not over")
		}
	}
}

// wentMeanwhile reports whether a leg that a request of the order was for has gone, though another has
// the id now.
func (s *scene) wentMeanwhile(o *order) bool {
	return slices.ContainsFunc(o.requests, func(r *request) bool {
		// Reads that are behind the truth can show the run before the one that the first try went to.
		if l := s.byID[r.conf]; l != nil && l.now().over && l.now().at.After(o.began.Add(-s.cast.slack)) {
			return true
		}
		return r.there && slices.ContainsFunc(r.life.versions, func(v version) bool {
			_, there := v.byKey(r.soul.key)
			return !there && v.seq >= r.seq && v.seq <= o.to
		})
	})
}

func single(c cc.Change) (list []cc.Change) {
	for _, f := range flags {
		if t := *f.want(&c); t != cc.Unset {
			var one cc.Change
			*f.want(&one) = t
			list = append(list, one)
		}
	}
	return list
}

// wasSelf reports whether an order was for our own leg, as far as anybody could know.
func (s *scene) wasSelf(o *order) bool {
	return slices.ContainsFunc(s.lives, func(l *life) bool {
		return l.name == o.name && slices.ContainsFunc(l.versions, func(v version) bool {
			p, _ := v.find(o.part)
			return p.self && v.seq <= o.to
		})
	})
}

// restarted reports whether the moments are of more than one run.
func (s *scene) restarted(moments []moment) bool {
	return len(moments) > 1 && slices.ContainsFunc(moments, func(m moment) bool { return m.life != moments[0].life })
}

// checkApplied: what is said to be applied was there at some moment.
func (s *scene) checkApplied(o *order, applied cc.Change, bad func(string, ...any)) {
	for _, c := range single(applied) {
		if !s.was(o, c, o.from) {
			bad("applied %v, and it never was", c)
		}
	}
}

// was reports whether somebody was as a change asks, at some moment between a place of the history and
// the return of an order.
func (s *scene) was(o *order, c cc.Change, from int) bool { return s.wasUntil(o, c, from, o.to) }

func (s *scene) wasUntil(o *order, c cc.Change, from, to int) bool {
	return slices.ContainsFunc(s.during(o.handle, o.name, from, to, s.since(from)), func(m moment) bool {
		if m.version == nil {
			return false
		}
		p, there := m.version.find(o.part)
		return there && asAsked(s.cast.state(p), c)
	})
}

// checkReason: a definite error says why, and it was so at some moment, or the vendor said so.
func (s *scene) checkReason(o *order, kind cc.Kind, bad func(string, ...any)) {
	moments := s.during(o.handle, o.name, o.from, o.to, s.since(o.from))
	some := func(ok func(v *version, p soul, there bool) bool) bool {
		return slices.ContainsFunc(moments, func(m moment) bool {
			if m.version == nil {
				return ok(nil, soul{}, false)
			}
			p, there := m.version.find(o.part)
			return ok(m.version, p, there)
		})
	}
	said := func(faults ...string) bool {
		return slices.ContainsFunc(o.plan.commands, func(f fault) bool { return slices.Contains(faults, f.what) })
	}
	need := cc.CanRemove
	if o.verb == verbSet {
		need = o.change.Controls()
	}
	switch kind {
	case cc.ErrInvalid:
		if !said(refuse+"400", refuse+"422") {
			bad("nothing is wrong with it")
		}
	case cc.ErrUnsupported:
		caps := s.cast.profile.Capabilities
		if !said(refuse+"405") && need&^(caps.Others|caps.Self) == 0 && !some(func(_ *version, p soul, there bool) bool {
			return there && need&^s.cast.reach(p) != 0
		}) {
			bad("it is supported")
		}
	case cc.ErrForbidden:
		if !said(refuse+"403") && !some(func(v *version, p soul, there bool) bool {
			return there && need&^s.cast.can(v, p) != 0
		}) {
			bad("it was allowed")
		}
	case cc.ErrConflict:
		if !said(refuse+"409", failLater, failSooner) && !s.stray(o, true) && !some(func(_ *version, p soul, there bool) bool { return p.twin }) && len(moments) < 2 {
			bad("there was no conflict")
		}
	case cc.ErrUnauthenticated:
		if !said(refuse + "401") {
			bad("they were let in")
		}
	case cc.ErrNotParticipant:
		if !some(func(v *version, _ soul, there bool) bool { return v != nil && v.owned && !there }) {
			bad("they were there all the time")
		}
	case cc.ErrNotFound:
		// A bare 404, and no read to tell what it was of.
		disturbed := !o.plan.calm() || o.limit > 0 || o.cancel >= 0 || !o.canceledAt.IsZero()
		bare := disturbed && slices.ContainsFunc(o.requests, func(r *request) bool { return r.life == nil })
		if !bare && !some(func(v *version, _ soul, there bool) bool {
			return v == nil || !v.owned || !there && disturbed && o.verb != verbEnd
		}) {
			bad("it was there all the time")
		}
	case cc.ErrUnavailable, cc.ErrRateLimited:
		if o.struck == 0 && o.limit == 0 && o.cancel < 0 && o.canceledAt.IsZero() {
			bad("nothing went wrong")
		}
	case cc.ErrCanceled:
		if o.limit == 0 && o.cancel < 0 && o.ended.Before(o.began.Add(8*time.Second)) {
			bad("nobody canceled it")
		}
	case cc.ErrClosed:
		if o.canceledAt.IsZero() {
			bad("nobody closed it")
		}
	}
}

// checkCalm: where nothing went wrong and nobody else touched the person, there is only one answer.
func (s *scene) checkCalm(o *order, bad func(string, ...any)) {
	if !s.inPeace(o) {
		return
	}
	if s.didIt(o) {
		return
	}
	moments := s.during(o.handle, o.name, o.from, o.to, time.Time{})
	first := moments[0]
	if first.version == nil || !first.version.owned {
		if len(moments) == 1 && cc.KindOf(o.err) != cc.ErrNotFound && !s.never(o) {
			bad("there was nothing, and that is ErrNotFound")
		}
		return
	}
	p, there := first.version.find(o.part)
	for _, m := range moments {
		// Everybody else may come and go; what this very order did is no disturbance.
		if m.life != first.life && m.version != nil {
			return
		}
		if m.version == nil {
			if !s.byOrder(o, first.life, m.from) {
				return
			}
			continue
		}
		q, still := m.version.find(o.part)
		if m.version.owned != first.version.owned || (still != there || q != p) && !s.byOrder(o, first.life, m.from) {
			return
		}
		p, there = q, still
	}
	p, there = first.version.find(o.part)
	need, want := cc.CanRemove, cc.Kind(0)
	if o.verb == verbSet {
		need = o.change.Controls()
	}
	kind := cc.KindOf(o.err)
	switch {
	case o.verb == verbEnd:
	case s.never(o):
		want = cc.ErrUnsupported
	case !there:
		want = cc.ErrNotParticipant
	case p.twin:
		want = cc.ErrConflict
	case need&^s.cast.reach(p) != 0:
		want = cc.ErrUnsupported
	case need&^s.cast.can(first.version, p) != 0:
		want = cc.ErrForbidden
	}
	if p.twin && kind == cc.ErrUnsupported && need&^s.cast.reach(p) != 0 {
		return // neither of the two can have it
	}
	if kind != want {
		bad("in peace and quiet that is %v", want)
	}
}

// answered reports whether every answer that an order was given came at once, whatever else happened.
func (s *scene) answered(o *order) bool {
	was := o.plan
	defer func() { o.plan = was }()
	calm := func(f fault) bool { return f.what == "" || f.what == upheaval }
	o.plan.commands = slices.DeleteFunc(slices.Clone(was.commands), calm)
	o.plan.reads = slices.DeleteFunc(slices.Clone(was.reads), calm)
	return s.inPeace(o)
}

// inPeace reports whether nothing went wrong with an order, and nothing kept it from being given soon.
func (s *scene) inPeace(o *order) bool {
	soon := o.began.Add(2 * time.Second)
	if len(o.looked) > 0 && o.looked[0].at.After(soon) || len(o.requests) > 0 && o.requests[0].sent.After(soon) {
		return false
	}
	if len(o.looked)+len(o.requests) == 0 && o.ended.After(soon) {
		return false
	}
	return o.plan.calm() && o.limit == 0 && o.cancel < 0 && o.canceledAt.IsZero() && s.cast.slack == 0 &&
		o.tries == len(o.requests) && // else one was lost with a kept connection that had died
		!s.stray(o, false)
}

// didIt reports whether an order has put somebody out, or ended the conference, where the run is known
// that it went to.
func (s *scene) didIt(o *order) bool {
	return (o.byInstance() || s.cast.profile.RunIDs && !s.cast.http) && slices.ContainsFunc(o.requests, func(r *request) bool {
		return slices.ContainsFunc(r.effects, func(e effect) bool {
			return o.verb == verbEnd && e.what == "ended" || o.verb == verbRemove && e.what == "left"
		})
	})
}

// never reports whether an order is for something that this provider can never do.
func (s *scene) never(o *order) bool {
	caps := s.cast.profile.Capabilities
	return o.verb == verbSet && o.change.Controls()&^(caps.Others|caps.Self) != 0
}

// byOrder reports whether what began at a place of the history is an order's own doing.
func (s *scene) byOrder(o *order, l *life, seq int) bool {
	return slices.ContainsFunc(o.requests, func(r *request) bool {
		return slices.ContainsFunc(r.effects, func(e effect) bool { return e.life == l && e.seq == seq })
	})
}
