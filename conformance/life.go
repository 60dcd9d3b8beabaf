package conformance

import (
	"context"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func lifeRules() []rule {
	return []rule{
		{"life/no-request", "Opening a client, obtaining a Conference and asking either for what it is make no request.", lifeNoRequest},
		{"life/check", "Check is nil where the vendor answers and lets us in, has read to know it, and sends no command.", lifeCheck},
		{"life/check-credentials", "Check is ErrUnauthenticated where the vendor does not let us in.", lifeCheckCredentials},
		{"life/check-endpoint", "Check is an error where the vendor does not answer.", lifeCheckEndpoint},
		{"life/close-again", "Close is idempotent.", lifeCloseAgain},
		{"life/closed", "After Close everything answers ErrClosed, without a request.", lifeClosed},
		{"life/close-streams", "Close ends every range over Events with ErrClosed.", lifeCloseStreams},
		{"life/close-in-flight", "A command that the vendor has when Close is called is ErrUncertain.", lifeCloseInFlight},
		{"life/close-waiting", "A command that waits for its turn when Close is called is ErrClosed, and is not sent.", lifeCloseWaiting},
		{"life/close-in-time", "Close returns within 2 s, also while a reader of events does not come back.", lifeCloseInTime},
		{"life/close-concurrently", "Close may be called while everything else is.", lifeCloseConcurrently},
	}
}

func lifeNoRequest(p *probe) {
	r, c := p.start(1), p.site.Client
	if got := r.conf.ID(); got != r.id {
		p.failf("the handle's ID is %q, want %q", got, r.id)
	}
	if c.Name() == "" || c.Provider() == "" {
		p.failf("Name is %q and Provider is %q", c.Name(), c.Provider())
	}
	c.Capabilities()
	var none *probe
	c.As(&none)
	r.conf.As(&none)
	r.conf.Events(p.ctx)
	c.Conferences(p.ctx)
	p.getGoing(50 * time.Millisecond)
	if commands, reads := p.site.World.Requests(); commands+reads > 0 {
		p.failf("%d commands and %d reads were made", commands, reads)
	}
}

func lifeCheck(p *probe) {
	p.start(2)
	p.must(p.site.Client.Check(p.ctx), "Check")
	commands, reads := p.site.World.Requests()
	if commands > 0 || reads == 0 {
		p.failf("%d commands and %d reads were made", commands, reads)
	}
}

func lifeCheckCredentials(p *probe) {
	p.inject(Fault{OpRead, RefuseUnauthenticated})
	p.wantKind(p.site.Client.Check(p.ctx), "Check", cc.ErrUnauthenticated)
}

func lifeCheckEndpoint(p *probe) {
	p.inject(Fault{OpAny, Unreachable})
	p.wantKind(p.site.Client.Check(p.ctx), "Check", cc.ErrUnavailable)
}

func lifeCloseAgain(p *probe) {
	for range 3 {
		p.must(p.closeClient(), "Close")
	}
}

func lifeClosed(p *probe) {
	r := p.start(2)
	r.read()
	c := p.site.Client
	commands, reads := p.site.World.Requests()
	calls := map[string]func() error{
		"Snapshot": func() error { _, err := r.conf.Snapshot(p.ctx); return err },
		"Check":    func() error { return c.Check(p.ctx) },
	}
	can := c.Capabilities().Conference
	if p.declared()&cc.CanRemove != 0 {
		calls["RemoveParticipant"] = func() error { return r.conf.RemoveParticipant(p.ctx, r.people[0]) }
	}
	if id, f, ok := r.anyField(); ok {
		calls["SetParticipantState"] = func() error { return r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)) }
	}
	if can&cc.CanEnd != 0 {
		calls["End"] = func() error { return r.conf.End(p.ctx) }
	}
	if can&cc.CanList != 0 {
		calls["Conferences"] = func() error { return firstOf(c.Conferences(p.ctx)) }
	}
	if can&cc.CanWatch != 0 {
		calls["Events"] = func() error { return firstOf(r.conf.Events(p.ctx)) }
	}
	p.must(p.closeClient(), "Close")
	c.Notify()
	for name, call := range calls {
		p.wantKind(call(), name+" after Close", cc.ErrClosed)
	}
	if c2, r2 := p.site.World.Requests(); c2 != commands || r2 != reads {
		p.failf("%d commands and %d reads were made after Close", c2-commands, r2-reads)
	}
}

func lifeCloseStreams(p *probe) {
	r := p.start(2)
	stories := []*story{r.watch(), r.watch()}
	for _, s := range stories {
		s.first()
	}
	p.must(p.closeClient(), "Close")
	for _, s := range stories {
		i, ok := s.next(2 * time.Second)
		for ok && i.err == nil {
			i, ok = s.next(2 * time.Second)
		}
		if !ok {
			p.failf("a range did not end with an error")
		}
		p.wantKind(i.err, "a range at Close", cc.ErrClosed)
	}
}

