package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http/cookiejar"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// socketFloor is what WebSocket costs with gorilla/websocket and encoding/json used well: buffers that
// are used again, one goroutine a session. It cannot do anything about what goes wrong either.
type socketFloor struct {
	dialer websocket.Dialer
	url    string

	mu    sync.Mutex
	conns []*websocket.Conn
	group sync.WaitGroup
}

func openSocketFloor(o opening) (contender, error) {
	return &socketFloor{
		url: "ws" + strings.TrimPrefix(o.URL, "http"),
		dialer: websocket.Dialer{
			ReadBufferSize: o.buffer(), WriteBufferSize: o.buffer(), WriteBufferPool: new(sync.Pool),
		},
	}, nil
}

func (f *socketFloor) session(ctx context.Context, deliver func(data []byte)) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	d := f.dialer
	d.Jar = jar
	conn, _, err := d.DialContext(ctx, f.url, nil)
	if err != nil {
		return err
	}
	conn.SetReadLimit(maxBody)
	f.mu.Lock()
	f.conns = append(f.conns, conn)
	f.mu.Unlock()
	t := &talk{kind: "websocket", deliver: deliver}
	if err := send(conn, t.handshake()); err != nil {
		return err
	}
	if _, _, err := receive(conn, t); err != nil {
		return err
	}
	if err := send(conn, t.connect(false)); err != nil {
		return err
	}
	if _, _, err := receive(conn, t); err != nil {
		return err
	}
	if err := send(conn, t.subscribe()); err != nil {
		return err
	}
	if _, ok, err := receive(conn, t); err != nil || !ok {
		return errors.Join(err, errors.New("a subscription was not answered"))
	}
	if err := send(conn, t.connect(true)); err != nil {
		return err
	}
	f.group.Go(func() {
		for {
			connected, _, err := receive(conn, t)
			if err == nil && connected {
				err = send(conn, t.connect(true))
			}
			if err != nil {
				return
			}
		}
	})
	return nil
}

func send(conn *websocket.Conn, asks []ask) error {
	body, err := json.Marshal(asks)
	if err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, body)
}

// receive takes one frame. It has a buffer only once that has begun to come.
func receive(conn *websocket.Conn, t *talk) (connected, subscribed bool, err error) {
	_, r, err := conn.NextReader()
	if err != nil {
		return false, false, err
	}
	room := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(room)
	room.Reset()
	if _, err := io.Copy(room, r); err != nil {
		return false, false, err
	}
	return t.take(room.Bytes())
}

func (f *socketFloor) close() error {
	for _, conn := range f.conns {
		_ = conn.Close()
	}
	f.group.Wait()
	return nil
}
