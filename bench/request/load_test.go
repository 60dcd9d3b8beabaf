package request

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClosed(t *testing.T) {
	var made, besides atomic.Int64
	one := func() error {
		if made.Add(1)%10 == 0 {
			return errors.New("no")
		}
		return nil
	}
	s, err := closed(load{Workers: 2, Calls: 100}, []func() error{one, one}, func() error { besides.Add(1); return nil })
	require.NoError(t, err)
	require.EqualValues(t, 100, made.Load())
	require.EqualValues(t, 100, s.Calls)
	require.EqualValues(t, 10, s.Errors)
	require.Equal(t, "no", s.FirstError)
	require.Positive(t, s.P50)
	require.GreaterOrEqual(t, s.P99, s.P50)

	// No call begins after the limit.
	s, err = closed(load{Calls: 1 << 20, Limit: time.Microsecond}, []func() error{func() error { <-time.After(time.Millisecond); return nil }}, nil)
	require.NoError(t, err)
	require.LessOrEqual(t, s.Calls, int64(1))
}

func TestArrivals(t *testing.T) {
	list := arrivals(stream{Rate: 1000, Calls: 20_000, Seed: 1})
	require.Len(t, list, 20_000)
	require.IsIncreasing(t, list)
	require.InDelta(t, 20, list[len(list)-1].Seconds(), 1)
	require.Equal(t, list, arrivals(stream{Rate: 1000, Calls: 20_000, Seed: 1}))
	require.NotEqual(t, list, arrivals(stream{Rate: 1000, Calls: 20_000, Seed: 2}))
}

// A call that had to wait for another one has taken that time as well.
func TestFlowing(t *testing.T) {
	var made atomic.Int64
	slow := func() error {
		made.Add(1)
		<-time.After(5 * time.Millisecond)
		return nil
	}
	s, err := flowing([]time.Duration{0, 0, 0, 0}, []func() error{slow})
	require.NoError(t, err)
	require.EqualValues(t, 4, made.Load())
	require.EqualValues(t, 4, s.Calls)
	require.GreaterOrEqual(t, s.P99, 15*time.Millisecond) // the third of four
	require.GreaterOrEqual(t, s.Wall, 20*time.Millisecond)

	began := time.Now()
	_, err = flowing([]time.Duration{time.Millisecond, 20 * time.Millisecond}, []func() error{func() error { return nil }})
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)
}
