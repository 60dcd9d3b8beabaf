package bayeux

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options configure a session. The zero value is fine for a server without authentication.
type Options struct {
	// Transports are the transports to offer, the preferred one first. The default is WebSocket, then
	// LongPolling. For long polling alone give []bayeux.Transport{bayeux.LongPolling{}}.
	Transports []Transport

	// HTTPClient gives the RoundTripper and the cookie jar of the session. Its Timeout is not used,
	// because the server holds requests as long as it likes, and redirects are not followed. If its
	// Transport is an *http.Transport, WebSocket dials through that one's DialContext, proxy and TLS
	// configuration too. Without a client, or without a Transport in it, the session has an
	// *http.Transport of its own, whose idle connections end with it and after 15 seconds, and WebSocket
	// dials as net/http does by default. How long connections of a client's Transport stay idle is for
	// the client to say, except that over HTTP/1 a request that does nothing but subscribe, while
	// another is held, asks for its connection to be closed afterwards.
	HTTPClient *http.Client

	// Jar keeps the cookies. The default is the jar of HTTPClient, or else a new one, which takes 256
	// cookies of 8 KiB and ignores what a server sends beyond. Many servers find
	// the session by its cookie, and take two sessions with one jar for two windows of one browser, of
	// which only one may poll: give every session a jar of its own, and mind that a client with a Jar
	// shares it among all sessions that it is given to. EventMultipleClients tells if that went wrong.
	Jar http.CookieJar

	// Header goes with every request, and with the upgrade to WebSocket.
	Header http.Header

	// Authenticate is called before each handshake. It fetches what the server wants to see and puts it
	// into the request. It is called again, with the refusal as Cause, after HTTP 401 or 403. An
	// error counts as a failed handshake, which is tried again; one that is ErrUnauthorized or
	// ErrDenied ends the session.
	Authenticate func(ctx context.Context, a *Authentication) error

	// Extensions see all messages: outgoing ones in this order, incoming ones in reverse.
	Extensions []Extension

	// NoAck leaves the acknowledge extension out of the handshake. Without it nothing that gets
	// lost on a breaking connection is sent again, so every break is a possible gap.
	NoAck bool

	// OnEvent is called with the Events, one at a time and in order. It may call anything. What happens
	// while it runs waits, as for Session.Events.
	OnEvent func(Event)

	// Logger is told what happens, without ids, contents and addresses. The default is to be silent.
	Logger *slog.Logger

	// Metrics is told counts and measures.
	Metrics Metrics

	// Limiter is asked before each handshake. Sessions of one process that share a Limiter do not
	// storm a server that comes back. NewLimiter makes one, and *rate.Limiter of
	// golang.org/x/time/rate is one.
	Limiter Limiter

	// MaxMessage is how many bytes a response or frame may have, and how many an unfinished batch of
	// acknowledged messages may have. More ends the session with ErrTooLarge, whatever request the
	// response is to. So does an unfinished batch of more than 131,072 messages; a body with more than
	// that is refused like one that is not valid, which breaks the connection. The default is 16 MiB,
	// the most is 1 GiB. Working on one answer can take about four times this much memory.
	MaxMessage int

	// MaxPending is how many requests may wait for a connection. The default is 1,024.
	MaxPending int

	// NetworkDelay is how long an answer may take that the server does not hold back, and how much
	// longer than the server's own time one may take that it does. The default is 10 seconds.
	//
	// Where the session is at stake, less is allowed: for the answer to a connect, for the renewal of
	// subscriptions and for the opening of a socket to resume on, NetworkDelay or half of the time for
	// which the server keeps a session (SessionLife), whichever is shorter, but at least 2 seconds.
	// That time begins when the server has answered a connect, whether or not the answer arrives. A
	// client that waited for all of it would come back to a session that is gone; after half of it,
	// there is as much left to resume in. With the defaults, a connect that the server may hold for 30
	// seconds is given up after 35, and the server forgets the session after 40.
	NetworkDelay time.Duration

	// CloseDelay is how long Close waits for the server. The default is 2 seconds.
	CloseDelay time.Duration

	// Backoff says how long to wait between attempts.
	Backoff Backoff

	// SessionLife is how long the server is assumed to keep a session that does not connect, unless it
	// says so itself, by the advice maxInterval. The default is 10 seconds, as in CometD. Who knows that
	// a server keeps sessions for longer says so here: then more time is allowed for answers (see
	// NetworkDelay), and for the server to come back before the session is given up.
	SessionLife time.Duration
}

