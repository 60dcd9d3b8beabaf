package conformance

import (
	"slices"
	"strings"
)

// A Rule is one thing that is promised, and the name of the case that judges it.
type Rule struct {
	Name  string // the case's: group, slash, and what it is about
	Group string
	Rule  string // one sentence
}

// Rules returns all rules in the order in which they are judged.
func Rules() []Rule {
	all := rules()
	list := make([]Rule, len(all))
	for i, r := range all {
		list[i] = Rule{Name: r.name, Group: r.group(), Rule: r.text}
	}
	return list
}

// A rule is a Rule and the play that judges it. The play runs in a goroutine of its own, which the
// probe's verdicts end; one that returns holds.
type rule struct {
	name string
	text string
	play func(*probe)
}

func (r rule) group() string {
	group, _, _ := strings.Cut(r.name, "/")
	return group
}

func rules() []rule {
	return slices.Concat(
		capabilityRules(),
		independenceRules(),
		atomicityRules(),
		orderRules(),
		stateRules(),
		removeRules(),
		endRules(),
		notFoundRules(),
		errorRules(),
		doneRules(),
		settlingRules(),
		uncertainRules(),
		contextRules(),
		concurrencyRules(),
		identityRules(),
		runRules(),
		snapshotRules(),
		listRules(),
		eventRules(),
		staleRules(),
		lifeRules(),
		leakRules(),
	)
}

// find returns the rule of that name.
func find(name string) (rule, bool) {
	for _, r := range rules() {
		if r.name == name {
			return r, true
		}
	}
	return rule{}, false
}
