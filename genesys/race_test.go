package genesys_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// rounds is how often what races is tried; with CALLCONTROL_RACE=full in the environment it is 10,000 times.
var rounds = flag.Int("rounds", usual(), "how often what races is tried")

func usual() int {
	if os.Getenv("CALLCONTROL_RACE") == "full" {
		return 10_000
	}
	return 100
}

// A notification that overtakes the answer costs nothing and proves nothing: the command is nil after
// the one read that begins at the answer, without waiting. Another read came before the order.
func TestNotificationOvertakesTheAnswer(t *testing.T) {
	onSite(t, genesysserver.Options{Timing: genesysserver.Timing{Order: genesysserver.BeforeReply}}, nil, func(s *site) {
		s.ready()
		began := time.Now()
		for i := range *rounds {
			count := s.since()
			want := []cc.Toggle{cc.On, cc.Off}[i%2]
			require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Hold: want}))
			require.Equal(t, want, s.people[ownDN].State().Hold)
			got := count()
			require.Equal(t, 1, got.CallPosts)
			require.Equal(t, 2, got.Reads)
		}
		require.Zero(t, time.Since(began), "it was waited")
	})
}

// An older notification that shows the state as asked, and is still on its way, never passes for the
// effect of an order that was accepted and not done.
func TestOlderNotificationProvesNothing(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Mute: cc.On}))
		s.inject(genesysserver.Fault{On: "UnmuteCall", Answer: genesysserver.Done(), Delay: 20 * time.Millisecond})
		older := json.RawMessage(`{"messageType":"CallStateChangeMessage","notificationType":"StatusChange","call":` +
			callWith("Established", "Internal", owner, "15001", "15002") + `,"phoneNumber":"15000"}`)
		var call map[string]any
		require.NoError(t, json.Unmarshal(older, &call))
		call["call"].(map[string]any)["id"] = string(s.id)
		for i := range *rounds {
			time.AfterFunc(time.Duration(i%40)*time.Millisecond, func() { s.server.Publish(user, "/v2/me/calls", call) })
			ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Millisecond)
			err := s.conf.SetParticipantState(ctx, ownDN, cc.Change{Mute: cc.Off})
			cancel()
			require.ErrorIs(t, err, cc.ErrUncertain)
		}
		require.Equal(t, cc.On, s.people[ownDN].State().Mute)
	})
}
