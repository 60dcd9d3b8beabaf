package fake_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// told takes everything that a feed has to tell now.
func told(t *testing.T, feed *fake.Feed) []fake.News {
	t.Helper()
	var list []fake.News
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		n, err := feed.Next(ctx)
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return list
		}
		list = append(list, n)
	}
}

func kinds(list []fake.News) []fake.NewsKind {
	ks := []fake.NewsKind{}
	for _, n := range list {
		ks = append(ks, n.Kind)
	}
	return ks
}

func TestNews(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		feed := sw.Subscribe(0)
		defer feed.Close()
		a := join(t, sw, "c", fake.Leg{})
		b := dial(t, sw, "c", fake.Leg{})[0]
		c := dial(t, sw, "c", fake.Leg{})[0]
		require.NoError(t, b.Answer())
		require.NoError(t, c.Decline())
		for range 2 { // a repeat is no news
			_, err := sw.Set("c", a.ID(), cc.Change{Mute: cc.On, Hold: cc.Off})
			require.NoError(t, err)
		}
		time.Sleep(time.Second)
		_, err := sw.End("c", fake.AsEntered)
		require.NoError(t, err)

		list := told(t, feed)
		require.Equal(t, []fake.NewsKind{
			fake.NewsCreated, fake.NewsStarted, fake.NewsJoined, fake.NewsRinging, fake.NewsRinging,
			fake.NewsJoined, fake.NewsNotAnswered, fake.NewsChanged, fake.NewsLeft, fake.NewsLeft, fake.NewsEnded,
		}, kinds(list))
		for i, n := range list {
			require.Equal(t, uint64(i+1), n.Seq)
			require.Equal(t, a.Instance(), n.Room.Instance)
		}
		changed := list[7]
		require.Equal(t, a.ID(), changed.Member.ID)
		require.Equal(t, cc.Off, changed.Before.State().Mute)
		require.Equal(t, cc.On, changed.Member.State().Mute)
		require.Len(t, changed.Room.Members, 2)
		ended := list[10]
		require.Equal(t, time.Now().UTC(), ended.At)
		require.Equal(t, fake.EndCommand, ended.Room.Cause)
		require.True(t, list[8].Member.Up)
		require.False(t, list[9].Member.Up)
	})
}

func TestAFullFeedTellsOfTheGap(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		feed := sw.Subscribe(2)
		defer feed.Close()
		m := join(t, sw, "c", fake.Leg{})
		require.Equal(t, []fake.NewsKind{fake.NewsCreated, fake.NewsStarted, fake.NewsGap}, kinds(told(t, feed)))
		m.HangUp()
		require.Equal(t, []fake.NewsKind{fake.NewsLeft, fake.NewsEnded}, kinds(told(t, feed)))
	})
}

func TestNextWaits(t *testing.T) {
	bubble(t, fake.Options{ReadLag: time.Minute}, func(t *testing.T, sw *fake.Switch) {
		feed := sw.Subscribe(0)
		join(t, sw, "c", fake.Leg{})
		start := time.Now()
		n, err := feed.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, fake.NewsCreated, n.Kind)
		require.Equal(t, time.Minute, time.Since(start))
		told(t, feed)

		// Everybody who waits hears of the end.
		done := make(chan error)
		for range 3 {
			go func() {
				_, err := feed.Next(t.Context())
				assert.ErrorIs(t, err, cc.ErrClosed)
				done <- err
			}()
		}
		synctest.Wait()
		feed.Close()
		feed.Close()
		for range 3 {
			require.Error(t, <-done)
		}
	})
}

func TestFaultsOnNews(t *testing.T) {
	join1 := func(t *testing.T, sw *fake.Switch, feed *fake.Feed, f fake.Fault) []fake.NewsKind {
		t.Helper()
		m := join(t, sw, "c", fake.Leg{})
		join(t, sw, "d", fake.Leg{})
		told(t, feed)
		f.Op, f.On = fake.OpNews, "c"
		lift := sw.Inject(f)
		defer lift()
		_, err := sw.Set("c", m.ID(), cc.Change{Mute: cc.On})
		require.NoError(t, err)
		m.HangUp()
		return kinds(told(t, feed))
	}
	for name, c := range map[string]struct {
		fault fake.Fault
		want  []fake.NewsKind
	}{
		"lost":          {fake.Fault{What: fake.Drop}, []fake.NewsKind{}},
		"first lost":    {fake.Fault{What: fake.Drop, Times: 1}, []fake.NewsKind{fake.NewsLeft, fake.NewsEnded}},
		"second lost":   {fake.Fault{What: fake.Drop, Skip: 1, Times: 1}, []fake.NewsKind{fake.NewsChanged, fake.NewsEnded}},
		"doubled":       {fake.Fault{What: fake.Double, Times: 1}, []fake.NewsKind{fake.NewsChanged, fake.NewsChanged, fake.NewsLeft, fake.NewsEnded}},
		"gap":           {fake.Fault{What: fake.Gap, Times: 2}, []fake.NewsKind{fake.NewsGap, fake.NewsGap, fake.NewsEnded}},
		"somebody else": {fake.Fault{What: fake.Drop, For: "999"}, []fake.NewsKind{fake.NewsChanged, fake.NewsLeft, fake.NewsEnded}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
				feed := sw.Subscribe(0)
				defer feed.Close()
				require.Equal(t, c.want, join1(t, sw, feed, c.fault))
			})
		})
	}
	t.Run("late", func(t *testing.T) {
		bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
			feed := sw.Subscribe(0)
			defer feed.Close()
			require.Equal(t, []fake.NewsKind{fake.NewsLeft, fake.NewsEnded},
				join1(t, sw, feed, fake.Fault{What: fake.Late, Delay: time.Second, Times: 1}))
			time.Sleep(time.Second)
			require.Equal(t, []fake.NewsKind{fake.NewsChanged}, kinds(told(t, feed)))
		})
	})
}
