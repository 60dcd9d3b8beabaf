package conformance

import (
	"context"
	"errors"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func contextRules() []rule {
	return []rule{
		{"context/canceled-before-remove", "RemoveParticipant with a context that has ended is ErrCanceled, errors.Is its error, and makes no request.", func(p *probe) { contextBefore(p, OpRemove) }},
		{"context/canceled-before-set", "SetParticipantState with a context that has ended is ErrCanceled, errors.Is its error, and makes no request.", func(p *probe) { contextBefore(p, OpSet) }},
		{"context/canceled-before-end", "End with a context that has ended is ErrCanceled, errors.Is its error, and makes no request.", func(p *probe) { contextBefore(p, OpEnd) }},
		{"context/canceled-before-snapshot", "Snapshot with a context that has ended is ErrCanceled, errors.Is its error, and makes no request.", func(p *probe) { contextBefore(p, OpRead) }},
		{"context/expired", "A command whose deadline has passed is ErrCanceled, errors.Is DeadlineExceeded, and makes no request.", contextExpired},
		{"context/canceled-in-flight", "A command that is canceled while the vendor has it is ErrUncertain at that instant, and errors.Is Canceled.", func(p *probe) { contextDuring(p, OpRemove, Hang) }},
		{"context/canceled-waiting", "A command that is canceled while its effect is waited for is ErrUncertain at that instant, and errors.Is Canceled.", func(p *probe) { contextDuring(p, OpSet, Ignore) }},
		{"context/canceled-read", "A Snapshot that is canceled while the vendor has it returns at that instant, and errors.Is Canceled.", contextRead},
		{"context/deadline", "A command that the vendor never answers is ErrUncertain by its deadline.", contextDeadline},
		{"context/deadline-reads", "A command that is accepted, while reads are never answered, is ErrUncertain by its deadline.", contextDeadlineReads},
		{"context/attempt", "An attempt that the vendor never answers is given up after 4 s, and a read then tells what became of it.", contextAttempt},
		{"context/default-command", "A command without a deadline has 10 s.", contextDefaultCommand},
		{"context/default-snapshot", "A Snapshot without a deadline has 10 s.", func(p *probe) {
			contextDefault(p, func(r *room) error { _, err := r.conf.Snapshot(p.ctx); return err })
		}},
		{"context/default-check", "A Check without a deadline has 10 s.", func(p *probe) {
			contextDefault(p, func(*room) error { return p.site.Client.Check(p.ctx) })
		}},
		{"context/default-list", "A page of a listing without a deadline has 10 s.", func(p *probe) {
			if p.site.Client.Capabilities().Conference&cc.CanList == 0 {
				p.cannotArise("listing is not declared")
			}
			contextDefault(p, func(*room) error { return firstOf(p.site.Client.Conferences(p.ctx)) })
		}},
	}
}

func contextBefore(p *probe, op string) {
	r := p.start(2)
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	do := func(ctx context.Context, c cc.Conference) error { _, err := c.Snapshot(ctx); return err }
	if op != OpRead {
		do = r.act(op).do
	}
	p.notBegun(func() error { return do(ctx, r.conf) }, context.Canceled)
}

// notBegun fails unless a call is ErrCanceled because of why, without a request.
func (p *probe) notBegun(do func() error, why error) {
	c, n := p.site.World.Requests()
	err := do()
	p.wantKind(err, "with a context that has ended", cc.ErrCanceled)
	if !errors.Is(err, why) {
		p.failf("the error is not %q", why)
	}
	if c2, n2 := p.site.World.Requests(); c2 != c || n2 != n {
		p.failf("%d commands and %d reads were made", c2-c, n2-n)
	}
}

func contextExpired(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	ctx, cancel := context.WithDeadline(p.ctx, time.Now().Add(-time.Second))
	defer cancel()
	p.notBegun(func() error { return a.do(ctx, r.conf) }, context.DeadlineExceeded)
}

func contextDuring(p *probe, op, what string) {
	r := p.start(2)
	a := r.act(op)
	p.inject(Fault{op, what})
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	n := p.commands()
	q := p.begin(func() error { return a.do(ctx, r.conf) })
	p.arrives(n, "the command")
	p.sleep(120 * time.Millisecond)
	p.canceled(cancel, q, cc.ErrUncertain)
}

// canceled cancels a call and fails unless it comes back at that instant, with that kind if one is
// given.
func (p *probe) canceled(cancel func(), q *pending, kind cc.Kind) {
	if q.back() {
		p.failf("it came back before it was canceled: %s", describe(q.err))
	}
	at := time.Now()
	cancel()
	err := p.within(long, q, "the canceled call")
	if late := q.ended.Sub(at); late > p.slack() {
		p.failf("it came back %v after it was canceled", late)
	}
	if kind != 0 {
		p.wantKind(err, "a call that was canceled", kind)
	}
	if !errors.Is(err, context.Canceled) {
		p.failf("got %s, which is not context.Canceled", describe(err))
	}
}

func contextRead(p *probe) {
	r := p.start(2)
	p.inject(Fault{OpRead, Hang})
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	n := p.reads()
	q := p.begin(func() error { _, err := r.conf.Snapshot(ctx); return err })
	if !p.until(p.h.patience(), func() bool { return p.reads() > n }) {
		p.failf("the read did not reach the vendor")
	}
	p.canceled(cancel, q, 0)
}

func contextDeadline(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	p.inject(Fault{OpRemove, Hang})
	r.byDeadline(a, func() {})
}

func contextDeadlineReads(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanHold)
	p.inject(Fault{OpSet, Ignore})
	r.byDeadline(a, func() { p.inject(Fault{OpRead, Hang}) })
}

