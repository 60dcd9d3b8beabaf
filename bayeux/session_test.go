package bayeux_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// A4: the hook is called before each handshake, and once more after 401 and 403.
func TestAuthenticate(t *testing.T) {
	for _, status := range []int{401, 403} {
		bubble(t, func(t *testing.T, s *script) {
			o := s.options()
			var causes []error
			o.Authenticate = func(_ context.Context, a *bayeux.Authentication) error {
				causes = append(causes, a.Cause)
				a.Header.Set("Authorization", fmt.Sprintf("token %d", len(causes)))
				return nil
			}
			c := s.dialling(o)
			s.next("/meta/handshake").status(status, "who are you?")
			x := s.now("/meta/handshake")
			require.Equal(t, "token 2", x.header.Get("Authorization"))
			require.Nil(t, causes[0])
			var cause *bayeux.Error
			require.ErrorAs(t, causes[1], &cause)
			require.Equal(t, status, cause.Status)
			x.reply(handshakeOK)
			s.now("/meta/connect").reply(connectOK)
			d := <-c
			require.NoError(t, d.err)
			x = s.now("/meta/connect")
			require.Equal(t, "token 2", x.header.Get("Authorization"))
			x.reply(connectOK) // a held one has worked, so another refusal is a new one
			s.now("/meta/connect").status(status, "")
			x = s.now("/meta/handshake")
			require.Equal(t, "token 3", x.header.Get("Authorization"))
			x.status(status, "") // and now it cannot be mended
			<-d.session.Done()
			require.ErrorIs(t, d.session.Err(), bayeux.ErrUnauthorized)
			require.NoError(t, ignoreEnd(d.session.Wait(t.Context())))
		})
	}
	bubble(t, func(t *testing.T, s *script) { // E6: without a hook at once
		c := s.dialling(s.options())
		s.next("/meta/handshake").status(403, "")
		require.ErrorIs(t, (<-c).err, bayeux.ErrUnauthorized)
		require.Equal(t, 1, s.count("/meta/handshake"))
	})
	bubble(t, func(t *testing.T, s *script) { // a login server that is down is tried again
		o := s.options()
		calls := 0
		o.Authenticate = func(context.Context, *bayeux.Authentication) error {
			if calls++; calls < 3 {
				return errors.New("down")
			}
			return nil
		}
		session := s.dial(o, handshakeOK)
		require.Equal(t, 3, calls)
		require.Equal(t, bayeux.Connected, session.State())
	})
	bubble(t, func(t *testing.T, s *script) { // and one that says no is not
		o := s.options()
		o.Authenticate = func(context.Context, *bayeux.Authentication) error { return bayeux.ErrUnauthorized }
		_, err := bayeux.Dial(t.Context(), address, o)
		require.ErrorIs(t, err, bayeux.ErrUnauthorized)
		require.ErrorIs(t, err, bayeux.ErrHook)
	})
}

