package provider

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/lapse"
)

// errClosed is what ends a wait when the client is closed.
var errClosed error = cc.Detail("the client was closed")

// A pending is a command under way. It is there for news before the request leaves, since news and
// failures overtake replies.
type pending struct {
	order   order
	bell    chan struct{} // has room for one ring
	failure error         // guarded by client.mu
	now     *exchange     // with the driver, the last one begun; guarded by client.mu
	pinned  evidence      // whom all steps of a change are for, if fresh
	tries   attempts
	next    *pending  // of those under way, the one before; guarded by client.mu
	prev    *pending  // the one after; guarded by client.mu
	rung    time.Time // when all answers to news would have been ringPause apart; of the command's goroutine
}

// News bring a read of a command forward: a few of them at once, more of them not as often as they come.
const (
	ringPause   = 50 * time.Millisecond
	ringsAtOnce = 3 // beside the first
)

// answer notes that a read answers news.
func (p *pending) answer(now time.Time) {
	if p.rung.Before(now) {
		p.rung = now
	}
	p.rung = p.rung.Add(ringPause)
}

// Command runs one command from its arguments to its outcome.
func (c *client) command(ctx context.Context, o order) (err error) {
	if ctx == nil {
		ctx, err = context.Background(), noContext()
	}
	if c.observer != nil {
		its, done := c.observer.Command(ctx, cc.Command{
			Op: o.op.String(), Client: c.name, Conference: o.conf, Participant: o.part, Change: o.change,
		})
		if its != nil {
			ctx = its
		}
		if done != nil {
			defer func() { done(err) }()
		}
	}
	if err == nil {
		err = c.perform(ctx, o)
	}
	err = c.fail(o.op.String(), o.conf, o.part, err)
	if err != nil && c.log != nil {
		c.log.LogAttrs(ctx, logLevel(err), "command failed", logError(err))
	}
	return err
}

func (c *client) perform(ctx context.Context, o order) error {
	if err := c.admit(&o); err != nil {
		return err
	}
	select {
	case <-c.closing:
		return cc.ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return notSent(err)
	}
	now := time.Now()
	left := c.timeout
	if t, ok := ctx.Deadline(); ok {
		left = t.Sub(now)
	}
	deadline := now.Add(left)
	decideAt := deadline.Add(-min(left/5, maxReserve))

	if o.op != opEnd || c.serial {
		own := c.lane(o, o.conf)
		if err := c.lanes.enter(ctx, own, o.op == opEnd, deadline, c.closing); err != nil {
			return notSent(err)
		}
		defer c.lanes.leave(own)
		// Both a name and an Instance lead to the lane of the name, as far as this client has read which
		// is which by now. That of the Instance is for those who came before it had.
		c.mu.Lock()
		common := c.lane(o, c.nameOf(o.conf))
		c.mu.Unlock()
		if common != own {
			if err := c.lanes.enter(ctx, common, o.op == opEnd, deadline, c.closing); err != nil {
				return notSent(err)
			}
			defer c.lanes.leave(common)
		}
	}
	if err := c.awaitNews(ctx, decideAt); err != nil {
		return notSent(err)
	}
	return c.carryOut(ctx, o, decideAt, deadline)
}

// AwaitNews waits until the subscription stands, for a time that the command can spare: news that
// overtake the reply are not to be missed, least of all where they alone tell of failures.
func (c *client) awaitNews(ctx context.Context, decideAt time.Time) error {
	began, settled := c.listen()
	if settled {
		return nil
	}
	until := decideAt
	if !c.serial {
		until = began.Add(listenPatience)
		if half := time.Now().Add(time.Until(decideAt) / 2); half.Before(until) {
			until = half
		}
	}
	return c.awaitListening(ctx, until)
}

// Admit checks the arguments, and refuses what the provider can never do.
func (c *client) admit(o *order) error {
	if err := c.checkConference(o.conf); err != nil {
		return err
	}
	if o.op == opEnd {
		return c.require(cc.CanEnd, c.caps.Conference)
	}
	if err := c.checkParticipant(o.part); err != nil {
		if o.told = c.maybeTwin(o.part); !o.told {
			return err
		}
	}
	if o.op == opRemove {
		return c.require(cc.CanRemove, c.caps.Others|c.caps.Self)
	}
	if err := checkChange(o.change); err != nil {
		return err
	}
	return c.require(needs(o.change), c.caps.Others|c.caps.Self)
}

