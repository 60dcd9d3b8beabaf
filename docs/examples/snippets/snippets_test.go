package snippets

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func bridge(t *testing.T) (*fake.Switch, callcontrol.Client) {
	t.Helper()
	sw := fake.NewSwitch(fake.Options{})
	t.Cleanup(func() { sw.Close() })
	client, err := sw.Client(fake.Everything())
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	return sw, client
}

func TestFollow(t *testing.T) {
	sw, client := bridge(t)
	ada, err := sw.Join("standup", fake.Leg{})
	require.NoError(t, err)

	// The first line has been written when the ending begins.
	var lines bytes.Buffer
	seen := make(chan struct{}, 8)
	done := make(chan error, 1)
	go func() {
		done <- Follow(t.Context(), writer(func(p []byte) (int, error) {
			n, err := lines.Write(p)
			seen <- struct{}{}
			return n, err
		}), client.Conference("standup"))
	}()
	<-seen
	require.NoError(t, client.Conference("standup").SetParticipantState(t.Context(), ada.ID(), callcontrol.Change{Mute: callcontrol.On}))
	<-seen
	require.NoError(t, client.Conference("standup").End(t.Context()))
	require.NoError(t, <-done)
	require.Equal(t, "on it now: 1\n"+
		"changed 101 mute=on,deaf=off,hold=off\n"+
		"left 101 mute=on,deaf=off,hold=off\n"+
		"over: ended\n", lines.String())
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestRemove(t *testing.T) {
	sw, client := bridge(t)
	conf := client.Conference("standup")
	ada, err := sw.Join("standup", fake.Leg{})
	require.NoError(t, err)

	sw.Inject(fake.Fault{Op: fake.OpRemove, What: fake.Refuse, Times: 1})
	next, err := Remove(t.Context(), conf, ada.ID())
	require.ErrorIs(t, err, callcontrol.ErrUnavailable)
	require.Equal(t, "try again", next)

	next, err = Remove(t.Context(), conf, "999")
	require.NoError(t, err)
	require.Equal(t, "nothing", next)

	next, err = Remove(t.Context(), conf, "all")
	require.ErrorIs(t, err, callcontrol.ErrInvalid)
	require.Equal(t, "give up", next)

	next, err = Remove(t.Context(), conf, ada.ID())
	require.NoError(t, err)
	require.Equal(t, "nothing", next)
	require.False(t, ada.Present())
}

func TestOpenNamesTheMissingSecret(t *testing.T) {
	_, err := Open(t.Context())
	require.ErrorIs(t, err, callcontrol.ErrInvalid)
	require.ErrorContains(t, err, "PLIVO_AUTH_ID")
}

func TestOverTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw := fake.NewSwitch(fake.Options{Lag: 200 * time.Millisecond}) // between Plivo's yes and the effect
		defer sw.Close()
		client, closeAll, err := OverTheWire(t.Context(), sw)
		require.NoError(t, err)
		ada, err := sw.Join("standup", fake.Leg{})
		require.NoError(t, err)
		_, err = sw.Join("standup", fake.Leg{})
		require.NoError(t, err)

		require.NoError(t, client.Conference("standup").RemoveParticipant(t.Context(), ada.ID()))
		require.False(t, ada.Present(), "nil means done")
		require.NoError(t, closeAll())
	})
}

func TestOpenAgentAsksForItsOwnSecret(t *testing.T) {
	var asked string
	client, err := OpenAgent(t.Context(), "agent7", func(_ context.Context, name string) (string, error) {
		asked = name
		return "secret", nil
	})
	require.NoError(t, err)
	require.Equal(t, "agent7_PASSWORD", asked)
	require.NoError(t, client.Close())
}

func TestAnAgentMutesItselfAndNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw := fake.NewSwitch(fake.Options{Lag: 200 * time.Millisecond})
		defer sw.Close()
		agent, client, closeAll, err := AgentOverTheWire(sw)
		require.NoError(t, err)
		own, err := agent.Join("standup")
		require.NoError(t, err)
		ada, err := sw.Join("standup", fake.Leg{Address: "15001"})
		require.NoError(t, err)
		_, err = sw.Join("standup", fake.Leg{Address: "15002"})
		require.NoError(t, err)

		var conf callcontrol.Conference
		for summary, err := range client.Conferences(t.Context()) {
			require.NoError(t, err)
			conf = client.Conference(summary.Conference)
		}
		require.NoError(t, MuteMyself(t.Context(), conf))
		require.Equal(t, callcontrol.On, own.State().Mute)
		require.ErrorIs(t, conf.SetParticipantState(t.Context(), "15001", callcontrol.Change{Mute: callcontrol.On}), callcontrol.ErrUnsupported)
		require.Equal(t, callcontrol.Off, ada.State().Mute)
		require.NoError(t, conf.RemoveParticipant(t.Context(), "15001"))
		require.False(t, ada.Present(), "nil means done")
		require.NoError(t, closeAll())
	})
}

func TestNobodyToMute(t *testing.T) {
	sw, client := bridge(t)
	_, err := sw.Join("standup", fake.Leg{})
	require.NoError(t, err)
	require.ErrorIs(t, MuteMyself(t.Context(), client.Conference("standup")), callcontrol.ErrNotParticipant)
	require.ErrorIs(t, MuteMyself(t.Context(), client.Conference("nobody")), callcontrol.ErrNotFound)
}

func TestActivateIsForPlivo(t *testing.T) {
	sw, client := bridge(t)
	require.NoError(t, Activate(t.Context(), client.Conference("standup")))
	commands, reads := sw.Requests()
	require.Zero(t, commands+reads)
}

func TestAudited(t *testing.T) {
	sw, client := bridge(t)
	ada, err := sw.Join("standup", fake.Leg{Address: "15550100"})
	require.NoError(t, err)
	var log bytes.Buffer
	conf := Audited(client, slog.New(slog.NewTextHandler(&log, nil))).Conference("standup")
	require.NoError(t, conf.RemoveParticipant(t.Context(), ada.ID()))
	require.ErrorIs(t, conf.RemoveParticipant(t.Context(), ada.ID()), callcontrol.ErrNotFound)
	require.Contains(t, log.String(), "command.op=RemoveParticipant")
	require.Contains(t, log.String(), "error.kind=\"not found\"")
	for _, personal := range []string{"standup", "15550100", "101"} {
		require.NotContains(t, log.String(), personal)
	}
}

func TestListening(t *testing.T) {
	cfg := callcontrol.Config{
		Provider: "plivo-mpc",
		Secret:   func(context.Context, string) (string, error) { return "MA00000000000000000", nil },
	}
	mux := http.NewServeMux()
	client, err := Listening(t.Context(), cfg, mux, func(callcontrol.ConferenceID) { t.Error("nobody has called") })
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/callbacks/mpc", nil))
	require.Equal(t, http.StatusForbidden, answer.Code, "nobody has signed it")
}
