package interop_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "print docs/interop-genesys.md anew")

// TestInterop tries everything with every client, and then looks at the table.
func TestInterop(t *testing.T) {
	b := newBook()
	t.Run("clients", func(t *testing.T) {
		for _, c := range clients() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				b.client(t, c)
			})
		}
	})
	if t.Failed() || !b.complete() {
		t.Log("docs/interop-genesys.md was not looked at: that takes a complete run")
		return
	}
	b.table(t)
}

// client tries one client.
func (b *book) client(t *testing.T, c *client) {
	p, lacking := c.start(t)
	if lacking != "" {
		skip(t, c, lacking)
	}
	for _, s := range scenarios() {
		if !s.possible(c) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			x := begin(t, c, p, s.options)
			require.Equal(t, c.version, x.version.Version)
			s.run(x)
			p.ask(t, map[string]any{"do": "close"})
			b.passed(c, s, x.steps)
		})
	}
}
