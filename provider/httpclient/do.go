package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/lapse"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Do sends the request and classifies its answer. into, when not nil, is filled from the JSON body of
// a 2xx; of a command's answer as far as its shape allows. The error is a *callcontrol.Error with
// Kind, Code, Status, RequestID, RetryAfter, Message; the answer that it tells about, if there was
// one, is returned beside it. How kinds are chosen is told at the top of this package.
//
// A ctx without a deadline is not given one: only the attempts are limited then. What a Read is for
// comes from provider.PurposeOf(ctx).
func (c *Client) Do(ctx context.Context, req Request, into any) (Answer, error) {
	if ctx == nil {
		return Answer{}, c.invalid(req.Op, "httpclient: the context is nil")
	}
	k := &call{Context: ctx, c: c, req: req, into: into}
	if problem := k.prepare(); problem != "" {
		return Answer{}, c.invalid(req.Op, problem)
	}
	k.track.plain = c.plain
	k.trace.GotConn = k.track.gotConn
	if c.own == nil { // or else the connections are counted, which tells as much and costs less
		k.trace.GetConn = k.track.getConn
	}
	if !k.admit() {
		return k.result()
	}
	// Most calls need one attempt. It is made here, and the loop that repeats begins after it.
	k.attempt()
	again := k.again()
	k.log(again)
	if again {
		c.repeat(k)
	}
	c.release()
	return k.result()
}

// prepare judges the request by itself, and makes its URL and body.
func (k *call) prepare() (problem cc.Detail) {
	req, ok := &k.req, false
	k.url, ok = k.c.base.url(req.Path, req.Slash, req.Query)
	switch {
	case !ok:
		return "httpclient: a path segment is empty, dotted or holds a control character"
	case req.Class < Read || req.Class > Once:
		return "httpclient: the request has no class"
	case !method(req.Method):
		return "httpclient: the method is not a word in upper case"
	case req.Class != Read && replayed(req.Method):
		return "httpclient: a command cannot have a method that net/http repeats"
	case req.Body == nil:
		return ""
	}
	if k.body, ok = req.Body.(json.RawMessage); !ok {
		var err error
		if k.body, err = json.Marshal(req.Body); err != nil {
			return "httpclient: the body has no JSON form"
		}
	}
	if len(k.body) > maxRequestBody {
		return "httpclient: the body is longer than 64 KiB"
	}
	return ""
}

func method(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return s != ""
}

// replayed are the methods that net/http sends again by itself after a kept connection broke.
func replayed(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions || method == http.MethodTrace
}

// A call is one Do: the context of its attempts, and what has become of it so far.
type call struct {
	context.Context // the caller's

	c    *Client
	req  Request
	url  *url.URL
	body []byte // nil: none
	into any

	n       int           // attempts made
	left    bool          // a byte of an earlier attempt or of this one may have left
	cost    int64         // paid from the budget for the attempt under way
	wait    time.Duration // before the next attempt
	waiting bool          // it is waited now
	ahead   bool          // the attempt that the loop is about to make has been made
	cut     bool          // it would have been, but ctx had ended
	final   bool          // whatever the outcome, there is no further attempt
	last    outcome

	track tracker
	trace httptrace.ClientTrace
	first lapse.Attempt
}

type callKey struct{}

// Value finds the call itself, for the hooks of retryablehttp.
func (k *call) Value(key any) any {
	if key == (callKey{}) {
		return k
	}
	return k.Context.Value(key)
}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// admit reports whether the call may begin; if not, why is in k.last.
func (k *call) admit() bool {
	if k.blocked() {
		return false
	}
	if k.req.Class != Read {
		if !provider.TakeAttempt(k.Context) {
			k.last = outcome{verdict: refused, kind: cc.ErrUnavailable, err: errSpent}
			return false
		}
		return true
	}
	if provider.PurposeOf(k.Context) == provider.ForSettling {
		if !k.c.budget.take(costRetry) {
			k.last = outcome{verdict: refused, kind: cc.ErrUnavailable, err: errBudget}
			return false
		}
		k.cost = costRetry
	}
	return true
}

// blocked reports whether nothing more may be sent, because ctx ended or the client is closed.
func (k *call) blocked() bool {
	if err := k.Context.Err(); err != nil {
		k.end(err, false)
		return true
	}
	if k.c.closed.Load() {
		k.last = outcome{verdict: refused, kind: cc.ErrClosed}
		k.final = true
		return true
	}
	return false
}

// refund gives back what was paid for an attempt that is not made.
func (k *call) refund() {
	k.c.budget.put(k.cost)
	k.cost = 0
}

// end notes that ctx has ended. An answer that had come before stays.
func (k *call) end(err error, sent bool) {
	k.left = k.left || sent
	if k.last.err != nil {
		err = &wireError{what: "ctx ended after a failed attempt", why: []error{err, k.last.err}}
	}
	k.last.verdict, k.last.err, k.last.sent = ended, err, sent
	k.final = true
}

