package genesys

import (
	"context"
	"encoding/json"
	"errors"

	cc "github.com/callcontrol-go/callcontrol"
)

// A Call is one call in the server's own words: what Web Services has and the contract has not.
// callcontrol.As of a Conference yields it. It is safe for concurrent use. Obtaining one makes no
// request. What it orders is confirmed by a read, as commands through the contract are; an order whose
// effect is not seen in time is ErrUncertain. Its orders do not wait for those of the Conference.
type Call struct {
	d  *driver
	id cc.ConferenceID
}

// ID is the id that the handle was made with.
func (c *Call) ID() cc.ConferenceID { return c.id }

// Read reads the call as the server tells it.
func (c *Call) Read(ctx context.Context) (r CallRecord, err error) {
	err = c.run(ctx, "ReadCall", func(ctx context.Context) error {
		r, err = c.d.call(ctx, "ReadCall", c.id)
		return err
	})
	return r, err
}

// Devices reads the agent's devices, with the supervisor monitoring that is set up on them.
func (c *Call) Devices(ctx context.Context) (list []DeviceRecord, err error) {
	err = c.run(ctx, "ReadDevices", func(ctx context.Context) error {
		list, err = c.d.api.readDevices(ctx, get("ReadDevices", every, "me", "devices"))
		return err
	})
	return list, err
}

// UserData reads what is attached to the call: a JSON object, or nil where nothing is.
func (c *Call) UserData(ctx context.Context) (json.RawMessage, error) {
	r, err := c.Read(ctx)
	return r.UserData, err
}

// run does one thing: it checks the id before anything is sent, sees to a deadline and to Close, and
// gives errors their shape.
func (c *Call) run(ctx context.Context, op string, do func(context.Context) error) error {
	a := c.d.api
	if ctx == nil {
		return c.shape(op, a.fail(cc.ErrInvalid, "the context is nil"))
	}
	if err := c.d.CheckConference(c.id); err != nil {
		return c.shape(op, err)
	}
	if a.closed.Err() != nil {
		return c.shape(op, a.fail(cc.ErrClosed, "the client was closed"))
	}
	ctx, cancel := a.limit(ctx)
	defer cancel()
	err := do(ctx)
	if err != nil && a.closed.Err() != nil && cc.KindOf(err) == cc.ErrCanceled {
		err = a.fail(cc.ErrClosed, "the client was closed")
	}
	return c.shape(op, err)
}

// shape says in a copy of the error which operation of which call failed.
func (c *Call) shape(op string, err error) error {
	if err == nil {
		return nil
	}
	e := new(cc.Error)
	if !errors.As(err, &e) {
		if e = (&cc.Error{Kind: cc.KindOf(err)}); e.Kind == 0 {
			e.Kind, e.Err = cc.ErrUnavailable, err
		}
	}
	told := *e
	told.Op, told.Client, told.Provider, told.Conference = op, c.d.api.name, Name, c.id
	return &told
}
