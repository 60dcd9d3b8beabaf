package worlds_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// The headers by which a request tells its order, its number in that, and when it left.
const (
	headOrder = "X-History-Order"
	headTry   = "X-History-Try"
	headSent  = "X-History-Sent"
)

// openWire opens a client of a Plivo driver in front of the fake server, over a network without
// sockets, on which things go wrong. close ends all of it but the client.
func (s *scene) openWire() (client cc.Client, closeAll func(), err error) {
	server, err := plivoserver.New(s.sw, plivoserver.Options{})
	if err != nil {
		return nil, nil, err
	}
	network := pipenet.New()
	ln, err := network.Listen("127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	httpServer := &http.Server{Handler: wire{s, server}, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = httpServer.Serve(ln)
	}()
	below := network.Transport()
	below.MaxIdleConnsPerHost = 64
	var transport http.RoundTripper = tagging{s, below}
	if s.cast.plain {
		// A plain *http.Transport as far as anybody can see.
		t := &http.Transport{}
		t.RegisterProtocol("http", tagging{s, below})
		transport = t
	}
	client, err = s.cast.open(plivo.Options{
		AuthID: server.AuthID(), AuthToken: plivo.NewSecret(server.AuthToken()),
		Endpoint: "http://" + ln.Addr().String(), Insecure: true, Transport: transport, Rate: 3000,
	})
	return client, func() {
		below.CloseIdleConnections()
		_ = httpServer.Close()
		_ = network.Close()
		<-served
	}, err
}

// tagging is the driver's end of the wire.
type tagging struct {
	*scene
	below http.RoundTripper
}

func (t tagging) RoundTrip(r *http.Request) (*http.Response, error) {
	o := orderOf(r.Context())
	if o == nil {
		return t.below.RoundTrip(r)
	}
	q := r.Clone(r.Context())
	q.Header.Set(headOrder, strconv.Itoa(o.n))
	q.Header.Set(headSent, strconv.FormatInt(time.Now().UnixNano(), 10))
	var n int
	var f fault
	if r.Method == http.MethodGet {
		n, f = t.nextLook(o)
	} else {
		n, f = t.nextTry(o)
	}
	q.Header.Set(headTry, strconv.Itoa(n))
	if f.what == notSent {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
	}
	return t.below.RoundTrip(q)
}

// wire is the vendor's end of the wire.
type wire struct {
	*scene
	server *plivoserver.Server
}

func (w wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var o *order
	n := 0
	if id := r.Header.Get(headOrder); id != "" {
		i, _ := strconv.Atoi(id)
		n, _ = strconv.Atoi(r.Header.Get(headTry))
		o = w.order(i)
	}
	serve := func() *tape {
		t := &tape{header: http.Header{}}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.server.ServeHTTP(t, r)
		return t
	}
	if r.Method == http.MethodGet {
		f := fault{}
		switch {
		case o != nil:
			f = w.lookFault(o, n)
		default:
			f = w.watchFault()
		}
		w.misbehave(rw, r, o, f, serve, func() {})
		return
	}
	if o == nil {
		w.wrong("a command that nobody gave: %s %s", r.Method, r.URL.Path)
		return
	}
	f := nth(o.plan.commands, n)
	q := &request{order: o, n: n, fault: f.what}
	ns, _ := strconv.ParseInt(r.Header.Get(headSent), 10, 64)
	q.sent = time.Unix(0, ns)
	q.verb, q.conf, q.part, q.change = understand(r, body)
	if q.verb == "" {
		w.wrong("%v became %s %s", o, r.Method, r.URL.EscapedPath())
	}
	w.misbehave(rw, r, o, f, func() (t *tape) {
		w.carry(q, func() bool {
			t = serve()
			return t.status >= 200 && t.status < 300
		})
		return t
	}, func() { w.carry(q, nil) })
}

// understand reads what a mutating request asks for, by the vendor's documentation.
func understand(r *http.Request, body []byte) (verb, cc.ConferenceID, cc.ParticipantID, cc.Change) {
	var change cc.Change
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range path {
		path[i], _ = url.PathUnescape(path[i])
	}
	if len(path) < 5 {
		return "", "", "", change
	}
	kind, room, path := path[3], path[4], path[5:]
	conf := cc.ConferenceID(room)
	if kind == "MultiPartyCall" {
		if uuid, ok := strings.CutPrefix(room, "uuid_"); ok {
			conf = cc.ConferenceID("uuid:" + uuid)
		} else {
			conf = cc.ConferenceID(strings.TrimPrefix(room, "name_"))
		}
	}
	toggle := func(on bool) cc.Toggle {
		if on {
			return cc.On
		}
		return cc.Off
	}
	switch {
	case len(path) == 0 && r.Method == http.MethodDelete:
		return verbEnd, conf, "", change
	case len(path) == 2 && r.Method == http.MethodDelete:
		return verbRemove, conf, cc.ParticipantID(path[1]), change
	case len(path) == 3 && path[2] == "Kick":
		return verbRemove, conf, cc.ParticipantID(path[1]), change
	case len(path) == 3 && path[2] == "Mute":
		change.Mute = toggle(r.Method == http.MethodPost)
	case len(path) == 3 && path[2] == "Deaf":
		change.Deaf = toggle(r.Method == http.MethodPost)
	case len(path) == 2 && r.Method == http.MethodPost:
		var b struct {
			Mute, Hold *bool
			Coach      *bool `json:"coach_mode"`
		}
		if json.Unmarshal(body, &b) != nil {
			return "", "", "", change
		}
		for _, f := range []struct {
			from *bool
			to   *cc.Toggle
		}{{b.Mute, &change.Mute}, {b.Hold, &change.Hold}, {b.Coach, &change.Coach}} {
			if f.from != nil {
				*f.to = toggle(*f.from)
			}
		}
	default:
		return "", "", "", change
	}
	return verbSet, conf, cc.ParticipantID(path[1]), change
}

