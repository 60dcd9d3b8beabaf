package fake_test

import (
	"errors"
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/stretchr/testify/require"
)

// driver returns a driver in front of a Switch.
func driver(t *testing.T, sw *fake.Switch, p fake.Profile) provider.Driver {
	t.Helper()
	d, err := sw.Driver(p)
	require.NoError(t, err)
	return d
}

// snapshot reads a conference.
func snapshot(t *testing.T, d provider.Driver, c cc.ConferenceID) provider.Snapshot {
	t.Helper()
	s, err := d.Snapshot(t.Context(), c)
	require.NoError(t, err)
	return s
}

const allConference = cc.CanEnd | cc.CanList | cc.CanWatch

func TestCapabilities(t *testing.T) {
	want := map[string]cc.Capabilities{
		"everything": {Conference: allConference, Others: cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach,
			Removed: cc.FateHangsUp, Ended: cc.FateHangsUp},
		"plivo-mpc": {Conference: allConference, Others: cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach,
			Removed: cc.FateDepends, Ended: cc.FateDepends},
		"plivo-conference": {Conference: allConference, Others: cc.CanRemove | cc.CanMute | cc.CanDeaf,
			Removed: cc.FateContinues, Ended: cc.FateUnknown},
		"genesys": {Conference: allConference, Others: cc.CanRemove, Self: cc.CanRemove | cc.CanMute | cc.CanHold,
			SessionOnly: true, Removed: cc.FateHangsUp, Ended: cc.FateHangsUp},
	}
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	for _, p := range fake.Profiles() {
		require.Equal(t, want[p.Name], driver(t, sw, p).Capabilities(), p.Name)
		delete(want, p.Name)
	}
	require.Empty(t, want)
}

// TestWhatProfilesTell reads one conference through every profile.
func TestWhatProfilesTell(t *testing.T) {
	const off, unset = cc.Off, cc.Unset
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		me := join(t, sw, "c", fake.Leg{Login: fake.Me, Address: "7001", Role: cc.RoleAgent, CallID: "call-1"})
		time.Sleep(1500 * time.Millisecond)
		boss := join(t, sw, "c", fake.Leg{Address: "7002", Name: "Boss", Role: cc.RoleSupervisor, CallID: "call-2", Coach: cc.Off})
		gone := join(t, sw, "c", fake.Leg{CallID: "call-3"})
		gone.HangUp()
		start := me.Info().JoinedAt
		at := start.Add(1500 * time.Millisecond)
		departed := []provider.Departure{{ID: "103", CallID: "call-3", Reason: cc.ReasonHungUp, Code: "hung-up", At: at}}

		snap := func(instance cc.ConferenceID, ps ...cc.Participant) cc.Snapshot {
			return cc.Snapshot{Conference: "c", Instance: instance, Participants: ps, Controls: cc.CanEnd, At: at}
		}
		const mpc = cc.CanRemove | cc.CanMute | cc.CanHold
		for name, want := range map[string]provider.Snapshot{
			"everything": {Snapshot: snap(me.Instance(),
				cc.Participant{ID: "101", CallID: "call-1", Address: "7001", Role: cc.RoleAgent, JoinedAt: start,
					State: cc.ParticipantState{Mute: off, Deaf: off, Hold: off}, Controls: mpc | cc.CanDeaf},
				cc.Participant{ID: "102", CallID: "call-2", Address: "7002", Name: "Boss", Role: cc.RoleSupervisor, JoinedAt: at,
					State: cc.ParticipantState{Mute: off, Deaf: off, Hold: off, Coach: off}, Controls: mpc | cc.CanDeaf | cc.CanCoach},
			), RunTime: time.Second, Departed: departed},
			"plivo-mpc": {Snapshot: snap(me.Instance(),
				cc.Participant{ID: "101", CallID: "call-1", Address: "7001", Role: cc.RoleAgent, JoinedAt: start,
					State: cc.ParticipantState{Mute: off, Hold: off}, Controls: mpc},
				cc.Participant{ID: "102", CallID: "call-2", Address: "7002", Role: cc.RoleSupervisor, JoinedAt: at,
					State: cc.ParticipantState{Mute: off, Hold: off, Coach: off}, Controls: mpc | cc.CanCoach},
			), Departed: departed},
			"plivo-conference": {Snapshot: snap("c",
				cc.Participant{ID: "101", CallID: "call-1", Address: "7001",
					State: cc.ParticipantState{Mute: off, Deaf: off}, Controls: cc.CanRemove | cc.CanMute | cc.CanDeaf},
				cc.Participant{ID: "102", CallID: "call-2", Address: "7002", Name: "Boss",
					State: cc.ParticipantState{Mute: off, Deaf: off}, Controls: cc.CanRemove | cc.CanMute | cc.CanDeaf},
			), RunTime: time.Second},
			"genesys": {Snapshot: snap("c",
				cc.Participant{ID: "7001", CallID: "call-1", Address: "7001", Self: true,
					State: cc.ParticipantState{Mute: off, Deaf: unset, Hold: off}, Controls: mpc},
				cc.Participant{ID: "7002", Address: "7002", Controls: cc.CanRemove},
			), RunTime: time.Second},
		} {
			p := profile(t, name)
			d := driver(t, sw, p)
			require.Equal(t, want, snapshot(t, d, "c"), name)

			one, instance, err := d.Participant(t.Context(), "c", "102")
			if name == "everything" || name == "plivo-mpc" {
				require.NoError(t, err)
				require.Equal(t, want.Participants[1], one)
				require.Equal(t, want.Instance, instance)
				_, _, err = d.Participant(t.Context(), "c", "103")
				require.Equal(t, cc.ErrNotParticipant, cc.KindOf(err))
				_, _, err = d.Participant(t.Context(), "d", "102")
				require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
				require.Equal(t, want.Participants, snapshot(t, d, me.Instance()).Participants)
			} else {
				require.ErrorIs(t, err, cc.ErrUnsupported)
				require.ErrorIs(t, d.CheckConference(me.Instance()), cc.ErrInvalid)
			}
			require.Equal(t, want.Participants[0].ID, p.ParticipantID(me))
			require.Equal(t, want.Participants[1].ID, p.ParticipantID(boss))
			require.Empty(t, p.ParticipantID(gone))
		}
	})
}

