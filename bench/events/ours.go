package events

import (
	"context"
	"net/http"
	"sync"

	"github.com/callcontrol-go/callcontrol/bayeux"
)

// ours is package bayeux with its defaults: a transport of its own for each session, acknowledgements
// where the server has them, and a bounded queue before the handler.
type ours struct {
	url       string
	transport bayeux.Transport
	shared    *http.Transport // in place of the sessions' own

	mu       sync.Mutex
	sessions []*bayeux.Session
}

func openOurs(t bayeux.Transport) func(opening) (contender, error) {
	return func(o opening) (contender, error) { return &ours{url: o.URL, transport: t}, nil }
}

// openShared gives all sessions the transport that the floor has, as who has many of them would.
func openShared(o opening) (contender, error) {
	return &ours{url: o.URL, transport: bayeux.LongPolling{}, shared: o.transport()}, nil
}

func (c *ours) session(ctx context.Context, deliver func(data []byte)) error {
	o := bayeux.Options{Transports: []bayeux.Transport{c.transport}}
	if c.shared != nil {
		o.HTTPClient = &http.Client{Transport: c.shared}
	}
	s, err := bayeux.Dial(ctx, c.url, o)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.sessions = append(c.sessions, s)
	c.mu.Unlock()
	_, err = s.Subscribe(ctx, channel, bayeux.Delivery{Handler: func(m bayeux.Message) { deliver(m.Data) }})
	return err
}

func (c *ours) close() error {
	var group sync.WaitGroup
	for _, s := range c.sessions {
		group.Go(func() {
			_ = s.Close()
			_ = s.Wait(context.Background())
		})
	}
	group.Wait()
	if c.shared != nil {
		c.shared.CloseIdleConnections()
	}
	return nil
}
