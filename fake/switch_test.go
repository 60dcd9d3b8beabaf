package fake_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheZeroLeg(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		a, b := join(t, sw, "standup", fake.Leg{}), join(t, sw, "standup", fake.Leg{})
		require.Equal(t, cc.ParticipantID("101"), a.ID())
		require.Equal(t, cc.ParticipantID("102"), b.ID())
		require.NotEmpty(t, a.CallID())
		require.NotEqual(t, a.CallID(), b.CallID())
		require.Equal(t, "15550000001", a.Address())
		require.Equal(t, "15550000002", b.Address())
		require.True(t, a.Present())
		require.True(t, a.Up())
		require.False(t, a.Ringing())
		require.Equal(t, cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off}, a.State())
		require.True(t, a.Hears(b))
		require.True(t, b.Hears(a))

		r := look(t, sw, "standup")
		require.Equal(t, fake.Active, r.Status)
		require.Equal(t, a.Instance(), r.Instance)
		require.Equal(t, "uuid:"+r.UUID(), string(r.Instance))
		require.Equal(t, time.Now().UTC(), r.CreatedAt)
		require.Equal(t, []cc.ParticipantID{"101", "102"}, ids(r.Members))
		m, ok := r.Member("102")
		require.True(t, ok)
		require.Equal(t, b.Info(), m)
		_, ok = r.Member("103")
		require.False(t, ok)
	})
}

func TestNames(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		for _, name := range []string{"", "uuid:", "uuid:5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"} {
			_, err := sw.Join(name, fake.Leg{})
			require.ErrorIs(t, err, cc.ErrInvalid, name)
			_, err = sw.Dial(name, fake.Leg{})
			require.ErrorIs(t, err, cc.ErrInvalid, name)
		}
		for _, name := range []string{"all", "a/b", "..", " ", "Übung, zwei"} {
			join(t, sw, name, fake.Leg{})
			require.Equal(t, name, look(t, sw, cc.ConferenceID(name)).Name)
		}
	})
}

func TestFlagsAreIndependent(t *testing.T) {
	flags := map[string]struct {
		order func(cc.Toggle) cc.Change
		in    func(cc.ParticipantState) cc.Toggle
	}{
		"mute":  {func(v cc.Toggle) cc.Change { return cc.Change{Mute: v} }, func(s cc.ParticipantState) cc.Toggle { return s.Mute }},
		"deaf":  {func(v cc.Toggle) cc.Change { return cc.Change{Deaf: v} }, func(s cc.ParticipantState) cc.Toggle { return s.Deaf }},
		"hold":  {func(v cc.Toggle) cc.Change { return cc.Change{Hold: v} }, func(s cc.ParticipantState) cc.Toggle { return s.Hold }},
		"coach": {func(v cc.Toggle) cc.Change { return cc.Change{Coach: v} }, func(s cc.ParticipantState) cc.Toggle { return s.Coach }},
	}
	for name, flag := range flags {
		t.Run(name, func(t *testing.T) {
			for bits := range 16 {
				bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
					on := func(i int) cc.Toggle {
						if bits>>i&1 == 1 {
							return cc.On
						}
						return cc.Off
					}
					before := cc.ParticipantState{Mute: on(0), Deaf: on(1), Hold: on(2), Coach: on(3)}
					m := join(t, sw, "c", fake.Leg{
						Role: cc.RoleSupervisor, Mute: bits&1 != 0, Deaf: bits&2 != 0, Hold: bits&4 != 0, Coach: on(3),
					})
					other := join(t, sw, "c", fake.Leg{Role: cc.RoleSupervisor})
					require.Equal(t, before, m.State())
					for _, want := range []cc.Toggle{cc.On, cc.On, cc.Off, cc.Off} {
						_, err := sw.Set("c", m.ID(), flag.order(want))
						require.NoError(t, err)
						require.Equal(t, want, flag.in(m.State()))
						for n, o := range flags {
							if n != name {
								require.Equal(t, o.in(before), o.in(m.State()), n)
							}
						}
					}
					require.Equal(t, cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off, Coach: cc.On}, other.State())
				})
			}
		})
	}
}

