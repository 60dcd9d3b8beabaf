package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime/pprof"
	"time"
)

// caseLimit is how long a case may take. No rule needs nearly as long.
const caseLimit = 3 * time.Minute

// Judge judges one rule, by the name of its case. It opens a Site of its own and closes it. Where
// h.FakeTime is set, the caller has put it in a testing/synctest bubble, and rules about instants
// are exact; otherwise they are allowed 250 ms, and a case that fails while the machine is late for its
// own timers is judged again once it keeps time, three times at most; Detail tells of it. Known and
// Only are not looked at.
//
// Judge does not panic, also when the driver does. It gives a case up after three minutes even if the
// driver does not come back.
func Judge(ctx context.Context, h Harness, name string) Outcome {
	r, ok := find(name)
	if !ok {
		return Outcome{Case: name, Verdict: Fails, Detail: "there is no such case"}
	}
	return h.judge(ctx, r)
}

// judge judges one rule, as often as it takes.
func (h Harness) judge(ctx context.Context, r rule) Outcome {
	try := func() trial { return try(ctx, h, r) }
	return retry(ctx, try(), try)
}

// A trial is what came of judging one rule once, and how late the machine was meanwhile.
type trial struct {
	Outcome
	late time.Duration
}

// doubtful tells whether a failure says nothing of the client, since it may be the machine's.
func (t trial) doubtful() bool { return t.Verdict == Fails && t.late >= tooLate }

// retries is how often a case is judged again.
const retries = 3

// retry looks at a doubtful trial again, once the machine keeps time.
func retry(ctx context.Context, first trial, again func() trial) Outcome {
	last := first
	for range retries {
		if !last.doubtful() || ctx.Err() != nil {
			break
		}
		calm(ctx)
		last = again()
	}
	switch o := last.Outcome; {
	case last.doubtful():
		o.Detail = fmt.Sprintf("%s (this machine was up to %v late meanwhile)", o.Detail, last.late.Round(time.Millisecond))
		return o
	case first.doubtful() && o.Verdict == Holds:
		o.Detail = fmt.Sprintf("judged again, since it failed while this machine was up to %v late: %s", first.late.Round(time.Millisecond), first.Detail)
		return o
	default:
		return o
	}
}

// try judges one rule once.
func try(ctx context.Context, h Harness, r rule) trial {
	// The deadline of the caller is not the deadline of commands that are to have none.
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()

	p := &probe{h: h, rule: r, ctx: inner, mark: r.name + " " + rand.Text()}
	if !h.FakeTime {
		p.late = new(lateness)
		defer p.late.measure()()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		pprof.Do(inner, pprof.Labels(markKey, p.mark), p.run)
	}()
	limit := time.NewTimer(caseLimit)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		p.decide(Fails, "something did not come back within "+caseLimit.String())
	}
	return trial{p.outcome(), p.late.worst()}
}

// run opens the site, plays the case and closes the site. A verdict ends the goroutine by
// runtime.Goexit, which runs what is deferred here.
func (p *probe) run(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			p.decide(Fails, fmt.Sprintf("it panicked: %v", v))
		}
	}()
	p.ctx = ctx
	site, err := p.h.Open(ctx)
	if err != nil {
		p.failf("it could not be opened: %v", err)
	}
	p.site = site
	defer p.close()
	p.rule.play(p)
}

// closeClient closes the client in the course of the case.
func (p *probe) closeClient() error {
	p.closed = true
	return p.site.Client.Close()
}

// close lifts what still stands and closes client and world, once; the client only if the case has
// not.
func (p *probe) close() {
	p.closing.Do(func() {
		for i := len(p.lifts) - 1; i >= 0; i-- {
			p.lifts[i]()
		}
		if !p.closed {
			if err := p.site.Client.Close(); err != nil {
				p.decide(Fails, fmt.Sprintf("Close answered: %v", err))
			}
		}
		if p.site.Close != nil {
			p.site.Close()
		}
	})
}
