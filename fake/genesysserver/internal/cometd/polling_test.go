package cometd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
)

func TestHandshake(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.client("ann")
		a := c.post(t.Context(), shaking)
		require.NoError(t, a.err)
		require.Equal(t, "application/json;charset=UTF-8", a.header.Get("Content-Type"))
		require.Len(t, a.list, 1)
		id := a.list[0]["clientId"]
		require.Len(t, id, 30)
		delete(a.list[0], "clientId")
		rest, err := json.Marshal(a.list[0])
		require.NoError(t, err)
		require.JSONEq(t, `{"channel":"/meta/handshake","id":"h","successful":true,"version":"1.0","minimumVersion":"1.0",
			"supportedConnectionTypes":["long-polling"],`+goOn+`}`, string(rest))
		cookie := a.header.Get("Set-Cookie")
		require.Regexp(t, `^BAYEUX_BROWSER=[0-9a-f]{30}; Path=/; HttpOnly$`, cookie)

		b := c.post(t.Context(), shaking)
		require.NoError(t, b.err)
		require.Empty(t, b.header.Get("Set-Cookie"), "the client has one")
		require.NotEqual(t, id, b.list[0]["clientId"])
		require.Equal(t, cometd.Counters{Handshakes: 2, Sessions: 2}, s.Counters())
	})
}

func TestConnect(t *testing.T) {
	bubble(t, cometd.Options{Interval: 5 * time.Millisecond}, func(t *testing.T, s *site) {
		c := s.client("ann").handshake()
		const advice = `"advice":{"interval":5,"timeout":30000,"reconnect":"retry"}`
		start := time.Now()
		c.ask(connecting, `{"channel":"/meta/connect","id":"c","successful":true,`+advice+`}`)
		require.Zero(t, time.Since(start), "the first one is answered at once")
		c.ask(connecting, connected)
		require.Equal(t, 30*time.Second, time.Since(start), "the next one is held, and says nothing new")

		const short = `[{"channel":"/meta/connect","id":"c","clientId":"$id","advice":{"timeout":700}}]`
		c.ask(short, `{"channel":"/meta/connect","id":"c","successful":true,`+advice+`}`)
		require.Equal(t, 30*time.Second+700*time.Millisecond, time.Since(start), "for as long as the client asks")

		const both = `[{"channel":"/meta/connect","id":"c","clientId":"$id"},{"channel":"/service/x","id":2,"clientId":"$id","data":1}]`
		c.ask(both, connected, `{"channel":"/service/x","id":2,"successful":true}`)
		require.Equal(t, 30*time.Second+700*time.Millisecond, time.Since(start), "not held with company")

		held := c.held()
		require.Equal(t, 1, s.Counters().Held)
		c.silent(held)
		sleep(30 * time.Second)
		c.expect(held, connected)
		require.Zero(t, s.Counters().Held)
	})
}

func TestDelivery(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann", "/v2/me/calls")
		held := c.held()
		require.NoError(t, s.Publish("ann", "/v2/me/devices", 0))
		require.NoError(t, s.Publish("bob", "/v2/me/calls", 0))
		c.silent(held)
		require.NoError(t, s.PublishAll("ann", cometd.Event{Channel: "/v2/me/calls", Data: map[string]any{"n": 1}},
			cometd.Event{Channel: "/v2/me/calls", Data: json.RawMessage(`[2]`)}))
		c.expect(held, event("/v2/me/calls", `{"n":1}`), event("/v2/me/calls", "[2]"), connected)

		require.NoError(t, s.Publish("", "/v2/me/calls", 3))
		c.ask(connecting, event("/v2/me/calls", "3"), connected)

		require.NoError(t, s.Publish("ann", "/v2/me/calls", "é<"))
		c.ask(`[{"channel":"/meta/subscribe","id":"s","clientId":"$id","subscription":"/a"},
			{"channel":"/x","id":"p","clientId":"$id","data":{}}]`,
			event("/v2/me/calls", `"é<"`),
			`{"channel":"/meta/subscribe","id":"s","successful":true,"subscription":"/a"}`,
			`{"channel":"/x","id":"p","successful":false,"error":"403::publish_denied"}`)
		require.NoError(t, s.Publish("ann", "/service/own", 5))
		c.ask(`[{"channel":"/meta/unsubscribe","id":"u","clientId":"$id","subscription":["/v2/me/calls"]}]`,
			event("/service/own", "5"),
			`{"channel":"/meta/unsubscribe","id":"u","successful":true,"subscription":["/v2/me/calls"]}`)
		require.NoError(t, s.Publish("ann", "/v2/me/calls", 6))
		held = c.held()
		c.silent(held)
		sleep(30 * time.Second)
		c.expect(held, connected)
		require.Equal(t, cometd.Counters{Handshakes: 1, Connects: 4, Subscribes: 2, Unsubscribes: 1, PublishesRefused: 1,
			Events: 5, Sessions: 1}, s.Counters())
	})
}

