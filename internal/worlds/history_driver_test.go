package worlds_test

import (
	"context"
	"io"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A way is the in-process way to the bridge, on which things go wrong.
type way struct {
	provider.Driver
	*scene
}

var _ provider.Vetter = way{}

func (w way) Vet(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error {
	return w.Driver.(provider.Vetter).Vet(ctx, c, p, change)
}

func (w way) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	return w.command(ctx, request{verb: verbRemove, conf: c, part: p}, func(ctx context.Context) (provider.Result, error) {
		return w.Driver.Remove(ctx, c, p)
	})
}

func (w way) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	return w.command(ctx, request{verb: verbSet, conf: c, part: p, change: change}, func(ctx context.Context) (provider.Result, error) {
		return w.Driver.SetState(ctx, c, p, change)
	})
}

func (w way) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	return w.command(ctx, request{verb: verbEnd, conf: c}, func(ctx context.Context) (provider.Result, error) {
		return w.Driver.End(ctx, c)
	})
}

func uncertain(err error) error { return &cc.Error{Kind: cc.ErrUncertain, Err: err} }

// Listen notes whether the subscription stands.
func (w way) Listen(ctx context.Context, report func(provider.Update)) error {
	defer w.standing.Store(false)
	return w.Driver.Listen(ctx, func(u provider.Update) {
		report(u)
		w.standing.Store(true)
	})
}

// command sends one command, and has it meet its fault.
func (w way) command(ctx context.Context, r request, do func(context.Context) (provider.Result, error)) (res provider.Result, err error) {
	if err := ctx.Err(); err != nil {
		return res, &cc.Error{Kind: cc.ErrCanceled, Err: err}
	}
	r.order = orderOf(ctx)
	if r.order == nil {
		w.wrong("a command that nobody gave: %v", r.verb)
		return res, uncertain(nil)
	}
	n, f := w.nextTry(r.order)
	r.n, r.fault, r.sent = n, f.what, time.Now()
	come := func() {
		w.carry(&r, func() bool {
			res, err = do(context.WithoutCancel(ctx))
			return err == nil
		})
	}
	lost := func() { w.carry(&r, nil) }
	broken := uncertain(io.ErrUnexpectedEOF)
	switch f.what {
	case notSent:
		return res, &cc.Error{Kind: cc.ErrUnavailable, Err: io.ErrClosedPipe}
	case loseBefore:
		lost()
		return res, broken
	case fails:
		lost()
		return res, &cc.Error{Kind: cc.ErrUncertain, Status: 503}
	case loseAfter, resetAfter, cutAnswer, garble:
		come()
		return provider.Result{}, broken
	case upheaval:
		come()
		w.upheave(r.order)
		return res, err
	case lostBefore:
		lost()
		w.upheave(r.order)
		return res, broken
	case lostAfter:
		come()
		w.upheave(r.order)
		return provider.Result{}, broken
	case failsDone:
		come()
		return provider.Result{}, &cc.Error{Kind: cc.ErrUncertain, Status: 500}
	case throttle:
		lost()
		return res, &cc.Error{Kind: cc.ErrRateLimited, Status: 429}
	case hang, hangDone:
		if f.what == hang {
			lost()
		} else {
			come()
		}
		return provider.Result{}, uncertain(attemptOver(ctx))
	case slowWay:
		back := make(chan struct{})
		go func() {
			defer close(back)
			time.Sleep(f.delay)
			come()
		}()
		select {
		case <-back:
			return res, err
		case <-ctx.Done():
			return provider.Result{}, uncertain(ctx.Err())
		}
	case slowBack:
		come()
		if !pause(ctx, f.delay) {
			return provider.Result{}, uncertain(ctx.Err())
		}
		return res, err
	case failLater:
		undo := w.sw.Inject(w.failure(fake.FailLater, r))
		come()
		undo()
		return res, err
	case failSooner:
		// The bridge itself waits here, so it cannot be one step; and it does nothing.
		lost()
		undo := w.sw.Inject(w.failure(fake.FailSooner, r))
		defer undo()
		if res, err = do(ctx); cc.KindOf(err) == cc.ErrCanceled {
			err = uncertain(ctx.Err())
		}
		return res, err
	}
	if kind, ok := refusals[f.what]; ok {
		lost()
		return res, &cc.Error{Kind: kind, Message: "refused"}
	}
	come()
	return res, err
}

var refusals = map[string]cc.Kind{
	refuse + "400": cc.ErrInvalid, refuse + "401": cc.ErrUnauthenticated, refuse + "403": cc.ErrForbidden,
	refuse + "405": cc.ErrUnsupported, refuse + "409": cc.ErrConflict, refuse + "422": cc.ErrInvalid,
}

// failure is the news of a failure in place of the effect of one request.
func (w way) failure(what fake.What, r request) fake.Fault {
	return fake.Fault{
		Op: fake.OpCommand, What: what, Times: 1, Err: &cc.Error{Kind: cc.ErrConflict, Message: "it failed"},
		Match: func(q fake.Request) bool {
			return q.Conference == r.conf && q.Participant == r.part && q.Change == r.change
		},
	}
}

// attemptOver waits as long as a transport does for an answer.
func attemptOver(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	<-ctx.Done()
	return ctx.Err()
}

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

func (w way) Snapshot(ctx context.Context, c cc.ConferenceID) (s provider.Snapshot, err error) {
	err = w.read(ctx, c, func(ctx context.Context) (err error) {
		s, err = w.Driver.Snapshot(ctx, c)
		return err
	})
	if err != nil {
		return provider.Snapshot{}, err
	}
	w.seen(s.Instance, s.Participants...)
	return s, nil
}

func (w way) Participant(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (who cc.Participant, run cc.ConferenceID, err error) {
	if !w.cast.profile.Single {
		return w.Driver.Participant(ctx, c, p)
	}
	err = w.read(ctx, c, func(ctx context.Context) (err error) {
		who, run, err = w.Driver.Participant(ctx, c, p)
		return err
	})
	if err != nil {
		return cc.Participant{}, "", err
	}
	w.seen(run, who)
	return who, run, nil
}

// read makes one read, and has it meet its fault.
func (w way) read(ctx context.Context, c cc.ConferenceID, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return &cc.Error{Kind: cc.ErrCanceled, Err: err}
	}
	f := fault{}
	if o := orderOf(ctx); o != nil {
		_, f = w.nextLook(o)
	} else if f = w.watchFault(); f.what != "" {
		began := w.mark()
		defer func() { w.readLost(ctx, c, began, f) }()
	}
	broken := &cc.Error{Kind: cc.ErrUnavailable, Err: io.ErrUnexpectedEOF}
	switch f.what {
	case loseBefore, cutAnswer, garble, fails:
		return broken
	case throttle:
		return &cc.Error{Kind: cc.ErrRateLimited, Status: 429}
	case hang:
		return &cc.Error{Kind: cc.ErrUnavailable, Err: attemptOver(ctx)}
	case slowWay:
		if !pause(ctx, f.delay) {
			return &cc.Error{Kind: cc.ErrUnavailable, Err: ctx.Err()}
		}
	case upheaval:
		err := do(ctx)
		w.upheave(orderOf(ctx))
		return err
	case slowBack:
		err := do(ctx)
		if !pause(ctx, f.delay) {
			return &cc.Error{Kind: cc.ErrUnavailable, Err: ctx.Err()}
		}
		return err
	}
	return do(ctx)
}
