package conformance_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A recorder is a test that remembers what it was told.
type recorder struct{ logs, errors []string }

func (r *recorder) Helper() {}
func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestWhatRunSays(t *testing.T) {
	known := map[string]string{"a/b": "issue 7"}
	for name, c := range map[string]struct {
		h      conformance.Harness
		o      conformance.Outcome
		logs   []string
		errors []string
	}{
		"holds":             {o: conformance.Outcome{Verdict: conformance.Holds}},
		"holds with a note": {o: conformance.Outcome{Verdict: conformance.Holds, Detail: "slowly"}, logs: []string{"holds: slowly"}},
		"cannot arise":      {o: conformance.Outcome{Verdict: conformance.CannotArise, Detail: "no twins"}, logs: []string{"cannot arise: no twins"}},
		"fails":             {o: conformance.Outcome{Verdict: conformance.Fails, Rule: "It works.", Detail: "it does not"}, errors: []string{"It works.\nit does not"}},
		"not judged":        {o: conformance.Outcome{Verdict: conformance.NotJudged, Rule: "It works.", Detail: "no faults"}, errors: []string{"not judged: It works.\nno faults"}},
		"not judged, and why": {
			h: conformance.Harness{NoFaults: "live"},
			o: conformance.Outcome{Verdict: conformance.NotJudged, Rule: "It works.", Detail: "live"}, logs: []string{"not judged: live"},
		},
		"known": {
			h:    conformance.Harness{Known: known},
			o:    conformance.Outcome{Case: "a/b", Verdict: conformance.Fails, Rule: "It works.", Detail: "it does not"},
			logs: []string{"known to fail: issue 7\nIt works.\nit does not"},
		},
		"known no more": {
			h:      conformance.Harness{Known: known},
			o:      conformance.Outcome{Case: "a/b", Verdict: conformance.Holds},
			errors: []string{"known to fail (issue 7), and does not: holds "},
		},
		"known, and not judged": {
			h:    conformance.Harness{Known: known, NoFaults: "live"},
			o:    conformance.Outcome{Case: "a/b", Verdict: conformance.NotJudged, Detail: "live"},
			logs: []string{"not judged: live"},
		},
		"known, and cannot arise": {
			h:      conformance.Harness{Known: known},
			o:      conformance.Outcome{Case: "a/b", Verdict: conformance.CannotArise, Detail: "no twins"},
			errors: []string{"known to fail (issue 7), and does not: cannot arise no twins"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r recorder
			conformance.Report(&r, c.h, c.o)
			require.Equal(t, c.logs, r.logs)
			require.Equal(t, c.errors, r.errors)
		})
	}
}

func only(names ...string) func(string) bool {
	return func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
}

func TestRunIsASubtestACase(t *testing.T) {
	h := worlds.Everything()
	h.Only = only("capability/remove", "run/name-command")
	var opened int
	open := h.Open
	h.Open = func(ctx context.Context) (*conformance.Site, error) {
		opened++
		return open(ctx)
	}
	conformance.Run(t, h)
	require.Equal(t, 2, opened, "each case has a site of its own")
}

func TestRunInRealTime(t *testing.T) {
	h := worlds.Everything()
	h.FakeTime = false
	h.Only = only("capability/remove", "done/remove")
	conformance.Run(t, h)
}

func TestCheckIsInOrder(t *testing.T) {
	h := worlds.Everything()
	h.Only = only("life/check", "capability/want", "done/remove", "identity/twins-listed")
	var names, verdicts []string
	for _, o := range conformance.Check(t.Context(), h) {
		names, verdicts = append(names, o.Case), append(verdicts, o.Verdict)
	}
	require.Equal(t, []string{"capability/want", "done/remove", "identity/twins-listed", "life/check"}, names)
	require.Equal(t, []string{conformance.Holds, conformance.Holds, conformance.CannotArise, conformance.Holds}, verdicts)
}

func TestCheckWeighsWhatIsKnown(t *testing.T) {
	h := removing(func(provider.Driver, context.Context, cc.ConferenceID, cc.ParticipantID) (provider.Result, error) {
		return provider.Result{Done: true}, nil
	})
	h.Only = only("capability/remove", "capability/end")
	h.Known = map[string]string{"capability/remove": "it lies", "capability/end": "it lied", "capability/fly": "it is no bird"}
	require.Equal(t, []conformance.Outcome{
		{
			Case: "capability/remove", Rule: "Where somebody may be removed, removing them has them gone when it returns nil.",
			Verdict: conformance.Fails, Detail: "known: it lies: RemoveParticipant answered nil, and the participant is there",
		},
		{
			Case: "capability/end", Rule: "Where a conference may be ended, ending it has it over when it returns nil.",
			Verdict: conformance.Fails, Detail: "known to fail (it lied), and does not: holds",
		},
		{Case: "capability/fly", Verdict: conformance.Fails, Detail: "Known names a case that there is not"},
	}, conformance.Check(t.Context(), h))
}

func TestCheckOfAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outcomes := conformance.Check(ctx, worlds.Everything())
	require.Len(t, outcomes, len(conformance.Rules()))
	for _, o := range outcomes {
		require.Equal(t, conformance.NotJudged, o.Verdict)
		require.Equal(t, "context canceled", o.Detail)
	}
}
