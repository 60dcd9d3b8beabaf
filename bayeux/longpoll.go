package bayeux

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// LongPolling is the transport that every server has: HTTP POST requests, one of which the server
// holds until there is something to tell.
type LongPolling struct {
	// MessageType appends the type of a meta message to the path, as the reference clients can:
	// "/cometd/handshake". Some proxies route by it.
	MessageType bool
}

// Type returns "long-polling".
func (LongPolling) Type() string { return "long-polling" }

// Open makes a link. It makes no request.
func (t LongPolling) Open(_ context.Context, p LinkParams) (Link, error) {
	l := &pollLink{p: p, suffix: t.MessageType}
	l.request = http.Request{
		Method: http.MethodPost, URL: p.URL, Host: p.URL.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	l.lanes[0].link, l.lanes[1].link = l, l
	return l, nil
}

// A pollLink has two lanes: one for what the server may hold, one for everything else. Each carries
// one request at a time, because the session sends one at a time, and has a goroutine only while it does.
// Only a disconnect does not wait for the command before it.
type pollLink struct {
	p       LinkParams
	suffix  bool
	request http.Request // what all requests have in common

	lanes [2]lane

	mu      sync.Mutex
	cookies []*http.Cookie // of header
	header  http.Header    // never changed, only replaced
	major   int            // version of HTTP that the server speaks
}

type lane struct {
	link *pollLink

	mu      sync.Mutex
	current *Batch
	closed  bool
	ctx     context.Context // of all requests until one is given up
	cancel  context.CancelFunc
}

func (l *pollLink) lane(b *Batch) *lane {
	if b.Kind == HandshakeBatch || b.Kind == ConnectBatch {
		return &l.lanes[0]
	}
	return &l.lanes[1]
}

// Duplex returns false.
func (l *pollLink) Duplex() bool { return false }

// Send hands the batch to its lane.
func (l *pollLink) Send(b *Batch) {
	n := l.lane(b)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	if n.ctx == nil {
		n.ctx, n.cancel = context.WithCancel(context.Background())
	}
	n.current = b
	ctx := n.ctx
	l.p.Go(func() { n.run(ctx, b) })
}

// Abort cancels the request.
func (l *pollLink) Abort(b *Batch) {
	n := l.lane(b)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.current == b {
		n.stop()
	}
}

// Close cancels everything. Connections that are idle are the transport's.
func (l *pollLink) Close(bool) {
	for i := range l.lanes {
		n := &l.lanes[i]
		n.mu.Lock()
		n.closed = true
		n.stop()
		n.mu.Unlock()
	}
}

// stop cancels what is under way. The caller holds mu.
func (n *lane) stop() {
	n.current = nil
	if n.cancel != nil {
		n.cancel()
		n.ctx, n.cancel = nil, nil
	}
}

// run carries one batch. The next one has another goroutine, because the stack that it takes to work
// on an answer is larger than what it takes to wait for one, and a session mostly waits.
func (n *lane) run(ctx context.Context, b *Batch) {
	n.link.exchange(ctx, b)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.current == b {
		n.stop()
	}
}

// exchange carries one batch there and the answer back.
func (l *pollLink) exchange(ctx context.Context, b *Batch) {
	sink := l.p.Sink
	body, err := b.Body()
	if err != nil {
		sink.Fail(b, err)
		return
	}
	resp, err := l.p.RoundTripper.RoundTrip(l.newRequest(ctx, b, body))
	if err != nil {
		sink.Fail(b, asError("", err))
		return
	}
	l.keepCookies(resp)
	l.mu.Lock()
	l.major = resp.ProtoMajor
	l.mu.Unlock()
	if resp.StatusCode != http.StatusOK {
		drain(resp.Body)
		sink.Fail(b, statusError(resp))
		return
	}
	room := takeBuffer()
	defer giveBuffer(room)
	err = readBody(resp, room, l.p.MaxMessage)
	_ = resp.Body.Close()
	switch {
	case err == errLong:
		sink.Fail(b, &Error{Kind: ErrTooLarge, Detail: "the response is longer than the limit"})
	case err != nil:
		sink.Fail(b, asError("", err))
	case len(bytes.TrimSpace(room.b)) == 0:
		sink.Fail(b, &Error{Kind: ErrProtocol, Detail: "the response is empty"})
	default:
		sink.Receive(b, room.b)
	}
}

// newRequest makes the request of a batch. The header is shared between requests that have the same
// cookies: neither this package nor a RoundTripper may change it.
func (l *pollLink) newRequest(ctx context.Context, b *Batch, body []byte) *http.Request {
	req := l.request.WithContext(ctx)
	if l.suffix {
		if suffix := [...]string{"/handshake", "/connect", "", "/disconnect"}[b.Kind]; suffix != "" {
			req.URL = withSuffix(req.URL, suffix)
		}
	}
	req.Header = l.headerWith(l.p.Jar.Cookies(req.URL))
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	req.Close = l.lastForLong(b)
	req.ContentLength = int64(len(body))
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return req
}

// lastForLong reports whether the connection that carries b is unlikely to be needed soon again. That is
// so if b only subscribes while the other connection holds a connect: few sessions ever send anything
// after that. A transport of the session's own closes such a connection itself, after a while; one of
// the application may keep it, and two goroutines with it, for as long as the session lasts.
func (l *pollLink) lastForLong(b *Batch) bool {
	if !l.p.given || b.Kind != CommandBatch {
		return false
	}
	for _, r := range b.requests {
		if r.op != opSubscribe && r.op != opUnsubscribe {
			return false
		}
	}
	beat := &l.lanes[0]
	beat.mu.Lock()
	held := beat.current != nil
	beat.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return held && l.major == 1
}

func withSuffix(u *url.URL, suffix string) *url.URL {
	c := *u
	c.Path = strings.TrimSuffix(c.Path, "/") + suffix
	if c.RawPath != "" {
		c.RawPath = strings.TrimSuffix(c.RawPath, "/") + suffix
	}
	return &c
}

func (l *pollLink) headerWith(cookies []*http.Cookie) http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.header != nil && sameCookies(l.cookies, cookies) {
		return l.header
	}
	h := l.p.Header.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Set("Content-Type", "application/json;charset=UTF-8")
	carrier := http.Request{Header: h}
	for _, c := range cookies {
		carrier.AddCookie(c)
	}
	l.header, l.cookies = h, cookies
	return h
}

