package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// update has the tests write what they would compare:
//
//	go test ./cmd/callcontrol -run Current -update
var update = flag.Bool("update", false, "write docs/capabilities.md and the matrix of README.md anew")

// judged has every driver judged by every rule, in fake time.
func judged(t *testing.T) []report {
	t.Helper()
	var reports []report
	for _, h := range worlds.All() {
		r := report{Driver: h.Name}
		for _, rule := range conformance.Rules() {
			synctest.Test(t, func(t *testing.T) {
				r.Outcomes = append(r.Outcomes, conformance.Judge(t.Context(), h, rule.Name))
			})
		}
		reports = append(reports, r)
	}
	return reports
}

func TestCapabilitiesAreCurrent(t *testing.T) {
	reports := judged(t)
	var printed bytes.Buffer
	require.NoError(t, printCapabilities(t.Context(), &printed, reports))
	page := filepath.FromSlash("../../docs/capabilities.md")
	if *update {
		require.NoError(t, os.WriteFile(page, printed.Bytes(), 0o644))
	}
	kept, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(strings.Split(string(kept), "\n"), strings.Split(printed.String(), "\n")),
		"docs/capabilities.md is out of date: go test ./cmd/callcontrol -run Current -update")

	// What the page says of itself.
	for i, rule := range conformance.Rules() {
		holds := false
		for _, r := range reports {
			require.NotEqual(t, conformance.NotJudged, r.Outcomes[i].Verdict, "%s of %s", rule.Name, r.Driver)
			holds = holds || r.Outcomes[i].Verdict == conformance.Holds
		}
		require.True(t, holds, "%s holds for nobody", rule.Name)
	}
}

func TestMatrixOfReadmeIsCurrent(t *testing.T) {
	status, matrix, stderr := call(t, "capabilities", "--matrix")
	require.Empty(t, stderr)
	require.Zero(t, status)
	page := filepath.FromSlash("../../README.md")
	readme, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), matrixBegins)
	require.True(t, found)
	kept, after, found := strings.Cut(rest, matrixEnds)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+matrixBegins+matrix+matrixEnds+after), 0o644))
		kept = matrix
	}
	require.Equal(t, kept, matrix, "README.md is out of date: go test ./cmd/callcontrol -run Current -update")
}

// The marks around the matrix of README.md.
const (
	matrixBegins = "checked by a test -->\n"
	matrixEnds   = "<!-- end of matrix -->"
)

func TestFailingDriversHaveNoPage(t *testing.T) {
	var out bytes.Buffer
	err := printCapabilities(t.Context(), &out, []report{{Driver: "acme", Outcomes: []conformance.Outcome{{Verdict: conformance.Fails}}}})
	require.ErrorContains(t, err, "acme fails 1 rules")
}
