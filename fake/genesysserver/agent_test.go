package genesysserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// Facts 9: the device as another client, or the switch, leaves it.
func TestAnAgentIsLoggedOutElsewhere(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		a.agent.LogOut()
		require.False(t, a.agent.Started())
		d := a.take()[0].Data["devices"].([]any)[0].(map[string]any)
		require.Equal(t, "Inactive", d["deviceState"])
		require.Equal(t, "LoggedOut", d["userState"].(map[string]any)["state"])
		require.Equal(t, 4, a.op("c", "Hold").code())
		require.Len(t, a.calls(), 1) // the HTTP session goes on
		a.take()
		a.agent.LogIn()
		require.Equal(t, 0, a.op("c", "Hold").code())
		require.Equal(t, []string{"DeviceStateChangeMessage", "StatusChange Held 7102+15001+15002"}, lines(a.take()))
	})
}

// Two clients of one user are told the same, each over its own cookies.
func TestTwoClientsOfOneUser(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		b := s.login(a.agent).listen()
		require.Equal(t, 0, b.op("c", "Hold").code())
		require.Equal(t, a.take(), b.take())
		require.EqualValues(t, 3, s.server.CometD().Handshakes)
		s.server.DropCometD("ana", true)
		require.Equal(t, 1, s.server.CometD().Sessions)
	})
}

// A call that is on hold already tells what is new when a consultation begins and ends.
func TestAConsultationFromHold(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a, _ := conference(t, s)
		require.Equal(t, 0, a.op("c", "Hold").code())
		a.take()
		require.Equal(t, 0, a.op("c", "InitiateConference", `"destination":{"phoneNumber":"15009"}`).code())
		news := a.take()
		require.Equal(t, "StatusChange Held 7102+15001+15002", news[0].told())
		require.Contains(t, words(news[0].Data["call"].(map[string]any)["capabilities"]), "CompleteConference")
		require.Equal(t, "StatusChange Established 15009", news[len(news)-1].told()) // it answers by itself
		s.sw.Members(s.sw.Rooms()[1].Instance)[1].HangUp()
		require.Equal(t, []string{"StatusChange Released 15009", "StatusChange Held 7102+15001+15002"}, lines(a.take()))
		require.Equal(t, 2, a.op("c", "CompleteConference").code())
	})
}

// The conference of an agent that a suite brings in by hand: the Switch's own words for who it is.
func TestTheSwitchsOwnLegIsAnAgents(t *testing.T) {
	bubble(t, fake.Options{}, byName, func(t *testing.T, s *site) {
		a := s.add(genesysserver.AgentOptions{User: fake.Me, DN: "15550101000"})
		_, err := s.sw.Join("standup-1", fake.Leg{Login: fake.Me, Address: "15550101000"})
		require.NoError(t, err)
		s.join("standup-1", "15550101001")
		require.Equal(t, []string{"15550101001"}, numbers(s.login(a).call()))
		_, ok := a.Conference("other")
		require.False(t, ok)
		require.Empty(t, a.Capabilities("other"))
		_, err = s.server.CallID("other")
		require.Error(t, err)
	})
}

func TestQuietWaits(t *testing.T) {
	o := byName
	o.Timing = genesysserver.Timing{Reply: time.Second, Min: 2 * time.Second, Max: 2 * time.Second}
	bubble(t, fake.Options{}, o, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana"})
		_, err := ana.Join("c")
		require.NoError(t, err)
		c := s.login(ana)
		require.NoError(t, s.server.Quiet(t.Context()))
		start := time.Now()
		c.poll.Go(func() { c.op("c", "Hold") })
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.server.Quiet(ctx), context.DeadlineExceeded)
		require.NoError(t, s.server.Quiet(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(start))
		c.poll.Wait()
	})
}
