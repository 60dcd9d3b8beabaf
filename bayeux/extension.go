package bayeux

import (
	"encoding/json"
	"fmt"
)

// An Extension sees the messages of a session, meta messages included, and may change them. Its
// functions are called from several goroutines at once, and must not block for long: they hold
// up the connection that the message belongs to. Either may be nil.
type Extension struct {
	// Outgoing is called with every message before it is encoded. An error keeps the message back: the
	// request fails with it, and so does an attempt to connect.
	Outgoing func(m *Outgoing) error
	// Incoming is called with every message after it is decoded and before anything is done about it.
	// Returning false drops the message as if it had not come.
	Incoming func(m *Incoming) bool
}

// An Outgoing message is on its way to the server.
type Outgoing struct {
	// Channel, ID and Subscription are what they are; changes have no effect.
	Channel, ID  string
	Subscription []string
	// Data is what is published, and nil in other messages.
	Data json.RawMessage
	// Ext is the ext field. Keys may be added and changed; it is nil if there are none yet.
	Ext map[string]any
}

// An Incoming message has come from the server.
type Incoming struct {
	// Channel, ID and Subscription are what they are; changes have no effect. Only replies have a
	// Subscription.
	Channel, ID  string
	Subscription []string
	// Reply is set if the message answers a request, and Successful if it does so favourably. Error is
	// then what the server says about it. Changes have no effect.
	Reply, Successful bool
	Error             string
	// Advice is the server's, raw. Changes have no effect.
	Advice json.RawMessage
	// Data and Ext can be replaced. They are valid during the call only.
	Data, Ext json.RawMessage
}

// outgoing runs the hooks on a message about to be encoded.
func (s *Session) outgoing(m *Outgoing) error {
	for i := range s.opts.Extensions {
		if f := s.opts.Extensions[i].Outgoing; f != nil {
			if err := s.guardHook(m.Channel, func() error { return f(m) }); err != nil {
				return &Error{Kind: ErrHook, Detail: "an extension kept the message back", Err: err}
			}
		}
	}
	return nil
}

// incoming runs the hooks on a message just decoded, and reports whether it is to be kept.
func (s *Session) incoming(m *Incoming) bool {
	for i := len(s.opts.Extensions) - 1; i >= 0; i-- {
		f := s.opts.Extensions[i].Incoming
		if f == nil {
			continue
		}
		keep := true
		if err := s.guardHook(m.Channel, func() error { keep = f(m); return nil }); err == nil && !keep {
			return false
		}
	}
	return true
}

// guardHook calls f and makes a panic an error, and an event.
func (s *Session) guardHook(channel string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = s.panicked(channel, v)
		}
	}()
	return f()
}

// panicked reports a panic. Its value is in the error's cause, not in its text.
func (s *Session) panicked(channel string, v any) error {
	err := &Error{Kind: ErrHook, Detail: "panic", Err: panicError{v}}
	s.stats.panics.Add(1)
	s.measure(Panics, 1)
	s.tell(Event{Kind: EventPanicked, Channel: channel, Err: err})
	return err
}

// A panicError holds what was panicked with.
type panicError struct{ value any }

func (p panicError) Error() string { return fmt.Sprint(p.value) }

// Unwrap returns the value if it is an error.
func (p panicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