func (c *client) require(need, have cc.Controls) error {
	if missing := need &^ have; missing != 0 {
		return &cc.Error{Kind: cc.ErrUnsupported, Missing: missing}
	}
	return nil
}

func asInvalid(err error) error {
	e := *asError(err)
	e.Kind = cc.ErrInvalid
	return &e
}

// NotSent is the error of a command that ended before anything was sent.
func notSent(err error) *cc.Error {
	if errors.Is(err, errClosed) {
		return &cc.Error{Kind: cc.ErrClosed}
	}
	return &cc.Error{Kind: cc.ErrCanceled, Err: err}
}

// Lane is what an order has to wait for, where its conference is known by that id.
func (c *client) lane(o order, conf cc.ConferenceID) lane {
	if c.serial {
		return lane{conference: conf}
	}
	return lane{conf, o.part}
}

// CarryOut sends what has to be sent, step by step.
func (c *client) carryOut(ctx context.Context, o order, decideAt, deadline time.Time) error {
	p := c.enlist(o)
	defer c.discharge(p)

	have, err := c.lookFirst(ctx, p, deadline)
	if err != nil {
		return err
	}
	if o.op != opSet {
		return c.settle(ctx, p, o, decideAt, deadline)
	}
	each, n := steps(o.change, have)
	if n == 0 {
		return nil
	}
	if c.whole {
		return c.settle(ctx, p, o, decideAt, deadline)
	}
	if n == 1 {
		o.change = each[0]
		return c.settle(ctx, p, o, decideAt, deadline)
	}
	if v, ok := c.driver.(Vetter); ok {
		if err := c.vet(ctx, p, v, o, deadline); err != nil {
			return err
		}
	}
	var applied cc.Change
	for _, change := range each[:n] {
		o.change = change
		if err := c.settle(ctx, p, o, decideAt, deadline); err != nil {
			e := *asError(err)
			e.Applied = applied
			if applied != (cc.Change{}) && (e.Kind == cc.ErrCanceled || e.Kind == cc.ErrClosed) {
				e.Kind = cc.ErrUncertain // a part was sent, and done
			}
			return &e
		}
		merge(&applied, change)
	}
	return nil
}

// LookFirst makes the one read that may save a command: where the last known state is as asked
// already, where it must be known whose leg is meant or whether it is one of several who cannot be told
// apart, and before a change of several steps, so that all of them are for one person. It returns the
// state that was read, if any.
func (c *client) lookFirst(ctx context.Context, p *pending, deadline time.Time) (have cc.ParticipantState, err error) {
	o := p.order
	several := false
	if o.op == opSet && !c.whole {
		_, n := steps(o.change, have)
		several = n > 1
	}
	c.mu.Lock()
	e := c.memory.get(o.conf)
	look := several || o.told || e != nil && (e.asAsked(o) || isTwin(e.participants, o.part)) || c.caps.SessionOnly && o.op == opRemove && (e == nil || !e.whole)
	c.mu.Unlock()
	if !look {
		return have, nil
	}
	r := c.read(ctx, p, o, evidence{handle: o.conf}, ForCommand, deadline, true)
	switch ended := c.endedBy(ctx, deadline); {
	case r.err != nil && ended != nil:
		return have, keeping(notSent(ended), r.err)
	case r.err != nil:
		return have, r.err
	case r.over:
		return have, cc.ErrNotFound
	case o.op == opEnd:
		return have, nil
	case !r.present:
		return have, cc.ErrNotParticipant
	}
	c.mu.Lock()
	e = c.memory.get(o.conf) // as it was read just now
	twin := o.told || e != nil && isTwin(e.participants, o.part)
	if several && !twin {
		p.pinned = e.evidence(o.conf, o.part)
		p.pinned.fresh = p.pinned.present
	}
	c.mu.Unlock()
	if twin {
		return have, &cc.Error{
			Kind: cc.ErrConflict, Missing: o.needs(),
			Err: cc.Detail("the participant cannot be told apart from another one"),
		}
	}
	if o.op == opSet {
		have = r.part.State
	}
	return have, nil
}

