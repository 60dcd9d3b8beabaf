package provider

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLanesOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lanes
		k, far := lane{"room", "1"}, time.Now().Add(time.Hour)
		require.NoError(t, l.enter(t.Context(), k, false, far, nil))
		require.NoError(t, l.enter(t.Context(), lane{"room", "2"}, false, far, nil), "another lane is free")
		var order []int
		for i, ahead := range []bool{false, false, false, true, true} {
			go func() {
				if l.enter(context.Background(), k, ahead, far, nil) == nil {
					order = append(order, i)
					l.leave(k)
				}
			}()
			synctest.Wait()
		}
		require.Empty(t, order)
		l.leave(k)
		synctest.Wait()
		require.Equal(t, []int{3, 4, 0, 1, 2}, order)
		l.leave(lane{"room", "2"})
		require.Empty(t, l.taken, "nothing is kept of lanes that nobody is in")
	})
}

// Who gives up leaves the queue as if never there, and a turn that comes at the very instant of giving
// up is passed on.
func TestLanesGivingUp(t *testing.T) {
	for name, test := range map[string]struct {
		give func(cancel func(), closing chan struct{})
		want error
	}{
		"canceled": {func(cancel func(), _ chan struct{}) { cancel() }, context.Canceled},
		"closed":   {func(_ func(), closing chan struct{}) { close(closing) }, errClosed},
		"deadline": {func(func(), chan struct{}) { time.Sleep(time.Second) }, context.DeadlineExceeded},
	} {
		for _, atOnce := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var l lanes
					k, far := lane{"room", "1"}, time.Now().Add(time.Hour)
					require.NoError(t, l.enter(t.Context(), k, false, far, nil))
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					closing := make(chan struct{})
					gaveUp := make(chan error, 1)
					go func() { gaveUp <- l.enter(ctx, k, false, time.Now().Add(time.Second), closing) }()
					synctest.Wait()
					last := make(chan error, 1)
					go func() { last <- l.enter(context.Background(), k, false, far, nil) }()
					synctest.Wait()

					if atOnce {
						test.give(cancel, closing)
						l.leave(k)
						if err := <-gaveUp; err == nil {
							l.leave(k) // it was let in first
						} else {
							require.ErrorIs(t, err, test.want)
						}
					} else {
						test.give(cancel, closing)
						require.ErrorIs(t, <-gaveUp, test.want)
						synctest.Wait()
						require.Empty(t, last)
						l.leave(k)
					}
					require.NoError(t, <-last)
					l.leave(k)
					require.Empty(t, l.taken)
				})
			})
		}
	}
}
