package bayeux_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// P2, E1: events count wherever they are.
func TestScenario01EventsAroundConnectReply(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		o := s.options()
		session := s.dial(o, handshakeOK)
		k := new(sink)
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Handler: k.add})
			done <- err
		}()
		s.next("/meta/subscribe").reply(`[{"channel":"/a","data":1},{"channel":"/meta/subscribe","id":"$0","successful":true},{"channel":"/a","data":2}]`)
		require.NoError(t, <-done)
		require.Equal(t, "1 2", k.data())
		s.now("/meta/connect").reply(`[{"data":3,"channel":"/a"},{"channel":"/meta/connect","id":"$0","successful":true},{"channel":"/a","data":4}]`)
		require.Equal(t, "1 2 3 4", k.data())
		s.now("/meta/connect").reply(`[{"channel":"/a","data":5}]`) // no reply at all
		require.Equal(t, "1 2 3 4 5", k.data())
		s.now("/meta/connect").reply(connectOK)
		s.now("/meta/connect").reply(`{"channel":"/meta/connect","id":"$0","successful":true}`) // a bare object
		s.now("/meta/connect")
		require.Equal(t, bayeux.Connected, session.State())
	})
}

// P3: some servers give an event its publisher's id, which can be that of a request of ours.
func TestScenario02EventWithTheIDOfAPendingRequest(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		k := s.subscribe(session, "/a")
		published := make(chan error, 1)
		go func() { published <- session.Publish(t.Context(), "/a", "x") }()
		x := s.next("/a")
		s.now("/meta/connect").reply(`[{"channel":"/a","id":"` + x.id(0) + `","data":"event"},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		require.Equal(t, `"event"`, k.data())
		require.Empty(t, published) // not answered by that
		x.reply(`[{"channel":"/a","id":"$0","data":"event 2"},{"channel":"/a","id":"$0","successful":true}]`)
		require.NoError(t, <-published)
		require.Equal(t, `"event" "event 2"`, k.data())
	})
}

// T1, P6: commands have a connection of their own, on which what waits is sent as one array.
func TestScenario03SubscribeWhileAConnectIsHeld(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		s.subscribe(session, "/a")
		held := s.now("/meta/connect")
		require.Len(t, held.messages, 1)
		require.NotContains(t, held.messages[0], "advice")
		begun := time.Now()
		errs := make(chan error, 3)
		for _, c := range []string{"/b", "/c", "/d"} {
			go func() { errs <- session.Publish(t.Context(), c, 1) }()
			synctest.Wait()
		}
		first := s.now("/b")
		require.Len(t, first.messages, 1)
		first.reply(`[{"channel":"/b","id":"$0","successful":true}]`)
		second := s.now("/c")
		require.Len(t, second.messages, 2) // what waited goes together
		require.Equal(t, "/d", second.channel(1))
		second.reply(`[{"channel":"/d","id":"$1","successful":true},{"channel":"/c","id":"$0","successful":true}]`)
		for range 3 {
			require.NoError(t, <-errs)
		}
		require.Equal(t, begun, time.Now())
		s.none("/meta/connect") // the same one is still held
	})
}

// P5, E2.
func TestScenario04WildcardsAndEventsNobodyListensTo(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		one := s.subscribe(session, "/a/*")
		all := s.subscribe(session, "/a/**")
		exact := s.subscribe(session, "/a/b")
		every := s.subscribe(session, "/**")
		s.now("/meta/connect").reply(`[{"channel":"/a/b","data":1},{"channel":"/a/b/c","data":2},{"channel":"/a","data":3},{"channel":"/z","data":4},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		require.Equal(t, "1", one.data())
		require.Equal(t, "1 2", all.data())
		require.Equal(t, "1", exact.data())
		require.Equal(t, "1 2 3 4", every.data())
		require.Equal(t, "/a/b", one.list[0].Channel)
		require.EqualValues(t, 4, session.Stats().Events)
		require.Zero(t, session.Stats().Unhandled)
	})
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		k := s.subscribe(session, "/a/*")
		s.now("/meta/connect").reply(`[{"channel":"/unknown","data":1},{"channel":"/a/b","data":2},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		require.Equal(t, "2", k.data())
		require.EqualValues(t, 1, session.Stats().Unhandled)
		require.Equal(t, bayeux.Connected, session.State())
	})
}

func TestScenario05ServiceMessageWithoutSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		event := `[{"channel":"/service/x","data":1},{"channel":"/meta/connect","id":"$0","successful":true}]`
		s.now("/meta/connect").reply(event)
		require.Equal(t, bayeux.Connected, session.State())
		require.EqualValues(t, 1, session.Stats().Unhandled)
		k := new(sink)
		_, err := session.Subscribe(t.Context(), "/service/**", bayeux.Delivery{Handler: k.add}) // asks nobody
		require.NoError(t, err)
		s.now("/meta/connect").reply(event)
		require.Equal(t, "1", k.data())
		require.Zero(t, s.count("/meta/subscribe"))
	})
}

// P12: a remote call is answered by a message with data.
func TestCallOverAServiceChannel(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		got := make(chan string, 1)
		go func() {
			m, err := session.Call(t.Context(), "echo", "hi")
			got <- string(m.Data) + errorText(err)
		}()
		s.next("/service/echo").reply(`[{"channel":"/service/echo","id":"$0","successful":true},{"channel":"/service/echo","id":"$0","data":"ho"}]`)
		require.Equal(t, `"ho"`, <-got)
	})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// P7, E3.
func TestScenario06Advice(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		s.now("/meta/connect").reply(`[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"interval":1000,"long-polling":{"interval":"2000"}}}]`)
		replied := time.Now()
		s.none("/meta/connect")
		published := make(chan error, 1)
		go func() { published <- session.Publish(t.Context(), "/a", 1) }()
		s.next("/a").reply(`[{"channel":"/a","id":"$0","successful":true}]`) // that does not wait
		require.NoError(t, <-published)
		require.Equal(t, replied, time.Now())
		x := s.next("/meta/connect")
		require.Equal(t, 2*time.Second, time.Since(replied).Truncate(time.Millisecond)) // what is said about the transport counts
		// A partial advice leaves the rest as it was: the timeout is still 30 s, so that the connect is
		// given up after 35 s and not before: half of the 10 s for which the session is kept are left.
		x.reply(`[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"interval":0}}]`)
		began := time.Now()
		s.now("/meta/connect")
		x = s.next("/meta/connect")
		require.Equal(t, 35*time.Second, time.Since(began).Truncate(time.Millisecond))
		require.Equal(t, map[string]any{"timeout": 0.0}, x.messages[0]["advice"])
	})
	bubble(t, func(t *testing.T, s *script) { // E3: at most 4 connects in 3 s with an interval of 1 s
		s.dial(s.options(), strings.Replace(handshakeOK, `"interval":0`, `"interval":1000`, 1))
		began := time.Now()
		n := 0
		for time.Since(began) < 3*time.Second {
			s.next("/meta/connect").reply(connectOK)
			n++
		}
		require.LessOrEqual(t, n, 4)
		require.GreaterOrEqual(t, n, 3)
	})
}

// P7, P8, R2, E4.
func TestScenario07UnknownClient(t *testing.T) {
	for _, c := range []struct{ name, channel, body string }{
		{"connect with advice", "/meta/connect", unknown402},
		{"connect without advice", "/meta/connect", `[{"channel":"/meta/connect","id":"$0","successful":false,"error":"402::session_unknown"}]`},
		{"connect, Faye", "/meta/connect", `[{"channel":"/meta/connect","id":"$0","successful":false,"error":"401:c1:Unknown client"}]`},
		{"connect, Salesforce", "/meta/connect", `[{"channel":"/meta/connect","id":"$0","successful":false,"error":"403::Unknown client"}]`},
		{"successful connect", "/meta/connect", `[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"reconnect":"handshake"}}]`},
		{"subscribe", "/meta/subscribe", `[{"channel":"/meta/subscribe","id":"$0","successful":false,"error":"402::Unknown client"}]`},
		{"publish", "/p", `[{"channel":"/p","id":"$0","successful":false,"error":"402::Unknown client"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				var w watch
				o := s.options()
				o.OnEvent = w.add
				session := s.dial(o, handshakeOK)
				k := s.subscribe(session, "/b")
				s.subscribe(session, "/a")
				synctest.Wait()
				began := time.Now()
				result := make(chan error, 1)
				switch c.channel {
				case "/meta/subscribe":
					go func() {
						_, err := session.Subscribe(t.Context(), "/c", bayeux.Delivery{})
						result <- err
					}()
				case "/p":
					go func() { result <- session.Publish(t.Context(), "/p", 1) }()
				}
				s.next(c.channel).reply(c.body)
				if c.channel == "/p" {
					require.ErrorIs(t, <-result, bayeux.ErrSessionLost)
				}
				if c.channel != "/meta/connect" {
					synctest.Wait() // the held connect is given up
				}
				s.now("/meta/handshake").reply(strings.Replace(handshakeOK, `"c1"`, `"c2"`, 1))
				x := s.now("/meta/subscribe")
				want := []string{"/a", "/b"}
				if c.channel == "/meta/subscribe" {
					want = append(want, "/c")
				}
				require.Len(t, x.messages, len(want))
				var answer []string
				for i, m := range x.messages {
					require.Equal(t, want[i], m["subscription"])
					require.Equal(t, "c2", m["clientId"])
					answer = append(answer, `{"channel":"/meta/subscribe","id":"`+x.id(i)+`","successful":true}`)
				}
				s.none("/meta/connect") // the subscriptions come first
				require.NotEqual(t, bayeux.Connected, session.State())
				x.reply("[" + strings.Join(answer, ",") + "]")
				s.now("/meta/connect").reply(connectOK)
				require.Equal(t, began, time.Now()) // at once
				require.Equal(t, "connected, broken, re-established(gap)", w.words())
				if c.channel == "/meta/subscribe" {
					require.NoError(t, <-result)
				}
				s.now("/meta/connect").reply(`[{"channel":"/b","data":1},{"channel":"/b","data":2},{"channel":"/meta/connect","id":"$0","successful":true}]`)
				require.Equal(t, "1 2", k.data())
				require.True(t, k.list[0].AfterGap)
				require.False(t, k.list[1].AfterGap)
			})
		})
	}
}

