package genesysserver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
)

// A Server speaks the vendor's API in front of a Switch. New makes one. It is an http.Handler and
// safe for concurrent use. It has one goroutine of its own, which tells agents the news of the Switch
// until Close.
type Server struct {
	bridge   *fake.Switch
	options  Options
	voiceID  string
	faults   faultSet
	journal  journal
	sessions cloakroom
	comet    *cometd.Server
	courier  *courier
	quirks   atomic.Pointer[Quirks]
	feed     *fake.Feed
	busy     sync.WaitGroup // the goroutine
	inflight counter

	mu       sync.Mutex // never held across a wait; the Switch's may be taken inside it
	agents   []*Agent
	byUser   map[string]*Agent
	byNumber map[string]*Agent
	byDevice map[string]*Agent
	runs     map[cc.ConferenceID]*run
	fullAt   int  // number of runs from which it is looked for lost ones
	down     bool // no connection to the telephony server

	gateMu sync.Mutex
	gate   gate

	recentMu sync.Mutex
	recent   map[string][]post // the latest to each user
}

// New returns a server in front of sw, without agents. It refuses a nil switch, and options that
// cannot be meant. Close releases it.
func New(sw *fake.Switch, o Options) (*Server, error) {
	if sw == nil {
		return nil, errors.New("genesysserver: no switch")
	}
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	s := &Server{
		bridge: sw, options: o, voiceID: newUUID(), journal: journal{size: o.LogSize},
		sessions: cloakroom{idle: o.IdleTimeout, all: map[string]*session{}},
		byUser:   map[string]*Agent{}, byNumber: map[string]*Agent{}, byDevice: map[string]*Agent{},
		runs: map[cc.ConferenceID]*run{}, fullAt: maxRuns, gate: newGate(),
		recent: map[string][]post{},
	}
	s.quirks.Store(&o.Quirks)
	s.comet = cometd.New(cometd.Options{
		Hold: o.CometD.Hold, Interval: o.CometD.Interval, MaxInterval: o.CometD.MaxInterval,
		MultiSession: o.CometD.MultiSession, WebSocket: o.CometD.WebSocket, Admit: admitted,
	})
	s.courier = newCourier(func(p post) {
		s.remember(p)
		events := []cometd.Event{{Channel: p.channel, Data: p.data}}
		if s.quirks.Load().Doubled {
			events = append(events, events[0])
		}
		_ = s.comet.PublishAll(p.user, events...) // what is made here can be said
	}, o.Timing)
	s.feed = sw.Subscribe(feedSize)
	s.busy.Go(s.listen)
	return s, nil
}

// Close ends every CometD session and what the server does by itself, and waits for it. Endpoints are
// closed before, the Switch after. A second Close does nothing. It always returns nil.
func (s *Server) Close() error {
	s.gateMu.Lock()
	s.gate.closed = true
	s.gate.ring()
	s.gateMu.Unlock()
	s.feed.Close()
	s.busy.Wait()
	s.courier.close()
	s.comet.Close()
	return nil
}

// Publish publishes data, which is anything that can be said in JSON, to a user, "" being everybody,
// as it stands and at once: for notifications that no server would make by itself. It fails where the
// data cannot be said, and where the channel is not one.
func (s *Server) Publish(user, channel string, data any) error {
	return s.comet.Publish(user, channel, data)
}

// Replay publishes the latest n notifications to a user once more, the oldest first, as may happen
// after a client has come back. At most 16 are remembered.
func (s *Server) Replay(user string, n int) {
	s.recentMu.Lock()
	posts := s.recent[user]
	posts = slices.Clone(posts[len(posts)-min(max(n, 0), len(posts)):])
	s.recentMu.Unlock()
	for _, p := range posts {
		_ = s.comet.Publish(p.user, p.channel, p.data)
	}
}

const maxRecent = 16

// remember keeps what is published, for Replay.
func (s *Server) remember(p post) {
	s.recentMu.Lock()
	defer s.recentMu.Unlock()
	posts := append(s.recent[p.user], p)
	if len(posts) > maxRecent {
		posts = append(posts[:0], posts[1:]...)
	}
	s.recent[p.user] = posts
}

// Quiet waits until nothing is under way here: no request but those to the CometD endpoint is being
// answered, everything that the bridge has shown is told, every notification is published. What the
// Switch has not done yet for its lag, and calls that ring, are not waited for. The error is that of ctx.
func (s *Server) Quiet(ctx context.Context) error {
	for {
		if err := s.inflight.wait(ctx); err != nil {
			return err
		}
		if err := s.told(ctx); err != nil {
			return err
		}
		waits := s.courier.quiet()
		if waits == nil && s.inflight.none() {
			return nil
		}
		if waits == nil {
			continue
		}
		select {
		case <-waits:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SetVoice says whether there is a connection to the telephony server. Without one every voice
// operation is answered 503 with statusCode 4, and the voice service is Inactive ("Error handling").
func (s *Server) SetVoice(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == !up {
		return
	}
	s.down = !up
	data := object{"messageType": "ServiceStateChangeMessage", "services": []any{s.voiceService()}}
	for _, a := range s.agents {
		s.courier.send(post{user: a.options.User, channel: channelServices, data: encode(data)})
	}
}

// CometDCounts is what has happened at the CometD endpoint.
type CometDCounts struct {
	Handshakes, Connects, Subscribes, Disconnects int64 // that succeeded
	Unknown                                       int64 // messages answered 402
	Multiple                                      int64 // connects not held because of another session with the same cookie
	Refused                                       int64 // publishes by clients
	Sessions                                      int   // now
	Held                                          int   // connects held now
}

// CometD returns what has happened at the CometD endpoint.
func (s *Server) CometD() CometDCounts {
	c := s.comet.Counters()
	return CometDCounts{
		Handshakes: c.Handshakes, Connects: c.Connects, Subscribes: c.Subscribes, Disconnects: c.Disconnects,
		Unknown: c.Unknown, Multiple: c.Multiple, Refused: c.PublishesRefused, Sessions: c.Sessions, Held: c.Held,
	}
}

// answerLater has a leg that rings answered, where its number answers by itself.
func (s *Server) answerLater(m *fake.Member, a *Agent) {
	if s.options.AnswerAfter >= 0 && (a == nil || a.options.AutoAnswer) {
		s.courier.later(s.options.AnswerAfter, false, func() { _ = m.Answer() }) // or it does not ring any more
	}
}

// A counter counts what is under way.
type counter struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when it gets to zero; nil: nobody waits
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counter) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

func (c *counter) none() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n == 0
}

func (c *counter) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.n == 0 {
		c.mu.Unlock()
		return ctx.Err()
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait waits, but not for a client that has gone.
func wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}
