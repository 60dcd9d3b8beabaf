package plivo_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A place is a bridge with a server of Plivo's two APIs in front of it.
type place struct {
	sw       *fake.Switch
	server   *plivoserver.Server
	endpoint *plivoserver.Endpoint
}

func newPlace(t *testing.T, n plivoserver.Network, o fake.Options, quirks ...plivoserver.Quirks) place {
	t.Helper()
	sw := fake.NewSwitch(o)
	var options plivoserver.Options
	for _, options.Quirks = range quirks {
	}
	server, err := plivoserver.New(sw, options)
	require.NoError(t, err)
	endpoint, err := server.Start(n)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, endpoint.Close())
		require.NoError(t, sw.Close())
	})
	return place{sw, server, endpoint}
}

func (p place) client(t *testing.T, provider string, settings map[string]string) cc.Client {
	t.Helper()
	return p.clientOver(t, provider, settings, p.endpoint.Transport())
}

func (p place) clientOver(t *testing.T, provider string, settings map[string]string, transport http.RoundTripper) cc.Client {
	t.Helper()
	cfg := cc.Config{
		Provider: provider, Endpoint: p.endpoint.URL(), Settings: settings, Transport: transport,
		Secret: vault(map[string]string{"PLIVO_AUTH_ID": p.server.AuthID(), "PLIVO_AUTH_TOKEN": p.server.AuthToken()}),
	}
	c, err := cc.OpenConfig(background, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func (p place) join(t *testing.T, c string, role cc.Role) *fake.Member {
	t.Helper()
	m, err := p.sw.Join(c, fake.Leg{Role: role, Rules: &fake.Rules{}})
	require.NoError(t, err)
	return m
}

// A story is a driver from opening to closing: what it can do is done to exactly the one who is meant,
// what it cannot do is refused.
func story(t *testing.T, p place, c cc.Client) {
	ctx, cancel := context.WithTimeout(background, 20*time.Second)
	defer cancel()
	require.NoError(t, c.Check(ctx))
	anna, bob, boss := p.join(t, "stand up", cc.RoleAgent), p.join(t, "stand up", cc.RoleCustomer), p.join(t, "stand up", cc.RoleSupervisor)
	conf := c.Conference("stand up")
	s, err := conf.Snapshot(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{string(anna.ID()), string(bob.ID()), string(boss.ID())}, ids(s.Participants))
	list := all(t, c.Conferences(ctx))
	require.Len(t, list, 1)
	require.Equal(t, s.Conference, list[0].Conference)
	require.Equal(t, s.Instance, list[0].Instance)

	others := c.Capabilities().Others
	before := map[*fake.Member]cc.ParticipantState{anna: anna.State(), bob: bob.State(), boss: boss.State()}
	for _, x := range []struct {
		can    cc.Controls
		change cc.Change
		field  func(*cc.ParticipantState) *cc.Toggle
	}{
		{cc.CanMute, cc.Change{Mute: cc.On}, func(s *cc.ParticipantState) *cc.Toggle { return &s.Mute }},
		{cc.CanHold, cc.Change{Hold: cc.On}, func(s *cc.ParticipantState) *cc.Toggle { return &s.Hold }},
		{cc.CanDeaf, cc.Change{Deaf: cc.On}, func(s *cc.ParticipantState) *cc.Toggle { return &s.Deaf }},
		{cc.CanCoach, cc.Change{Coach: cc.Off}, func(s *cc.ParticipantState) *cc.Toggle { return &s.Coach }},
		{cc.CanHold, cc.Change{Hold: cc.Off}, func(s *cc.ParticipantState) *cc.Toggle { return &s.Hold }},
		{cc.CanMute, cc.Change{Mute: cc.Off}, func(s *cc.ParticipantState) *cc.Toggle { return &s.Mute }},
	} {
		err := conf.SetParticipantState(ctx, boss.ID(), x.change)
		if others&x.can == 0 {
			require.ErrorIs(t, err, cc.ErrUnsupported)
		} else {
			require.NoError(t, err, "%v", x.change)
			state := before[boss]
			want := cc.ParticipantState(x.change)
			*x.field(&state) = *x.field(&want)
			before[boss] = state
		}
		for m, state := range before {
			require.Equal(t, state, m.State(), "%v", x.change)
		}
	}
	if others&cc.CanCoach != 0 {
		err := conf.SetParticipantState(ctx, anna.ID(), cc.Change{Coach: cc.On, Mute: cc.On})
		require.ErrorIs(t, err, cc.ErrUnsupported)
		require.Equal(t, cc.Off, anna.State().Mute)
	}

	require.ErrorIs(t, conf.RemoveParticipant(ctx, "99999"), cc.ErrNotParticipant)
	require.NoError(t, conf.RemoveParticipant(ctx, bob.ID()))
	require.False(t, bob.Present())
	require.Equal(t, c.Capabilities().Removed != cc.FateHangsUp, bob.Up())
	require.True(t, anna.Present() && boss.Present())
	require.ErrorIs(t, conf.RemoveParticipant(ctx, bob.ID()), cc.ErrNotParticipant)

	require.NoError(t, conf.End(ctx))
	require.False(t, anna.Present() || boss.Present())
	require.ErrorIs(t, conf.End(ctx), cc.ErrNotFound)
	_, err = conf.Snapshot(ctx)
	require.ErrorIs(t, err, cc.ErrNotFound)
	_, err = c.Conference(s.Instance).Snapshot(ctx)
	require.ErrorIs(t, err, cc.ErrNotFound)
}

// One smoke test of each driver over real sockets and TLS, opened from configuration.
func TestSmokeOverTLS(t *testing.T) {
	for _, provider := range []string{plivo.MPC, plivo.Conference} {
		for _, settings := range []map[string]string{nil, {"remove": "hangup", "rate": "200"}} {
			p := newPlace(t, plivoserver.TLS, fake.Options{})
			story(t, p, p.client(t, provider, settings))
		}
	}
}

// The transport that a client makes for itself.
func TestSmokeWithTheClientsOwnTransport(t *testing.T) {
	for _, provider := range []string{plivo.MPC, plivo.Conference} {
		p := newPlace(t, plivoserver.TCP, fake.Options{})
		story(t, p, p.clientOver(t, provider, map[string]string{"insecure": "true"}, nil))
	}
}

// What is accepted is done and shown later; a command returns when it is shown.
func TestStoryOnASlowBridge(t *testing.T) {
	for _, provider := range []string{plivo.MPC, plivo.Conference} {
		t.Run(provider, inFakeTime(func(t *testing.T) {
			p := newPlace(t, plivoserver.Pipe, fake.Options{Lag: 200 * time.Millisecond})
			story(t, p, p.client(t, provider, map[string]string{"insecure": "true"}))
		}))
	}
}

// Every form of an answer that has been seen tells the same story.
func TestStoryInEveryFormOfAnswers(t *testing.T) {
	for name, q := range map[string]plivoserver.Quirks{
		"lists of ids":  {MemberID: plivoserver.MemberIDList},
		"Python text":   {MemberID: plivoserver.MemberIDPythonText},
		"always 204":    {MemberActions204: true},
		"no key":        {NoConferencesKey: true},
		"nested update": {NestedUpdate: true},
		"misspelt":      {Misspelt: true},
		"lower case":    {LowerCase: true},
		"numbers":       {NumericAmounts: true},
		"long exit":     {DocumentedExit: true},
		"old":           {OldParticipants: true},
		"total_count":   {TotalCount: true},
		"no links":      {NoLinks: true},
		"uuid links":    {UUIDLinks: true},
	} {
		for _, provider := range []string{plivo.MPC, plivo.Conference} {
			t.Run(name+" "+provider, inFakeTime(func(t *testing.T) {
				p := newPlace(t, plivoserver.Pipe, fake.Options{Lag: 30 * time.Millisecond}, q)
				story(t, p, p.client(t, provider, map[string]string{"insecure": "true"}))
			}))
		}
	}
}

// A hang-up of unknown outcome is settled by a read, and sent again only where that shows the same leg.
func TestAHangUpOfUnknownOutcome(t *testing.T) {
	for _, effect := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlace(t, plivoserver.Pipe, fake.Options{})
			c := p.client(t, plivo.MPC, map[string]string{"insecure": "true", "remove": "hangup"})
			p.join(t, "a", cc.RoleAgent)
			m := p.join(t, "a", cc.RoleCustomer)
			conf := c.Conference("a")
			_, err := conf.Snapshot(background)
			require.NoError(t, err)
			_, err = p.server.Inject(plivoserver.Fault{On: plivoserver.HangUpCall, Effect: effect, Wire: plivoserver.Wire{Mode: plivoserver.Cut}, Times: 1})
			require.NoError(t, err)
			require.NoError(t, conf.RemoveParticipant(background, m.ID()))
			require.False(t, m.Up())
			sends := 0
			for _, r := range p.server.Requests() {
				if r.Method == http.MethodDelete {
					sends++
				}
			}
			require.Equal(t, map[bool]int{true: 1, false: 2}[effect], sends)
		})
	}
}

