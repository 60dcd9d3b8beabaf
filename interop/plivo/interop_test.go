package interop_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

var update = flag.Bool("update", false, "print docs/interop.md anew")

// libraries are all of them, in the order of the table.
func libraries() []*library {
	return []*library{goLibrary(), nodeLibrary(), pythonLibrary(), javaLibrary()}
}

// TestInterop calls every method of every library, and then looks at the table.
func TestInterop(t *testing.T) {
	b := newBook()
	ran := 0
	for _, lib := range libraries() {
		t.Run(lib.column, func(t *testing.T) {
			d, lacking := lib.start(t)
			if lacking != "" {
				b.skip(t, lib, lacking)
			}
			for _, op := range operations() {
				t.Run(op.id, func(t *testing.T) { b.operation(t, lib, d, op) })
			}
			t.Run("errors", func(t *testing.T) { b.errors(t, lib, d) })
			t.Run("signatures", func(t *testing.T) { b.signatures(t, lib, d) })
			t.Run("callbacks", func(t *testing.T) { b.callbacks(t, lib, d) })
			t.Run("defects", func(t *testing.T) { b.particular(t, lib, d) })
			b.complete(t, lib, d)
			ran++
		})
	}
	if t.Failed() || ran < len(libraries()) {
		t.Log("docs/interop.md was not looked at: that takes a complete run")
		return
	}
	b.table(t)
}

// skip ends the test of a library for which the machine lacks something: loudly, and as a failure
// where everything has to be there.
func (b *book) skip(t *testing.T, lib *library, lacking missing) {
	t.Helper()
	if os.Getenv("CALLCONTROL_INTEROP") == "required" {
		require.Failf(t, "a runtime is missing", "%s needs %s", lib.name, lacking)
	}
	word := fmt.Sprintf("!!! NOTHING IS SHOWN ABOUT %s: this machine lacks %s", lib.name, lacking)
	fmt.Fprintln(os.Stderr, word)
	t.Skip(word)
}

// operation calls all methods of a library for one operation.
func (b *book) operation(t *testing.T, lib *library, d driver, op operation) {
	for _, w := range lib.ways {
		if w.op != op.id {
			continue
		}
		if w.broken != nil || w.instead != nil {
			t.Run(w.name, func(t *testing.T) {
				r := b.begin(t, lib, d, server.Options{})
				r.op, r.way = op, w
				r.outside()
			})
			continue
		}
		for _, s := range op.cases {
			if w.byObject && s.unlisted || w.bound && s.several {
				continue
			}
			for _, uuid := range forms(s, w) {
				name := w.name + "/" + s.name
				if uuid {
					name += ", by uuid"
				}
				t.Run(name, func(t *testing.T) {
					r := b.begin(t, lib, d, server.Options{Quirks: s.quirks})
					r.op, r.way, r.byUUID = op, w, uuid
					s.run(r)
				})
			}
		}
	}
}

// forms tells by what a scenario is to name the room: by uuid or not.
func forms(s scenario, w way) []bool {
	switch {
	case s.form == byName:
		return []bool{false}
	case s.form == byUUID, w.byObject:
		return []bool{true}
	}
	return []bool{false, true}
}
