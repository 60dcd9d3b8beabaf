package genesysserver

import "context"

// listen tells agents the news of the Switch until the feed is closed.
func (s *Server) listen() {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		wake := s.waiting()
		n, err := s.feed.Next(wake)
		if err == nil {
			s.tell(n)
			continue
		}
		// Somebody waits for everything up to now to be told, or this is the end: Close, or that of
		// the Switch.
		waiters, closed := s.turn(wake.Err() == nil)
		for {
			n, err := s.feed.Next(gone)
			if err != nil {
				break
			}
			s.tell(n)
		}
		for _, w := range waiters {
			close(w)
		}
		if closed {
			return
		}
	}
}

// A gate lets others wait until everything that has been put into the feed is told.
type gate struct {
	wake    context.Context // ends when somebody waits
	ring    context.CancelFunc
	waiters []chan struct{}
	closed  bool
}

func newGate() gate {
	wake, ring := context.WithCancel(context.Background())
	return gate{wake: wake, ring: ring}
}

func (s *Server) waiting() context.Context {
	s.gateMu.Lock()
	defer s.gateMu.Unlock()
	return s.gate.wake
}

// turn returns who waits, and has the next ones wait anew, unless the feed has ended.
func (s *Server) turn(ended bool) (waiters []chan struct{}, closed bool) {
	s.gateMu.Lock()
	defer s.gateMu.Unlock()
	waiters, closed = s.gate.waiters, s.gate.closed || ended
	s.gate.ring()
	s.gate = newGate()
	s.gate.closed = closed
	return waiters, closed
}

// told waits until everything that the bridge has shown up to now is told: published, or waiting for
// its time.
func (s *Server) told(ctx context.Context) error {
	s.gateMu.Lock()
	if s.gate.closed {
		s.gateMu.Unlock()
		return nil
	}
	done := make(chan struct{})
	s.gate.waiters = append(s.gate.waiters, done)
	s.gate.ring()
	s.gateMu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
