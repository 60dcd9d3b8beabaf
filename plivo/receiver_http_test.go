package plivo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A site is a receiver behind a server of net/http, over pipes in fake time.
type site struct {
	r    *plivo.Receiver
	net  *pipenet.Network
	read atomic.Int64 // bytes that the server has taken
}

const siteAddr = "hooks.example.net:443"

func newSite(t *testing.T, change ...func(*http.Server)) *site {
	t.Helper()
	s := &site{r: receiver(t), net: pipenet.New()}
	l, err := s.net.Listen(siteAddr)
	require.NoError(t, err)
	server := &http.Server{Handler: s.r}
	for _, f := range change {
		f(server)
	}
	served := make(chan error)
	go func() { served <- server.Serve(&countingListener{l, s}) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
	return s
}

type countingListener struct {
	net.Listener
	site *site
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{c, l.site}, nil
}

type countingConn struct {
	net.Conn
	site *site
}

func (c *countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.site.read.Add(int64(n))
	return n, err
}

// dial opens a connection, sends the head of a request on it, and goes on with what is given until it
// is all sent or nobody takes it.
func (s *site) send(t *testing.T, head string, body io.Reader) *bufio.Reader {
	t.Helper()
	conn, err := s.net.DialContext(background, "tcp", siteAddr)
	require.NoError(t, err)
	_, err = io.WriteString(conn, head)
	require.NoError(t, err)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.Copy(conn, body)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-sent
	})
	return bufio.NewReader(conn)
}

func status1(t *testing.T, in *bufio.Reader) *http.Response {
	t.Helper()
	answer, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer
}

// head is that of a POST of a signed form; length below zero: it is not told.
func head(t *testing.T, form url.Values, length int) string {
	t.Helper()
	q := delivery{form: form}.request(t)
	h := "POST /plivo/mpc HTTP/1.1\r\nHost: evil.example\r\nContent-Type: " + formType + "\r\n"
	for _, key := range []string{plivo.HeaderNonceV3, plivo.HeaderSignatureV3} {
		h += key + ": " + q.Header.Get(key) + "\r\n"
	}
	if length < 0 {
		return h + "Transfer-Encoding: chunked\r\n\r\n"
	}
	return h + fmt.Sprintf("Content-Length: %d\r\n\r\n", length)
}

// chunks is a body of so many chunks of 1 KiB.
type chunks struct {
	left int
	rest []byte
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if c.left--; c.left < 0 {
			return 0, io.EOF
		}
		c.rest = []byte("400\r\n" + strings.Repeat("a", 1<<10) + "\r\n")
		if c.left == 0 {
			c.rest = append(c.rest, "0\r\n\r\n"...)
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// However long a body is, no more is taken from the connection than the limit and 64 KiB: what is
// counted is what the server reads of it, its own buffers and what it reads after the answer
// included.
func TestALongBodyIsNotRead(t *testing.T) {
	form := mpcEvent("MPCStart", "room-7", runA)
	for name, c := range map[string]struct {
		length int
		body   int
		head   func(string) string
		status int
		most   int64
	}{
		"1 GiB, told":                    {1 << 30, 1 << 30, nil, 413, 8 << 10},
		"1 GiB, not told":                {-1, 1 << 30, nil, 413, 128 << 10},
		"100 KiB, told":                  {100 << 10, 100 << 10, nil, 413, 8 << 10},
		"100 KiB, not told":              {-1, 100 << 10, nil, 413, 128 << 10},
		"unsigned, told":                 {1 << 30, 1 << 30, unsigned, 403, 8 << 10},
		"unsigned, 100 KiB":              {100 << 10, 100 << 10, unsigned, 403, 8 << 10},
		"unsigned, not told":             {-1, 1 << 30, unsigned, 403, 8 << 10},
		"another method, not told":       {-1, 1 << 30, func(h string) string { return "PUT" + h[4:] }, 405, 8 << 10},
		"a GET, not told":                {-1, 1 << 30, func(h string) string { return "GET" + h[4:] }, 403, 8 << 10},
		"no form, not told":              {-1, 1 << 30, func(h string) string { return strings.Replace(h, formType, "text/plain", 1) }, 415, 8 << 10},
		"64 KiB, and not what is signed": {64 << 10, 64 << 10, nil, 403, 72 << 10},
	} {
		t.Run(name, inFakeTime(func(t *testing.T) {
			s := newSite(t)
			h := head(t, form, c.length)
			if c.head != nil {
				h = c.head(h)
			}
			body := io.LimitReader(&endless{left: 1 << 30}, int64(c.body))
			if c.length < 0 {
				body = &chunks{left: c.body >> 10}
			}
			answer := status1(t, s.send(t, h, body))
			require.Equal(t, c.status, answer.StatusCode)
			time.Sleep(time.Minute)
			require.LessOrEqual(t, s.read.Load(), c.most+int64(len(h)))
			require.Equal(t, plivo.ReceiverStats{Refused: 1}, s.r.Stats())
		}))
	}
}

func unsigned(h string) string { return strings.Replace(h, plivo.HeaderSignatureV3, "X-Nothing", 1) }

// A body that comes too slowly is given up after 10 s, or earlier where the server says so.
func TestASlowBodyIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*http.Server)
		after  time.Duration
	}{
		"no limit of the server's": {func(*http.Server) {}, 10 * time.Second},
		"a longer one":             {func(s *http.Server) { s.ReadTimeout = time.Minute }, 10 * time.Second},
		"a shorter one":            {func(s *http.Server) { s.ReadTimeout = 3 * time.Second }, 3 * time.Second},
	} {
		t.Run(name, inFakeTime(func(t *testing.T) {
			s := newSite(t, c.change)
			began := time.Now()
			in := s.send(t, head(t, mpcEvent("MPCStart", "room-7", runA), 1000), &slow{})
			answer := status1(t, in)
			require.Equal(t, http.StatusRequestTimeout, answer.StatusCode)
			require.Equal(t, c.after, time.Since(began))
			_, err := in.ReadByte()
			require.Error(t, err, "the connection is closed")
		}))
	}
}