// byDeadline gives a command a second, and does something once the vendor has it.
func (r *room) byDeadline(a act, then func()) {
	ctx, cancel := context.WithTimeout(r.ctx, time.Second)
	defer cancel()
	n := r.commands()
	q := r.begin(func() error { return a.do(ctx, r.conf) })
	r.arrives(n, "the command")
	then()
	err := r.within(long, q, "the command")
	if took := q.ended.Sub(q.began); took > time.Second+r.slack() {
		r.failf("it had 1 s and took %v", took)
	}
	r.wantKind(err, "a command whose outcome cannot be had", cc.ErrUncertain)
}

// attempt is how long one request may take.
const attempt = 4 * time.Second

func contextAttempt(p *probe) {
	r := p.start(2)
	a := r.act(OpRemove)
	p.inject(Fault{OpRemove, Hang})
	n := p.commands()
	p.begin(func() error { return a.do(p.ctx, r.conf) })
	p.arrives(n, "the command")
	n = p.reads()
	began := time.Now()
	p.until(2*attempt, func() bool { return p.reads() > n })
	if took := time.Since(began); took > attempt+p.slack()+50*time.Millisecond {
		p.failf("no read was made for %v after the command was sent", took)
	}
}

// defaultTime is what there is without a deadline.
const defaultTime = 10 * time.Second

func contextDefaultCommand(p *probe) {
	r := p.start(2)
	a := r.act(OpSet, cc.CanDeaf)
	p.inject(Fault{OpSet, Ignore})
	q := p.begin(func() error { return a.do(p.ctx, r.conf) })
	// The deciding read may use all the time that is left, so that the end of it shows.
	p.sleep(defaultTime / 2)
	p.inject(Fault{OpRead, Hang})
	p.within(long, q, "the command")
	switch took := q.ended.Sub(q.began); {
	case took > defaultTime+p.slack():
		p.failf("it took %v", took)
	case took < defaultTime*4/5-p.slack():
		// Waiting stops when a fifth is left.
		p.failf("it was given up after %v", took)
	}
}

func contextDefault(p *probe, read func(*room) error) {
	r := p.start(2)
	p.inject(Fault{OpRead, Hang})
	q := p.begin(func() error { return read(r) })
	if err := p.within(long, q, "the call"); err == nil {
		p.failf("the vendor never answered, and the answer is nil")
	}
	if took := q.ended.Sub(q.began); took > defaultTime+p.slack() {
		p.failf("it took %v", took)
	}
}
