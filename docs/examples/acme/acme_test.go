package acme

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect opens a client by a configuration, with two people in the room that is called standup.
func connect(t *testing.T) (*vendor, callcontrol.Client) {
	t.Helper()
	v := newVendor()
	t.Cleanup(func() { v.sw.Close() })
	for range 2 {
		_, err := v.sw.Join("standup", fake.Leg{})
		require.NoError(t, err)
	}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	config, err := callcontrol.ParseURL("acme:" + strings.TrimPrefix(server.URL, "http:") + "?insecure=true")
	require.NoError(t, err)
	config.Secret = func(context.Context, string) (string, error) { return "secret", nil }
	client, err := callcontrol.OpenConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, callcontrol.Require(client, callcontrol.Capabilities{Others: callcontrol.CanMute}))
	return v, client
}

func TestCommands(t *testing.T) {
	v, client := connect(t)
	people := v.sw.Members("standup")
	conf := client.Conference("standup")
	require.NoError(t, client.Check(t.Context()))
	require.NoError(t, conf.SetParticipantState(t.Context(), "1", callcontrol.Change{Mute: callcontrol.On}))
	require.Equal(t, callcontrol.On, people[0].State().Mute)
	require.Equal(t, callcontrol.Off, people[1].State().Mute)
	require.NoError(t, conf.RemoveParticipant(t.Context(), "2"))
	require.False(t, people[1].Present())

	s, err := conf.Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, strings.Replace(string(people[0].Instance()), "uuid:", "run:", 1), string(s.Instance))
	require.Len(t, s.Participants, 1)
	require.Equal(t, callcontrol.On, s.Participants[0].State.Mute)

	require.NoError(t, client.Conference(s.Instance).SetParticipantState(t.Context(), "1", callcontrol.Change{Mute: callcontrol.Off}))
	require.Equal(t, callcontrol.Off, people[0].State().Mute)
	require.ErrorIs(t, client.Conference("run:r6").RemoveParticipant(t.Context(), "1"), callcontrol.ErrNotFound)
}

func TestRefusals(t *testing.T) {
	v, client := connect(t)
	conf := client.Conference("standup")
	require.ErrorIs(t, conf.RemoveParticipant(t.Context(), "3"), callcontrol.ErrNotParticipant)

	asked := v.commands.Load() + v.reads.Load()
	require.ErrorIs(t, conf.RemoveParticipant(t.Context(), "../.."), callcontrol.ErrInvalid)
	require.ErrorIs(t, conf.SetParticipantState(t.Context(), "1", callcontrol.Change{Hold: callcontrol.On}), callcontrol.ErrUnsupported)
	require.ErrorIs(t, conf.End(t.Context()), callcontrol.ErrUnsupported)
	require.Equal(t, asked, v.commands.Load()+v.reads.Load())
}
