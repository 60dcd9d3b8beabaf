package worlds_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// TestCheckOverLoopback judges the drivers that speak HTTP in real time over real sockets, by the
// rules that do not take long.
func TestCheckOverLoopback(t *testing.T) {
	quick := func(name string) bool {
		switch group, _, _ := strings.Cut(name, "/"); group {
		case "capability", "remove", "end", "settling", "run", "snapshot", "list", "stale", "leaks":
			return true
		}
		return name == "context/canceled-in-flight" || name == "life/close-streams"
	}
	var wg sync.WaitGroup
	for _, h := range worlds.Loopback() {
		if !strings.HasPrefix(h.Name, "plivo-") && !strings.HasPrefix(h.Name, "genesys-") {
			continue
		}
		h.Only = quick
		wg.Go(func() {
			outcomes := conformance.Check(t.Context(), h)
			if len(outcomes) < 60 {
				t.Errorf("%s: %d outcomes", h.Name, len(outcomes))
			}
			for _, o := range outcomes {
				if o.Verdict == conformance.Fails || o.Verdict == conformance.NotJudged {
					t.Errorf("%s: %s %s: %s\n%s", h.Name, o.Case, o.Verdict, o.Rule, o.Detail)
				}
			}
		})
	}
	wg.Wait()
}

func TestHarnessesHaveNamesOfTheirOwn(t *testing.T) {
	names := map[string]bool{}
	require.Len(t, worlds.Loopback(), len(worlds.All()))
	for i, h := range worlds.All() {
		require.False(t, names[h.Name], h.Name)
		names[h.Name] = true
		require.Equal(t, h.Name, worlds.Loopback()[i].Name)
		require.Equal(t, h.Want, worlds.Loopback()[i].Want)
	}
}
