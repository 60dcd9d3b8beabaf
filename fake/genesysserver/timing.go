package genesysserver

import (
	"errors"
	"time"
)

// An Order is when the notifications of an operation leave, seen from its answer, for the agent who
// asked. The other agents are told when the bridge shows it.
type Order uint8

const (
	AsShown     Order = iota // as soon as the bridge shows it, which may be either
	BeforeReply              // what the bridge shows by the time of the answer leaves before it
	AfterReply               // nothing leaves before the answer
)

// Timing is when answers and notifications leave. The zero Timing is at once.
type Timing struct {
	Order Order
	// Reply is how long the answer to an operation is held back after its effect.
	Reply time.Duration
	// Min and Max are the bounds of the delay of a notification. Those to one agent stay in order.
	Min, Max time.Duration
	// Seed decides the delays between the bounds.
	Seed uint64
}

func (t Timing) check() error {
	if t.Order > AfterReply || t.Reply < 0 || t.Min < 0 || t.Max < t.Min {
		return errors.New("genesysserver: a timing that cannot be meant")
	}
	return nil
}

// SetTiming changes the timing of what is asked and shown from now on.
func (s *Server) SetTiming(t Timing) error {
	if err := t.check(); err != nil {
		return err
	}
	s.courier.set(t)
	return nil
}
