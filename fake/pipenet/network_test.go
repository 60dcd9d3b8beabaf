package pipenet_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/stretchr/testify/require"
)

func TestAddresses(t *testing.T) {
	n := pipenet.New()
	defer n.Close()
	l, err := n.Listen("api.test:443")
	require.NoError(t, err)
	require.Equal(t, "api.test:443", l.Addr().String())
	require.Equal(t, "pipe", l.Addr().Network())
	_, err = n.Listen("api.test:443")
	require.ErrorIs(t, err, syscall.EADDRINUSE)

	free, err := n.Listen("")
	require.NoError(t, err)
	other, err := n.Listen("host:0")
	require.NoError(t, err)
	require.NotEqual(t, free.Addr(), other.Addr())
	host, port, err := net.SplitHostPort(other.Addr().String())
	require.NoError(t, err)
	require.Equal(t, "host", host)
	require.NotEqual(t, "0", port)

	c, err := n.DialContext(t.Context(), "tcp", "api.test:443")
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	require.Equal(t, c.LocalAddr(), s.RemoteAddr())
	require.Equal(t, l.Addr(), c.RemoteAddr())
	require.Equal(t, l.Addr(), s.LocalAddr())
}

func TestDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.New()
		defer n.Close()
		_, err := n.DialContext(t.Context(), "tcp", "nobody:1")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		var op *net.OpError
		require.ErrorAs(t, err, &op)
		require.Equal(t, "dial", op.Op)

		l, err := n.Listen("busy:1")
		require.NoError(t, err)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = n.DialContext(canceled, "tcp", "busy:1")
		require.ErrorIs(t, err, context.Canceled)

		// The queue takes so many, and then dials wait.
		const queue = 128
		for range queue {
			_, err := n.DialContext(t.Context(), "tcp", "busy:1")
			require.NoError(t, err)
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.DialContext(ctx, "tcp", "busy:1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))

		waited := make(chan error)
		go func() {
			_, err := n.DialContext(t.Context(), "tcp", "busy:1")
			waited <- err
		}()
		synctest.Wait()
		require.NoError(t, l.Close())
		require.ErrorIs(t, <-waited, syscall.ECONNREFUSED)
	})
}

func TestClosingAListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.New()
		defer n.Close()
		l, err := n.Listen("a:1")
		require.NoError(t, err)
		accepted, err := n.DialContext(t.Context(), "tcp", "a:1")
		require.NoError(t, err)
		far, err := l.Accept()
		require.NoError(t, err)
		waiting, err := n.DialContext(t.Context(), "tcp", "a:1")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.ErrorIs(t, l.Close(), net.ErrClosed)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = waiting.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)

		_, err = far.Write([]byte("still here"))
		require.NoError(t, err)
		b := make([]byte, 10)
		_, err = io.ReadFull(accepted, b)
		require.NoError(t, err)
		require.Equal(t, "still here", string(b))

		again, err := n.Listen("a:1") // the address is free
		require.NoError(t, err)
		done := make(chan error)
		go func() {
			_, err := again.Accept()
			done <- err
		}()
		synctest.Wait()
		require.NoError(t, again.Close())
		require.ErrorIs(t, <-done, net.ErrClosed)
	})
}

func TestClosingANetwork(t *testing.T) {
	n := pipenet.New()
	l, err := n.Listen("a:1")
	require.NoError(t, err)
	c, err := n.DialContext(t.Context(), "tcp", "a:1")
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	require.NoError(t, n.Close())
	for _, end := range []net.Conn{c, s} {
		_, err = end.Read(make([]byte, 1))
		require.Error(t, err)
		require.ErrorIs(t, end.Close(), net.ErrClosed)
	}
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = n.Listen("b:1")
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = n.DialContext(t.Context(), "tcp", "a:1")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, n.Close())
}

// TestHTTP runs a real server and a real client in fake time: a slow answer takes no time, and a
// client's patience ends at its instant.
func TestHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.New()
		defer n.Close()
		l, err := n.Listen("api.test:80")
		require.NoError(t, err)
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				select {
				case <-time.After(time.Hour):
				case <-r.Context().Done():
				}
				return
			}
			_, _ = io.Copy(w, r.Body)
		})}
		served := make(chan error)
		go func() { served <- srv.Serve(l) }()

		client := n.Client()
		big := strings.Repeat("0123456789abcdef", 64<<10) // more than the buffers hold
		resp, err := client.Post("http://api.test/echo", "text/plain", strings.NewReader(big))
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.True(t, big == string(body))

		start := time.Now()
		client.Timeout = 5 * time.Second
		_, err = client.Get("http://api.test/slow")
		require.True(t, os.IsTimeout(err), "%v", err)
		require.Equal(t, 5*time.Second, time.Since(start))

		client.CloseIdleConnections()
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}