func TestEventsLast(t *testing.T) {
	bubble(t, cometd.Options{EventsLast: true}, func(t *testing.T, s *site) {
		c := s.open("ann", "/a")
		require.NoError(t, s.Publish("ann", "/a", 1))
		c.ask(connecting, connected, event("/a", "1"))
	})
}

func TestConnectOnly(t *testing.T) {
	bubble(t, cometd.Options{ConnectOnly: true}, func(t *testing.T, s *site) {
		c := s.open("ann", "/a")
		require.NoError(t, s.Publish("ann", "/a", 1))
		c.subscribe("/b")
		c.ask(connecting, event("/a", "1"), connected)
	})
}

func TestPatterns(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		for _, test := range []struct {
			pattern string
			want    []string
		}{
			{"/v2/me/*", []string{"/v2/me/calls", "/v2/me/devices"}},
			{"/v2/me/**", []string{"/v2/me/calls", "/v2/me/devices", "/v2/me/calls/x"}},
			{"/**", []string{"/v2/me/calls", "/v2/me/devices", "/v2/me/calls/x", "/v2/me", "/notifications/services"}},
			{"/*", nil},
			{"/v2/*", []string{"/v2/me"}},
			{"/v2/me", []string{"/v2/me"}},
		} {
			c := s.open("ann", test.pattern)
			for _, channel := range []string{"/v2/me/calls", "/v2/me/devices", "/v2/me/calls/x", "/v2/me", "/notifications/services"} {
				require.NoError(t, s.Publish("ann", channel, 1))
			}
			a := c.post(t.Context(), c.fill(`[{"channel":"/meta/disconnect","clientId":"$id"}]`))
			require.NoError(t, a.err)
			require.Len(t, a.list, 1, "what has ended gets nothing more")

			s.open("ann", test.pattern, test.pattern)
			want := test.want
			for _, channel := range []string{"/v2/me/calls", "/v2/me/devices", "/v2/me/calls/x", "/v2/me", "/notifications/services"} {
				n := 0
				if len(want) > 0 && want[0] == channel {
					want, n = want[1:], 1
				}
				require.Equal(t, n, s.Subscribers("ann", channel), "%s %s", test.pattern, channel)
			}
			require.Empty(t, want)
			s.DropSessions("ann", true)
		}
		c := s.open("bob", "/v2/me/calls", "/v2/me/*", "/**")
		require.NoError(t, s.Publish("bob", "/v2/me/calls", 1))
		c.ask(connecting, event("/v2/me/calls", "1"), connected)
	})
}

func TestRefusedSubscriptions(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann")
		refused := func(channel, subscription, text string) {
			t.Helper()
			body, want := "", ""
			if subscription != "" {
				body = `,"subscription":` + subscription
				want = body
			}
			c.ask(`[{"channel":"`+channel+`","id":"s","clientId":"$id"`+body+`}]`,
				`{"channel":"`+channel+`","id":"s","successful":false,"error":"`+text+`"`+want+`}`)
		}
		refused("/meta/subscribe", "", "403::subscription_missing")
		refused("/meta/subscribe", `[]`, "403::subscription_missing")
		refused("/meta/subscribe", `7`, "403::subscription_missing")
		for _, name := range []string{"x", "/", "/a/", "//a", "/a b", "/a/*/b", "/a*", "/meta/connect", "/*/*", "/" + strings.Repeat("a", 256)} {
			refused("/meta/subscribe", `["/fine","`+name+`"]`, "403::subscription_invalid")
		}
		refused("/meta/unsubscribe", "", "403::subscription_missing")
		refused("/meta/unsubscribe", `"/fine"`, "400::channel_missing")
		refused("/meta/else", "", "404::unknown_meta")
		var many []string
		for i := range 1025 {
			many = append(many, fmt.Sprintf(`"/m/%d"`, i))
		}
		refused("/meta/subscribe", "["+strings.Join(many, ",")+"]", "403::subscribe_failed")
		require.EqualValues(t, 14, s.Counters().SubscribesRefused)
	})
}

