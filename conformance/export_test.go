package conformance

import (
	"context"
	"time"
)

// Report is report, for a test that looks at what Run says.
func Report(t interface {
	Helper()
	Logf(string, ...any)
	Errorf(string, ...any)
}, h Harness, o Outcome) {
	report(t, h, o)
}

// CaseLimit is how long a case may take.
const CaseLimit = caseLimit

// A Trial is what came of judging a rule once, with the machine so late.
type Trial struct {
	Outcome
	Late time.Duration
}

// Retry is retry.
func Retry(ctx context.Context, first Trial, again func() Trial) Outcome {
	inner := func(t Trial) trial { return trial{t.Outcome, t.Late} }
	return retry(ctx, inner(first), func() trial { return inner(again()) })
}

// Worst is how late a machine was that was at most as late as measured, and is to have woken ago.
func Worst(measured, ago time.Duration) time.Duration {
	var l lateness
	l.most.Store(int64(measured))
	due := time.Now().Add(-ago)
	l.due.Store(&due)
	return l.worst()
}
