package plivoserver

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A Fault is one way to misbehave. It is made of four independent parts: which requests it meets (On,
// Match, Skip, Times), whether they take effect (Effect), what is answered (Answer), and how the
// answer travels (Wire).
//
//	Fault{On: Commands, Answer: Status(503)}                      // refused
//	Fault{On: KickMember, Effect: true, Wire: Wire{Mode: Reset}}  // done, and the reply lost
//	Fault{On: Commands, Wire: Wire{Mode: Hang}, Times: 1}         // swallowed once, never answered
//	Fault{On: Reads, Effect: true, Wire: Wire{Mode: Drip}}        // true, but a byte each 100 ms
//
// Faults stand before authentication, as a proxy's errors do: a request that the fault lets take
// effect still needs its credentials for it.
type Fault struct {
	// On is an operation, or a class of them; the zero value is Any.
	On Operation
	// Match, where not nil, must report true too. The body has been read already and is not to be had.
	// It may be called by many goroutines at once.
	Match func(*http.Request) bool
	// Skip is how many matching requests pass before the first one is met.
	Skip int
	// Times is how many requests are met after that; 0 is all until the fault is lifted.
	Times int

	// Effect lets the operation happen as if there were no fault.
	Effect bool
	// Answer is sent in place of the operation's own. Nil is the operation's own, which needs
	// Effect, or nothing at all, which needs a Wire that loses it.
	Answer *Answer
	// Wire is how the answer travels; the zero value is whole and at once.
	Wire Wire
}

// A WireMode is what becomes of an answer on its way.
type WireMode uint8

const (
	Whole   WireMode = iota // it arrives
	Cut                     // the connection is closed
	Reset                   // the connection is reset: what was sent may be lost as well
	Hang                    // nothing more comes, until the client or the server closes the connection
	Drip                    // it comes byte by byte
	Abandon                 // it arrives, and the connection, which the client may keep, is closed a Pace later
)

// delivers reports whether the whole answer arrives, if the client has the time.
func (m WireMode) delivers() bool { return m == Whole || m == Drip || m == Abandon }

// A Wire is how an answer travels.
type Wire struct {
	Mode WireMode
	// After is how many bytes of the answer are sent whole before Mode begins. They are counted from
	// the status line, or, with Body, from the first byte of the body.
	After int
	Body  bool
	// Pace is the time before each byte of a Drip, and before Abandon closes; 0 is 100 ms.
	Pace time.Duration
}

const defaultPace = 100 * time.Millisecond

// active is a fault that has been injected.
type active struct {
	Fault
	lifted    chan struct{} // closed by lift
	seen, met int
}

// A faultSet holds the faults in the order they were injected in.
type faultSet struct {
	mu  sync.Mutex
	all []*active
}

// add checks a fault and puts it last.
func (s *faultSet) add(f Fault) (lift func(), err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.Wire.Pace == 0 {
		f.Wire.Pace = defaultPace
	}
	if f.Answer != nil {
		own := *f.Answer
		own.Header = own.Header.Clone()
		f.Answer = &own
	}
	a := &active{Fault: f, lifted: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, a)
	return func() { s.remove(a) }, nil
}

func (s *faultSet) remove(a *active) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, b := range s.all {
		if a == b {
			s.all = append(s.all[:i:i], s.all[i+1:]...)
			close(a.lifted)
			return
		}
	}
}

// meet returns the first fault that meets the request, and counts it as met, or nil. Match is
// called without the lock.
func (s *faultSet) meet(r *http.Request, op Operation) *active {
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	for _, a := range all {
		if !a.On.covers(r.Method, op) || a.Match != nil && !a.Match(r) {
			continue
		}
		if s.count(a) {
			return a
		}
	}
	return nil
}

// count notes one more matching request and reports whether a meets it.
func (s *faultSet) count(a *active) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.seen++
	if a.seen <= a.Skip || a.Times > 0 && a.met == a.Times {
		return false
	}
	a.met++
	return true
}

// check refuses what cannot be meant.
func (f Fault) check() error {
	switch {
	case !f.On.known():
		return fmt.Errorf("plivoserver: fault on unknown operation %q", f.On)
	case f.Skip < 0, f.Times < 0, f.Wire.After < 0, f.Wire.Pace < 0:
		return errors.New("plivoserver: fault with a negative number")
	case f.Wire.Mode > Abandon:
		return fmt.Errorf("plivoserver: fault with unknown wire mode %d", f.Wire.Mode)
	case f.Answer != nil:
		return f.Answer.check(f.Effect, f.Wire)
	case f.Effect && f.Wire.Mode == Whole:
		return errors.New("plivoserver: fault that changes nothing: neither answer nor wire")
	case !f.Effect && (f.Wire.Mode.delivers() || f.Wire.After > 0):
		return errors.New("plivoserver: fault with nothing to send: neither effect nor answer")
	}
	return nil
}
