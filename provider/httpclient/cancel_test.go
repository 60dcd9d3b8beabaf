package httpclient_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// A phase is a place where a call can be when its context ends, and how to get it there.
type phase struct {
	name string
	// open returns a client whose next call hangs in this phase.
	open func(t *testing.T) *httpclient.Client
	sent bool
	// ends are the ways to end ctx that can meet a call here: one that waits is refused at once when
	// its deadline is too near.
	ends []string
}

var phases = []phase{
	{"before", func(t *testing.T) *httpclient.Client {
		return newClient(t, httpclient.Options{Transport: play(status(204))})
	}, false, []string{"before"}},
	{"limiter", func(t *testing.T) *httpclient.Client {
		l := httpclient.NewLimiter(1, time.Minute)
		_, err := httpclient.Take(l, t.Context(), false)
		require.NoError(t, err)
		return newClient(t, httpclient.Options{Transport: play(status(204)), Limiter: l})
	}, false, []string{"cancel"}},
	{"authorize", func(t *testing.T) *httpclient.Client {
		return newClient(t, httpclient.Options{
			Transport: play(status(204)),
			Authorize: func(ctx context.Context, _ http.Header) error { <-ctx.Done(); return ctx.Err() },
		})
	}, false, []string{"cancel", "deadline"}},
	{"dial", func(t *testing.T) *httpclient.Client {
		c := newClient(t, httpclient.Options{})
		httpclient.SetDial(c, hangingDial)
		return c
	}, false, []string{"cancel", "deadline"}},
	{"dial by a given transport", func(t *testing.T) *httpclient.Client {
		transport := &http.Transport{DialContext: hangingDial}
		t.Cleanup(transport.CloseIdleConnections)
		return newClient(t, httpclient.Options{Transport: transport})
	}, false, []string{"cancel", "deadline"}},
	{"request", func(t *testing.T) *httpclient.Client {
		n := pipenet.NewBuffered(1)
		l, err := n.Listen("127.0.0.1:80")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close(); _ = n.Close() })
		c := newClient(t, httpclient.Options{})
		httpclient.SetDial(c, n.DialContext)
		return c
	}, true, []string{"cancel", "deadline"}},
	{"header", func(t *testing.T) *httpclient.Client {
		w := serve(t, func(int64, *http.Request, *pipenet.Conn) {})
		return w.client(t, httpclient.Options{})
	}, true, []string{"cancel", "deadline"}},
	{"header by a given transport", func(t *testing.T) *httpclient.Client {
		w := serve(t, func(int64, *http.Request, *pipenet.Conn) {})
		transport := w.net.Transport()
		t.Cleanup(transport.CloseIdleConnections)
		return newClient(t, httpclient.Options{Transport: transport})
	}, true, []string{"cancel", "deadline"}},
	{"header by something else", func(t *testing.T) *httpclient.Client {
		return newClient(t, httpclient.Options{Transport: play(hangs)})
	}, true, []string{"cancel", "deadline"}},
	{"body", func(t *testing.T) *httpclient.Client {
		w := serve(t, func(_ int64, _ *http.Request, conn *pipenet.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{")
		})
		return w.client(t, httpclient.Options{})
	}, true, []string{"cancel", "deadline"}},
	{"body of a 500", func(t *testing.T) *httpclient.Client {
		w := serve(t, func(_ int64, _ *http.Request, conn *pipenet.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\n{")
		})
		return w.client(t, httpclient.Options{})
	}, true, []string{"cancel", "deadline"}},
	{"wait after a refused connection", func(t *testing.T) *httpclient.Client {
		c := newClient(t, httpclient.Options{Transport: play(fails(refusedDial))})
		httpclient.SetRandom(c, func(int64) int64 { return int64(10 * s) })
		return c
	}, false, []string{"cancel"}},
}

// hangingDial hangs until it is given up. net/http lets a dial go on without the request that wanted
// it, and gives it up when idle connections are closed.
func hangingDial(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, opError("dial", ctx.Err())
}

// TestContextEnds ends ctx in every phase of a call: the call returns in the same instant and tells
// whether a byte may have left.
func TestContextEnds(t *testing.T) {
	for _, p := range phases {
		for _, end := range p.ends {
			for _, class := range classes {
				t.Run(p.name+"/"+end+"/"+class.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := p.open(t)
						var (
							ctx    = t.Context()
							cancel context.CancelFunc
							is     = context.Canceled
							after  = 300 * ms
						)
						switch end {
						case "cancel":
							ctx, cancel = context.WithCancel(ctx)
							defer cancel()
							time.AfterFunc(after, cancel)
						case "deadline":
							ctx, cancel = context.WithTimeout(ctx, after)
							defer cancel()
							is = context.DeadlineExceeded
						case "before":
							after = 0
							ctx, cancel = context.WithCancel(ctx)
							cancel()
						}
						start := time.Now()
						_, err := c.Do(ctx, request(class), nil)
						require.Equal(t, after, time.Since(start))
						require.ErrorIs(t, err, is)

						want := cc.ErrCanceled
						switch {
						case p.sent && class != read:
							want = cc.ErrUncertain
						case p.sent && end == "deadline":
							want = cc.ErrUnavailable
						}
						require.Equal(t, want, cc.KindOf(err), "%v", err)
					})
				})
			}
		}
	}
}

