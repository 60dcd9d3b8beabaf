package httpclient_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// A wire is a server of which each byte is written by the test: handle gets each request, by number
// from 1, and the connection to answer on.
type wire struct {
	net      *pipenet.Network
	requests atomic.Int64
	conns    atomic.Int64
	wg       sync.WaitGroup
}

type handler func(n int64, r *http.Request, conn *pipenet.Conn)

// serve starts a wire; it ends with the test.
func serve(t *testing.T, handle handler) *wire {
	w := &wire{net: pipenet.New()}
	w.listen(t, handle)
	return w
}

func (w *wire) listen(t *testing.T, handle handler) {
	l, err := w.net.Listen("127.0.0.1:80")
	require.NoError(t, err)
	w.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.conns.Add(1)
			w.wg.Go(func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					body, err := io.ReadAll(r.Body)
					if err != nil {
						return
					}
					r.Body = io.NopCloser(strings.NewReader(string(body)))
					handle(w.requests.Add(1), r, conn.(*pipenet.Conn))
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = w.net.Close()
		w.wg.Wait()
	})
}

// client returns a client whose own transport dials the wire.
func (w *wire) client(t *testing.T, o httpclient.Options) *httpclient.Client {
	c := newClient(t, o)
	httpclient.SetDial(c, w.net.DialContext)
	return c
}

// says writes an answer with a Content-Length.
func says(code int, body string) handler {
	return func(_ int64, _ *http.Request, conn *pipenet.Conn) {
		fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nX-Request-ID: id-1\r\nContent-Length: %d\r\n\r\n%s", code, len(body), body)
	}
}

func raw(s string) handler {
	return func(_ int64, _ *http.Request, conn *pipenet.Conn) {
		_, _ = io.WriteString(conn, s)
		_ = conn.Close()
	}
}

// TestRequestOnTheWire shows each byte that matters of what is sent, attempt by attempt.
func TestRequestOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			method, uri, body  string
			length             int64
			auth, accept, ctyp string
			encoding           []string
		}
		var got []seen
		w := serve(t, func(n int64, r *http.Request, conn *pipenet.Conn) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, seen{
				r.Method, r.RequestURI, string(body), r.ContentLength, r.Header.Get("Authorization"),
				r.Header.Get("Accept"), r.Header.Get("Content-Type"), r.Header.Values("Accept-Encoding"),
			})
			says([]int{429, 429, 200}[n-1], "{}")(n, r, conn)
		})
		attempt := 0
		c := w.client(t, httpclient.Options{
			Base: localhost + "/api%2Fv1/", Insecure: true,
			Authorize: func(_ context.Context, h http.Header) error {
				attempt++
				h.Set("Authorization", fmt.Sprint("Bearer ", attempt))
				return nil
			},
		})
		answer, err := c.Do(t.Context(), httpclient.Request{
			Op: "test", Class: once, Method: "POST", Path: []string{"name_a b/c", "15001"}, Slash: true,
			Query: url.Values{"q": {"1&2"}}, Body: map[string]bool{"mute": true},
		}, nil)
		require.NoError(t, err)
		require.Equal(t, httpclient.Answer{
			Status: 200, Header: answer.Header, Body: []byte("{}"), RequestID: "id-1", Attempts: 3,
		}, answer)
		one := seen{
			method: "POST", uri: "/api%2Fv1/name_a%20b%2Fc/15001/?q=1%262", body: `{"mute":true}`, length: 13,
			auth: "Bearer 1", accept: "application/json", ctyp: "application/json",
		}
		two, three := one, one
		two.auth, three.auth = "Bearer 2", "Bearer 3"
		require.Equal(t, []seen{one, two, three}, got)
		require.Equal(t, int64(1), w.conns.Load(), "one connection is enough")
	})
}

// TestDeadConnection shows who is sent again after a kept connection that the server has closed:
// net/http may do it for a Read, and never for a command that was written.
func TestDeadConnection(t *testing.T) {
	for _, tc := range []struct {
		class  httpclient.Class
		method string
		body   any
	}{
		{read, "GET", nil}, {read, "POST", order{true}}, {absolute, "DELETE", nil}, {absolute, "POST", order{true}}, {once, "POST", nil},
	} {
		t.Run(tc.class.String()+" "+tc.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serve(t, func(n int64, r *http.Request, conn *pipenet.Conn) {
					if n == 2 { // the first one on a kept connection
						_ = conn.Close()
						return
					}
					says(200, "{}")(n, r, conn)
				})
				c := w.client(t, httpclient.Options{})
				req := request(tc.class)
				req.Method, req.Body = tc.method, tc.body
				_, err := c.Do(t.Context(), req, nil)
				require.NoError(t, err)
				synctest.Wait()
				answer, err := c.Do(t.Context(), req, nil)
				if tc.class == read {
					require.NoError(t, err)
					require.Equal(t, int64(3), w.requests.Load())
					require.Equal(t, 1, answer.Attempts, "net/http did it")
					require.Equal(t, int64(500), httpclient.Budget(c))
					return
				}
				require.ErrorIs(t, err, cc.ErrUncertain)
				require.Equal(t, int64(2), w.requests.Load())
			})
		})
	}
}

