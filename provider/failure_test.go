package provider_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A failure is that of the one command under way, on the conference that it names or on any if it names
// none; of several it is nobody's.
func TestFailureOfNobodyInParticular(t *testing.T) {
	for several, kind := range map[bool]cc.Kind{false: cc.ErrConflict, true: 0} {
		for _, of := range []cc.ConferenceID{"", room, first} {
			s := newStub()
			s.onSet = func(_ context.Context, n int, change cc.Change) (provider.Result, error) {
				if n == 1 {
					time.AfterFunc(time.Second, func() { s.ring(provider.Update{Conference: of, Failure: refused()}) })
				}
				time.AfterFunc(2*time.Second, func() { s.apply("1", change); s.apply("2", change) })
				return provider.Result{}, nil
			}
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				_, err := conf.Snapshot(t.Context())
				require.NoError(t, err)
				list := []<-chan error{start(func() error { return conf.SetParticipantState(context.Background(), "1", mute) })}
				if several {
					list = append(list, start(func() error { return conf.SetParticipantState(context.Background(), "2", mute) }))
				}
				for _, done := range list {
					require.Equal(t, kind, cc.KindOf(<-done), "%q", of)
				}
				time.Sleep(time.Minute)
			})
		}
	}
}