// TestWaitEnds cancels the wait after an answer that was not the last word.
func TestWaitEnds(t *testing.T) {
	for _, tc := range []struct {
		class httpclient.Class
		code  int
	}{{read, 503}, {read, 429}, {absolute, 429}, {once, 429}} {
		synctest.Test(t, func(t *testing.T) {
			w := play(status(tc.code, "Retry-After", "5"))
			c := newClient(t, httpclient.Options{Transport: w})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*ms, cancel)
			start := time.Now()
			_, err := c.Do(ctx, request(tc.class), nil)
			require.Equal(t, 300*ms, time.Since(start))
			e := failure(t, err)
			require.Equal(t, cc.ErrCanceled, e.Kind)
			require.Equal(t, tc.code, e.Status, "the vendor's answer is not lost")
			require.Equal(t, 5*s, e.RetryAfter)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 1, w.requests())
			require.Equal(t, int64(500), httpclient.Budget(c), "what was not tried costs nothing")
		})
	}
}

// TestEndsWithAnswer ends ctx in the instant of an answer after which there would be a wait.
func TestEndsWithAnswer(t *testing.T) {
	for _, tc := range []struct {
		class httpclient.Class
		code  int
		kind  cc.Kind
	}{
		{read, 503, cc.ErrCanceled}, {read, 429, cc.ErrCanceled}, {once, 429, cc.ErrCanceled},
		{once, 404, cc.ErrNotFound}, {once, 204, 0}, {read, 204, 0}, {once, 500, cc.ErrUncertain},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		w := play(func(r *http.Request) (*http.Response, error) {
			cancel()
			return status(tc.code)(r)
		})
		c := newClient(t, httpclient.Options{Transport: w})
		answer, err := c.Do(ctx, request(tc.class), nil)
		require.Equal(t, tc.kind, cc.KindOf(err))
		require.Equal(t, tc.code, answer.Status)
		require.Equal(t, 1, w.requests())
		if tc.kind == cc.ErrCanceled {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
}

// TestEndsAfterSending ends the deadline of a call in an attempt of which nothing left, after one
// that did leave: a Read was sent then, a command cannot have come so far.
func TestEndsAfterSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := play(fails(reset), func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GetConn("a:80")
			return hangs(r)
		})
		c := newClient(t, httpclient.Options{Transport: w})
		ctx, cancel := context.WithTimeout(t.Context(), 1*s)
		defer cancel()
		_, err := c.Do(ctx, request(read), nil)
		require.Equal(t, cc.ErrUnavailable, cc.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, syscall.ECONNRESET, "what came before is told too")
		require.Equal(t, 2, w.requests())
	})
}

