package interop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// page is the document with the table.
var page = filepath.Join("..", "..", "docs", "interop-bayeux.md")

// A book collects what was found.
type book struct {
	mu       sync.Mutex
	versions map[string]string  // by product
	cases    map[entry][]string // that passed
	tallies  map[entry]tally    // of what was published under resets
}

// An entry is a row of the table.
type entry struct {
	product string
	way     way
}

func newBook() *book {
	return &book{
		versions: map[string]string{}, cases: map[entry][]string{}, tallies: map[entry]tally{},
	}
}

func (b *book) version(p *product, v string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.versions[p.name] = v
}

// passed notes a case that holds.
func (b *book) passed(p *product, w way, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := entry{p.name, w}
	b.cases[e] = append(b.cases[e], name)
}

func (b *book) measured(p *product, w way, c tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tallies[entry{p.name, w}] = c
}

// complete tells whether all there is has been found.
func (b *book) complete() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range products() {
		for _, w := range p.ways() {
			if _, ok := b.tallies[entry{p.name, w}]; !ok || len(b.cases[entry{p.name, w}]) != len(p.cases(w)) {
				return false
			}
		}
	}
	return true
}

// table compares the document with what was found, or prints it.
func (b *book) table(t *testing.T) {
	t.Helper()
	text := b.markdown()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
		return
	}
	is, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(is), text, "docs/interop-bayeux.md is not current: interop/bayeux/run -update prints it")
}

const introduction = `# Package bayeux against other people's servers

<!-- Printed by "interop/bayeux/run -update". Do not edit: a test compares the two. -->

Package ` + "`bayeux`" + ` is tested against servers that are written for it, and those can be wrong in the same way. So it is
also tried against servers that others wrote: each is installed at its version, started on the loopback interface, and
ended by the test. Before that each server has to get through a session by hand, without the package.

` + "`interop/bayeux/run`" + ` does it. It needs Go, Node with npm, and a JDK with Maven. ` + "`go test`" + ` in that folder does the same and
skips, saying so, what the machine lacks.

| server | library | version |
|---|---|---|
`

const cases = `
## Cases

Every case is tried in every way that a server has and that the case is about: long polling and WebSocket, with and
without the acknowledge extension. The numbers are of those ways. A dash is what the server cannot do.

`

const volumes = `
## Events under resets

Events are published in bursts of %d, and a proxy resets the connection once in each: in every other burst inside the
message of an event, which leaves a response body or a batch unfinished, and in the others while a request is held, at
the moment when the server begins to publish.

With acknowledgements every event has to come, once and in order. Without them the server lets go of an event when it
writes it, so what was on its way may be lost. Then the client has to say so: the next message that comes is marked, and
a resumption with a possible gap is told. How many events are missing depends on the moment; how many of them went
untold does not.

| server | way | events | resets inside a body or batch | resets while held | lost | lost untold | repeated | gaps told |
|---|---|---|---|---|---|---|---|---|
`

const noticed = `
## What the servers do

- Without acknowledgements a request that was on its way when its connection broke can still take events from the
  queue of a CometD session, also after the client has resumed it. So what is lost may be younger than the resumption
  that told of it; the mark on the next message is later than both.
- A CometD server says "multiple clients" with every answer as long as it is so, and not that it is over; of the servers
  here only CometD 3.1 does. A request that was on its way when its connection broke can be the other client that it
  means: then a session that shares its cookies with nobody is told to poll slowly, for a moment.
- Over WebSocket a CometD server never answers a request that another one of the same session has superseded. A request
  that was on its way when its connection broke can so supersede the one that was sent after the client had resumed. The
  client finds out when the time for the answer is over. That is soon enough to lose nothing where
  ` + "`Options.NetworkDelay`" + ` is shorter than the server keeps a session, as it is here; with the defaults on both sides it is
  not, and a gap is told.
- A Java server answers the request that it holds for a session that has expired only when the time of that request is
  over. The client learns of the loss then.
- Faye answers the request by which long polling resumes when the time of the one is over that it still holds, unless
  an event comes before. The resumption is told that late.
- Faye closes the socket of a session that it forgets. Other servers leave it open, and answer that they do not know the
  session.
`

// markdown is the document.
func (b *book) markdown() string {
	var w strings.Builder
	w.WriteString(introduction)
	for _, p := range products() {
		fmt.Fprintf(&w, "| %s | %s | %s |\n", p.name, p.library, b.versions[p.name])
	}
	w.WriteString(cases)
	w.WriteString("| case |")
	rule := "|---|"
	for _, p := range products() {
		w.WriteString(" " + p.name + " |")
		rule += "---|"
	}
	w.WriteString("\n" + rule + "\n")
	for _, name := range caseNames() {
		fmt.Fprintf(&w, "| %s |", name)
		for _, p := range products() {
			n, all := 0, 0
			for _, way := range p.ways() {
				if slices.Contains(b.cases[entry{p.name, way}], name) {
					n++
				}
				if slices.Contains(p.cases(way), name) {
					all++
				}
			}
			if all == 0 {
				w.WriteString(" - |")
				continue
			}
			fmt.Fprintf(&w, " %d of %d |", n, all)
		}
		w.WriteString("\n")
	}
	fmt.Fprintf(&w, volumes, burst)
	for _, p := range products() {
		for _, way := range p.ways() {
			c := b.tallies[entry{p.name, way}]
			lost := "some"
			if way.ack {
				lost = fmt.Sprint(c.lost)
			}
			fmt.Fprintf(&w, "| %s | %s | %d | %d | %d | %s | %d | %d | %d |\n",
				p.name, way, c.published, c.inside, c.held, lost, c.untold, c.repeated, c.gaps)
		}
	}
	w.WriteString(noticed)
	return w.String()
}
