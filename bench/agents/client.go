package agents

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// A crowd is a client for each agent, and a reader of its events.
type crowd struct {
	clients []cc.Client
	stop    context.CancelFunc
	readers sync.WaitGroup
	from    int64 // CPU time at Begin

	events, gaps, stale atomic.Int64

	mu      sync.Mutex
	stopped error // the first stream that ended by itself
	rooms   []map[cc.ParticipantID]cc.Participant
}

const atOnce = 32 // that log in

func newCrowd(g gathering) (c *crowd, w weight, err error) {
	before := weigh()
	ctx, stop := context.WithCancel(context.Background())
	c = &crowd{stop: stop, clients: make([]cc.Client, g.Agents), rooms: make([]map[cc.ParticipantID]cc.Participant, g.Agents)}
	transport := &http.Transport{MaxIdleConnsPerHost: 4 * g.Agents, IdleConnTimeout: 15 * time.Second, DisableCompression: true}
	turns := make(chan struct{}, atOnce)
	errs := make(chan error, g.Agents)
	for n := range g.Agents {
		go func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			errs <- c.open(ctx, n, g.URL, transport)
		}()
	}
	for range g.Agents {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return nil, w, err
	}
	time.Sleep(20 * time.Second) // until the connections for commands have been closed
	after := weigh()
	return c, weight{Heap: after.Heap - before.Heap, Stacks: after.Stacks - before.Stacks, Goroutines: after.Goroutines - before.Goroutines}, nil
}

// open logs an agent in and reads the events of its one conference. It returns when the story has begun.
func (c *crowd) open(ctx context.Context, n int, url string, transport http.RoundTripper) error {
	client, err := genesys.New(genesys.Options{
		Endpoint: url, Insecure: true, User: user(n), Password: genesys.NewSecret(password), Transport: transport,
	})
	if err != nil {
		return err
	}
	c.clients[n] = client
	var id cc.ConferenceID
	for s, err := range client.Conferences(ctx) {
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		id = s.Conference
	}
	began := make(chan error, 1)
	c.readers.Go(func() {
		first := true
		for e, err := range client.Conference(id).Events(ctx) {
			if err == nil {
				c.take(n, e)
			} else if ctx.Err() == nil {
				c.mu.Lock()
				c.stopped = errors.Join(c.stopped, err)
				c.mu.Unlock()
			}
			if first {
				first = false
				began <- err
			}
		}
	})
	return <-began
}

// take applies an event to the story, as an application would.
func (c *crowd) take(n int, e cc.Event) {
	c.events.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Type {
	case cc.Synced:
		if e.Gap {
			c.gaps.Add(1)
		}
		if c.rooms[n] == nil {
			c.rooms[n] = make(map[cc.ParticipantID]cc.Participant)
			for _, p := range e.Snapshot.Participants {
				c.rooms[n][p.ID] = p
			}
		}
	case cc.Stale:
		c.stale.Add(1)
	case cc.Joined:
		c.rooms[n][e.Participant.ID] = e.Participant
	case cc.Changed:
		if e.Participant.ID != "" {
			c.rooms[n][e.Participant.ID] = e.Participant
		}
	case cc.Left:
		delete(c.rooms[n], e.Participant.ID)
	}
}

func (c *crowd) begin() (err error) {
	c.events.Store(0)
	c.gaps.Store(0)
	c.stale.Store(0)
	c.from, err = procs.Used()
	return err
}

func (c *crowd) used() (usage, error) {
	c.mu.Lock()
	stopped := c.stopped
	c.mu.Unlock()
	if stopped != nil {
		return usage{}, stopped
	}
	now, err := procs.Used()
	return usage{CPU: now - c.from, Events: c.events.Load(), Gaps: c.gaps.Load(), Stale: c.stale.Load()}, err
}

// stories tells what each conference is, from its first synced and what was told since.
func (c *crowd) stories() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]string, len(c.rooms))
	for n, room := range c.rooms {
		var people []string
		for _, p := range room {
			people = append(people, person(p.Address, p.Self, p.State.Hold == cc.On))
		}
		slices.Sort(people)
		all[n] = strings.Join(people, " ")
	}
	return all
}

func (c *crowd) close() error {
	c.stop()
	c.readers.Wait()
	var group sync.WaitGroup
	errs := make([]error, len(c.clients))
	for n, client := range c.clients {
		group.Go(func() { errs[n] = client.Close() })
	}
	group.Wait()
	return errors.Join(errs...)
}

func weigh() weight {
	for range 3 { // pools are empty after the second, stacks shrink by half with each
		runtime.GC()
	}
	list := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(list)
	return weight{
		Heap: int64(list[0].Value.Uint64() + list[1].Value.Uint64()), Stacks: int64(list[2].Value.Uint64()),
		Goroutines: runtime.NumGoroutine(),
	}
}
