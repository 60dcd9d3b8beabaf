// Package mutants judges the judge: for every rule of package conformance it has a client that breaks
// that rule, and as little else as can be. A rule whose mutants all live says nothing.
//
// A mutant is one of the worlds of package worlds with something put in between: before the client,
// between package provider and a driver, or on the wire. It is narrowed to one operation, field, read
// or step, so that the list of rules that catch it stays short: its own and at most two more. Where
// that is not enough, it is wrong only in the situation that its rule looks at: in a conference of so
// many, for the one who joined second, before anything was read. A case that is changed to look at
// another situation has to take its mutant along; the tests say so when it does not.
package mutants

import (
	"slices"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// A Mutant is a client that is wrong in one way.
type Mutant struct {
	Name   string // distinct, for test output
	Rule   string // the case that has to fail
	Breaks string // what is wrong with it, in one sentence
	World  func(...worlds.With) conformance.Harness
	With   worlds.With
}

// Harness is the mutant as the suite takes it.
func (m Mutant) Harness() conformance.Harness { return m.World(m.With) }

// All returns every mutant.
func All() []Mutant {
	return slices.Concat(
		capabilityMutants(),
		independenceMutants(),
		changeMutants(),
		removeMutants(),
		notFoundMutants(),
		errorMutants(),
		doneMutants(),
		settlingMutants(),
		uncertainMutants(),
		contextMutants(),
		concurrencyMutants(),
		identityMutants(),
		runMutants(),
		snapshotMutants(),
		listMutants(),
		eventMutants(),
		staleMutants(),
		lifeMutants(),
		leakMutants(),
	)
}
