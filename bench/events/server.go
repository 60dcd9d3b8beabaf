package events

import "time"

// A place is something to listen at, with sessions of its own.
type place struct {
	// Awake is whether the server never sleeps, and never answers a poll without an event: there the
	// clients' CPU is measured, and to wake a server would be charged to them. It is the same for all
	// places of a server.
	Awake bool
	// Hold is how long a poll is held, if the server sleeps.
	Hold time.Duration
}

// A flow is events that a server sends.
type flow struct {
	Events  int64
	PerPoll int // with each answer, as soon as there is a poll to answer; over a socket each has a frame

	// A positive Rate is how many events become due a second, at moments that know nothing of each other,
	// each for any one of the sessions. It is sent at once, or with the answer to the next poll.
	Rate float64
	Seed uint64
}

// Counts are what a place has seen.
type counts struct {
	Accepted, Open int64 // connections
	Sessions       int64 // that have not said goodbye
	Connects       int64 // requests for events
	Events         int64 // sent
	Refused        int64 // what came and had to be refused: no client here should ever do that
}

// most is how many events that wait are sent with one answer.
const most = 100
