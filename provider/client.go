package provider

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A client is the one implementation of callcontrol.Client, for all drivers.
type client struct {
	driver   Driver
	name     string
	provider string
	caps     cc.Capabilities
	timeout  time.Duration
	poll     time.Duration
	serial   bool
	whole    bool
	observer Observer
	trusting bool         // what is accepted is taken to be done
	log      *slog.Logger // nil: silent

	closing       chan struct{} // closed by Close
	idle          chan struct{} // closed when Close has begun and none of our goroutines is left
	lanes         lanes
	onlySnapshots atomic.Bool // the driver has no read of a single participant
	twins         atomic.Bool // a read has shown people who cannot be told apart

	mu      sync.Mutex // never held across a wait
	closed  bool
	running int // our own goroutines
	memory  memory
	doubts  doubts
	pending *pending // the latest of the commands under way
	spare   []*pending
	stops   map[*context.CancelFunc]struct{} // of the reads of applications and the watches' own
	watches map[cc.ConferenceID]*watch
	leaving map[cc.ConferenceID]*watch // the last one, while it has not let go of the conference yet
	hearing hearing
}

// New makes a client of a driver: arguments, capability gate, deadlines, serialising, confirmation,
// settling, error shape, watching and life cycle are the same for all drivers, and are here. It makes
// no request. It fails with ErrInvalid if the driver is nil or an option cannot be meant.
func New(d Driver, o Options) (cc.Client, error) {
	if d == nil {
		return nil, invalid("the driver is nil")
	}
	if o.Timeout < 0 || o.Poll < 0 {
		return nil, invalid("a time of the options is negative")
	}
	c := &client{
		driver: d, name: o.Config.Name, provider: d.Name(), caps: d.Capabilities(),
		timeout: o.Timeout, poll: o.Poll, serial: o.Serial, whole: o.Whole, observer: o.Observer, trusting: o.Unconfirmed,
		log:     o.Config.Logger,
		closing: make(chan struct{}), idle: make(chan struct{}),
		stops:   make(map[*context.CancelFunc]struct{}),
		watches: make(map[cc.ConferenceID]*watch),
		leaving: make(map[cc.ConferenceID]*watch),
	}
	if c.name == "" {
		c.name = c.provider
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	c.hearing.settled = make(chan struct{})
	return c, nil
}

func (c *client) Name() string                  { return c.name }
func (c *client) Provider() string              { return c.provider }
func (c *client) Capabilities() cc.Capabilities { return c.caps }
func (c *client) As(target any) bool            { return c.driver.As(target) }

func (c *client) Conference(id cc.ConferenceID) cc.Conference { return &conference{c, id} }

func (c *client) Check(ctx context.Context) error {
	return c.fail(cc.OpCheck, "", "", c.reading(ctx, c.driver.Check))
}

// Notify rings the bell of the named conferences, as news from the vendor does.
func (c *client) Notify(ids ...cc.ConferenceID) {
	if len(ids) == 0 {
		c.heard(Update{})
		return
	}
	for _, id := range ids {
		if id != "" {
			c.heard(Update{Conference: id})
		}
	}
}

// Close ends streams and commands, and waits at most two seconds for our own goroutines.
func (c *client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	close(c.closing)
	for p := c.pending; p != nil; p = p.next {
		if p.now != nil {
			p.now.Cancel()
		}
	}
	for stop := range c.stops {
		(*stop)()
	}
	if c.running == 0 {
		close(c.idle)
	}
	c.mu.Unlock()

	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	var late error
	select {
	case <-c.idle:
	case <-patience.C:
		late = &cc.Error{Kind: cc.ErrUnavailable, Err: cc.Detail("the driver did not return within two seconds of the end of its context")}
	}
	err := c.driver.Close()
	if err == nil {
		err = late
	}
	return c.fail(cc.OpClose, "", "", err)
}

func (c *client) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// Run starts one of our own goroutines, unless the client is closed. The caller holds c.mu.
func (c *client) run(f func(ctx context.Context)) (stop context.CancelFunc, ok bool) {
	if c.closed {
		return nil, false
	}
	ctx, cancel := context.WithCancel(context.Background())
	key := &cancel
	c.stops[key] = struct{}{}
	c.running++
	go func() {
		defer func() {
			cancel()
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.stops, key)
			if c.running--; c.running == 0 && c.closed {
				close(c.idle)
			}
		}()
		f(ctx)
	}()
	return cancel, true
}

// UntilClosed has Close call stop. The function that it returns undoes that.
func (c *client) untilClosed(stop context.CancelFunc) (undo func()) {
	key := &stop
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stops[key] = struct{}{}
	if c.closed {
		stop()
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.stops, key)
	}
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}
