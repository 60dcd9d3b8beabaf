package interop_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "print docs/interop-bayeux.md anew")

// TestInterop tries everything against every server, and then looks at the table.
func TestInterop(t *testing.T) {
	b := newBook()
	t.Run("servers", func(t *testing.T) {
		for _, p := range products() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				b.product(t, p)
			})
		}
	})
	if t.Failed() || !b.complete() {
		t.Log("docs/interop-bayeux.md was not looked at: that takes a complete run")
		return
	}
	b.table(t)
}

// product tries one server.
func (b *book) product(t *testing.T, p *product) {
	s := start(t, p)
	b.version(p, s.version)
	t.Run("by hand", func(t *testing.T) {
		t.Run(polling, func(t *testing.T) { exchange(t, s, polling) })
		if p.sockets {
			t.Run(sockets, func(t *testing.T) { exchange(t, s, sockets) })
		}
	})
	t.Run("cases", func(t *testing.T) {
		for _, w := range p.ways() {
			t.Run(w.String(), func(t *testing.T) {
				t.Parallel()
				for _, c := range scenarios() {
					if !c.possible(p, w) {
						continue
					}
					t.Run(c.name, func(t *testing.T) {
						c.run(&trial{T: t, server: s, way: w, top: top(c.name, w)})
						b.passed(p, w, c.name)
					})
				}
			})
		}
	})
	t.Run("volume", func(t *testing.T) {
		for _, w := range p.ways() {
			t.Run(w.String(), func(t *testing.T) {
				t.Parallel()
				b.measured(p, w, volume(&trial{T: t, server: s, way: w, top: top("volume", w)}))
			})
		}
	})
	t.Run(restart, func(t *testing.T) {
		restarted(t, s)
		for _, w := range p.ways() {
			b.passed(p, w, restart)
		}
	})
}

const restart = "server restarted"

// caseNames are those of all cases that the table has.
func caseNames() []string {
	var names []string
	for _, c := range scenarios() {
		names = append(names, c.name)
	}
	return append(names, restart)
}

// cases are the names of those that a product is tried with, one way.
func (p *product) cases(w way) []string {
	var names []string
	for _, c := range scenarios() {
		if c.possible(p, w) {
			names = append(names, c.name)
		}
	}
	return append(names, restart)
}

// restarted kills the server and starts it again on the same port, while there is a session of every
// way: each of them gets a new one, with the same subscriptions, and tells the gap.
func restarted(t *testing.T, s *server) {
	type one struct {
		*subject
		channel string
		got     *record
		before  int
	}
	var all []one
	for _, w := range s.product.ways() {
		x := &trial{T: t, server: s, way: w, top: top("restart", w)}
		o := one{subject: x.open(s.addr()), channel: x.channel("a"), got: newRecord()}
		o.subscribe(o.channel, o.got)
		x.publish(o.channel, 1, 1, 1)
		o.got.must(t, 1)
		o.before = len(o.life.told())
		all = append(all, o)
	}
	s.restart(t)
	for _, o := range all {
		o.regains(o.before, o.channel)
		o.trial.publish(o.channel, 2, 20, 7)
		o.got.must(t, 20)
		require.Equal(t, sequence(1, 20), o.got.all())
	}
}
