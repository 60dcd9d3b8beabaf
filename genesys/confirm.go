package genesys

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

const maxReserve = 2 * time.Second // of the time of an order, for the read that decides

// An errand is one order of a handle and how its effect shows.
type errand struct {
	op   string
	path []string // of the POST, below /api/v2
	body operation
	call string // whose failures are those of the order
	dev  string // likewise; one of the two is empty
	done func(context.Context) (bool, error)
}

// carryOut sends the order and reads until its effect shows, at once after the answer and then after
// 50, 100, 200, 400, 800 ms; notifications bring the next read forward. A failure that is told
// meanwhile is the error if the next read shows that it is not done.
func (d *driver) carryOut(ctx context.Context, e errand) error {
	decide := time.Now().Add(time.Hour)
	if t, ok := ctx.Deadline(); ok {
		decide = t.Add(-min(time.Until(t)/5, maxReserve))
	}
	w := d.failures.await(e.call, e.dev)
	defer d.failures.leave(w)
	_, err := d.api.do(ctx, post(e.op, e.body, e.path...))
	reading := ctx
	if err != nil && !errors.Is(err, cc.ErrUncertain) {
		return err
	}
	if err != nil {
		reading = provider.WithPurpose(ctx, provider.ForSettling)
		if done, readErr := e.done(reading); readErr == nil && done {
			return nil
		}
		return err // it is not sent again: who orders decides
	}
	var failed error
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 800*time.Millisecond) {
		last := !time.Now().Before(decide)
		done, readErr := e.done(reading)
		switch {
		case readErr == nil && done:
			return nil
		case readErr == nil && failed != nil:
			return failed
		case errors.Is(readErr, cc.ErrNotFound):
			return d.api.unsure("the call was over before the effect could be seen", readErr)
		case ctx.Err() != nil:
			return d.api.unsure("accepted, but not seen to be done before the end", ctx.Err())
		case last:
			return d.api.unsure("accepted, but not seen to be done in time", readErr)
		}
		timer := time.NewTimer(min(time.Duration((0.75+rand.Float64()/2)*float64(wait)), time.Until(decide)))
		select {
		case <-timer.C:
		case <-w.bell:
		case failed = <-w.failed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// unsure is the error of an order that may have been done.
func (a *api) unsure(why cc.Detail, err error) error {
	e := a.fail(cc.ErrUncertain, why)
	if err != nil {
		e.Err = fmt.Errorf("%w: %w", why, err)
	}
	var said *cc.Error
	if errors.As(err, &said) {
		e.Code, e.Status, e.Message = said.Code, said.Status, said.Message
	}
	return e
}

// change is an errand on the call itself.
func (c *Call) change(ctx context.Context, op string, check func(CallRecord) error, body operation, done func(CallRecord) bool) error {
	return c.run(ctx, op, func(ctx context.Context) error {
		r, err := c.d.call(ctx, op, c.id)
		if err != nil {
			return err
		}
		if done(r) && body.Name != opAttachUserData && body.Name != opUpdateUserData {
			return nil
		}
		if err := check(r); err != nil {
			return err
		}
		if !isCallID(r.ID) {
			return c.d.api.unreadable("a call whose id cannot be addressed")
		}
		return c.d.carryOut(ctx, errand{
			op: op, path: []string{"me", "calls", r.ID}, body: body, call: r.ID,
			done: func(ctx context.Context) (bool, error) {
				now, err := c.d.call(ctx, op, c.id)
				return err == nil && done(now), err
			},
		})
	})
}

// offered refuses what the server does not offer on the call now.
func offered(operation string) func(CallRecord) error {
	return func(r CallRecord) error {
		if r.Offers(operation) {
			return nil
		}
		return &cc.Error{Kind: cc.ErrConflict, Err: cc.Detail("the server does not offer it now")}
	}
}