// TestSent holds what is made of a transport's trace when an attempt fails.
func TestSent(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	go func() { _, _ = io.Copy(io.Discard, there) }()

	get := func(r *http.Request) {
		if ask := httptrace.ContextClientTrace(r.Context()).GetConn; ask != nil {
			ask("a:80")
		}
	}
	got := func(r *http.Request, conn net.Conn) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Conn: conn})
	}
	for _, tc := range []struct {
		name  string
		plain bool // the transport is an *http.Transport
		trace func(t *testing.T, r *http.Request)
		sent  bool
	}{
		{"no trace at all", false, func(*testing.T, *http.Request) {}, true},
		{"no connection", false, func(_ *testing.T, r *http.Request) { get(r) }, false},
		{"a connection", false, func(_ *testing.T, r *http.Request) { get(r); got(r, here) }, true},
		{"a connection without asking", false, func(_ *testing.T, r *http.Request) { got(r, here) }, true},
		{"counted, nothing written", true, func(t *testing.T, r *http.Request) {
			conn := httpclient.Counted(here)
			get(r)
			got(r, conn)
			t.Cleanup(func() { // nor is it later, by a goroutine that was late
				_, err := conn.Write([]byte("x"))
				require.ErrorIs(t, err, net.ErrClosed)
			})
		}, false},
		{"counted, written before", true, func(_ *testing.T, r *http.Request) {
			conn := httpclient.Counted(here)
			_, _ = conn.Write([]byte("the request before"))
			get(r)
			got(r, conn)
		}, false},
		{"counted, written", true, func(t *testing.T, r *http.Request) {
			conn := httpclient.Counted(here)
			get(r)
			got(r, conn)
			_, _ = conn.Write([]byte("x"))
			t.Cleanup(func() {
				_, err := conn.Write([]byte("x"))
				require.NoError(t, err)
			})
		}, true},
		{"counted, could not be written", true, func(t *testing.T, r *http.Request) {
			here, there := net.Pipe()
			_ = there.Close()
			conn := httpclient.Counted(here)
			got(r, conn)
			_, err := conn.Write([]byte("x"))
			require.ErrorIs(t, err, io.ErrClosedPipe)
		}, false},
		{"a second connection, never had", true, func(_ *testing.T, r *http.Request) { get(r); got(r, here); get(r) }, false},
		{"a second connection of who knows what", false, func(_ *testing.T, r *http.Request) { get(r); got(r, here); get(r) }, true},
		{"two counted connections of who knows what", false, func(_ *testing.T, r *http.Request) {
			get(r)
			got(r, httpclient.Counted(here))
			get(r)
			got(r, httpclient.Counted(here))
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := play(func(r *http.Request) (*http.Response, error) {
					tc.trace(t, r)
					return nil, reset
				}, status(204))
				c := newClient(t, httpclient.Options{Transport: w})
				if tc.plain {
					httpclient.Trust(c)
				}
				_, err := c.Do(t.Context(), request(absolute), nil)
				if tc.sent {
					require.ErrorIs(t, err, cc.ErrUncertain)
					require.Equal(t, 1, w.requests())
				} else {
					require.NoError(t, err)
					require.Equal(t, 2, w.requests())
				}
			})
		})
	}
}

// TestNeverAsked shows that what net/http refuses before it looks for a connection is the request's
// fault.
func TestNeverAsked(t *testing.T) {
	for _, class := range classes {
		c := newClient(t, httpclient.Options{Authorize: func(_ context.Context, h http.Header) error {
			h.Set("Authorization", "a\r\nb: sesame")
			return nil
		}})
		answer, err := c.Do(t.Context(), request(class), nil)
		require.ErrorIs(t, err, cc.ErrInvalid)
		require.NotContains(t, err.Error(), "sesame")
		require.Equal(t, 1, answer.Attempts)
	}
}