func TestWhoHearsWhom(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		agent := join(t, sw, "c", fake.Leg{Role: cc.RoleAgent})
		customer := join(t, sw, "c", fake.Leg{Role: cc.RoleCustomer})
		boss := join(t, sw, "c", fake.Leg{Role: cc.RoleSupervisor})
		elsewhere := join(t, sw, "d", fake.Leg{})
		hears := func() string {
			s := ""
			for _, p := range []struct{ from, to *fake.Member }{
				{agent, customer}, {customer, agent}, {boss, agent}, {boss, customer}, {agent, boss}, {customer, boss},
			} {
				s += map[bool]string{true: "+", false: "-"}[p.to.Hears(p.from)]
			}
			return s
		}
		set := func(m *fake.Member, c cc.Change) {
			_, err := sw.Set("c", m.ID(), c)
			require.NoError(t, err)
		}
		require.Equal(t, "+++-++", hears())
		set(boss, cc.Change{Coach: cc.Off})
		require.Equal(t, "++++++", hears())
		set(agent, cc.Change{Mute: cc.On})
		require.Equal(t, "-+++-+", hears())
		set(agent, cc.Change{Mute: cc.Off, Deaf: cc.On})
		require.Equal(t, "+--+++", hears())
		set(agent, cc.Change{Deaf: cc.Off, Hold: cc.On})
		require.Equal(t, "---+-+", hears())
		// Whoever is no supervisor can be told to coach, and is heard as before.
		set(agent, cc.Change{Hold: cc.Off, Coach: cc.On})
		require.Equal(t, "++++++", hears())
		require.Equal(t, cc.Unset, agent.State().Coach)
		require.True(t, agent.Info().Coach)
		require.False(t, agent.Hears(elsewhere))
		customer.HangUp()
		require.False(t, agent.Hears(customer))
		require.False(t, customer.Hears(agent))
	})
}

func TestWhatBecomesOfALeg(t *testing.T) {
	for name, c := range map[string]struct {
		leg  fake.Leg
		then fake.Then
		up   bool
	}{
		"answered":                     {fake.Leg{}, fake.AsEntered, true},
		"answered, exit action":        {fake.Leg{ExitAction: "https://x.test/"}, fake.AsEntered, true},
		"commanded":                    {fake.Leg{Entry: fake.EntryCommand}, fake.AsEntered, false},
		"commanded, exit action":       {fake.Leg{Entry: fake.EntryCommand, ExitAction: "https://x.test/"}, fake.AsEntered, true},
		"answered, hang up":            {fake.Leg{}, fake.HangUp, false},
		"commanded, go on":             {fake.Leg{Entry: fake.EntryCommand}, fake.GoOn, true},
		"exit action, hang up":         {fake.Leg{ExitAction: "https://x.test/"}, fake.HangUp, false},
		"commanded with exit, hang up": {fake.Leg{Entry: fake.EntryCommand, ExitAction: "x"}, fake.HangUp, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
				removed, ended := join(t, sw, "c", c.leg), join(t, sw, "c", c.leg)
				instance, err := sw.Remove("c", removed.ID(), c.then)
				require.NoError(t, err)
				require.Equal(t, removed.Instance(), instance)
				require.False(t, removed.Present())
				require.Equal(t, c.up, removed.Up())
				require.Equal(t, fake.ExitRemoved, removed.Info().Cause)
				require.True(t, ended.Present())

				_, err = sw.End("c", c.then)
				require.NoError(t, err)
				require.False(t, ended.Present())
				require.Equal(t, c.up, ended.Up())
				require.Equal(t, fake.ExitEnded, ended.Info().Cause)
				require.Equal(t, fake.EndCommand, look(t, sw, "c").Cause)
				require.Equal(t, c.up, sw.HangUpCall(ended.CallID()) == nil)
				require.False(t, ended.Up())
			})
		})
	}
}

func TestHowAConferenceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		rules fake.Rules
		a, b  fake.Leg
		do    func(sw *fake.Switch, a, b *fake.Member)
		want  fake.EndCause // empty: it goes on
		last  bool          // a is still in it
	}{
		"the first of two leaves": {do: func(_ *fake.Switch, _, b *fake.Member) { b.HangUp() }, last: true},
		"the last one leaves":     {do: func(_ *fake.Switch, a, b *fake.Member) { b.Leave(); a.Leave() }, want: fake.EndLastLeft},
		"one alone may not stay": {rules: fake.Rules{EndAlone: true},
			do: func(_ *fake.Switch, _, b *fake.Member) { b.HangUp() }, want: fake.EndAlone},
		"one alone waits for a leg that rings": {rules: fake.Rules{EndAlone: true},
			do: func(sw *fake.Switch, _, b *fake.Member) { _, _ = sw.Dial("c", fake.Leg{}); b.HangUp() }, last: true},
		"end on exit": {b: fake.Leg{EndOnExit: true},
			do: func(_ *fake.Switch, _, b *fake.Member) { b.HangUp() }, want: fake.EndOnExit},
		"end on exit, removed": {b: fake.Leg{EndOnExit: true},
			do: func(sw *fake.Switch, _, b *fake.Member) { _, _ = sw.Remove("c", b.ID(), fake.AsEntered) }, want: fake.EndOnExit},
		"command": {do: func(sw *fake.Switch, _, _ *fake.Member) { _, _ = sw.End("c", fake.HangUp) }, want: fake.EndCommand},
		"time": {rules: fake.Rules{MaxDuration: time.Hour},
			do: func(*fake.Switch, *fake.Member, *fake.Member) { time.Sleep(time.Hour) }, want: fake.EndMaxDuration},
		"not yet time": {rules: fake.Rules{MaxDuration: time.Hour},
			do: func(*fake.Switch, *fake.Member, *fake.Member) { time.Sleep(time.Hour - 1) }, last: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{Rules: c.rules}, func(t *testing.T, sw *fake.Switch) {
				a, b := join(t, sw, "c", c.a), join(t, sw, "c", c.b)
				c.do(sw, a, b)
				r := look(t, sw, "c")
				require.Equal(t, c.want, r.Cause)
				require.Equal(t, c.last, a.Present())
				require.Equal(t, c.want != "", r.Status == fake.Ended)
				require.Equal(t, c.want != "", len(sw.History()) == 1)
				require.Equal(t, c.want == "", len(sw.Rooms()) == 1)
				if c.want != "" {
					require.Empty(t, r.Members)
					require.Len(t, r.Departed, 2)
					_, err := sw.Read("c")
					require.ErrorIs(t, err, cc.ErrNotFound)
					_, err = sw.Read(r.Instance)
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestTimes(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		start := time.Now().UTC()
		a := join(t, sw, "c", fake.Leg{Waits: true})
		r := look(t, sw, "c")
		require.Equal(t, fake.Initialized, r.Status)
		require.True(t, r.StartedAt.IsZero())
		require.Zero(t, r.RunTime(time.Now()))
		time.Sleep(time.Minute)
		b := join(t, sw, "c", fake.Leg{})
		time.Sleep(time.Minute)
		b.HangUp()
		time.Sleep(time.Minute)
		r = look(t, sw, "c")
		require.Equal(t, 2*time.Minute, r.RunTime(time.Now()))
		a.Leave()
		time.Sleep(time.Hour)
		r = look(t, sw, "c")
		require.Equal(t, start, r.CreatedAt)
		require.Equal(t, start.Add(time.Minute), r.StartedAt)
		require.Equal(t, start.Add(3*time.Minute), r.EndedAt)
		require.Equal(t, 2*time.Minute, r.RunTime(time.Now()))
		require.Equal(t, []cc.ParticipantID{b.ID(), a.ID()}, ids(r.Departed))
		require.Equal(t, start.Add(time.Minute), r.Departed[0].JoinedAt)
		require.Equal(t, start.Add(2*time.Minute), r.Departed[0].ExitAt)
		require.Equal(t, fake.ExitHungUp, r.Departed[0].Cause)
		require.Equal(t, fake.ExitLeft, r.Departed[1].Cause)
		require.False(t, b.Up())
		require.True(t, a.Up())
	})
}

func TestActivate(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{Waits: true})
		for range 2 {
			_, err := sw.Activate("c")
			require.NoError(t, err)
		}
		require.Equal(t, fake.Active, look(t, sw, "c").Status)
		m.HangUp()
		_, err := sw.Activate(m.Instance())
		require.ErrorIs(t, err, cc.ErrNotFound)
	})
}

