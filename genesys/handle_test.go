package genesys_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// supervised adds a supervisor, who monitors the conference.
func (s *site) supervised(m genesysserver.Mode) (*genesys.Call, cc.Conference, func()) {
	s.t.Helper()
	eva, err := s.server.AddAgent(genesysserver.AgentOptions{User: "eva", Password: password, DN: "15100"})
	require.NoError(s.t, err)
	if m != "" {
		_, err = eva.Monitor("room", m)
		require.NoError(s.t, err)
	}
	client, err := genesys.New(genesys.Options{
		Endpoint: s.endpoint.URL(), Insecure: true, User: "eva", Password: genesys.NewSecret(password), Transport: s.endpoint.Transport(),
	})
	require.NoError(s.t, err)
	conf := client.Conference(s.id)
	return handle(s.t, conf), conf, func() { require.NoError(s.t, client.Close()) }
}

func TestSupervisorModes(t *testing.T) {
	for name, served := range map[string]genesysserver.Options{"new": {}, "old": {Dialect: genesysserver.Old}} {
		t.Run(name, func(t *testing.T) {
			onSite(t, served, nil, func(s *site) {
				call, conf, done := s.supervised(genesysserver.Coach)
				defer done()
				ctx := s.t.Context()
				r, err := call.Read(ctx)
				require.NoError(t, err)
				require.True(t, r.Offers("SwitchToBargeIn") && r.Offers("SwitchToListenIn"))
				snap, err := conf.Snapshot(ctx)
				require.NoError(t, err)
				for _, p := range snap.Participants {
					if p.Self {
						require.Equal(t, cc.RoleSupervisor, p.Role)
						require.Equal(t, cc.Unset, p.State.Mute)
						require.False(t, p.Controls.Has(cc.CanMute))
					}
				}
				before := s.server.Counts().CallPosts
				require.ErrorIs(t, conf.SetParticipantState(ctx, "15100", cc.Change{Mute: cc.On}), cc.ErrUnsupported)
				require.Equal(t, before, s.server.Counts().CallPosts)

				require.NoError(t, call.SwitchToBargeIn(ctx))
				r, err = call.Read(ctx)
				require.NoError(t, err)
				require.False(t, r.Mute)
				require.NoError(t, call.SwitchToListenIn(ctx))
				require.NoError(t, call.SwitchToListenIn(ctx), "already so")
				r, err = call.Read(ctx)
				require.NoError(t, err)
				require.True(t, r.Mute)
				require.True(t, r.Offers("SwitchToBargeIn"))
				require.NoError(t, call.MuteMonitoredUser(ctx))
				require.NoError(t, call.MuteMonitoredUser(ctx), "already so")
				r, err = call.Read(ctx)
				require.NoError(t, err)
				require.True(t, r.MonitoredUserMuted)
				require.NoError(t, call.UnmuteMonitoredUser(ctx))
			})
		})
	}
}

func TestMonitoringIsSetUp(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		call, _, done := s.supervised("")
		defer done()
		ctx := s.t.Context()
		target := genesys.Target{Device: s.ana.DeviceID(), Scope: genesys.ScopeAgent, Calls: genesys.NextCall}
		for state, order := range map[string]func(context.Context, genesys.Target) error{
			"ListenIn": call.ListenIn, "Coach": call.Coach, "BargeIn": call.BargeIn,
		} {
			require.NoError(t, order(ctx, target), state)
			list, err := call.Devices(ctx)
			require.NoError(t, err)
			require.Len(t, list, 1)
			require.Equal(t, state, list[0].MonitoringState)
			require.Equal(t, s.ana.DeviceID(), list[0].MonitoringTarget)
			require.Equal(t, "Agent", list[0].MonitoringScope)
			require.Equal(t, "NextCall", list[0].MonitoringMode)
			require.NoError(t, call.CancelSupervisorMonitoring(ctx))
			require.NoError(t, call.CancelSupervisorMonitoring(ctx), "already so")
		}
		require.NoError(t, call.Coach(ctx, genesys.Target{Number: ownDN}))
		for _, bad := range []genesys.Target{
			{}, {Device: "d", Number: "1"}, {Device: "../x"}, {Number: "1,2"}, {Number: "1", Scope: "World"}, {Number: "1", Calls: "Some"},
		} {
			count := s.since()
			require.ErrorIs(t, call.ListenIn(ctx, bad), cc.ErrInvalid)
			require.Equal(t, genesysserver.Counts{}, count())
		}
	})
}

