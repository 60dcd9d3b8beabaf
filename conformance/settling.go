package conformance

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func settlingRules() []rule {
	list := []rule{}
	for _, o := range []struct{ op, name string }{
		{OpRemove, "RemoveParticipant"}, {OpSet, "SetParticipantState"}, {OpEnd, "End"},
	} {
		list = append(list,
			rule{"settling/lost-after-" + o.op, o.name + " that was done, and whose answer was lost, is nil and was sent once.",
				func(p *probe) { settlingLostAfter(p, o.op) }},
			rule{"settling/lost-before-" + o.op, o.name + " that was lost before it was done is sent a second time, by evidence of the run and the leg, and is nil.",
				func(p *probe) { settlingLostBefore(p, o.op) }},
			rule{"settling/reused-" + o.op, o.name + " whose answer was lost while another run began under the name leaves that run untouched.",
				func(p *probe) { settlingReused(p, o.op) }},
		)
	}
	return append(list,
		rule{"settling/read-first", "A command whose answer was lost is not sent again before a read has answered.", settlingReadFirst},
		rule{"settling/no-evidence", "A command by name whose answer was lost, on a conference that this client has never read, is sent once and is ErrUncertain.", settlingNoEvidence},
		rule{"settling/instance", "A command by Instance that was lost before it was done is sent a second time without other evidence, and is nil.", settlingInstance},
		rule{"settling/other-leg", "A removal whose answer was lost is not sent again when another leg has the id by then.", settlingOtherLeg},
		rule{"settling/unreadable", "A command whose answer was lost, while reads fail, is sent once and is ErrUncertain.", settlingUnreadable},
		rule{"settling/garbled", "A command that was done, and whose success cannot be read, is nil.", settlingGarbled},
		rule{"settling/twice", "A command whose answers are lost again and again is sent twice at most.", settlingTwice},
		rule{"settling/outage", "In an outage of everything a command is sent once at most.", settlingOutage},
		rule{"settling/not-sent", "A command that could not be sent is ErrUnavailable: certainly not done.", settlingNotSent},
	)
}

func settlingLostAfter(p *probe, op string) {
	r := p.start(3)
	a := r.act(op)
	r.read()
	p.inject(Fault{op, LoseAfter})
	n := p.commands()
	p.must(a.do(p.ctx, r.conf), "a command whose answer was lost after the effect")
	if n = p.commands() - n; n != 1 {
		p.failf("it was sent %d times", n)
	}
}

func settlingLostBefore(p *probe, op string) {
	r := p.start(3)
	a := r.act(op)
	r.read()
	p.inject(Fault{op, LoseBefore})
	n := p.commands()
	p.must(a.do(p.ctx, r.conf), "a command that was lost before the effect")
	if n = p.commands() - n; n != 2 {
		p.failf("it was sent %d times", n)
	}
	if !a.done() {
		p.failf("the answer is nil, and it is not done")
	}
}

func settlingReused(p *probe, op string) {
	r := p.start(2)
	a := r.act(op)
	r.read()
	lift := p.inject(Fault{op, Hang})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the command")
	r.restart(2)
	before := r.truth()
	lift()
	err := p.within(long, q, "the command")
	after, live := r.look()
	switch {
	case !live:
		p.failf("the second run was ended")
	case p.commands()-n != 1:
		p.failf("it was sent %d times", p.commands()-n)
	case err == nil && op == OpSet:
		p.failf("the answer is nil, and the run that was meant is over")
	}
	for _, was := range before.Participants {
		if is, ok := person(after, was.ID); !ok || is.State != was.State {
			p.failf("participant %s of the second run was touched", was.ID)
		}
	}
}

func settlingReadFirst(p *probe) {
	r := p.start(3)
	a := r.act(OpEnd)
	r.read()
	p.inject(Fault{OpEnd, LoseBefore})
	p.inject(Fault{OpRead, Hang})
	n, m := p.site.World.Requests()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.until(p.h.patience(), func() bool { return q.back() || p.reads() > m })
	p.until(time.Second, q.back)
	if n = p.commands() - n; n > 1 {
		p.failf("it was sent %d times, and no read had answered", n)
	}
}

