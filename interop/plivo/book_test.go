package interop_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A book keeps what was called and found, for the table.
type book struct {
	calls   map[cell]int
	defects map[cell][]defect
	methods map[string]map[string]bool // by library
	offered map[string]int             // methods, by library

	received map[cell]received // callbacks, by library and method

	tallies                        map[cell]tally // of signatures, by library and rule
	ourSignatures, theirSignatures int            // that the other side took for valid
}

// A cell is a library and an operation.
type cell struct{ column, op string }

func newBook() *book {
	return &book{
		calls: map[cell]int{}, defects: map[cell][]defect{}, methods: map[string]map[string]bool{}, offered: map[string]int{},
		tallies: map[cell]tally{}, received: map[cell]received{},
	}
}

// called counts a call.
func (b *book) called(lib *library, op string, rep reply) {
	b.calls[cell{lib.column, op}]++
	if b.methods[lib.column] == nil {
		b.methods[lib.column] = map[string]bool{}
	}
	for _, m := range rep.Methods {
		b.methods[lib.column][m] = true
	}
}

// found notes a defect, if it is one.
func (b *book) found(lib *library, op string, d defect) {
	at := cell{lib.column, op}
	if d != "" && !slices.Contains(b.defects[at], d) {
		b.defects[at] = append(b.defects[at], d)
	}
}

// complete demands that every method that the library offers was called, and notes how many there
// are.
func (b *book) complete(t *testing.T, lib *library, d driver) {
	t.Helper()
	surface := d.surface(t)
	b.offered[lib.column] = len(surface) - len(lib.helpers)
	for _, m := range surface {
		if !b.methods[lib.column][m] && !slices.Contains(lib.helpers, m) {
			require.Failf(t, "a method was never called", "%s", m)
		}
	}
}
