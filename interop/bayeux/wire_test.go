package interop_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// The transports, as Bayeux names them.
const (
	polling = "long-polling"
	sockets = "websocket"
)

type message = map[string]any

// A wire talks to a server without the client that is to be tried.
type wire struct {
	*testing.T
	send     func(messages ...message)
	received chan message
	others   []message // received, and not yet expected
	clientID string
}

// wired opens a wire.
func wired(t *testing.T, transport, addr string) *wire {
	w := &wire{T: t, received: make(chan message, 100)}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	if transport == sockets {
		conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+addr+"/cometd", nil)
		require.NoError(t, err)
		_ = res.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
		running.Go(func() {
			for {
				_, b, err := conn.ReadMessage()
				if err != nil {
					return
				}
				w.take(b)
			}
		})
		w.send = func(messages ...message) { require.NoError(t, conn.WriteJSON(messages)) }
		return w
	}
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, Timeout: patience, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	w.send = func(messages ...message) {
		body, err := json.Marshal(messages)
		require.NoError(t, err)
		running.Go(func() {
			res, err := client.Post("http://"+addr+"/cometd", "application/json;charset=UTF-8", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = res.Body.Close() }()
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Errorf("HTTP status %d: %v", res.StatusCode, err)
			}
			w.take(b)
		})
	}
	return w
}

func (w *wire) take(b []byte) {
	var messages []message
	if err := json.Unmarshal(b, &messages); err != nil {
		w.Errorf("%s: %v", b, err)
	}
	for _, m := range messages {
		w.received <- m
	}
}

// request sends a message of the session.
func (w *wire) request(channel, id string, more message) {
	m := message{"channel": channel, "id": id}
	if w.clientID != "" {
		m["clientId"] = w.clientID
	}
	for k, v := range more {
		m[k] = v
	}
	w.send(m)
}

// expect waits for a message that has these fields, whatever comes before it.
func (w *wire) expect(want message) message {
	w.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		for i, m := range w.others {
			if has(m, want) {
				w.others = slices.Delete(w.others, i, i+1)
				return m
			}
		}
		select {
		case m := <-w.received:
			w.others = append(w.others, m)
		case <-timer.C:
			require.FailNowf(w, "not received", "%v, but %v", want, w.others)
		}
	}
}

func has(m, want message) bool {
	for k, v := range want {
		if m[k] != v {
			return false
		}
	}
	return true
}

// exchange is a session by hand: it shows that the server does what the other tests need of it, so
// that what goes wrong there is the client's doing.
func exchange(t *testing.T, s *server, transport string) {
	w := wired(t, transport, s.addr())
	channel := "/wire/" + transport
	ack := func(n int) message {
		return message{"connectionType": transport, "ext": message{"ack": n}}
	}
	w.request("/meta/handshake", "1", message{
		"version": "1.0", "supportedConnectionTypes": []string{transport}, "ext": message{"ack": true},
	})
	hello := w.expect(message{"channel": "/meta/handshake", "id": "1", "successful": true})
	w.clientID, _ = hello["clientId"].(string)
	require.NotEmpty(t, w.clientID)
	require.Contains(t, hello["supportedConnectionTypes"], transport)
	advice, _ := hello["advice"].(message)
	require.Equal(t, float64(hold), advice["timeout"])
	ext, _ := hello["ext"].(message)
	if s.product.acks {
		require.Equal(t, true, ext["ack"])
	} else {
		require.Nil(t, ext)
	}
	w.request("/meta/connect", "2", message{"connectionType": transport, "advice": message{"timeout": 0}})
	w.expect(message{"channel": "/meta/connect", "id": "2", "successful": true})
	w.request("/meta/subscribe", "3", message{"subscription": channel})
	w.expect(message{"channel": "/meta/subscribe", "id": "3", "successful": true, "subscription": channel})
	require.Equal(t, 1, s.do(t, "count", channel))

	w.request("/meta/connect", "4", ack(1)) // it is held, and what the server publishes comes
	require.Equal(t, 1, s.do(t, "publish", channel, 7, 1, 1))
	event := w.expect(message{"channel": channel})
	data, _ := event["data"].(message)
	require.Equal(t, 7.0, data["n"])
	w.expect(message{"channel": "/meta/connect", "id": "4", "successful": true})

	w.request(channel, "5", message{"data": message{"n": 8}})
	w.expect(message{"channel": channel, "id": "5", "successful": true})
	w.request("/meta/connect", "6", ack(2))
	w.expect(message{"channel": channel, "successful": nil})
	w.expect(message{"channel": "/meta/connect", "id": "6", "successful": true})

	require.Equal(t, 1, s.do(t, "drop", channel))
	require.Zero(t, s.do(t, "count", channel))
	again := wired(t, transport, s.addr()) // Faye closes the socket of a session that it forgets
	again.clientID = w.clientID
	again.request("/meta/connect", "7", ack(3))
	again.expect(message{"channel": "/meta/connect", "id": "7", "successful": false})
}