func settlingNoEvidence(p *probe) {
	r := p.start(3)
	a := r.act(OpRemove)
	lift := p.inject(Fault{OpRemove, Hang})
	n, m := p.site.World.Requests()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the command")
	if p.reads() > m {
		p.cannotArise("this driver reads before it sends a command")
	}
	lift()
	err := p.within(long, q, "the command")
	if n = p.commands() - n; n > 1 {
		p.failf("it was sent %d times", n)
	}
	p.wantKind(err, "a lost command without evidence", cc.ErrUncertain)
}

func settlingInstance(p *probe) {
	r := p.start(3)
	a, conf := r.act(OpRemove), r.instance()
	p.inject(Fault{OpRemove, LoseBefore})
	p.must(a.do(p.ctx, conf), "a command by Instance that was lost before the effect")
	if !a.done() {
		p.failf("the answer is nil, and it is not done")
	}
}

func settlingOtherLeg(p *probe) {
	r := p.start(3)
	a := r.act(OpRemove)
	was, _ := person(r.truth(), a.id)
	r.read()
	lift := p.inject(Fault{OpRemove, Hang})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the command")
	r.replace(a.id, was)
	lift()
	p.within(long, q, "the command")
	if n = p.commands() - n; n != 1 {
		p.failf("it was sent %d times", n)
	}
	if !r.present(a.id) {
		p.failf("somebody else was removed")
	}
}

// replace has somebody else take over an id, at once.
func (r *room) replace(id cc.ParticipantID, was cc.Participant) {
	if was.CallID == "" && was.JoinedAt.IsZero() {
		r.cannotArise("this vendor tells nothing that another leg of the same id would have")
	}
	r.needs(r.site.World.Twin(r.id, id), "somebody who cannot be told from another")
	r.hangUp(id)
	is, ok := person(r.truth(), id)
	if !ok || is.CallID == was.CallID && is.JoinedAt.Equal(was.JoinedAt) {
		r.notJudged("the world did not give the id to another leg")
	}
}

func settlingUnreadable(p *probe) {
	r := p.start(3)
	a := r.act(OpSet, cc.CanDeaf)
	r.read()
	p.inject(Fault{OpSet, LoseBefore})
	p.inject(Fault{OpRead, Garble})
	n := p.commands()
	err := a.do(p.ctx, r.conf)
	n = p.commands() - n
	if n == 0 && cc.KindOf(err) == cc.ErrUnavailable {
		p.cannotArise("this driver reads before it sends a command")
	}
	p.wantKind(err, "a lost command while reads fail", cc.ErrUncertain)
	if n != 1 {
		p.failf("it was sent %d times", n)
	}
}

func settlingGarbled(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanHold)
	p.inject(Fault{OpSet, Garble})
	p.must(a.do(p.ctx, r.conf), "a command whose answer cannot be read")
	if !a.done() {
		p.notJudged("the fault was to have the change done, and it is not")
	}
}

func settlingTwice(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanDeaf)
	r.read()
	p.inject(Fault{OpSet, Fail})
	n := p.commands()
	if err := a.do(p.ctx, r.conf); err == nil {
		p.failf("nothing was done, and the answer is nil")
	}
	if n = p.commands() - n; n > 2 {
		p.failf("it was sent %d times", n)
	}
}

func settlingOutage(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanHold)
	r.read()
	p.inject(Fault{OpAny, Fail})
	n := p.commands()
	if err := a.do(p.ctx, r.conf); err == nil {
		p.failf("nothing was done, and the answer is nil")
	}
	if n = p.commands() - n; n > 1 {
		p.failf("it was sent %d times", n)
	}
}

func settlingNotSent(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	p.inject(Fault{OpAny, Unreachable})
	p.wantKind(a.do(p.ctx, r.conf), "a command that could not be sent", cc.ErrUnavailable)
}
