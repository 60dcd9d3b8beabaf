package fake_test

import (
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
)

// TestTimed does what a server does that meets a fault: it asks Admit, and gives the command with
// the fault's time.
func TestTimed(t *testing.T) {
	for name, c := range map[string]struct {
		fault             fake.Fault
		done, shown, news time.Duration
	}{
		"no fault":    {fake.Fault{}, 100 * time.Millisecond, 200 * time.Millisecond, 200 * time.Millisecond},
		"late":        {fake.Fault{What: fake.Late, Delay: time.Second}, time.Second, 1100 * time.Millisecond, 1100 * time.Millisecond},
		"stale":       {fake.Fault{What: fake.Stale, Delay: time.Second}, 100 * time.Millisecond, 1100 * time.Millisecond, 1100 * time.Millisecond},
		"other fault": {fake.Fault{What: fake.Slow, Delay: time.Second}, 100 * time.Millisecond, 200 * time.Millisecond, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{Lag: 100 * time.Millisecond, ReadLag: 100 * time.Millisecond}, func(t *testing.T, sw *fake.Switch) {
				waiting := join(t, sw, "waiting", fake.Leg{Waits: true})
				a, b, c1 := join(t, sw, "c", fake.Leg{}), join(t, sw, "c", fake.Leg{}), join(t, sw, "c", fake.Leg{})
				d := join(t, sw, "d", fake.Leg{})
				time.Sleep(time.Second)
				feed := sw.Subscribe(0)
				defer feed.Close()
				start := time.Now()
				timed := sw.Timed(c.fault)
				require.NoError(t, second(timed.Remove("c", a.ID(), fake.GoOn)))
				require.NoError(t, second(timed.Set(b.Instance(), b.ID(), cc.Change{Hold: cc.On})))
				require.NoError(t, second(timed.End("d", fake.GoOn)))
				require.NoError(t, second(timed.Activate("waiting")))
				require.NoError(t, timed.HangUpCall(c1.CallID()))
				require.ErrorIs(t, second(timed.Set("c", b.ID(), cc.Change{})), cc.ErrInvalid)
				require.ErrorIs(t, timed.HangUpCall("nobody"), cc.ErrNotFound)

				done := func() []bool {
					return []bool{!a.Present() && a.Up(), b.State().Hold == cc.On, !d.Present() && d.Up(),
						look(t, sw, "waiting").Status == fake.Active, !c1.Up()}
				}
				none, all := []bool{false, false, false, false, false}, []bool{true, true, true, true, true}
				time.Sleep(c.done - time.Nanosecond)
				require.Equal(t, none, done())
				time.Sleep(time.Nanosecond)
				require.Equal(t, all, done())

				shown := func() []bool {
					r, err := sw.Read("c")
					require.NoError(t, err)
					m, _ := r.Member(b.ID())
					_, over := sw.Read("d")
					w, err := sw.Read(waiting.Instance())
					require.NoError(t, err)
					return []bool{!shows(sw, "c", a.ID()), m.Hold, over != nil, w.Status == fake.Active, !shows(sw, "c", c1.ID())}
				}
				time.Sleep(c.shown - c.done - time.Nanosecond)
				require.Equal(t, none, shown())
				require.Empty(t, told(t, feed))
				time.Sleep(time.Nanosecond)
				require.Equal(t, all, shown())
				require.Equal(t, []fake.NewsKind{fake.NewsLeft, fake.NewsChanged, fake.NewsLeft, fake.NewsEnded, fake.NewsStarted, fake.NewsLeft},
					kinds(told(t, feed)))
				require.Equal(t, c.news, time.Since(start))
			})
		})
	}
}

func TestReasons(t *testing.T) {
	for cause, want := range map[fake.ExitCause]cc.Reason{
		fake.ExitHungUp: cc.ReasonHungUp, fake.ExitLeft: cc.ReasonHungUp, fake.ExitRemoved: cc.ReasonRemoved,
		fake.ExitEnded: cc.ReasonEnded, fake.ExitTransferred: "", fake.ExitNoAnswer: cc.ReasonFailed,
		fake.ExitDeclined: cc.ReasonFailed, fake.ExitLostRace: cc.ReasonFailed, fake.ExitFull: cc.ReasonFailed,
		fake.ExitCanceled: cc.ReasonFailed, "": "",
	} {
		require.Equal(t, want, cause.Reason(), cause)
	}
	require.Equal(t, "answer command", fake.EntryAnswer.String()+" "+fake.EntryCommand.String())
}

func TestWhoNeverJoinedHasNotDeparted(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		join(t, sw, "c", fake.Leg{})
		m := dial(t, sw, "c", fake.Leg{})[0]
		require.Equal(t, cc.ConferenceID("c"), m.Conference())
		require.NoError(t, m.Decline())
		require.Len(t, look(t, sw, "c").Departed, 1)
		require.Empty(t, snapshot(t, driver(t, sw, fake.Everything()), "c").Departed)
		require.Empty(t, sw.Ringing("c"))
		require.Empty(t, sw.Ringing("d"))
	})
}

func TestACopyIsTheCallersOwn(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		join(t, sw, "c", fake.Leg{})
		join(t, sw, "c", fake.Leg{}).HangUp()
		reads := map[string]func() fake.RoomInfo{
			"look": func() fake.RoomInfo { return look(t, sw, "c") },
			"rooms": func() fake.RoomInfo {
				return sw.Rooms()[0]
			},
			"read": func() fake.RoomInfo {
				r, err := sw.Read("c")
				require.NoError(t, err)
				return r
			},
		}
		for name, read := range reads {
			r := read()
			r.Members[0].ID, r.Departed[0].ID = "spoilt", "spoilt"
			for _, again := range reads {
				require.Equal(t, cc.ParticipantID("101"), again().Members[0].ID, name)
				require.Equal(t, cc.ParticipantID("102"), again().Departed[0].ID, name)
			}
		}
	})
}

func TestNobodyAnswersAClosedSwitch(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := dial(t, sw, "c", fake.Leg{RingFor: time.Second})[0]
		require.NoError(t, sw.Close())
		require.ErrorIs(t, m.Answer(), cc.ErrClosed)
		time.Sleep(time.Minute)
		require.True(t, m.Ringing())
	})
}