func TestHandleOfAnOwner(t *testing.T) {
	onSite(t, genesysserver.Options{AnswerAfter: 100 * time.Millisecond}, nil, func(s *site) {
		s.ready()
		ctx := s.t.Context()
		call := handle(t, s.conf)
		require.Equal(t, s.id, call.ID())
		require.ErrorIs(t, call.MuteMonitoredUser(ctx), cc.ErrForbidden)
		require.ErrorIs(t, call.SwitchToBargeIn(ctx), cc.ErrConflict)
		require.ErrorIs(t, call.AddParty(ctx, "15001"), cc.ErrConflict)
		require.ErrorIs(t, call.AddParty(ctx, "1,2"), cc.ErrInvalid)
		require.NoError(t, call.AddParty(ctx, "15003"))
		snap, err := s.conf.Snapshot(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{ownDN, "15001", "15002", "15003"}, ids(snap.Participants))

		require.NoError(t, call.AttachUserData(ctx, map[string]any{"case": "7", "vip": map[string]any{"since": "2015"}}))
		require.NoError(t, call.UpdateUserData(ctx, map[string]any{"case": "8"}))
		data, err := call.UserData(ctx)
		require.NoError(t, err)
		var pairs map[string]any
		require.NoError(t, json.Unmarshal(data, &pairs))
		require.Equal(t, "8", pairs["case"])
		require.NoError(t, call.UpdateUserData(ctx, map[string]any{"tries": 3, "vip": map[string]any{"since": 2015, "gold": true}}))
		require.NoError(t, call.DeleteUserDataPair(ctx, "case"))
		require.NoError(t, call.DeleteUserData(ctx))
		require.ErrorIs(t, call.AttachUserData(ctx, nil), cc.ErrInvalid)
	})
}

func TestHandleOutcomes(t *testing.T) {
	const add genesysserver.Operation = "SingleStepConference"
	for name, c := range map[string]struct {
		fault genesysserver.Fault
		kind  cc.Kind
		soon  bool
	}{
		"never answers":       {fault: genesysserver.Fault{Answer: genesysserver.Done()}, kind: cc.ErrUncertain},
		"fails later":         {fault: genesysserver.Fault{Answer: genesysserver.Done(), Failure: &genesysserver.Failure{}}, kind: cc.ErrUnavailable, soon: true},
		"answer lost":         {fault: genesysserver.Fault{Wire: genesysserver.Reset}, kind: cc.ErrUncertain, soon: true},
		"refused":             {fault: genesysserver.Fault{Answer: genesysserver.Code(409, 2, "no")}, kind: cc.ErrConflict, soon: true},
		"done, and then lost": {fault: genesysserver.Fault{Effect: true, Wire: genesysserver.Cut}, soon: true},
	} {
		t.Run(name, func(t *testing.T) {
			onSite(t, genesysserver.Options{}, nil, func(s *site) {
				s.ready()
				c.fault.On = add
				s.inject(c.fault)
				began := time.Now()
				err := handle(t, s.conf).AddParty(s.t.Context(), "15003")
				if c.kind == 0 {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, c.kind)
				}
				if c.soon {
					require.Less(t, time.Since(began), time.Second)
				}
				require.LessOrEqual(t, time.Since(began), 10*time.Second)
			})
		})
	}
}

func TestHandleAfterClose(t *testing.T) {
	d := &desk{}
	client, err := genesys.New(d.options())
	require.NoError(t, err)
	call, ok := cc.As[*genesys.Call](client.Conference(callID))
	require.True(t, ok)
	require.NoError(t, client.Close())
	_, err = call.Read(background)
	require.ErrorIs(t, err, cc.ErrClosed)
	require.Empty(t, d.lines())
	require.ErrorIs(t, handle(t, client.Conference("a/b")).SwitchToBargeIn(background), cc.ErrInvalid)
}
