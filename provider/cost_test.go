package provider_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A quick is a driver that costs nothing, so that what is measured is the layer above it.
type quick struct {
	provider.Unimplemented
	done  bool
	state cc.ParticipantState
}

func (*quick) Capabilities() cc.Capabilities { return everything }

func (q *quick) result() provider.Result { return provider.Result{Done: q.done, Instance: first} }

func (q *quick) SetState(_ context.Context, _ cc.ConferenceID, _ cc.ParticipantID, c cc.Change) (provider.Result, error) {
	q.state.Mute = c.Mute
	return q.result(), nil
}

func (q *quick) Remove(context.Context, cc.ConferenceID, cc.ParticipantID) (provider.Result, error) {
	return q.result(), nil
}

func (q *quick) End(context.Context, cc.ConferenceID) (provider.Result, error) {
	return q.result(), nil
}

func (q *quick) Participant(_ context.Context, _ cc.ConferenceID, p cc.ParticipantID) (cc.Participant, cc.ConferenceID, error) {
	return cc.Participant{ID: p, CallID: "call-1", State: q.state}, first, nil
}

// Bill is how a command is measured: through New, and at the driver itself.
func bill(tb testing.TB, own, done bool, what string) (through, direct func()) {
	tb.Helper()
	q := &quick{done: done}
	c, err := provider.New(q, provider.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	cancel := func() {}
	if own {
		ctx, cancel = context.WithTimeout(ctx, time.Minute)
	}
	tb.Cleanup(func() {
		cancel()
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	conf := c.Conference(room)
	muted := false
	change := func() cc.Change {
		if muted = !muted; muted {
			return mute
		}
		return unmute
	}
	var driver provider.Driver = q
	do := map[string][2]func() error{
		"set": {
			func() error { return conf.SetParticipantState(ctx, "1", change()) },
			func() error { _, err := driver.SetState(ctx, room, "1", change()); return err },
		},
		"remove": {
			func() error { return conf.RemoveParticipant(ctx, "1") },
			func() error { _, err := driver.Remove(ctx, room, "1"); return err },
		},
		"end": {
			func() error { return conf.End(ctx) },
			func() error { _, err := driver.End(ctx, room); return err },
		},
	}[what]
	must := func(f func() error) func() {
		return func() {
			if err := f(); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return must(do[0]), must(do[1])
}

// MostAllocs is what a command may cost over calling the driver, when nothing fails.
const mostAllocs = 12

func TestCostOfACommand(t *testing.T) {
	for _, what := range []string{"set", "remove", "end"} {
		for _, own := range []bool{false, true} {
			through, direct := bill(t, own, true, what)
			through() // the subscription is begun once
			cost := testing.AllocsPerRun(1000, through) - testing.AllocsPerRun(1000, direct)
			t.Logf("%s, deadline of the caller %v: %v allocations", what, own, cost)
			if cost > mostAllocs {
				t.Errorf("%s, deadline of the caller %v: %v allocations, at most %d", what, own, cost, mostAllocs)
			}
		}
	}
	// What a confirmed one costs, one read of the participant included, is reported and has no bar.
	for _, own := range []bool{false, true} {
		through, direct := bill(t, own, false, "set")
		through()
		cost := testing.AllocsPerRun(1000, through) - testing.AllocsPerRun(1000, direct)
		t.Logf("set, confirmed by one read, deadline of the caller %v: %v allocations", own, cost)
	}
}

// Done is a command whose answer is proof; confirmed is one that is read once.
func BenchmarkCommand(b *testing.B) {
	for _, done := range []bool{true, false} {
		for _, own := range []bool{false, true} {
			name := fmt.Sprintf("done=%v/deadline=%v", done, own)
			through, direct := bill(b, own, done, "set")
			for what, f := range map[string]func(){"through": through, "direct": direct} {
				b.Run(name+"/"+what, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						f()
					}
				})
			}
		}
	}
}
