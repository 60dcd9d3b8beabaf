// Package httpclient is the retrying transport for drivers of HTTP APIs. A driver says what it wants
// as a [Request]: a class, a method, the segments of a path and a JSON body. The [Client] sends it,
// repeats it where that can do no harm, and tells how it ended as a *callcontrol.Error whose kind can
// be acted on.
//
// # Paths
//
// A path is made of segments, and each is escaped whole: whatever a segment holds, it arrives as one
// segment that decodes to itself. An empty segment, "." and "..", and any that holds a control
// character are ErrInvalid, and nothing is sent.
//
// # What is repeated
//
// A call makes at most three attempts, each limited to Options.Attempt. Whatever the class, a request
// is repeated if certainly nothing of it left (the connection could not be made, for a reason that may
// pass) and if the vendor answered 429. A [Read] is also repeated after 408, any 5xx, a reset, an
// attempt that took too long, and an answer that was cut short or is not JSON. [Absolute] and [Once]
// are never repeated after such an outcome: it is ErrUncertain, and what to do about it is decided by
// who can read the conference. A command's attempts are also counted by provider.TakeAttempt. A read
// for settling (provider.ForSettling) is a repeat itself and is not repeated after such an outcome
// either.
//
// Before attempt n+1 the client waits a random time between 0 and 50 ms (after a 429: 1 s) times
// 2^(n-1), at most 20 s, and never less than a Retry-After asks for. A wait that is longer than 20 s
// or does not fit into what is left of the deadline is not begun: the last answer is returned at once.
//
// Repeats are paid from a budget that all calls of a client share: it holds 500, a repeat costs 14, or
// 5 after a 429, the last repeat of a call that the vendor answers returns its cost, and a first
// attempt that is answered returns 1. Without enough left there is no repeat and no wait. A read for
// settling costs 14 from its first attempt on and is refused as ErrUnavailable where they are lacking.
//
// net/http repeats a request by itself when a kept connection turns out to be closed: a Read always,
// a command only if no byte of it was written.
//
// # How a call ends
//
// A command's 2xx is success if its body is empty or any JSON, whatever the shape; with anything else
// in it, cut short or too long, it is ErrUncertain. A Read's 2xx is success if its body fills into.
// Otherwise:
//
//	400, 422, other 4xx     ErrInvalid
//	401                     ErrUnauthenticated
//	402, 403, 451           ErrForbidden
//	404, 410                ErrNotFound
//	405                     ErrUnsupported
//	409, 412, 423, 428      ErrConflict
//	429                     ErrRateLimited, with RetryAfter
//	407, 425                ErrUnavailable
//	301, 305, 307, 308      ErrUnavailable: never followed, and not processed where it was sent
//	408, 5xx, other 1xx-3xx ErrUncertain for a command, ErrUnavailable for a Read
//
// Options.Explain overrules this table with the vendor's own code. 302, 303 and their like are not
// proof that a command was refused, since servers send them after having done what was asked.
//
// Without an answer: ErrUnavailable if nothing of a command left, ErrUncertain if a byte may have;
// always ErrUnavailable for a Read. If ctx ended: ErrCanceled if nothing left (or only attempts that
// the vendor had answered with 429); otherwise ErrUncertain for a command, and for a Read ErrCanceled
// if ctx was canceled and ErrUnavailable if its deadline passed. errors.Is finds the context's error
// in all of them, and an answer that had come before is told too. A wait for the Limiter that does not
// fit the deadline is ErrRateLimited, at once, with nothing sent.
//
// # Limits
//
// Answers: Options.MaxBody, 64 KiB of headers, 4 KiB of an error's body; no compression is asked for.
// Requests: 64 KiB of body. TLS 1.2 at least; no redirect is followed. These and the limits of dialling
// (5 s), of the TLS handshake (5 s) and of an idle connection (30 s) hold for the client's own transport;
// one that is given keeps its own limits on headers, connections and TLS, and may ask for compression:
// MaxBody counts what was unpacked.
//
// Bytes that follow an answer which has no body (204, 304) are dropped, and the connection is not used
// again; net/http would write them to the standard logger. That, too, is done by the client's own
// transport alone, and not behind a proxy.
//
// # Secrets
//
// Credentials are set by Options.Authorize for each attempt and kept nowhere. No error, log line or
// printed value of this package holds a header of a request, a path, a query or a body.
package httpclient

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/lapse"
)

// A Class says what may be done again after an outcome that is not known. A driver fixes it for each
// operation; it is never guessed from the method.
type Class uint8

const (
	Read     Class = 1 + iota // get, list: may be repeated
	Absolute                  // sets a final condition: repeated by the transport only when certainly not processed
	Once                      // creates something or is relative: never repeated after an unknown outcome
)

// String returns "read", "absolute" or "once".
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Absolute:
		return "absolute"
	case Once:
		return "once"
	}
	return "unknown"
}

// A Request is one exchange. Its path is made of segments, each escaped whole, so that no identifier
// can become a second segment, a query or another resource.
type Request struct {
	Op     string     // for errors and the log: a constant of the driver, never an identifier
	Class  Class      // what may be repeated
	Method string     // upper case; a command has none that net/http would repeat by itself (GET, HEAD, OPTIONS, TRACE)
	Path   []string   // after the prefix of Options.Base
	Slash  bool       // the path ends in a slash
	Query  url.Values // nil: none
	Body   any        // as JSON, at most 64 KiB; a json.RawMessage is JSON and is sent as it is; nil: none
}