func (c *client) vet(ctx context.Context, p *pending, v Vetter, o order, deadline time.Time) error {
	x := c.exchange(p, said{Context: ctx}, deadline)
	defer x.Cancel()
	err := v.Vet(x, o.conf, o.part, o.change)
	if ended := c.endedBy(ctx, deadline); err != nil && ended != nil {
		return keeping(notSent(ended), err)
	}
	return err
}

// Settle sends one order and sees to its outcome. An answer that is proof needs no more than that.
func (c *client) settle(ctx context.Context, p *pending, o order, decideAt, deadline time.Time) error {
	c.mu.Lock()
	ev := p.pinned
	if !ev.fresh {
		ev = c.memory.get(o.conf).evidence(o.conf, o.part)
	}
	p.failure = nil
	doubtful := c.doubts.any() && c.doubts.about(c.nameOf(o.conf), time.Now())
	c.mu.Unlock()
	p.tries.left.Store(maxAttempts)

	if done, answer := c.send(ctx, p, o, &ev, 1, decideAt); !done {
		return c.seeTo(ctx, p, o, ev, answer, doubtful, decideAt, deadline)
	}
	c.confirmed(o, ev)
	return nil
}

// SeeTo finds out what has become of an order that was sent, as the step function says, which is given
// the first answer first.
func (c *client) seeTo(ctx context.Context, p *pending, o order, ev evidence, first *input, doubtful bool, decideAt, deadline time.Time) error {
	s, out := startSettling(o, ev, c.caps.SessionOnly, decideAt)
	s.doubtful = doubtful
	for {
		var in input
		switch out.action {
		case actFinish:
			if out.err == nil {
				c.confirmed(o, ev)
			} else if c.serial && cc.KindOf(out.err) == cc.ErrUncertain {
				c.mu.Lock()
				c.doubts.note(c.nameOf(o.conf), time.Now(), c.timeout)
				c.mu.Unlock()
			}
			return lacking(o, out.err)
		case actSend:
			if s.sends > 1 {
				done := false
				if done, first = c.send(ctx, p, o, &ev, s.sends, decideAt); done {
					c.confirmed(o, ev)
					return nil
				}
			}
			in, s.evidence = *first, ev
		case actRead:
			select {
			case <-p.bell: // this read begins after it, and answers it
			default:
			}
			until := decideAt
			if out.deciding {
				until = deadline
			}
			purpose := ForCommand
			if out.reason == toSettle {
				purpose = ForSettling
			}
			whole := out.reason == toTellApart || out.reason == toExcuse // which shows twins, too
			in = input{event: evRead, reading: c.read(ctx, p, o, ev, purpose, until, whole)}
			if err := c.interrupted(ctx); err != nil && in.reading.err != nil && (out.reason == toConfirm || out.reason == toSettle) {
				in = input{event: evEnded, err: err}
			}
		case actWait:
			in = c.wait(ctx, p, out.until)
		}
		if in.event == evSent || in.event == evRead {
			if f := c.failureOf(p); f != nil {
				s.failure = f
			}
		}
		in.now, in.jitter = time.Now(), rand.Float64()
		s, out = s.step(in)
	}
}

// Send makes one send, and hears of an end of the caller's context. It sends nothing once there is no
// time left to see what became of it. It tells that the answer is proof, or gives what has come.
func (c *client) send(ctx context.Context, p *pending, o order, ev *evidence, sends int, until time.Time) (done bool, in *input) {
	switch ended := c.endedBy(ctx, until); {
	case ended != nil && sends > 1:
		return false, &input{event: evEnded, err: ended}
	case ended != nil:
		return false, &input{event: evSent, err: notSent(ended)}
	}
	conf := o.conf
	if (sends > 1 || ev.fresh) && ev.named {
		conf = ev.instance // the run that was proven, whatever has the name by now
		ev.sure = true
	}
	if sends > 1 {
		p.tries.left.Store(min(p.tries.left.Load(), 1)) // what was proven holds now, and not after a wait
	}
	x := c.exchange(p, said{Context: ctx, tries: &p.tries}, until)
	var r Result
	var err error
	switch o.op {
	case opRemove:
		r, err = c.driver.Remove(x, conf, o.part)
	case opSet:
		r, err = c.driver.SetState(x, conf, o.part, o.change)
	default:
		r, err = c.driver.End(x, conf)
	}
	x.Cancel()
	if err == nil && r.Instance != "" && namesRun(o.conf, r.Instance) {
		if !ev.known || ev.instance != r.Instance {
			*ev = evidence{handle: o.conf, known: true, instance: r.Instance, named: true}
		}
		ev.sure = true
	}
	if ended := c.interrupted(ctx); err != nil && ended != nil {
		switch cc.KindOf(err) {
		case cc.ErrUncertain:
			return false, &input{event: evEnded, err: ended, said: err}
		case cc.ErrCanceled, cc.ErrUnavailable, cc.ErrClosed:
			if sends > 1 {
				return false, &input{event: evEnded, err: ended}
			}
			err = keeping(notSent(ended), err)
		}
	}
	if err == nil && (r.Done || c.trusting) {
		return true, nil
	}
	return false, &input{event: evSent, err: err}
}

