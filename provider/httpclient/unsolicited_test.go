package httpclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// standardLog collects what is written to the standard logger, where net/http tells of bytes that it
// did not expect, in full.
func standardLog(t *testing.T) *bytes.Buffer {
	var lines bytes.Buffer
	before := log.Writer()
	log.SetOutput(&lines)
	t.Cleanup(func() { log.SetOutput(before) })
	return &lines
}

// unsolicited is what a vendor says with an answer that has no body.
const unsolicited = `{"message":"15551234567 was kicked"}`

// TestUnsolicited shows that what comes behind a 204 is neither logged nor taken for an answer, and that
// nothing more is sent on such a connection.
func TestUnsolicited(t *testing.T) {
	for name, answers := range map[string][]string{ // with 100 ms between the parts
		"at once":              {"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n" + unsolicited},
		"with a length":        {"HTTP/1.1 204 No Content\r\nContent-Length: 36\r\n\r\n" + unsolicited},
		"without headers":      {"HTTP/1.1 204\r\n\r\n" + unsolicited},
		"HTTP/1.0":             {"HTTP/1.0 204 X\r\nConnection: keep-alive\r\n\r\n" + unsolicited},
		"bare line feeds":      {"HTTP/1.1 204 X\nX-A: b\n\n" + unsolicited},
		"more blanks":          {"HTTP/1.1   204 X\r\n\r\n" + unsolicited},
		"later":                {"HTTP/1.1 204 X\r\nX-A: b\r\n\r\n", unsolicited},
		"a little at once":     {"HTTP/1.1 204 X\r\n\r\n{", unsolicited[1:]},
		"in pieces":            {"HTTP/1.", "1 2", "04 X\r", "\n\r", "\n" + unsolicited},
		"after interim answer": {"HTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 204 X\r\n\r\n" + unsolicited},
		"another answer":       {"HTTP/1.1 204 X\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n"},
		"one byte":             {"HTTP/1.1 204 X\r\n\r\n\n"},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				lines := standardLog(t)
				synctest.Test(t, func(t *testing.T) {
					w := &wire{net: pipenet.New()}
					w.listen(t, func(_ int64, _ *http.Request, conn *pipenet.Conn) {
						for i, part := range answers {
							if i > 0 {
								time.Sleep(100 * ms)
							}
							_, _ = io.WriteString(conn, part)
						}
					})
					c := w.client(t, httpclient.Options{})
					if secure {
						c = w.secureClient(t)
					}
					for range 3 {
						answer, err := c.Do(t.Context(), request(absolute), nil)
						require.NoError(t, err)
						require.Equal(t, 204, answer.Status)
						require.Equal(t, 1, answer.Attempts)
						if name == "later" {
							time.Sleep(s)
						}
					}
					require.Equal(t, int64(3), w.requests.Load())
					require.Equal(t, int64(3), w.conns.Load(), "such a connection is not used again")
				})
				require.Empty(t, lines.String())
			})
		}
	}
}

// secureClient returns a client that speaks TLS to somebody who passes it on to the wire, part by part.
func (w *wire) secureClient(t *testing.T) *httpclient.Client {
	server := httptest.NewUnstartedServer(nil) // for its certificate
	server.StartTLS()
	server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	front := pipenet.New()
	l, err := front.Listen("127.0.0.1:443")
	require.NoError(t, err)
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.Close()
		_ = from.Close()
	}
	w.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			there, err := w.net.DialContext(context.Background(), "tcp", "127.0.0.1:80")
			if err != nil {
				return
			}
			here := tls.Server(conn, &tls.Config{Certificates: server.TLS.Certificates})
			w.wg.Go(func() { pass(here, there) })
			w.wg.Go(func() { pass(there, here) })
		}
	})
	t.Cleanup(func() { _ = front.Close() })
	c := newClient(t, httpclient.Options{Base: "https://127.0.0.1"})
	httpclient.SetDial(c, front.DialContext)
	httpclient.TrustRoots(c, roots)
	return c
}

