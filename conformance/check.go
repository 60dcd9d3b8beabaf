package conformance

import (
	"context"
	"strings"
	"sync"
)

// width is how many cases Check has under way at a time.
const width = 16

// Check judges h in real time, with cases side by side, and returns the outcomes in the order of
// Rules. It does not panic. A case that fails while the machine is so busy that it is late for its own
// timers is judged again, alone and once the machine keeps time, three times at most; its Detail tells
// of it. A case in h.Known that fails says so in its Detail; one that does not fail any more is reported
// as failing, as is a name in h.Known that no case has. When ctx ends, what has not begun is not judged.
func Check(ctx context.Context, h Harness) []Outcome {
	h.FakeTime = false
	cases := h.cases()
	trials := make([]trial, len(cases))
	var wg sync.WaitGroup
	slots := make(chan struct{}, width)
	for i, r := range cases {
		slots <- struct{}{}
		if err := ctx.Err(); err != nil {
			trials[i].Outcome = Outcome{Case: r.name, Rule: r.text, Verdict: NotJudged, Detail: err.Error()}
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			trials[i] = try(ctx, h, r)
		})
	}
	wg.Wait()
	outcomes := make([]Outcome, len(cases))
	for i, r := range cases { // alone, when there is less to do
		outcomes[i] = h.known(retry(ctx, trials[i], func() trial { return try(ctx, h, r) }))
	}
	for _, name := range h.strangers() {
		outcomes = append(outcomes, Outcome{Case: name, Verdict: Fails, Detail: "Known names a case that there is not"})
	}
	return outcomes
}

// known weighs an outcome against what is known.
func (h Harness) known(o Outcome) Outcome {
	why, known := h.Known[o.Case]
	switch {
	case known && o.Verdict == Fails:
		o.Detail = "known: " + why + ": " + o.Detail
	case known && o.Verdict != NotJudged:
		o.Detail = strings.TrimSpace("known to fail (" + why + "), and does not: " + o.Verdict + " " + o.Detail)
		o.Verdict = Fails
	}
	return o
}
