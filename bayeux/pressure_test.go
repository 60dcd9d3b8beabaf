package bayeux_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// R4, A7: a consumer that is slow all the time is told of once, and again only after it has caught up.
func TestStalledIsToldOnceUntilCaughtUp(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		session := s.dial(o, ackShake)
		var sub *bayeux.Subscription
		done := make(chan error, 1)
		go func() {
			var err error
			sub, err = session.Subscribe(t.Context(), "/a", bayeux.Delivery{Buffer: 4})
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		take := func(n int) {
			for range n {
				_, err := sub.Next(t.Context())
				require.NoError(t, err)
			}
			synctest.Wait()
		}
		batch := func(ack, n int) {
			s.now("/meta/connect").reply("[" + strings.Repeat(`{"channel":"/a","data":1},`, n) + connectAck(ack)[1:])
		}
		batch(1, 8)
		for ack := 2; ack <= 50; ack++ { // 10 a poll, of which it is never done
			take(6)
			batch(ack, 6)
		}
		require.Equal(t, "connected, stalled", w.words())
		require.EqualValues(t, 1, session.Stats().Stalls)
		take(8)
		require.Zero(t, sub.Pending())
		batch(51, 4) // that is no stall
		take(4)
		batch(52, 5)
		require.Equal(t, "connected, stalled, stalled", w.words())
		require.Equal(t, "/a", w.list[2].Channel)
		require.EqualValues(t, 2, session.Stats().Stalls)
	})
}

// A7: whatever comes with every message gives way to what became of the session.
func TestNoNumberOfPanicsHidesWhatHappened(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Handler: func(bayeux.Message) { panic("oh") }})
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		panics := strings.Replace(connectOK, "[", "["+strings.Repeat(`{"channel":"/a","data":1},`, 100), 1)
		s.now("/meta/connect").reply(panics)
		s.next("/meta/connect").reset("")
		s.next("/meta/connect").reply(panics)
		s.close(session)
		var kinds []string
		panicked, missed := 0, 0
		for e := range session.Events(t.Context()) {
			missed += e.Missed
			if e.Kind == bayeux.EventPanicked {
				panicked++
				continue
			}
			kinds = append(kinds, e.Kind.String())
			require.Equal(t, e.Kind == bayeux.EventResumed, e.PossibleGap)
		}
		require.Equal(t, []string{"connected", "broken", "resumed", "closed"}, kinds)
		require.Equal(t, 60, panicked)
		require.Equal(t, 140, missed)
	})
}

// P7: what a server advises with the answer to a subscription, favourable or not, counts when there is reason
// to go on.
func TestAdviceOnSubscribeReplies(t *testing.T) {
	for _, ok := range []bool{true, false} {
		for _, advice := range []string{`{"reconnect":"none"}`, `{"reconnect":"unheard of"}`, `{"interval":-1}`} {
			bubble(t, func(t *testing.T, s *script) {
				session := s.dial(s.options(), handshakeOK)
				x := s.now("/meta/connect")
				done := make(chan error, 1)
				go func() {
					_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
					done <- err
				}()
				s.next("/meta/subscribe").reply(fmt.Sprintf(`[{"channel":"/meta/subscribe","id":"$0","successful":%v,"error":"403::no","advice":%s}]`, ok, advice))
				if err := <-done; ok {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, bayeux.ErrDenied)
				}
				require.Equal(t, bayeux.Connected, session.State())
				x.status(503, "")
				<-session.Done()
				require.ErrorIs(t, session.Err(), bayeux.ErrDisconnected)
				s.none("/meta/connect")
			})
		}
	}
}

// P11: other servers that an advice names are ignored.
func TestAdvisedHostsAreIgnored(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), strings.Replace(handshakeOK, `"interval":0`, `"interval":0,"hosts":["evil.test:80"]`, 1))
		s.now("/meta/connect").reply(strings.Replace(unknown402, `"interval":0`, `"hosts":["evil.test:80"]`, 1))
		s.now("/meta/handshake").reply(handshakeOK)
		s.now("/meta/connect").reply(connectOK)
		require.Equal(t, bayeux.Connected, session.State())
	})
}

