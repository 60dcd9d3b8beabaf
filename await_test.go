package callcontrol_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

func watched(events ...cc.Event) cc.Conference {
	return (&stubClient{events: told(events...)}).Conference("standup")
}

func event(kind cc.EventType, ids ...cc.ParticipantID) cc.Event {
	return cc.Event{Type: kind, Snapshot: people(ids...)}
}

func count(n int) func(cc.Snapshot) bool {
	return func(s cc.Snapshot) bool { return len(s.Participants) == n }
}

func TestAwait(t *testing.T) {
	story := []cc.Event{
		event(cc.Synced, "1", "2"), event(cc.Joined, "1", "2", "3"), event(cc.Changed, "1", "2", "3"),
		event(cc.Stale, "x", "y", "z", "w"), event(cc.Left, "1"), event(cc.Synced),
	}
	for n, want := range map[int]cc.Snapshot{2: people("1", "2"), 3: people("1", "2", "3"), 1: people("1"), 0: people()} {
		asked := 0
		got, err := cc.Await(t.Context(), watched(story...), func(s cc.Snapshot) bool { asked++; return count(n)(s) })
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, map[int]int{2: 1, 3: 2, 1: 4, 0: 5}[n], asked, "asked once for each event but stale, and not after")
	}
}

func TestAwaitIsNotDecidedByWhatIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		got, err := cc.Await(ctx, watched(event(cc.Synced, "1"), event(cc.Stale, "1", "2")), count(2))
		require.ErrorIs(t, err, cc.ErrCanceled)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, people("1"), got, "the last that was asked about")
		require.Equal(t, time.Hour, time.Since(start), "no deadline of its own")
	})
}

func TestAwaitEnded(t *testing.T) {
	got, err := cc.Await(t.Context(), watched(event(cc.Synced, "1"), event(cc.Ended)), count(0))
	require.EqualError(t, err, "Await: not found: the conference ended before the condition held")
	require.ErrorIs(t, err, cc.ErrNotFound)
	require.NoError(t, cc.IgnoreNotFound(err))
	require.Equal(t, people("1"), got)
	var e *cc.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, cc.ConferenceID("standup"), e.Conference)
}

// NoContext is what a caller may pass by mistake.
var noContext context.Context

func TestAwaitFails(t *testing.T) {
	failing := func(_ context.Context, yield func(cc.Event, error) bool) {
		if yield(event(cc.Synced, "1"), nil) {
			yield(cc.Event{}, cc.ErrForbidden)
		}
	}
	got, err := cc.Await(t.Context(), (&stubClient{events: failing}).Conference("a"), count(2))
	require.Equal(t, cc.ErrForbidden, err, "the error of the events as it is")
	require.Equal(t, people("1"), got)

	mute := func(context.Context, func(cc.Event, error) bool) {}
	_, err = cc.Await(t.Context(), (&stubClient{events: mute}).Conference("a"), count(2))
	require.EqualError(t, err, "Await: unavailable: the events stopped without saying why")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = cc.Await(ctx, (&stubClient{events: mute}).Conference("a"), count(2))
	require.EqualError(t, err, "Await: canceled: context canceled")

	_, err = cc.Await(t.Context(), watched(), nil)
	require.ErrorIs(t, err, cc.ErrInvalid)
	_, err = cc.Await(t.Context(), nil, count(0))
	require.ErrorIs(t, err, cc.ErrInvalid)
	_, err = cc.Await(noContext, watched(), count(0))
	require.ErrorIs(t, err, cc.ErrInvalid)
}

func TestChannel(t *testing.T) {
	story := []cc.Event{event(cc.Synced, "1"), event(cc.Joined, "1", "2"), event(cc.Stale), event(cc.Ended)}
	events, wait := cc.Channel(t.Context(), watched(story...))
	var got []cc.Event
	for e := range events {
		got = append(got, e)
	}
	require.NoError(t, wait())
	require.NoError(t, wait(), "any number of times")
	require.Equal(t, story, got)
}

func TestChannelIsBoundedAndDropsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const total = 100
		sent := 0
		many := func(_ context.Context, yield func(cc.Event, error) bool) {
			for ; sent < total; sent++ {
				if !yield(cc.Event{Type: cc.Synced, Code: string(rune('a' + sent%26))}, nil) {
					return
				}
			}
			yield(event(cc.Ended), nil)
		}
		events, wait := cc.Channel(t.Context(), (&stubClient{events: many}).Conference("a"))
		synctest.Wait()
		require.Equal(t, 16, sent, "16 wait in the channel and the next is being sent")
		for i := range total {
			require.Equal(t, string(rune('a'+i%26)), (<-events).Code)
		}
		require.Equal(t, cc.Ended, (<-events).Type)
		_, open := <-events
		require.False(t, open)
		require.NoError(t, wait())
	})
}

func TestChannelStops(t *testing.T) {
	for name, story := range map[string]func(context.Context, func(cc.Event, error) bool){
		"while waiting for news": told(event(cc.Synced)),
		"while sending": func(_ context.Context, yield func(cc.Event, error) bool) {
			for yield(event(cc.Synced), nil) {
			}
		},
		"without a word": func(ctx context.Context, _ func(cc.Event, error) bool) { <-ctx.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				events, wait := cc.Channel(ctx, (&stubClient{events: story}).Conference("a"))
				synctest.Wait()
				cancel()
				err := wait()
				require.ErrorIs(t, err, cc.ErrCanceled)
				require.ErrorIs(t, err, context.Canceled)
				for range events {
				}
				require.Equal(t, err, wait())
			})
		})
	}
}

func TestChannelFails(t *testing.T) {
	failing := func(_ context.Context, yield func(cc.Event, error) bool) { yield(cc.Event{}, cc.ErrUnauthenticated) }
	events, wait := cc.Channel(t.Context(), (&stubClient{events: failing}).Conference("a"))
	_, open := <-events
	require.False(t, open)
	require.Equal(t, cc.ErrUnauthenticated, wait())

	for _, mistaken := range []func() (<-chan cc.Event, func() error){
		func() (<-chan cc.Event, func() error) { return cc.Channel(t.Context(), nil) },
		func() (<-chan cc.Event, func() error) { return cc.Channel(noContext, watched()) },
	} {
		events, wait = mistaken()
		_, open = <-events
		require.False(t, open)
		require.ErrorIs(t, wait(), cc.ErrInvalid)
	}
}
