package hostile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	safety "github.com/callcontrol-go/callcontrol/internal/hostile"
)

var update = flag.Bool("update", false, "print docs/safety.md anew")

// page is the document.
var page = filepath.Join("..", "..", "docs", "safety.md")

// TestSafety plays everything, and then looks at the page.
func TestSafety(t *testing.T) {
	b := book{cases: tried(t), hooks: judged(t)}
	if t.Failed() {
		return
	}
	for _, p := range peers() {
		if p.Exact {
			require.Equal(t, len(safety.Cases()), b.score(p.Name), "%s has lost a case:\n%s", p.Name, b.losses(p.Name))
		}
	}
	require.Equal(t, len(webhooks()), b.hookScore(validators()[0].name))
	text := b.markdown()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
		return
	}
	is, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(is), text, "docs/safety.md is not current: interop/hostile/run -update prints it")
}

// A book is what was found: for each client and case what it did wrong, or nothing.
type book struct{ cases, hooks map[result]string }

func (b book) score(peer string) int {
	n := 0
	for _, c := range safety.Cases() {
		if b.cases[result{peer, c.ID}] == "" {
			n++
		}
	}
	return n
}

func (b book) hookScore(name string) int {
	n := 0
	for _, w := range webhooks() {
		if b.hooks[result{name, w.id}] == "" {
			n++
		}
	}
	return n
}

func (b book) losses(peer string) string {
	var lines strings.Builder
	for _, c := range safety.Cases() {
		if why := b.cases[result{peer, c.ID}]; why != "" {
			fmt.Fprintf(&lines, "%s: %s\n", c.ID, why)
		}
	}
	return lines.String()
}

const introduction = `# Safety

<!-- Printed by "interop/hostile/run -update". Do not edit: a test compares the two. -->

What the drivers do when a server, the network or a caller misbehaves, beside what other people's clients do in the same
place. ` + "`interop/hostile/run`" + ` plays every case and prints this page; it needs Go alone. The two drivers must pass all of them
there, and in ` + "`go test ./plivo`" + `.

| client | version | API | passes |
|---|---|---|---|
`

const counted = `
## Requests

Every case begins in order: the client reads the conference and must succeed. Then the server misbehaves in one way, the client
is asked for one thing (unless the case says more), and what it returned, how long that took, what arrived and what was held
in memory is judged. A case is played in a process of its own, in fake time over a network of pipes on which the vendor's host
has its real name, so that of a client nothing is changed but how it connects and whom it trusts. The case of the headers is about what the drivers' own transport does, and there they
are played with that, over the loopback interface; ` + "`go test ./plivo`" + ` plays 26 of the others so once more.

There are 43. Ten are about identifiers: one for each kind, passed with all of its inputs in every operation that takes them
(snapshot, remove, mute, unmute, end). Thirty-three are about answers: one for each way to misbehave, redirects being five, one
for each status, each to four places. A reply of 200 with a code of failure inside is not among them, since neither Plivo nor
Twilio has that.

What is counted are mutating requests. A client that has to know what became of a command must look, so that one read is
allowed where nothing more is said. "An error" is one that says that nobody knows whether the command was carried out, where
that is so, for the drivers, whose errors can say it (` + "`ErrUncertain`" + `); of the others any error is enough. A nil of the drivers for what
was not done is a failure in every case.

plivo-go is tried with both of its APIs. go-retryablehttp has no API: it stands for a thin client of Plivo's Conference API on it as it
comes, with each identifier escaped by ` + "`url.PathEscape`" + `, answers read whole, and an error that has the status. Twilio's server
answers in Twilio's forms; what Plivo documents and Twilio does not have (` + "`member_id`" + `) is added there and must not disturb. A
dash is a pass; else it says what went wrong.
`

const afterIdentifiers = `
Beyond these, ` + "`TestRandomIdentifiers`" + ` in ` + "`plivo`" + ` tries random strings as names of conferences and as participants with all five
operations of both drivers: no request has other segments than its operation has, each decodes to what was given, and what sends
nothing is ` + "`ErrInvalid`" + `. It tries 5,000 in an ordinary run and 1,000,000 with ` + "`CALLCONTROL_HOSTILE=full`" + `.
`