// Wait waits for news or for the time of the next read. News bring that read forward, at once if there
// were few of them lately: any number of them cost a few reads and then one for each ringPause.
func (c *client) wait(ctx context.Context, p *pending, until time.Time) input {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	for rang := false; ; {
		select {
		case <-timer.C:
			if rang {
				p.answer(time.Now())
			}
			return input{event: evWoke}
		case <-p.bell:
			if f := c.failureOf(p); f != nil {
				return input{event: evFailed, err: f}
			}
			now := time.Now()
			due := p.rung.Add(-ringsAtOnce * ringPause)
			if !now.Before(due) {
				p.answer(now)
				return input{event: evWoke}
			}
			if due.Before(until) {
				rang, until = true, due
				timer.Reset(time.Until(until))
			}
		case <-ctx.Done():
			return input{event: evEnded, err: ctx.Err()}
		case <-c.closing:
			return input{event: evEnded, err: errClosed}
		}
	}
}

// Interrupted tells why the command cannot go on: the caller's context is over, or the client closed.
func (c *client) interrupted(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.isClosing() {
		return errClosed
	}
	return nil
}

// EndedBy is interrupted, or that the time is up: the caller's context may be about to say so.
func (c *client) endedBy(ctx context.Context, until time.Time) error {
	if err := c.interrupted(ctx); err != nil || time.Now().Before(until) {
		return err
	}
	return context.DeadlineExceeded
}

// An exchange is the context of one exchange with the driver.
type exchange struct {
	lapse.Context
	said said
}

// Exchange begins one: it ends at until, with the caller's context, and with the client.
func (c *client) exchange(p *pending, s said, until time.Time) *exchange {
	x := &exchange{said: s}
	x.Begin(&x.said, until)
	c.mu.Lock()
	p.now = x
	c.mu.Unlock()
	if c.isClosing() {
		x.Cancel()
	}
	return x
}

// Enlist makes a command known to the news, before anything is sent.
func (c *client) enlist(o order) *pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	var p *pending
	if n := len(c.spare); n > 0 {
		p, c.spare = c.spare[n-1], c.spare[:n-1]
	} else {
		p = &pending{bell: make(chan struct{}, 1)}
	}
	p.order = o
	if p.next = c.pending; p.next != nil {
		p.next.prev = p
	}
	c.pending = p
	return p
}

// Discharge forgets a command. Those who watch its conference look again, so that they need not wait
// for news of what this client did itself.
func (c *client) discharge(p *pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.prev == nil {
		c.pending = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	}
	p.prev, p.next = nil, nil
	p.failure, p.now, p.pinned, p.rung = nil, nil, evidence{}, time.Time{}
	select {
	case <-p.bell:
	default:
	}
	if len(c.spare) < 64 {
		c.spare = append(c.spare, p)
	}
	for _, w := range c.watches {
		if c.sameConference(w.id, p.order.conf) {
			w.ring(false)
		}
	}
}

func (c *client) failureOf(p *pending) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := p.failure
	p.failure = nil
	return f
}

// Confirmed notes what this client itself has done, for the reasons in the story.
func (c *client) confirmed(o order, ev evidence) {
	if o.op == opSet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watches {
		if c.sameConference(w.id, o.conf) {
			w.noteOurs(o, ev)
		}
	}
}
