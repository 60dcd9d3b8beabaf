package worlds_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// TestConformance has every driver judged in fake time, as a driver's author would.
func TestConformance(t *testing.T) {
	for _, h := range worlds.All() {
		t.Run(h.Name, func(t *testing.T) {
			conformance.Run(t, h)
		})
	}
}

// TestEveryRuleIsJudged holds the suite to its own promises: what cannot arise at one driver is
// really judged at another, and nothing is excused. That nothing is left unjudged anywhere,
// TestConformance says.
func TestEveryRuleIsJudged(t *testing.T) {
	held := map[string]bool{}
	for _, h := range worlds.All() {
		require.Empty(t, h.Known, h.Name)
		require.Empty(t, h.NoFaults, h.Name)
		require.Nil(t, h.Only, h.Name)
		for _, r := range conformance.Rules() {
			independence := strings.HasPrefix(r.Name, "independence/")
			if held[r.Name] && !independence {
				continue
			}
			var o conformance.Outcome
			synctest.Test(t, func(t *testing.T) { o = conformance.Judge(t.Context(), h, r.Name) })
			switch o.Verdict {
			case conformance.Holds:
				held[r.Name] = true
				if independence {
					require.Emptyf(t, o.Detail, "%s, %s: independent means changed", h.Name, r.Name)
				}
			case conformance.CannotArise:
				require.NotEmpty(t, o.Detail, "%s, %s", h.Name, r.Name)
			default:
				t.Errorf("%s: %s %s: %s", h.Name, r.Name, o.Verdict, o.Detail)
			}
		}
	}
	for _, r := range conformance.Rules() {
		if !held[r.Name] {
			t.Errorf("%s cannot arise anywhere", r.Name)
		}
	}
}
