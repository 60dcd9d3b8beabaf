package conformance

import (
	"context"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func doneRules() []rule {
	return []rule{
		{"done/remove", "RemoveParticipant returns nil only once the participant is gone, however early the vendor accepts it.", func(p *probe) { doneLate(p, OpRemove) }},
		{"done/set", "SetParticipantState returns nil only once the state is as asked, however early the vendor accepts it.", func(p *probe) { doneLate(p, OpSet) }},
		{"done/end", "End returns nil only once the conference is over, however early the vendor accepts it.", func(p *probe) { doneLate(p, OpEnd) }},
		{"done/last", "Removing the last one present, accepted early and done later, is nil when they are gone and not before.", doneLast},
		{"done/seen", "After nil a Snapshot of the same client shows the effect, also where reads lag behind the truth.", doneSeen},
		{"done/bell", "A notification that arrives between acceptance and effect confirms nothing.", doneBell},
		{"done/over", "A removal that is under way when the conference is over is nil.", doneOver},
		{"done/over-end", "End that is under way when the conference is over is nil.", doneOverEnd},
		{"done/own-leg", "Where a session sees only its own calls, its own leg being gone does not confirm the removal of somebody else: ErrUncertain.", doneOwnLeg},
		{"done/failure-later", "A failure that the vendor tells after it has accepted a command is the command's error, long before its deadline.", func(p *probe) { doneFailure(p, FailLater) }},
		{"done/failure-sooner", "A failure that overtakes the vendor's answer is the command's error, long before its deadline.", func(p *probe) { doneFailure(p, FailEarly) }},
	}
}

func doneLate(p *probe, op string) {
	r := p.start(3)
	a := r.act(op)
	p.inject(Fault{op, Late})
	p.must(a.do(p.ctx, r.conf), "a command that is done late")
	if !a.done() {
		p.failf("the answer is nil, and it is not done yet")
	}
}

func doneLast(p *probe) {
	r := p.start(1)
	a := r.act(OpRemove)
	p.inject(Fault{OpRemove, Late})
	p.must(a.do(p.ctx, r.conf), "removing the last one present")
	if !a.done() {
		p.failf("the answer is nil, and they are there")
	}
}

func doneSeen(p *probe) {
	r := p.start(2)
	id, f := r.field(cc.CanHold)
	p.inject(Fault{OpRead, Old})
	p.must(r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)), "setting "+f.name+" on")
	s := r.read()
	if who, _ := person(s, id); f.in(who.State) != cc.On {
		p.failf("the answer is nil, and a Snapshot right after it tells %s %s", f.name, toggleWord(f.in(who.State)))
	}
}

func doneBell(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanDeaf)
	p.inject(Fault{OpSet, Late})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the command")
	p.site.Client.Notify(r.id)
	r.join("")
	p.until(Lag/2, q.back)
	if q.back() && q.err == nil && !a.done() {
		p.failf("the answer is nil after a notification, and it is not done yet")
	}
	p.must(p.within(long, q, "the command"), "a command that is done late")
}

func doneOver(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	if p.h.Want.SessionOnly {
		// There the end of one's own leg tells only of oneself.
		if a = r.removeSelf(); a.id == "" {
			p.cannotArise("this session cannot remove itself")
		}
	}
	p.inject(Fault{OpRemove, Ignore})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.accepted(n)
	r.empty()
	p.must(p.within(long, q, "the command"), "removing somebody, with the conference over meanwhile")
}

func doneOverEnd(p *probe) {
	r := p.start(2)
	a := r.act(OpEnd)
	p.inject(Fault{OpEnd, Ignore})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.accepted(n)
	r.empty()
	p.must(p.within(long, q, "the command"), "End, with the conference over meanwhile")
}

func doneOwnLeg(p *probe) {
	if !p.h.Want.SessionOnly {
		p.cannotArise("this client sees the whole account")
	}
	r := p.start(3)
	a, own := r.act(OpRemove), r.removeSelf()
	if own.id == "" || own.id == a.id {
		p.cannotArise("this session cannot remove somebody else")
	}
	p.inject(Fault{OpRemove, Ignore})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.accepted(n)
	r.hangUp(own.id)
	p.wantKind(p.within(long, q, "the command"), "removing somebody, with one's own leg gone meanwhile", cc.ErrUncertain)
}

