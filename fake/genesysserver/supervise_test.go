package genesysserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// device posts an operation to the client's own device.
func (c *client) device(name string, more ...string) answer {
	c.t.Helper()
	return c.post("/api/v2/me/devices/"+c.agent.DeviceID(), operation(name, more...))
}

// floor is a supervisor, an agent, and clients of theirs.
func floor(t *testing.T, s *site) (sup, ana *client) {
	t.Helper()
	a := s.add(genesysserver.AgentOptions{User: "ana", DN: "7101"})
	v := s.add(genesysserver.AgentOptions{User: "sup", DN: "7900"})
	s.add(genesysserver.AgentOptions{User: "eve", DN: "7102"})
	sup, ana = s.login(v).listen(), s.login(a).listen()
	return sup, ana
}

// Facts 7.4: the modes, and their ways out. Coach has no way back.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		from  genesysserver.Mode
		op    string
		to    genesysserver.Mode // empty: refused
		heard bool               // by the customer, then
	}{
		{genesysserver.ListenIn, "SwitchToBargeIn", genesysserver.BargeIn, true},
		{genesysserver.ListenIn, "SwitchToListenIn", "", false},
		{genesysserver.ListenIn, "SwitchToCoach", "", false},
		{genesysserver.Coach, "SwitchToBargeIn", genesysserver.BargeIn, true},
		{genesysserver.Coach, "SwitchToListenIn", genesysserver.ListenIn, false},
		{genesysserver.BargeIn, "SwitchToListenIn", genesysserver.ListenIn, false},
		{genesysserver.BargeIn, "SwitchToBargeIn", "", true},
	} {
		t.Run(string(c.from)+" "+c.op, func(t *testing.T) {
			bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
				sup, ana := floor(t, s)
				agent, err := ana.agent.Join("c")
				require.NoError(t, err)
				customer := s.join("c", "15001")[0]
				leg, err := sup.agent.Monitor("c", c.from)
				require.NoError(t, err)
				require.Equal(t, c.from != genesysserver.ListenIn, agent.Hears(leg))
				require.Equal(t, c.from == genesysserver.BargeIn, customer.Hears(leg))
				sup.take()
				got := sup.op("c", c.op)
				require.Equal(t, c.heard, customer.Hears(leg))
				if c.to == "" {
					require.NotEqual(t, 0, got.code())
					return
				}
				require.Equal(t, 0, got.code())
				told := "StatusChange Established 7101+15001"
				if c.to == genesysserver.ListenIn {
					told += " muted"
				}
				require.Equal(t, []string{told}, lines(sup.take()))
				require.Equal(t, c.to == genesysserver.BargeIn, agent.Hears(leg))
				if c.to == genesysserver.ListenIn { // out of it there is barging, and no coaching
					require.Equal(t, 0, sup.op("c", "SwitchToBargeIn").code())
					require.True(t, customer.Hears(leg))
				}
			})
		})
	}
}

// "MuteMonitoredUser": allowed to who monitors, whatever the capabilities list.
func TestTheMonitoredAgentIsMuted(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		sup, ana := floor(t, s)
		m, err := ana.agent.Join("c")
		require.NoError(t, err)
		s.join("c", "15001")
		_, err = sup.agent.Monitor("c", genesysserver.BargeIn)
		require.NoError(t, err)
		sup.take()
		ana.take()
		require.Equal(t, 2, ana.op("c", "MuteMonitoredUser").code())
		require.Equal(t, 2, sup.op("c", "UnmuteMonitoredUser").code())
		require.NotContains(t, words(sup.call()["capabilities"]), "MuteMonitoredUser")
		require.Equal(t, 0, sup.op("c", "MuteMonitoredUser").code())
		require.Equal(t, []string{"MonitoredUserMutedStateChange Established 7101+15001 user-muted"}, lines(sup.take()))
		require.Equal(t, []string{"MonitoredUserMutedStateChange Established 15001+7900 user-muted"}, lines(ana.take()))
		require.True(t, s.server.MonitoredMuted("c"))
		require.Equal(t, "Off", ana.call()["mute"])
		require.Equal(t, cc.Off, m.State().Mute)
		require.Equal(t, 0, sup.op("c", "UnmuteMonitoredUser").code())
		require.Equal(t, []string{"MonitoredUserMutedStateChange Established 7101+15001"}, lines(sup.take()))
		require.False(t, s.server.MonitoredMuted("c"))
		require.False(t, s.server.MonitoredMuted("none"))
		require.Equal(t, 2, sup.op("c", "MuteCall").code()) // a supervisor's mute is the mode
		require.Equal(t, 2, sup.op("c", "ClearCall").code())
	})
}

