package worlds_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// The environment variables by which more histories are asked for, or one again.
const (
	envHistories = "CALLCONTROL_HISTORIES"    // how many for each driver
	envSeed      = "CALLCONTROL_HISTORY_SEED" // one seed in place of the usual ones
)

// TestHistory plays random histories in front of every driver, and holds what the public API answered
// and told against the truth of the bridge: people come and go, names are used again, workers give
// orders side by side, and on the way to the bridge everything goes wrong that can. What is drawn
// comes from the seed. The order of what happens at one instant, and what the library draws itself, do
// not, so that a failure is to be understood from the history that it prints.
func TestHistory(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4}
	if n, err := strconv.Atoi(os.Getenv(envHistories)); err == nil {
		seeds = nil
		for i := range n {
			seeds = append(seeds, uint64(i+1))
		}
	}
	if n, err := strconv.ParseUint(os.Getenv(envSeed), 10, 64); err == nil {
		seeds = []uint64{n}
	}
	var total tally
	t.Run("all", func(t *testing.T) {
		for _, c := range casts() {
			for _, seed := range seeds {
				t.Run(fmt.Sprintf("%s/%d", c.name, seed), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { play(t, &c, seed, &total) })
				})
			}
		}
	})
	t.Logf("%v", &total)
	if os.Getenv(envHistories) == "" && os.Getenv(envSeed) == "" {
		total.check(t)
	}
}

// play plays one history and judges it.
func play(t *testing.T, c *cast, seed uint64, total *tally) {
	s, closeAll, err := newScene(c, seed)
	require.NoError(t, err)
	defer closeAll()

	var comers, givers, readers sync.WaitGroup
	for i := range s.names {
		comers.Go(func() { s.people(i) })
	}
	comers.Go(s.weather)
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 2 * len(s.names) {
		readers.Go(func() { s.read(ctx, i) })
	}
	for i := range workers {
		givers.Go(func() { s.work(i) })
	}
	givers.Wait()

	// The end: nothing goes wrong any more, and everything is told.
	s.step(func() { s.calm = true })
	close(s.stop)
	comers.Wait()
	time.Sleep(time.Minute)
	s.step(func() {
		for i, name := range s.names {
			if s.live[name] != nil {
				s.join(s.rng(600+i), name)
			}
		}
	})
	time.Sleep(s.cast.promptness())
	s.mark()
	var open []*reading
	s.mu.Lock()
	for _, r := range s.ranges {
		if s.checkReading(r); !r.over {
			open = append(open, r)
		}
	}
	s.mu.Unlock()
	why := cc.ErrCanceled
	if seed%2 == 0 {
		cancel()
	} else {
		why = cc.ErrClosed
		s.closeInFlight()
	}
	readers.Wait()
	for _, r := range open {
		if n := len(r.told); n == 0 || cc.KindOf(r.told[n-1].err) != why && r.told[n-1].event.Type != cc.Ended {
			s.mistake("a story did not end as %v: %v", why, r)
		}
	}
	cancel()
	require.NoError(t, s.client.Close())
	time.Sleep(5 * time.Second) // for what is on its way still
	s.mark()

	clear(s.told)
	for _, o := range s.orders {
		s.checkOrder(o)
	}
	s.checkLanes()
	s.checkReasons()
	total.add(s)
	for _, m := range s.found {
		t.Errorf("%s, seed %d: %s", c.name, seed, m)
	}
}

// closeInFlight closes the client while orders are under way.
func (s *scene) closeInFlight() {
	var givers sync.WaitGroup
	rng := s.rng(500)
	var old []cc.ConferenceID
	var list []*order
	for range 8 {
		o := s.draw(rng, &old)
		list = append(list, o)
		givers.Go(func() { s.give(o) })
	}
	time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
	synctest.Wait()
	s.step(func() {
		for _, o := range list {
			o.canceledAt = time.Now()
		}
	})
	_ = s.client.Close()
	givers.Wait()
}

// A tally counts what was played.
type tally struct {
	mu                                            sync.Mutex
	orders, looks, requests, again, effects, told int
	ended, gaps, stale, joins                     int
	kinds                                         map[cc.Kind]int
}

func (n *tally) add(s *scene) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kinds == nil {
		n.kinds = map[cc.Kind]int{}
	}
	for _, o := range s.orders {
		if o.verb == verbLook {
			n.looks++
			continue
		}
		n.orders++
		n.kinds[cc.KindOf(o.err)]++
		n.requests += len(o.requests)
		for _, r := range o.requests {
			n.effects += len(r.effects)
		}
		if len(o.requests) > 1 && o.requests[0].change == o.requests[1].change && o.requests[0].fault != throttle {
			n.again++
		}
	}
	n.joins += s.joined
	for _, r := range s.ranges {
		n.told += len(r.told)
		for _, t := range r.told {
			switch {
			case t.event.Type == cc.Ended:
				n.ended++
			case t.event.Gap:
				n.gaps++
			case t.event.Type == cc.Stale:
				n.stale++
			}
		}
	}
}

func (n *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d commands, %d snapshots, %d requests, %d sent again, %d effects, %d people; %d events, %d ended, %d gaps, %d stale;",
		n.orders, n.looks, n.requests, n.again, n.effects, n.joins, n.told, n.ended, n.gaps, n.stale)
	for kind := cc.Kind(0); kind <= cc.ErrClosed; kind++ {
		word := "nil"
		if kind != 0 {
			word = kind.Error()
		}
		fmt.Fprintf(&b, " %s: %d", word, n.kinds[kind])
	}
	return b.String()
}

// check: a history in which nothing happens proves nothing.
func (n *tally) check(t *testing.T) {
	require.Greater(t, n.orders+n.looks, 10_000)
	require.Greater(t, n.again, 100)
	require.Greater(t, n.ended, 100)
	require.Greater(t, n.gaps, 100)
	require.Greater(t, n.stale, 100)
	for kind := cc.Kind(0); kind <= cc.ErrClosed; kind++ {
		require.Positive(t, n.kinds[kind], "%v", kind)
	}
}
