package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

type capabilitiesCommand struct {
	Matrix bool `help:"Print only the matrix that README.md has, which judges nobody."`
}

// Run prints docs/capabilities.md, or the matrix of README.md.
func (c *capabilitiesCommand) Run(ctx context.Context, s streams) error {
	if c.Matrix {
		return printMatrix(ctx, s.out, readmeProviders)
	}
	return printCapabilities(ctx, s.out, check(ctx, worlds.Loopback()))
}

// A declaration is a column of the matrix: a head, and the configuration whose client declares it.
type declaration struct{ head, url string }

var (
	readmeProviders = []declaration{
		{"plivo-mpc", "plivo-mpc:"},
		{"plivo-conference", "plivo-conference:"},
		{"genesys", genesysURL},
		{"fake", "fake:"},
	}
	allProviders = []declaration{
		{"plivo-mpc", "plivo-mpc:"},
		{"plivo-mpc, remove=hangup", "plivo-mpc:?remove=hangup"},
		{"plivo-conference", "plivo-conference:"},
		{"plivo-conference, remove=hangup", "plivo-conference:?remove=hangup"},
		{"genesys", genesysURL},
		{"fake", "fake:"},
		{"fake, profile=plivo-mpc", "fake:?profile=plivo-mpc"},
		{"fake, profile=plivo-conference", "fake:?profile=plivo-conference"},
		{"fake, profile=genesys", "fake:?profile=genesys"},
	}
)

const capabilitiesHead = `# Capabilities

<!-- Printed by "go run ./cmd/callcontrol capabilities". Do not edit: a test compares the two. -->

## What each provider can do

The first rows are about participants. "Own leg" is the call of the session that a client was opened for; where there is
one, a client sees the conferences that this leg is on, and no others. What one participant allows at one moment is
in Participant.Controls.

`

const cannotAriseHead = `
## What cannot arise

The conformance suite has %d rules, and judges every driver of this module against its fake by each of them. A rule
cannot arise where it speaks of something that the provider cannot produce: a rule about holding, where nobody can be
held; a rule about two people with one id, where ids are numbers that are given out once. Every rule holds for at
least one driver. "Not judged" counts what the suite could not judge for lack of means, and is to be 0.

The drivers whose names begin with fake are the fake in this process with its profiles. fake-by-address is
fake-everything where people are known by their numbers, so that two of them can have the same one. Names that end in
hangup are the drivers of Plivo with the setting remove=hangup. At those whose names end in callbacks, callbacks reach the
client; otherwise it polls what is watched. Those whose names begin with genesys are one driver in different sessions: an
agent who owns the conference, a guest on somebody else's, and a supervisor who monitors one. Where a name ends in old, the
server is an old one; where it ends in late, notifications come up to 500 ms late. A test judges each of the three
sessions before each server, with notifications before the answer, after it and late, which makes 18.

`

// genesysURL is the configuration of a client of Genesys, which has no address that is everybody's.
const genesysURL = "genesys://agent7@gws.example.com"

// printCapabilities prints docs/capabilities.md.
func printCapabilities(ctx context.Context, w io.Writer, reports []report) error {
	fmt.Fprint(w, capabilitiesHead)
	if err := printMatrix(ctx, w, allProviders); err != nil {
		return err
	}
	fmt.Fprintf(w, cannotAriseHead, len(conformance.Rules()))
	for _, r := range reports {
		if n := r.count(conformance.Fails); n > 0 {
			return fmt.Errorf("%s fails %d rules: see the command conformance", r.Driver, n)
		}
	}
	markdown(w, counts(reports))
	for _, r := range reports {
		fmt.Fprintf(w, "\n### %s\n\n", r.Driver)
		for _, why := range reasons(r) {
			fmt.Fprintf(w, "- %s: %s\n", why.reason, strings.Join(why.cases, ", "))
		}
	}
	return nil
}

// A reason says why some cases cannot arise.
type reason struct {
	reason string
	cases  []string
}

// reasons groups what cannot arise by why, in the order in which the reasons come up.
func reasons(r report) []reason {
	var list []reason
	at := map[string]int{}
	for _, o := range ofVerdict(r, conformance.CannotArise) {
		i, known := at[o.Detail]
		if !known {
			i = len(list)
			at[o.Detail] = i
			list = append(list, reason{reason: o.Detail})
		}
		list[i].cases = append(list[i].cases, "`"+o.Case+"`")
	}
	return list
}

// printMatrix prints what the clients of some configurations declare. Nothing is sent for that.
func printMatrix(ctx context.Context, w io.Writer, columns []declaration) error {
	head := []string{"what"}
	var declared []cc.Capabilities
	for _, column := range columns {
		can, err := declaredBy(ctx, column.url)
		if err != nil {
			return err
		}
		head = append(head, column.head)
		declared = append(declared, can)
	}
	rows := [][]string{head}
	for _, line := range []struct {
		head string
		cell func(cc.Capabilities) string
	}{
		{"remove a participant", toWhom(cc.CanRemove, "anybody")},
		{"mute", toWhom(cc.CanMute, "anybody")},
		{"deaf", toWhom(cc.CanDeaf, "anybody")},
		{"hold", toWhom(cc.CanHold, "anybody")},
		{"coach", toWhom(cc.CanCoach, "supervisors")},
		{"end the conference", yes(cc.CanEnd)},
		{"list conferences", yes(cc.CanList)},
		{"watch", yes(cc.CanWatch)},
		{"a leg that is removed", func(c cc.Capabilities) string { return fateOf(c.Removed) }},
		{"the legs of a conference that is ended", func(c cc.Capabilities) string { return fateOf(c.Ended) }},
		{"sees", func(c cc.Capabilities) string { return cond(c.SessionOnly, "the calls of one login", "the account") }},
	} {
		row := []string{line.head}
		for _, can := range declared {
			row = append(row, line.cell(can))
		}
		rows = append(rows, row)
	}
	markdown(w, rows)
	return nil
}

func declaredBy(ctx context.Context, url string) (cc.Capabilities, error) {
	config, err := cc.ParseURL(url)
	if err != nil {
		return cc.Capabilities{}, err
	}
	// No account has these. Nothing is sent that would need them.
	config.Secret = secrets{"PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX", "PLIVO_AUTH_TOKEN": "none", "GENESYS_PASSWORD": "none"}.lookup
	client, err := cc.OpenConfig(ctx, config)
	if err != nil {
		return cc.Capabilities{}, err
	}
	return client.Capabilities(), client.Close()
}

// toWhom tells to whom something can be done; anybody is the word for all whom it can be about.
func toWhom(control cc.Controls, anybody string) func(cc.Capabilities) string {
	return func(c cc.Capabilities) string {
		switch others, self := c.Others.Has(control), c.Self.Has(control); {
		case others && (self || !c.SessionOnly):
			return anybody
		case others:
			return "others"
		case self:
			return "own leg"
		}
		return "no"
	}
}

func yes(control cc.Controls) func(cc.Capabilities) string {
	return func(c cc.Capabilities) string { return cond(c.Conference.Has(control), "yes", "no") }
}

func fateOf(f cc.Fate) string {
	switch f {
	case cc.FateHangsUp:
		return "is hung up"
	case cc.FateContinues:
		return "goes on"
	case cc.FateDepends:
		return "depends on how it came in"
	}
	return "not told"
}

// markdown prints a table whose first row is its head.
func markdown(w io.Writer, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
}
