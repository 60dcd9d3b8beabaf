package provider_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Without push what is watched is polled, every 5 s if nothing else was said.
func TestPoll(t *testing.T) {
	for option, every := range map[time.Duration]time.Duration{0: 5 * time.Second, 7 * time.Second: 7 * time.Second} {
		t.Run(fmt.Sprint(option), func(t *testing.T) {
			s := newStub()
			s.onListen = deaf
			var fail atomic.Bool
			s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
				if fail.Load() {
					return provider.Snapshot{}, broken()
				}
				return s.read(ctx, room)
			}
			bubble(t, s, provider.Options{Poll: option}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				p := record(t, conf)
				began := time.Now()
				require.Equal(t, "synced", p.words())
				time.Sleep(3*every + time.Second)
				require.Equal(t, "", p.words(), "between good polls there is no gap")
				reads := s.made("snapshot")
				require.Len(t, reads, 4)
				for i, r := range reads {
					require.Equal(t, time.Duration(i)*every, r.at.Sub(began))
				}
				require.Empty(t, s.made("follow-true"), "there is nobody to ask")
				require.Len(t, s.made("listen"), 1, "nor to listen to")

				// A failed poll is news that was lost and cannot be read.
				fail.Store(true)
				s.join("4", "call-4")
				time.Sleep(every)
				e := p.last(t)
				require.Equal(t, "stale", p.words())
				require.Equal(t, "broken", codeOf(e.Err))
				require.Equal(t, cc.OpEvents, e.Err.(*cc.Error).Op)
				s.forget()
				time.Sleep(time.Minute)
				require.Equal(t, "", p.words(), "stale is told once")
				retries := len(s.made("snapshot"))
				require.Greater(t, retries, 60/7)
				require.Less(t, retries, 60, "with back-off")
				fail.Store(false)
				time.Sleep(every)
				require.Equal(t, "joined:4 synced+gap", p.words())
			})
		})
	}
}

// Beside a subscription Poll is the reconcile, which repairs what was lost without a word.
func TestReconcile(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{Poll: 30 * time.Second}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		s.join("4", "call-4")
		time.Sleep(29 * time.Second)
		require.Equal(t, "synced", p.words())
		time.Sleep(time.Second)
		require.Equal(t, "joined:4", p.words())
		require.Len(t, s.made("snapshot"), 2)
		time.Sleep(time.Second)

		// While the subscription is lost it is polled as if there had never been one.
		s.with(func() {
			s.onListen = func(ctx context.Context, _ int, _ func(provider.Update)) error { return hang(ctx, cc.ErrCanceled) }
		})
		s.lose <- broken()
		require.Equal(t, "synced+gap", p.words())
		s.leave("4")
		time.Sleep(5 * time.Second)
		require.Equal(t, "left:4", p.words())
	})
}

// A subscription that is lost is asked for again with back-off; the loss is one gap, and its end a
// read.
func TestListenAgain(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		require.Equal(t, "synced", p.words())
		time.Sleep(time.Minute)
		s.with(func() { s.onListen = func(context.Context, int, func(provider.Update)) error { return broken() } })
		s.forget()
		s.join("4", "call-4")
		s.lose <- broken()
		require.Equal(t, "joined:4 synced+gap", p.words(), "the differences first")
		time.Sleep(5 * time.Minute)
		require.Equal(t, "", p.words(), "the gap is told once")
		tries := s.made("listen")
		require.Greater(t, len(tries), 10)
		require.Less(t, len(tries), 30)
		for i := 1; i < len(tries); i++ {
			wait := min(100*time.Millisecond<<i, 30*time.Second)
			got := tries[i].at.Sub(tries[i-1].at)
			require.LessOrEqual(t, got, wait)
			require.GreaterOrEqual(t, got, wait/2)
		}
		polls := len(s.made("snapshot"))
		require.InDelta(t, 61, polls, 1, "meanwhile it is polled, and not read for each try")

		s.with(func() { s.onListen = nil })
		s.leave("4")
		s.forget()
		for len(s.made("listen")) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		require.Equal(t, "left:4", p.words())
		require.Len(t, s.made("follow-true"), 1, "the new subscription is asked again")
		time.Sleep(time.Second)
		s.forget()
		time.Sleep(time.Minute)
		require.Empty(t, s.made("snapshot"), "the news comes again")
	})
}

