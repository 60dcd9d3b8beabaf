package cometd

import (
	"net/http"
	"time"
)

// What a Server has where its Options say nothing: CometD's defaults.
const (
	DefaultHold         = 30 * time.Second
	DefaultMaxInterval  = 10 * time.Second
	DefaultMultiSession = 2 * time.Second
	DefaultMaxQueue     = 4096
)

// Options configure a Server. The zero Options are CometD 3.1 as it comes, with long polling alone,
// for a single user named "".
type Options struct {
	// Hold is for how long a connect without news is held: the timeout that is advised. Zero or less:
	// DefaultHold. A client may ask for another one with each connect.
	Hold time.Duration
	// Interval is how long a client is advised to wait between two connects.
	Interval time.Duration
	// MaxInterval is for how long, beyond the interval advised, a session without a held connect is
	// kept after its latest message. Zero or less: DefaultMaxInterval.
	MaxInterval time.Duration
	// MultiSession is the interval advised to a session whose connect is not held because another
	// session with the same cookie has one held. Zero or less: DefaultMultiSession.
	MultiSession time.Duration
	// MaxQueue is how many events may wait for one session. A session with more is forgotten: its client
	// is told 402 and so learns that there is a gap. Zero or less: DefaultMaxQueue.
	MaxQueue int

	// WebSocket offers WebSocket besides long polling.
	WebSocket bool
	// Ack installs the extension for acknowledged messages, for the sessions that ask for it.
	Ack bool
	// ConnectOnly has events leave with the replies to connects alone.
	ConnectOnly bool
	// EventsLast puts events after the replies in the body of one answer; CometD puts them before.
	EventsLast bool
	// Superseded is the HTTP status of a held connect when the same session sends another one. Zero: 500,
	// as CometD 3.1 has it; earlier ones have 408.
	Superseded int

	// Admit is asked about every HTTP request, the one that opens a socket included, and before its
	// body is read. It names the user that the request is from, or gives deny, which then answers it.
	// It must be safe for concurrent use. Nil: every request is from the user "".
	Admit func(r *http.Request) (user string, deny func(http.ResponseWriter))
	// Refuse, unless nil, is asked about every handshake of an admitted request, for a socket the one
	// that opened it. A handshake that it reports true for is answered 403 with the advice not to come
	// back. It must be safe for concurrent use.
	Refuse func(r *http.Request) bool
}

// withDefaults fills in what o leaves out.
func (o Options) withDefaults() Options {
	or := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	or(&o.Hold, DefaultHold)
	or(&o.Interval, 0)
	or(&o.MaxInterval, DefaultMaxInterval)
	or(&o.MultiSession, DefaultMultiSession)
	if o.MaxQueue <= 0 {
		o.MaxQueue = DefaultMaxQueue
	}
	if o.Superseded == 0 {
		o.Superseded = http.StatusInternalServerError
	}
	if o.Admit == nil {
		o.Admit = func(*http.Request) (string, func(http.ResponseWriter)) { return "", nil }
	}
	if o.Refuse == nil {
		o.Refuse = func(*http.Request) bool { return false }
	}
	return o
}
