package bayeux_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

const address = "http://bayeux.test:80/cometd"

// A script is a server that does what the test says, request by request. It lives in a bubble of fake
// time.
type script struct {
	t       *testing.T
	network *pipenet.Network
	server  *http.Server

	mu       sync.Mutex
	waiting  map[string][]*exchange // by the channel of the first message
	upgrade  func(w http.ResponseWriter, r *http.Request) bool
	sockets  []*websocket.Conn
	received []string      // channels in order of arrival
	arrived  chan struct{} // closed when something arrives, and nil while nobody waits for that
}

// An exchange is an array of messages that waits for its answer.
type exchange struct {
	s        *script
	messages []map[string]any
	body     string
	header   http.Header
	path     string
	answer   chan func(w http.ResponseWriter)
	gone     <-chan struct{}
	socket   *websocket.Conn // of a frame
}

func newScript(t *testing.T) *script {
	s := &script{t: t, network: pipenet.New(), waiting: make(map[string][]*exchange)}
	l, err := s.network.Listen("bayeux.test:80")
	require.NoError(t, err)
	s.server = &http.Server{Handler: s}
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = s.server.Serve(l) }()
	t.Cleanup(func() {
		_ = s.server.Close()
		_ = s.network.Close()
		<-stopped
	})
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		s.serveSocket(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	x := s.take(body, r, nil)
	if x == nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case f := <-x.answer:
		f(w)
	case <-r.Context().Done():
		s.forget(x)
	}
}

func (s *script) serveSocket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	up := s.upgrade
	s.mu.Unlock()
	if up != nil && !up(w, r) {
		return
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	s.mu.Lock()
	s.sockets = append(s.sockets, conn)
	s.mu.Unlock()
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.take(frame, r, conn)
	}
}

func (s *script) take(body []byte, r *http.Request, socket *websocket.Conn) *exchange {
	x := &exchange{s: s, body: string(body), header: r.Header, path: r.URL.Path, gone: r.Context().Done(), socket: socket, answer: make(chan func(http.ResponseWriter), 1)}
	if json.Unmarshal(body, &x.messages) != nil || len(x.messages) == 0 {
		s.t.Errorf("not an array of messages: %s", body)
		return nil
	}
	channel := x.channel(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[channel] = append(s.waiting[channel], x)
	s.received = append(s.received, channel)
	if s.arrived != nil {
		close(s.arrived)
		s.arrived = nil
	}
	return x
}

func (s *script) forget(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.waiting[x.channel(0)]
	for i := range list {
		if list[i] == x {
			s.waiting[x.channel(0)] = append(list[:i:i], list[i+1:]...)
			return
		}
	}
}

func (s *script) pop(channel string) *exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.waiting[channel]
	if len(list) == 0 {
		return nil
	}
	s.waiting[channel] = list[1:]
	return list[0]
}

// next waits, for up to five minutes of fake time, for an array that begins with a message on channel.
func (s *script) next(channel string) *exchange {
	s.t.Helper()
	end := time.NewTimer(5 * time.Minute)
	defer end.Stop()
	for {
		synctest.Wait()
		x, arrived := s.popOrWait(channel)
		if x != nil {
			return x
		}
		select {
		case <-arrived:
		case <-end.C:
			require.Fail(s.t, "too long", "no %s came; there were %v", channel, s.log())
		}
	}
}

// popOrWait returns what has come on channel, or what to wait on until something comes.
func (s *script) popOrWait(channel string) (*exchange, <-chan struct{}) {
	if x := s.pop(channel); x != nil {
		return x, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arrived == nil {
		s.arrived = make(chan struct{})
	}
	return nil, s.arrived
}

// now is next without waiting.
func (s *script) now(channel string) *exchange {
	s.t.Helper()
	synctest.Wait()
	x := s.pop(channel)
	require.NotNil(s.t, x, "no %s has come; there were %v", channel, s.log())
	return x
}

// log is what came so far.
func (s *script) log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.received...)
}

// none asserts that no such array waits.
func (s *script) none(channel string) {
	s.t.Helper()
	synctest.Wait()
	require.Nil(s.t, s.pop(channel), channel)
}

// count is how many arrays with that channel came so far.
func (s *script) count(channel string) int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.received {
		if c == channel {
			n++
		}
	}
	return n
}

func (x *exchange) channel(i int) string { c, _ := x.messages[i]["channel"].(string); return c }
func (x *exchange) id(i int) string      { c, _ := x.messages[i]["id"].(string); return c }

// reply answers with a body in which $0, $1 and so on stand for the ids of the messages.
func (x *exchange) reply(body string) {
	for i := len(x.messages) - 1; i >= 0; i-- {
		body = strings.ReplaceAll(body, fmt.Sprintf("$%d", i), x.id(i))
	}
	if x.socket != nil {
		require.NoError(x.s.t, x.socket.WriteMessage(websocket.TextMessage, []byte(body)))
		synctest.Wait()
		return
	}
	x.respond(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		_, _ = io.WriteString(w, body)
	})
}

