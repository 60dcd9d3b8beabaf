package lapse_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/internal/lapse"
)

type key struct{}

func begin(parent context.Context, d time.Duration) *lapse.Context {
	c := new(lapse.Context)
	c.Begin(parent, time.Now().Add(d))
	return c
}

// limit makes an attempt, watched by a Watch of its own.
func limit(ctx context.Context, d time.Duration) (*lapse.Attempt, context.CancelFunc) {
	return watched(new(lapse.Watch), ctx, d)
}

func watched(w *lapse.Watch, ctx context.Context, d time.Duration) (*lapse.Attempt, context.CancelFunc) {
	a := new(lapse.Attempt)
	w.Limit(a, ctx, time.Now(), d)
	return a, a.Stop
}

// ended tells when a context ends, and why.
func ended(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	<-ctx.Done()
	return time.Since(began), ctx.Err()
}

// What ends it is the same whether Done was asked for before or not, and for what is derived from it.
func TestItEndsAsAContextOfTheStandardLibrary(t *testing.T) {
	cause := errors.New("cause")
	for _, tc := range []struct {
		name    string
		happens func(stop context.CancelCauseFunc, c *lapse.Context) // what happens after a second
		limit   time.Duration                                        // of the parent; 0: none
		at      time.Duration
		err     error
		cause   error
	}{
		{"its time", nil, 0, 3 * time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		{"its parent's time", nil, 2 * time.Second, 2 * time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		{"its parent is canceled", func(stop context.CancelCauseFunc, _ *lapse.Context) { stop(cause) }, 0, time.Second, context.Canceled, cause},
		{"it is canceled", func(_ context.CancelCauseFunc, c *lapse.Context) { c.Cancel() }, 0, time.Second, context.Canceled, context.Canceled},
	} {
		for how, use := range map[string]func(c *lapse.Context) (context.Context, context.CancelFunc){
			"asked first": func(c *lapse.Context) (context.Context, context.CancelFunc) { c.Done(); return c, c.Cancel },
			"asked last":  func(c *lapse.Context) (context.Context, context.CancelFunc) { return c, c.Cancel },
			"derived":     func(c *lapse.Context) (context.Context, context.CancelFunc) { return context.WithCancel(c) },
			"limited":     func(c *lapse.Context) (context.Context, context.CancelFunc) { return limit(c, time.Minute) },
			"with a value": func(c *lapse.Context) (context.Context, context.CancelFunc) {
				return context.WithValue(c, key{}, 1), c.Cancel
			},
			"limited, with a value": func(c *lapse.Context) (context.Context, context.CancelFunc) {
				return limit(context.WithValue(c, key{}, 1), time.Minute)
			},
		} {
			t.Run(tc.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					parent, stop := context.WithCancelCause(t.Context())
					defer stop(nil)
					if tc.limit > 0 {
						var cancel context.CancelFunc
						parent, cancel = context.WithTimeout(parent, tc.limit)
						defer cancel()
					}
					c := begin(parent, 3*time.Second)
					defer c.Cancel()
					ctx, done := use(c)
					defer done()
					require.NoError(t, c.Err())
					require.NoError(t, ctx.Err())
					if tc.happens != nil {
						time.AfterFunc(time.Second, func() { tc.happens(stop, c) })
					}
					began := time.Now()
					want := began.Add(3 * time.Second)
					if tc.limit > 0 {
						want = began.Add(tc.limit)
					}
					deadline, ok := ctx.Deadline()
					require.True(t, ok)
					require.True(t, want.Equal(deadline))

					at, err := ended(ctx)
					require.Equal(t, tc.at, at)
					require.ErrorIs(t, err, tc.err)
					require.Equal(t, tc.cause, context.Cause(ctx))
					require.ErrorIs(t, c.Err(), tc.err)
					<-c.Done()
					require.ErrorIs(t, c.Err(), tc.err)
				})
			})
		}
	}
}

