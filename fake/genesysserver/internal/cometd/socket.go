package cometd

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const writeWait = 10 * time.Second // until a client that does not read is given up

// A socket is a connection over WebSocket. What leaves is written by a goroutine that lives for as
// long as there is something.
type socket struct {
	conn *websocket.Conn
	room int // frames that may wait

	mu      sync.Mutex // may be taken while a session's is held
	out     [][]byte
	spare   [][]byte
	writing bool
	closed  bool
	writer  sync.WaitGroup // added to under mu while not closed
}

var upgrader = websocket.Upgrader{
	ReadBufferSize:  2 << 10,
	WriteBufferSize: 2 << 10,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true }, // Admit's business
}

// open makes a socket of a request and serves it until it is closed.
func (s *Server) open(w http.ResponseWriter, r *http.Request, user string) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // answered
	}
	conn.SetReadLimit(maxBody)
	k := &socket{conn: conn, room: s.options.MaxQueue + maxBatch}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.sockets[k] = struct{}{}
	}
	s.mu.Unlock()
	if closed {
		k.shut(websocket.CloseGoingAway, "closed")
		return
	}
	sessions := s.read(k, r, user)
	k.fail()
	k.writer.Wait()
	for x := range sessions {
		x.unbind(k)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
}

// read serves what arrives until the socket is closed, and gives the sessions that were on it.
func (s *Server) read(k *socket, r *http.Request, user string) map[*session]struct{} {
	seen := make(map[*session]struct{})
	for {
		_, b, err := k.conn.ReadMessage()
		if err != nil {
			return seen
		}
		list, err := parse(b)
		switch {
		case err != nil:
			k.shut(websocket.CloseInternalServerErr, "malformed message")
			return seen
		case !acceptable(list):
			k.shut(websocket.CloseInternalServerErr, "invalid message")
			return seen
		}
		e := &exchange{server: s, request: r, user: user, sock: k, events: k, alone: len(list) == 1}
		replies := make([]reply, 0, len(list))
		for i := range list {
			answer, h := e.handle(&list[i])
			if h == nil {
				replies = append(replies, answer)
			}
			if x := e.session; x != nil {
				seen[x] = struct{}{}
			}
		}
		if x := e.session; x != nil && list[0].Channel != metaHandshake {
			x.leave(k)
		}
		if len(replies) > 0 {
			k.send(replies...)
		}
		for x := range seen {
			if len(seen) > 1 && x.ended() {
				delete(seen, x)
			}
		}
	}
}

func (x *session) ended() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.gone != alive
}

// unbind takes the session off a socket that is closed. It can come back on another one.
func (x *session) unbind(k *socket) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.gone != alive {
		return
	}
	if x.sock == k {
		x.sock = nil
	}
	if x.held != nil && x.held.sock == k {
		x.release()
		x.keep(x.server.options.Interval)
	}
}

// event sends the frame of an event.
func (k *socket) event(frame []byte) bool { return k.push(frame) }

// send sends replies in a frame of their own.
func (k *socket) send(replies ...reply) {
	if b, err := json.Marshal(replies); err == nil {
		k.push(b)
	}
}

// push has a frame written and reports false if too many wait, whereupon the socket is closed. On a
// closed socket it does nothing.
func (k *socket) push(frame []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.closed:
		return true
	case len(k.out) >= k.room:
		k.failLocked()
		return false
	}
	k.out = append(k.out, frame)
	if !k.writing {
		k.writing = true
		k.writer.Go(k.drain)
	}
	return true
}

// drain writes what waits.
func (k *socket) drain() {
	var done [][]byte
	for {
		k.mu.Lock()
		clear(done)
		if done != nil && cap(done) <= 64 {
			k.spare = done[:0]
		}
		if len(k.out) == 0 || k.closed {
			k.writing = false
			k.mu.Unlock()
			return
		}
		done, k.out, k.spare = k.out, k.spare, nil
		k.mu.Unlock()
		_ = k.conn.SetWriteDeadline(time.Now().Add(writeWait))
		for _, frame := range done {
			if k.conn.WriteMessage(websocket.TextMessage, frame) != nil {
				k.fail()
				break
			}
		}
	}
}

// fail closes the connection as it is.
func (k *socket) fail() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failLocked()
}

func (k *socket) failLocked() {
	if !k.closed {
		k.closed = true
		k.out = nil
		_ = k.conn.Close()
	}
}

// shut says why and closes the connection.
func (k *socket) shut(code int, why string) {
	text := websocket.FormatCloseMessage(code, why)
	_ = k.conn.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second))
	k.fail()
}
