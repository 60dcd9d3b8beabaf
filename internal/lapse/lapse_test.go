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
			"limited":     func(c *lapse.Context) (context.Context, context.CancelFunc) { return lapse.Limit(c, time.Minute) },
			"with a value": func(c *lapse.Context) (context.Context, context.CancelFunc) {
				return context.WithValue(c, key{}, 1), c.Cancel
			},
			"limited, with a value": func(c *lapse.Context) (context.Context, context.CancelFunc) {
				return lapse.Limit(context.WithValue(c, key{}, 1), time.Minute)
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
		short, done := lapse.Limit(c, time.Second)
		other, end := lapse.Limit(c, 4*time.Second)
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
		late, stop := lapse.Limit(c, time.Second)
		defer stop()
		require.Equal(t, context.Canceled, late.Err())
	})
}

func TestLimitOfAnyContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := lapse.Limit(t.Context(), time.Second)
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
				ctx, stop := lapse.Limit(c, time.Duration(i+1)*time.Second)
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
