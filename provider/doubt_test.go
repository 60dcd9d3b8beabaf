package provider_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Where failures name the conference alone, one that comes when a command has ended without its outcome
// being known is not taken for the definite failure of the next, which may be done yet.
func TestFailureOfTheOneBefore(t *testing.T) {
	s := newStub()
	s.onRemove = func(context.Context, int) (provider.Result, error) { return provider.Result{}, nil }
	s.onSet = func(_ context.Context, _ int, change cc.Change) (provider.Result, error) {
		time.AfterFunc(time.Second, func() { s.apply("2", change) })
		return provider.Result{}, nil
	}
	fail := func(conf cc.Conference) error {
		second := start(func() error { return conf.SetParticipantState(context.Background(), "2", mute) })
		synctest.Wait()
		s.ring(provider.Update{Conference: room, Failure: refused()})
		return <-second
	}
	bubble(t, s, provider.Options{Serial: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		ctx, cancel := context.WithCancel(t.Context())
		first := start(func() error { return conf.RemoveParticipant(ctx, "1") })
		still(t, first)
		cancel()
		require.Equal(t, cc.ErrUncertain, cc.KindOf(<-first))

		err := fail(conf)
		require.Equal(t, cc.ErrUncertain, cc.KindOf(err))
		require.Equal(t, "refused", codeOf(err))

		time.Sleep(time.Minute)
		s.apply("2", unmute)
		require.Equal(t, cc.ErrConflict, cc.KindOf(fail(conf)), "the one before is long over")
		time.Sleep(time.Minute)
	})
}
