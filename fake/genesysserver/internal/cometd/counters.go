package cometd

import "sync/atomic"

// Counters count what has happened on a Server since it was made. Events and Overflows count once for
// each session.
type Counters struct {
	Handshakes, HandshakesRefused int64 // sessions made; denied by Options.Refuse
	Connects                      int64 // of known sessions
	Superseded                    int64 // held connects that gave way to another one of their session
	Multiple                      int64 // connects that were not held because of another session's
	Subscribes, Unsubscribes      int64 // that succeeded
	SubscribesRefused             int64
	PublishesRefused              int64
	Disconnects                   int64 // by a client
	Unknown                       int64 // messages answered 402
	Expired                       int64 // sessions that did not connect in time
	Overflows                     int64 // sessions forgotten because too many events waited
	Events                        int64 // taken for a session

	Sessions int // that live now
	Held     int // connects that are held now
	Sockets  int // that are open now
}

type tallies struct {
	handshakes, handshakesRefused, connects, superseded, multiple, subscribes, unsubscribes,
	subscribesRefused, publishesRefused, disconnects, unknown, expired, overflows, events, held atomic.Int64
}

// Counters returns the counters as they are now.
func (s *Server) Counters() Counters {
	t := &s.tallies
	c := Counters{
		Handshakes:        t.handshakes.Load(),
		HandshakesRefused: t.handshakesRefused.Load(),
		Connects:          t.connects.Load(),
		Superseded:        t.superseded.Load(),
		Multiple:          t.multiple.Load(),
		Subscribes:        t.subscribes.Load(),
		Unsubscribes:      t.unsubscribes.Load(),
		SubscribesRefused: t.subscribesRefused.Load(),
		PublishesRefused:  t.publishesRefused.Load(),
		Disconnects:       t.disconnects.Load(),
		Unknown:           t.unknown.Load(),
		Expired:           t.expired.Load(),
		Overflows:         t.overflows.Load(),
		Events:            t.events.Load(),
		Held:              int(t.held.Load()),
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	c.Sessions, c.Sockets = len(s.sessions), len(s.sockets)
	return c
}
