package bayeux_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// giveUp makes Dial give up what would go on for ever, after the first attempt.
func giveUp(t *testing.T, o bayeux.Options) (context.Context, bayeux.Options) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	o.Limiter = limiterFunc(func(context.Context) error {
		if n++; n == 2 {
			cancel()
		}
		return nil
	})
	return ctx, o
}

// A plainServer answers everything favourably, and never what it may hold.
type plainServer struct {
	upgrader websocket.Upgrader
	event    string // comes with the answer to a subscription
	sockets  atomic.Int64
}

func (p *plainServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		conn, err := p.upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		p.sockets.Add(1)
		defer conn.Close()
		for {
			_, frame, err := conn.ReadMessage()
			if err != nil {
				return
			}
			var out bytes.Buffer
			p.answer(&out, frame)
			if out.Len() > 0 && conn.WriteMessage(websocket.TextMessage, out.Bytes()) != nil {
				return
			}
		}
	}
	body, _ := io.ReadAll(r.Body)
	counted := &countingWriter{Writer: w}
	if p.answer(counted, body); counted.n == 0 {
		<-r.Context().Done()
	}
}

type countingWriter struct {
	io.Writer
	n int
}

func (c *countingWriter) Write(b []byte) (int, error) {
	c.n += len(b)
	return c.Writer.Write(b)
}

func (p *plainServer) answer(w io.Writer, body []byte) {
	var list []struct {
		ID, Channel string
		Advice      *struct{}
	}
	if json.Unmarshal(body, &list) != nil {
		return
	}
	var out []string
	for _, m := range list {
		reply := fmt.Sprintf(`{"channel":%q,"id":%q,"successful":true`, m.Channel, m.ID)
		switch {
		case m.Channel == "/meta/handshake":
			reply += `,"clientId":"c","supportedConnectionTypes":["websocket","long-polling"],"advice":{"timeout":30000}`
		case m.Channel == "/meta/connect" && m.Advice == nil:
			return // it is held
		case m.Channel == "/meta/subscribe" && p.event != "":
			reply = p.event + "," + reply
		}
		out = append(out, reply+"}")
	}
	_, _ = io.WriteString(w, "["+strings.Join(out, ",")+"]")
}

// A tunnel is a proxy that knows CONNECT, and counts.
type tunnel struct{ made atomic.Int64 }

func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	p.made.Add(1)
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(there, here); _ = there.Close() }()
	_, _ = io.Copy(here, there)
	_ = here.Close()
	<-done
}

// T5, T9: both transports go through the proxy, and trust the certificates, that the client's transport
// says, and WebSocket compresses if it is asked to.
func TestTLSProxyAndCompression(t *testing.T) {
	big := `"` + strings.Repeat("compress ", 5000) + `"`
	for _, transport := range []bayeux.Transport{bayeux.LongPolling{}, bayeux.WebSocket{}, bayeux.WebSocket{Compression: true}} {
		t.Run(fmt.Sprintf("%T %v", transport, transport), func(t *testing.T) {
			server := &plainServer{upgrader: websocket.Upgrader{EnableCompression: true}}
			server.event = `{"channel":"/a","data":` + big + `}`
			h := httptest.NewUnstartedServer(server)
			h.Config.ErrorLog = log.New(io.Discard, "", 0)
			h.StartTLS()
			defer h.Close()
			via := new(tunnel)
			proxy := httptest.NewServer(via)
			defer proxy.Close()
			address, err := url.Parse(proxy.URL)
			require.NoError(t, err)
			address.User = url.UserPassword("me", "topsecret")
			tr := h.Client().Transport.(*http.Transport).Clone()
			tr.Proxy = http.ProxyURL(address)
			var received atomic.Int64
			tr.DialContext = (&countingDialer{n: &received}).dial
			o := bayeux.Options{Transports: []bayeux.Transport{transport}, HTTPClient: &http.Client{Transport: tr}}
			session, err := bayeux.Dial(t.Context(), h.URL, o)
			require.NoError(t, err)
			require.Equal(t, transport.Type(), session.Transport())
			sub, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
			require.NoError(t, err)
			m, err := sub.Next(t.Context())
			require.NoError(t, err)
			require.JSONEq(t, big, string(m.Data))
			require.Positive(t, via.made.Load())
			if w, ok := transport.(bayeux.WebSocket); ok {
				require.EqualValues(t, 1, server.sockets.Load())
				require.Equal(t, w.Compression, received.Load() < 20_000, "%d bytes received", received.Load())
			}
			require.NoError(t, session.Close())
			tr.CloseIdleConnections()

			// Others from here on, since a connection of the first may come back to it late.
			suspicious := tr.Clone()
			suspicious.TLSClientConfig = &tls.Config{} // a certificate that nobody vouches for is refused, and nothing told
			o.HTTPClient = &http.Client{Transport: suspicious}
			ctx, o := giveUp(t, o)
			_, err = bayeux.Dial(ctx, h.URL, o)
			require.ErrorContains(t, err, "TLS failed")
			suspicious.CloseIdleConnections()
			refused := tr.Clone()
			refused.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: address.Host})
			o.HTTPClient = &http.Client{Transport: refused}
			ctx, o = giveUp(t, o)
			_, err = bayeux.Dial(ctx, h.URL, o) // which the proxy refuses
			require.ErrorIs(t, err, context.Canceled)
			require.NotContains(t, err.Error(), "127.0.0.1")
			refused.CloseIdleConnections()
		})
	}
}

type countingDialer struct{ n *atomic.Int64 }

func (d *countingDialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &countingConn{conn, d.n}, nil
}

