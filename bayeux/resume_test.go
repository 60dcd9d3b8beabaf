package bayeux_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// R2, R7: a connect that nobody answers is given up in time to resume the session, which the server keeps
// for 10 s after its own hold has ended. With the defaults that works even if the server answered into the
// void, over both transports.
func TestAConnectThatHangsIsFollowedByAResumption(t *testing.T) {
	for _, c := range []struct {
		advice string
		after  time.Duration // when it is given up
		lives  time.Duration // how long the server keeps the session from the connect on
	}{
		{`"timeout":30000`, 35 * time.Second, 40 * time.Second},
		{`"timeout":30000,"maxInterval":60000`, 40 * time.Second, 90 * time.Second}, // NetworkDelay
		{`"timeout":30000,"maxInterval":6000`, 33 * time.Second, 36 * time.Second},
	} {
		for _, options := range []func(*script) bayeux.Options{(*script).options, (*script).socketOptions} {
			bubble(t, func(t *testing.T, s *script) {
				var w watch
				o := options(s)
				o.OnEvent = w.add
				session := s.dial(o, strings.Replace(ackShake, `"timeout":30000`, c.advice, 1))
				k := s.subscribe(session, "/a")
				x := s.now("/meta/connect")
				x.reply(`[{"channel":"/a","data":1}` + "," + connectAck(1)[1:])
				s.now("/meta/connect") // hangs
				began := time.Now()
				x = s.next("/meta/connect")
				require.Equal(t, c.after, time.Since(began).Truncate(time.Millisecond))
				require.Less(t, time.Since(began), c.lives)
				require.Equal(t, "c1", x.messages[0]["clientId"])
				require.Equal(t, map[string]any{"ack": 1.0}, x.messages[0]["ext"])
				x.reply(`[{"channel":"/a","data":2},{"channel":"/a","data":3}` + "," + connectAck(2)[1:])
				require.Equal(t, "1 2 3", k.data())
				require.Equal(t, "connected, broken, resumed", w.words()) // without a gap
				require.Equal(t, 1, s.count("/meta/handshake"))
			})
		}
	}
	bubble(t, func(t *testing.T, s *script) { // the first attempt to resume may hang too
		s.dial(s.options(), ackShake)
		s.now("/meta/connect").reset("")
		began := time.Now()
		s.now("/meta/connect")
		require.Equal(t, "c1", s.next("/meta/connect").messages[0]["clientId"])
		require.Less(t, time.Since(began), 6*time.Second)
	})
	bubble(t, func(t *testing.T, s *script) { // and so may the renewal of subscriptions
		session := s.dial(s.options(), ackShake)
		s.subscribe(session, "/a")
		s.now("/meta/connect").reply(unknown402)
		s.now("/meta/handshake").reply(strings.Replace(ackShake, "c1", "c2", 1))
		began := time.Now()
		s.now("/meta/subscribe") // hangs
		x := s.next("/meta/subscribe")
		require.Equal(t, "c2", x.messages[0]["clientId"])
		require.Equal(t, 5*time.Second, time.Since(began).Truncate(time.Millisecond))
	})
	bubble(t, func(t *testing.T, s *script) { // a server that says that it keeps sessions for no time is no reason for haste
		s.dial(s.options(), strings.Replace(ackShake, `"timeout":30000`, `"timeout":30000,"maxInterval":0`, 1))
		began := time.Now()
		s.now("/meta/connect") // hangs
		s.next("/meta/handshake")
		require.Less(t, 32*time.Second, time.Since(began))
		require.Less(t, time.Since(began), 34*time.Second)
	})
	bubble(t, func(t *testing.T, s *script) { // nor may the opening of a socket take all the time
		session := s.dial(s.socketOptions(), ackShake)
		hang := make(chan struct{})
		defer close(hang)
		s.mu.Lock()
		s.upgrade = func(w http.ResponseWriter, r *http.Request) bool {
			s.mu.Lock()
			s.upgrade = nil
			s.mu.Unlock()
			<-hang
			return false
		}
		s.mu.Unlock()
		s.now("/meta/connect").reset("")
		began := time.Now()
		s.next("/meta/connect").reply(connectAck(2))
		require.InDelta(t, 5, time.Since(began).Seconds(), 0.6)
		synctest.Wait()
		require.Equal(t, bayeux.Connected, session.State())
		require.EqualValues(t, 1, session.Stats().Handshakes)
	})
}

