package conformance_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/conformance"
)

// TestRetry shows which failures are looked at again.
func TestRetry(t *testing.T) {
	const onTime, late = 19 * time.Millisecond, 20 * time.Millisecond
	fails := func(by time.Duration, why string) conformance.Trial {
		return conformance.Trial{Outcome: conformance.Outcome{Case: "end/done", Verdict: conformance.Fails, Detail: why}, Late: by}
	}
	holds := conformance.Trial{Outcome: conformance.Outcome{Case: "end/done", Verdict: conformance.Holds}, Late: late}
	for _, c := range []struct {
		name    string
		trials  []conformance.Trial
		verdict string
		detail  string
	}{
		{"holds on a late machine", []conformance.Trial{holds}, conformance.Holds, ""},
		{"fails on time", []conformance.Trial{fails(onTime, "a")}, conformance.Fails, "a"},
		{"fails on a late machine, then holds", []conformance.Trial{fails(late, "a"), holds},
			conformance.Holds, "judged again, since it failed while this machine was up to 20ms late: a"},
		{"fails on a late machine, then on time", []conformance.Trial{fails(late, "a"), fails(onTime, "b")}, conformance.Fails, "b"},
		{"holds at the third time", []conformance.Trial{fails(late, "a"), fails(late, "b"), fails(late, "c"), holds},
			conformance.Holds, "judged again, since it failed while this machine was up to 20ms late: a"},
		{"fails always", []conformance.Trial{fails(late, "a"), fails(late, "b"), fails(late, "c"), fails(time.Second, "d")},
			conformance.Fails, "d (this machine was up to 1s late meanwhile)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, n := time.Now(), 0
				o := conformance.Retry(t.Context(), c.trials[0], func() conformance.Trial {
					n++
					return c.trials[n]
				})
				require.Equal(t, len(c.trials)-1, n)
				require.Equal(t, c.verdict, o.Verdict)
				require.Equal(t, c.detail, o.Detail)
				require.Equal(t, time.Duration(n)*250*time.Millisecond, time.Since(began), "waited for a machine that keeps time")
			})
		})
	}
	t.Run("not when the caller has gone", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o := conformance.Retry(ctx, fails(late, "a"), func() conformance.Trial {
			t.Error("it was judged again")
			return holds
		})
		require.Equal(t, "a (this machine was up to 20ms late meanwhile)", o.Detail)
	})
}

// TestLateness shows that a machine which stood still is known to be late before the goroutine that
// keeps time has woken.
func TestLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// It wakes every 10 ms.
		require.Equal(t, 400*time.Millisecond, conformance.WorstAt(0, 410*time.Millisecond))
		require.Equal(t, 400*time.Millisecond, conformance.WorstAt(30*time.Millisecond, 410*time.Millisecond))
		require.Equal(t, 30*time.Millisecond, conformance.WorstAt(30*time.Millisecond, 5*time.Millisecond), "it is not due yet")
	})
}