// Err alone, which makes no channel, knows of the end, and stays at it.
func TestErrAloneKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, stop := context.WithCancel(t.Context())
		c := begin(parent, time.Second)
		time.Sleep(time.Second - time.Nanosecond)
		require.NoError(t, c.Err())
		time.Sleep(time.Nanosecond)
		require.Equal(t, context.DeadlineExceeded, c.Err())
		c.Cancel()
		stop()
		require.Equal(t, context.DeadlineExceeded, c.Err())
		<-c.Done()
		require.Equal(t, context.DeadlineExceeded, c.Err())
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begin(context.WithValue(t.Context(), key{}, "value"), 10*time.Second)
		short, done := limit(c, time.Second)
		other, end := limit(c, 4*time.Second)
		require.Equal(t, "value", short.Value(key{}))
		at, err := ended(short)
		require.Equal(t, time.Second, at)
		require.Equal(t, context.DeadlineExceeded, err)
		require.NoError(t, c.Err(), "an attempt that ends ends nothing else")
		require.NoError(t, other.Err())
		done()
		done()
		end()
		require.Equal(t, context.Canceled, other.Err())
		require.NoError(t, c.Err())

		c.Cancel()
		late, stop := limit(c, time.Second)
		defer stop()
		require.Equal(t, context.Canceled, late.Err())
	})
}

func TestLimitOfAnyContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := limit(t.Context(), time.Second)
		defer stop()
		at, err := ended(ctx)
		require.Equal(t, time.Second, at)
		require.Equal(t, context.DeadlineExceeded, err)
	})
}

// Many may use one at once.
func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begin(t.Context(), time.Minute)
		over := make(chan error)
		for i := range 50 {
			go func() {
				ctx, stop := limit(c, time.Duration(i+1)*time.Second)
				defer stop()
				if i%2 == 0 {
					<-c.Done()
				}
				<-ctx.Done()
				over <- ctx.Err()
			}()
		}
		time.Sleep(10*time.Second + 1)
		c.Cancel()
		late := 0
		for range 50 {
			if errors.Is(<-over, context.DeadlineExceeded) {
				late++
			}
		}
		require.Equal(t, 10, late)
		require.Equal(t, context.Canceled, c.Err())
	})
}

// A Watch ends each attempt at its own time, in whatever order they were begun and stopped.
func TestWatchEndsEachAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w lapse.Watch
		defer w.Close()
		began := time.Now()
		type end struct {
			n  int
			at time.Duration
		}
		ends := make(chan end, 10)
		stops := make(map[int]context.CancelFunc)
		for _, n := range []int{5, 3, 9, 1, 7, 2, 8} {
			a, stop := watched(&w, t.Context(), time.Duration(n)*time.Second)
			stops[n] = stop
			context.AfterFunc(a, func() {
				if errors.Is(a.Err(), context.DeadlineExceeded) {
					ends <- end{n, time.Since(began)}
				}
			})
		}
		for _, n := range []int{1, 7, 9} { // the first of the list, one of the middle and the last
			stops[n]()
		}
		time.Sleep(3 * time.Second)
		_, stop := watched(&w, t.Context(), time.Hour)
		time.Sleep(time.Minute)
		synctest.Wait()
		close(ends)
		var got []end
		for e := range ends {
			got = append(got, e)
		}
		require.Equal(t, []end{{2, 2 * time.Second}, {3, 3 * time.Second}, {5, 5 * time.Second}, {8, 8 * time.Second}}, got)
		stop()
		for _, stop := range stops {
			stop()
		}
	})
}

// After Close the timer runs only while there is something to watch.
func TestWatchRests(t *testing.T) {
	for _, first := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var w lapse.Watch
			a, stop := watched(&w, t.Context(), time.Second)
			if first {
				stop()
				w.Close()
			} else {
				w.Close()
				stop()
			}
			require.True(t, lapse.Resting(&w))
			require.Equal(t, context.Canceled, a.Err())
			late, stop := watched(&w, t.Context(), time.Second)
			require.False(t, lapse.Resting(&w))
			at, err := ended(late)
			require.Equal(t, time.Second, at)
			require.Equal(t, context.DeadlineExceeded, err)
			synctest.Wait()
			require.True(t, lapse.Resting(&w))
			stop()
		})
	}
}

// What never had a chance is at its end from the beginning.
func TestLimitThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := limit(t.Context(), 0)
		defer stop()
		require.Equal(t, context.DeadlineExceeded, a.Err())
	})
}
