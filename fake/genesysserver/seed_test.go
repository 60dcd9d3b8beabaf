package genesysserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// "RemoveParticipantFromConference": the sample of the page.
func TestTheOwnerRemovesAParticipant(t *testing.T) {
	bubble(t, fake.Options{}, genesysserver.Options{IDs: genesysserver.IDName, HideClearCall: true}, func(t *testing.T, s *site) {
		const id = "01RCC3N118B1V0SL8O7GK2LAES00000O"
		ana := s.add(genesysserver.AgentOptions{User: "ana", DN: "15000"})
		bob := s.add(genesysserver.AgentOptions{User: "bob", DN: "15001"})
		s.add(genesysserver.AgentOptions{User: "eve", DN: "15002"})
		_, err := ana.Join(id)
		require.NoError(t, err)
		gone, err := bob.Join(id)
		require.NoError(t, err)
		_, err = s.sw.Join(id, fake.Leg{Address: "15002", Login: "eve"})
		require.NoError(t, err)
		c, b := s.login(ana).listen(), s.login(bob).listen()
		c.take()
		b.take()

		got := c.post("/api/v2/me/calls/"+id, `{
  "operationName": "RemoveParticipantFromConference",
  "participant": "15001"
}`)
		require.Equal(t, 200, got.status)
		require.JSONEq(t, `{"statusCode":0}`, got.text)
		require.False(t, gone.Present())
		require.False(t, gone.Up())

		news := c.take()
		require.Len(t, news, 1)
		require.Equal(t, "/v2/me/calls", news[0].Channel)
		require.Equal(t, "CallStateChangeMessage", news[0].Data["messageType"])
		require.Equal(t, "ParticipantsUpdated", news[0].Data["notificationType"])
		require.Equal(t, "15000", news[0].Data["phoneNumber"])
		require.Equal(t, map[string]any{"BusinessCall": 0.0}, news[0].Data["extensions"])
		call := news[0].Data["call"].(map[string]any)
		require.Equal(t, id, call["id"])
		require.Equal(t, "Established", call["state"])
		require.Equal(t, []any{map[string]any{
			"e164Number": "", "formattedPhoneNumber": "15002", "phoneNumber": "15002", "digits": "15002",
		}}, call["participants"])
		require.Equal(t, "15001", call["dnis"]) // of who is gone
		require.Equal(t, "Internal", call["callType"])
		require.Equal(t, []string{
			"UpdateUserData", "SendDtmf", "InitiateConference", "InitiateTransfer", "Hold", "SingleStepTransfer",
			"AttachUserData", "DeleteUserDataPair", "SingleStepConference", "DeleteUserData", "Hangup",
		}, words(call["capabilities"]))
		require.Equal(t, "0", call["duration"])
		require.Equal(t, "Off", call["mute"])
		require.Equal(t, false, call["supervisorListeningIn"])
		require.Equal(t, false, call["monitoredUserMuted"])
		require.Equal(t, false, call["monitoring"])
		require.Equal(t, "https://gws.example.test/api/v2/me/calls/"+id, call["uri"])
		require.Equal(t, "/calls/"+id, call["path"])
		require.Equal(t, "https://gws.example.test/api/v2/devices/"+ana.DeviceID(), call["deviceUri"])

		require.Equal(t, []string{"StatusChange Released 15000+15002"}, lines(b.take()))
		require.Empty(t, b.calls())
		require.Equal(t, []string{"15002"}, numbers(c.call()))
		require.Equal(t, 1, s.server.Counts().CallPosts)
	})
}