// Backoff says how long to wait between attempts. A first attempt is made at once, always.
type Backoff struct {
	// Retry bounds the random pause before the second attempt to resume a session; for the third
	// and later ones it doubles, up to four times. The default is 500 ms.
	Retry time.Duration
	// Handshake is the pause before the second attempt to begin a session, half of it random; it
	// doubles with each. The default is a second.
	Handshake time.Duration
	// Max bounds every pause. The default is 30 seconds.
	Max time.Duration
}

// A Limiter spaces handshakes.
type Limiter interface {
	// Wait returns when the next handshake may go, or with an error when ctx ends.
	Wait(ctx context.Context) error
}

// An Authentication is what the Authenticate hook fills in.
type Authentication struct {
	// Cause is the refusal that is to be mended, or nil.
	Cause error
	// Header goes with all requests of the session that is about to begin. It starts as a copy of
	// Options.Header.
	Header http.Header
	// Ext goes into the ext field of the handshake.
	Ext map[string]any
}

// Defaults.
const (
	defaultMaxMessage   = 16 << 20
	mostMaxMessage      = 1 << 30
	defaultMaxPending   = 1024
	defaultNetworkDelay = 10 * time.Second
	defaultCloseDelay   = 2 * time.Second
	defaultSessionLife  = 10 * time.Second
	assumedHold         = 60 * time.Second
	authenticateDelay   = time.Minute
	ownIdleTimeout      = 15 * time.Second
)

// complete checks o and fills in the defaults.
func (o Options) complete() (_ Options, err error) {
	if o.Transports == nil {
		o.Transports = []Transport{WebSocket{}, LongPolling{}}
	}
	switch {
	case len(o.Transports) == 0:
		return o, invalid("Options.Transports has no transport")
	case len(o.Transports) > 64:
		return o, invalid("Options.Transports has too many transports")
	}
	for _, t := range o.Transports {
		if t == nil || t.Type() == "" {
			return o, invalid("Options.Transports has a transport without a type")
		}
	}
	for _, d := range []time.Duration{o.NetworkDelay, o.CloseDelay, o.SessionLife, o.Backoff.Retry, o.Backoff.Handshake, o.Backoff.Max} {
		if d < 0 {
			return o, invalid("a duration in Options is negative")
		}
	}
	if o.MaxMessage < 0 || o.MaxMessage > mostMaxMessage || o.MaxPending < 0 {
		return o, invalid("a limit in Options is out of range")
	}
	def(&o.MaxMessage, defaultMaxMessage)
	def(&o.MaxPending, defaultMaxPending)
	def(&o.NetworkDelay, defaultNetworkDelay)
	def(&o.CloseDelay, defaultCloseDelay)
	def(&o.SessionLife, defaultSessionLife)
	def(&o.Backoff.Retry, 500*time.Millisecond)
	def(&o.Backoff.Handshake, time.Second)
	def(&o.Backoff.Max, 30*time.Second)
	if o.HTTPClient != nil { // what happens to it later has no effect
		client := *o.HTTPClient
		o.HTTPClient = &client
		if o.Jar == nil {
			o.Jar = client.Jar
		}
	}
	if o.Jar == nil {
		o.Jar = new(jar)
	}
	o.Header = o.Header.Clone()
	return o, nil
}

func def[T int | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// ownTransport is the transport of one session. Its buffers are small, and the connection that
// commands go over does not stay long when there are none.
func ownTransport(secure bool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     secure,
		MaxIdleConnsPerHost:   2,
		IdleConnTimeout:       ownIdleTimeout,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		ReadBufferSize:        1 << 10,
		WriteBufferSize:       1 << 10,
	}
}

func invalid(detail string) *Error { return &Error{Kind: ErrInvalid, Detail: detail} }

// checkURL parses the address of a server.
func checkURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, invalid("the URL cannot be parsed")
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil, invalid("the scheme of the URL is none of http, https, ws and wss")
	}
	switch {
	case u.Host == "":
		return nil, invalid("the URL has no host")
	case u.Fragment != "":
		return nil, invalid("the URL has a fragment")
	case u.User != nil:
		return nil, invalid("the URL has credentials: use Header or Authenticate")
	}
	return u, nil
}
