package conformance_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
)

func TestRulesAreSentencesUnderNamesOfTheirOwn(t *testing.T) {
	rules := conformance.Rules()
	require.GreaterOrEqual(t, len(rules), 60)
	names, sentences := map[string]bool{}, map[string]bool{}
	for _, r := range rules {
		require.Regexp(t, regexp.MustCompile(`^[a-z-]+/[a-z-]+$`), r.Name)
		require.True(t, strings.HasPrefix(r.Name, r.Group+"/"), r.Name)
		require.Regexp(t, regexp.MustCompile(`^[A-Z].*[^.]\.$`), r.Rule, r.Name)
		require.False(t, names[r.Name], r.Name)
		require.False(t, sentences[r.Rule], r.Rule)
		names[r.Name], sentences[r.Rule] = true, true
	}
}

func TestEveryGroupHasRules(t *testing.T) {
	groups := map[string]bool{}
	for _, r := range conformance.Rules() {
		groups[r.Group] = true
	}
	for _, group := range []string{
		"capability", "independence", "atomicity", "order", "state", "remove", "end", "not-found", "errors",
		"done", "settling", "uncertain", "context", "concurrency", "identity", "run", "snapshot", "list",
		"events", "stale", "life", "leaks",
	} {
		require.True(t, groups[group], group)
		delete(groups, group)
	}
	require.Empty(t, groups)
}
