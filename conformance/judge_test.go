package conformance_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

// judge judges one rule in fake time.
func judge(t *testing.T, h conformance.Harness, name string) (o conformance.Outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { o = conformance.Judge(t.Context(), h, name) })
	require.Equal(t, name, o.Case)
	return o
}

// A driver has one method replaced.
type driver struct {
	provider.Driver
	remove func(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error)
}

func (d driver) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	return d.remove(ctx, c, p)
}

// removing is the everything fake with another way to remove.
func removing(f func(d provider.Driver, ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error)) conformance.Harness {
	return worlds.Everything(worlds.With{Driver: func(d provider.Driver) provider.Driver {
		return driver{d, func(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
			return f(d, ctx, c, p)
		}}
	}})
}

func TestJudgeTellsTheRuleAndWhatWasSeen(t *testing.T) {
	h := removing(func(provider.Driver, context.Context, cc.ConferenceID, cc.ParticipantID) (provider.Result, error) {
		return provider.Result{Done: true}, nil
	})
	o := judge(t, h, "capability/remove")
	require.Equal(t, conformance.Fails, o.Verdict)
	require.Equal(t, "RemoveParticipant answered nil, and the participant is there", o.Detail)
	require.Equal(t, "Where somebody may be removed, removing them has them gone when it returns nil.", o.Rule)
	require.Equal(t, conformance.Holds, judge(t, h, "capability/mute-on").Verdict)
}

func TestJudgeOfNoCase(t *testing.T) {
	o := conformance.Judge(t.Context(), worlds.Everything(), "capability/fly")
	require.Equal(t, conformance.Outcome{Case: "capability/fly", Verdict: conformance.Fails, Detail: "there is no such case"}, o)
}

func TestJudgeDoesNotPanic(t *testing.T) {
	h := removing(func(provider.Driver, context.Context, cc.ConferenceID, cc.ParticipantID) (provider.Result, error) {
		panic("of the driver")
	})
	require.Equal(t, conformance.Outcome{
		Case: "remove/others", Rule: "Removing somebody leaves everybody else in the conference.",
		Verdict: conformance.Fails, Detail: "it panicked: of the driver",
	}, judge(t, h, "remove/others"))
	o := judge(t, h, "uncertain/remove") // in another goroutine than the case's
	require.Equal(t, conformance.Fails, o.Verdict)
	require.Contains(t, o.Detail, "it panicked: of the driver")
}

func TestJudgeComesBackFromADriverThatDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		h := removing(func(provider.Driver, context.Context, cc.ConferenceID, cc.ParticipantID) (provider.Result, error) {
			<-stuck
			return provider.Result{}, cc.ErrUncertain
		})
		o := conformance.Judge(t.Context(), h, "capability/remove")
		require.Equal(t, conformance.Fails, o.Verdict)
		require.Equal(t, "something did not come back within "+conformance.CaseLimit.String(), o.Detail)
		close(stuck)
	})
}

func TestJudgeOfWhatCannotBeOpened(t *testing.T) {
	h := worlds.Everything()
	h.Open = func(context.Context) (*conformance.Site, error) { return nil, errors.New("no door") }
	o := judge(t, h, "capability/remove")
	require.Equal(t, conformance.Fails, o.Verdict)
	require.Equal(t, "it could not be opened: no door", o.Detail)
}

func TestGoroutinesLeftBehindAreSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak := make(chan struct{})
		h := removing(func(d provider.Driver, ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
			go func() { <-leak }()
			return d.Remove(ctx, c, p)
		})
		o := conformance.Judge(t.Context(), h, "leaks/commands")
		require.Equal(t, conformance.Fails, o.Verdict)
		require.Contains(t, o.Detail, "goroutines are left behind")
		require.Contains(t, o.Detail, "TestGoroutinesLeftBehindAreSeen", "it shows where")
		close(leak)
	})
}

// A world has one method replaced.
type world struct {
	conformance.World
	twin error
}

func (w world) Twin(cc.ConferenceID, cc.ParticipantID) error { return w.twin }

func TestWhatAWorldCannotDo(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		verdict string
		detail  string
	}{
		"never at this vendor": {&cc.Error{Kind: cc.ErrUnsupported}, conformance.CannotArise, "somebody who cannot be told from another does not arise at this vendor"},
		"not in this world":    {errors.New("out of numbers"), conformance.NotJudged, "somebody who cannot be told from another: out of numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			h := worlds.ByAddress()
			open := h.Open
			h.Open = func(ctx context.Context) (*conformance.Site, error) {
				s, err := open(ctx)
				s.World = world{s.World, c.err}
				return s, err
			}
			o := judge(t, h, "identity/twins-listed")
			require.Equal(t, c.verdict, o.Verdict)
			require.Equal(t, c.detail, o.Detail)
		})
	}
}

// faults has every fault answered alike.
type faults struct{ err error }

func (f faults) Inject(conformance.Fault) (func(), error) { return nil, f.err }

func TestWhatFaultsCannotDo(t *testing.T) {
	for name, c := range map[string]struct {
		faults   conformance.Faults
		noFaults string
		verdict  string
		detail   string
	}{
		"never at this vendor":  {faults: faults{cc.ErrUnsupported}, verdict: conformance.CannotArise, detail: "the fault lose-after of remove does not arise at this vendor"},
		"not by these faults":   {faults: faults{errors.New("too hard")}, verdict: conformance.NotJudged, detail: "the fault lose-after of remove: too hard"},
		"none, and it says why": {noFaults: "a live account", verdict: conformance.NotJudged, detail: "a live account"},
		"none":                  {verdict: conformance.NotJudged, detail: "the site has no faults, and the harness does not say why"},
	} {
		t.Run(name, func(t *testing.T) {
			h := worlds.Everything()
			h.NoFaults = c.noFaults
			open := h.Open
			h.Open = func(ctx context.Context) (*conformance.Site, error) {
				s, err := open(ctx)
				s.Faults = c.faults
				return s, err
			}
			o := judge(t, h, "settling/lost-after-remove")
			require.Equal(t, c.verdict, o.Verdict)
			require.Equal(t, c.detail, o.Detail)
		})
	}
}
