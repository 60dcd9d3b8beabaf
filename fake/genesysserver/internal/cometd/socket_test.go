package cometd_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
)

const subscribing = `[{"channel":"/meta/subscribe","id":"s","clientId":"$id","subscription":"/a"}]`
const subscribed = `{"channel":"/meta/subscribe","id":"s","successful":true,"subscription":"/a"}`

func TestSocket(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true}, func(t *testing.T, s *site) {
		k := s.dial("ann")
		k.say(strings.Replace(shaking, "long-polling", "websocket", 1))
		sleep(0)
		require.Contains(t, <-k.frames, `"supportedConnectionTypes":["websocket","long-polling"]`)
		k.handshake()
		k.say(subscribing)
		k.hears(subscribed)
		k.say(connecting)
		k.hears()
		require.NoError(t, s.Publish("ann", "/a", 1))
		require.NoError(t, s.Publish("ann", "/a", 2))
		k.hears(event("/a", "1"), event("/a", "2")) // while the connect stays held
		sleep(30 * time.Second)
		k.hears(connected)
		require.NoError(t, s.Publish("ann", "/a", 3))
		k.hears(event("/a", "3"))
		k.say(connecting)
		k.say(connecting)
		k.hears() // the first of them is never answered
		sleep(30 * time.Second)
		k.hears(connected)
		k.say(`[{"channel":"/x","id":1,"clientId":"$id"},{"channel":"/service/x","id":2,"clientId":"$id"}]`)
		k.hears(`{"channel":"/x","id":1,"successful":false,"error":"403::publish_denied"},{"channel":"/service/x","id":2,"successful":true}`)
		k.say(connecting)
		k.say(`[{"channel":"/meta/disconnect","id":"d","clientId":"$id"}]`)
		k.hears(`{"channel":"/meta/connect","id":"c","successful":true,"advice":{"interval":0,"reconnect":"none"}}`,
			`{"channel":"/meta/disconnect","id":"d","successful":true}`)
		k.say(connecting)
		k.hears(unknown)
		require.Equal(t, 1, s.Counters().Sockets)
		k.close()
		require.Equal(t, 0, s.Counters().Sockets)
	})
}

func TestSocketResumes(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true}, func(t *testing.T, s *site) {
		k := s.dial("ann").handshake()
		k.say(subscribing)
		k.hears(subscribed)
		k.say(connecting)
		k.close()
		require.Zero(t, s.Counters().Held)
		require.NoError(t, s.Publish("ann", "/a", 1))
		sleep(9 * time.Second)
		n := s.dial("ann")
		n.id = k.id
		n.say(strings.Replace(connecting, `"id"`, `"advice":{"timeout":0},"id"`, 1))
		n.hears(event("/a", "1"), advised)
		n.say(connecting)
		require.NoError(t, s.Publish("ann", "/a", 2))
		n.hears(event("/a", "2"))

		// Another one takes the session over by a message that is no connect.
		third := s.dial("ann")
		third.id = k.id
		third.say(subscribing)
		third.hears(subscribed)
		require.NoError(t, s.Publish("ann", "/a", 3))
		third.hears(event("/a", "3"))
		n.close()
		third.close()
		sleep(10 * time.Second)
		require.EqualValues(t, 1, s.Counters().Expired)
		thief := s.dial("bob")
		thief.id = k.id
		thief.say(connecting)
		thief.hears(unknown)
		thief.close()
	})
}

func TestSocketEnds(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true}, func(t *testing.T, s *site) {
		k := s.dial("ann").handshake()
		k.say(connecting)
		k.hears()
		s.Forget("ann")
		s.DropSessions("ann", true)
		k.hears(unknown)
		k.handshake()
		k.say(connecting)
		k.hears()
		s.DropSessions("ann", false)
		k.hears(unadvised)
		k.handshake()
		k.say(connecting)
		k.hears()
		s.Disconnect("ann")
		k.hears(`{"channel":"/meta/disconnect","successful":true}`,
			`{"channel":"/meta/connect","id":"c","successful":true,"advice":{"interval":0,"reconnect":"none"}}`)
		k.close()
		for _, body := range []string{"[", "[]", `[{"channel":"x"}]`} {
			bad := s.dial("ann")
			bad.say(body)
			for range bad.frames {
				require.Fail(t, "a frame")
			}
			require.Equal(t, websocket.CloseInternalServerErr, bad.code)
			bad.close()
		}
	})
}

func TestSocketAcknowledges(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true, Ack: true}, func(t *testing.T, s *site) {
		k := s.dial("ann")
		k.say(`[{"channel":"/meta/handshake","id":"h","ext":{"ack":true}}]`)
		sleep(0)
		frame := <-k.frames
		require.Contains(t, frame, `"ext":{"ack":true}`)
		_, rest, _ := strings.Cut(frame, `"clientId":"`)
		k.id, _, _ = strings.Cut(rest, `"`)
		connect := func(k *wire, n int) {
			k.say(`[{"channel":"/meta/connect","id":"c","clientId":"$id","ext":{"ack":` + strconv.Itoa(n) + `}}]`)
		}
		reply := func(n int) string {
			return `{"channel":"/meta/connect","id":"c","successful":true,"ext":{"ack":` + strconv.Itoa(n) + `}}`
		}
		connect(k, 0)
		k.hears(strings.TrimSuffix(reply(1), "}") + "," + goOn + "}")
		k.say(subscribing)
		k.hears(subscribed)
		require.NoError(t, s.Publish("ann", "/a", 1))
		k.hears()
		connect(k, 1)
		k.hears(event("/a", "1"), reply(2))
		connect(k, 2)
		k.hears()
		require.NoError(t, s.PublishAll("ann", cometd.Event{Channel: "/a", Data: 2}, cometd.Event{Channel: "/a", Data: 3}))
		k.hears(event("/a", "2"), event("/a", "3"), reply(3))
		k.close()
		n := s.dial("ann")
		n.id = k.id
		connect(n, 2)
		n.hears(event("/a", "2"), event("/a", "3"), reply(4))
		n.close()
	})
}

func TestSocketThatDoesNotRead(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true, MaxQueue: 100}, func(t *testing.T, s *site) {
		k := s.dial("ann").handshake()
		k.say(subscribing)
		k.hears(subscribed)
		k.close()
		d := websocket.Dialer{NetDialContext: s.network.DialContext}
		conn, _, err := d.Dial("ws"+strings.TrimPrefix(url, "http"), map[string][]string{"User": {"ann"}})
		require.NoError(t, err)
		require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(connecting, "$id", k.id))))
		sleep(0)
		big := strings.Repeat("x", 10_000)
		for n := 0; s.Counters().Overflows == 0; n++ {
			require.Less(t, n, 2000)
			require.NoError(t, s.Publish("ann", "/a", big))
		}
		sleep(0)
		got := s.Counters()
		require.Zero(t, got.Sessions+got.Sockets+got.Held)
		require.NoError(t, conn.Close())
	})
}

func TestNoSocket(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		d := websocket.Dialer{NetDialContext: s.network.DialContext}
		_, res, err := d.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
		require.ErrorIs(t, err, websocket.ErrBadHandshake)
		require.Equal(t, 400, res.StatusCode)
	})
}
