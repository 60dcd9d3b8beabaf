package conformance

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
)

// Run judges h, one subtest a case. A rule that fails, and one that could not be judged without
// h.NoFaults saying why, fails its subtest; one that cannot arise is logged. A case in h.Known is
// run, and fails its subtest only when it does not fail any more.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, name := range h.strangers() {
		t.Errorf("Known names a case that there is not: %s", name)
	}
	for _, r := range h.cases() {
		t.Run(r.name, func(t *testing.T) {
			report(t, h, runCase(t, h, r))
		})
	}
}

// runCase judges one rule, in a bubble where there is to be one.
func runCase(t *testing.T, h Harness, r rule) (o Outcome) {
	if !h.FakeTime {
		return h.judge(t.Context(), r)
	}
	// A bubble that cannot come to its end panics here. What was found out until then stands.
	defer func() {
		if v := recover(); v != nil && (o.Verdict == "" || o.Verdict == Holds) {
			o = Outcome{Case: r.name, Rule: r.text, Verdict: Fails, Detail: fmt.Sprintf("goroutines were left behind: %v", v)}
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		o = h.judge(t.Context(), r)
	})
	return o
}

// A teller is what report needs of a test.
type teller interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// report tells a test what became of a case.
func report(t teller, h Harness, o Outcome) {
	t.Helper()
	why, known := h.Known[o.Case]
	switch {
	case known && o.Verdict == Fails:
		t.Logf("known to fail: %s\n%s\n%s", why, o.Rule, o.Detail)
	case known && o.Verdict != NotJudged:
		t.Errorf("known to fail (%s), and does not: %s %s", why, o.Verdict, o.Detail)
	case o.Verdict == Fails:
		t.Errorf("%s\n%s", o.Rule, o.Detail)
	case o.Verdict == NotJudged && h.NoFaults == "":
		t.Errorf("not judged: %s\n%s", o.Rule, o.Detail)
	case o.Verdict == Holds && o.Detail == "":
	default:
		t.Logf("%s: %s", o.Verdict, o.Detail)
	}
}

// strangers are the names in Known that no case has.
func (h Harness) strangers() []string {
	var names []string
	for name := range h.Known {
		if _, ok := find(name); !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
