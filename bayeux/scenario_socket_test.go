package bayeux_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// socketOptions prefer WebSocket.
func (s *script) socketOptions() bayeux.Options {
	o := s.options()
	o.Transports = nil // the default
	return o
}

// T2, T3, T5.
func TestScenario13WebSocketFailures(t *testing.T) {
	for _, status := range []int{404, 403, 200, 503} {
		t.Run(fmt.Sprintf("refused with %d", status), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				upgrades := 0
				s.upgrade = func(w http.ResponseWriter, r *http.Request) bool {
					upgrades++
					w.WriteHeader(status)
					return false
				}
				began := time.Now()
				session := s.dial(s.socketOptions(), handshakeOK)
				require.Equal(t, began, time.Now())
				require.Equal(t, "long-polling", session.Transport())
				require.Equal(t, 1, upgrades)
				s.now("/meta/connect").reply(unknown402)
				x := s.now("/meta/handshake") // a new handshake tries the socket again
				require.Equal(t, 2, upgrades)
				require.Equal(t, []any{"websocket", "long-polling"}, x.messages[0]["supportedConnectionTypes"])
			})
		})
	}
	t.Run("black-holed after 101", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.socketOptions())
			began := time.Now()
			x := s.next("/meta/handshake")
			require.NotNil(t, x.socket) // and it is not answered
			x = s.next("/meta/handshake")
			require.Nil(t, x.socket)
			require.Equal(t, 10*time.Second, time.Since(began).Truncate(time.Millisecond))
			x.reply(handshakeOK)
			s.next("/meta/connect").reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			s.close(d.session)
		})
	})
	t.Run("not listed by the server", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.socketOptions())
			list := strings.Replace(handshakeOK, `"websocket",`, "", 1)
			x := s.next("/meta/handshake")
			require.NotNil(t, x.socket)
			x.reply(list)
			x = s.now("/meta/handshake")
			require.Nil(t, x.socket)
			x.reply(list)
			s.now("/meta/connect").reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			require.Equal(t, "long-polling", d.session.Transport())
			s.close(d.session)
		})
	})
	closing := func(code int) func(*exchange) {
		return func(x *exchange) {
			_ = x.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "because of c1"), time.Now().Add(time.Second))
		}
	}
	for name, fail := range map[string]func(*exchange){
		"closed 1001":  closing(1001),
		"closed 1011":  closing(1011),
		"closed 1006":  func(x *exchange) { x.reset("") },
		"idle-killed":  func(x *exchange) { _ = x.socket.NetConn().Close() },
		"invalid JSON": func(x *exchange) { x.reply(`[{"channel":"/a","data":1},`) },
		"silence":      func(*exchange) {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				var w watch
				o := s.socketOptions()
				o.OnEvent = w.add
				session := s.dial(o, handshakeOK)
				require.Equal(t, "websocket", session.Transport())
				k := s.subscribe(session, "/a")
				first := s.now("/meta/connect")
				fail(first)
				x := s.next("/meta/connect") // over a new socket, with the old session
				require.NotNil(t, x.socket)
				require.NotSame(t, first.socket, x.socket)
				require.Equal(t, "c1", x.messages[0]["clientId"])
				require.Equal(t, map[string]any{"timeout": 0.0}, x.messages[0]["advice"])
				x.reply(connectOK)
				x.reply(`[{"channel":"/a","data":2}]`) // not long after
				require.Equal(t, "2", k.data())
				require.Equal(t, "connected, broken, resumed(gap)", w.words())
				require.NotContains(t, w.list[1].Err.Error(), "c1")
				require.Equal(t, 1, s.count("/meta/handshake"))
				s.now("/meta/connect")
			})
		})
	}
	t.Run("sticks to what has worked", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.socketOptions(), handshakeOK)
			s.upgrade = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(503); return false }
			s.now("/meta/connect").reset("")
			time.Sleep(3 * time.Minute)
			require.Equal(t, bayeux.Handshaking, session.State())
			require.Equal(t, 1, s.count("/meta/handshake")) // never over long polling
			s.mu.Lock()
			s.upgrade = nil
			s.mu.Unlock()
			x := s.next("/meta/handshake")
			require.NotNil(t, x.socket)
		})
	})
	t.Run("headers and cookies", func(t *testing.T) { // T5
		bubble(t, func(t *testing.T, s *script) {
			o := s.socketOptions()
			o.Header = http.Header{"X-Key": {"k"}}
			o.Authenticate = func(_ context.Context, a *bayeux.Authentication) error {
				a.Header.Set("Authorization", "Bearer b")
				a.Ext["token"] = "t"
				return nil
			}
			s.upgrade = func(w http.ResponseWriter, r *http.Request) bool {
				require.Equal(t, "k", r.Header.Get("X-Key"))
				require.Equal(t, "Bearer b", r.Header.Get("Authorization"))
				require.Empty(t, r.Header.Get("Origin"))
				return true
			}
			c := s.dialling(o)
			x := s.next("/meta/handshake")
			require.Equal(t, map[string]any{"token": "t", "ack": true}, x.messages[0]["ext"])
			x.reply(handshakeOK)
			s.next("/meta/connect").reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			s.close(d.session)
		})
	})
}