// slow gives a byte a second.
type slow struct{ n int }

func (s *slow) Read(p []byte) (int, error) {
	if s.n++; s.n > 60 {
		return 0, io.EOF
	}
	time.Sleep(time.Second)
	p[0] = 'a'
	return 1, nil
}

// A connection is used for one callback after the other, however long it waits in between.
func TestAConnectionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		in, out := io.Pipe()
		first := mpcEvent("MPCStart", "room-7", runA)
		answers := s.send(t, head(t, first, len(first.Encode())), in)
		_, err := io.WriteString(out, first.Encode())
		require.NoError(t, err)
		for range 5 {
			answer := status1(t, answers)
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.False(t, answer.Close)
			require.Equal(t, int64(len("<Response/>")), answer.ContentLength)
			time.Sleep(time.Minute)
			_, err := io.WriteString(out, head(t, first, len(first.Encode()))+first.Encode())
			require.NoError(t, err)
		}
		require.Equal(t, http.StatusOK, status1(t, answers).StatusCode)
		require.NoError(t, out.Close())
		require.Equal(t, uint64(6), s.r.Stats().Accepted)
	})
}

// What comes after the receiver in a chain has all the time that the server gives it.
func TestTheDeadlineIsForTheBodyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var after error
		s := newSite(t, func(s *http.Server) {
			inner := s.Handler
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				inner.ServeHTTP(w, q)
				time.Sleep(time.Minute)
				after = q.Context().Err()
			})
		})
		form := mpcEvent("MPCStart", "room-7", runA)
		answer := status1(t, s.send(t, head(t, form, len(form.Encode())), strings.NewReader(form.Encode())))
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, after)
	})
}

// Over sockets, by HTTP/1.1 and HTTP/2.
func TestCallbacksOverSockets(t *testing.T) {
	for _, two := range []bool{false, true} {
		r := receiver(t)
		server := httptest.NewUnstartedServer(r)
		server.EnableHTTP2 = two
		server.StartTLS()
		client := server.Client()
		form := mpcEvent("ParticipantJoin", "room-7", runA)
		for _, d := range []delivery{{form: form}, {form: form, method: "GET"}, {form: form, target: "/a%20b?x=%2B"}} {
			signed := d.request(t)
			q, err := http.NewRequest(signed.Method, server.URL+signed.RequestURI, signed.Body)
			require.NoError(t, err)
			q.Header = signed.Header
			if signed.Method == "GET" {
				q.Body = nil
			}
			answer, err := client.Do(q)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.Equal(t, map[bool]int{false: 1, true: 2}[two], answer.ProtoMajor)
			require.NoError(t, answer.Body.Close())
		}
		long, err := http.NewRequest("POST", server.URL+"/plivo/mpc", &endless{left: 1 << 20})
		require.NoError(t, err)
		long.Header = delivery{form: form}.request(t).Header
		answer, err := client.Do(long)
		if err == nil { // the server may have gone before all was sent
			require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
			require.NoError(t, answer.Body.Close())
		}
		client.CloseIdleConnections()
		server.Close()
		s := r.Stats()
		require.Equal(t, uint64(3), s.Rung)
		require.Equal(t, uint64(1), s.Refused)
	}
}