func TestANameIsUsedAgain(t *testing.T) {
	bubble(t, fake.Options{Rules: fake.Rules{FirstMember: 7}}, func(t *testing.T, sw *fake.Switch) {
		old := join(t, sw, "c", fake.Leg{})
		_, err := sw.End("c", fake.HangUp)
		require.NoError(t, err)
		young := join(t, sw, "c", fake.Leg{})
		require.NotEqual(t, old.Instance(), young.Instance())
		require.Equal(t, cc.ParticipantID("7"), old.ID())
		require.Equal(t, cc.ParticipantID("7"), young.ID())

		for _, err := range []error{
			second(sw.Remove(old.Instance(), "7", fake.HangUp)),
			second(sw.Set(old.Instance(), "7", cc.Change{Mute: cc.On})),
			second(sw.End(old.Instance(), fake.HangUp)),
		} {
			require.ErrorIs(t, err, cc.ErrNotFound)
			require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
		}
		require.True(t, young.Present())
		require.Equal(t, cc.Off, young.State().Mute)
		r, err := sw.Read(old.Instance())
		require.NoError(t, err)
		require.Equal(t, fake.Ended, r.Status)
		r, err = sw.Read("c")
		require.NoError(t, err)
		require.Equal(t, young.Instance(), r.Instance)
	})
}

func second[T any](_ T, err error) error { return err }

func TestMembersAreNumberedOverTheWholeSwitch(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 10}, func(t *testing.T, sw *fake.Switch) {
		for i, name := range []string{"a", "b", "a", "b"} {
			require.Equal(t, cc.ParticipantID(strconv.Itoa(10+i)), join(t, sw, name, fake.Leg{}).ID())
		}
		_, err := sw.Remove("a", "11", fake.HangUp)
		require.ErrorIs(t, err, cc.ErrNotParticipant)
		require.Equal(t, cc.ErrNotParticipant, cc.KindOf(err))
		for _, p := range []cc.ParticipantID{"", "1", "010", "all", "10,12", " 10"} {
			_, err := sw.Remove("a", p, fake.HangUp)
			require.ErrorIs(t, err, cc.ErrNotParticipant, string(p))
		}
		require.Len(t, look(t, sw, "a").Members, 2)
	})
}

func TestCapacity(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		a := join(t, sw, "c", fake.Leg{Rules: &fake.Rules{Capacity: 2}})
		join(t, sw, "c", fake.Leg{Rules: &fake.Rules{Capacity: 9}})
		_, err := sw.Join("c", fake.Leg{})
		require.ErrorIs(t, err, cc.ErrConflict)
		late, err := sw.Dial("c", fake.Leg{})
		require.NoError(t, err)
		require.ErrorIs(t, late[0].Answer(), cc.ErrConflict)
		require.Equal(t, fake.ExitFull, late[0].Info().Cause)
		require.False(t, late[0].Up())
		a.HangUp()
		join(t, sw, "c", fake.Leg{})
	})
}

func TestHistoryIsBounded(t *testing.T) {
	bubble(t, fake.Options{History: 3}, func(t *testing.T, sw *fake.Switch) {
		var runs []*fake.Member
		for i := range 5 {
			m := join(t, sw, "c"+strconv.Itoa(i), fake.Leg{})
			m.HangUp()
			runs = append(runs, m)
		}
		var names []string
		for _, r := range sw.History() {
			names = append(names, r.Name)
		}
		require.Equal(t, []string{"c2", "c3", "c4"}, names)
		_, err := sw.Read(runs[1].Instance())
		require.ErrorIs(t, err, cc.ErrNotFound)
		_, err = sw.Look("c1")
		require.ErrorIs(t, err, cc.ErrNotFound)
		require.Equal(t, fake.ExitHungUp, runs[0].Info().Cause) // a Member outlives the history
	})
}

func TestTheDepartedAreBounded(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		join(t, sw, "c", fake.Leg{})
		for range 1003 {
			join(t, sw, "c", fake.Leg{}).HangUp()
		}
		gone := look(t, sw, "c").Departed
		require.Len(t, gone, 1000)
		require.Equal(t, cc.ParticipantID("105"), gone[0].ID)
	})
}

func TestACallMovesIntoAnotherConference(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		a := join(t, sw, "c", fake.Leg{CallID: "call-1", Mute: true})
		b := join(t, sw, "c", fake.Leg{})
		_, err := sw.Join("c", fake.Leg{CallID: "call-1"})
		require.ErrorIs(t, err, cc.ErrConflict)

		moved := join(t, sw, "d", fake.Leg{CallID: "call-1"})
		require.False(t, a.Present())
		require.Equal(t, fake.ExitTransferred, a.Info().Cause)
		require.True(t, a.Up())
		require.True(t, b.Present())
		require.Equal(t, cc.Off, moved.State().Mute)
		found, ok := sw.Find("call-1")
		require.True(t, ok)
		require.Same(t, moved, found)

		moved.Leave()
		require.True(t, sw.CallUp("call-1"))
		_, ok = sw.Find("call-1")
		require.False(t, ok)
		back := join(t, sw, "c", fake.Leg{CallID: "call-1"})
		require.NotEqual(t, a.ID(), back.ID())
		a.HangUp() // the same call
		require.False(t, back.Present())
		require.False(t, sw.CallUp("call-1"))
		require.ErrorIs(t, sw.HangUpCall("call-1"), cc.ErrNotFound)
	})
}

