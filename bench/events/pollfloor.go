package events

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"
)

// pollFloor is what long polling costs with net/http and encoding/json used well: one transport for all
// sessions, buffers that are used again, no HTTP/2, no decoding but of envelopes. A session has a jar of
// its own, for servers insist on that, and one goroutine. It cannot do anything about what goes wrong.
type pollFloor struct {
	transport func() *http.Transport
	url       string
	ctx       context.Context // of all polls
	stop      context.CancelFunc
	group     sync.WaitGroup
}

// buffers are for bodies while they are looked at.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const (
	small   = 1 << 10
	usual   = 4 << 10 // which both libraries take if nothing else is said
	maxBody = 16 << 20
)

// idle is how long a connection may wait to be used again, as in package bayeux.
const idle = 15 * time.Second

func (o opening) buffer() int {
	if o.Small {
		return small
	}
	return usual
}

// transport is net/http's with room for any number of connections to the one server.
func (o opening) transport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 1 << 20,
		IdleConnTimeout:     idle,
		DisableCompression:  true,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // no HTTP/2
		ReadBufferSize:      o.buffer(),
		WriteBufferSize:     o.buffer(),
	}
}

func openPollFloor(o opening) (contender, error) {
	t := o.transport()
	return newPollFloor(o, func() *http.Transport { return t })
}

// openEachFloor is the floor of sessions that have nothing in common, as those of package bayeux if they
// are not told otherwise.
func openEachFloor(o opening) (contender, error) { return newPollFloor(o, o.transport) }

func newPollFloor(o opening, transport func() *http.Transport) (contender, error) {
	f := &pollFloor{url: o.URL, transport: transport}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f, nil
}

func (f *pollFloor) session(ctx context.Context, deliver func(data []byte)) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: f.transport(), Jar: jar}
	t := &talk{kind: "long-polling", deliver: deliver}
	if _, _, err := f.exchange(ctx, client, t, t.handshake()); err != nil {
		return err
	}
	if _, _, err := f.exchange(ctx, client, t, t.connect(false)); err != nil {
		return err
	}
	other := *t // what is subscribed to on the other connection has nothing to do with the polls
	f.group.Go(func() {
		defer client.CloseIdleConnections()
		for f.ctx.Err() == nil {
			if ok, _, err := f.exchange(f.ctx, client, t, t.connect(true)); err != nil || !ok {
				return
			}
		}
	})
	_, ok, err := f.exchange(ctx, client, &other, other.subscribe())
	if err == nil && !ok {
		err = fmt.Errorf("a subscription was not answered")
	}
	return err
}

// exchange makes one request.
func (f *pollFloor) exchange(ctx context.Context, client *http.Client, t *talk, asks []ask) (connected, subscribed bool, err error) {
	body, err := json.Marshal(asks)
	if err != nil {
		return false, false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		return false, false, err
	}
	req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	resp, err := client.Do(req)
	if err != nil {
		return false, false, err
	}
	room := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(room)
	room.Reset()
	_, err = room.ReadFrom(io.LimitReader(resp.Body, maxBody))
	if closing := resp.Body.Close(); err == nil {
		err = closing
	}
	switch {
	case err != nil:
		return false, false, err
	case resp.StatusCode != http.StatusOK:
		return false, false, fmt.Errorf("status %d", resp.StatusCode)
	}
	return t.take(room.Bytes())
}

func (f *pollFloor) close() error {
	f.stop()
	f.group.Wait()
	return nil
}
