package fake_test

import (
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
)

// shows reports whether a read shows somebody.
func shows(sw *fake.Switch, c cc.ConferenceID, p cc.ParticipantID) bool {
	r, err := sw.Read(c)
	_, ok := r.Member(p)
	return err == nil && ok
}

func TestLagAndReadLag(t *testing.T) {
	bubble(t, fake.Options{Lag: 200 * time.Millisecond, ReadLag: 300 * time.Millisecond}, func(t *testing.T, sw *fake.Switch) {
		a, b := join(t, sw, "c", fake.Leg{}), join(t, sw, "c", fake.Leg{})
		_, err := sw.Read("c")
		require.ErrorIs(t, err, cc.ErrNotFound)
		_, err = sw.Read(a.Instance())
		require.ErrorIs(t, err, cc.ErrNotFound)
		require.Empty(t, sw.Rooms())
		time.Sleep(300 * time.Millisecond)
		require.True(t, shows(sw, "c", a.ID()))
		require.Len(t, sw.Rooms(), 1)

		start := time.Now().UTC()
		_, err = sw.Remove("c", a.ID(), fake.HangUp)
		require.NoError(t, err)
		_, err = sw.Remove("c", a.ID(), fake.HangUp) // it is still there
		require.NoError(t, err)
		time.Sleep(200*time.Millisecond - 1)
		require.True(t, a.Present())
		time.Sleep(time.Nanosecond)
		require.False(t, a.Present())
		require.True(t, shows(sw, "c", a.ID()))
		_, err = sw.Set("c", a.ID(), cc.Change{Mute: cc.On}) // commands meet the truth
		require.ErrorIs(t, err, cc.ErrNotParticipant)
		time.Sleep(300*time.Millisecond - 1)
		require.True(t, shows(sw, "c", a.ID()))
		time.Sleep(time.Nanosecond)
		require.False(t, shows(sw, "c", a.ID()))
		r, err := sw.Read("c")
		require.NoError(t, err)
		require.Equal(t, start.Add(200*time.Millisecond), r.Departed[0].ExitAt)

		// The end, and a new run under the name, are shown one after the other.
		old := b.Instance()
		b.HangUp()
		time.Sleep(100 * time.Millisecond)
		c := join(t, sw, "c", fake.Leg{})
		require.Equal(t, c.Instance(), look(t, sw, "c").Instance)
		r, err = sw.Read("c")
		require.NoError(t, err)
		require.Equal(t, old, r.Instance)
		time.Sleep(200 * time.Millisecond)
		_, err = sw.Read("c")
		require.ErrorIs(t, err, cc.ErrNotFound)
		require.Len(t, sw.History(), 1)
		time.Sleep(100 * time.Millisecond)
		r, err = sw.Read("c")
		require.NoError(t, err)
		require.Equal(t, c.Instance(), r.Instance)
	})
}

func TestReadsMeetWhatIsDueAtTheirInstant(t *testing.T) {
	for range 20 {
		bubble(t, fake.Options{Lag: time.Second}, func(t *testing.T, sw *fake.Switch) {
			m := join(t, sw, "c", fake.Leg{})
			join(t, sw, "c", fake.Leg{})
			_, err := sw.Remove("c", m.ID(), fake.HangUp)
			require.NoError(t, err)
			time.Sleep(time.Second)
			require.False(t, shows(sw, "c", m.ID()))
		})
	}
}

func TestCommandsAreDoneInOrder(t *testing.T) {
	bubble(t, fake.Options{Lag: time.Second}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		for range 5 {
			for _, v := range []cc.Toggle{cc.On, cc.Off} {
				_, err := sw.Set("c", m.ID(), cc.Change{Mute: v})
				require.NoError(t, err)
			}
		}
		_, err := sw.Set("c", m.ID(), cc.Change{Mute: cc.On})
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.Equal(t, cc.On, m.State().Mute)

		// What was accepted is not done to somebody who has left, or to a run that is over.
		_, err = sw.Set("c", m.ID(), cc.Change{Deaf: cc.On})
		require.NoError(t, err)
		_, err = sw.End("c", fake.HangUp)
		require.NoError(t, err)
		m.HangUp()
		young := join(t, sw, "c", fake.Leg{})
		time.Sleep(time.Second)
		require.Equal(t, cc.Off, m.State().Deaf)
		require.True(t, young.Present())
	})
}

func TestAShorterReadLagDoesNotReorder(t *testing.T) {
	bubble(t, fake.Options{ReadLag: time.Second}, func(t *testing.T, sw *fake.Switch) {
		feed := sw.Subscribe(0)
		defer feed.Close()
		m := join(t, sw, "c", fake.Leg{})
		sw.SetLag(0, 0)
		_, err := sw.Set("c", m.ID(), cc.Change{Mute: cc.On})
		require.NoError(t, err)
		_, err = sw.Read("c")
		require.ErrorIs(t, err, cc.ErrNotFound)
		time.Sleep(time.Second)
		r, err := sw.Read("c")
		require.NoError(t, err)
		require.True(t, r.Members[0].Mute)
		var kinds []fake.NewsKind
		for range 4 {
			n, err := feed.Next(t.Context())
			require.NoError(t, err)
			kinds = append(kinds, n.Kind)
		}
		require.Equal(t, []fake.NewsKind{fake.NewsCreated, fake.NewsStarted, fake.NewsJoined, fake.NewsChanged}, kinds)
	})
}

func TestNegativeOptionsCountAsZero(t *testing.T) {
	bubble(t, fake.Options{Lag: -1, ReadLag: -1, History: -1, FirstMember: -1,
		Rules: fake.Rules{Capacity: -1, MaxDuration: -1, FirstMember: -1}}, func(t *testing.T, sw *fake.Switch) {
		sw.SetLag(-1, -1)
		m := join(t, sw, "c", fake.Leg{})
		require.Equal(t, cc.ParticipantID("101"), m.ID())
		_, err := sw.Remove("c", m.ID(), fake.HangUp)
		require.NoError(t, err)
		require.False(t, m.Present())
		require.Len(t, sw.History(), 1)
	})
}
