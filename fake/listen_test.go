package fake_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/stretchr/testify/require"
)

// listen runs Listen and collects what it reports.
func listen(t *testing.T, d provider.Driver) (updates func() []provider.Update, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var list []provider.Update
	done := make(chan error, 1)
	go func() {
		done <- d.Listen(ctx, func(u provider.Update) {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, u)
		})
	}()
	updates = func() []provider.Update {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		got := list
		list = nil
		return got
	}
	return updates, func() error {
		defer cancel()
		select {
		case err := <-done:
			return err
		default:
		}
		cancel()
		return <-done
	}
}

func TestListen(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		updates, end := listen(t, driver(t, sw, fake.Everything()))
		require.Equal(t, []provider.Update{{}}, updates())
		m := join(t, sw, "c", fake.Leg{})
		bell := []provider.Update{{Conference: "c"}, {Conference: m.Instance()}}
		updates()
		_, err := sw.Set("c", m.ID(), cc.Change{Mute: cc.On})
		require.NoError(t, err)
		require.Equal(t, bell, updates())
		lift := sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Gap, Times: 1})
		defer lift()
		_, err = sw.Set("c", m.ID(), cc.Change{Mute: cc.Off})
		require.NoError(t, err)
		require.Equal(t, []provider.Update{{Gap: true}}, updates())
		require.ErrorIs(t, end(), context.Canceled)

		require.ErrorIs(t, driver(t, sw, fake.PlivoConference()).Listen(t.Context(), nil), cc.ErrUnsupported)
		commands, reads := sw.Requests()
		require.Zero(t, commands+reads)
		require.Equal(t, 1, sw.Count(fake.OpListen))
	})
}

func TestASessionHearsOfItsOwnConferences(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		updates, end := listen(t, driver(t, sw, fake.Genesys()))
		join(t, sw, "theirs", fake.Leg{Login: "somebody"})
		require.Equal(t, []provider.Update{{}}, updates())
		me := join(t, sw, "c", fake.Leg{Login: fake.Me})
		require.Equal(t, []provider.Update{{Conference: "c"}, {Conference: "c"}}, updates()) // joined, and so started
		join(t, sw, "c", fake.Leg{})
		require.Equal(t, []provider.Update{{Conference: "c"}}, updates())
		me.HangUp()
		require.Equal(t, []provider.Update{{Conference: "c"}}, updates())
		_, err := sw.End("c", fake.HangUp)
		require.NoError(t, err)
		require.Empty(t, updates())
		require.Error(t, end())
	})
}

func TestFailuresThatAreToldLater(t *testing.T) {
	broken := &cc.Error{Kind: cc.ErrUnavailable, Code: "ErrorMessage"}
	for what, told := range map[fake.What]struct{ before, after bool }{
		fake.FailSooner: {before: true}, fake.FailLater: {after: true},
	} {
		bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
			me := join(t, sw, "c", fake.Leg{Login: fake.Me, Address: "7001"})
			d := driver(t, sw, fake.Genesys())
			updates, end := listen(t, d)
			deaf, endDeaf := listen(t, driver(t, sw, fake.Genesys()))
			updates()
			deaf()
			sw.Inject(fake.Fault{Op: fake.OpSet, What: what, Err: broken, Delay: time.Second, Times: 1})
			soon := make(chan []provider.Update, 1)
			time.AfterFunc(time.Millisecond, func() { soon <- updates() })
			_, err := d.SetState(t.Context(), "c", "7001", cc.Change{Mute: cc.On})
			require.NoError(t, err)
			require.Equal(t, cc.Off, me.State().Mute)
			time.Sleep(10 * time.Millisecond)
			want := []provider.Update{{Conference: "c", Failure: broken}}
			if told.before {
				require.Equal(t, want, <-soon)
				require.Empty(t, updates())
			} else {
				require.Empty(t, <-soon)
				time.Sleep(time.Second)
				require.Equal(t, want, updates())
			}
			require.Empty(t, deaf()) // another session's failure
			require.Error(t, end())
			require.Error(t, endDeaf())
		})
	}
}

func TestASubscriptionThatBreaks(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		feed := sw.Subscribe(0)
		defer feed.Close()
		updates, end := listen(t, driver(t, sw, fake.Everything()))
		require.Len(t, updates(), 1)
		lift := sw.Inject(fake.Fault{Op: fake.OpListen, What: fake.Break})
		synctest.Wait()
		require.ErrorIs(t, end(), cc.ErrUnavailable)
		updates, end = listen(t, driver(t, sw, fake.Everything()))
		require.Empty(t, updates())
		require.ErrorIs(t, end(), cc.ErrUnavailable)
		lift()
		updates, end = listen(t, driver(t, sw, fake.Everything()))
		require.Len(t, updates(), 1)
		join(t, sw, "c", fake.Leg{})
		require.NotEmpty(t, told(t, feed)) // other subscriptions are not touched
		require.ErrorIs(t, end(), context.Canceled)
	})
}

func TestListenIsRefusedOrHangs(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		sw.Inject(fake.Fault{Op: fake.OpListen, What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrForbidden}, Times: 1})
		sw.Inject(fake.Fault{Op: fake.OpListen, What: fake.Hang, Times: 1})
		sw.Inject(fake.Fault{Op: fake.OpListen, What: fake.Slow, Delay: time.Second, Times: 2})
		d := driver(t, sw, fake.Everything())
		require.Equal(t, cc.ErrForbidden, cc.KindOf(d.Listen(t.Context(), nil)))
		for range 2 { // hang, slow
			ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
			require.ErrorIs(t, d.Listen(ctx, nil), context.DeadlineExceeded)
			cancel()
		}
		updates, end := listen(t, d)
		require.Empty(t, updates())
		time.Sleep(time.Second)
		require.Len(t, updates(), 1)
		require.NoError(t, d.Close())
		synctest.Wait()
		require.ErrorIs(t, end(), cc.ErrClosed)
	})
}
