package fake

import (
	"cmp"
	"context"
	"io"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// failureDelay is how far a failure and the answer to its command are apart where the fault does
// not say.
const failureDelay = 20 * time.Millisecond

// begin tells why nothing can be sent; nil where it can.
func (d *driver) begin(ctx context.Context) error {
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return fail(cc.ErrClosed, "the client is closed")
	}
	if err := ctx.Err(); err != nil {
		return caused(cc.ErrCanceled, err)
	}
	return nil
}

// command sends one command to the bridge, through whatever fault is in its way.
func (d *driver) command(ctx context.Context, req Request, effect func(Timed) (cc.ConferenceID, error)) (provider.Result, error) {
	if err := d.begin(ctx); err != nil {
		return provider.Result{}, err
	}
	f, hit := d.sw.Admit(req)
	t := d.sw.Timed(f)
	t.lag = cmp.Or(t.lag, d.profile.Lag)
	if !hit {
		return result(effect(t))
	}
	var instance cc.ConferenceID
	var err error
	switch f.What {
	case Refuse, NotSent, LoseBefore, Ignore, Hang, FailLater, FailSooner:
	default:
		instance, err = effect(t)
	}
	if f.Meanwhile != nil {
		f.Meanwhile()
	}
	switch f.What {
	case Refuse, Contradict:
		return provider.Result{}, f.Failure()
	case NotSent:
		return provider.Result{}, fail(cc.ErrUnavailable, "an injected fault: not sent")
	case LoseBefore, LoseAfter:
		return provider.Result{}, caused(cc.ErrUncertain, io.ErrUnexpectedEOF)
	case Ignore:
		return provider.Result{}, nil
	case Hang, HangAfter:
		<-ctx.Done()
		return provider.Result{}, caused(cc.ErrUncertain, ctx.Err())
	case Slow:
		if !pause(ctx, f.Delay) {
			return provider.Result{}, caused(cc.ErrUncertain, ctx.Err())
		}
	case FailLater, FailSooner:
		return d.failing(ctx, req.Conference, f, func() (cc.ConferenceID, error) { return effect(t) })
	}
	return result(instance, err)
}

// failing accepts a command and has its failure told, before the answer or after it.
func (d *driver) failing(ctx context.Context, c cc.ConferenceID, f Fault, effect func() (cc.ConferenceID, error)) (provider.Result, error) {
	var instance cc.ConferenceID
	var err error
	if f.Effect {
		if instance, err = effect(); err != nil {
			return result(instance, err)
		}
	}
	n := News{Room: RoomInfo{Name: string(c)}, failure: f.Failure()}
	delay := cmp.Or(max(f.Delay, 0), failureDelay)
	if f.What == FailLater {
		d.sw.later(delay, func() { d.tell(n) })
		return result(instance, nil)
	}
	d.tell(n)
	if !pause(ctx, delay) {
		return provider.Result{}, caused(cc.ErrUncertain, ctx.Err())
	}
	return result(instance, nil)
}

// read sends one read to the bridge, through whatever fault is in its way.
func (d *driver) read(ctx context.Context, req Request, look func() error) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	f, hit := d.sw.Admit(req)
	if !hit {
		return look()
	}
	err := look()
	if f.Meanwhile != nil {
		f.Meanwhile()
	}
	switch f.What {
	case Refuse:
		return f.Failure()
	case NotSent:
		return fail(cc.ErrUnavailable, "an injected fault: not sent")
	case LoseBefore, LoseAfter:
		return caused(cc.ErrUnavailable, io.ErrUnexpectedEOF)
	case Hang, HangAfter:
		<-ctx.Done()
		return caused(cc.ErrUnavailable, ctx.Err())
	case Slow:
		if !pause(ctx, f.Delay) {
			return caused(cc.ErrUnavailable, ctx.Err())
		}
	}
	return err
}

// Listen tells about every conference that the session sees, as soon as reads show it.
func (d *driver) Listen(ctx context.Context, report func(provider.Update)) error {
	if !d.profile.Push {
		return fail(cc.ErrUnsupported, "nothing is pushed")
	}
	if err := d.begin(ctx); err != nil {
		return err
	}
	if f, hit := d.sw.Admit(Request{Op: OpListen}); hit {
		if f.Meanwhile != nil {
			f.Meanwhile()
		}
		switch f.What {
		case Hang, HangAfter:
			<-ctx.Done()
			return caused(cc.ErrUnavailable, ctx.Err())
		case Slow:
			if !pause(ctx, f.Delay) {
				return caused(cc.ErrUnavailable, ctx.Err())
			}
		default:
			return f.Failure()
		}
	}
	feed := d.sw.subscribe(0, true)
	defer feed.Close()
	if !d.attach(feed) {
		return fail(cc.ErrClosed, "the client is closed")
	}
	defer d.detach(feed)
	report(provider.Update{})
	for {
		n, err := feed.Next(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return caused(cc.ErrCanceled, ctx.Err())
		case err != nil:
			return err
		}
		d.report(n, report)
	}
}

// report tells one piece of news under every id that the conference has.
func (d *driver) report(n News, report func(provider.Update)) {
	switch {
	case n.Kind == NewsGap:
		report(provider.Update{Gap: true})
		return
	case n.failure != nil:
		report(provider.Update{Conference: cc.ConferenceID(n.Room.Name), Failure: n.failure})
		return
	case !d.profile.own(&n.Room) && !d.profile.owns(&n.Member):
		return
	}
	report(provider.Update{Conference: cc.ConferenceID(n.Room.Name)})
	if d.profile.RunIDs {
		report(provider.Update{Conference: n.Room.Instance})
	}
}

// tell hands a failure to those who listen.
func (d *driver) tell(n News) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for f := range d.feeds {
		f.put(n)
	}
}

// attach makes a feed one that failures are told to; false once the driver is closed.
func (d *driver) attach(f *Feed) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.feeds[f] = struct{}{}
	return true
}

func (d *driver) detach(f *Feed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.feeds, f)
}

// result makes what an accepted command returns.
func result(instance cc.ConferenceID, err error) (provider.Result, error) {
	if err != nil {
		return provider.Result{}, err
	}
	return provider.Result{Instance: instance}, nil
}

// caused makes an error of the contract with another one inside.
func caused(kind cc.Kind, err error) *cc.Error { return &cc.Error{Kind: kind, Err: err} }

// pause waits, and tells whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
