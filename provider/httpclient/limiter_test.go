package httpclient_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// takers starts one taker after the other and notes when each had his turn.
type takers struct {
	l     *httpclient.Limiter
	start time.Time
	wg    sync.WaitGroup

	mu sync.Mutex
	at map[string]time.Duration
}

func newTakers(n int, window time.Duration) *takers {
	return &takers{l: httpclient.NewLimiter(n, window), start: time.Now(), at: map[string]time.Duration{}}
}

func (k *takers) begin(ctx context.Context, name string, watching bool) {
	k.wg.Go(func() {
		if _, err := httpclient.Take(k.l, ctx, watching); err != nil {
			return
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.at[name] = time.Since(k.start)
	})
	synctest.Wait()
}

// TestLimiterWindow counts what begins within any span of one window.
func TestLimiterWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(5, 1*s)
		for i := range 3 {
			k.begin(t.Context(), fmt.Sprint(i), false)
		}
		time.Sleep(900 * ms)
		for i := range 30 {
			k.begin(t.Context(), fmt.Sprint(3+i), false)
		}
		k.wg.Wait()
		for i := range 33 { // three at the full second, two 900 ms later, in order of arrival
			want := time.Duration(i/5) * s
			if i >= 3 && i%5 >= 3 {
				want += 900 * ms
			}
			require.Equal(t, want, k.at[fmt.Sprint(i)], "turn %d", i)
		}
	})
}

// TestLimiterWatching shows who goes first, and that watchers have half of the rate.
func TestLimiterWatching(t *testing.T) {
	type turns map[string]time.Duration
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(4, 1*s)
		for i := range 4 {
			k.begin(t.Context(), fmt.Sprint("w", i), true)
		}
		require.Len(t, k.at, 2, "half of the rate is the commands'")
		for i := range 5 {
			k.begin(t.Context(), fmt.Sprint("c", i), false)
		}
		k.wg.Wait()
		require.Equal(t, turns{"w0": 0, "w1": 0, "c0": 0, "c1": 0, "c2": s, "c3": s, "c4": s, "w2": s, "w3": 2 * s}, turns(k.at))
	})
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(2, 1*s)
		for _, name := range []string{"c0", "c1", "w0", "c2", "c3", "w1", "c4"} {
			k.begin(t.Context(), name, name[0] == 'w')
		}
		k.wg.Wait()
		require.Equal(t, turns{"c0": 0, "c1": 0, "c2": s, "c3": s, "c4": 2 * s, "w0": 2 * s, "w1": 3 * s}, turns(k.at))
	})
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(1, 1*s)
		for i := range 3 {
			k.begin(t.Context(), fmt.Sprint("w", i), true)
		}
		k.wg.Wait()
		require.Equal(t, turns{"w0": 0, "w1": 2 * s, "w2": 4 * s}, turns(k.at), "half of one a second")
	})
}

// TestLimiterDeadline shows that who cannot have a turn in time is told so at once.
func TestLimiterDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(2, 5*s)
		k.begin(t.Context(), "a", false)
		time.Sleep(1 * s)
		k.begin(t.Context(), "b", false)
		k.begin(t.Context(), "c", false) // at 5 s
		k.begin(t.Context(), "d", false) // at 6 s
		for _, tc := range []struct {
			watching bool
			within   time.Duration
			after    time.Duration
		}{
			{false, 9 * s, 9 * s}, // of the third round: 10 s
			{true, 9 * s, 9 * s},
			{false, 1, 9 * s},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), tc.within)
			after, err := httpclient.Take(k.l, ctx, tc.watching)
			cancel()
			require.Equal(t, httpclient.ErrBusy, err)
			require.Equal(t, tc.after, after)
			require.Equal(t, 1*s, time.Since(k.start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 9*s+1)
		defer cancel()
		k.begin(ctx, "e", false)
		k.wg.Wait()
		require.Equal(t, map[string]time.Duration{"a": 0, "b": 1 * s, "c": 5 * s, "d": 6 * s, "e": 10 * s}, k.at)
	})
}

// TestLimiterCancel shows that a turn which nobody waits for any more goes to the next, and that the
// limiter leaves nothing behind.
func TestLimiterCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(1, 1*s)
		k.begin(t.Context(), "a", false)
		ctx, cancel := context.WithCancel(t.Context())
		k.begin(ctx, "b", false)
		k.begin(t.Context(), "c", false)
		k.begin(ctx, "w", true)
		require.Equal(t, 3, httpclient.Waiting(k.l))
		cancel()
		synctest.Wait()
		require.Equal(t, 1, httpclient.Waiting(k.l))
		k.wg.Wait()
		require.Equal(t, map[string]time.Duration{"a": 0, "c": 1 * s}, k.at)

		ctx, cancel = context.WithCancel(t.Context())
		k.begin(ctx, "d", false)
		cancel()
		k.wg.Wait()
		time.Sleep(2 * s)
		k.begin(t.Context(), "e", false)
		require.Equal(t, 3*s, k.at["e"])
	})
}

