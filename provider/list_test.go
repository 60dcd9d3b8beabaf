package provider_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// List gives what a range over Conferences tells, and its error.
func list(ctx context.Context, c cc.Client) (told []cc.Summary, last error) {
	for s, err := range c.Conferences(ctx) {
		if err != nil {
			return told, err
		}
		told = append(told, s)
	}
	return told, nil
}

// A name that this library would refuse is listed by its Instance; where there is none it is left out,
// and a log line counts it, without the name.
func TestListRefusedNames(t *testing.T) {
	s := newStub()
	s.onList = func(_ context.Context, yield func(cc.Summary, error) bool) {
		for _, sum := range []cc.Summary{
			{Conference: "a", Instance: "uuid:1"},
			{Conference: "all", Instance: "uuid:2"},
			{Conference: "", Instance: "uuid:3"},
			{Conference: "b/c"},
			{Conference: "caf\u00e9", Instance: "x,y"},
			{Conference: "d"},
		} {
			if !yield(sum, nil) {
				return
			}
		}
	}
	var log bytes.Buffer
	o := provider.Options{Config: cc.Config{Name: "floor-2", Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	bubble(t, s, o, func(t *testing.T, c cc.Client, _ cc.Conference) {
		told, err := list(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, []cc.Summary{
			{Conference: "a", Instance: "uuid:1"},
			{Conference: "uuid:2", Instance: "uuid:2"},
			{Conference: "uuid:3", Instance: "uuid:3"},
			{Conference: "d", Instance: "d"},
		}, told)
		require.Contains(t, log.String(), "level=WARN msg=\"conferences left out of a listing: they have no id that can be asked for\" client=floor-2 count=2\n")
		require.NotContains(t, log.String(), "b/c")
		for range c.Conferences(t.Context()) {
			break
		}
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")), "none was left out of what was read")
	})
}

// A page without a deadline has ten seconds; what the caller does between two summaries does not count.
func TestListDeadline(t *testing.T) {
	s := newStub()
	pause := 9 * time.Second
	s.onList = func(ctx context.Context, yield func(cc.Summary, error) bool) {
		for range 3 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				yield(cc.Summary{}, errors.New("a plain error"))
				return
			}
			if !yield(cc.Summary{Conference: "a"}, nil) {
				return
			}
		}
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
		n := 0
		for _, err := range c.Conferences(t.Context()) {
			require.NoError(t, err)
			time.Sleep(time.Minute)
			n++
		}
		require.Equal(t, 3, n)

		pause = time.Hour
		began := time.Now()
		told, err := list(t.Context(), c)
		require.Equal(t, 10*time.Second, time.Since(began))
		require.Empty(t, told)
		require.Equal(t, cc.ErrUnavailable, cc.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began = time.Now()
		_, err = list(ctx, c)
		require.Equal(t, time.Minute, time.Since(began), "the caller's deadline is the only one")
		require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// A driver that stops in silence because it was stopped has not told everything.
func TestListStoppedInSilence(t *testing.T) {
	s := newStub()
	s.onList = func(ctx context.Context, yield func(cc.Summary, error) bool) {
		if yield(cc.Summary{Conference: "a"}, nil) {
			<-ctx.Done()
		}
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		told, err := list(ctx, c)
		require.Len(t, told, 1)
		require.Equal(t, cc.ErrCanceled, cc.KindOf(err))

		_, err = list(t.Context(), c)
		require.Equal(t, cc.ErrUnavailable, cc.KindOf(err))

		time.AfterFunc(time.Second, func() { require.NoError(t, c.Close()) })
		_, err = list(t.Context(), c)
		require.Equal(t, cc.ErrClosed, cc.KindOf(err))
	})
}