// A subscription that comes up and breaks at once is not asked for again and again at once.
func TestListenFlapping(t *testing.T) {
	s := newStub()
	s.onListen = func(_ context.Context, _ int, report func(provider.Update)) error {
		report(provider.Update{})
		return nil // without a reason even
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		time.Sleep(5 * time.Minute)
		require.Less(t, len(s.made("listen")), 30)
		require.Less(t, len(s.made("snapshot")), 120)
		p.cancel()
		synctest.Wait()
	})
}

// What a Listen reports after it has returned is not heard.
func TestLateReport(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		record(t, conf)
		s.mu.Lock()
		late := s.report
		s.mu.Unlock()
		s.with(func() {
			s.onListen = func(ctx context.Context, _ int, _ func(provider.Update)) error { return hang(ctx, cc.ErrCanceled) }
		})
		s.lose <- broken()
		time.Sleep(time.Second)
		s.forget()
		late(provider.Update{})
		time.Sleep(time.Minute)
		require.InDelta(t, 12, len(s.made("snapshot")), 1, "it would have passed for a subscription that stands")
	})
}

// A gap is told after the differences that it has hidden, by a read that began after it.
func TestGap(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		time.Sleep(time.Second)
		s.leave("3")
		s.ring(provider.Update{Gap: true})
		require.Equal(t, "synced left:3 synced+gap", p.words())

		// One that comes while a read is under way.
		time.Sleep(time.Second)
		s.with(func() {
			s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
				snap, err := s.read(ctx, room)
				s.with(func() { s.onSnapshot = nil })
				time.Sleep(50 * time.Millisecond)
				return snap, err
			}
		})
		bell(s)
		time.Sleep(20 * time.Millisecond)
		s.join("4", "call-4")
		s.ring(provider.Update{Conference: room, Gap: true})
		time.Sleep(30 * time.Millisecond)
		require.Equal(t, "", p.words())
		time.Sleep(50 * time.Millisecond)
		require.Equal(t, "joined:4 synced+gap", p.words())
	})
}

// While the news comes one failed read is repeated in silence; silence that lasts is no calm.
func TestStaleBesideNews(t *testing.T) {
	s := newStub()
	var fail atomic.Int32
	s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
		if fail.Add(-1) >= 0 {
			return provider.Snapshot{}, broken()
		}
		return s.read(ctx, room)
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		time.Sleep(time.Second)
		s.join("4", "call-4")
		fail.Store(1)
		bell(s)
		time.Sleep(time.Second)
		require.Equal(t, "synced joined:4", p.words())

		s.leave("4")
		fail.Store(2)
		bell(s)
		time.Sleep(5 * time.Second)
		require.Equal(t, "stale left:4 synced+gap", p.words())

		// The subscription lost, and one read that fails.
		fail.Store(1)
		s.lose <- broken()
		require.Equal(t, "stale", p.words())
		time.Sleep(5 * time.Second)
		require.Equal(t, "synced+gap", p.words())
	})
}

// A vendor that cannot be asked to tell is polled, at the beginning and after every new subscription.
func TestFollowFails(t *testing.T) {
	s := newStub()
	answer := func(err error) {
		s.with(func() { s.onFollow = func(context.Context, bool) error { return err } })
	}
	for _, test := range []struct {
		name  string
		err   error
		polls int
	}{
		{"nothing to ask for", &cc.Error{Kind: cc.ErrUnsupported}, 0},
		{"broken", broken(), 12},
	} {
		t.Run(test.name+" at the beginning", func(t *testing.T) {
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				answer(test.err)
				p := record(t, conf)
				require.Equal(t, "synced", p.words())
				s.forget()
				time.Sleep(time.Minute)
				require.Equal(t, "", p.words())
				require.Len(t, s.made("snapshot"), test.polls)
			})
		})
		t.Run(test.name+" later", func(t *testing.T) {
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				answer(nil)
				p := record(t, conf)
				answer(test.err)
				s.lose <- broken()
				time.Sleep(time.Second)
				require.Contains(t, []string{"synced synced+gap", "synced synced+gap synced+gap"}, p.words())
				s.forget()
				time.Sleep(time.Minute)
				require.Equal(t, "", p.words())
				require.Len(t, s.made("snapshot"), test.polls)
			})
		})
	}
}
