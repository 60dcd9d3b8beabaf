package events

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every contender receives every event once, from a server that is awake and from one that sleeps.
func TestEveryEventComesOnce(t *testing.T) {
	for _, k := range kinds {
		if k.Name == controlName {
			continue
		}
		for _, awake := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, %s, awake %t", k.Name, k.way, awake), func(t *testing.T) { once(t, k, awake) })
		}
	}
}

func once(t *testing.T, k kind, awake bool) {
	const sessions = 3
	s, err := newServer(awake)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	url, err := s.open(place{Awake: awake, Hold: time.Millisecond}) // which is held for a nap at least
	require.NoError(t, err)
	c, err := k.open(opening{URL: url, Small: !awake})
	require.NoError(t, err)

	var all tally
	for range sessions {
		require.NoError(t, c.session(t.Context(), all.session().deliver))
	}
	sent := int64(0)
	for _, f := range []flow{
		{Events: 30, PerPoll: 1}, {Events: 25, PerPoll: 10}, {Events: 250, PerPoll: 100}, {Events: 1, PerPoll: 7},
	} {
		require.NoError(t, all.begin(f.Events, true))
		seen, err := s.flow(url, f)
		require.NoError(t, err)
		sent += f.Events
		require.Equal(t, sent, seen.Events)
		got, err := all.end(patience)
		require.NoError(t, err)
		require.Zero(t, got.Missing)
		require.Equal(t, f.Events, got.Events)
		require.Positive(t, got.P99)
		require.GreaterOrEqual(t, got.P99, got.P50)
	}
	seen, err := s.count(url)
	require.NoError(t, err)
	require.EqualValues(t, sessions, seen.Sessions)
	require.Zero(t, seen.Refused)
	require.Equal(t, total{Events: sent}, all.total())
	require.NoError(t, c.close())
	if k.Name == oursName { // it says goodbye
		seen, err := s.count(url)
		require.NoError(t, err)
		require.Zero(t, seen.Sessions)
		require.Zero(t, seen.Refused)
	}
}

// Events that become due by themselves come once as well, and their time counts from that moment.
func TestEventsAsTheyCome(t *testing.T) {
	for _, k := range kinds {
		if k.way != polling || k.Name == controlName {
			continue
		}
		s, err := newServer(true)
		require.NoError(t, err)
		url, err := s.open(place{Awake: true})
		require.NoError(t, err)
		c, err := k.open(opening{URL: url})
		require.NoError(t, err)
		var all tally
		for range 5 {
			require.NoError(t, c.session(t.Context(), all.session().deliver))
		}
		require.NoError(t, all.begin(200, true))
		seen, err := s.flow(url, flow{Events: 200, PerPoll: 1, Rate: 4000, Seed: 1})
		require.NoError(t, err)
		require.EqualValues(t, 200, seen.Events)
		got, err := all.end(patience)
		require.NoError(t, err)
		require.Zero(t, got.Missing)
		require.Positive(t, got.P50)
		require.Equal(t, total{Events: 200}, all.total())
		require.NoError(t, c.close())
		require.NoError(t, s.close())
	}
}

// Polls are answered when they have been held long enough, and sessions go on.
func TestHeld(t *testing.T) {
	s, err := newServer(false)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	url, err := s.open(place{Hold: time.Millisecond})
	require.NoError(t, err)
	var group sync.WaitGroup
	defer group.Wait()
	for _, k := range kinds {
		if k.Name == controlName {
			continue
		}
		c, err := k.open(opening{URL: url})
		require.NoError(t, err)
		defer func() { require.NoError(t, c.close()) }()
		require.NoError(t, c.session(t.Context(), new(tally).session().deliver))
	}
	require.Eventually(t, func() bool {
		seen, err := s.count(url)
		return err == nil && seen.Connects > 5*seen.Sessions && seen.Refused == 0
	}, 10*time.Second, nap)
}
