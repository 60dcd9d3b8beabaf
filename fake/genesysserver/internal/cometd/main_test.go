package cometd_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const url = "http://gws.test/api/v2/notifications"

// A site is a server on a pipe.
type site struct {
	*cometd.Server
	t       *testing.T
	network *pipenet.Network
}

// bubble runs f with a server in fake time. The header User names the user.
func bubble(t *testing.T, o cometd.Options, f func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if o.Admit == nil {
			o.Admit = func(r *http.Request) (string, func(http.ResponseWriter)) { return r.Header.Get("User"), nil }
		}
		s := &site{Server: cometd.New(o), t: t, network: pipenet.New()}
		l, err := s.network.Listen("gws.test:80")
		require.NoError(t, err)
		h := &http.Server{Handler: s}
		served := make(chan error, 1)
		go func() { served <- h.Serve(l) }()
		defer func() {
			s.Close()
			require.NoError(t, h.Close())
			require.ErrorIs(t, <-served, http.ErrServerClosed)
			require.NoError(t, s.network.Close())
			time.Sleep(time.Second) // for which net/http keeps a connection after a body that is too long
		}()
		f(t, s)
	})
}

// A client speaks the wire by hand.
type client struct {
	t    *testing.T
	http *http.Client
	user string
	id   string // of its session
}

func (s *site) client(user string) *client {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	transport := s.network.Transport()
	return &client{t: s.t, user: user, http: &http.Client{Transport: transport, Jar: jar}}
}

// An answer is what came back.
type answer struct {
	status int
	text   string
	header http.Header
	list   []map[string]any
	err    error
}

// post sends a body as it is.
func (c *client) post(ctx context.Context, body string) (a answer) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	r.Header.Set("User", c.user)
	res, err := c.http.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	a = answer{status: res.StatusCode, text: string(b), header: res.Header, err: err}
	if a.status == http.StatusOK && err == nil {
		a.err = json.Unmarshal(b, &a.list)
	}
	return a
}

// fill puts the id of the session into a body.
func (c *client) fill(body string) string { return strings.ReplaceAll(body, "$id", c.id) }

// ask sends a body, in which $id is the session's id, and expects exactly these messages back.
func (c *client) ask(body string, want ...string) answer {
	c.t.Helper()
	a := c.post(c.t.Context(), c.fill(body))
	require.NoError(c.t, a.err)
	require.Equal(c.t, http.StatusOK, a.status, a.text)
	require.JSONEq(c.t, "["+strings.Join(want, ",")+"]", a.text)
	return a
}

// pending is a request under way.
func (c *client) send(ctx context.Context, body string) <-chan answer {
	done := make(chan answer, 1)
	go func() { done <- c.post(ctx, c.fill(body)) }()
	synctest.Wait()
	return done
}

func (c *client) held() <-chan answer { return c.send(c.t.Context(), connecting) }

// expect expects that a request was answered by now with exactly these messages.
func (c *client) expect(done <-chan answer, want ...string) {
	c.t.Helper()
	synctest.Wait()
	select {
	case a := <-done:
		require.NoError(c.t, a.err)
		require.Equal(c.t, http.StatusOK, a.status, a.text)
		require.JSONEq(c.t, "["+strings.Join(want, ",")+"]", a.text)
	default:
		require.FailNow(c.t, "there is no answer")
	}
}

// silent expects that a request was not answered by now.
func (c *client) silent(done <-chan answer) {
	c.t.Helper()
	synctest.Wait()
	select {
	case a := <-done:
		require.FailNow(c.t, "there is an answer", "%v", a)
	default:
	}
}

const (
	shaking    = `[{"channel":"/meta/handshake","id":"h","version":"1.0","supportedConnectionTypes":["long-polling"]}]`
	connecting = `[{"channel":"/meta/connect","id":"c","clientId":"$id","connectionType":"long-polling"}]`
	connected  = `{"channel":"/meta/connect","id":"c","successful":true}`
	advised    = `{"channel":"/meta/connect","id":"c","successful":true,` + goOn + `}`
	goOn       = `"advice":{"interval":0,"timeout":30000,"reconnect":"retry"}`
	unknown    = `{"channel":"/meta/connect","id":"c","successful":false,"error":"402::Unknown client",` + again + `}`
	again      = `"advice":{"interval":0,"reconnect":"handshake"}`
	unadvised  = `{"channel":"/meta/connect","id":"c","successful":false,"error":"402::Unknown client"}`
)

// handshake makes a session.
func (c *client) handshake() *client {
	c.t.Helper()
	a := c.post(c.t.Context(), shaking)
	require.NoError(c.t, a.err)
	require.Len(c.t, a.list, 1, a.text)
	require.Equal(c.t, true, a.list[0]["successful"], a.text)
	c.id, _ = a.list[0]["clientId"].(string)
	require.NotEmpty(c.t, c.id)
	return c
}

// open makes a session that has connected and subscribed.
func (s *site) open(user string, channels ...string) *client {
	s.t.Helper()
	c := s.client(user).handshake()
	c.ask(connecting, advised)
	if len(channels) > 0 {
		c.subscribe(channels...)
	}
	return c
}

func (c *client) subscribe(channels ...string) {
	c.t.Helper()
	list, err := json.Marshal(channels)
	require.NoError(c.t, err)
	c.ask(`[{"channel":"/meta/subscribe","id":"s","clientId":"$id","subscription":`+string(list)+`}]`,
		`{"channel":"/meta/subscribe","id":"s","successful":true,"subscription":`+string(list)+`}`)
}

func event(channel, data string) string { return `{"data":` + data + `,"channel":"` + channel + `"}` }

// A wire is a socket, spoken by hand.
type wire struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan string
	code   int // that it was closed with; once frames is closed
	id     string
}

func (s *site) dial(user string) *wire {
	s.t.Helper()
	d := websocket.Dialer{NetDialContext: s.network.DialContext}
	conn, res, err := d.Dial("ws"+strings.TrimPrefix(url, "http"), http.Header{"User": {user}})
	require.NoError(s.t, err)
	require.Empty(s.t, res.Cookies())
	k := &wire{t: s.t, conn: conn, frames: make(chan string, 10_000)}
	go func() {
		defer close(k.frames)
		for {
			_, b, err := conn.ReadMessage()
			if err != nil {
				if e, ok := err.(*websocket.CloseError); ok {
					k.code = e.Code
				}
				return
			}
			k.frames <- string(b)
		}
	}()
	return k
}

func (k *wire) close() {
	k.t.Helper()
	require.NoError(k.t, k.conn.Close())
	for range k.frames {
	}
	synctest.Wait()
}

func (k *wire) say(body string) {
	k.t.Helper()
	require.NoError(k.t, k.conn.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(body, "$id", k.id))))
}

// hears expects exactly these frames by now.
func (k *wire) hears(want ...string) {
	k.t.Helper()
	synctest.Wait()
	require.Len(k.t, k.frames, len(want))
	for _, w := range want {
		require.JSONEq(k.t, "["+w+"]", <-k.frames)
	}
}

func (k *wire) handshake() *wire {
	k.t.Helper()
	k.say(strings.Replace(shaking, "long-polling", "websocket", 1))
	synctest.Wait()
	var list []map[string]any
	require.NoError(k.t, json.Unmarshal([]byte(<-k.frames), &list))
	k.id, _ = list[0]["clientId"].(string)
	require.NotEmpty(k.t, k.id)
	k.say(connecting)
	k.hears(advised)
	return k
}

func sleep(d time.Duration) {
	time.Sleep(d) // of fake time
	synctest.Wait()
}
