package worlds_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// TestGenesysConformance has the Genesys driver judged as an owner, a plain participant and a supervisor,
// each before a new server and an old one, each with notifications before the answer, after it and late:
// with CALLCONTROL_CROSS=full in the environment all of them, else those that are late. What cannot arise
// depends on the session alone, so that what is printed of those in All is so of all.
func TestGenesysConformance(t *testing.T) {
	all := worlds.GenesysCross()
	require.Len(t, all, 3*2*3)
	if os.Getenv("CALLCONTROL_CROSS") != "full" {
		all = slices.DeleteFunc(all, func(h conformance.Harness) bool { return !strings.HasSuffix(h.Name, "-late") })
		require.Len(t, all, 3*2)
	}
	names, cannot := map[string]bool{}, map[string][]string{}
	for _, h := range all {
		require.False(t, names[h.Name], h.Name)
		names[h.Name] = true
		require.Empty(t, h.Known, h.Name)
		require.Empty(t, h.NoFaults, h.Name)
		t.Run(h.Name, func(t *testing.T) {
			list := []string{}
			for _, r := range conformance.Rules() {
				var o conformance.Outcome
				synctest.Test(t, func(t *testing.T) { o = conformance.Judge(t.Context(), h, r.Name) })
				switch o.Verdict {
				case conformance.Holds:
				case conformance.CannotArise:
					list = append(list, r.Name)
				default:
					t.Errorf("%s %s: %s", r.Name, o.Verdict, o.Detail)
				}
			}
			session := strings.Join(strings.Split(h.Name, "-")[:2], "-")
			if cannot[session] == nil {
				cannot[session] = list
			}
			require.Equal(t, cannot[session], list)
		})
	}
	for _, h := range worlds.Genesys() {
		require.Contains(t, cannot, strings.Join(strings.Split(h.Name, "-")[:2], "-"))
	}
}
