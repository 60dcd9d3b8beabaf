package genesys_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/genesys"
	"github.com/callcontrol-go/callcontrol/internal/exported"
)

// Every exported type that can hold something personal hides it from %#v and from logs.
func TestTypesHideWhoItIs(t *testing.T) {
	const number = "15557771234"
	client, err := genesys.New((&desk{}).options())
	require.NoError(t, err)
	defer client.Close()
	call := handle(t, client.Conference(number))
	harmless := map[string]bool{"Scope": true, "Calls": true, "Secret": true} // words of the vendor, and what has a test of its own
	values := map[string]any{
		"Call":         call,
		"CallRecord":   genesys.CallRecord{ID: number, State: number, Participants: []genesys.PartyRecord{{PhoneNumber: number}}},
		"DeviceRecord": genesys.DeviceRecord{ID: number, UserState: number, PhoneNumber: number},
		"Options":      genesys.Options{User: number, Place: number, Endpoint: number, Name: number},
		"PartyRecord":  genesys.PartyRecord{PhoneNumber: number},
		"Target":       genesys.Target{Number: number},
	}
	names, err := exported.Types(".")
	require.NoError(t, err)
	for _, name := range names {
		if harmless[name] {
			continue
		}
		v, ok := values[name]
		require.True(t, ok, "%s is not thought of", name)
		require.NotContains(t, fmt.Sprintf("%#v", v), number, name)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "it", v)
		require.NotContains(t, log.String(), number, name)
	}
}
