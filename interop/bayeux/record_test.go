package interop_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A record is what a consumer of a channel has received, in order, by the numbers of the events.
type record struct {
	mu      sync.Mutex
	numbers []int
	marked  []int // those that were said to come after a possible gap
	seen    map[int]int
	changed chan struct{}
}

func newRecord() *record {
	return &record{seen: map[int]int{}, changed: make(chan struct{})}
}

// add notes an event, and whether it was said to come after a possible gap.
func (r *record) add(n int, afterGap bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if afterGap {
		r.marked = append(r.marked, n)
	}
	r.numbers = append(r.numbers, n)
	r.seen[n]++
	close(r.changed)
	r.changed = make(chan struct{})
}

// times is how often an event has come.
func (r *record) times(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[n]
}

func (r *record) all() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.numbers)
}

// await waits until an event has come, and tells whether it did.
func (r *record) await(n int, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	for {
		r.mu.Lock()
		there, changed := r.seen[n] > 0, r.changed
		r.mu.Unlock()
		if there {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// must waits for an event that has to come.
func (r *record) must(t *testing.T, n int) {
	t.Helper()
	if !r.await(n, patience) {
		all := r.all()
		require.FailNow(t, "not received", "event %d of a channel that had %d, the last ones %v", n, len(all), all[max(0, len(all)-10):])
	}
}

// A tally is what became of events that were published.
type tally struct {
	published, lost, repeated int
	untold                    int // of those lost: where no possible gap was told
	inside, held              int // resets
	gaps                      int // told
}

// count compares what came with the numbers from 1 to last, which were published in this order. What
// comes out of order is counted as repeated. Where a number is missing, the next event that came has
// to be marked.
func (r *record) count(last int) tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := tally{published: last}
	before := 0
	for _, n := range r.numbers {
		switch {
		case n <= before:
			c.repeated++
			continue
		case n > before+1:
			missing := n - before - 1
			c.lost += missing
			if !slices.Contains(r.marked, n) {
				c.untold += missing
			}
		}
		before = n
	}
	c.lost += last - before
	c.untold += last - before
	return c
}

// sequence is the numbers from first to last.
func sequence(first, last int) []int {
	s := make([]int, 0, last-first+1)
	for n := first; n <= last; n++ {
		s = append(s, n)
	}
	return s
}

// A moment is a life-cycle event, as far as it matters here.
type moment struct {
	what string
	gap  bool
}

func (m moment) String() string {
	if m.gap {
		return m.what + " with a gap"
	}
	return m.what
}

// A life is what a session has told of itself.
type life struct {
	mu      sync.Mutex
	moments []moment
	errs    []error // why, of each
	changed chan struct{}
}

func newLife() *life { return &life{changed: make(chan struct{})} }

func (l *life) add(m moment, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moments = append(l.moments, m)
	l.errs = append(l.errs, err)
	close(l.changed)
	l.changed = make(chan struct{})
}

// told is what was told so far.
func (l *life) told() []moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.moments)
}

// gaps counts the gaps that were told of so far.
func (l *life) gaps() int {
	n := 0
	for _, m := range l.told() {
		if m.gap {
			n++
		}
	}
	return n
}

// after waits until more than that many moments have been told, the last of which satisfies ok, and
// returns them without the first ones.
func (l *life) after(t *testing.T, many int, ok func(moment) bool) []moment {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		l.mu.Lock()
		told, changed := slices.Clone(l.moments), l.changed
		l.mu.Unlock()
		for i := many; i < len(told); i++ {
			if ok(told[i]) {
				return told[many : i+1]
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			require.FailNow(t, "not told", "but %s", fmt.Sprint(told))
		}
	}
}

// settled tells whether a moment is one after which a session works again, or never will.
func settled(m moment) bool {
	return m.what == "resumed" || m.what == "re-established" || m.what == "closed"
}
