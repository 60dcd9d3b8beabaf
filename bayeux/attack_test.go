package bayeux_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// R3: events that a handshake reply announces and that come behind it over a socket come again with the
// first connect, because they have not been acknowledged. They are delivered once, also if the socket
// breaks before all of them have come.
func TestEventsBehindAHandshakeReply(t *testing.T) {
	announced := strings.Replace(ackShake, `"ack":true`, `"ack":{"enabled":true,"batch":1,"size":2}`, 1)
	event := func(n int) string { return fmt.Sprintf(`[{"channel":"/service/a","data":%d}]`, n) }
	for _, c := range []struct {
		behind int // events that come behind the reply
		breaks bool
	}{{2, false}, {1, true}, {0, true}, {2, true}, {0, false}} {
		t.Run(fmt.Sprintf("%d behind, broken %v", c.behind, c.breaks), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				session := s.dial(s.socketOptions(), ackShake)
				k := new(sink)
				_, err := session.Subscribe(t.Context(), "/service/a", bayeux.Delivery{Handler: k.add})
				require.NoError(t, err)
				s.now("/meta/connect").reply(unknown402)
				s.now("/meta/handshake").reply(announced)
				x := s.now("/meta/connect")
				require.Equal(t, map[string]any{"ack": 0.0}, x.messages[0]["ext"])
				for n := range c.behind {
					x.reply(event(1 + n))
				}
				if c.breaks {
					x.reset("")
					x = s.next("/meta/connect")
				}
				if c.behind == 2 || c.breaks {
					x.reply(event(1))
					x.reply(event(2))
				}
				x.reply(event(3))
				x.reply(connectAck(2))
				if c.behind == 0 && !c.breaks { // a server that does not do what it says; the next batch is whole again
					k.list = nil
					x = s.now("/meta/connect")
					x.reply(event(1))
					x.reply(event(2))
					x.reply(event(3))
					x.reply(connectAck(3))
				}
				require.Equal(t, "1 2 3", k.data())
			})
		})
	}
}

// R3: events that come in one frame with a handshake reply that announces more count when all of them have come
// again, and once.
func TestSomeEventsBesideAHandshakeReply(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.socketOptions(), ackShake)
		k := new(sink)
		_, err := session.Subscribe(t.Context(), "/service/a", bayeux.Delivery{Handler: k.add})
		require.NoError(t, err)
		s.now("/meta/connect").reply(unknown402)
		event := `{"channel":"/service/a","data":%d}`
		x := s.now("/meta/handshake")
		x.reply(strings.Replace(strings.Replace(ackShake, `"ack":true`, `"ack":{"enabled":true,"batch":1,"size":2}`, 1), "}]", "},"+fmt.Sprintf(event, 1)+"]", 1))
		x.reply("[" + fmt.Sprintf(event, 2) + "]")
		require.Empty(t, k.data())
		x = s.now("/meta/connect")
		require.Equal(t, map[string]any{"ack": 0.0}, x.messages[0]["ext"])
		for n := range 3 {
			x.reply("[" + fmt.Sprintf(event, 1+n) + "]")
		}
		x.reply(connectAck(2))
		require.Equal(t, "1 2 3", k.data())
	})
}

// R3: what came of a batch again and again before the session was lost counts once.
func TestUnfinishedBatchCountsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.socketOptions(), ackShake)
		k := s.subscribe(session, "/a")
		for _, n := range []int{2, 3, 1} {
			x := s.next("/meta/connect")
			for i := range n {
				x.reply(fmt.Sprintf(`[{"channel":"/a","data":%d}]`, i+1))
			}
			x.reset("")
		}
		require.Empty(t, k.data())
		s.next("/meta/connect").reply(unknown402)
		require.Equal(t, "1 2 3", k.data())
	})
}

// P7: advice that comes with an answer about something else counts as well, once there is reason to go on.
func TestAdviceOnOtherAnswers(t *testing.T) {
	publish := func(t *testing.T, s *script, session *bayeux.Session, advice string) {
		done := make(chan error, 1)
		go func() { done <- session.Publish(t.Context(), "/a", 1) }()
		s.next("/a").reply(`[{"channel":"/a","id":"$0","successful":true,"advice":` + advice + `}]`)
		require.NoError(t, <-done)
	}
	for _, advice := range []string{`{"reconnect":"none"}`, `{"reconnect":"unheard of"}`, `{"interval":-1}`} {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), handshakeOK)
			x := s.now("/meta/connect")
			publish(t, s, session, advice)
			require.Equal(t, bayeux.Connected, session.State())
			x.reset("")
			<-session.Done()
			require.ErrorIs(t, session.Err(), bayeux.ErrDisconnected)
			s.none("/meta/connect")
		})
		bubble(t, func(t *testing.T, s *script) { // a newer one replaces it
			session := s.dial(s.options(), handshakeOK)
			x := s.now("/meta/connect")
			publish(t, s, session, advice)
			x.reply(strings.Replace(connectOK, "true", `true,"advice":{"reconnect":"retry","interval":0}`, 1))
			s.now("/meta/connect")
			require.Equal(t, bayeux.Connected, session.State())
		})
	}
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		x := s.now("/meta/connect")
		publish(t, s, session, `{"reconnect":"handshake"}`)
		x.reply(connectOK)
		s.now("/meta/handshake")
	})
}