// R4, E8: whatever is longer than the limit ends the session, whichever answer it is, over both transports, and
// nothing of it is delivered.
func TestOverlongWhileConnected(t *testing.T) {
	long := `[{"channel":"/a","data":"` + strings.Repeat("0", 20_000) + `"},`
	for name, how := range map[string]func(t *testing.T, s *script, session *bayeux.Session){
		"connect": func(t *testing.T, s *script, session *bayeux.Session) {
			s.now("/meta/connect").send(long + connectOK[1:])
		},
		"publish": func(t *testing.T, s *script, session *bayeux.Session) {
			go func() { _ = session.Publish(t.Context(), "/b", 1) }()
			s.next("/b").send(long + `{"channel":"/b","id":"$0","successful":true}]`)
		},
		"subscribe": func(t *testing.T, s *script, session *bayeux.Session) {
			go func() { _, _ = session.Subscribe(t.Context(), "/b", bayeux.Delivery{}) }()
			s.next("/meta/subscribe").send(long + subscribeOK[1:])
		},
		"renewal": func(t *testing.T, s *script, session *bayeux.Session) {
			s.now("/meta/connect").reply(unknown402)
			s.now("/meta/handshake").reply(handshakeOK)
			s.now("/meta/subscribe").send(long + subscribeOK[1:])
		},
		"handshake": func(t *testing.T, s *script, session *bayeux.Session) {
			s.now("/meta/connect").reply(unknown402)
			s.now("/meta/handshake").send(long + handshakeOK[1:])
		},
	} {
		for _, options := range []func(*script) bayeux.Options{(*script).options, (*script).socketOptions} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T, s *script) {
					o := options(s)
					o.MaxMessage = 10_000
					session := s.dial(o, handshakeOK)
					k := s.subscribe(session, "/a")
					how(t, s, session)
					<-session.Done()
					require.ErrorIs(t, session.Err(), bayeux.ErrTooLarge)
					require.Empty(t, k.data())
					sent := len(s.log())
					time.Sleep(10 * time.Minute)
					require.Len(t, s.log(), sent)
				})
			})
		}
	}
	bubble(t, func(t *testing.T, s *script) { // and so does a batch that is never finished, of whatever it consists
		for event, frames := range map[string]int{
			`{"channel":"/a","data":0,"id":"` + strings.Repeat("i", 900) + `"}`:        2,
			`{"channel":"/` + strings.Repeat("a", 900) + `","data":0}`:                 2,
			`{"channel":"/a","data":0,"ext":{"x":"` + strings.Repeat("x", 900) + `"}}`: 2,
		} {
			o := s.socketOptions()
			o.MaxMessage = 1 << 20
			session := s.dial(o, ackShake)
			x := s.now("/meta/connect")
			frame := "[" + strings.Repeat(event+",", 999) + event + "]"
			for n := range frames {
				require.NoError(t, session.Err(), n)
				require.NoError(t, x.socket.WriteMessage(1, []byte(frame)))
				synctest.Wait()
			}
			require.Error(t, session.Err())
			require.ErrorIs(t, session.Err(), bayeux.ErrTooLarge)
		}
	})
}