// A5.
func TestExtensions(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		o := s.options()
		var mu sync.Mutex
		var order []string
		note := func(x string) { mu.Lock(); order = append(order, x); mu.Unlock() }
		o.Extensions = []bayeux.Extension{
			{
				Outgoing: func(m *bayeux.Outgoing) error {
					note("1 > " + m.Channel)
					if m.Channel == "/meta/handshake" || m.Channel == "/meta/subscribe" {
						if m.Ext == nil {
							m.Ext = map[string]any{}
						}
						m.Ext["replay"] = map[string]int{"/a": -1}
					}
					if string(m.Data) == `"forbidden"` {
						return errors.New("no")
					}
					return nil
				},
				Incoming: func(m *bayeux.Incoming) bool { note("1 < " + m.Channel); return string(m.Data) != "2" },
			},
			{
				Outgoing: func(m *bayeux.Outgoing) error { note("2 > " + m.Channel); return nil },
				Incoming: func(m *bayeux.Incoming) bool {
					note("2 < " + m.Channel)
					if string(m.Data) == "3" {
						m.Data = json.RawMessage(`"three"`)
					}
					if string(m.Data) == "4" {
						panic("oh")
					}
					return true
				},
			},
		}
		c := s.dialling(o)
		x := s.next("/meta/handshake")
		require.Equal(t, map[string]any{"ack": true, "replay": map[string]any{"/a": -1.0}}, x.messages[0]["ext"])
		x.reply(handshakeOK)
		require.Equal(t, []string{"1 > /meta/handshake", "2 > /meta/handshake", "2 < /meta/handshake", "1 < /meta/handshake"}, order[:4])
		s.next("/meta/connect").reply(connectOK)
		d := <-c
		require.NoError(t, d.err)
		defer s.close(d.session)
		k := new(sink)
		done := make(chan error, 1)
		go func() {
			_, err := d.session.Subscribe(t.Context(), "/a", bayeux.Delivery{Handler: k.add})
			done <- err
		}()
		x = s.next("/meta/subscribe")
		require.Equal(t, map[string]any{"replay": map[string]any{"/a": -1.0}}, x.messages[0]["ext"])
		x.reply(subscribeOK)
		require.NoError(t, <-done)
		s.now("/meta/connect").reply(`[{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/a","data":3},{"channel":"/a","data":4},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		require.Equal(t, `1 "three" 4`, k.data())
		err := d.session.Publish(t.Context(), "/b", "forbidden")
		require.ErrorIs(t, err, bayeux.ErrHook)
		require.Zero(t, s.count("/b"))
	})
}

// R9: a publish that fails is not repeated, and the error says whether it was sent.
func TestPublishFailure(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		publish := func(ctx context.Context, data any) <-chan error {
			c := make(chan error, 1)
			go func() { c <- session.Publish(ctx, "/p", data) }()
			return c
		}
		sent := func(err error) bool {
			var e *bayeux.Error
			require.ErrorAs(t, err, &e)
			return e.Sent
		}
		c := publish(t.Context(), 1)
		s.next("/p").reset("")
		err := <-c
		require.ErrorIs(t, err, bayeux.ErrTransport)
		require.True(t, sent(err))
		c = publish(t.Context(), 1)
		s.next("/p").reply(`[{"channel":"/p","id":"$0","successful":false,"error":"403:x:publish_denied"}]`)
		require.ErrorIs(t, <-c, bayeux.ErrDenied)
		began := time.Now()
		c = publish(t.Context(), 1)
		s.next("/p")
		err = <-c
		require.ErrorIs(t, err, bayeux.ErrTimeout)
		require.Equal(t, 10*time.Second, time.Since(began).Truncate(time.Millisecond))
		ctx, cancel := context.WithCancel(t.Context())
		c = publish(ctx, 1)
		s.next("/p")
		cancel()
		err = <-c
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, sent(err))
		synctest.Wait()
		require.Equal(t, 4, s.count("/p"))
		for _, bad := range []string{"", "x", "/meta/x", "/a/*"} {
			require.ErrorIs(t, session.Publish(t.Context(), bad, 1), bayeux.ErrInvalid)
		}
		require.ErrorIs(t, session.Publish(t.Context(), "/a", func() {}), bayeux.ErrInvalid)
		require.Equal(t, bayeux.Connected, session.State())
	})
	bubble(t, func(t *testing.T, s *script) { // while broken it waits, and can be given up
		o := s.options()
		o.MaxPending = 1
		session := s.dial(o, handshakeOK)
		s.now("/meta/connect").status(503, "")
		s.now("/meta/connect") // not answered
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := make(chan error, 1)
		go func() { c <- session.Publish(ctx, "/p", 1) }()
		synctest.Wait()
		require.ErrorIs(t, session.Publish(t.Context(), "/p", 2), bayeux.ErrOverflow)
		err := <-c
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, sentFlag(err))
		require.Zero(t, s.count("/p"))
	})
}

func sentFlag(err error) bool {
	var e *bayeux.Error
	return errors.As(err, &e) && e.Sent
}

// P1: one subscription at the server for many here.
func TestSubscribeAndUnsubscribe(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		k := s.subscribe(session, "/a")
		sub, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
		require.NoError(t, err)
		require.Equal(t, 1, s.count("/meta/subscribe"))
		require.NoError(t, sub.Unsubscribe(t.Context()))
		require.NoError(t, sub.Unsubscribe(t.Context()))
		require.ErrorIs(t, sub.Err(), bayeux.ErrClosed)
		require.Zero(t, s.count("/meta/unsubscribe"))
		event := `[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"$0","successful":true}]`
		s.now("/meta/connect").reply(event)
		require.Equal(t, "1", k.data())
		require.Zero(t, sub.Pending())

		sub2, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
		require.NoError(t, err)
		_ = sub2
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/denied", bayeux.Delivery{})
			done <- err
		}()
		s.next("/meta/subscribe").reply(`[{"channel":"/meta/subscribe","id":"$0","successful":false,"error":"403:x:subscribe_denied","subscription":"/denied"}]`)
		require.ErrorIs(t, <-done, bayeux.ErrDenied)
		s.now("/meta/connect").reply(unknown402)
		s.now("/meta/handshake").reply(handshakeOK)
		require.Len(t, s.now("/meta/subscribe").messages, 1) // what was refused is not asked for again
		for _, bad := range []string{"", "x", "/meta/connect", "/a/*/b", "/a/"} {
			_, err := session.Subscribe(t.Context(), bad, bayeux.Delivery{})
			require.ErrorIs(t, err, bayeux.ErrInvalid, bad)
		}
	})
	bubble(t, func(t *testing.T, s *script) { // the last one tells the server
		session := s.dial(s.options(), handshakeOK)
		var sub *bayeux.Subscription
		done := make(chan error, 1)
		go func() {
			var err error
			sub, err = session.Subscribe(t.Context(), "/a/*", bayeux.Delivery{})
			done <- err
		}()
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
		go func() { done <- sub.Unsubscribe(t.Context()) }()
		x := s.next("/meta/unsubscribe")
		require.Equal(t, "/a/*", x.messages[0]["subscription"])
		x.reply(`[{"channel":"/meta/unsubscribe","id":"$0","successful":true}]`)
		require.NoError(t, <-done)
	})
	bubble(t, func(t *testing.T, s *script) { // the connection for commands fails: it is asked for again
		session := s.dial(s.options(), handshakeOK)
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
			done <- err
		}()
		s.next("/meta/subscribe").reset("")
		s.next("/meta/subscribe").reply(subscribeOK)
		require.NoError(t, <-done)
	})
}

// Section 12: subscribing while there is no connection waits, and can be given up.
func TestSubscribeWhileBroken(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		s.now("/meta/connect").status(503, "")
		x := s.now("/meta/connect")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := session.Subscribe(ctx, "/b", bayeux.Delivery{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		done := make(chan error, 1)
		go func() {
			_, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{})
			done <- err
		}()
		synctest.Wait()
		x.reply(connectOK)
		x = s.now("/meta/subscribe")
		require.Equal(t, "/a", x.messages[0]["subscription"])
		require.Len(t, x.messages, 1)
		x.reply(subscribeOK)
		require.NoError(t, <-done)
	})
}

// T6: a server that neither holds nor says how long to wait is not polled in a busy loop.
func TestNoBusyLoop(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		s.dial(s.options(), handshakeOK)
		began := time.Now()
		n := 0
		for ; time.Since(began) < time.Minute; n++ {
			s.next("/meta/connect").reply(connectOK)
		}
		require.Less(t, n, 75)
		require.Greater(t, n, 50)
	})
	bubble(t, func(t *testing.T, s *script) { // events at once are no reason to wait
		session := s.dial(s.options(), handshakeOK)
		began := time.Now()
		for range 100 {
			s.now("/meta/connect").reply(`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"$0","successful":true}]`)
		}
		require.Equal(t, began, time.Now())
		require.EqualValues(t, 100, session.Stats().Events)
	})
	bubble(t, func(t *testing.T, s *script) { // connects at once succeed, held ones fail at once
		s.dial(s.options(), handshakeOK)
		began := time.Now()
		n := 0
		for ; time.Since(began) < time.Minute; n++ {
			x := s.next("/meta/connect")
			if x.messages[0]["advice"] != nil {
				x.reply(connectOK)
			} else {
				x.status(500, "")
			}
		}
		require.Less(t, n, 200)
	})
}

// 7: while the server is down at the start, Dial goes on until its context ends.
func TestDialWaitsForTheServer(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		o := s.options()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := bayeux.Dial(ctx, "http://nowhere.test:80/", o)
		require.Equal(t, time.Minute, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, bayeux.ErrTransport) // the last cause is there
	})
	for _, bad := range []string{"", "x", "ftp://a/", "http://", "http://u:p@h/", "http://a/#b", "http://[::1"} {
		_, err := bayeux.Dial(t.Context(), bad, bayeux.Options{})
		require.ErrorIs(t, err, bayeux.ErrInvalid, bad)
		require.NotContains(t, fmt.Sprintf("%v %#v", err, err), "u:p")
	}
	for _, o := range []bayeux.Options{
		{Transports: []bayeux.Transport{}}, {Transports: []bayeux.Transport{nil}}, {MaxMessage: -1}, {CloseDelay: -1}, {MaxPending: -1},
	} {
		_, err := bayeux.Dial(t.Context(), "http://a/", o)
		require.ErrorIs(t, err, bayeux.ErrInvalid)
	}
}

// A6, section 18: neither logs nor errors have ids, cookies, headers and contents.
func TestNothingSecretIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		var out bytes.Buffer
		var w watch
		o := s.options()
		o.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.OnEvent = w.add
		o.Header = http.Header{"Authorization": {"Bearer topsecret"}}
		secret := strings.Replace(handshakeOK, `"c1"`, `"topsecret"`, 1)
		session := s.dial(o, secret)
		s.now("/meta/connect").reply(`[{"channel":"/meta/connect","id":"$0","successful":false,"error":"401:topsecret:Unknown client topsecret"}]`)
		s.now("/meta/handshake").reply(secret)
		s.now("/meta/connect").reply(connectOK)
		s.now("/meta/connect").reset("")
		s.next("/meta/connect").reply(`[{"channel":"/meta/connect","id":"$0","successful":false,"error":"403:topsecret:bye topsecret","advice":{"reconnect":"none"}}]`)
		<-session.Done()
		synctest.Wait()
		require.Contains(t, out.String(), "session broken")
		require.Contains(t, out.String(), "session closed")
		require.NotContains(t, out.String(), "topsecret")
		for _, e := range w.list {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", e.Err, e.Err, e.Err), "topsecret")
		}
	})
}

// A7: events that nobody takes are dropped from the oldest on, and a gap is not forgotten.
func TestEventsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.options(), handshakeOK)
		for range 100 {
			s.next("/meta/connect").status(503, "")
			s.next("/meta/connect").reply(connectOK)
		}
		s.close(session)
		n, missed := 0, 0
		var first, last bayeux.Event
		for e := range session.Events(t.Context()) {
			if n == 0 {
				first = e
			}
			n++
			missed += e.Missed
			last = e
		}
		require.Equal(t, 64, n)
		require.Equal(t, 202, n+missed)
		require.True(t, first.PossibleGap)
		require.Equal(t, bayeux.EventClosed, last.Kind)
	})
}

// T8.
func TestMessageTypeInThePath(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		o := s.options()
		o.Transports = []bayeux.Transport{bayeux.LongPolling{MessageType: true}}
		c := s.dialling(o)
		x := s.next("/meta/handshake")
		require.Equal(t, "/cometd/handshake", x.path)
		require.Equal(t, "application/json;charset=UTF-8", x.header.Get("Content-Type"))
		x.reply(handshakeOK)
		x = s.next("/meta/connect")
		require.Equal(t, "/cometd/connect", x.path)
		x.reply(connectOK)
		d := <-c
		require.NoError(t, d.err)
		s.close(d.session)
	})
}
