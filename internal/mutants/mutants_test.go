package mutants_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/mutants"
)

// Some mutants leave goroutines behind for good, since that is what is wrong with them. There is
// therefore no goleak here.

func TestEveryRuleHasAMutant(t *testing.T) {
	lacking := map[string]bool{}
	for _, r := range conformance.Rules() {
		lacking[r.Name] = true
	}
	rules, names := len(lacking), map[string]bool{}
	for _, m := range mutants.All() {
		require.Contains(t, lacking, m.Rule, "%s is to be caught by a rule that there is not", m.Name)
		require.False(t, names[m.Name], "two mutants are called %s", m.Name)
		require.True(t, strings.HasSuffix(m.Breaks, "."), "%s: what it breaks is a sentence", m.Name)
		names[m.Name], lacking[m.Rule] = true, false
	}
	for rule, lacks := range lacking {
		require.False(t, lacks, "%s has no mutant", rule)
	}
	require.Len(t, lacking, rules)
}

// TestEveryMutantIsCaught has each mutant judged by its own rule.
func TestEveryMutantIsCaught(t *testing.T) {
	for _, m := range mutants.All() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			o := judge(t, m.Harness(), m.Rule)
			require.Equal(t, conformance.Fails, o.Verdict, "%s\nis not caught by %s: %s", m.Breaks, m.Rule, o.Detail)
			t.Logf("%s: %s", m.Rule, o.Detail)
		})
	}
}

// atMost is how many rules besides its own may catch a mutant.
const atMost = 2

// TestFewOtherRulesCatchIt has each mutant judged by every rule, which takes the best part of a
// minute: only CALLCONTROL_MUTANTS=full asks for it. Without that it says that it has judged nothing.
func TestFewOtherRulesCatchIt(t *testing.T) {
	switch extent := os.Getenv("CALLCONTROL_MUTANTS"); extent {
	case "full":
	case "":
		t.Log("NOT JUDGED: how many other rules catch each mutant. CALLCONTROL_MUTANTS=full judges it.")
		return
	default:
		require.Fail(t, "CALLCONTROL_MUTANTS is full, or not set", extent)
	}
	all := mutants.All()
	caught := make([][]string, len(all))
	t.Run("mutant", func(t *testing.T) {
		for i, m := range all {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				var why strings.Builder
				h := m.Harness()
				for _, r := range conformance.Rules() {
					if r.Name == m.Rule {
						continue
					}
					if o := judge(t, h, r.Name); o.Verdict == conformance.Fails {
						caught[i] = append(caught[i], r.Name)
						fmt.Fprintf(&why, "\n%s: %s", r.Name, o.Detail)
					}
				}
				require.LessOrEqual(t, len(caught[i]), atMost, "%s\nIt was to be caught by %s, and is by these:%s", m.Breaks, m.Rule, why.String())
			})
		}
	})
	t.Log("\n" + table(all, caught))
}

// table is rule by rule what catches its mutants besides, in Markdown.
func table(all []mutants.Mutant, caught [][]string) string {
	place := map[string]int{}
	for i, r := range conformance.Rules() {
		place[r.Name] = i
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(place[all[a].Rule], place[all[b].Rule]) })
	var b strings.Builder
	b.WriteString("| rule | mutant | at | what it breaks | caught by, too |\n|---|---|---|---|---|\n")
	for _, i := range order {
		m := all[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.Rule, m.Name, m.Harness().Name, m.Breaks, strings.Join(caught[i], ", "))
	}
	return b.String()
}

// judge judges one rule in a bubble of fake time of its own. A bubble that cannot come to its end
// panics here; what was found out until then stands.
func judge(t *testing.T, h conformance.Harness, rule string) (o conformance.Outcome) {
	defer func() {
		if v := recover(); v != nil && (o.Verdict == "" || o.Verdict == conformance.Holds) {
			o = conformance.Outcome{Case: rule, Verdict: conformance.Fails, Detail: fmt.Sprint(v)}
		}
	}()
	synctest.Test(t, func(t *testing.T) { o = conformance.Judge(t.Context(), h, rule) })
	return o
}
