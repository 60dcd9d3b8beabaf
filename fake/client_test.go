package fake_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
)

// client opens a client that is closed with the test.
func client(t *testing.T, sw *fake.Switch, p fake.Profile) cc.Client {
	t.Helper()
	c, err := sw.Client(p)
	require.NoError(t, err)
	return c
}

func TestNilMeansDone(t *testing.T) {
	for _, p := range fake.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			bubble(t, fake.Options{Lag: 200 * time.Millisecond, ReadLag: 200 * time.Millisecond}, func(t *testing.T, sw *fake.Switch) {
				me := join(t, sw, "c", fake.Leg{Login: fake.Me})
				a, b := join(t, sw, "c", fake.Leg{}), join(t, sw, "c", fake.Leg{})
				time.Sleep(time.Second)
				c := client(t, sw, p)
				defer c.Close()
				conf := c.Conference("c")
				require.NoError(t, conf.RemoveParticipant(t.Context(), p.ParticipantID(a)))
				require.False(t, a.Present())
				require.NoError(t, conf.SetParticipantState(t.Context(), p.ParticipantID(me), cc.Change{Mute: cc.On}))
				require.Equal(t, cc.On, me.State().Mute)
				require.NoError(t, conf.End(t.Context()))
				require.False(t, b.Present())
				commands, _ := sw.Requests()
				require.Equal(t, 3, commands)
			})
		})
	}
}

func TestProfileLag(t *testing.T) {
	bubble(t, fake.Options{Lag: time.Hour}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		p := fake.Everything()
		p.Lag = time.Second
		d := driver(t, sw, p)
		_, err := d.SetState(t.Context(), "c", m.ID(), cc.Change{Mute: cc.On})
		require.NoError(t, err)
		require.Equal(t, cc.Off, m.State().Mute)
		time.Sleep(time.Second)
		require.Equal(t, cc.On, m.State().Mute)
	})
}

func TestEventsOfALiveSwitch(t *testing.T) {
	for _, p := range fake.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
				join(t, sw, "c", fake.Leg{Login: fake.Me})
				c := client(t, sw, p)
				defer c.Close()
				var told []cc.EventType
				for e, err := range c.Conference("c").Events(t.Context()) {
					require.NoError(t, err)
					told = append(told, e.Type)
					switch e.Type {
					case "synced":
						join(t, sw, "c", fake.Leg{})
					case "joined":
						_, err := sw.End("c", fake.HangUp)
						require.NoError(t, err)
					}
				}
				require.Equal(t, []cc.EventType{"synced", "joined", "left", "left", "ended"}, told)
			})
		})
	}
}

func TestOpen(t *testing.T) {
	for url, name := range map[string]string{
		"fake:":                          "everything",
		"fake:?profile=everything":       "everything",
		"fake:?profile=plivo-mpc":        "plivo-mpc",
		"fake:?profile=plivo-conference": "plivo-conference",
		"fake:?profile=genesys":          "genesys",
	} {
		c, err := cc.Open(t.Context(), url)
		require.NoError(t, err, url)
		require.Equal(t, "fake", c.Provider())
		require.Equal(t, profile(t, name).Capabilities, c.Capabilities())
		sw, ok := cc.As[*fake.Switch](c)
		require.True(t, ok)
		p, ok := cc.As[fake.Profile](c)
		require.True(t, ok)
		require.Equal(t, name, p.Name)
		_, ok = cc.As[context.Context](c)
		require.False(t, ok)

		join(t, sw, "standup", fake.Leg{Login: fake.Me})
		s, err := c.Conference("standup").Snapshot(t.Context())
		require.NoError(t, err)
		require.Len(t, s.Participants, 1)
		require.NoError(t, c.Check(t.Context()))
		require.NoError(t, c.Close())
		_, err = sw.Join("standup", fake.Leg{})
		require.ErrorIs(t, err, cc.ErrClosed) // the bridge was the client's own
	}
}

func TestBadConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  cc.Config
		want string // in the error's text
	}{
		"profile":  {cc.Config{Settings: map[string]string{"profile": "twilio"}}, "everything, plivo-mpc, plivo-conference, genesys"},
		"setting":  {cc.Config{Settings: map[string]string{"profil": "genesys"}}, "profile"},
		"endpoint": {cc.Config{Endpoint: "https://fake.test"}, "endpoint"},
	} {
		c.cfg.Provider = "fake"
		_, err := cc.OpenConfig(t.Context(), c.cfg)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestAClientDoesNotCloseTheSwitch(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		a, b := client(t, sw, fake.Everything()), client(t, sw, fake.PlivoMPC())
		defer b.Close()
		join(t, sw, "c", fake.Leg{})
		require.NoError(t, a.Close())
		_, err := b.Conference("c").Snapshot(t.Context())
		require.NoError(t, err)
	})
}

func TestConferencesLeftOutAreCounted(t *testing.T) {
	var log bytes.Buffer
	c, err := cc.OpenConfig(t.Context(), cc.Config{Provider: "fake", Settings: map[string]string{"profile": "plivo-conference"},
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	defer c.Close()
	sw, _ := cc.As[*fake.Switch](c)
	for _, name := range []string{"fine", "secret/1", "secret/2"} {
		join(t, sw, name, fake.Leg{})
	}
	n := 0
	for s, err := range c.Conferences(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, cc.ConferenceID("fine"), s.Conference)
		n++
	}
	require.Equal(t, 1, n)
	require.Contains(t, log.String(), "count=2")
	require.NotContains(t, log.String(), "secret")
}