func lifeCloseInFlight(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	p.inject(Fault{OpRemove, Hang})
	n := p.commands()
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the command")
	p.getGoing(50 * time.Millisecond)
	p.must(p.closeClient(), "Close")
	p.wantKind(p.within(long, q, "the command"), "a command in flight at Close", cc.ErrUncertain)
}

func lifeCloseWaiting(p *probe) {
	r := p.start(2)
	a := r.act(OpSet)
	p.inject(Fault{OpSet, Ignore})
	n := p.commands()
	p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the first command")
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.getGoing(50 * time.Millisecond)
	if p.commands() > n+1 {
		p.cannotArise("commands on one participant do not wait here")
	}
	p.must(p.closeClient(), "Close")
	p.wantKind(p.within(long, q, "the waiting command"), "a command that waits at Close", cc.ErrClosed)
	if p.commands() > n+1 {
		p.failf("it was sent")
	}
}

func lifeCloseInTime(p *probe) {
	r := p.start(2)
	if p.site.Client.Capabilities().Conference&cc.CanWatch == 0 {
		p.cannotArise("watching is not declared")
	}
	stuck, resume := make(chan struct{}), make(chan struct{})
	q := p.begin(func() error {
		for range r.conf.Events(p.ctx) {
			close(stuck)
			<-resume
			return nil
		}
		return nil
	})
	p.lifts = append(p.lifts, sync.OnceFunc(func() { close(resume) }))
	p.until(p.news(), func() bool {
		select {
		case <-stuck:
			return true
		default:
			return q.back()
		}
	})
	closing := p.begin(p.closeClient)
	p.must(p.within(long, closing, "Close"), "Close")
	if took := closing.ended.Sub(closing.began); took > 2*time.Second+p.slack() {
		p.failf("Close took %v", took)
	}
}

func lifeCloseConcurrently(p *probe) {
	r := p.start(4)
	s := r.watch()
	s.first()
	var calls []*pending
	p.closed = true
	for range 4 {
		calls = append(calls,
			p.begin(func() error { _, err := r.conf.Snapshot(p.ctx); return err }),
			p.begin(func() error { return firstOf(r.conf.Events(p.ctx)) }),
			p.begin(func() error { return p.site.Client.Check(p.ctx) }),
			p.begin(func() error { p.site.Client.Notify(r.id); return nil }),
			p.begin(p.site.Client.Close))
	}
	for _, q := range calls {
		if err := p.within(long, q, "a call while the client closes"); err != nil {
			p.wantKind(err, "a call while the client closes", cc.ErrClosed, cc.ErrUncertain, cc.ErrCanceled, cc.ErrUnavailable)
		}
	}
}

func leakRules() []rule {
	return []rule{
		{"leaks/commands", "After Close nothing is left of commands, canceled, late and failed ones included.", leaksCommands},
		{"leaks/events", "After Close nothing is left of ranges over Events, broken off, canceled and ended ones included.", leaksEvents},
		{"leaks/idle", "A client that was opened and closed leaves nothing behind.", func(p *probe) { p.leaks() }},
	}
}

// leaks closes client and world, and fails if a goroutine of this case is left.
func (p *probe) leaks() {
	p.close()
	// Counting takes the whole process a while, so that it is done ever more seldom.
	end := time.Now().Add(long)
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		n, where := p.marked()
		switch {
		case n <= 1:
			return
		case p.ctx.Err() != nil || !time.Now().Before(end):
			p.failf("%d goroutines are left behind, one of them here:\n%s", n-1, where)
		}
		p.sleep(wait)
	}
}

func leaksCommands(p *probe) {
	r := p.start(4)
	r.read()
	a := r.act(OpRemove)
	lift := p.inject(Fault{OpRemove, Ignore})
	ctx, cancel := context.WithCancel(p.ctx)
	q := p.begin(func() error { return a.do(ctx, r.conf) })
	p.getGoing(50 * time.Millisecond)
	cancel()
	p.within(long, q, "a canceled command")
	lift()
	lift = p.inject(Fault{OpRemove, Hang})
	q = p.begin(func() error {
		ctx, cancel := context.WithTimeout(p.ctx, 200*time.Millisecond)
		defer cancel()
		return a.do(ctx, r.conf)
	})
	p.within(long, q, "a command that is never answered")
	lift()
	p.inject(Fault{OpRemove, LoseAfter})
	q = p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.within(long, q, "a command whose answer is lost")
	p.leaks()
}

func leaksEvents(p *probe) {
	r, other := p.start(3), p.start(2)
	kept, ended, canceled := r.watch(), other.watch(), r.watch()
	for _, s := range []*story{kept, ended, canceled} {
		s.first()
	}
	for _, err := range r.conf.Events(p.ctx) {
		p.must(err, "Events")
		break
	}
	canceled.cancel()
	other.empty()
	other.hurry()
	r.join("")
	r.hurry()
	p.until(p.news(), ended.over)
	p.leaks()
}