// TestLimiterBounded shows that the queue has an end.
func TestLimiterBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(1, 1*s)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := httpclient.Take(k.l, ctx, false)
		require.NoError(t, err)
		for range 1024 {
			k.wg.Go(func() { _, _ = httpclient.Take(k.l, ctx, false) })
		}
		synctest.Wait()
		require.Equal(t, 1024, httpclient.Waiting(k.l))
		after, err := httpclient.Take(k.l, ctx, false)
		require.Equal(t, httpclient.ErrBusy, err)
		require.Equal(t, 1025*s, after)
		cancel()
		k.wg.Wait()
		require.Zero(t, httpclient.Waiting(k.l))
	})
}

// TestLimiterNone shows what is no limit.
func TestLimiterNone(t *testing.T) {
	for _, l := range []*httpclient.Limiter{nil, httpclient.NewLimiter(0, 1*s), httpclient.NewLimiter(3, 0), httpclient.NewLimiter(-1, -1)} {
		for range 100 {
			_, err := httpclient.Take(l, t.Context(), false)
			require.NoError(t, err)
		}
	}
}

// TestLimitedClients shows a limiter that two clients share: every attempt counts, a refusal is
// ErrRateLimited with nothing sent, and a watcher's read is told by its context.
func TestLimitedClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := httpclient.NewLimiter(4, 5*s)
		one, two := play(status(503), status(204)), play(status(204))
		c1 := newClient(t, httpclient.Options{Transport: one, Limiter: l})
		c2 := newClient(t, httpclient.Options{Transport: two, Limiter: l})
		_, err := c1.Do(t.Context(), request(read), nil) // two turns
		require.NoError(t, err)
		watching := provider.WithPurpose(t.Context(), provider.ForWatching)
		_, err = c2.Do(watching, request(read), nil)
		require.NoError(t, err)
		_, err = c2.Do(watching, request(absolute), nil) // a command is a command
		require.NoError(t, err)
		require.Equal(t, 50*ms, time.Since(one.start))

		for _, class := range classes {
			ctx, cancel := context.WithTimeout(t.Context(), 4*s)
			answer, err := c2.Do(ctx, request(class), nil)
			cancel()
			e := failure(t, err)
			require.Equal(t, cc.ErrRateLimited, e.Kind)
			require.Equal(t, 4950*ms, e.RetryAfter)
			require.Zero(t, answer.Attempts)
		}
		ctx, cancel := context.WithTimeout(provider.WithPurpose(t.Context(), provider.ForSettling), 4*s)
		defer cancel()
		_, err = c2.Do(ctx, request(read), nil)
		require.ErrorIs(t, err, cc.ErrRateLimited)
		require.Equal(t, 50*ms, time.Since(one.start), "refused at once")
		require.Equal(t, 500, int(httpclient.Budget(c2)))

		// A repeat for which there is no turn in time is not waited for: the answer stands.
		time.Sleep(10 * s)
		one.steps = []step{status(503, "X-Request-Id", "i")}
		for range 3 {
			_, err = httpclient.Take(l, t.Context(), false)
			require.NoError(t, err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 4*s)
		defer cancel()
		answer, err := c1.Do(ctx, request(read), nil)
		require.Equal(t, 503, failure(t, err).Status)
		require.Equal(t, cc.ErrUnavailable, cc.KindOf(err))
		require.Equal(t, 1, answer.Attempts)
	})
}

// TestLimiterStorm lets everybody take and give up at random places; nobody is lost.
func TestLimiterStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTakers(10, 100*ms)
		var (
			wg sync.WaitGroup
			at []time.Duration
		)
		for i := range 400 {
			wg.Go(func() {
				time.Sleep(time.Duration(i%7) * 10 * ms)
				ctx, cancel := t.Context(), func() {}
				if i%3 == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*ms)
				}
				defer cancel()
				if _, err := httpclient.Take(k.l, ctx, i%2 == 0); err != nil {
					return
				}
				k.mu.Lock()
				at = append(at, time.Since(k.start))
				k.mu.Unlock()
			})
		}
		wg.Wait()
		require.Zero(t, httpclient.Waiting(k.l))
		require.Greater(t, len(at), 266)
		for i := 10; i < len(at); i++ {
			require.GreaterOrEqual(t, at[i]-at[i-10], 100*ms)
		}
	})
}