func (x *exchange) respond(f func(w http.ResponseWriter)) {
	x.answer <- f
	synctest.Wait()
}

func (x *exchange) status(code int, body string) {
	x.respond(func(w http.ResponseWriter) { w.WriteHeader(code); _, _ = io.WriteString(w, body) })
}

// reset breaks the connection, after part of a body if there is one.
func (x *exchange) reset(part string) {
	if x.socket != nil {
		x.socket.NetConn().(*pipenet.Conn).Reset()
		synctest.Wait()
		return
	}
	x.respond(func(w http.ResponseWriter) {
		c, b, err := w.(http.Hijacker).Hijack()
		if err != nil {
			x.s.t.Error(err)
			return
		}
		if part != "" {
			fmt.Fprintf(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(part)+1000, part)
			_ = b.Flush()
			synctestYield()
		}
		c.(*pipenet.Conn).Reset()
	})
}

// synctestYield lets the other side read what was written before the connection is reset.
func synctestYield() { time.Sleep(time.Microsecond) }

const (
	handshakeOK = `[{"channel":"/meta/handshake","id":"$0","successful":true,"clientId":"c1","version":"1.0","supportedConnectionTypes":["websocket","long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`
	connectOK   = `[{"channel":"/meta/connect","id":"$0","successful":true}]`
	subscribeOK = `[{"channel":"/meta/subscribe","id":"$0","successful":true}]`
	ackShake    = `[{"channel":"/meta/handshake","id":"$0","successful":true,"clientId":"c1","version":"1.0","supportedConnectionTypes":["websocket","long-polling"],"ext":{"ack":true},"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`
	unknown402  = `[{"channel":"/meta/connect","id":"$0","successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}]`
)

func connectAck(n int) string {
	return fmt.Sprintf(`[{"channel":"/meta/connect","id":"$0","successful":true,"ext":{"ack":%d}}]`, n)
}

// options are those of a session over long polling on the script's network.
func (s *script) options() bayeux.Options {
	return bayeux.Options{
		Transports: []bayeux.Transport{bayeux.LongPolling{}},
		HTTPClient: s.client(),
	}
}

func (s *script) client() *http.Client {
	tr := s.network.Transport()
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

type dialled struct {
	session *bayeux.Session
	err     error
}

// dialling dials on a goroutine.
func (s *script) dialling(o bayeux.Options) <-chan dialled {
	c := make(chan dialled, 1)
	go func() {
		session, err := bayeux.Dial(s.t.Context(), address, o)
		c <- dialled{session, err}
	}()
	return c
}

// dial connects with the handshake reply given, and answers the first connect.
func (s *script) dial(o bayeux.Options, handshake string) *bayeux.Session {
	s.t.Helper()
	c := s.dialling(o)
	s.next("/meta/handshake").reply(handshake)
	s.next("/meta/connect").reply(connectOK)
	d := <-c
	require.NoError(s.t, d.err)
	s.t.Cleanup(func() { s.close(d.session) })
	return d.session
}

// close closes a session without a word of the server.
func (s *script) close(session *bayeux.Session) {
	go func() { _ = session.Close() }()
	<-session.Done()
	require.NoError(s.t, ignoreEnd(session.Wait(context.Background())))
}

func ignoreEnd(err error) error {
	if err != nil {
		return nil
	}
	return fmt.Errorf("a session that is over has no error")
}

// A sink collects messages.
type sink struct {
	mu   sync.Mutex
	list []bayeux.Message
}

func (k *sink) add(m bayeux.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, m)
}

// data returns the data of all messages so far, one after the other.
func (k *sink) data() string {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []string
	for _, m := range k.list {
		out = append(out, string(m.Data))
	}
	return strings.Join(out, " ")
}

// subscribe subscribes and lets the server agree.
func (s *script) subscribe(session *bayeux.Session, channel string) *sink {
	s.t.Helper()
	k := new(sink)
	done := make(chan error, 1)
	go func() {
		_, err := session.Subscribe(s.t.Context(), channel, bayeux.Delivery{Handler: k.add})
		done <- err
	}()
	s.next("/meta/subscribe").reply(subscribeOK)
	require.NoError(s.t, <-done)
	return k
}

// watch collects events of the session, as words.
type watch struct {
	mu   sync.Mutex
	list []bayeux.Event
}

func (w *watch) add(e bayeux.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, e)
}

func (w *watch) words() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.list {
		word := e.Kind.String()
		if e.PossibleGap {
			word += "(gap)"
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}

func bubble(t *testing.T, f func(t *testing.T, s *script)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newScript(t)) })
}
