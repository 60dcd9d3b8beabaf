package httpclient

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

const (
	waitBase     = 50 * time.Millisecond // before the first repeat
	throttleBase = time.Second           // the same after a 429
	waitCap      = 20 * time.Second      // of one wait

	budgetFull   = 500
	costRetry    = 14
	costThrottle = 5
)

// newRetrier returns the retryablehttp.Client that repeats a client's calls, every default of it
// replaced. It drives the attempts and the waits between them; it judges nothing. Its transport keeps
// each attempt's outcome in the call and shows retryablehttp and net/http the same empty answer every
// time, so that neither can follow a redirect, read a body, or mistake a failure.
func newRetrier() *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     sender{},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxAttempts - 1,
		CheckRetry:   checkRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// A sender makes one attempt. It has no CloseIdleConnections, which retryablehttp would call after
// each failure, at the expense of everybody else's connections.
type sender struct{}

func (sender) RoundTrip(outer *http.Request) (*http.Response, error) {
	if k := callOf(outer.Context()); !k.ahead {
		k.attempt()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: outer}, nil
}

// repeat makes the attempts of a call after the first one, which is to be repeated: its outcome is
// where the loop begins.
func (c *Client) repeat(k *call) {
	outer := (&http.Request{Method: k.req.Method, URL: k.url, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(k)
	k.ahead = true
	if _, err := c.retry.Do(&retryablehttp.Request{Request: outer}); err != nil && !k.waiting {
		// Only what net/http refuses before the transport sees it can come here.
		k.last = outcome{verdict: refused, kind: cc.ErrInvalid, err: describe(err, false, 0)}
	}
}

// checkRetry decides what happens after an attempt.
func checkRetry(ctx context.Context, _ *http.Response, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	k := callOf(ctx)
	if k.ahead {
		k.ahead = false
		return true, nil // as is settled already
	}
	again := k.again()
	k.log(again)
	return again, nil
}

// backoff tells the wait that again has settled.
func backoff(_, _ time.Duration, _ int, resp *http.Response) time.Duration {
	return callOf(resp.Request.Context()).wait
}

// again reports whether the call makes another attempt; the wait before it is in k.wait then, and its
// cost is paid.
func (k *call) again() bool {
	c, o := k.c, &k.last
	if o.status != 0 && (o.verdict == accepted || o.verdict == refused) { // the vendor is at work
		if k.cost > 0 {
			k.refund()
		} else { // the first attempt
			c.budget.put(1)
		}
	}
	if k.final || k.n >= maxAttempts || !k.repeatable() {
		return false
	}
	if k.Context.Err() != nil {
		k.cut = true
		return false
	}
	wait, ok := k.delay()
	if !ok {
		return false
	}
	cost := int64(costRetry)
	if o.verdict == throttled {
		cost = costThrottle
	}
	if !c.budget.take(cost) {
		return false
	}
	if k.req.Class != Read && !provider.TakeAttempt(k.Context) {
		c.budget.put(cost)
		return false
	}
	k.cost, k.wait, k.waiting = cost, wait, true
	return true
}

// repeatable reports whether the last outcome lets the request be repeated. A read for settling is a
// repeat itself, and is repeated only where it was certainly not processed.
func (k *call) repeatable() bool {
	switch k.last.verdict {
	case throttled, notSent:
		return true
	case unknown:
		return k.req.Class == Read && provider.PurposeOf(k.Context) != provider.ForSettling
	}
	return false
}

// delay returns the time to wait before the next attempt, and whether that is worth it.
func (k *call) delay() (time.Duration, bool) {
	first := waitBase
	if k.last.verdict == throttled {
		first = throttleBase
	}
	wait := time.Duration(k.c.random(int64(min(waitCap, first<<(k.n-1))) + 1))
	wait = max(wait, k.last.after)
	if wait > waitCap {
		return 0, false
	}
	if deadline, ok := k.Context.Deadline(); ok && time.Until(deadline) <= wait {
		return 0, false
	}
	return wait, true
}

// log writes one line about the attempt that has just ended.
func (k *call) log(again bool) {
	l := k.c.logger
	if l == nil || !l.Enabled(k.Context, slog.LevelDebug) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("client", k.c.name),
		slog.String("provider", k.c.provider),
		slog.String("op", k.req.Op),
		slog.String("class", k.req.Class.String()),
		slog.Int("attempt", k.n),
		slog.Int("status", k.last.status),
		slog.String("outcome", k.last.verdict.String()))
	if again {
		attrs = append(attrs, slog.Duration("wait", k.wait))
	}
	l.LogAttrs(k.Context, slog.LevelDebug, "http attempt", attrs...)
}

// A budget bounds the repeats of all calls of a client.
type budget struct{ left atomic.Int64 }

// take pays n, or nothing if there is less.
func (b *budget) take(n int64) bool {
	for {
		left := b.left.Load()
		if left < n {
			return false
		}
		if b.left.CompareAndSwap(left, left-n) {
			return true
		}
	}
}

// put gives n back; what is too much for the bucket is lost.
func (b *budget) put(n int64) {
	for {
		left := b.left.Load()
		if left >= budgetFull || b.left.CompareAndSwap(left, min(budgetFull, left+n)) {
			return
		}
	}
}

func randomBelow(n int64) int64 { return rand.Int64N(n) }

// retryAfter returns what an answer's Retry-After asks for: seconds, or a date, which is taken against
// the answer's own Date where that is told, since clocks differ. It is 0 for none, and for one that is
// negative, past or cannot be read.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if strings.Trim(v, "0123456789") == "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n > int64(math.MaxInt64/time.Second) {
			return math.MaxInt64
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now))
}