type countingConn struct {
	net.Conn
	n *atomic.Int64
}

func (c *countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

const giant = 1 << 30

// A flood writes a giant body, until nobody listens any more, and counts what it could write.
type flood struct{ wrote atomic.Int64 }

var floodBlock = bytes.Repeat([]byte("0"), 1<<20)

func (f *flood) zeros(w io.Writer) {
	for f.wrote.Load() < giant {
		n, err := w.Write(floodBlock)
		f.wrote.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// E8: an answer of 1 GiB, in whatever way it comes, is an error and no danger. What is allocated is counted, from
// before the session until after it and for the server too, and not what is in use at the peak: that is never more.
func TestGiantAnswers(t *testing.T) {
	packed := pack(t)
	const limit = 16 << 20 // by default
	var f *flood
	zeros := func(w io.Writer) { f.zeros(w) }
	plain := &plainServer{upgrader: websocket.Upgrader{EnableCompression: true}}
	isConnect := func(r *http.Request) ([]byte, bool) {
		body, _ := io.ReadAll(r.Body)
		return body, bytes.Contains(body, []byte("/meta/connect"))
	}
	polled := func(f func(w http.ResponseWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if body, ok := isConnect(r); ok {
				f(w)
			} else {
				plain.answer(w, body)
			}
		}
	}
	socket := func(f func(raw net.Conn, conn *websocket.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, err := plain.upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			_, frame, _ := conn.ReadMessage()
			var out bytes.Buffer
			plain.answer(&out, frame)
			_ = conn.WriteMessage(websocket.TextMessage, out.Bytes())
			f(conn.NetConn(), conn)
		}
	}
	for name, c := range map[string]struct {
		transport bayeux.Transport
		handler   http.HandlerFunc
		want      bayeux.Kind
		least     int64 // that the server gets rid of before it is stopped: or else it is not the client that stops it
	}{
		"announced": {bayeux.LongPolling{}, polled(func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", fmt.Sprint(giant))
			zeros(w)
		}), bayeux.ErrTooLarge, 0},
		"chunked": {bayeux.LongPolling{}, polled(func(w http.ResponseWriter) { zeros(w) }), bayeux.ErrTooLarge, limit},
		"packed": {bayeux.LongPolling{}, polled(func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed)
		}), bayeux.ErrTooLarge, 0},
		"with an error": {bayeux.LongPolling{}, polled(func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			zeros(w)
		}), bayeux.ErrTransport, 0},
		"one frame": {bayeux.WebSocket{}, socket(func(raw net.Conn, _ *websocket.Conn) {
			_, _ = raw.Write([]byte{0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0})
			zeros(raw)
		}), bayeux.ErrTooLarge, 0},
		"many frames of one message": {bayeux.WebSocket{}, socket(func(_ net.Conn, conn *websocket.Conn) {
			if w, err := conn.NextWriter(websocket.TextMessage); err == nil {
				zeros(w)
			}
		}), bayeux.ErrTooLarge, limit},
		"packed frame": {bayeux.WebSocket{Compression: true}, socket(func(raw net.Conn, conn *websocket.Conn) {
			deflated := packed[10 : len(packed)-8] // without what gzip puts around it
			_, _ = raw.Write(binary.BigEndian.AppendUint64([]byte{0xc1, 127}, uint64(len(deflated))))
			_, _ = raw.Write(deflated)
			_, _, _ = conn.ReadMessage()
		}), bayeux.ErrTooLarge, 0},
		"header of the upgrade": {bayeux.WebSocket{}, func(w http.ResponseWriter, r *http.Request) {
			conn, b, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = b.WriteString("HTTP/1.1 101 Switching Protocols\r\nX: ")
			_ = b.Flush()
			zeros(conn)
		}, bayeux.ErrTransport, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f = new(flood)
			h := httptest.NewServer(c.handler)
			defer h.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			ctx, o := giveUp(t, bayeux.Options{Transports: []bayeux.Transport{c.transport}})
			_, err := bayeux.Dial(ctx, h.URL, o)
			require.ErrorIs(t, err, c.want)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
			h.CloseClientConnections()
			h.Close() // and waits for the handler
			require.GreaterOrEqual(t, f.wrote.Load(), c.least)
			require.Less(t, f.wrote.Load(), int64(limit+32<<20)) // what buffers of the network took is in it
			t.Logf("%d MiB written, %.1f MiB allocated", f.wrote.Load()>>20, float64(after.TotalAlloc-before.TotalAlloc)/(1<<20))
		})
	}
}

// pack makes a few kilobytes that unpack to more than a client takes.
func pack(t *testing.T) []byte {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	require.NoError(t, err)
	block := bytes.Repeat([]byte("0"), 1<<20)
	for range 20 {
		_, err = z.Write(block)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return packed.Bytes()
}

// A8: a connection on which a client's own transport has only subscribed does not stay.
func TestOwnClientKeepsOneConnection(t *testing.T) {
	var open atomic.Int64
	h := httptest.NewUnstartedServer(&plainServer{})
	h.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	h.Start()
	defer h.Close()
	tr := new(http.Transport)
	session, err := bayeux.Dial(t.Context(), h.URL, bayeux.Options{Transports: []bayeux.Transport{bayeux.LongPolling{}}, HTTPClient: &http.Client{Transport: tr}})
	require.NoError(t, err)
	_, err = session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return open.Load() == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, session.Publish(t.Context(), "/a", 1)) // and that of a publish does
	require.NoError(t, session.Publish(t.Context(), "/a", 2))
	require.EqualValues(t, 2, open.Load())
	require.NoError(t, session.Close())
	tr.CloseIdleConnections()
}
