package provider

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// Every sequence of news and reads up to a depth is given to watching.step, as the shell would give
// it. What the shell can do: hand over a read only after it was told to read, and all news that came
// until then with it.

var watchStart = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	watchDepth = 9
	watchRetry = 150 * time.Millisecond
)

var watchNews = []news{
	{bell: true},
	{gap: true, bell: true},
	{lost: true},
	{stands: true},
	{lost: true, stands: true, bell: true}, // both since the last look: it came back
}

var watchReads = []error{
	nil,
	&cc.Error{Kind: cc.ErrUnavailable},
	&cc.Error{Kind: cc.ErrNotFound},
	&cc.Error{Kind: cc.ErrUnauthenticated},
}

// A watchModel is what the contract says of one path so far.
type watchModel struct {
	have     bool // synced was told
	standing bool
	missed   bool // something may have been missed, and no gap was told for it
	fails    int  // reads in a row
	stale    bool
	reading  bool
	began    time.Time // the last read
}

type watchNode struct {
	s     watching
	m     watchModel
	wake  time.Time
	now   time.Time
	depth int
}

type watchWalk struct {
	t     *testing.T
	seen  map[watchNode]bool
	trace []string
	steps int
}

func (w *watchWalk) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%v: %s", w.trace, fmt.Sprintf(format, args...))
}

func (w *watchWalk) walk(n watchNode) {
	if n.depth == 0 || w.seen[n] {
		return
	}
	w.seen[n] = true
	if n.m.reading {
		for _, err := range watchReads {
			w.try(n, watchInput{now: n.now.Add(20 * time.Millisecond), read: true, err: err, wait: watchRetry})
			for _, in := range watchNews {
				w.try(n, watchInput{now: n.now.Add(20 * time.Millisecond), read: true, err: err, wait: watchRetry, news: in})
			}
		}
		return
	}
	for _, in := range watchNews {
		w.try(n, watchInput{now: n.now.Add(20 * time.Millisecond), news: in})
	}
	if !n.wake.IsZero() {
		w.try(n, watchInput{now: n.wake})
	}
}

func (w *watchWalk) try(n watchNode, in watchInput) {
	w.steps++
	w.trace = append(w.trace, fmt.Sprintf("%+v", in))
	defer func() { w.trace = w.trace[:len(w.trace)-1] }()
	s, out := n.s.step(in)
	m := n.m

	if in.news.lost {
		m.standing = false
	}
	if in.news.stands {
		m.standing = true
	}
	missed := in.news.lost || in.news.gap
	wantPublish, wantGap, wantStale, wantOver, wantFail := false, false, false, false, false
	switch {
	case !in.read:
		m.missed = m.missed || missed
	case in.err == nil:
		wantPublish, wantGap = true, m.have && m.missed || m.stale
		m.have, m.missed, m.fails, m.stale = true, missed, 0, false
	case cc.KindOf(in.err) == cc.ErrNotFound:
		wantOver = true
	case cc.KindOf(in.err) == cc.ErrUnauthenticated:
		wantFail = true
	default:
		m.fails++
		m.missed = m.missed || missed || !m.standing
		wantStale = !m.stale && (m.missed || m.fails > 1)
		m.stale = m.stale || wantStale
	}
	if out.publish != wantPublish || out.gap != wantGap || (out.stale != nil) != wantStale || out.over != wantOver || (out.fail != nil) != wantFail {
		w.fatal("got %+v, want publish %v gap %v stale %v over %v fail %v", out, wantPublish, wantGap, wantStale, wantOver, wantFail)
	}
	if wantOver || wantFail {
		if out.read {
			w.fatal("it reads after the end")
		}
		return
	}
	m.reading = out.read
	if out.read {
		if !m.began.IsZero() && in.now.Sub(m.began) < debounce {
			w.fatal("a read %v after the one before", in.now.Sub(m.began))
		}
		if n.wake.IsZero() && in.news == (news{}) && !in.read {
			w.fatal("a read while none was due")
		}
		m.began = in.now
		if !out.wake.IsZero() {
			w.fatal("an alarm during a read")
		}
	} else {
		// Silence is calm only where the news comes and everything was read.
		calm := m.have && m.standing && !m.missed && m.fails == 0
		switch {
		case out.wake.IsZero() && (!calm || s.reconcile > 0):
			w.fatal("nothing wakes it: %+v", m)
		case in.news != (news{}) && out.wake.Sub(in.now) > debounce:
			w.fatal("news is looked at after %v", out.wake.Sub(in.now))
		case !out.wake.IsZero() && out.wake.Sub(in.now) > max(s.poll, s.reconcile):
			w.fatal("it sleeps for %v", out.wake.Sub(in.now))
		case m.stale && out.wake.Sub(in.now) > watchRetry && in.news == (news{}) && in.read:
			w.fatal("a failed read is repeated after %v", out.wake.Sub(in.now))
		}
	}
	w.walk(watchNode{s, m, out.wake, in.now, n.depth - 1})
}