// An Answer is what the vendor said last. Its Status is 0 where it said nothing.
type Answer struct {
	Status    int
	Header    http.Header
	Body      []byte // at most Options.MaxBody; of an error answer the first 4 KiB
	RequestID string
	Attempts  int // that were made
}

// Options configure a Client.
type Options struct {
	// Base is where the API is: "https://api.plivo.com", or with a path prefix. Plain http needs
	// Insecure and a host that is loopback. A user, a query or a fragment is an error.
	Base     string
	Insecure bool

	Provider string // for errors and the log
	Name     string // of the client, for errors and the log

	// Authorize sets the credentials of one attempt in its headers, and may replace Accept and
	// User-Agent. An Idempotency-Key does not leave: by it net/http would repeat a command. An error
	// ends the call with nothing of this attempt sent, as the kind that it has, else as ErrUnavailable
	// if it took too long and as ErrUnauthenticated if not. It is called concurrently.
	Authorize func(ctx context.Context, h http.Header) error

	// Transport carries the requests; nil means a tuned one of this client's own, which uses the proxy
	// that the environment names. Whether a byte may have left is known exactly with the client's own.
	// With an *http.Transport, or something that hands the request's context on to one, it may have
	// once there was a connection. With anything else it may have, but for an error that says that it
	// came from dialling (a *net.OpError of "dial", a *net.DNSError).
	Transport http.RoundTripper

	Limiter   *Limiter      // shared with other clients of the account; nil: none
	Attempt   time.Duration // limit of one attempt, its answer's body included; 4 s
	MaxBody   int64         // of an answer, in bytes; 1 MiB
	RequestID string        // response header with the vendor's request id; "X-Request-Id"
	Logger    *slog.Logger  // a line for each attempt, at debug level; nil: silent

	// Explain reads the vendor's own words out of an answer that is not 2xx; its body is cut after
	// 4 KiB. A kind other than 0 is the vendor's definite code and decides the error, whatever the
	// status: ErrRateLimited is taken like a 429, ErrUncertain like a 500 without a code, and others
	// mean that nothing was done and are not repeated (but for a Read that is ErrUnavailable with 408
	// or 5xx). It is called concurrently.
	Explain func(status int, header http.Header, body []byte) (kind cc.Kind, code, message string)
}

// Figures of the transport.
const (
	maxAttempts    = 3
	attemptLimit   = 4 * time.Second
	maxAnswer      = 1 << 20
	maxErrorBody   = 4 << 10
	maxDrain       = 64 << 10
	maxRequestBody = 64 << 10
)

// A Client sends requests of one account. It is safe for concurrent use.
type Client struct {
	base      base
	provider  string
	name      string
	authorize func(ctx context.Context, h http.Header) error
	explain   func(status int, header http.Header, body []byte) (cc.Kind, string, string)
	limiter   *Limiter
	limit     time.Duration
	maxBody   int64
	idHeader  string
	logger    *slog.Logger

	next   http.RoundTripper // carries one attempt
	plain  bool              // next is an *http.Transport: its trace tells the whole truth
	own    *http.Transport   // next, if it is this client's own
	retry  *retryablehttp.Client
	budget budget
	watch  lapse.Watch
	random func(n int64) int64 // in [0, n)
	closed atomic.Bool
}

// New checks the options and makes no request. Its error is ErrInvalid and says what is wrong.
func New(o Options) (*Client, error) {
	bad := func(text cc.Detail) (*Client, error) {
		return nil, &cc.Error{Op: "open", Client: o.Name, Provider: o.Provider, Kind: cc.ErrInvalid, Err: text}
	}
	b, problem := parseBase(o.Base, o.Insecure)
	switch {
	case problem != "":
		return bad(problem)
	case o.Attempt < 0:
		return bad("httpclient: Attempt is negative")
	case o.MaxBody < 0:
		return bad("httpclient: MaxBody is negative")
	}
	c := &Client{
		base: b, provider: o.Provider, name: o.Name,
		authorize: o.Authorize, explain: o.Explain, limiter: o.Limiter,
		limit: o.Attempt, maxBody: o.MaxBody, idHeader: o.RequestID, logger: o.Logger,
		next: o.Transport, random: randomBelow,
	}
	if c.limit == 0 {
		c.limit = attemptLimit
	}
	if c.maxBody == 0 {
		c.maxBody = maxAnswer
	}
	if c.idHeader == "" {
		c.idHeader = "X-Request-Id"
	}
	c.idHeader = http.CanonicalHeaderKey(c.idHeader)
	if c.next == nil {
		c.own = newTransport()
		c.next = c.own
	}
	_, c.plain = c.next.(*http.Transport)
	c.budget.left.Store(budgetFull)
	c.retry = newRetrier()
	return c, nil
}

// Close closes idle connections of a transport that is this client's own, and refuses what is sent
// from now on as ErrClosed. It waits for nothing; requests under way end as they would have, and
// their connections are closed then. It may be called more than once.
func (c *Client) Close() error {
	c.closed.Store(true)
	c.watch.Close()
	c.release()
	return nil
}

// release closes what is idle, once the client is closed.
func (c *Client) release() {
	if c.own != nil && c.closed.Load() {
		c.own.CloseIdleConnections()
	}
}
