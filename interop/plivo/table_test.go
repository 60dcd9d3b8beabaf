package interop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// page is the document with the table.
var page = filepath.Join("..", "..", "docs", "interop.md")

// table compares the document with what was found, or prints it.
func (b *book) table(t *testing.T) {
	t.Helper()
	for _, n := range notes {
		require.Truef(t, b.shown(n.defect), "the defect %s was not met", n.defect)
	}
	text := b.markdown()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
		return
	}
	is, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(is), text, "docs/interop.md is not current: interop/plivo/run -update prints it")
}

// shown tells whether a defect was met.
func (b *book) shown(d defect) bool {
	for _, found := range b.defects {
		if slices.Contains(found, d) {
			return true
		}
	}
	for _, sum := range b.tallies {
		if slices.Contains(sum.defects, d) {
			return true
		}
	}
	return false
}

const introduction = `# Other people's software against our server

<!-- Printed by "interop/plivo/run -update". Do not edit: a test compares the two. -->

` + "`fake/plivoserver`" + ` is what this module is tested against, so it has to be right itself. This is how the vendor's own
client libraries get on with it: every method that they offer for rooms, participants, conferences and members is called,
in front of a bridge whose truth decides. What the library decoded is compared with that truth field by field, and so is
what became of the conference; the requests that arrived are counted.

` + "`interop/plivo/run`" + ` does it. It needs Go, Node with npm, Python 3 with pip, and a JDK with Maven, and installs the libraries
at these versions. ` + "`go test`" + ` in that folder does the same and skips, saying so, what the machine lacks.

`

// markdown is the document.
func (b *book) markdown() string {
	var w strings.Builder
	w.WriteString(introduction)
	w.WriteString("| | library | version | redirected by | methods | calls |\n|---|---|---|---|---|---|\n")
	for _, lib := range libraries() {
		calls := 0
		for at, n := range b.calls {
			if at.column == lib.column {
				calls += n
			}
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %s | %d | %d |\n", lib.column, lib.name, strings.TrimPrefix(lib.version, "v"),
			lib.moved, b.offered[lib.column], calls)
	}
	w.WriteString(`
## Operations

A number is how often a library asked for the operation, by all of its methods for it; every call went as it has to, but
for the defects of the library whose numbers stand behind it. A dash is what the library does not offer.

`)
	w.WriteString("| operation | request |")
	for _, lib := range libraries() {
		w.WriteString(" " + lib.column + " |")
	}
	w.WriteString("\n|---|---|" + strings.Repeat("---|", len(libraries())) + "\n")
	for _, op := range operations() {
		fmt.Fprintf(&w, "| %s | `%s %s` |", strings.ReplaceAll(op.id, "-", " "), op.method, op.path)
		for _, lib := range libraries() {
			w.WriteString(" " + b.entry(cell{lib.column, op.id}) + " |")
		}
		w.WriteString("\n")
	}
	b.signatureTable(&w)
	b.callbackTable(&w)
	w.WriteString(`
## Defects

Each is asserted, so that a version of a library without it is noticed.

`)
	for i, n := range notes {
		fmt.Fprintf(&w, "%d. %s: %s\n", i+1, n.columns, n.text)
	}
	return w.String()
}

// entry is what the table has for a library and an operation.
func (b *book) entry(at cell) string {
	calls := b.calls[at]
	if calls == 0 {
		return "–"
	}
	return fmt.Sprint(calls) + numbers(b.defects[at])
}

// numbers are those of defects in the list.
func numbers(defects []defect) string {
	var list []string
	for i, n := range notes {
		if slices.Contains(defects, n.defect) {
			list = append(list, fmt.Sprint(i+1))
		}
	}
	if list == nil {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}