// profile returns a ready-made profile by its name.
func profile(t *testing.T, name string) fake.Profile {
	t.Helper()
	for _, p := range fake.Profiles() {
		if p.Name == name {
			return p
		}
	}
	require.Fail(t, "no profile "+name)
	return fake.Profile{}
}

func TestListing(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		a := join(t, sw, "a", fake.Leg{Login: fake.Me})
		start := time.Now().UTC()
		b := join(t, sw, "b/2", fake.Leg{})
		join(t, sw, "over", fake.Leg{}).HangUp()
		for name, want := range map[string][]cc.Summary{
			"everything": {{Conference: "a", Instance: a.Instance(), Participants: 1, StartedAt: start},
				{Conference: b.Instance(), Instance: b.Instance(), Participants: 1, StartedAt: start}},
			"plivo-mpc": {{Conference: "a", Instance: a.Instance(), Participants: -1, StartedAt: start},
				{Conference: b.Instance(), Instance: b.Instance(), Participants: -1, StartedAt: start}},
			"plivo-conference": {{Conference: "a", Instance: "a", Participants: -1}},
			"genesys":          {{Conference: "a", Instance: "a", Participants: 1}},
		} {
			var got []cc.Summary
			for s, err := range driver(t, sw, profile(t, name)).Conferences(t.Context()) {
				require.NoError(t, err)
				got = append(got, s)
			}
			require.Equal(t, want, got, name)
			for s, err := range driver(t, sw, profile(t, name)).Conferences(t.Context()) {
				require.NoError(t, err)
				require.Equal(t, want[0], s)
				break
			}
		}
		_, err := driver(t, sw, fake.Genesys()).Snapshot(t.Context(), "b/2")
		require.ErrorIs(t, err, cc.ErrNotFound) // a session sees only what its own leg is in
	})
}

func TestGrammar(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	const uuid = "5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"
	for name, c := range map[string]struct{ conferences, participants string }{
		// One letter a word: y if the profile takes it.
		"everything":       {"ynnnnnyyn" + "n" + "yynnn", "ynnnnnnyn"},
		"plivo-mpc":        {"ynnnnnyyn" + "n" + "yynnn", "ynnnnnnyn"},
		"plivo-conference": {"ynnnnnyyn" + "n" + "ynnnn", "ynnnnnnyn"},
		"genesys":          {"ynnnnnnnn" + "n" + "ynnnn", "yynnnnyyn"},
	} {
		d := driver(t, sw, profile(t, name))
		for i, id := range []cc.ConferenceID{
			"standup", "", "all", "ALL", "a/b", "..", "a b", "a_b.c", " a", "a\n",
			"A-1", "uuid:" + uuid, "uuid:", "uuid:x" + cc.ConferenceID(uuid[1:]), "UUID:" + uuid,
		} {
			require.Equal(t, c.conferences[i] == 'y', d.CheckConference(id) == nil, "%s: conference %q", name, id)
		}
		for i, id := range []cc.ParticipantID{
			"101", "sip:a@b.test", "", "all", "Last", "1,2", "15001#2", "00000000000000000001", "1/2",
		} {
			require.Equal(t, c.participants[i] == 'y', d.CheckParticipant(id) == nil, "%s: participant %q", name, id)
		}
	}
}

