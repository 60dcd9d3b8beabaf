package interop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A book keeps what was done, for the table. It is safe for concurrent use.
type book struct {
	mu    sync.Mutex
	steps map[cell]int
}

// A cell is a client and a case.
type cell struct{ client, scenario string }

func newBook() *book { return &book{steps: map[cell]int{}} }

// passed notes a case that went as it has to.
func (b *book) passed(c *client, s scenario, steps int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.steps[cell{c.name, s.name}] = steps
}

// complete tells whether every case was tried with every client that it is about.
func (b *book) complete() bool {
	for _, c := range clients() {
		for _, s := range scenarios() {
			if _, ok := b.steps[cell{c.name, s.name}]; !ok && s.possible(c) {
				return false
			}
		}
	}
	return true
}

// page is the document with the table.
var page = filepath.Join("..", "..", "docs", "interop-genesys.md")

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
	require.Equal(t, string(is), text, "docs/interop-genesys.md is not current: interop/genesys/run -update prints it")
}

const introduction = `# Other people's CometD clients against our server

<!-- Printed by "interop/genesys/run -update". Do not edit: a test compares the two. -->

` + "`fake/genesysserver`" + ` is what the driver ` + "`genesys`" + ` is tested against, so its CometD service has to be right itself. This is
how the reference CometD clients get on with it. Each case has a server of its own; what the client decoded and gave to
its listeners is compared with what the bridge knows, and so is how often the client logged in and shook hands. An
application's part is small: it logs in with Basic credentials, hands the client the cookie and the CSRF token, and
subscribes again after each handshake.

` + "`interop/genesys/run`" + ` does it. It needs Go, Node with npm, and a JDK with Maven. ` + "`go test`" + ` in that folder does the same and
skips, saying so, what the machine lacks.

| | library | version | transport |
|---|---|---|---|
`

// markdown is the document.
func (b *book) markdown() string {
	var w strings.Builder
	w.WriteString(introduction)
	for _, c := range clients() {
		fmt.Fprintf(&w, "| %s | %s | %s | %s |\n", c.name, c.library, c.version, c.transport)
	}
	w.WriteString(`
## Cases

A number is how many steps the case took with the client: what it was told to do, and what was waited for. Every one of
them went as it has to. A dash is what the transport does not have.

| case |`)
	sums := make([]int, len(clients()))
	for _, c := range clients() {
		w.WriteString(" " + c.name + " |")
	}
	w.WriteString("\n|---|" + strings.Repeat("---|", len(clients())) + "\n")
	for _, s := range scenarios() {
		w.WriteString("| " + s.name + " |")
		for i, c := range clients() {
			n, ok := b.steps[cell{c.name, s.name}]
			sums[i] += n
			if ok {
				fmt.Fprintf(&w, " %d |", n)
			} else {
				w.WriteString(" - |")
			}
		}
		w.WriteString("\n")
	}
	w.WriteString("| all |")
	for _, n := range sums {
		fmt.Fprintf(&w, " %d |", n)
	}
	w.WriteString("\n" + findings)
	return w.String()
}

const findings = `
## What the clients do

- All of them answer 402 by a new handshake of their own, with the cookies that they have, and never log in again by
  themselves. Subscriptions are the application's to repeat.
- A status 403 is a failure like any other to them: they try again, after a second at first, until a new login has
  changed the cookie.
- WebSocket takes the login from the request that opens the socket. A login that is lost later shows when the client
  has to open another socket.
`
