package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A probe is one run of one case. Its verdicts end the case's goroutine and are given in no other.
type probe struct {
	h     Harness
	rule  rule
	mark  string          // labels the goroutines of this case
	ctx   context.Context // has no deadline; ends with the case
	site  *Site
	late  *lateness // of this machine; nil in fake time
	last  *pending  // that the case began
	lifts []func()

	closing sync.Once
	closed  bool // the case itself has closed the client

	mu      sync.Mutex
	verdict string
	detail  string
}

// decide records a verdict, unless there is one.
func (p *probe) decide(verdict, detail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.verdict == "" {
		p.verdict, p.detail = verdict, detail
	}
}

// note adds to the detail of a rule that holds.
func (p *probe) note(detail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.verdict == "" {
		p.detail = detail
	}
}

func (p *probe) outcome() Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := Outcome{Case: p.rule.name, Rule: p.rule.text, Verdict: p.verdict, Detail: p.detail}
	if o.Verdict == "" {
		o.Verdict = Holds
	}
	return o
}

func (p *probe) failf(format string, args ...any) {
	p.decide(Fails, fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (p *probe) cannotArise(why string) {
	p.decide(CannotArise, why)
	runtime.Goexit()
}

func (p *probe) notJudged(why string) {
	p.decide(NotJudged, why)
	runtime.Goexit()
}

// needs ends the case if the world, or a fault, could not do what the case needs.
func (p *probe) needs(err error, what string) {
	switch {
	case err == nil:
	case errors.Is(err, cc.ErrUnsupported):
		p.cannotArise(what + " does not arise at this vendor")
	default:
		p.notJudged(fmt.Sprintf("%s: %v", what, err))
	}
}

// must ends the case if something that is not what the case is about did not work.
func (p *probe) must(err error, what string) {
	if err != nil {
		p.failf("%s: %v", what, err)
	}
}

// wantKind fails unless err is of one of the kinds.
func (p *probe) wantKind(err error, what string, kinds ...cc.Kind) {
	got := cc.KindOf(err)
	for _, k := range kinds {
		if err != nil && got == k {
			return
		}
	}
	p.failf("%s: got %s, want %s", what, describe(err), describeKinds(kinds))
}

func describe(err error) string {
	if err == nil {
		return "nil"
	}
	return fmt.Sprintf("%q (%v)", err.Error(), cc.KindOf(err))
}

func describeKinds(kinds []cc.Kind) string {
	s := ""
	for i, k := range kinds {
		if i > 0 {
			s += " or "
		}
		s += k.Error()
	}
	return s
}

// inject has a fault stand until the case ends or the function is called.
func (p *probe) inject(f Fault) (lift func()) {
	lift, arises := p.tryInject(f)
	if !arises {
		p.cannotArise("the fault " + f.What + " of " + f.Op + " does not arise at this vendor")
	}
	return lift
}

// injectIf is inject for a fault that the case can do without where it does not arise.
func (p *probe) injectIf(f Fault) (lift func()) {
	lift, arises := p.tryInject(f)
	if !arises {
		return func() {}
	}
	return lift
}

// tryInject injects a fault if it arises at this vendor.
func (p *probe) tryInject(f Fault) (lift func(), arises bool) {
	if p.site.Faults == nil {
		why := p.h.NoFaults
		if why == "" {
			why = "the site has no faults, and the harness does not say why"
		}
		p.notJudged(why)
	}
	raised, err := p.site.Faults.Inject(f)
	switch {
	case errors.Is(err, cc.ErrUnsupported):
		return nil, false
	case err != nil:
		p.notJudged(fmt.Sprintf("the fault %s of %s: %v", f.What, f.Op, err))
	}
	lift = sync.OnceFunc(raised)
	p.lifts = append(p.lifts, lift)
	return lift, true
}

// commands and reads tell what has reached the vendor so far.
func (p *probe) commands() int {
	n, _ := p.site.World.Requests()
	return n
}

func (p *probe) reads() int {
	_, n := p.site.World.Requests()
	return n
}

// sleep lets d pass.
func (p *probe) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.ctx.Done():
	}
}

// until waits for ok to become true, and tells whether it did within the limit.
func (p *probe) until(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; p.sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if p.ctx.Err() != nil || !time.Now().Before(end) {
			return false
		}
	}
}

// slack is what a rule about an instant allows: nothing in fake time.
func (p *probe) slack() time.Duration {
	if p.late == nil {
		return 0
	}
	return allowance + 3*p.late.worst()
}

// getGoing gives what has been begun d, and more in real time, to come as far as it comes by itself.
func (p *probe) getGoing(d time.Duration) { p.sleep(d + p.slack()/4) }

// arrives waits until another command than the first n has reached the vendor, and is in its hands.
func (p *probe) arrives(n int, what string) {
	p.until(p.h.patience(), func() bool { return p.commands() > n || p.last.back() })
	switch {
	case p.commands() > n:
	case p.last.back():
		p.failf("%s did not reach the vendor: it returned %v", what, p.last.err)
	default:
		p.failf("%s did not reach the vendor", what)
	}
	// In fake time nothing else goes on while this passes.
	p.sleep(time.Millisecond + p.slack()/8)
}

// accepted waits until another command than the first n has been accepted: its effect is read for.
func (p *probe) accepted(n int) {
	p.arrives(n, "the command")
	n = p.reads()
	if !p.until(p.h.patience(), func() bool { return p.reads() > n }) {
		p.failf("nothing is read to see whether the command was done")
	}
}

// A pending is a call that is under way.
type pending struct {
	done  chan struct{}
	began time.Time
	ended time.Time
	err   error
}

// begin makes a call in a goroutine of its own.
func (p *probe) begin(f func() error) *pending {
	q := &pending{done: make(chan struct{}), began: time.Now()}
	p.last = q
	go func() {
		defer close(q.done)
		defer func() {
			if v := recover(); v != nil {
				q.err = fmt.Errorf("it panicked: %v", v)
			}
			q.ended = time.Now()
		}()
		q.err = f()
	}()
	return q
}

// back tells whether the call has returned.
func (q *pending) back() bool {
	select {
	case <-q.done:
		return true
	default:
		return false
	}
}

// within waits for a call to return, and fails if it does not.
func (p *probe) within(limit time.Duration, q *pending, what string) error {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-q.done:
	case <-t.C:
		if !q.back() {
			p.failf("%s had not returned after %v", what, limit)
		}
	}
	return q.err
}

// long is more than any command without a deadline takes.
const long = 15 * time.Second
