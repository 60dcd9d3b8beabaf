package fake_test

import (
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
)

func dial(t *testing.T, sw *fake.Switch, name string, legs ...fake.Leg) []*fake.Member {
	t.Helper()
	ms, err := sw.Dial(name, legs...)
	require.NoError(t, err)
	return ms
}

func TestADialledLegRingsAndJoins(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := dial(t, sw, "c", fake.Leg{CallID: "call-1", Mute: true})[0]
		require.True(t, m.Ringing())
		require.False(t, m.Present())
		require.False(t, m.Up())
		require.Empty(t, m.ID())
		require.Equal(t, []*fake.Member{m}, sw.Ringing("c"))
		found, ok := sw.Find("call-1")
		require.True(t, ok)
		require.Same(t, m, found)
		r := look(t, sw, "c")
		require.Equal(t, fake.Initialized, r.Status)
		require.Empty(t, r.Members)
		require.Len(t, r.Ringing, 1)

		require.NoError(t, m.Answer())
		require.ErrorIs(t, m.Answer(), cc.ErrConflict)
		require.ErrorIs(t, m.Decline(), cc.ErrConflict)
		require.Equal(t, cc.ParticipantID("101"), m.ID())
		require.Equal(t, cc.On, m.State().Mute)
		require.True(t, m.Present())
		require.True(t, m.Up())
		r = look(t, sw, "c")
		require.Equal(t, fake.Active, r.Status)
		require.Equal(t, fake.EntryCommand, r.Members[0].Leg.Entry)
		require.Empty(t, r.Ringing)
		_, err := sw.Dial("c", fake.Leg{CallID: "call-1"})
		require.ErrorIs(t, err, cc.ErrConflict)
	})
}

func TestALegThatNeverJoins(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(sw *fake.Switch, m *fake.Member)
		want fake.ExitCause
	}{
		"declined": {func(_ *fake.Switch, m *fake.Member) { _ = m.Decline() }, fake.ExitDeclined},
		"hung up":  {func(_ *fake.Switch, m *fake.Member) { m.HangUp() }, fake.ExitDeclined},
		"rang out": {func(*fake.Switch, *fake.Member) { time.Sleep(45 * time.Second) }, fake.ExitNoAnswer},
		"ended":    {func(sw *fake.Switch, _ *fake.Member) { _, _ = sw.End("c", fake.GoOn) }, fake.ExitCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
				m := dial(t, sw, "c", fake.Leg{RingFor: 45 * time.Second})[0]
				time.Sleep(time.Second)
				m.Leave() // nobody leaves what he is not in
				require.True(t, m.Ringing())
				if c.want == fake.ExitNoAnswer {
					time.Sleep(44*time.Second - 1)
					require.True(t, m.Ringing())
				}
				c.do(sw, m)
				require.False(t, m.Ringing())
				require.False(t, m.Up())
				require.False(t, m.Present())
				require.Equal(t, c.want, m.Info().Cause)
				require.Equal(t, cc.ReasonFailed, c.want.Reason())
				require.ErrorIs(t, m.Answer(), cc.ErrConflict)
				require.Equal(t, fake.Ended, look(t, sw, "c").Status)
				require.True(t, look(t, sw, "c").Departed[0].JoinedAt.IsZero())
			})
		})
	}
}

func TestAnAnsweredLegDoesNotRingOut(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := dial(t, sw, "c", fake.Leg{RingFor: time.Second})[0]
		require.NoError(t, m.Answer())
		time.Sleep(time.Minute)
		require.True(t, m.Present())
	})
}

func TestTheFirstToAnswerWins(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		ms := dial(t, sw, "c", fake.Leg{}, fake.Leg{}, fake.Leg{})
		alone := dial(t, sw, "c", fake.Leg{})[0]
		require.NoError(t, ms[2].Decline())
		require.NoError(t, ms[1].Answer())
		require.Equal(t, fake.ExitLostRace, ms[0].Info().Cause)
		require.Equal(t, fake.ExitDeclined, ms[2].Info().Cause)
		require.True(t, ms[1].Present())
		require.True(t, alone.Ringing())
		_, err := sw.Dial("c")
		require.ErrorIs(t, err, cc.ErrInvalid)
	})
}