// R3: what belongs to a batch that was not finished is dropped, because it comes again.
func TestScenario14DropInTheMiddleOfAnAckBatch(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.socketOptions()
		o.OnEvent = w.add
		session := s.dial(o, ackShake)
		k := s.subscribe(session, "/a")
		x := s.now("/meta/connect")
		x.reply(`[{"channel":"/a","data":1}]`)
		x.reply(`[{"channel":"/a","data":2}]`)
		require.Empty(t, k.data()) // the batch is open
		x.reply(connectAck(1))
		require.Equal(t, "1 2", k.data())
		x = s.now("/meta/connect")
		require.Equal(t, map[string]any{"ack": 1.0}, x.messages[0]["ext"])
		x.reply(`[{"channel":"/a","data":3}]`)
		x.reset("")
		x = s.next("/meta/connect")
		require.Equal(t, map[string]any{"ack": 1.0}, x.messages[0]["ext"])
		x.reply(`[{"channel":"/a","data":3}]`)
		x.reply(`[{"channel":"/a","data":4}]`)
		x.reply(connectAck(2))
		require.Equal(t, "1 2 3 4", k.data())
		require.Equal(t, "connected, broken, resumed", w.words())
		x = s.now("/meta/connect")
		x.reply(`[{"channel":"/a","data":5}]`)
		x.reset("")
		x = s.next("/meta/connect")
		x.reply(unknown402) // now it cannot come again, so it counts
		require.Equal(t, "1 2 3 4 5", k.data())
	})
}

// A2 over WebSocket: the socket is closed with 1000 after the reply.
func TestCloseOfASocket(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.socketOptions(), handshakeOK)
		began := time.Now()
		done := make(chan struct{})
		go func() { defer close(done); _ = session.Close() }()
		x := s.next("/meta/disconnect")
		x.reply(`[{"channel":"/meta/disconnect","id":"$0","successful":true}]`)
		<-done
		require.Less(t, time.Since(began), time.Second)
	})
	bubble(t, func(t *testing.T, s *script) { // while it opens
		o := s.socketOptions()
		s.upgrade = func(w http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return false }
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := bayeux.Dial(ctx, address, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
	bubble(t, func(t *testing.T, s *script) { // with a reader that waits for a consumer
		session := s.dial(s.socketOptions(), handshakeOK)
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Buffer: 1})
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		x := s.now("/meta/connect")
		x.reply(`[{"channel":"/a","data":1},{"channel":"/a","data":2}]`)
		began := time.Now()
		require.NoError(t, session.Close())
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
	})
}