func TestNobodyLetsAStrangerIn(t *testing.T) {
	p := newPlace(t, plivoserver.TLS, fake.Options{})
	c, err := plivo.NewMPC(plivo.Options{
		AuthID: p.server.AuthID(), AuthToken: plivo.NewSecret("wrong"), Endpoint: p.endpoint.URL(), Transport: p.endpoint.Transport(),
	})
	require.NoError(t, err)
	require.ErrorIs(t, c.Check(background), cc.ErrUnauthenticated)
	require.NoError(t, c.Close())
}

// A room with a long history: several pages of those who are there and those who have left, and the
// reasons in the story.
func TestALongHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, plivoserver.Pipe, fake.Options{})
		c := p.client(t, plivo.MPC, map[string]string{"insecure": "true"})
		stays := p.join(t, "a", cc.RoleAgent)
		for range 45 {
			p.join(t, "a", cc.RoleCustomer).HangUp()
		}
		leaves, kicked := p.join(t, "a", cc.RoleCustomer), p.join(t, "a", cc.RoleCustomer)
		conf := c.Conference("a")
		s, err := conf.Snapshot(background)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{string(stays.ID()), string(leaves.ID()), string(kicked.ID())}, ids(s.Participants))

		ctx, cancel := context.WithCancel(background)
		defer cancel()
		reasons := map[string]cc.Reason{}
		for e, err := range conf.Events(ctx) {
			require.NoError(t, err)
			switch e.Type {
			case cc.Synced:
				leaves.HangUp()
				require.NoError(t, conf.RemoveParticipant(ctx, kicked.ID()))
			case cc.Left:
				reasons[string(e.Participant.ID)] = e.Reason
			}
			if len(reasons) == 2 {
				break
			}
		}
		require.Equal(t, map[string]cc.Reason{string(leaves.ID()): cc.ReasonHungUp, string(kicked.ID()): cc.ReasonRemoved}, reasons)
	})
}

