package bayeux_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// R1, R2, R3, R7.
func TestScenario10ConnectionResetWhileHeld(t *testing.T) {
	t.Run("acknowledged", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			var w watch
			o := s.options()
			o.OnEvent = w.add
			session := s.dial(o, ackShake)
			require.True(t, session.Acknowledged())
			k := s.subscribe(session, "/a")
			x := s.now("/meta/connect")
			require.Equal(t, map[string]any{"ack": 0.0}, x.messages[0]["ext"])
			x.reply(strings.Replace(connectAck(5), "[", `[{"channel":"/a","data":1},`, 1))
			x = s.now("/meta/connect")
			require.Equal(t, map[string]any{"ack": 5.0}, x.messages[0]["ext"])
			x.reset(`[{"channel":"/a","data":2},`) // inside the body
			x = s.next("/meta/connect")
			require.Equal(t, map[string]any{"ack": 5.0}, x.messages[0]["ext"])
			require.Equal(t, "c1", x.messages[0]["clientId"])
			x.reply(strings.Replace(connectAck(6), "[", `[{"channel":"/a","data":2},{"channel":"/a","data":3},`, 1))
			require.Equal(t, "1 2 3", k.data())
			require.Equal(t, map[string]any{"ack": 6.0}, s.now("/meta/connect").messages[0]["ext"])
			require.Equal(t, "connected, broken, resumed", w.words()) // no gap
			for _, m := range k.list {
				require.False(t, m.AfterGap)
			}
		})
	})
	t.Run("an answer without a reply is not delivered twice", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), ackShake)
			k := s.subscribe(session, "/a")
			s.now("/meta/connect").reply(`[{"channel":"/a","data":1}]`)
			s.now("/meta/connect").reply(strings.Replace(connectAck(2), "[", `[{"channel":"/a","data":1},`, 1))
			require.Equal(t, "1", k.data())
			s.now("/meta/connect").reply(`[{"channel":"/a","data":2}]`)
			require.Equal(t, "1", k.data())
			s.next("/meta/connect").reply(unknown402) // it will not come again
			require.Equal(t, "1 2", k.data())
		})
	})
	t.Run("beyond the life of the session", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			var w watch
			o := s.options()
			o.OnEvent = w.add
			session := s.dial(o, handshakeOK)
			k := s.subscribe(session, "/a")
			s.now("/meta/connect").reset("")
			began := time.Now()
			for { // 40 s after the last word of the server the session is presumed lost, though nobody says so
				synctest.Wait()
				if x := s.pop("/meta/connect"); x != nil {
					require.Less(t, time.Since(began), 40*time.Second)
					x.status(503, "")
				} else if x := s.pop("/meta/handshake"); x != nil {
					require.Greater(t, time.Since(began), 37*time.Second)
					x.reply(handshakeOK)
					break
				}
				time.Sleep(time.Millisecond)
			}
			s.now("/meta/subscribe").reply(subscribeOK)
			s.now("/meta/connect").reply(connectOK)
			require.Equal(t, "connected, broken, re-established(gap)", w.words())
			s.now("/meta/connect").reply(`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"$0","successful":true}]`)
			require.Equal(t, "1", k.data())
			require.True(t, k.list[0].AfterGap)
		})
	})
	t.Run("short pauses", func(t *testing.T) { // R1
		bubble(t, func(t *testing.T, s *script) {
			s.dial(s.options(), handshakeOK)
			s.now("/meta/connect").status(503, "")
			last := time.Now()
			for i := range 12 {
				x := s.next("/meta/connect")
				pause := time.Since(last).Truncate(time.Millisecond)
				most := []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second}[min(i, 3)]
				require.LessOrEqual(t, pause, most, i)
				x.status(503, "")
				last = time.Now()
			}
		})
	})
}