func sameCookies(a, b []*http.Cookie) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Value != b[i].Value {
			return false
		}
	}
	return true
}

// keepCookies stores the cookies of any response whatever: servers renew them when they like.
func (l *pollLink) keepCookies(resp *http.Response) {
	if len(resp.Header["Set-Cookie"]) > 0 {
		u := l.p.URL
		if resp.Request != nil && resp.Request.URL != nil {
			u = resp.Request.URL
		}
		l.p.Jar.SetCookies(u, resp.Cookies())
	}
}

// statusError is the error of a response that is not a 200.
func statusError(resp *http.Response) *Error {
	e := &Error{Kind: ErrTransport, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		e.Kind = ErrUnauthorized
	case resp.StatusCode == http.StatusNoContent:
		e.Kind = ErrProtocol
	}
	return e
}

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = 10 * time.Minute

func retryAfter(s string, now time.Time) time.Duration {
	if s == "" {
		return 0
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		return time.Duration(min(max(n, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// drain reads a little of a body that nobody wants, so that the connection can be used again.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 16<<10)
	_ = body.Close()
}

var errLong = errors.New("too long")

// readBody reads the whole body.
func readBody(resp *http.Response, room *buffer, most int) error {
	if t := resp.Header.Get("Content-Type"); t != "" && strings.HasPrefix(t, "text/html") {
		if kind, _, err := mime.ParseMediaType(t); err == nil && kind == "text/html" {
			return &Error{Kind: ErrProtocol, Detail: "the response is a page of HTML"}
		}
	}
	if resp.ContentLength > int64(most) {
		return errLong
	}
	if n := resp.ContentLength; n > 0 {
		room.grow(int(min(n, 1<<20)) + 1)
	}
	return room.readFrom(resp.Body, most)
}
