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

// News bring the read of a command forward, a few at once; a flood of them costs one read in 50 ms, and
// the effect is still seen as soon as that.
func TestAFloodOfNewsDuringACommand(t *testing.T) {
	s := newStub()
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, nil }
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		const lag = 3 * time.Second
		began := time.Now()
		done := make(chan error, 1)
		var took time.Duration
		go func() {
			err := conf.SetParticipantState(t.Context(), "1", mute)
			took = time.Since(began)
			done <- err
		}()
		for range 4 {
			synctest.Wait()
			c.Notify(room)
		}
		synctest.Wait()
		require.Len(t, s.made("participant"), 1+4, "one after the answer, and one for each of the first news")
		for range lag / time.Millisecond {
			c.Notify(room)
			time.Sleep(time.Millisecond)
		}
		s.apply("1", mute)
		c.Notify(room)
		require.NoError(t, <-done)
		require.LessOrEqual(t, took, lag+50*time.Millisecond)
		n := len(s.made("participant"))
		require.GreaterOrEqual(t, n, 1+4+int(lag/(50*time.Millisecond))-2)
		require.LessOrEqual(t, n, 1+4+int(lag/(50*time.Millisecond))+8, "eight by the clock")
	})
}