// "ListenIn", "Coach", "BargeIn", "CancelSupervisionMonitoring": set up on the supervisor's device.
func TestMonitoringIsSetUp(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		sup, ana := floor(t, s)
		target := `"targetDeviceUri":"http://elsewhere/api/v2/devices/` + ana.agent.DeviceID() + `"`
		require.Equal(t, 1, sup.device("Coach").code())
		require.Equal(t, 2, sup.device("Coach", `"phoneNumber":"15001"`).code())
		require.Equal(t, 2, sup.device("Coach", `"phoneNumber":"7900"`).code())
		require.Equal(t, 10, sup.device("Coach", target, `"supervisorMonitoringScope":"World"`).code())
		require.Equal(t, 2, sup.device("CancelSupervisorMonitoring").code())
		require.Equal(t, 6, sup.post("/api/v2/me/devices/"+ana.agent.DeviceID(), operation("Coach", target)).code())

		require.Equal(t, 0, sup.device("Coach", target, `"supervisorMonitoringScope":"Agent"`, `"supervisorMonitoringMode":"NextCall"`).code())
		news := sup.take()
		require.Len(t, news, 1)
		require.Equal(t, "DeviceStateChangeMessage", news[0].Data["messageType"])
		d := news[0].Data["devices"].([]any)[0].(map[string]any)
		require.Equal(t, map[string]any{
			"state": "Coach", "mode": "NextCall", "scope": "Agent",
			"targetDeviceUri": "https://gws.example.test/api/v2/devices/" + ana.agent.DeviceID(),
		}, d["supervisorMonitoringState"])
		require.Contains(t, words(d["capabilities"]), "CancelSupervisorMonitoring")

		// The agent gets a call, and then the supervisor does.
		customer := s.join("c", "15001")[0]
		agent, err := ana.agent.Join("c")
		require.NoError(t, err)
		require.Equal(t, []string{"StatusChange Ringing 15001+7101"}, lines(sup.take()))
		require.Equal(t, 0, sup.op("c", "Answer").code())
		require.Equal(t, []string{"StatusChange Established 15001+7101"}, lines(sup.take()))
		leg := s.sw.Members("c")[2]
		require.Equal(t, cc.RoleSupervisor, leg.Info().Leg.Role)
		require.True(t, agent.Hears(leg))
		require.False(t, customer.Hears(leg))

		// With the agent the supervisor goes, and what was for one call is over.
		s.join("c", "15002")
		sup.take()
		agent.HangUp()
		news = sup.take()
		require.False(t, leg.Present())
		require.Equal(t, "DeviceStateChangeMessage", news[len(news)-1].told())
		d = sup.get("/api/v2/me/devices?fields=*").body["devices"].([]any)[0].(map[string]any)
		require.NotContains(t, d, "supervisorMonitoringState")

		require.Equal(t, 0, sup.device("ListenIn", `"phoneNumber":"7101"`).code())
		require.Equal(t, 0, sup.device("CancelSupervisorMonitoring").code())
		news = sup.take()
		require.Len(t, news, 2)
		require.NotContains(t, news[1].Data["devices"].([]any)[0], "supervisorMonitoringState")
	})
}

// Facts 7.3: scope Call stays with the customer, and joining a call in progress depends on the switch.
func TestMonitoringFollows(t *testing.T) {
	bubble(t, fake.Options{Rules: fake.Rules{EndAlone: true}}, genesysserver.Options{IDs: genesysserver.IDName, Intrude: true}, func(t *testing.T, s *site) {
		sup, ana := floor(t, s)
		_ = sup
		v := s.add(genesysserver.AgentOptions{User: "vic", DN: "7901", AutoAnswer: true})
		vic := s.login(v).listen()
		agent, err := ana.agent.Join("c")
		require.NoError(t, err)
		customers := s.join("c", "15001", "15002")
		require.Equal(t, 0, vic.device("BargeIn", `"phoneNumber":"7101"`).code())
		require.Len(t, s.sw.Members("c"), 4)
		vic.take()
		agent.HangUp()
		s.quiet()
		require.Equal(t, []string{"15001", "15002"}, numbers(vic.call()))
		// When one caller is left, the call is over, whoever monitors it.
		vic.take()
		customers[0].HangUp()
		require.Equal(t, []string{"StatusChange Released 15001+15002"}, lines(vic.take()))
		require.False(t, customers[1].Up())
	})
}
