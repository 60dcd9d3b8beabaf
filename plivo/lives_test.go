package plivo_test

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// The environment variables by which another number of lives is asked for, or one again.
const (
	envLives = "CALLCONTROL_LIVES"
	envLife  = "CALLCONTROL_LIFE_SEED"
)

const (
	manyLives = 1000
	// Under the race detector a life takes eight times as long, and what races shows in few of them.
	someLives = 100
)

// TestLives lives random lives of a conference, at the two APIs in turn: people come and go, are muted,
// held and removed by commands of clients and behind their backs, the conference ends and begins again
// under its name, reads fail for a while, and the callbacks are doubled, dropped, delayed, reordered and
// forged. In half of the lives there is a second replica, which gets no callbacks: the first one's
// Notified is its Notify. What the readers of events were told is held against the bridge, and what was
// read against what had rung.
//
// What is drawn comes from the seed, which a failure prints. The order of what happens at one instant,
// and what the library draws itself, do not.
func TestLives(t *testing.T) {
	n, whole := manyLives, true
	if raceDetector {
		n = someLives
	}
	if asked, err := strconv.Atoi(os.Getenv(envLives)); err == nil {
		n, whole = asked, false
	}
	var seeds []uint64
	for i := range n {
		seeds = append(seeds, uint64(i+1))
	}
	if seed, err := strconv.ParseUint(os.Getenv(envLife), 10, 64); err == nil {
		seeds, whole = []uint64{seed}, false
	}
	// Much is made and little is kept: a third of the time would go into collecting garbage.
	usual := debug.SetGCPercent(400)
	defer debug.SetGCPercent(usual)
	sum := &livesSum{counts: map[string]int{}}
	t.Run("life", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { liveOnce(t, seed, sum) })
			})
		}
	})
	t.Log(sum)
	if whole {
		sum.check(t, n)
	}
}

// liveOnce lives one life and judges it.
func liveOnce(t *testing.T, seed uint64, sum *livesSum) {
	l, err := newLife(seed)
	require.NoError(t, err)
	defer l.close()

	var readers sync.WaitGroup
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for _, p := range l.replicas {
		for _, style := range l.styles(p) {
			readers.Go(func() { p.read(ctx, style) })
		}
	}
	l.happen()

	// Nothing happens any more. What was lost is made up for within the time between reconciles.
	l.setCalm()
	time.Sleep(30*time.Second + 500*time.Millisecond)
	synctest.Wait()
	l.judgeOutcome()
	l.judgeCallbacks()
	l.judgeForgeries()

	kind := cc.ErrCanceled
	if seed%3 == 0 {
		kind = cc.ErrClosed
		for _, p := range l.replicas {
			require.NoError(t, p.client.Close())
		}
		synctest.Wait()
	}
	cancel()
	readers.Wait()
	truth := l.history()
	for _, p := range l.replicas {
		for _, r := range p.ranges {
			l.judgeRange(truth, r)
			l.judgeEnd(r, kind)
			l.judgeReasons(truth, r)
		}
		l.judgeReads(truth, p)
	}
	sum.add(l, truth)
	if len(l.mistakes) > 0 {
		t.Errorf("%s\n%v\nAgain: %s=%d go test -run '^TestLives$' ./plivo", strings.Join(l.mistakes, "\n"), l, envLife, seed)
	}
}

// mistake notes that something is not as it was promised.
func (l *life) mistake(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.mistakes) < 5 {
		l.mistakes = append(l.mistakes, fmt.Sprintf(format, args...))
	}
}

// count counts something that was judged or has happened.
func (l *life) count(what string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what] += n
}

// A livesSum counts what was lived through.
type livesSum struct {
	mu     sync.Mutex
	counts map[string]int
}

// livesCounted is what is counted, and how often a thousand lives have it at least: a life in which
// nothing happens proves nothing.
var livesCounted = []struct {
	what  string
	least int
}{
	{"lives", 1000}, {"of two replicas", 500}, {"runs", 2000}, {"steps", 15_000}, {"commands", 2000}, {"commands nil", 1500},
	{"callbacks", 15_000}, {"dropped", 4000}, {"doubled", 2000}, {"delayed", 2000}, {"reordered", 2000},
	{"refused", 3000}, {"lies", 1000}, {"repeated", 1000}, {"no bells", 400},
	{"synced", 3000}, {"joined", 3000}, {"changed", 2500}, {"left", 7000}, {"stale", 600}, {"gap", 400}, {"ended", 1800},
	{"not found", 3000}, {"reason hung-up", 600}, {"reason removed", 1200}, {"reason ended", 3500}, {"own removals told", 600},
	{"bells heeded", 9000}, {"reads followed", 10_000}, {"reads caused", 5000}, {"failures told", 100},
	{"faults", 500}, {"outcomes live", 900}, {"outcomes over", 10}, {"forgeries at rest", 6000},
}

func (n *livesSum) add(l *life, truth *lifeTruth) {
	sent := l.sender.Counts()
	l.counts["lives"]++
	if len(l.replicas) > 1 {
		l.counts["of two replicas"]++
	}
	l.counts["runs"] += len(truth.runs)
	l.counts["callbacks"] += sent.Made
	l.counts["dropped"] += sent.Dropped
	l.counts["doubled"] += sent.Doubled
	l.counts["delayed"] += sent.Delayed
	l.counts["reordered"] += sent.Reordered
	for _, p := range l.replicas {
		for _, r := range p.ranges {
			for _, t := range r.told {
				switch {
				case cc.KindOf(t.err) == cc.ErrNotFound:
					l.counts["not found"]++
				case t.err == nil:
					l.counts[string(t.event.Type)]++
				}
				if t.event.Gap {
					l.counts["gap"]++
				}
				if t.event.Type == cc.Left {
					l.counts["reason "+string(t.event.Reason)]++
				}
			}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for what, k := range l.counts {
		n.counts[what] += k
	}
}

func (n *livesSum) String() string {
	var b strings.Builder
	for i, c := range livesCounted {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d", c.what, n.counts[c.what])
	}
	return b.String()
}

func (n *livesSum) check(t *testing.T, lives int) {
	for _, c := range livesCounted {
		require.GreaterOrEqual(t, n.counts[c.what], c.least*lives/manyLives, c.what)
	}
}

// drawTrouble draws how callbacks come to harm.
func (l *life) drawTrouble() plivoserver.Trouble {
	rng := l.rng(1)
	t := plivoserver.Trouble{Seed: l.seed, MaxDelay: []time.Duration{200 * time.Millisecond, 2 * time.Second, 5 * time.Second}[rng.IntN(3)]}
	switch rng.IntN(10) {
	case 0: // none
	case 1:
		t.Drop = 1
	case 2:
		t.Forge = 0.9
	default:
		for _, rate := range []*float64{&t.Drop, &t.Double, &t.Delay, &t.Reorder, &t.Forge} {
			*rate = rng.Float64() * 0.6
		}
	}
	return t
}