func TestAddresses(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		require.Equal(t, "sip:anna@x.test", join(t, sw, "c", fake.Leg{Address: "sip:anna@x.test"}).Address())
		require.Empty(t, join(t, sw, "c", fake.Leg{Address: "15550100", Withheld: true}).Address())
	})
}

func TestInvalidCommands(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		require.ErrorIs(t, second(sw.Set("c", m.ID(), cc.Change{})), cc.ErrInvalid)
		for _, c := range []cc.ConferenceID{"", "d", "C", "c ", m.Instance() + "0", cc.ConferenceID(strings.TrimPrefix(string(m.Instance()), "uuid:"))} {
			require.ErrorIs(t, second(sw.End(c, fake.HangUp)), cc.ErrNotFound, string(c))
			require.Equal(t, cc.ErrNotFound, cc.KindOf(second(sw.Remove(c, m.ID(), fake.HangUp))), string(c))
			require.Empty(t, sw.Members(c))
		}
		require.Equal(t, []*fake.Member{m}, sw.Members("c"))
		require.Equal(t, []*fake.Member{m}, sw.Members(m.Instance()))
		require.True(t, m.Present())
	})
}

func TestClose(t *testing.T) {
	bubble(t, fake.Options{Lag: time.Second}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		_, err := sw.Remove("c", m.ID(), fake.HangUp)
		require.NoError(t, err)
		feed := sw.Subscribe(0)
		require.NoError(t, sw.Close())
		require.NoError(t, sw.Close())
		time.Sleep(time.Minute)
		require.True(t, m.Present()) // what was not done is forgotten
		_, err = feed.Next(t.Context())
		require.ErrorIs(t, err, cc.ErrClosed)
		_, err = sw.Subscribe(0).Next(t.Context())
		require.ErrorIs(t, err, cc.ErrClosed)
		_, err = sw.Join("c", fake.Leg{})
		require.ErrorIs(t, err, cc.ErrClosed)
		_, err = sw.Remove("c", m.ID(), fake.HangUp)
		require.ErrorIs(t, err, cc.ErrClosed)
		require.ErrorIs(t, sw.HangUpCall(m.CallID()), cc.ErrClosed)
		require.Len(t, sw.Rooms(), 1)
		m.HangUp()
		require.False(t, m.Present())
	})
}

func TestManyAtOnce(t *testing.T) {
	bubble(t, fake.Options{Lag: time.Millisecond, ReadLag: time.Millisecond}, func(t *testing.T, sw *fake.Switch) {
		feed := sw.Subscribe(1 << 16)
		var wg sync.WaitGroup
		const workers, rounds = 8, 50
		for w := range workers {
			wg.Go(func() {
				name := "c" + strconv.Itoa(w%3)
				for i := range rounds {
					m, err := sw.Join(name, fake.Leg{})
					if !assert.NoError(t, err) {
						return
					}
					_, _ = sw.Set(m.Instance(), m.ID(), cc.Change{Mute: cc.On})
					if i%5 == 0 {
						_, _ = sw.End(cc.ConferenceID(name), fake.HangUp)
					}
					time.Sleep(time.Duration(w) * time.Millisecond)
					_, _ = sw.Read(cc.ConferenceID(name))
					m.HangUp()
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second)
		require.Empty(t, sw.Rooms())

		// Every run's news is numbered without a hole, in order, and as many left as joined.
		seq, inside := map[cc.ConferenceID]uint64{}, map[cc.ConferenceID]int{}
		require.NoError(t, sw.Close())
		for {
			n, err := feed.Next(t.Context())
			if err != nil {
				break
			}
			run := n.Room.Instance
			seq[run]++
			require.Equal(t, seq[run], n.Seq)
			switch n.Kind {
			case fake.NewsJoined:
				inside[run]++
			case fake.NewsLeft:
				inside[run]--
			case fake.NewsEnded:
				require.Zero(t, inside[run])
				require.Empty(t, n.Room.Members)
			}
		}
		require.NotEmpty(t, seq)
	})
}