// R2: without acknowledgements, the mark is on the first message after each loss that there may have been,
// also if the connection breaks again before it is told to be resumed.
func TestGapsWithoutAck(t *testing.T) {
	gaps := func(k *sink) (marked []string) {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, m := range k.list {
			if m.AfterGap {
				marked = append(marked, string(m.Data))
			}
		}
		return marked
	}
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.socketOptions()
		o.OnEvent = w.add
		session := s.dial(o, handshakeOK)
		k := s.subscribe(session, "/a")
		x := s.now("/meta/connect")
		x.reply(`[{"channel":"/a","data":1}]`)
		x.reset("")
		x = s.next("/meta/connect")
		x.reply(`[{"channel":"/a","data":2}]`) // before it is resumed
		x.reset("")
		x = s.next("/meta/connect")
		x.reply(`[{"channel":"/a","data":3}]`)
		x.reply(connectOK)
		x.reply(`[{"channel":"/a","data":4}]`)
		require.Equal(t, "1 2 3 4", k.data())
		require.Equal(t, []string{"2", "3"}, gaps(k))
		require.Equal(t, "connected, broken, resumed(gap)", w.words())
	})
	bubble(t, func(t *testing.T, s *script) { // and between a new session and its first connect
		session := s.dial(s.options(), handshakeOK)
		k := s.subscribe(session, "/a")
		s.now("/meta/connect").reply(unknown402)
		s.now("/meta/handshake").reply(handshakeOK)
		s.now("/meta/subscribe").reply(`[{"channel":"/a","data":1},{"channel":"/meta/subscribe","id":"$0","successful":true}]`)
		s.now("/meta/connect").reset(`[{"channel":"/a","data":2},`)
		s.next("/meta/connect").reply(`[{"channel":"/a","data":3},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		require.Equal(t, "1 3", k.data())
		require.Equal(t, []string{"1", "3"}, gaps(k))
	})
	for name, c := range map[string]struct {
		shake string
		fail  func(x *exchange)
		gap   bool
	}{
		"cut off":             {handshakeOK, func(x *exchange) { x.reset(`[{"channel":"/a","data":1},`) }, true},
		"not JSON":            {handshakeOK, func(x *exchange) { x.reply(`[{"channel":"/a","data":1},`) }, true},
		"lost by a proxy":     {handshakeOK, func(x *exchange) { x.status(502, "") }, true},
		"slow":                {handshakeOK, func(*exchange) { time.Sleep(11 * time.Second) }, true},
		"refused":             {handshakeOK, func(x *exchange) { x.status(403, "") }, false},
		"cut off, though ack": {ackShake, func(x *exchange) { x.reset(`[{"channel":"/a","data":1},`) }, false},
	} {
		t.Run(name, func(t *testing.T) { // messages come with answers to commands too
			bubble(t, func(t *testing.T, s *script) {
				var w watch
				o := s.options()
				o.OnEvent = w.add
				session := s.dial(o, c.shake)
				k := s.subscribe(session, "/a")
				done := make(chan error, 1)
				go func() { done <- session.Publish(t.Context(), "/b", 1) }()
				c.fail(s.next("/b"))
				require.Error(t, <-done)
				s.now("/meta/connect").reply(`[{"channel":"/a","data":2}` + "," + connectAck(1)[1:])
				require.Equal(t, "2", k.data())
				if c.gap {
					require.Equal(t, "connected, gap(gap)", w.words())
					require.Equal(t, []string{"2"}, gaps(k))
				} else {
					require.Equal(t, "connected", w.words())
					require.Empty(t, gaps(k))
				}
				require.EqualValues(t, 0, session.Stats().Breaks)
			})
		})
	}
}

// P10: that there are multiple clients is told while the session works, whenever the server says it.
func TestMultipleClientsAreToldAfterTheConnection(t *testing.T) {
	crowd := func(body string) string {
		return strings.Replace(body, `"successful":true`, `"successful":true,"advice":{"interval":2000,"reconnect":"retry","multiple-clients":true}`, 1)
	}
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		c := s.dialling(o)
		s.next("/meta/handshake").reply(crowd(strings.Replace(handshakeOK, `,"advice":{"reconnect":"retry","interval":0,"timeout":30000}`, "", 1)))
		require.Empty(t, w.words())
		s.next("/meta/connect").reply(crowd(connectOK))
		d := <-c
		require.NoError(t, d.err)
		defer s.close(d.session)
		require.Equal(t, "connected, multiple clients", w.words())
		s.next("/meta/connect").reset("")
		s.next("/meta/connect").reply(connectOK) // it is over
		s.next("/meta/connect").reset("")
		s.next("/meta/connect").reply(crowd(connectOK)) // and begins again
		require.Equal(t, "connected, multiple clients, broken, resumed(gap), broken, resumed(gap), multiple clients", w.words())
	})
}

// P10: what was over before the session worked is not told.
func TestMultipleClientsThatAreOverAreNotTold(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var w watch
		o := s.options()
		o.OnEvent = w.add
		s.dial(o, strings.Replace(handshakeOK, `"interval":0`, `"interval":0,"multiple-clients":true`, 1))
		s.now("/meta/connect")
		require.Equal(t, "connected", w.words())
	})
}

// A3, P10: two sessions that are given one jar are told of it; the server sees one cookie.
func TestASharedJarShows(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		var watches [2]watch
		var replied time.Time
		for i := range watches {
			o := s.options()
			o.HTTPClient.Jar = jar
			o.OnEvent = watches[i].add
			c := s.dialling(o)
			x := s.next("/meta/handshake")
			require.Equal(t, i == 1, x.header.Get("Cookie") == "BAYEUX_BROWSER=b")
			x.respond(func(w http.ResponseWriter) {
				if i == 0 {
					w.Header().Set("Set-Cookie", "BAYEUX_BROWSER=b; Path=/; HttpOnly")
				}
				fmt.Fprint(w, strings.ReplaceAll(strings.Replace(handshakeOK, `"c1"`, fmt.Sprintf(`"c%d"`, i), 1), "$0", x.id(0)))
			})
			s.next("/meta/connect").reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			defer s.close(d.session)
			x = s.now("/meta/connect") // the first is held; the second is not, because the cookie is the same
			require.Equal(t, "BAYEUX_BROWSER=b", x.header.Get("Cookie"))
			if i == 1 {
				x.reply(`[{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"interval":2000,"reconnect":"retry","multiple-clients":true}}]`)
				replied = time.Now()
			}
		}
		require.Equal(t, "connected", watches[0].words())
		require.Equal(t, "connected, multiple clients", watches[1].words())
		x := s.next("/meta/connect")
		require.Equal(t, "c1", x.messages[0]["clientId"])
		require.Equal(t, 2*time.Second, time.Since(replied).Truncate(time.Millisecond))
	})
}

// A9: a server that closes the connection at any byte of an answer takes nobody along: what it says next
// counts, and nothing is delivered that was not whole.
func TestCutAtEveryByte(t *testing.T) {
	body := strings.Replace(connectAck(1), "[", `[{"channel":"/a","data":"1"},`, 1)
	for cut := 1; cut < len(body)-1; cut += 3 { // an id is shorter than what stands for it
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.options(), ackShake)
			k := s.subscribe(session, "/a")
			x := s.now("/meta/connect")
			x.reply(strings.ReplaceAll(body, "$0", x.id(0))[:cut]) // a whole answer of half the body
			x = s.next("/meta/connect")
			x.reset(strings.ReplaceAll(body, "$0", x.id(0))[:cut]) // half an answer
			require.Empty(t, k.data())
			s.next("/meta/connect").reply(body)
			require.Equal(t, `"1"`, k.data())
			require.EqualValues(t, 1, session.Stats().Resumes)
		})
	}
}

// A9: and neither does one that breaks sockets in the middle of a frame, or that sends no frames at all.
func TestCutInsideAFrame(t *testing.T) {
	body := strings.Replace(connectAck(1), "[", `[{"channel":"/a","data":"1"},`, 1)
	frame := append([]byte{0x81, 126, 0, byte(len(body))}, body...)
	var parts [][]byte
	for cut := 1; cut < len(frame); cut += 7 {
		parts = append(parts, frame[:cut])
	}
	parts = append(parts, []byte("HTTP/1.1 200 OK\r\n\r\n"), []byte{0xff, 0xff, 0xff, 0xff}, []byte{0x81, 0xfe, 0, 1, 2, 3},
		[]byte{0x80, 1, 'x'}, []byte{0x88, 1, 0})
	for _, part := range parts {
		bubble(t, func(t *testing.T, s *script) {
			session := s.dial(s.socketOptions(), ackShake)
			k := s.subscribe(session, "/a")
			x := s.now("/meta/connect")
			_, err := x.socket.NetConn().Write(part)
			require.NoError(t, err)
			synctest.Wait()
			if session.State() == bayeux.Connected {
				x.reset("")
			}
			require.Empty(t, k.data())
			s.next("/meta/connect").reply(body)
			require.Equal(t, `"1"`, k.data())
			require.EqualValues(t, 1, session.Stats().Resumes)
		})
	}
}

// A9: a server cannot fill the memory with cookies.
func TestCookiesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		for n := range 4 {
			x := s.next("/meta/connect")
			x.respond(func(w http.ResponseWriter) {
				w.Header().Add("Set-Cookie", fmt.Sprintf("same=%d; Path=/", n))
				w.Header().Add("Set-Cookie", "long="+strings.Repeat("x", 9<<10))
				for i := range 100 {
					w.Header().Add("Set-Cookie", fmt.Sprintf("c%d-%d=x; Path=/", n, i))
				}
				fmt.Fprint(w, strings.ReplaceAll(connectOK, "$0", x.id(0)))
			})
		}
		sent := s.next("/meta/connect").header.Get("Cookie")
		require.Contains(t, sent, "same=3")
		require.NotContains(t, sent, "long=")
		require.Equal(t, 256, strings.Count(sent, "="))
		require.Equal(t, bayeux.Connected, session.State())
	})
}

// A9, P3: answers that come twice, answers to nobody and answers to what has not been asked yet change nothing.
func TestAnswersTwiceAndToNobody(t *testing.T) {
	for _, options := range []func(*script) bayeux.Options{(*script).options, (*script).socketOptions} {
		bubble(t, func(t *testing.T, s *script) {
			var w watch
			o := options(s)
			o.OnEvent = w.add
			twice := func(body string) string { return body[:len(body)-1] + "," + body[1:] }
			session := s.dial(o, twice(ackShake))
			k := new(sink)
			done := make(chan error, 1)
			go func() {
				_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{Handler: k.add})
				done <- err
			}()
			s.next("/meta/subscribe").reply(twice(subscribeOK))
			require.NoError(t, <-done)
			go func() { done <- session.Publish(t.Context(), "/a", 1) }()
			s.next("/a").reply(`[{"channel":"/meta/subscribe","id":"$0","successful":false,"error":"402::Unknown client"},` +
				`{"channel":"/a","id":"$0","successful":true},{"channel":"/a","id":"$0","successful":false}]`)
			require.NoError(t, <-done)
			for n := 1; n <= 3; n++ {
				x := s.now("/meta/connect")
				x.reply(`[{"channel":"/meta/connect","id":"` + x.id(0) + `9","successful":false,"error":"402::Unknown client"},` +
					`{"channel":"/meta/connect","successful":false},{"channel":"/meta/nothing","id":"` + x.id(0) + `","successful":false},` +
					fmt.Sprintf(`{"channel":"/a","data":%d},`, n) + twice(connectAck(n))[1:])
			}
			require.Equal(t, "1 2 3", k.data())
			require.Equal(t, "connected", w.words())
			require.Equal(t, 5, s.count("/meta/connect"))
			require.Equal(t, map[string]any{"ack": 3.0}, s.now("/meta/connect").messages[0]["ext"])
			require.Equal(t, bayeux.Connected, session.State())
		})
	}
}