// T6: a request to subscribe that fails and fails is made again after pauses, and an answer that says that it is
// of no use is believed.
func TestFailingSubscriptionIsNoHotLoop(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(x *exchange)
		most int // requests in a minute
		want error
	}{
		"503":      {func(x *exchange) { x.status(503, "") }, 60, context.DeadlineExceeded},
		"not JSON": {func(x *exchange) { x.reply("nonsense") }, 60, context.DeadlineExceeded},
		"reset":    {func(x *exchange) { x.reset("") }, 60, context.DeadlineExceeded},
		"empty":    {func(x *exchange) { x.reply("[]") }, 10, context.DeadlineExceeded},
		"500":      {func(x *exchange) { x.status(500, "") }, 5, bayeux.ErrTransport},
		"400":      {func(x *exchange) { x.status(400, "") }, 1, bayeux.ErrTransport},
		"403":      {func(x *exchange) { x.status(403, "") }, 1, bayeux.ErrUnauthorized},
		"413":      {func(x *exchange) { x.status(413, "") }, 1, bayeux.ErrTransport},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				session := s.dial(s.options(), handshakeOK)
				s.now("/meta/connect") // held
				ctx, cancel := context.WithTimeout(t.Context(), 29*time.Second)
				defer cancel()
				done := make(chan error, 1)
				go func() {
					_, err := session.Subscribe(ctx, "/a", bayeux.Delivery{})
					done <- err
				}()
				for n := 0; ; {
					synctest.Wait()
					x, arrived := s.popOrWait("/meta/subscribe")
					if x != nil {
						n++
						require.LessOrEqual(t, n, c.most)
						c.fail(x)
						continue
					}
					select {
					case <-arrived:
						continue
					case err := <-done:
						require.ErrorIs(t, err, c.want)
						require.Equal(t, bayeux.Connected, session.State())
						require.GreaterOrEqual(t, n, min(c.most, 3))
					}
					break
				}
				s.subscribe(session, "/b") // others are not held up
			})
		})
	}
	bubble(t, func(t *testing.T, s *script) { // what waits for a pause is not asked for twice on a new session
		session := s.dial(s.options(), handshakeOK)
		x := s.now("/meta/connect")
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
			done <- err
		}()
		s.next("/meta/subscribe").status(503, "")
		s.next("/meta/subscribe").status(503, "")
		x.reply(unknown402)
		s.now("/meta/handshake").reply(handshakeOK)
		s.now("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		s.now("/meta/connect").reply(connectOK)
		time.Sleep(20 * time.Second)
		require.Equal(t, 3, s.count("/meta/subscribe"))
		s.subscribe(session, "/b")
	})
}

// A9: one message that somebody keeps does not hold a long body in memory, and a channel of nothing but slashes
// takes no time to match.
func TestHostileBodies(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		k := s.subscribe(session, "/a/*")
		s.now("/meta/connect").respond(func(w http.ResponseWriter) {
			slashes := strings.Repeat("/", 1<<20)
			_, _ = io.WriteString(w, `[{"channel":"`+slashes+`","data":0},{"channel":"/a/b","data":1},{"channel":"`+slashes+`a/b","data":2}]`)
		})
		require.Equal(t, "1", k.data())
		require.EqualValues(t, 2, session.Stats().Unhandled)
	})
}

// R5, A1: a handler with a full queue that waits for an answer, which over a socket is behind what it has not
// taken, does not wait for ever, and the session goes on.
func TestHandlerThatWaitsForWhatIsBehindItsOwnMessages(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, session *bayeux.Session) error{
		"publish": func(ctx context.Context, session *bayeux.Session) error { return session.Publish(ctx, "/b", 1) },
		"subscribe": func(ctx context.Context, session *bayeux.Session) error {
			_, err := session.Subscribe(ctx, "/b", bayeux.Delivery{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				session := s.dial(s.socketOptions(), handshakeOK)
				results := make(chan error, 1)
				var got []string
				done := make(chan error, 1)
				go func() {
					_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Buffer: 2, Handler: func(m bayeux.Message) {
						got = append(got, string(m.Data))
						if len(got) == 1 {
							results <- call(t.Context(), session)
						}
					}})
					done <- err
				}()
				s.next("/meta/subscribe").reply(subscribeOK)
				require.NoError(t, <-done)
				x := s.now("/meta/connect")
				for n := range 10 {
					x.reply(fmt.Sprintf(`[{"channel":"/a","data":%d}]`, n))
				}
				began := time.Now()
				y := s.next(map[string]string{"publish": "/b", "subscribe": "/meta/subscribe"}[name])
				y.reply(`[{"channel":"` + y.channel(0) + `","id":"$0","successful":true}]`)
				require.ErrorIs(t, <-results, bayeux.ErrTimeout)
				require.Equal(t, 10*time.Second, time.Since(began).Truncate(time.Millisecond))
				synctest.Wait()
				require.Equal(t, "0 1 2 3 4 5 6 7 8 9", strings.Join(got, " "))
				if name == "subscribe" {
					require.Equal(t, "/b", s.now("/meta/unsubscribe").messages[0]["subscription"])
				}
				x.reply(connectOK)
				s.now("/meta/connect")
				require.Equal(t, bayeux.Connected, session.State())
				require.Zero(t, session.Stats().Breaks)
			})
		})
	}
}