// E9: who gives up waits for nothing, whatever Dial is about.
func TestDialGivenUp(t *testing.T) {
	for _, at := range []string{"/meta/handshake", "/meta/connect"} {
		for _, options := range []func(s *script) bayeux.Options{(*script).options, (*script).socketOptions} {
			bubble(t, func(t *testing.T, s *script) {
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() {
					_, err := bayeux.Dial(ctx, address, options(s))
					done <- err
				}()
				x := s.next("/meta/handshake")
				if at == "/meta/connect" {
					x.reply(handshakeOK)
					s.next(at)
				}
				began := time.Now()
				cancel()
				require.ErrorIs(t, <-done, context.Canceled)
				require.Equal(t, began, time.Now())
			})
		}
	}
}

// A server that never answers is not sent more and more, whatever callers do.
func TestUnansweredIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		o := s.socketOptions()
		o.MaxPending = 100
		session := s.dial(o, handshakeOK)
		overflow := 0
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range 2000 {
			wg.Go(func() {
				err := session.Publish(ctx, "/a", 1)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, bayeux.ErrOverflow) {
					overflow++
				} else if !errors.Is(err, bayeux.ErrCanceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		s.mu.Lock()
		sent := 0
		for _, x := range s.waiting["/a"] {
			sent += len(x.messages)
		}
		s.mu.Unlock()
		require.Equal(t, 1024, sent)
		cancel()
		wg.Wait()
		require.Equal(t, 2000-1024-100, overflow)
		require.Equal(t, bayeux.Connected, session.State())
	})
}

// Hostile fields are bounded or refused, and nothing of them is told.
func TestHostileFields(t *testing.T) {
	long := strings.Repeat("topsecret,", 100_000)
	bubble(t, func(t *testing.T, s *script) {
		c := s.dialling(s.options())
		s.next("/meta/handshake").reply(strings.Replace(handshakeOK, `"c1"`, `"`+long+`"`, 1)) // too long to be sent with everything
		s.next("/meta/handshake").reply(`[{"channel":"/meta/handshake","id":"$0","successful":false,"error":"403:` + long + `:` + long + `","advice":{"reconnect":"none"}}]`)
		err := (<-c).err
		require.ErrorIs(t, err, bayeux.ErrDenied)
		require.Less(t, len(fmt.Sprintf("%v %+v %#v", err, err, err)), 500)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "topsecret")
		var e *bayeux.Error
		require.ErrorAs(t, err, &e)
		require.LessOrEqual(t, len(strings.Join(e.Args, ","))+len(e.Text), 1024)
	})
	bubble(t, func(t *testing.T, s *script) {
		c := s.dialling(s.options())
		types := strings.Repeat(`"x",`, 100_000)
		s.next("/meta/handshake").reply(strings.Replace(handshakeOK, `"websocket","long-polling"`, types+`"y"`, 1))
		var e *bayeux.Error
		require.ErrorAs(t, (<-c).err, &e)
		require.Equal(t, bayeux.ErrNoTransport, e.Kind)
		require.Len(t, e.Args, 256)
	})
}