// P10, A3.
func TestScenario11MultipleClients(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		s.dial(o, handshakeOK)
		for range 3 {
			s.next("/meta/connect").reply(`[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"interval":2000,"reconnect":"retry","multiple-clients":true}}]`)
			s.none("/meta/connect")
		}
		require.Equal(t, "connected, multiple clients", w.words())
	})
	bubble(t, func(t *testing.T, s *script) { // each session has a jar of its own
		cookies := make(chan string, 8)
		for range 2 {
			c := s.dialling(s.options())
			x := s.next("/meta/handshake")
			require.Empty(t, x.header.Get("Cookie"))
			x.respond(func(w http.ResponseWriter) {
				w.Header().Set("Set-Cookie", fmt.Sprintf("BAYEUX_BROWSER=b%d; Path=/; HttpOnly", len(cookies)))
				fmt.Fprint(w, strings.ReplaceAll(handshakeOK, "$0", x.id(0)))
			})
			x = s.next("/meta/connect")
			cookies <- x.header.Get("Cookie")
			x.reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			defer s.close(d.session)
			s.now("/meta/connect") // held
		}
		require.Equal(t, "BAYEUX_BROWSER=b0", <-cookies)
		require.Equal(t, "BAYEUX_BROWSER=b1", <-cookies)
	})
}

// gaps lets a server accept handshakes and answer 402 to every connect, and returns the pauses before
// the handshakes.
func gaps(t *testing.T, n int) (list []time.Duration) {
	bubble(t, func(t *testing.T, s *script) {
		c := s.dialling(s.options())
		last := time.Now()
		for range n {
			x := s.next("/meta/handshake")
			list = append(list, time.Since(last).Truncate(time.Millisecond))
			last = time.Now()
			x.reply(handshakeOK)
			s.now("/meta/connect").reply(`[{"channel":"/meta/connect","id":"$0","successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}]`)
		}
		_ = c
		s.server.Close() // the dial ends with the test's context
		go func() {
			if d := <-c; d.session != nil {
				_ = d.session.Close()
			}
		}()
	})
	return list
}

func TestScenario12CookieLost(t *testing.T) {
	list := gaps(t, 8)
	require.Zero(t, list[0])
	require.Zero(t, list[1]) // the first loss
	total := time.Duration(0)
	for _, d := range list[2:] {
		require.GreaterOrEqual(t, d, 500*time.Millisecond)
		total += d
	}
	require.Greater(t, total, 15*time.Second)
}

func TestScenario19RehandshakeStormGuard(t *testing.T) {
	list := gaps(t, 12)
	base := time.Second
	for i, d := range list[2:] { // half of a doubling second, and as much again by chance
		require.GreaterOrEqual(t, d, base/2, i)
		require.LessOrEqual(t, d, base+2*time.Millisecond, i)
		base = min(2*base, 30*time.Second)
	}
	t.Logf("pauses before handshakes: %v", list)
}

// R4, R3: with a slow consumer nothing is acknowledged and nothing asked for until there is room.
func TestScenario15AckWithASlowConsumer(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		session := s.dial(o, ackShake)
		var sub *bayeux.Subscription
		done := make(chan error, 1)
		go func() {
			var err error
			sub, err = session.Subscribe(t.Context(), "/a", bayeux.Delivery{Buffer: 2})
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		s.now("/meta/connect").reply(strings.Replace(connectAck(7), "[", `[{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/a","data":3},{"channel":"/a","data":4},`, 1))
		time.Sleep(time.Minute)
		s.none("/meta/connect")
		require.Equal(t, "connected, stalled", w.words())
		m, err := sub.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, "1", string(m.Data))
		s.none("/meta/connect") // one is still out
		_, err = sub.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]any{"ack": 7.0}, s.now("/meta/connect").messages[0]["ext"])
		require.Equal(t, 2, sub.Pending())
	})
}