// TestKeptConnections shows that a server which closes each kept connection 5 ms after answering
// costs nothing, and that a failing caller does not cost the others their connections.
func TestKeptConnections(t *testing.T) {
	t.Run("closed when idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := serve(t, func(n int64, r *http.Request, conn *pipenet.Conn) {
				says(204, "")(n, r, conn)
				time.Sleep(5 * ms)
				_ = conn.Close()
			})
			c := w.client(t, httpclient.Options{})
			for range 100 {
				_, err := c.Do(t.Context(), request(absolute), nil)
				require.NoError(t, err)
				time.Sleep(6 * ms)
			}
			require.Equal(t, int64(100), w.requests.Load())
		})
	})
	t.Run("one of 64 always fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := serve(t, func(n int64, r *http.Request, conn *pipenet.Conn) {
				time.Sleep(1 * ms)
				if r.URL.Path == "/fails" {
					says(500, strings.Repeat("e", 8<<10))(n, r, conn)
					return
				}
				says(200, "{}")(n, r, conn)
			})
			c := w.client(t, httpclient.Options{})
			var wg sync.WaitGroup
			for i := range 64 {
				wg.Go(func() {
					req := request(absolute)
					if i == 0 {
						req.Path = []string{"fails"}
					}
					for range 50 {
						if _, err := c.Do(t.Context(), req, nil); (err != nil) != (i == 0) {
							t.Error(i, err)
						}
					}
				})
			}
			wg.Wait()
			require.Equal(t, int64(64*50), w.requests.Load())
			require.LessOrEqual(t, w.conns.Load(), int64(64))
		})
	})
}

// TestClose shows that nothing is left of a closed client, also of what was under way.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		open := 0
		w := serve(t, func(n int64, r *http.Request, conn *pipenet.Conn) {
			<-answer
			says(200, "{}")(n, r, conn)
		})
		c := newClient(t, httpclient.Options{})
		httpclient.SetDial(c, func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := w.net.DialContext(ctx, network, addr)
			open++
			return &closeConn{Conn: conn, closed: func() { open-- }}, err
		})
		done := make(chan error)
		go func() {
			_, err := c.Do(t.Context(), request(absolute), nil)
			done <- err
		}()
		synctest.Wait()
		require.NoError(t, c.Close())
		require.Equal(t, 1, open)
		close(answer)
		require.NoError(t, <-done)
		synctest.Wait()
		require.Zero(t, open)

		_, err := c.Do(t.Context(), request(read), nil)
		require.ErrorIs(t, err, cc.ErrClosed)
		require.Equal(t, int64(1), w.requests.Load())
		require.NoError(t, c.Close())
	})
}

// TestCloseWhileBeginning shows the same of a call that asks for its connection after the Close.
func TestCloseWhileBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, says(200, "{}"))
		var c *httpclient.Client
		c = newClient(t, httpclient.Options{Authorize: func(context.Context, http.Header) error { return c.Close() }})
		open := 0
		httpclient.SetDial(c, func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := w.net.DialContext(ctx, network, addr)
			open++
			return &closeConn{Conn: conn, closed: func() { open-- }}, err
		})
		_, err := c.Do(t.Context(), request(absolute), nil)
		require.NoError(t, err)
		synctest.Wait()
		require.Zero(t, open)
	})
}

// TestCloseWhileWaiting shows that a repeat is not sent by a client that was closed meanwhile.
func TestCloseWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := play(status(429))
		c := newClient(t, httpclient.Options{Transport: w})
		time.AfterFunc(500*ms, func() { _ = c.Close() })
		_, err := c.Do(t.Context(), request(absolute), nil)
		require.ErrorIs(t, err, cc.ErrClosed)
		require.Equal(t, 1, w.requests())
	})
}

type closeConn struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *closeConn) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}

// TestErrorKeepsBoth shows that an error holds what the vendor said and what the transport said.
func TestErrorKeepsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, httpclient.Options{
			Transport: play(status(429, "X-Request-Id", "id-7", "Retry-After", "9")),
			Explain: func(code int, _ http.Header, _ []byte) (cc.Kind, string, string) {
				return 0, "20429", "too many"
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(2*s, cancel)
		answer, err := c.Do(ctx, request(once), nil)
		require.ErrorIs(t, err, context.Canceled)
		e := failure(t, err)
		require.Equal(t, cc.Error{
			Op: "test", Kind: cc.ErrCanceled, Code: "20429", Status: 429, RequestID: "id-7",
			RetryAfter: 9 * s, Message: "too many", Err: context.Canceled,
		}, *e)
		require.Equal(t, 429, answer.Status)
	})
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, httpclient.Options{Transport: play(fails(refusedDial))})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(20*ms, cancel)
		_, err := c.Do(ctx, request(once), nil)
		require.ErrorIs(t, err, cc.ErrCanceled)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