func TestPeopleWhoCannotBeToldApart(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		for _, address := range []string{"7001", "15001", "15002", "15001", "15001", "", "15002#2", "a,b", "15002"} {
			leg := fake.Leg{Address: address, Withheld: address == ""}
			if address == "7001" {
				leg.Login = fake.Me
			}
			join(t, sw, "c", leg)
		}
		d := driver(t, sw, fake.Genesys())
		s := snapshot(t, d, "c")
		got := map[cc.ParticipantID]cc.Controls{}
		for _, p := range s.Participants {
			got[p.ID] = p.Controls
		}
		require.Equal(t, map[cc.ParticipantID]cc.Controls{
			"7001":  cc.CanRemove | cc.CanMute | cc.CanHold,
			"15001": 0, "15001#2": 0, "15001#3": 0,
			"#1": 0, "#2": 0,
			"15002": 0, "15002#2": cc.CanRemove, "15002#3": 0,
		}, got)
		for id, controls := range got {
			if controls != 0 {
				continue
			}
			_, err := d.Remove(t.Context(), "c", id)
			require.Equal(t, cc.ErrConflict, cc.KindOf(err), id)
			var e *cc.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, cc.CanRemove, e.Missing)
		}
		commands, _ := sw.Requests()
		require.Zero(t, commands)
		_, err := d.Remove(t.Context(), "c", "15002#2")
		require.NoError(t, err)
		_, err = d.Remove(t.Context(), "c", "15001#4")
		require.Equal(t, cc.ErrNotParticipant, cc.KindOf(err))
		require.Len(t, look(t, sw, "c").Members, 8)
	})
}

func TestWhoMayDoWhat(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		join(t, sw, "theirs", fake.Leg{Login: "somebody", Address: "7009"})
		join(t, sw, "theirs", fake.Leg{Login: fake.Me, Address: "7001"})
		join(t, sw, "mine", fake.Leg{Address: "15001"})
		join(t, sw, "mine", fake.Leg{Login: fake.Me, Address: "7001"})
		join(t, sw, "mine", fake.Leg{Login: "somebody", Address: "7009", Role: cc.RoleSupervisor})
		join(t, sw, "mpc", fake.Leg{})
		join(t, sw, "mpc", fake.Leg{Role: cc.RoleSupervisor})
		all := cc.Change{Mute: cc.On, Deaf: cc.On, Hold: cc.On, Coach: cc.On}
		for _, c := range []struct {
			profile string
			c       cc.ConferenceID
			p       cc.ParticipantID
			change  cc.Change // zero: remove
			kind    cc.Kind
			missing cc.Controls
		}{
			{"genesys", "theirs", "7009", cc.Change{}, cc.ErrForbidden, cc.CanRemove},
			{"genesys", "theirs", "7009", cc.Change{Mute: cc.On}, cc.ErrUnsupported, cc.CanMute},
			{"genesys", "theirs", "7001", cc.Change{Mute: cc.On}, 0, 0},
			{"genesys", "theirs", "7001", cc.Change{}, 0, 0},
			{"genesys", "mine", "15001", cc.Change{Mute: cc.On, Hold: cc.Off}, cc.ErrUnsupported, cc.CanMute | cc.CanHold},
			{"genesys", "mine", "15001", cc.Change{}, 0, 0},
			{"genesys", "mine", "7001", all, cc.ErrUnsupported, cc.CanDeaf | cc.CanCoach},
			{"everything", "mpc", "106", all, cc.ErrUnsupported, cc.CanCoach},
			{"everything", "mpc", "107", all, 0, 0},
			{"plivo-mpc", "mpc", "106", cc.Change{Coach: cc.Off}, cc.ErrUnsupported, cc.CanCoach},
			{"plivo-mpc", "mpc", "107", cc.Change{Coach: cc.Off}, 0, 0},
			{"plivo-mpc", "mpc", "999", cc.Change{Coach: cc.Off}, cc.ErrNotParticipant, 0},
			{"plivo-mpc", "over", "107", cc.Change{Coach: cc.Off}, cc.ErrNotFound, 0},
			{"genesys", "mpc", "7001", cc.Change{}, cc.ErrNotFound, 0},
		} {
			d := driver(t, sw, profile(t, c.profile))
			before, _ := sw.Requests()
			var err error
			if c.change.IsZero() {
				_, err = d.Remove(t.Context(), c.c, c.p)
			} else {
				_, err = d.SetState(t.Context(), c.c, c.p, c.change)
				vet := d.(provider.Vetter).Vet(t.Context(), c.c, c.p, c.change)
				require.Equal(t, c.missing != 0, vet != nil, "%+v", c)
			}
			require.Equal(t, c.kind, cc.KindOf(err), "%+v", c)
			var e *cc.Error
			if errors.As(err, &e) {
				require.Equal(t, c.missing, e.Missing, "%+v", c)
			}
			after, _ := sw.Requests()
			require.Equal(t, c.missing == 0, after == before+1, "%+v", c)
		}
		require.Equal(t, []cc.ParticipantID{"101"}, ids(look(t, sw, "theirs").Members))
		require.Equal(t, []cc.ParticipantID{"104", "105"}, ids(look(t, sw, "mine").Members))
		boss := sw.Members("mpc")[1]
		require.Equal(t, cc.ParticipantState{Mute: cc.On, Deaf: cc.On, Hold: cc.On, Coach: cc.Off}, boss.State())
	})
}

