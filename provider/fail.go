package provider

import (
	"errors"

	cc "github.com/callcontrol-go/callcontrol"
)

// AsError returns the *cc.Error in err. An error of another type becomes one of kind unavailable,
// with err inside; nil becomes an empty one.
func asError(err error) *cc.Error {
	if err == nil {
		return &cc.Error{}
	}
	var e *cc.Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	switch k := cc.KindOf(err); {
	case k == 0:
		return &cc.Error{Kind: cc.ErrUnavailable, Err: err}
	case k == err:
		return &cc.Error{Kind: k}
	default:
		return &cc.Error{Kind: k, Err: err}
	}
}

// Fail gives an error the shape that applications see: whose it is, and what it is about. It changes
// a copy.
func (c *client) fail(op string, conf cc.ConferenceID, part cc.ParticipantID, err error) error {
	if err == nil {
		return nil
	}
	e := *asError(err)
	e.Op, e.Client, e.Provider, e.Conference, e.Participant = op, c.name, c.provider, conf, part
	if e.Kind == 0 {
		e.Kind = cc.ErrUnavailable
	}
	return &e
}

// Lacking gives err with what lacks, where the provider cannot or may not do what an order needs and
// does not say what that is.
func lacking(o order, err error) error {
	switch cc.KindOf(err) {
	case cc.ErrUnsupported, cc.ErrForbidden, cc.ErrConflict:
		e := *asError(err)
		if e.Missing == 0 {
			e.Missing = o.needs()
		}
		return &e
	}
	return err
}

// NoContext is the error of a call without a context.
func noContext() error { return invalid("the context is nil") }

// Keeping gives err, which says how a call ended, with what the vendor had answered before that. It
// may change err, which is the caller's own.
func keeping(err *cc.Error, said error) *cc.Error {
	var e *cc.Error
	if errors.As(said, &e) && e != nil && err.Status == 0 && err.Code == "" {
		err.Code, err.Status, err.RequestID = e.Code, e.Status, e.RequestID
		err.RetryAfter, err.Message = e.RetryAfter, e.Message
	}
	return err
}

// Because is our own words for what happened, with what led to it.
type because struct {
	cc.Detail
	err error
}

func (b because) Unwrap() []error {
	if b.err == nil {
		return []error{b.Detail}
	}
	return []error{b.Detail, b.err}
}