// A subscription that the server does not renew ends, and is told of; the others stay.
func TestRenewalRefused(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		session := s.dial(o, handshakeOK)
		s.subscribe(session, "/a")
		k := s.subscribe(session, "/b")
		s.next("/meta/connect").reply(unknown402)
		s.now("/meta/handshake").reply(handshakeOK)
		s.now("/meta/subscribe").reply(`[{"channel":"/meta/subscribe","id":"$0","successful":false,"error":"403:c1:denied for c1"},{"channel":"/meta/subscribe","id":"$1","successful":true}]`)
		s.now("/meta/connect").reply(`[{"channel":"/b","data":1},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		require.Equal(t, "1", k.data())
		require.Equal(t, "connected, broken, subscription refused, re-established(gap)", w.words())
		var err *bayeux.Error
		require.ErrorAs(t, w.list[2].Err, &err)
		require.Equal(t, "/a", w.list[2].Channel)
		require.Equal(t, bayeux.ErrDenied, err.Kind)
		require.Equal(t, 403, err.Code)
		require.Equal(t, []string{"*"}, err.Args) // the session id is nobody's business
		require.Equal(t, "denied for *", err.Text)
	})
}

// P7, E6.
func TestScenario08AdviceNone(t *testing.T) {
	t.Run("handshake", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.options())
			s.next("/meta/handshake").reply(`[{"channel":"/meta/handshake","id":"$0","successful":false,"error":"403::Handshake denied","advice":{"reconnect":"none"}}]`)
			d := <-c
			require.ErrorIs(t, d.err, bayeux.ErrDenied)
			var err *bayeux.Error
			require.ErrorAs(t, d.err, &err)
			require.Equal(t, 403, err.Code)
			require.Equal(t, "Handshake denied", err.Text)
			require.Equal(t, 1, s.count("/meta/handshake"))
		})
	})
	for name, body := range map[string]string{
		"connect":            `[{"channel":"/meta/connect","id":"$0","successful":false,"error":"403::no","advice":{"reconnect":"none"}}]`,
		"successful connect": `[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"reconnect":"none"}}]`,
		"unknown value":      `[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"reconnect":"sideways"}}]`,
		"negative interval":  `[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"interval":-1}}]`,
		"disconnect":         `[{"channel":"/meta/disconnect"},{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"reconnect":"none"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				var w watch
				o := s.options()
				o.OnEvent = w.add
				session := s.dial(o, handshakeOK)
				k := s.subscribe(session, "/a")
				s.next("/meta/connect").reply(body)
				<-session.Done()
				require.Error(t, session.Err())
				require.NotErrorIs(t, session.Err(), bayeux.ErrClosed)
				if name == "successful connect" {
					require.Equal(t, "1", k.data())
				}
				if name == "disconnect" { // P9
					require.ErrorIs(t, session.Err(), bayeux.ErrDisconnected)
				}
				require.Equal(t, "connected, closed", w.words())
				require.ErrorIs(t, session.Publish(t.Context(), "/a", 1), session.Err().(*bayeux.Error).Kind)
				time.Sleep(10 * time.Minute)
				require.Equal(t, 1, s.count("/meta/handshake"))
				require.Equal(t, 2, s.count("/meta/connect"))
			})
		})
	}
}