func TestFates(t *testing.T) {
	for name, want := range map[string][4]bool{ // up after: removed answered, commanded; ended answered, commanded
		"everything":       {false, false, false, false},
		"plivo-mpc":        {true, false, true, false},
		"plivo-conference": {true, true, true, false},
		"genesys":          {false, false, false, false},
	} {
		bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
			p := profile(t, name)
			join(t, sw, "c", fake.Leg{Login: fake.Me})
			var ms []*fake.Member
			for i := range 4 {
				ms = append(ms, join(t, sw, "c", fake.Leg{Entry: fake.Entry(i % 2)}))
			}
			d := driver(t, sw, p)
			for _, m := range ms[:2] {
				_, err := d.Remove(t.Context(), "c", p.ParticipantID(m))
				require.NoError(t, err)
			}
			_, err := d.End(t.Context(), "c")
			require.NoError(t, err)
			var up [4]bool
			for i, m := range ms {
				require.False(t, m.Present())
				up[i] = m.Up()
			}
			require.Equal(t, want, up, name)
		})
	}
}

func TestInstancesOfOldRunsAreRefused(t *testing.T) {
	bubble(t, fake.Options{Rules: fake.Rules{FirstMember: 1}}, func(t *testing.T, sw *fake.Switch) {
		old := join(t, sw, "c", fake.Leg{})
		old.HangUp()
		young := join(t, sw, "c", fake.Leg{})
		d := driver(t, sw, fake.PlivoMPC())
		_, err := d.Remove(t.Context(), old.Instance(), "1")
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
		_, err = d.SetState(t.Context(), old.Instance(), "1", cc.Change{Mute: cc.On})
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
		_, err = d.End(t.Context(), old.Instance())
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
		_, err = d.Snapshot(t.Context(), old.Instance())
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
		res, err := d.SetState(t.Context(), young.Instance(), "1", cc.Change{Mute: cc.On})
		require.NoError(t, err)
		require.Equal(t, provider.Result{Instance: young.Instance()}, res)
		require.Equal(t, cc.On, young.State().Mute)
	})
}

func TestProfilesThatContradictThemselves(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	for name, change := range map[string]func(*fake.Profile){
		"self without own leg":    func(p *fake.Profile) { p.Capabilities.Self = cc.CanMute },
		"own leg, whole account":  func(p *fake.Profile) { p.OwnLeg = true },
		"session without own leg": func(p *fake.Profile) { p.Capabilities.SessionOnly = true },
		"owner without own leg":   func(p *fake.Profile) { p.RemoveBy = fake.OwnerOnly },
		"end of a person":         func(p *fake.Profile) { p.Capabilities.Others |= cc.CanEnd },
		"mute of a conference":    func(p *fake.Profile) { p.Capabilities.Conference |= cc.CanMute },
		"negative lag":            func(p *fake.Profile) { p.Lag = -1 },
		"negative poll":           func(p *fake.Profile) { p.Poll = -1 },
	} {
		p := fake.Everything()
		change(&p)
		_, err := sw.Client(p)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		_, err = sw.Driver(p)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
	}
}
