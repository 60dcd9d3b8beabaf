package bayeux

import (
	"sync/atomic"
	"time"
)

// Metrics is told what a session counts and measures. Its methods are called from many goroutines,
// and must neither block nor call the session.
type Metrics interface {
	// Count adds n to a counter.
	Count(c Counter, n int64)
	// Observe tells a measure.
	Observe(m Measure, value float64)
}

// A Counter is something that is counted.
type Counter uint8

// What is counted.
const (
	Handshakes Counter = iota // handshakes sent
	Connects                  // connects answered favourably
	Breaks                    // times the connection broke
	Resumes                   // times it was resumed with the same session
	Losses                    // sessions lost
	Events                    // events received
	Unhandled                 // of these, those that no subscription wanted
	Dropped                   // messages dropped by DropOldest
	Stalls                    // times that a full queue stopped polling, counted as EventStalled is told
	Panics                    // panics of handlers and hooks
	Published                 // messages published favourably
	BytesIn                   // bytes of bodies and frames received
	BytesOut                  // likewise sent
)

var counterText = [...]string{
	"handshakes", "connects", "breaks", "resumes", "losses", "events", "unhandled", "dropped", "stalls", "panics",
	"published", "bytes_in", "bytes_out",
}

// String returns the name of the counter in lower case.
func (c Counter) String() string {
	if int(c) < len(counterText) {
		return counterText[c]
	}
	return "unknown"
}

// A Measure is something that is measured.
type Measure uint8

// What is measured.
const (
	// StateValue is the State, whenever it changes.
	StateValue Measure = iota
	// ConnectSeconds is how long a connect took that asked for an answer at once.
	ConnectSeconds
	// QueueDepth is how many messages waited in the queue of a subscription when a batch was added.
	QueueDepth
)

var measureText = [...]string{"state", "connect_seconds", "queue_depth"}

// String returns the name of the measure in lower case.
func (m Measure) String() string {
	if int(m) < len(measureText) {
		return measureText[m]
	}
	return "unknown"
}

// Stats are the counters of a session so far.
type Stats struct {
	// State is where the session stands.
	State State
	// Handshakes, Connects, Breaks, Resumes and Losses count what happened to the session.
	Handshakes, Connects, Breaks, Resumes, Losses int64
	// Events were received; of these, Unhandled had no subscription and Dropped were dropped by
	// DropOldest.
	Events, Unhandled, Dropped int64
	// Stalls is how often a full queue stopped polling, counted as EventStalled is told, Panics how
	// often a handler or hook panicked.
	Stalls, Panics int64
	// Published messages were accepted by the server.
	Published int64
	// BytesIn and BytesOut are those of bodies and frames.
	BytesIn, BytesOut int64
	// Heard is when the server last answered a connect or a handshake.
	Heard time.Time
}

type counters struct {
	handshakes, connects, breaks, resumes, losses atomic.Int64
	events, unhandled, dropped, stalls, panics    atomic.Int64
	published, bytesIn, bytesOut                  atomic.Int64
}

// Stats returns the counters.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	state, heard := s.st.phase, s.st.heard
	s.mu.Unlock()
	c := &s.stats
	return Stats{
		State: state, Heard: heard,
		Handshakes: c.handshakes.Load(), Connects: c.connects.Load(), Breaks: c.breaks.Load(),
		Resumes: c.resumes.Load(), Losses: c.losses.Load(), Events: c.events.Load(),
		Unhandled: c.unhandled.Load(), Dropped: c.dropped.Load(), Stalls: c.stalls.Load(),
		Panics: c.panics.Load(), Published: c.published.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
	}
}

func (s *Session) measure(c Counter, n int64) {
	if s.opts.Metrics != nil {
		s.opts.Metrics.Count(c, n)
	}
}