// R6, T6, E5, E8.
func TestScenario09BadAnswers(t *testing.T) {
	page := func(code int, kind, body string) func(*exchange) {
		return func(x *exchange) {
			x.respond(func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", kind)
				w.WriteHeader(code)
				_, _ = io.WriteString(w, body)
			})
		}
	}
	ok := "application/json"
	for name, bad := range map[string]func(*exchange){
		"500":          page(500, "text/plain", "no"),
		"503":          page(503, "text/html", "<html>"),
		"408":          page(408, ok, ""),
		"204":          func(x *exchange) { x.status(204, "") },
		"HTML":         page(200, "text/html; charset=utf-8", "<html><body>Sorry</body></html>"),
		"empty":        page(200, ok, ""),
		"empty array":  page(200, ok, "[]"),
		"truncated":    page(200, ok, `[{"channel":"/a","data":1},{"channel":"/meta/connect","successful":tr`),
		"number":       page(200, ok, `17`),
		"half a body":  func(x *exchange) { x.reset(`[{"channel":"/a","data":1},`) },
		"reset":        func(x *exchange) { x.reset("") },
		"wrong id":     page(200, ok, `[{"channel":"/meta/connect","id":"999","successful":true}]`),
		"invalid data": page(200, ok, `[{"channel":"/a","data":{x}},{"channel":"/meta/connect","successful":true}]`),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *script) {
				var w watch
				o := s.options()
				o.OnEvent = w.add
				session := s.dial(o, handshakeOK)
				k := s.subscribe(session, "/a")
				bad(s.now("/meta/connect"))
				x := s.next("/meta/connect") // the first time at once, with the same session
				require.Equal(t, "c1", x.messages[0]["clientId"])
				require.Equal(t, map[string]any{"timeout": 0.0}, x.messages[0]["advice"])
				x.reply(`[{"channel":"/a","data":2},{"channel":"/meta/connect","id":"$0","successful":true}]`)
				require.Equal(t, "2", k.data()) // and nothing of the bad one
				require.Equal(t, "connected, broken, resumed(gap)", w.words())
				require.True(t, k.list[0].AfterGap)
				require.Equal(t, 1, s.count("/meta/handshake"))
				require.NotContains(t, w.list[1].Err.Error(), "c1")
			})
		})
	}
	t.Run("huge", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			o := s.options()
			o.MaxMessage = 10_000
			session := s.dial(o, handshakeOK)
			s.now("/meta/connect").respond(func(w http.ResponseWriter) {
				_, _ = io.WriteString(w, "["+strings.Repeat(" ", 20_000)+"]")
			})
			<-session.Done()
			require.ErrorIs(t, session.Err(), bayeux.ErrTooLarge)
		})
	})
	t.Run("slow drip", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), handshakeOK)
			began := time.Now()
			s.now("/meta/connect").answer <- func(w http.ResponseWriter) {
				for {
					if _, err := io.WriteString(w, " "); err != nil {
						return
					}
					if http.NewResponseController(w).Flush() != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}
			s.next("/meta/connect").reply(connectOK)
			require.Equal(t, 35*time.Second, time.Since(began).Truncate(time.Second))
			require.Equal(t, bayeux.Connected, session.State())
		})
	})
	t.Run("Retry-After", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *script) {
			s.dial(s.options(), handshakeOK)
			began := time.Now()
			s.now("/meta/connect").respond(func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(503)
			})
			s.next("/meta/connect")
			require.Equal(t, 7*time.Second, time.Since(began).Truncate(time.Millisecond))
		})
	})
	for _, code := range []int{404, 400, 301} { // a mistake in the configuration shows at once
		bubble(t, func(t *testing.T, s *script) {
			c := s.dialling(s.options())
			s.next("/meta/handshake").status(code, "")
			d := <-c
			var err *bayeux.Error
			require.True(t, errors.As(d.err, &err))
			require.Equal(t, code, err.Status)
		})
	}
}
