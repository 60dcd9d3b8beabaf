package cometd_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
)

func TestDropSessions(t *testing.T) {
	for _, advice := range []bool{true, false} {
		want := unadvised
		if advice {
			want = unknown
		}
		bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
			a, b, c := s.open("ann", "/a"), s.open("ann", "/a"), s.open("bob", "/a")
			held, other := a.held(), c.held()
			s.DropSessions("ann", advice)
			a.expect(held, want)
			c.silent(other)
			for range 2 {
				a.ask(connecting, want)
				b.ask(connecting, want)
			}
			b.ask(`[{"channel":"/meta/disconnect","id":1,"clientId":"$id"}]`,
				`{"channel":"/meta/disconnect","id":1,"successful":false,"error":"402::Unknown client"}`)
			a.handshake().ask(connecting, advised)
			s.DropSessions("", advice)
			c.expect(other, want)
			require.Zero(t, s.Counters().Sessions)
			require.Zero(t, s.Counters().Held)
		})
	}
}

func TestForget(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann", "/a")
		held := c.held()
		s.Forget("bob")
		s.Forget("ann")
		c.silent(held)
		require.NoError(t, s.Publish("ann", "/a", 1))
		c.expect(held, event("/a", "1"), connected)
		c.ask(connecting, unknown)
		require.Equal(t, 1, s.Counters().Sessions)
		old := c.id
		c.handshake().ask(connecting, advised)
		c.subscribe("/a")
		c.id, old = old, c.id
		c.ask(connecting, unknown)
		sleep(9 * time.Second)
		c.id = old
		c.ask(`[{"channel":"/service/x","id":1,"clientId":"$id"}]`, `{"channel":"/service/x","id":1,"successful":true}`)
		sleep(time.Second)
		require.Equal(t, 1, s.Counters().Sessions)
		require.NoError(t, s.Publish("ann", "/a", 2))
		c.ask(connecting, event("/a", "2"), connected)
	})
}

func TestWhoseSession(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann")
		thief := s.client("ann")
		thief.id = c.id
		thief.ask(connecting, unknown) // without a cookie
		thief.handshake().id = c.id
		thief.ask(connecting, unknown) // with one of its own
		c.user = "bob"
		c.ask(connecting, unknown)
		c.user = "ann"
		c.silent(c.held())
		require.EqualValues(t, 3, s.Counters().Unknown)
	})
}

func TestDisconnect(t *testing.T) {
	const gone = `{"channel":"/meta/connect","id":"c","successful":true,"advice":{"interval":0,"reconnect":"none"}}`
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann")
		held := c.held()
		c.ask(`[{"channel":"/meta/disconnect","id":"d","clientId":"$id"}]`, `{"channel":"/meta/disconnect","id":"d","successful":true}`)
		c.expect(held, gone)
		c.ask(connecting, unknown)
		require.EqualValues(t, 1, s.Counters().Disconnects)

		c = s.open("ann")
		held = c.held()
		s.Disconnect("ann")
		c.expect(held, gone)
		c.ask(connecting, unknown)
	})
}

func TestAdmission(t *testing.T) {
	admit := func(r *http.Request) (string, func(http.ResponseWriter)) {
		if user := r.Header.Get("User"); user != "nobody" {
			return user, nil
		}
		return "", func(w http.ResponseWriter) { http.Error(w, `{"statusCode":20}`, http.StatusForbidden) }
	}
	refuse := func(r *http.Request) bool { return r.Header.Get("User") == "eve" }
	bubble(t, cometd.Options{Admit: admit, Refuse: refuse}, func(t *testing.T, s *site) {
		a := s.client("nobody").post(t.Context(), shaking)
		require.Equal(t, http.StatusForbidden, a.status)
		require.Equal(t, "{\"statusCode\":20}\n", a.text)
		s.client("eve").ask(shaking, `{"channel":"/meta/handshake","id":"h","successful":false,"error":"403::Handshake denied",
			"advice":{"interval":0,"reconnect":"none"}}`)
		require.Equal(t, cometd.Counters{HandshakesRefused: 1}, s.Counters())
	})
}

func TestClose(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true}, func(t *testing.T, s *site) {
		c, k := s.open("ann"), s.dial("ann").handshake()
		held := c.held()
		k.say(connecting)
		s.Close()
		require.Equal(t, http.StatusServiceUnavailable, (<-held).status)
		for range k.frames {
			require.Fail(t, "a frame")
		}
		require.Equal(t, 1001, k.code)
		require.Equal(t, http.StatusServiceUnavailable, c.post(t.Context(), shaking).status)
		got := s.Counters()
		require.Zero(t, got.Sessions+got.Held+got.Sockets)
		s.Close()
		k.close()
	})
}

func TestAcknowledge(t *testing.T) {
	const offering = `[{"channel":"/meta/handshake","id":"h","ext":{"ack":true}}]`
	ack := func(n string) string {
		return `[{"channel":"/meta/connect","id":"c","clientId":"$id","ext":{"ack":` + n + `}}]`
	}
	batch := func(n string) string {
		return `{"channel":"/meta/connect","id":"c","successful":true,"ext":{"ack":` + n + `}}`
	}
	bubble(t, cometd.Options{Ack: true}, func(t *testing.T, s *site) {
		c := s.client("ann")
		a := c.post(t.Context(), offering)
		require.Equal(t, map[string]any{"ack": true}, a.list[0]["ext"])
		c.id, _ = a.list[0]["clientId"].(string)
		c.ask(ack("0"), `{"channel":"/meta/connect","id":"c","successful":true,"ext":{"ack":1},`+goOn+`}`)
		c.subscribe("/a")
		require.NoError(t, s.Publish("ann", "/a", 1))
		c.subscribe("/b") // brings nothing
		c.ask(ack("1"), event("/a", "1"), batch("2"))
		require.NoError(t, s.Publish("ann", "/a", 2))
		c.ask(ack("1"), event("/a", "1"), event("/a", "2"), batch("3")) // the reply was lost
		require.NoError(t, s.Publish("ann", "/a", 3))
		c.ask(ack("2"), event("/a", "2"), event("/a", "3"), batch("4"))
		held := c.send(t.Context(), ack("4"))
		c.silent(held)
		require.NoError(t, s.Publish("ann", "/a", 4))
		c.expect(held, event("/a", "4"), batch("5"))
		require.NoError(t, s.Publish("ann", "/a", 5))
		held = c.send(t.Context(), ack("100")) // any number is believed
		c.silent(held)
		sleep(30 * time.Second)
		c.expect(held, batch("6"))
	})
	for _, o := range []cometd.Options{{}, {Ack: true}} {
		bubble(t, o, func(t *testing.T, s *site) {
			body := offering
			if o.Ack {
				body = shaking // not asked for
			}
			require.NotContains(t, s.client("ann").post(t.Context(), body).list[0], "ext")
		})
	}
}
