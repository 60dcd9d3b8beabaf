package genesysserver

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Fault is one way to misbehave. It is made of independent parts: which requests it meets (On,
// Match, Skip, Times), whether they take effect (Effect), what is answered (Answer), what is told
// beside it (Failure), and how the answer travels (Wire, Delay).
//
//	Fault{On: CallPosts, Answer: Code(409, 2, "no")}                       // refused
//	Fault{On: CallPosts, Answer: Done()}                                   // accepted, and never done
//	Fault{On: CallPosts, Answer: Done(), Failure: &Failure{}}              // accepted, then a bare ErrorMessage
//	Fault{On: CallPosts, Answer: NotRegistered(), Failure: &Failure{Before: true}} // told twice
//	Fault{On: CallPosts, Effect: true, Wire: Reset}                        // done, and the reply lost
//	Fault{On: Any, Wire: Hang}                                             // nothing is ever answered
//
// Faults stand before authentication, as a proxy's errors do: a request that the fault lets take
// effect still needs its credentials for it.
type Fault struct {
	// On is an operation, or a class of them; the zero value is Any.
	On Operation
	// Agent, where not empty, is the user whose requests it meets, as the session or the credentials tell.
	Agent string
	// Match, where not nil, must report true too: of a request as Requests tells it, without its
	// answer. It may be called by many goroutines at once.
	Match func(Request) bool
	// Skip is how many matching requests pass before the first one is met.
	Skip int
	// Times is how many requests are met after that; 0 is all until the fault is lifted.
	Times int

	// Effect lets the operation happen as if there were no fault. The CometD endpoint is never met by
	// a fault with Effect.
	Effect bool
	// Answer is sent in place of the operation's own. Nil is the operation's own, which needs
	// Effect, or nothing at all, which needs a Wire that loses it.
	Answer *Answer
	// Failure, where not nil, is published to the agent whose request it is.
	Failure *Failure
	// Wire is how the answer travels.
	Wire Wire
	// Delay is how long the answer is held back, after the effect.
	Delay time.Duration
}

// A Wire is what becomes of an answer on its way.
type Wire uint8

const (
	Whole Wire = iota // it arrives
	Cut               // half of it arrives, and the connection is closed
	Reset             // the connection is reset, and nothing of it arrives
	Hang              // nothing comes, until either side closes the connection or the fault is lifted
)

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
	if f.Answer != nil {
		own := *f.Answer
		own.Header = own.Header.Clone()
		f.Answer = &own
	}
	if f.Failure != nil {
		own := *f.Failure
		f.Failure = &own
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
func (s *faultSet) meet(r Request, t target) *active {
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	for _, a := range all {
		switch {
		case !a.On.covers(t, r.Method, r.Operation),
			t.place == placeCometD && a.Effect,
			a.Agent != "" && a.Agent != r.User,
			a.Match != nil && !a.Match(r):
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
		return fmt.Errorf("genesysserver: fault on unknown operation %q", f.On)
	case f.Skip < 0, f.Times < 0, f.Delay < 0, f.Failure != nil && (f.Failure.Delay < 0 || f.Failure.Code < 0):
		return errors.New("genesysserver: fault with a negative number")
	case f.Wire > Hang:
		return fmt.Errorf("genesysserver: fault with unknown wire %d", f.Wire)
	case f.Answer != nil && f.Answer.check() != nil:
		return f.Answer.check()
	case f.On == CometDPost && f.Effect:
		return errors.New("genesysserver: a fault of the CometD endpoint has no effect")
	case f.Effect && f.Answer == nil && f.Wire == Whole && f.Failure == nil && f.Delay == 0:
		return errors.New("genesysserver: fault that changes nothing")
	case !f.Effect && f.Answer == nil && (f.Wire == Whole || f.Wire == Cut):
		return errors.New("genesysserver: fault with nothing to send: neither effect nor answer")
	}
	return nil
}

// Inject has requests that arrive from now on meet a fault until lift is called or its Times are
// over. The first injected of several faults that match wins. lift also resets the connections that
// the fault holds with Hang, and may be called more than once. A fault that cannot be meant is an
// error.
func (s *Server) Inject(f Fault) (lift func(), err error) { return s.faults.add(f) }
