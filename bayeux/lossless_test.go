package bayeux_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
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

// An ackServer has one session with the acknowledge extension, numbers to send, and breaks connections
// at the worst moments.
type ackServer struct {
	mu       sync.Mutex
	chance   *rand.Rand
	next     int // number to be sent for the first time
	last     int
	unacked  []numbered
	batch    int
	breaking bool
	breaks   int
}

type numbered struct{ batch, n int }

type ackMessage struct {
	ID, Channel string
	Advice      *struct{}
	Ext         struct{ Ack any }
}

// answer is the events that a connect is answered with, each as a message, and the reply.
func (a *ackServer) answer(m ackMessage) (events []string, reply string) {
	switch m.Channel {
	case "/meta/handshake":
		return nil, fmt.Sprintf(`{"id":%q,"channel":"/meta/handshake","successful":true,"clientId":"c","supportedConnectionTypes":["websocket","long-polling"],"ext":{"ack":true},"advice":{"reconnect":"retry","interval":0,"timeout":30000}}`, m.ID)
	case "/meta/connect":
	default:
		return nil, fmt.Sprintf(`{"id":%q,"channel":%q,"successful":true}`, m.ID, m.Channel)
	}
	acked := int(m.Ext.Ack.(float64))
	kept := a.unacked[:0]
	for _, u := range a.unacked {
		if u.batch > acked {
			kept = append(kept, u)
		}
	}
	a.unacked = kept
	a.batch++
	for range 1 + a.chance.IntN(20) {
		if a.next < a.last && a.breaking {
			a.next++
			a.unacked = append(a.unacked, numbered{a.batch, a.next})
		}
	}
	for i := range a.unacked {
		events = append(events, fmt.Sprintf(`{"channel":"/a","data":%d}`, a.unacked[i].n))
	}
	return events, fmt.Sprintf(`{"id":%q,"channel":"/meta/connect","successful":true,"ext":{"ack":%d}}`, m.ID, a.batch)
}

func (a *ackServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			_, body, err := conn.ReadMessage()
			if err != nil || !a.frames(conn, body) {
				return
			}
		}
	}
	body, _ := io.ReadAll(r.Body)
	var list []ackMessage
	_ = json.Unmarshal(body, &list)
	a.mu.Lock()
	events, reply := a.answer(list[0])
	cut := -1
	idle := len(events) == 0 && list[0].Channel == "/meta/connect" && list[0].Advice == nil
	text := "[" + strings.Join(append(events, reply), ",") + "]"
	if len(events) > 0 && a.chance.IntN(3) == 0 {
		cut = a.chance.IntN(len(text))
		a.breaks++
	}
	a.mu.Unlock()
	if idle {
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
			return
		}
	}
	if cut < 0 {
		_, _ = io.WriteString(w, text)
		return
	}
	c, b, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(b, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text[:cut])
	_ = b.Flush()
	time.Sleep(time.Millisecond)
	c.(*pipenet.Conn).Reset()
}

// frames answers over a socket, every event in a frame of its own, and reports whether the socket lives.
func (a *ackServer) frames(conn *websocket.Conn, body []byte) bool {
	var list []ackMessage
	_ = json.Unmarshal(body, &list)
	for _, m := range list {
		a.mu.Lock()
		events, reply := a.answer(m)
		cut := -1
		if len(events) > 0 && a.chance.IntN(3) == 0 {
			cut = a.chance.IntN(len(events) + 1)
			a.breaks++
		}
		a.mu.Unlock()
		for i, e := range append(events, reply) {
			if i == cut {
				time.Sleep(time.Millisecond)
				conn.NetConn().(*pipenet.Conn).Reset()
				return false
			}
			if conn.WriteMessage(websocket.TextMessage, []byte("["+e+"]")) != nil {
				return false
			}
		}
		if m.Channel == "/meta/connect" {
			time.Sleep(time.Millisecond)
		}
	}
	return true
}

// R3, E15: with acknowledgements nothing is lost and nothing repeated, whatever breaks.
func TestNothingIsLostOrRepeatedWithAck(t *testing.T) {
	for _, transport := range []bayeux.Transport{bayeux.LongPolling{}, bayeux.WebSocket{}} {
		for _, how := range []bayeux.Delivery{{}, {Buffer: 3}} {
			t.Run(fmt.Sprintf("%s/%d", transport.Type(), how.Buffer), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					network := pipenet.New()
					l, err := network.Listen("bayeux.test:80")
					require.NoError(t, err)
					a := &ackServer{chance: rand.New(rand.NewPCG(1, 2)), last: 3000}
					server := &http.Server{Handler: a}
					stopped := make(chan struct{})
					go func() { defer close(stopped); _ = server.Serve(l) }()
					client := network.Client()
					var w watch
					session, err := bayeux.Dial(t.Context(), address, bayeux.Options{
						Transports: []bayeux.Transport{transport}, HTTPClient: client, OnEvent: w.add,
					})
					require.NoError(t, err)
					sub, err := session.Subscribe(t.Context(), "/a", how)
					require.NoError(t, err)
					a.mu.Lock()
					a.breaking = true
					a.mu.Unlock()
					for want := 1; want <= a.last; want++ {
						m, err := sub.Next(t.Context())
						require.NoError(t, err)
						require.Equal(t, fmt.Sprint(want), string(m.Data))
						require.False(t, m.AfterGap)
					}
					time.Sleep(10 * time.Second)
					require.Zero(t, sub.Pending())
					a.mu.Lock()
					require.Greater(t, a.breaks, 50)
					require.Greater(t, session.Stats().Resumes, int64(50))
					a.mu.Unlock()
					require.NotContains(t, w.words(), "gap")
					require.NoError(t, session.Close())
					client.CloseIdleConnections()
					_ = server.Close()
					_ = network.Close()
					<-stopped
				})
			})
		}
	}
}