const limits = `
## Limits

| what | limit |
|---|---|
| attempts of a call; sends of a command whose outcome is unknown | 3; 2, the second only after a read that shows it absent |
| one attempt; a command without a deadline | 4 s; 10 s |
| one wait before a repeat | 20 s, and never beyond the deadline |
| repeats of all calls of a client | a budget of 500: a repeat costs 14, after a 429 it costs 5 |
| body of an answer; of an error answer, kept | 1 MiB; 4 KiB |
| header of an answer | 64 KiB |
| body of a request | 64 KiB |
| redirects | none is followed |
| TLS | 1.2 at least; plain HTTP to loopback only, by option |
| dialling; TLS handshake; an idle connection | 5 s; 5 s; 30 s |
| body of a callback; time for it | 64 KiB; 10 s |
| signatures of a callback; HMACs for it | 16; 16 |
| nonces remembered | 100,000, for 10 minutes |

A transport of the application's own (` + "`plivo.Options.Transport`" + `) keeps its own limits on headers, connections and TLS.

## Credentials and people

| what | held by |
|---|---|
| the token is in no printed form, JSON, error, log line of a client, its options or its requests | ` + "`TestTheCredentialsAreNowhere`" + ` in ` + "`plivo`" + `, ` + "`TestSecrets`" + ` and ` + "`TestOptionsHideWhatTheyHold`" + ` in ` + "`provider/httpclient`" + ` |
| the credentials are in one header, and never in a URL | ` + "`TestTheCredentialsAreInAHeaderAlone`" + ` in ` + "`plivo`" + ` |
| nobody else sees them | the redirects above |
| an empty or blank token is an error of the constructor | ` + "`TestOptionsThatCannotWork`" + ` in ` + "`plivo`" + ` |
| debug lines have no path, no query and no body | ` + "`TestLog`" + ` in ` + "`provider/httpclient`" + ` |
`

const hooksText = `
## Webhooks

Nine cases of signed callbacks. ` + "`plivo.Receiver`" + ` is an ` + "`http.Handler`" + ` and is judged by whether a callback rings: a genuine one is always
answered with 200. plivo-go and twilio-go have functions that validate, to which the application gives the public URL; they are
judged by what they return, each with its own vendor's scheme. Plivo signs no time, so that there is no case of a timestamp that
is too old; what a receiver does against slow senders and endless bodies is in the tests of ` + "`plivo`" + `.

`

// markdown is the document.
func (b book) markdown() string {
	var w strings.Builder
	w.WriteString(introduction)
	for _, p := range peers() {
		a := about[p.Name]
		fmt.Fprintf(&w, "| %s | %s | %s | %d of %d |\n", a.client, a.version, a.api, b.score(p.Name), len(safety.Cases()))
	}
	w.WriteString(counted)
	w.WriteString("\n### Identifiers\n\n")
	b.table(&w, true)
	w.WriteString(afterIdentifiers)
	w.WriteString("\n### Answers\n\n")
	b.table(&w, false)
	w.WriteString(limits)
	w.WriteString(hooksText)
	w.WriteString("| a callback brings | expected |")
	for _, v := range validators() {
		w.WriteString(" " + v.name + " |")
	}
	w.WriteString("\n|---|---|" + strings.Repeat("---|", len(validators())) + "\n")
	for _, h := range webhooks() {
		fmt.Fprintf(&w, "| %s | %s |", h.brings, h.expected)
		for _, v := range validators() {
			w.WriteString(" " + cell(b.hooks[result{v.name, h.id}]) + " |")
		}
		w.WriteString("\n")
	}
	w.WriteString("| **passes** | |")
	for _, v := range validators() {
		fmt.Fprintf(&w, " **%d of %d** |", b.hookScore(v.name), len(webhooks()))
	}
	w.WriteString("\n")
	return w.String()
}

// table prints the cases about identifiers, or the others.
func (b book) table(w *strings.Builder, identifiers bool) {
	what := "the server answers"
	if identifiers {
		what = "the caller gives"
	}
	w.WriteString("| " + what + " | expected |")
	for _, p := range peers() {
		w.WriteString(" " + p.Name + " |")
	}
	w.WriteString("\n|---|---|" + strings.Repeat("---|", len(peers())) + "\n")
	for _, c := range safety.Cases() {
		if strings.HasPrefix(c.ID, "id-") != identifiers {
			continue
		}
		fmt.Fprintf(w, "| %s | %s |", c.Does, c.Expected)
		for _, p := range peers() {
			w.WriteString(" " + cell(b.cases[result{p.Name, c.ID}]) + " |")
		}
		w.WriteString("\n")
	}
}

// cell is a pass or what went wrong. Identifiers are quoted as code.
func cell(why string) string {
	if why == "" {
		return "–"
	}
	if i := strings.LastIndex(why, `"`); strings.HasPrefix(why, `"`) && i > 0 {
		if why[:i+1] == `""` {
			return "empty" + why[i+1:]
		}
		return "`" + why[1:i] + "`" + why[i+1:]
	}
	return why
}