// misbehave answers a request through its fault: serve does what it asks for, lost writes down that
// it came and was not done.
func (w wire) misbehave(rw http.ResponseWriter, r *http.Request, o *order, f fault, serve func() *tape, lost func()) {
	switch f.what {
	case loseBefore:
		lost()
		panic(http.ErrAbortHandler)
	case loseAfter:
		serve()
		panic(http.ErrAbortHandler)
	case upheaval:
		t := serve()
		w.upheave(o)
		t.play(rw)
	case lostBefore:
		lost()
		w.upheave(o)
		panic(http.ErrAbortHandler)
	case lostAfter:
		serve()
		w.upheave(o)
		panic(http.ErrAbortHandler)
	case resetAfter:
		serve()
		if conn := hijack(rw); conn != nil {
			conn.(interface{ Reset() }).Reset()
		}
	case cutAnswer:
		raw := serve().bytes()
		if conn := hijack(rw); conn != nil {
			_, _ = conn.Write(raw[:len(raw)*2/3])
			_ = conn.Close()
		}
	case garble:
		serve()
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, "<html><body>OK</body></html>")
	case fails, failsDone:
		status := http.StatusServiceUnavailable
		if f.what == failsDone {
			status = http.StatusInternalServerError
			serve()
		} else {
			lost()
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, "<html><body>trouble</body></html>")
	case throttle, throttled:
		lost()
		if f.what == throttled {
			w.upheave(o)
		}
		rw.Header().Set("Retry-After", "1")
		rw.WriteHeader(http.StatusTooManyRequests)
	case hang, hangDone:
		if f.what == hang {
			lost()
		} else {
			serve()
		}
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case slowWay:
		time.Sleep(f.delay)
		serve().play(rw)
	case slowBack:
		t := serve()
		if !pause(r.Context(), f.delay) {
			panic(http.ErrAbortHandler)
		}
		t.play(rw)
	case abandon:
		raw := serve().bytes()
		if conn := hijack(rw); conn != nil {
			_, _ = conn.Write(raw)
			time.Sleep(f.delay)
			_ = conn.Close()
		}
	default:
		if code, ok := strings.CutPrefix(f.what, refuse); ok {
			lost()
			status, _ := strconv.Atoi(code)
			rw.WriteHeader(status)
			return
		}
		serve().play(rw)
	}
}

func hijack(rw http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return nil
	}
	return conn
}

// A tape takes an answer down, also one that is written on the bare connection.
type tape struct {
	header http.Header
	status int
	body   bytes.Buffer
	raw    bytes.Buffer
	bare   bool
}

func (t *tape) Header() http.Header { return t.header }

func (t *tape) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
}

func (t *tape) Write(b []byte) (int, error) {
	t.WriteHeader(http.StatusOK)
	return t.body.Write(b)
}

// Hijack is for answers that net/http would not send, such as a 204 with a body.
func (t *tape) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	t.bare = true
	return tapeConn{t: t}, nil, nil
}

// bytes is the answer as it goes over the wire, on a connection that is kept.
func (t *tape) bytes() []byte {
	if t.bare {
		return t.raw.Bytes()
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", t.status, http.StatusText(t.status))
	h := t.header.Clone()
	if t.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(t.body.Len()))
	}
	_ = h.Write(&b)
	b.WriteString("\r\n")
	b.Write(t.body.Bytes())
	return b.Bytes()
}

// play sends the answer.
func (t *tape) play(rw http.ResponseWriter) {
	if t.bare {
		if conn := hijack(rw); conn != nil {
			_, _ = conn.Write(t.raw.Bytes())
			_ = conn.Close()
		}
		return
	}
	for name, values := range t.header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(t.status)
	_, _ = rw.Write(t.body.Bytes())
}

type tapeConn struct {
	net.Conn
	t *tape
}

func (c tapeConn) Write(b []byte) (int, error) {
	if c.t.status == 0 && len(b) >= 12 {
		c.t.status, _ = strconv.Atoi(string(b[9:12]))
	}
	return c.t.raw.Write(b)
}

func (tapeConn) SetDeadline(time.Time) error { return nil }
func (tapeConn) Close() error                { return nil }