// E7, R4, R5: the policies.
func TestPolicies(t *testing.T) {
	events := `[{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/a","data":3},{"channel":"/meta/connect","id":"$0","successful":true}]`
	subscribe := func(t *testing.T, s *script, session *bayeux.Session, how bayeux.Delivery) *bayeux.Subscription {
		var sub *bayeux.Subscription
		done := make(chan error, 1)
		go func() {
			var err error
			sub, err = session.Subscribe(t.Context(), "/a", how)
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		return sub
	}
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		sub := subscribe(t, s, session, bayeux.Delivery{Buffer: 2, Policy: bayeux.DropOldest})
		s.now("/meta/connect").reply(events)
		s.now("/meta/connect") // heartbeats go on
		require.EqualValues(t, 1, sub.Dropped())
		require.EqualValues(t, 1, session.Stats().Dropped)
		var got []string
		for m := range sub.Messages(t.Context()) {
			got = append(got, string(m.Data))
			if len(got) == 2 {
				break
			}
		}
		require.Equal(t, []string{"2", "3"}, got)
	})
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		sub := subscribe(t, s, session, bayeux.Delivery{Buffer: 2, Policy: bayeux.Fail})
		s.now("/meta/connect").reply(events)
		<-session.Done()
		require.ErrorIs(t, session.Err(), bayeux.ErrOverflow)
		for i := range 2 { // what was in time can be read
			m, err := sub.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(i+1), string(m.Data))
		}
		_, err := sub.Next(t.Context())
		require.ErrorIs(t, err, bayeux.ErrOverflow)
	})
	bubble(t, func(t *testing.T, s *script) { // a handler that takes 3 s does not hold up heartbeats
		session := s.dial(s.options(), handshakeOK)
		var got []string
		subscribe(t, s, session, bayeux.Delivery{Handler: func(m bayeux.Message) {
			time.Sleep(3 * time.Second)
			got = append(got, string(m.Data))
		}})
		began := time.Now()
		for range 5 {
			s.now("/meta/connect").reply(events)
		}
		require.Equal(t, began, time.Now())
		time.Sleep(46 * time.Second)
		synctest.Wait()
		require.Equal(t, strings.Repeat("1 2 3 ", 5), strings.Join(got, " ")+" ")
	})
}

// A1, A2, E9: at the same instant where the server answers, and after the short deadline where not.
func TestScenario16Close(t *testing.T) {
	closing := func(session *bayeux.Session) <-chan time.Duration {
		took := make(chan time.Duration, 1)
		began := time.Now()
		go func() {
			_ = session.Close()
			took <- time.Since(began)
		}()
		return took
	}
	t.Run("held connect", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			var w watch
			o := s.options()
			o.OnEvent = w.add
			session := s.dial(o, handshakeOK)
			sub := s.subscribe(session, "/a")
			_ = sub
			took := closing(session)
			s.next("/meta/disconnect").reply(`[{"channel":"/meta/disconnect","id":"$0","successful":true,"advice":{"reconnect":"retry"}}]`)
			require.Zero(t, <-took)
			require.NoError(t, session.Close()) // again
			require.ErrorIs(t, session.Err(), bayeux.ErrClosed)
			require.Equal(t, "connected, closed", w.words())
			require.ErrorIs(t, session.Publish(t.Context(), "/a", 1), bayeux.ErrClosed)
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
			require.ErrorIs(t, err, bayeux.ErrClosed)
		})
	})
	t.Run("no answer", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), handshakeOK)
			require.Equal(t, 2*time.Second, <-closing(session))
		})
	})
	t.Run("back-off", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), handshakeOK)
			s.now("/meta/connect").status(503, "")
			s.now("/meta/connect").status(503, "")
			require.Equal(t, bayeux.Broken, session.State())
			require.Zero(t, <-closing(session))
		})
	})
	t.Run("handshake", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			began := time.Now()
			_, err := bayeux.Dial(ctx, address, s.options())
			require.ErrorIs(t, err, bayeux.ErrCanceled)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 5*time.Second, time.Since(began))
		})
	})
	t.Run("handshake again", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), handshakeOK)
			s.now("/meta/connect").reply(unknown402)
			s.now("/meta/handshake")
			require.Zero(t, <-closing(session))
		})
	})
	t.Run("handler", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), handshakeOK)
			took := make(chan time.Duration, 1)
			calls := 0
			done := make(chan error, 1)
			go func() {
				_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Handler: func(bayeux.Message) {
					calls++
					began := time.Now()
					_ = session.Close()
					took <- time.Since(began)
				}})
				done <- err
			}()
			s.next("/meta/subscribe").reply(subscribeOK)
			require.NoError(t, <-done)
			s.now("/meta/connect").reply(`[{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/meta/connect","id":"$0","successful":true}]`)
			s.now("/meta/disconnect").reply(`[{"channel":"/meta/disconnect","id":"$0","successful":true}]`)
			require.Zero(t, <-took)
			require.ErrorIs(t, session.Wait(t.Context()), bayeux.ErrClosed)
			require.Equal(t, 1, calls)
		})
	})
	t.Run("event handler and blocked queue", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			o := s.options()
			took := make(chan time.Duration, 1)
			var session *bayeux.Session
			o.OnEvent = func(e bayeux.Event) {
				if e.Kind == bayeux.EventStalled {
					began := time.Now()
					_ = session.Close()
					took <- time.Since(began)
				}
			}
			session = s.dial(o, handshakeOK)
			done := make(chan error, 1)
			go func() {
				_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Buffer: 1})
				done <- err
			}()
			s.next("/meta/subscribe").reply(subscribeOK)
			require.NoError(t, <-done)
			s.now("/meta/connect").reply(`[{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/meta/connect","id":"$0","successful":true}]`)
			s.now("/meta/disconnect").reply(`[{"channel":"/meta/disconnect","id":"$0","successful":true}]`)
			require.Zero(t, <-took)
		})
	})
}

