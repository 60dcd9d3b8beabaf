package plivo

import (
	"context"
	"errors"

	cc "github.com/callcontrol-go/callcontrol"
)

// A handle is what the two vendor's own handles have in common.
type handle struct {
	api   *api
	id    cc.ConferenceID
	check func(cc.ConferenceID) error
}

// run does one thing to the room: it checks the room's id before anything is sent, sees to a
// deadline and to Close, and gives errors their shape.
func (h *handle) run(ctx context.Context, op string, do func(context.Context) error) error {
	if err := h.check(h.id); err != nil {
		return h.shape(op, err)
	}
	if h.api.closed.Err() != nil {
		return h.shape(op, &cc.Error{Kind: cc.ErrClosed})
	}
	ctx, cancel := h.api.limit(ctx)
	defer cancel()
	defer context.AfterFunc(h.api.closed, cancel)()
	err := do(ctx)
	if err == nil {
		return nil
	}
	// What Close has ended is told as that, unless it may have been done.
	if h.api.closed.Err() != nil && ended(err) {
		err = &cc.Error{Kind: cc.ErrClosed}
	}
	return h.shape(op, err)
}

// ended reports whether an error can be that of a call whose context ended.
func ended(err error) bool {
	var e *cc.Error
	return errors.As(err, &e) && e.Status == 0 && (e.Kind == cc.ErrCanceled || e.Kind == cc.ErrUnavailable)
}

// shape says in a copy of the error which operation of which conference failed.
func (h *handle) shape(op string, err error) error {
	e := new(cc.Error)
	if !errors.As(err, &e) {
		if e = (&cc.Error{Kind: cc.KindOf(err)}); e.Kind == 0 {
			e.Kind, e.Err = cc.ErrUnavailable, err
		}
	}
	shaped := *e
	shaped.Op, shaped.Client, shaped.Provider, shaped.Conference = op, h.api.name, h.api.provider, h.id
	return &shaped
}

func (h *handle) invalid(message string) error {
	return &cc.Error{Kind: cc.ErrInvalid, Err: cc.Detail(message)}
}

// withApplied says in a copy of the error what was accepted before it.
func withApplied(err error, accepted cc.Change) error {
	e := new(cc.Error)
	if err == nil || accepted == (cc.Change{}) || !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Applied = accepted
	return &told
}