// A4: a hook whose credentials are refused for ever is asked once more, and not for ever.
func TestRefusedForEver(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		asked := 0
		o := s.options()
		o.Authenticate = func(context.Context, *bayeux.Authentication) error { asked++; return nil }
		c := s.dialling(o)
		for range 2 {
			s.next("/meta/handshake").status(401, "")
		}
		require.ErrorIs(t, (<-c).err, bayeux.ErrUnauthorized)
		require.Equal(t, 2, asked)
	})
	bubble(t, func(t *testing.T, s *script) { // also by a server that takes them for handshakes and not for connects
		asked := 0
		o := s.options()
		o.Authenticate = func(context.Context, *bayeux.Authentication) error { asked++; return nil }
		c := s.dialling(o)
		for range 2 {
			s.next("/meta/handshake").reply(handshakeOK)
			s.next("/meta/connect").status(401, "")
		}
		require.ErrorIs(t, (<-c).err, bayeux.ErrUnauthorized)
		require.Equal(t, 2, asked)
	})
	bubble(t, func(t *testing.T, s *script) { // a hook that fails for ever is asked more and more seldom
		asked := 0
		o := s.options()
		o.Authenticate = func(context.Context, *bayeux.Authentication) error { asked++; panic("topsecret") }
		o.Limiter = limiterFunc(func(context.Context) error { return nil })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err := bayeux.Dial(ctx, address, o)
		require.ErrorIs(t, err, bayeux.ErrHook)
		require.NotContains(t, err.Error(), "topsecret")
		require.Less(t, asked, 50)
	})
	bubble(t, func(t *testing.T, s *script) { // and a limiter that panics takes nobody along
		o := s.options()
		o.Limiter = limiterFunc(func(context.Context) error { panic("topsecret") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := bayeux.Dial(ctx, address, o)
		require.ErrorIs(t, err, bayeux.ErrHook)
	})
}

type limiterFunc func(ctx context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

// A2, A9: Close and everything else at once, against a server that does what it likes.
func TestEverythingAtOnce(t *testing.T) {
	for seed := range 30 {
		for _, transport := range []bayeux.Transport{bayeux.LongPolling{}, bayeux.WebSocket{}} {
			bubble(t, func(t *testing.T, s *script) { everythingAtOnce(t, s, seed, transport) })
		}
	}
}

func everythingAtOnce(t *testing.T, s *script, seed int, transport bayeux.Transport) {
	stop := make(chan struct{})
	var server sync.WaitGroup
	server.Go(func() { // the server answers, loses sessions, and breaks connections
		for n := seed; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			for _, channel := range []string{"/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/a", "/meta/disconnect"} {
				x := s.pop(channel)
				if x == nil {
					continue
				}
				id, _ := x.messages[0]["id"].(string)
				ok := fmt.Sprintf(`{"channel":%q,"id":%q,"successful":true}`, channel, id)
				body := "[" + ok + "]"
				switch {
				case channel == "/meta/handshake":
					body = strings.ReplaceAll(ackShake, "$0", id)
				case channel == "/meta/connect" && n%7 == 3:
					body = strings.ReplaceAll(unknown402, "$0", id)
				case channel == "/meta/connect" && n%5 == 4:
					body = `[{"channel":"/a","data":1}]`
				case channel == "/meta/connect":
					body = fmt.Sprintf(`[{"channel":"/a","data":%d},{"channel":"/meta/connect","id":%q,"successful":true,"ext":{"ack":%d}}]`, n, id, n)
				}
				x.send(body)
			}
		}
	})
	o := s.options()
	o.Transports = []bayeux.Transport{transport}
	var session *bayeux.Session
	known := make(chan struct{})
	o.OnEvent = func(e bayeux.Event) {
		if e.Kind == bayeux.EventReestablished && seed%3 == 0 {
			<-known
			_ = session.Close()
		}
	}
	o.Extensions = []bayeux.Extension{{
		Incoming: func(m *bayeux.Incoming) bool {
			if m.Channel == "/a" && seed%4 == 1 {
				panic("hook")
			}
			return true
		},
		Outgoing: func(m *bayeux.Outgoing) error {
			if m.Channel == "/meta/unsubscribe" && seed%4 == 2 {
				panic("hook")
			}
			return nil
		},
	}}
	session, err := bayeux.Dial(t.Context(), address, o)
	close(known)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for ctx.Err() == nil && session.Err() == nil {
				own := make(chan *bayeux.Subscription, 1)
				sub, err := session.Subscribe(ctx, "/a", bayeux.Delivery{Buffer: 1, Handler: func(m bayeux.Message) {
					select {
					case sub := <-own:
						_ = sub.Unsubscribe(ctx)
					default:
					}
					if seed%5 == i {
						panic("handler")
					}
				}})
				if err != nil {
					continue
				}
				own <- sub
				_ = session.Publish(ctx, "/a", i)
				_ = sub.Unsubscribe(ctx)
			}
		})
	}
	wg.Go(func() {
		time.Sleep(time.Duration(seed) * 9 * time.Millisecond)
		_ = session.Close()
		_ = session.Close()
	})
	wg.Wait()
	cancel()
	_ = session.Close()
	require.ErrorIs(t, session.Wait(context.Background()), bayeux.ErrClosed)
	close(stop)
	server.Wait()
}

// send answers without waiting for what comes of it.
func (x *exchange) send(body string) {
	if x.socket != nil {
		_ = x.socket.WriteMessage(1, []byte(body))
		return
	}
	x.answer <- func(w http.ResponseWriter) { _, _ = w.Write([]byte(body)) }
}
