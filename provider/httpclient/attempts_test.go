package httpclient_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// A muter is a driver whose one command goes through an httpclient.Client, and whose snapshots show
// that it never has an effect.
type muter struct {
	provider.Unimplemented
	http *httpclient.Client
}

func (muter) Name() string { return "muter" }
func (muter) Capabilities() cc.Capabilities {
	return cc.Capabilities{Others: cc.CanMute}
}
func (muter) CheckConference(cc.ConferenceID) error   { return nil }
func (muter) CheckParticipant(cc.ParticipantID) error { return nil }
func (muter) Close() error                            { return nil }

func (muter) Snapshot(_ context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	return provider.Snapshot{Snapshot: cc.Snapshot{
		Conference: c, Instance: "uuid:1", At: time.Now(),
		Participants: []cc.Participant{{ID: "1", CallID: "a", State: cc.ParticipantState{Mute: cc.Off}, Controls: cc.CanMute}},
	}}, nil
}

func (m muter) SetState(ctx context.Context, _ cc.ConferenceID, _ cc.ParticipantID, _ cc.Change) (provider.Result, error) {
	_, err := m.http.Do(ctx, request(absolute), nil)
	return provider.Result{}, err
}

// TestAttemptsOfCommand shows that a command is tried three times in all, by the transport and by
// who settles it together.
func TestAttemptsOfCommand(t *testing.T) {
	for name, tc := range map[string]struct {
		steps []step
		want  int
		left  int64 // of the budget
	}{
		"throttled":              {[]step{status(429)}, 3, 490},
		"throttled, then broken": {[]step{status(429), status(500), status(429)}, 3, 495},
		"broken":                 {[]step{status(500)}, 2, 500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := play(tc.steps...)
				transport := newClient(t, httpclient.Options{Transport: w})
				client, err := provider.New(muter{http: transport}, provider.Options{})
				require.NoError(t, err)
				defer func() { require.NoError(t, client.Close()) }()
				conf := client.Conference("c")
				_, err = conf.Snapshot(t.Context())
				require.NoError(t, err)
				err = conf.SetParticipantState(t.Context(), "1", cc.Change{Mute: cc.On})
				require.Error(t, err)
				require.Equal(t, tc.want, w.requests(), "%v", err)
				require.Equal(t, tc.left, httpclient.Budget(transport), "an attempt that is not made costs nothing")
			})
		})
	}
}