func TestInvalid(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann")
		for body, status := range map[string]int{
			``:                     400,
			`[`:                    400,
			`null`:                 500,
			`7`:                    400,
			`[7]`:                  400,
			`[]`:                   500,
			`[{}]`:                 500,
			`{"channel":7}`:        400,
			`[{"channel":"meta"}]`: 500,
			`[{"channel":"/meta/handshake"},{"channel":"/a"}]`:                    500,
			"[" + strings.Repeat(`{"channel":"/a"},`, 1024) + `{"channel":"/a"}]`: 400,
			`[{"channel":"/a","data":"` + strings.Repeat("x", 1<<20) + `"}]`:      400,
		} {
			a := c.post(t.Context(), body)
			require.NoError(t, a.err)
			require.Equal(t, status, a.status, "%.60s", body)
		}
		// A message alone may come without an array, and an id that is neither text nor number is not sent back.
		c.ask(`{"channel":"/service/a","id":{"x":1},"clientId":"$id"}`, `{"channel":"/service/a","successful":true}`)
		r, err := http.NewRequest(http.MethodGet, url, nil)
		require.NoError(t, err)
		res, err := c.http.Do(r)
		require.NoError(t, err)
		require.Equal(t, 400, res.StatusCode)
		require.NoError(t, res.Body.Close())
		require.ErrorContains(t, s.Publish("ann", "/a/*", 1), "not a channel")
		require.ErrorContains(t, s.Publish("ann", "/a", func() {}), "unsupported type")
	})
}

func TestSuperseded(t *testing.T) {
	for given, want := range map[int]int{0: 500, 408: 408} {
		bubble(t, cometd.Options{Superseded: given}, func(t *testing.T, s *site) {
			c := s.open("ann", "/a")
			first := c.held()
			second := c.held()
			require.Equal(t, want, (<-first).status)
			c.silent(second)
			require.NoError(t, s.Publish("ann", "/a", 1))
			c.expect(second, event("/a", "1"), connected)
			require.EqualValues(t, 1, s.Counters().Superseded)
		})
	}
}

func TestOneLongPollOfACookie(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		a := s.open("ann", "/a")
		b := &client{t: t, http: a.http, user: "ann"}
		b.handshake()
		held := a.held()
		const extra = `{"channel":"/meta/connect","id":"c","successful":true,
			"advice":{"interval":2000,"reconnect":"retry","multiple-clients":true}}`
		for range 10 {
			b.ask(connecting, extra)
			sleep(2 * time.Second)
		}
		require.EqualValues(t, 10, s.Counters().Multiple)
		require.NoError(t, s.Publish("ann", "/a", 1))
		a.expect(held, event("/a", "1"), connected)
		again := b.held()
		b.silent(again)
		a.ask(connecting, extra)
		sleep(30 * time.Second)
		b.expect(again, advised)
		require.Equal(t, 1, s.Counters().Sessions, "the other one has expired")
	})
}

func TestExpiry(t *testing.T) {
	bubble(t, cometd.Options{MaxInterval: 5 * time.Second, Interval: time.Second}, func(t *testing.T, s *site) {
		c := s.client("ann").handshake()
		sleep(6*time.Second - 1)
		require.Equal(t, 1, s.Counters().Sessions)
		sleep(1)
		require.Equal(t, cometd.Counters{Handshakes: 1, Expired: 1}, s.Counters())
		c.ask(connecting, unknown)
		c.ask(`[{"channel":"/meta/subscribe","id":1,"clientId":"$id","subscription":"/a"}]`,
			`{"channel":"/meta/subscribe","id":1,"successful":false,"error":"402::Unknown client"}`)

		c.handshake()
		c.post(t.Context(), c.fill(connecting))
		for range 3 {
			sleep(5 * time.Second)
			c.subscribe("/a") // keeps it
		}
		held := c.held()
		sleep(29 * time.Second)
		c.silent(held)
		sleep(time.Second)
		c.expect(held, connected)
		require.NoError(t, s.Publish("ann", "/a", 1))
		sleep(6*time.Second - 1)
		require.Equal(t, 1, s.Counters().Sessions)
		sleep(1)
		require.Zero(t, s.Counters().Sessions)
		c.ask(connecting, unknown)
	})
}

func TestClientGoesAway(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		c := s.open("ann", "/a")
		ctx, cancel := context.WithCancel(t.Context())
		held := c.send(ctx, connecting)
		require.Equal(t, 1, s.Counters().Held)
		cancel()
		require.ErrorIs(t, (<-held).err, context.Canceled)
		synctest.Wait()
		require.Zero(t, s.Counters().Held)
		require.NoError(t, s.Publish("ann", "/a", 1))
		sleep(9 * time.Second)
		c.ask(connecting, event("/a", "1"), connected)
	})
}

func TestOverflow(t *testing.T) {
	bubble(t, cometd.Options{MaxQueue: 3}, func(t *testing.T, s *site) {
		c, d := s.open("ann", "/a"), s.open("ann", "/b")
		for range 4 {
			require.NoError(t, s.Publish("ann", "/a", 1))
		}
		require.EqualValues(t, 1, s.Counters().Overflows)
		c.ask(connecting, unknown)
		d.expect(d.send(t.Context(), `[{"channel":"/service/x","id":1,"clientId":"$id"}]`), `{"channel":"/service/x","id":1,"successful":true}`)
	})
}
