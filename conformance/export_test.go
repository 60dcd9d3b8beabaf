package conformance

import (
	"context"
	"testing/synctest"
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

// WorstAt tells, in fake time, how late a machine is that was at most as late as measured and now stands
// still for so long.
func WorstAt(measured, still time.Duration) time.Duration {
	var l lateness
	l.most.Store(int64(measured))
	defer l.measure()()
	synctest.Wait()
	return l.worstAt(time.Now().Add(still))
}