// From a room that nobody is in to one with a dialled agent, in Plivo's own terms.
func TestARoomInPlivosTerms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, plivoserver.Pipe, fake.Options{})
		c := p.client(t, plivo.MPC, map[string]string{"insecure": "true"})
		r, ok := cc.As[*plivo.Room](c.Conference("new room"))
		require.True(t, ok)
		_, err := r.Record(background)
		require.ErrorIs(t, err, cc.ErrNotFound)
		added, err := r.AddParticipant(background, plivo.Invitation{
			Role: cc.RoleAgent, From: "15550100", To: []string{"15550101"}, StayAlone: cc.On, StartMPCOnEnter: cc.Off, Mute: cc.On,
			StatusCallback: plivo.Callback{URL: hook},
		})
		require.NoError(t, err)
		require.Len(t, added.Calls, 1)
		require.NotEmpty(t, added.Calls[0].CallUUID)

		m, ok := p.sw.Find(added.Calls[0].CallUUID)
		require.True(t, ok)
		require.NoError(t, m.Answer())

		record, err := r.Record(background)
		require.NoError(t, err)
		require.Equal(t, "Initialized", record.Status)
		require.NoError(t, r.Activate(background))
		s, err := c.Conference("new room").Snapshot(background)
		require.NoError(t, err)
		require.Len(t, s.Participants, 1)
		require.Equal(t, added.Calls[0].CallUUID, s.Participants[0].CallID)
		require.Equal(t, cc.On, s.Participants[0].State.Mute)
		byRun, _ := cc.As[*plivo.Room](c.Conference(s.Instance))
		record, err = byRun.Record(background)
		require.NoError(t, err)
		require.Equal(t, "Active", record.Status)

		require.NoError(t, r.SetAll(background, cc.Change{Mute: cc.Off, Hold: cc.On}))
		require.Equal(t, cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.On}, m.State())
		require.NoError(t, byRun.RemoveAll(background))
		require.False(t, m.Present())
		record, err = byRun.Record(background)
		require.NoError(t, err)
		require.False(t, record.Live())
		people, err := byRun.Participants(background)
		require.NoError(t, err)
		require.Len(t, people, 1)
		require.True(t, people[0].Departed)
		require.ErrorIs(t, r.Activate(background), cc.ErrNotFound)
	})
}