// Whoever stands before the receiver may hide what it needs; it does without.
func TestBehindOtherWriters(t *testing.T) {
	r := receiver(t)
	w := httptest.NewRecorder()
	r.ServeHTTP(struct{ http.ResponseWriter }{w}, delivery{form: mpcEvent("MPCStart", "a", runA)}.request(t))
	require.Equal(t, http.StatusOK, w.Code)
	q := delivery{}.request(t)
	q.Body = nil
	require.Equal(t, http.StatusOK, serve(t, r, q), "without a form there is nothing to read")
	r.ServeHTTP(brokenWriter{}, delivery{form: mpcEvent("MPCStart", "a", runA)}.request(t))
	require.Equal(t, uint64(2), r.Stats().Rung, "that the answer did not arrive changes nothing")
}

type brokenWriter struct{}

func (brokenWriter) Header() http.Header       { return http.Header{} }
func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }
func (brokenWriter) WriteHeader(int)           {}

// What is refused is told in a line, once a minute, which has nothing of the request.
func TestRefusalsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		r := receiver(t, func(o *plivo.ReceiverOptions) { o.Logger = slog.New(slog.NewTextHandler(&out, nil)) })
		form := mpcEvent("MPCStart", "15550101", runA)
		for range 100 {
			serve(t, r, delivery{form: form, token: "stranger"}.request(t))
		}
		require.Equal(t, 1, strings.Count(out.String(), "\n"))
		require.Contains(t, out.String(), "count=1 status=403")
		require.Contains(t, out.String(), "no signature is that of the request")
		time.Sleep(time.Minute)
		q := delivery{form: form}.request(t)
		q.RequestURI = "*"
		serve(t, r, q)
		require.Equal(t, 2, strings.Count(out.String(), "\n"))
		require.Contains(t, out.String(), "count=100 status=400")
		for _, word := range []string{"15550101", runA, authToken, "stranger", "hooks.example.net"} {
			require.NotContains(t, out.String(), word)
		}
		deliver(t, r, form)
		require.Equal(t, 2, strings.Count(out.String(), "\n"), "what is genuine is not worth a line")
	})
}

func TestReceiverOptions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*plivo.ReceiverOptions)
		says   string
	}{
		"no URL":              {func(o *plivo.ReceiverOptions) { o.PublicURL = "" }, "public URL"},
		"plain http":          {func(o *plivo.ReceiverOptions) { o.PublicURL = "http://hooks.example.net" }, "public URL"},
		"and insecure":        {func(o *plivo.ReceiverOptions) { o.PublicURL, o.Insecure = "http://hooks.example.net", true }, "public URL"},
		"loopback, secure":    {func(o *plivo.ReceiverOptions) { o.PublicURL = "http://127.0.0.1:1" }, "public URL"},
		"a user":              {func(o *plivo.ReceiverOptions) { o.PublicURL = "https://a@hooks.example.net" }, "public URL"},
		"a query":             {func(o *plivo.ReceiverOptions) { o.PublicURL = "https://hooks.example.net?a=b" }, "public URL"},
		"a fragment":          {func(o *plivo.ReceiverOptions) { o.PublicURL = "https://hooks.example.net#rc=2" }, "public URL"},
		"capitals":            {func(o *plivo.ReceiverOptions) { o.PublicURL = "HTTPS://hooks.example.net" }, "public URL"},
		"no host":             {func(o *plivo.ReceiverOptions) { o.PublicURL = "https:///x" }, "public URL"},
		"no scheme":           {func(o *plivo.ReceiverOptions) { o.PublicURL = "hooks.example.net" }, "public URL"},
		"another provider":    {func(o *plivo.ReceiverOptions) { o.Provider = "genesys" }, "Provider"},
		"no token":            {func(o *plivo.ReceiverOptions) { o.Tokens = nil }, "1 to 16 tokens"},
		"17 tokens":           {func(o *plivo.ReceiverOptions) { o.Tokens = make([]plivo.Secret, 17) }, "1 to 16 tokens"},
		"a token with blanks": {func(o *plivo.ReceiverOptions) { o.Tokens = secrets("a b") }, "a blank"},
	} {
		o := receiverOptions()
		c.change(&o)
		_, err := plivo.NewReceiver(o)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "example.net")
	}
	receiver(t, func(o *plivo.ReceiverOptions) { o.PublicURL, o.Insecure = "http://127.0.0.1:1", true })
	receiver(t, func(o *plivo.ReceiverOptions) { o.PublicURL, o.Insecure = "https://hooks.example.net", true })

	var closed plivo.ReceiverOptions = receiverOptions()
	r, err := plivo.NewReceiver(closed)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	require.Equal(t, http.StatusServiceUnavailable, serve(t, r, delivery{}.request(t)))
	require.Equal(t, plivo.ReceiverStats{Refused: 1}, r.Stats())
	for range r.RawEvents(context.Background()) {
		require.Fail(t, "nothing comes any more")
	}
}