// attempt sends the request once and notes the outcome in k.last.
func (k *call) attempt() {
	k.waiting = false
	c, made := k.c, false
	defer func() {
		if !made {
			k.refund()
		}
	}()
	if k.n > 0 && k.blocked() { // whether the first may be made was asked by admit
		return
	}
	watching := k.req.Class == Read && provider.PurposeOf(k.Context) == provider.ForWatching
	now, after, err := c.limiter.take(k.Context, watching)
	if err != nil {
		k.final = true
		if err != errBusy {
			k.end(err, false)
		} else if k.n == 0 {
			k.last = outcome{verdict: refused, kind: cc.ErrRateLimited, after: after, err: err}
		}
		return
	}
	if now.IsZero() { // it may have taken its time
		if now = time.Now(); k.blocked() {
			return
		}
	}
	ctx := &k.first
	if k.n > 0 {
		ctx = new(lapse.Attempt)
	}
	c.watch.Limit(ctx, k.Context, now, c.limit)
	defer ctx.Stop()
	h, ok := k.headers(ctx)
	if !ok {
		return
	}
	made = true
	k.n++
	k.track.begin()
	resp, err := c.next.RoundTrip(k.request(httptrace.WithClientTrace(ctx, &k.trace), h))
	if err == nil && resp == nil {
		err = errNoAnswer
	}
	if err != nil {
		k.failed(ctx, h, err)
		return
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	k.left = true
	k.answered(ctx, resp)
}

// request makes the request of one attempt.
func (k *call) request(ctx context.Context, h http.Header) *http.Request {
	r := (&http.Request{Method: k.req.Method, URL: k.url, Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if k.body != nil {
		r.ContentLength, r.GetBody = int64(len(k.body)), k.reader
		r.Body, _ = k.reader()
	}
	return r
}

// reader reads the body from its beginning.
func (k *call) reader() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(k.body)), nil }

var (
	jsonOnly  = []string{"application/json"}
	userAgent = []string{"callcontrol-go"}
)

// headers makes the headers of one attempt. They are never shared between attempts: one that was
// given up may still be reading its own.
func (k *call) headers(ctx context.Context) (http.Header, bool) {
	h := make(http.Header, 8)
	h["Accept"] = jsonOnly
	h["User-Agent"] = userAgent
	if k.body != nil {
		h["Content-Type"] = jsonOnly
	}
	if k.c.authorize != nil {
		if err := k.c.authorize(ctx, h); err != nil {
			if ctxErr := k.Context.Err(); ctxErr != nil {
				k.end(ctxErr, false)
				return nil, false
			}
			kind := cc.KindOf(err)
			switch {
			case kind != 0:
			case ctx.Err() != nil:
				kind = cc.ErrUnavailable // it took too long
			default:
				kind = cc.ErrUnauthenticated
			}
			k.last = outcome{verdict: refused, kind: kind, err: &wireError{what: "the credentials cannot be had", why: []error{err}}}
			k.final = true
			return nil, false
		}
	}
	// net/http takes these headers for a permission to repeat a request by itself.
	if k.req.Class != Read {
		delete(h, "Idempotency-Key")
		delete(h, "X-Idempotency-Key")
	} else if !replayed(k.req.Method) {
		h["Idempotency-Key"] = nil // nothing is sent
	}
	return h, true
}

// failed notes an attempt that got no answer.
func (k *call) failed(ctx context.Context, h http.Header, err error) {
	sent := k.track.sent(err)
	k.left = k.left || sent
	if ctxErr := k.Context.Err(); ctxErr != nil {
		if sent {
			k.last = outcome{} // what was answered before says nothing about this attempt
		}
		k.end(ctxErr, sent)
		return
	}
	o := outcome{verdict: unknown, sent: sent, err: describe(err, sent, k.late(ctx))}
	switch {
	case sent:
	case k.track.plain && !wellFormed(h): // so net/http did not even look for a connection
		o.verdict, o.kind = refused, cc.ErrInvalid
	case hopeless(err):
		o.verdict, o.kind = refused, cc.ErrUnavailable
	default:
		o.verdict = notSent
	}
	k.last = o
}

// late returns the limit of the attempt if it has passed, else 0.
func (k *call) late(ctx context.Context) time.Duration {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return k.c.limit
	}
	return 0
}

// result turns the last outcome into what Do returns.
func (k *call) result() (Answer, error) {
	if k.waiting || k.cut {
		k.refund()
		k.end(k.Context.Err(), false)
	}
	o := &k.last
	a := Answer{Status: o.status, Header: o.header, Body: o.body, RequestID: o.requestID, Attempts: k.n}
	if o.verdict == accepted {
		return a, nil
	}
	return a, &cc.Error{
		Op: k.req.Op, Client: k.c.name, Provider: k.c.provider,
		Kind: k.kind(), Code: o.code, Status: o.status, RequestID: o.requestID,
		RetryAfter: o.after, Message: o.message, Err: o.err,
	}
}

// kind says what the last outcome means to the caller.
func (k *call) kind() cc.Kind {
	o, command := &k.last, k.req.Class != Read
	switch o.verdict {
	case throttled:
		return cc.ErrRateLimited
	case notSent:
		return cc.ErrUnavailable
	case unknown, unclear:
		if command {
			return cc.ErrUncertain
		}
		return cc.ErrUnavailable
	case ended:
		switch {
		case command && o.sent:
			return cc.ErrUncertain
		case !command && k.left && errors.Is(o.err, context.DeadlineExceeded):
			return cc.ErrUnavailable
		}
		return cc.ErrCanceled
	}
	return o.kind
}

// invalid is the error of a request that cannot be sent as it is.
func (c *Client) invalid(op string, text cc.Detail) error {
	return &cc.Error{Op: op, Client: c.name, Provider: c.provider, Kind: cc.ErrInvalid, Err: text}
}
