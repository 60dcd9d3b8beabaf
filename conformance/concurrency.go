package conformance

import (
	"context"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func concurrencyRules() []rule {
	return []rule{
		{"concurrency/same-participant", "A second command on a participant is not sent before the first has come to its end.", concurrencySame},
		{"concurrency/order", "Commands on one participant take effect in the order in which they arrived.", concurrencyOrder},
		{"concurrency/waiting", "Waiting for one's turn obeys the context: ErrCanceled at that instant, and nothing is sent.", concurrencyWaiting},
		{"concurrency/different", "A command on another participant does not wait.", concurrencyDifferent},
		{"concurrency/end", "End waits for nobody, or, where commands go one by one, goes next.", concurrencyEnd},
		{"concurrency/many", "Many commands on many people at once are all done, each to the person it named.", concurrencyMany},
	}
}

func concurrencySame(p *probe) {
	r := p.start(2)
	id, f := r.field()
	p.inject(Fault{OpSet, Late})
	n, at := p.commands(), time.Now()
	first := p.begin(func() error { return r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)) })
	p.arrives(n, "the first command")
	second := p.begin(func() error { return r.conf.SetParticipantState(p.ctx, id, f.order(cc.Off)) })
	p.until(Lag/2, second.back)
	if n = p.commands() - n; n > 1 && time.Since(at) < Lag { // before that the first cannot be done
		p.failf("the second command was sent while the first was under way")
	}
	p.must(p.within(long, first, "the first command"), "the first command")
	p.must(p.within(long, second, "the second command"), "the second command")
}

func concurrencyOrder(p *probe) {
	r := p.start(2)
	id, f := r.field()
	p.inject(Fault{OpSet, Late})
	n := p.commands()
	var queue []*pending
	for _, to := range []cc.Toggle{cc.On, cc.Off, cc.On, cc.Off} {
		queue = append(queue, p.begin(func() error { return r.conf.SetParticipantState(p.ctx, id, f.order(to)) }))
		if len(queue) == 1 {
			p.arrives(n, "the first command")
		}
		p.getGoing(20 * time.Millisecond)
	}
	for i, q := range queue {
		p.must(p.within(long, q, "a command in the queue"), "a command in the queue")
		if i > 0 && q.ended.Before(queue[i-1].ended) {
			p.failf("command %d came to its end before command %d", i+1, i)
		}
	}
	if got := f.in(r.state(id)); got != cc.Off {
		p.failf("the last command set %s off, and it is %s", f.name, toggleWord(got))
	}
}

func concurrencyWaiting(p *probe) {
	r := p.start(2)
	id, f := r.field()
	p.inject(Fault{OpSet, Ignore})
	n := p.commands()
	first, stop := context.WithCancel(p.ctx)
	defer stop()
	p.begin(func() error { return r.conf.SetParticipantState(first, id, f.order(cc.On)) })
	p.arrives(n, "the first command")
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	second := p.begin(func() error { return r.conf.SetParticipantState(ctx, id, f.order(cc.Off)) })
	p.getGoing(50 * time.Millisecond)
	if p.commands() > n+1 {
		p.cannotArise("commands on one participant do not wait here")
	}
	p.canceled(cancel, second, cc.ErrCanceled)
	if p.commands() > n+1 {
		p.failf("it was sent")
	}
}

func concurrencyDifferent(p *probe) {
	r := p.start(3)
	a := r.act(OpSet)
	other := cc.ParticipantID("")
	for _, who := range r.truth().Participants {
		if who.ID != a.id && who.Controls&cc.CanRemove != 0 {
			other = who.ID
		}
	}
	if other == "" {
		p.cannotArise("nobody else can be commanded here")
	}
	// Where failures are told later and name only the call, commands have to go one by one.
	if p.h.Want.SessionOnly {
		if lift, arises := p.tryInject(Fault{OpSet, FailLater}); arises {
			lift()
			p.cannotArise("commands of one conference go one by one here")
		}
	}
	p.inject(Fault{OpSet, Hang})
	n := p.commands()
	first, stop := context.WithCancel(p.ctx)
	defer stop()
	q := p.begin(func() error { return a.do(first, r.conf) })
	p.arrives(n, "the first command")
	second := p.begin(func() error { return r.conf.RemoveParticipant(p.ctx, other) })
	if err := p.within(long, second, "a command on another participant"); err != nil {
		p.failf("a command on another participant: %v", err)
	}
	if took := second.ended.Sub(second.began); q.back() && took > attempt/2+p.slack() {
		p.failf("a command on another participant waited for the first: it took %v", took)
	}
}

func concurrencyEnd(p *probe) {
	r := p.start(3)
	a, end := r.act(OpSet), r.act(OpEnd)
	p.inject(Fault{OpSet, Ignore})
	n := p.commands()
	begin := func(limit time.Duration) {
		p.begin(func() error {
			ctx, cancel := context.WithTimeout(p.ctx, limit)
			defer cancel()
			return a.do(ctx, r.conf)
		})
	}
	begin(2 * time.Second)
	p.arrives(n, "the first command")
	begin(6 * time.Second)
	p.getGoing(20 * time.Millisecond)
	q := p.begin(func() error { return end.do(p.ctx, r.conf) })
	p.must(p.within(long, q, "End"), "End")
	limit := time.Second
	if p.h.Want.SessionOnly {
		// Commands may go one by one there: End goes after the first, which has 2 s.
		limit = 2 * time.Second
	}
	if took := q.ended.Sub(q.began); took > limit+p.slack() {
		p.failf("End waited for another command: it took %v", took)
	}
}

func concurrencyMany(p *probe) {
	const n = 8
	r := p.start(n)
	id, f := r.field()
	var same []cc.ParticipantID
	for _, who := range r.truth().Participants {
		if who.Controls&f.can != 0 {
			same = append(same, who.ID)
		}
	}
	if len(same) < 2 {
		same = []cc.ParticipantID{id}
	}
	errs := make([]error, len(same))
	var wg sync.WaitGroup
	for i, who := range same {
		wg.Go(func() {
			if errs[i] = r.conf.SetParticipantState(p.ctx, who, f.order(cc.On)); errs[i] == nil && i%2 == 0 {
				errs[i] = r.conf.SetParticipantState(p.ctx, who, f.order(cc.Off))
			}
		})
	}
	wg.Wait()
	for i, who := range same {
		want := cc.On
		if i%2 == 0 {
			want = cc.Off
		}
		p.must(errs[i], "one of many commands")
		if got := f.in(r.state(who)); got != want {
			p.failf("%s of participant %s is %s, want %s", f.name, who, toggleWord(got), toggleWord(want))
		}
	}
}