// removeSelf is the removal of one's own leg; it is of nobody where that cannot be done.
func (r *room) removeSelf() act {
	for _, who := range r.truth().Participants {
		if who.Self && who.Controls&cc.CanRemove != 0 {
			id := who.ID
			return act{OpRemove, id,
				func(ctx context.Context, c cc.Conference) error { return c.RemoveParticipant(ctx, id) },
				func() bool { return !r.present(id) }}
		}
	}
	return act{}
}

func doneFailure(p *probe, what string) {
	r := p.start(2)
	a := r.act(OpSet)
	p.inject(Fault{OpSet, what})
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	err := p.within(long, q, "the command")
	switch {
	case err == nil:
		p.failf("the answer is nil, and the vendor said that it failed")
	case cc.KindOf(err) == cc.ErrUncertain:
		p.failf("the vendor said that it failed, and the answer is uncertain")
	case q.ended.Sub(q.began) > 5*time.Second:
		p.failf("the failure was told after %v", q.ended.Sub(q.began))
	}
}

func uncertainRules() []rule {
	const rest = " that is accepted and never done is ErrUncertain by the deadline."
	return []rule{
		{"uncertain/remove", "RemoveParticipant" + rest, func(p *probe) { uncertain(p, OpRemove) }},
		{"uncertain/set", "SetParticipantState" + rest, func(p *probe) { uncertain(p, OpSet) }},
		{"uncertain/end", "End" + rest, func(p *probe) { uncertain(p, OpEnd) }},
		{"uncertain/deciding-read", "Before a command is given up as uncertain, a read in the last fifth of its time, or the last 2 s, decides.", uncertainDecidingRead},
		{"uncertain/hollow", "A removal that is accepted and never done is not confirmed by reads that lack what they are about: ErrUncertain.", uncertainHollow},
		{"uncertain/over", "A change of state that is under way when the conference is over is ErrUncertain.", uncertainOver},
	}
}

func uncertain(p *probe, op string) {
	r := p.start(2)
	a := r.act(op, cc.CanHold)
	p.inject(Fault{op, Ignore})
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	q := p.begin(func() error { return a.do(ctx, r.conf) })
	p.wantKind(p.within(long, q, "the command"), "a command that is never done", cc.ErrUncertain)
	if took := q.ended.Sub(q.began); took > 2*time.Second+p.slack() {
		p.failf("it had 2 s and took %v", took)
	}
}

func uncertainDecidingRead(p *probe) {
	r := p.start(2)
	a := r.act(OpEnd)
	p.inject(Fault{OpEnd, Ignore})
	const limit = 4 * time.Second
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	q := p.begin(func() error { return a.do(ctx, r.conf) })
	// A read is seen when it has been made, or later.
	n, last := 0, time.Time{}
	p.until(long, func() bool {
		back := q.back()
		if reads := p.reads(); reads != n {
			n, last = reads, time.Now()
		}
		return back
	})
	p.wantKind(p.within(long, q, "the command"), "a command that is never done", cc.ErrUncertain)
	if at := last.Sub(q.began); at < limit*4/5-10*time.Millisecond {
		p.failf("it had %v, and the last read was made after %v", limit, at)
	}
}

func uncertainHollow(p *probe) {
	r := p.start(3)
	a := r.act(OpRemove)
	r.read()
	p.inject(Fault{OpRemove, Ignore})
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	n := p.commands()
	q := p.begin(func() error { return a.do(ctx, r.conf) })
	p.arrives(n, "the removal") // a driver may read before it sends
	p.inject(Fault{OpRead, Hollow})
	p.wantKind(p.within(long, q, "the command"), "a removal that is never done, while reads tell nothing", cc.ErrUncertain)
}

func uncertainOver(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanDeaf)
	p.inject(Fault{OpSet, Ignore})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.accepted(n)
	r.empty()
	p.wantKind(p.within(long, q, "the command"), "a change under way when the conference is over", cc.ErrUncertain)
}
