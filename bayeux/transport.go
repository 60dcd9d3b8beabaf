package bayeux

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// A Transport is a way to carry arrays of messages, such as LongPolling and WebSocket. Other
// carriers, and tests, can bring their own.
type Transport interface {
	// Type is the name by which Bayeux knows the transport, such as "long-polling".
	Type() string
	// Open makes a link to the server, or fails without one. ctx bounds the opening only.
	Open(ctx context.Context, p LinkParams) (Link, error)
}

// LinkParams is what a Transport needs to open a link.
type LinkParams struct {
	// URL is the address of the server as given to Dial, with the scheme http or https.
	URL *url.URL
	// RoundTripper carries HTTP requests. It is an *http.Transport unless the application gave
	// something else. For WebSocket it is nil if the application gave nothing.
	RoundTripper http.RoundTripper
	// Jar keeps the cookies of the session. It is not nil.
	Jar http.CookieJar
	// Header goes with every request. It must not be changed.
	Header http.Header
	// MaxMessage is how many bytes a body or frame may have.
	MaxMessage int
	// Timeout is how long what belongs to an opening or a closing may take.
	Timeout time.Duration
	// Sink takes what the link receives.
	Sink Sink
	// Go runs f on a goroutine that the session waits for when it ends. A link starts all its
	// goroutines so.
	Go func(f func())

	session *Session
	given   bool // RoundTripper is the application's, which may keep connections for long
}

// A Sink takes what a link receives. Its methods may be called from any goroutine of the link, but
// from one at a time for one batch, or for messages that belong to no batch. They may block.
type Sink interface {
	// Receive takes a body: an array of messages as it came. batch is what it answers, or nil if the
	// transport does not know. The body is not used after the return.
	Receive(batch *Batch, body []byte)
	// Fail says that a batch has no answer or, if it is nil, that the link is of no more use.
	Fail(batch *Batch, err error)
}

// A Link is a connection to a server, real or notional. Its methods do not block and can be called
// from any goroutine.
type Link interface {
	// Duplex reports whether messages flow freely in both directions. Then answers belong to no
	// batch, any number of batches may be under way, and the link fails as a whole. Otherwise every
	// batch has an answer or a failure of its own, and no two are under way of a HandshakeBatch or a
	// ConnectBatch, nor of a CommandBatch; a DisconnectBatch does not wait for others.
	Duplex() bool
	// Send sends a batch. What becomes of it is told to the Sink.
	Send(b *Batch)
	// Abort gives a batch up. Nothing needs to be told to the Sink about it. If the link cannot go on
	// after that, it is told to the Sink to have failed.
	Abort(b *Batch)
	// Close gives everything up. If clean is set, nothing is outstanding and the server may be told.
	Close(clean bool)
}

// A BatchKind is what a batch is about.
type BatchKind uint8

// The kinds of batches.
const (
	// HandshakeBatch is a /meta/handshake, alone.
	HandshakeBatch BatchKind = iota
	// ConnectBatch is a /meta/connect, alone. The server may hold its answer back.
	ConnectBatch
	// CommandBatch is any other messages.
	CommandBatch
	// DisconnectBatch is a /meta/disconnect, alone.
	DisconnectBatch
)

// A Batch is an array of messages on its way to the server.
type Batch struct {
	// Kind is what it is about.
	Kind BatchKind

	session             *Session
	requests            []*request
	clientID, transport string
}

// Body encodes the array. It runs the application's hooks, so a Link calls it once, on a goroutine of
// its own, right before sending. An error fails the batch.
func (b *Batch) Body() ([]byte, error) { return b.session.encode(b) }