// TestNothingUnsolicited shows that nothing is taken away from whom has a right to it.
func TestNothingUnsolicited(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		status int
		body   string
	}{
		"204":               {"HTTP/1.1 204 No Content\r\nX-A: HTTP/1.1 204\r\n\r\n", 204, ""},
		"304":               {"HTTP/1.1 304 X\r\n\r\n", 304, ""},
		"a body":            {"HTTP/1.1 200 X\r\nContent-Length: 20\r\n\r\n[\"HTTP/1.1 204\"\r\n\r\n]", 200, "[\"HTTP/1.1 204\"\r\n\r\n]"},
		"chunks":            {"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n17\r\n0\r\n\r\n", 200, "17"},
		"an interim answer": {"HTTP/1.1 103 X\r\nA: b\r\n\r\nHTTP/1.1 100 X\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"},
		"an odd reason":     {"HTTP/1.1 404 204\r\nContent-Length: 0\r\n\r\n", 404, ""},
	} {
		for _, piece := range []int{1, 7, 1000} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := serve(t, func(_ int64, _ *http.Request, conn *pipenet.Conn) {
						for rest := tc.answer; rest != ""; rest = rest[min(piece, len(rest)):] {
							_, _ = io.WriteString(conn, rest[:min(piece, len(rest))])
							time.Sleep(ms) // until it has been read
						}
					})
					c := w.client(t, httpclient.Options{})
					for range 3 {
						got, _ := c.Do(t.Context(), request(absolute), nil)
						require.Equal(t, tc.status, got.Status)
						require.Equal(t, tc.body, string(got.Body))
						time.Sleep(s)
					}
					require.Equal(t, int64(1), w.conns.Load(), "a good connection is kept")
				})
			})
		}
	}
}

// TestHandshake is what a TLS handshake looks like that fails: certainly nothing was sent.
func TestHandshake(t *testing.T) {
	for name, tc := range map[string]struct {
		base     string
		far      func(conn net.Conn)
		attempts int
		took     time.Duration
	}{
		"silence": {"https://127.0.0.1", func(net.Conn) {}, 3, 12 * s}, // each is ended by the limit of an attempt
		"closed":  {"https://127.0.0.1", func(conn net.Conn) { _ = conn.Close() }, 3, 0},
		"no TLS":  {"https://127.0.0.1", func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := pipenet.New()
				l, err := n.Listen("127.0.0.1:443")
				require.NoError(t, err)
				over := make(chan struct{})
				go func() {
					defer close(over)
					for {
						conn, err := l.Accept()
						if err != nil {
							return
						}
						tc.far(conn)
					}
				}()
				c := newClient(t, httpclient.Options{Base: tc.base})
				httpclient.SetDial(c, n.DialContext)
				httpclient.SetRandom(c, func(int64) int64 { return 0 })
				began := time.Now()
				answer, err := c.Do(t.Context(), request(absolute), nil)
				require.ErrorIs(t, err, cc.ErrUnavailable)
				require.Equal(t, tc.attempts, answer.Attempts)
				require.Equal(t, tc.took, time.Since(began))
				_ = n.Close()
				<-over
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // where an attempt is allowed more
		n := pipenet.New()
		_, err := n.Listen("127.0.0.1:443")
		require.NoError(t, err)
		c := newClient(t, httpclient.Options{Base: "https://127.0.0.1", Attempt: time.Minute})
		httpclient.SetDial(c, n.DialContext)
		httpclient.SetRandom(c, func(int64) int64 { return 0 })
		began := time.Now()
		answer, err := c.Do(t.Context(), request(absolute), nil)
		require.ErrorIs(t, err, cc.ErrUnavailable)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3, answer.Attempts)
		require.Equal(t, 15*s, time.Since(began))
		_ = n.Close()
	})
}