// P7, R3.
func TestScenario18HandshakeReplies(t *testing.T) {
	t.Run("no advice", func(t *testing.T) { // 3.0
		bubble(t, func(t *testing.T, s *script) {
			s.dial(s.options(), `[{"id":"$0","channel":"/meta/handshake","successful":true,"clientId":"c1","version":"1.0","supportedConnectionTypes":["long-polling"]}]`)
			s.now("/meta/connect")
		})
	})
	t.Run("object-valued ack with events", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			o := s.options()
			c := s.dialling(o)
			s.next("/meta/handshake").reply(`[{"channel":"/meta/handshake","id":"$0","successful":true,"clientId":"c1","x-messages":1,"supportedConnectionTypes":["long-polling"],"ext":{"ack":{"enabled":true,"batch":3,"size":1}}},{"channel":"/service/x","data":1}]`)
			x := s.next("/meta/connect")
			require.Equal(t, map[string]any{"ack": 3.0}, x.messages[0]["ext"])
			x.reply(connectAck(4))
			d := <-c
			require.NoError(t, d.err)
			defer s.close(d.session)
			require.EqualValues(t, 1, d.session.Stats().Events)
			require.Equal(t, map[string]any{"ack": 4.0}, s.now("/meta/connect").messages[0]["ext"])
		})
	})
	t.Run("ack not asked for", func(t *testing.T) { // 2.9 and 3.0 send it all the same
		bubble(t, func(t *testing.T, s *script) {
			o := s.options()
			o.NoAck = true
			session := s.dial(o, ackShake)
			require.False(t, session.Acknowledged())
			require.NotContains(t, s.now("/meta/connect").messages[0], "ext")
		})
	})
	t.Run("no common type", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.options())
			s.next("/meta/handshake").reply(`[{"channel":"/meta/handshake","id":"$0","successful":true,"clientId":"c1","supportedConnectionTypes":["callback-polling"]}]`)
			d := <-c
			require.ErrorIs(t, d.err, bayeux.ErrNoTransport)
		})
	})
	t.Run("no common type, Faye", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.options())
			s.next("/meta/handshake").reply(`[{"channel":"/meta/handshake","id":"$0","successful":false,"error":"301:long-polling:Connection types not supported"}]`)
			require.ErrorIs(t, (<-c).err, bayeux.ErrNoTransport)
		})
	})
	t.Run("no session id", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.options())
			s.next("/meta/handshake").reply(`[{"channel":"/meta/handshake","id":"$0","successful":true}]`)
			s.next("/meta/handshake").reply(handshakeOK)
			s.next("/meta/connect").reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			s.close(d.session)
		})
	})
}

// R5.
func TestScenario20ListenerPanicsSubscribesCloses(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		session := s.dial(o, handshakeOK)
		var got []string
		done := make(chan error, 1)
		inner := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Handler: func(m bayeux.Message) {
				got = append(got, string(m.Data))
				switch string(m.Data) {
				case "1":
					panic("a secret")
				case "2":
					_, err := session.Subscribe(t.Context(), "/b", bayeux.Delivery{})
					inner <- err
				}
			}})
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		s.now("/meta/connect").reply(`[{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/a","data":3},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		s.now("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-inner)
		s.now("/meta/connect") // heartbeats go on
		require.Equal(t, []string{"1", "2", "3"}, got)
		require.Equal(t, "connected, panicked", w.words())
		require.Equal(t, "/a", w.list[1].Channel)
		require.NotContains(t, w.list[1].Err.Error(), "secret")
		require.EqualValues(t, 1, session.Stats().Panics)
	})
}
