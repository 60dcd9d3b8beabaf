package events

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEvent(t *testing.T) {
	b := appendEvent([]byte("["), 12, 1795251600123456789)
	var list []message
	require.NoError(t, json.Unmarshal(append(b, ']'), &list))
	require.Equal(t, channel, list[0].Channel)
	require.InDelta(t, 1100, len(template), 50)
	n, due, err := read(list[0].Data)
	require.NoError(t, err)
	require.EqualValues(t, 12, n)
	require.EqualValues(t, 1795251600123456789, due)
	_, _, err = read([]byte(`{"seq":""}`))
	require.Error(t, err)
}

func TestTally(t *testing.T) {
	var all tally
	one, other := all.session(), all.session()
	deliver := func(c *counter, n int64) {
		b := appendEvent(nil, n, time.Now().UnixNano())
		c.deliver(b[inEvent:])
	}
	require.NoError(t, all.begin(3, true))
	deliver(one, 1)
	deliver(one, 2)
	deliver(other, 1)
	s, err := all.end(patience)
	require.NoError(t, err)
	require.EqualValues(t, 3, s.Events)
	require.Zero(t, s.Missing)
	require.Equal(t, total{Events: 3}, all.total())

	deliver(other, 4)
	deliver(one, 2)
	one.deliver([]byte("{}"))
	require.Equal(t, total{Events: 6, Lost: 2, Repeated: 1, Broken: 1}, all.total())

	require.NoError(t, all.begin(2, false))
	deliver(one, 3)
	s, err = all.end(time.Millisecond)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.Missing)
}

func TestPace(t *testing.T) {
	for _, c := range []struct{ sessions, rate, allowed, want int }{
		{10_000, 400, 1 << 20, 400},
		{10_000, 400, 20_000, 400},
		{10_000, 400, 12_000, 100},
		{10_000, 400, 10_000, 0},
	} {
		got, note, err := pace(c.sessions, c.rate, c.allowed)
		require.Equal(t, c.want, got)
		require.Equal(t, c.want == 0, err != nil)
		require.Equal(t, c.want == 0 || c.want == c.rate, note == "")
	}
}