func TestWatchingEverySequence(t *testing.T) {
	for _, standing := range []bool{true, false} {
		for _, reconcile := range []time.Duration{0, 30 * time.Second} {
			w := &watchWalk{t: t, seen: make(map[watchNode]bool)}
			s := watching{poll: 5 * time.Second, reconcile: reconcile, standing: standing, due: watchStart}
			s, out := s.step(watchInput{now: watchStart})
			require.Equal(t, watchOutput{read: true}, out)
			m := watchModel{standing: standing, reading: true, began: watchStart}
			w.walk(watchNode{s, m, out.wake, watchStart, watchDepth})
			t.Logf("standing %v reconcile %v: %d steps", standing, reconcile, w.steps)
			require.Greater(t, w.steps, 10_000)
		}
	}
}

func TestWatchingTimes(t *testing.T) {
	at := func(ms int) time.Time { return watchStart.Add(time.Duration(ms) * time.Millisecond) }
	s := watching{poll: 5 * time.Second, standing: true, due: watchStart}
	s, out := s.step(watchInput{now: at(0)})
	require.True(t, out.read)
	s, out = s.step(watchInput{now: at(10), read: true})
	require.Equal(t, watchOutput{publish: true}, out)

	// A burst within the debounce is one read, 100 ms after the last one began.
	for ms := 20; ms < 100; ms += 20 {
		s, out = s.step(watchInput{now: at(ms), news: news{bell: true}})
		require.Equal(t, watchOutput{wake: at(100)}, out, ms)
	}
	s, out = s.step(watchInput{now: at(100)})
	require.Equal(t, watchOutput{read: true}, out)
	s, out = s.step(watchInput{now: at(110), read: true})
	require.Equal(t, watchOutput{publish: true}, out)

	// After that a bell is answered at once.
	s, out = s.step(watchInput{now: at(1000), news: news{bell: true}})
	require.Equal(t, watchOutput{read: true}, out)

	// One bad read while the news comes is repeated in silence, the second is stale.
	bad := errors.New("bad")
	s, out = s.step(watchInput{now: at(1010), read: true, err: bad, wait: 100 * time.Millisecond})
	require.Equal(t, watchOutput{wake: at(1110)}, out)
	s, out = s.step(watchInput{now: at(1110)})
	require.Equal(t, watchOutput{read: true}, out)
	s, out = s.step(watchInput{now: at(1120), read: true, err: bad, wait: time.Minute})
	require.Equal(t, watchOutput{stale: bad, wake: at(6120)}, out, "a long wait is no longer than a poll")
	s, out = s.step(watchInput{now: at(6120)})
	require.Equal(t, watchOutput{read: true}, out)
	s, out = s.step(watchInput{now: at(6130), read: true})
	require.Equal(t, watchOutput{publish: true, gap: true}, out)

	// The loss of the subscription is read at once, told as a gap once, and then polled.
	s, out = s.step(watchInput{now: at(7000), news: news{lost: true}})
	require.Equal(t, watchOutput{read: true}, out)
	s, out = s.step(watchInput{now: at(7010), read: true})
	require.Equal(t, watchOutput{publish: true, gap: true, wake: at(12010)}, out)
	s, out = s.step(watchInput{now: at(12010)})
	require.Equal(t, watchOutput{read: true}, out)
	s, out = s.step(watchInput{now: at(12020), read: true})
	require.Equal(t, watchOutput{publish: true, wake: at(17020)}, out)

	// A poll that fails is news that was lost and cannot be read.
	s, out = s.step(watchInput{now: at(17020)})
	require.Equal(t, watchOutput{read: true}, out)
	s, out = s.step(watchInput{now: at(17030), read: true, err: bad, wait: 100 * time.Millisecond})
	require.Equal(t, watchOutput{stale: bad, wake: at(17130)}, out)

	// That the subscription stands again is a bell.
	_, out = s.step(watchInput{now: at(17120), news: news{stands: true}})
	require.Equal(t, watchOutput{read: true}, out)
}
