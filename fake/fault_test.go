package fake_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFaultsOnCommands sends one command of each kind through each fault.
func TestFaultsOnCommands(t *testing.T) {
	const patience = 3 * time.Second
	commands := map[fake.Op]struct {
		do   func(ctx context.Context, d provider.Driver, m *fake.Member) (provider.Result, error)
		done func(m *fake.Member) bool
	}{
		fake.OpRemove: {
			func(ctx context.Context, d provider.Driver, m *fake.Member) (provider.Result, error) {
				return d.Remove(ctx, "c", m.ID())
			},
			func(m *fake.Member) bool { return !m.Present() },
		},
		fake.OpSet: {
			func(ctx context.Context, d provider.Driver, m *fake.Member) (provider.Result, error) {
				return d.SetState(ctx, "c", m.ID(), cc.Change{Mute: cc.On})
			},
			func(m *fake.Member) bool { return m.State().Mute == cc.On },
		},
		fake.OpEnd: {
			func(ctx context.Context, d provider.Driver, _ *fake.Member) (provider.Result, error) {
				return d.End(ctx, "c")
			},
			func(m *fake.Member) bool { return !m.Present() },
		},
	}
	refusal := &cc.Error{Kind: cc.ErrRateLimited, Status: 429, RetryAfter: time.Minute}
	faults := map[string]struct {
		fault  fake.Fault
		kind   cc.Kind
		inside error
		took   time.Duration
		done   bool          // when the answer comes
		later  time.Duration // and if not, so long after it
		counts int
	}{
		"no fault":          {fault: fake.Fault{Op: "another"}, done: true, counts: 1},
		"refused":           {fault: fake.Fault{What: fake.Refuse, Err: refusal}, kind: cc.ErrRateLimited, counts: 1},
		"refused somehow":   {fault: fake.Fault{What: fake.Refuse}, kind: cc.ErrUnavailable, counts: 1},
		"not sent":          {fault: fake.Fault{What: fake.NotSent}, kind: cc.ErrUnavailable},
		"lost before":       {fault: fake.Fault{What: fake.LoseBefore}, kind: cc.ErrUncertain, inside: io.ErrUnexpectedEOF, counts: 1},
		"lost after":        {fault: fake.Fault{What: fake.LoseAfter}, kind: cc.ErrUncertain, inside: io.ErrUnexpectedEOF, done: true, counts: 1},
		"ignored":           {fault: fake.Fault{What: fake.Ignore}, counts: 1},
		"hangs":             {fault: fake.Fault{What: fake.Hang}, kind: cc.ErrUncertain, inside: context.DeadlineExceeded, took: patience, counts: 1},
		"hangs after":       {fault: fake.Fault{What: fake.HangAfter}, kind: cc.ErrUncertain, inside: context.DeadlineExceeded, took: patience, done: true, counts: 1},
		"slow":              {fault: fake.Fault{What: fake.Slow, Delay: time.Second}, took: time.Second, done: true, counts: 1},
		"too slow":          {fault: fake.Fault{What: fake.Slow, Delay: time.Minute}, kind: cc.ErrUncertain, inside: context.DeadlineExceeded, took: patience, done: true, counts: 1},
		"contradicted":      {fault: fake.Fault{What: fake.Contradict}, kind: cc.ErrConflict, done: true, counts: 1},
		"late":              {fault: fake.Fault{What: fake.Late, Delay: time.Second}, later: time.Second, counts: 1},
		"stale":             {fault: fake.Fault{What: fake.Stale, Delay: time.Second}, done: true, counts: 1},
		"fails later":       {fault: fake.Fault{What: fake.FailLater}, counts: 1},
		"fails later, done": {fault: fake.Fault{What: fake.FailLater, Effect: true}, done: true, counts: 1},
		"fails sooner":      {fault: fake.Fault{What: fake.FailSooner}, took: 20 * time.Millisecond, counts: 1},
		"fails much sooner": {fault: fake.Fault{What: fake.FailSooner, Delay: time.Minute}, kind: cc.ErrUncertain, inside: context.DeadlineExceeded, took: patience, counts: 1},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			for op, command := range commands {
				for _, on := range []fake.Op{op, fake.OpCommand, fake.OpAny, ""} {
					bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
						m := join(t, sw, "c", fake.Leg{})
						join(t, sw, "c", fake.Leg{})
						d := driver(t, sw, fake.Everything())
						fault := f.fault
						if fault.Op == "" {
							fault.Op = on
						}
						fault.Times = 1
						var between []bool
						fault.Meanwhile = func() { between = append(between, command.done(m)) }
						defer sw.Inject(fault)()
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						defer cancel()
						start := time.Now()
						_, err := command.do(ctx, d, m)
						require.Equal(t, f.kind, cc.KindOf(err))
						require.Equal(t, f.kind == 0, err == nil)
						if f.inside != nil {
							require.ErrorIs(t, err, f.inside)
						}
						require.Equal(t, f.took, time.Since(start))
						require.Equal(t, f.done, command.done(m))
						if fault.Op != "another" {
							want := f.done && fault.What != fake.FailLater && fault.What != fake.FailSooner
							require.Equal(t, []bool{want}, between)
						}
						if f.later > 0 {
							time.Sleep(f.later - time.Nanosecond)
							require.False(t, command.done(m))
							time.Sleep(time.Nanosecond)
							require.True(t, command.done(m))
						}
						got, reads := sw.Requests()
						require.Equal(t, f.counts, got)
						require.Equal(t, f.counts, sw.Count(op))
						require.Zero(t, reads)

						// Times is used up: the next one goes through.
						_, err = command.do(t.Context(), d, m)
						require.Equal(t, f.done && op != fake.OpSet || f.later > 0 && op != fake.OpSet, err != nil)
						require.True(t, command.done(m))
					})
				}
			}
		})
	}
}

func TestFaultsOnReads(t *testing.T) {
	const patience = 3 * time.Second
	reads := map[fake.Op]func(ctx context.Context, d provider.Driver) error{
		fake.OpSnapshot: func(ctx context.Context, d provider.Driver) error {
			return second(d.Snapshot(ctx, "c"))
		},
		fake.OpParticipant: func(ctx context.Context, d provider.Driver) error {
			_, _, err := d.Participant(ctx, "c", "101")
			return err
		},
		fake.OpCheck: func(ctx context.Context, d provider.Driver) error { return d.Check(ctx) },
		fake.OpList: func(ctx context.Context, d provider.Driver) error {
			n := 0
			var last error
			for _, err := range d.Conferences(ctx) {
				n, last = n+1, err
			}
			if n != 1 {
				return errors.New("not one answer")
			}
			return last
		},
	}
	faults := map[string]struct {
		fault  fake.Fault
		kind   cc.Kind
		took   time.Duration
		counts int
	}{
		"no fault": {fault: fake.Fault{Op: fake.OpCommand, What: fake.Refuse}, counts: 1},
		"refused":  {fault: fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrForbidden}}, kind: cc.ErrForbidden, counts: 1},
		"not sent": {fault: fake.Fault{What: fake.NotSent}, kind: cc.ErrUnavailable},
		"lost":     {fault: fake.Fault{What: fake.LoseAfter}, kind: cc.ErrUnavailable, counts: 1},
		"hangs":    {fault: fake.Fault{What: fake.Hang}, kind: cc.ErrUnavailable, took: patience, counts: 1},
		"slow":     {fault: fake.Fault{What: fake.Slow, Delay: time.Second}, took: time.Second, counts: 1},
		"too slow": {fault: fake.Fault{What: fake.Slow, Delay: time.Minute}, kind: cc.ErrUnavailable, took: patience, counts: 1},
		"ignored":  {fault: fake.Fault{What: fake.Ignore}, counts: 1},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			for op, read := range reads {
				for _, on := range []fake.Op{op, fake.OpRead, fake.OpAny} {
					bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
						join(t, sw, "c", fake.Leg{})
						d := driver(t, sw, fake.Everything())
						fault := f.fault
						if fault.Op == "" {
							fault.Op = on
						}
						lift := sw.Inject(fault)
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						defer cancel()
						start := time.Now()
						require.Equal(t, f.kind, cc.KindOf(read(ctx, d)))
						require.Equal(t, f.took, time.Since(start))
						commands, n := sw.Requests()
						require.Zero(t, commands)
						require.Equal(t, f.counts, n)
						require.Equal(t, f.counts, sw.Count(op))
						lift()
						lift()
						require.NoError(t, read(t.Context(), d))
					})
				}
			}
		})
	}
}

func TestAListingWithoutADeadlineGivesUp(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		sw.Inject(fake.Fault{Op: fake.OpList, What: fake.Hang})
		start := time.Now()
		for _, err := range driver(t, sw, fake.Everything()).Conferences(t.Context()) {
			require.Equal(t, cc.ErrUnavailable, cc.KindOf(err))
		}
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

func TestASlowReadShowsWhatWas(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		d := driver(t, sw, fake.Everything())
		sw.Inject(fake.Fault{Op: fake.OpSnapshot, What: fake.Slow, Delay: time.Second, Times: 1, Meanwhile: func() {
			_, err := sw.Set("c", m.ID(), cc.Change{Mute: cc.On})
			assert.NoError(t, err)
		}})
		require.Equal(t, cc.Off, snapshot(t, d, "c").Participants[0].State.Mute)
		require.Equal(t, cc.On, snapshot(t, d, "c").Participants[0].State.Mute)
	})
}

func TestAStaleCommandIsShownLater(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		d := driver(t, sw, fake.Everything())
		sw.Inject(fake.Fault{Op: fake.OpSet, What: fake.Stale, Delay: time.Second, Times: 1})
		_, err := d.SetState(t.Context(), "c", m.ID(), cc.Change{Mute: cc.On})
		require.NoError(t, err)
		require.Equal(t, cc.On, m.State().Mute)
		time.Sleep(time.Second - time.Nanosecond)
		require.Equal(t, cc.Off, snapshot(t, d, "c").Participants[0].State.Mute)
		time.Sleep(time.Nanosecond)
		require.Equal(t, cc.On, snapshot(t, d, "c").Participants[0].State.Mute)
		_, err = d.SetState(t.Context(), "c", m.ID(), cc.Change{Mute: cc.Off})
		require.NoError(t, err)
		require.Equal(t, cc.Off, snapshot(t, d, "c").Participants[0].State.Mute)
	})
}

func TestWhichRequestsAFaultStrikes(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		other := join(t, sw, "d", fake.Leg{})
		admit := func(r fake.Request) bool {
			_, hit := sw.Admit(r)
			return hit
		}
		mute := fake.Request{Op: fake.OpSet, Conference: "c", Participant: m.ID(), Change: cc.Change{Mute: cc.On}}
		byID, unmute, elsewhere, read := mute, mute, mute, mute
		byID.Conference, elsewhere.Conference = m.Instance(), "d"
		unmute.Change = cc.Change{Mute: cc.Off}
		read.Op = fake.OpParticipant
		for name, c := range map[string]struct {
			fault fake.Fault
			hits  []bool // mute, byID, unmute, elsewhere, read
		}{
			"all":         {fake.Fault{}, []bool{true, true, true, true, true}},
			"commands":    {fake.Fault{Op: fake.OpCommand}, []bool{true, true, true, true, false}},
			"reads":       {fake.Fault{Op: fake.OpRead}, []bool{false, false, false, false, true}},
			"by name":     {fake.Fault{On: "c"}, []bool{true, true, true, false, true}},
			"by instance": {fake.Fault{On: m.Instance()}, []bool{true, true, true, false, true}},
			"another run": {fake.Fault{On: other.Instance()}, []bool{false, false, false, true, false}},
			"somebody":    {fake.Fault{For: other.ID()}, []bool{false, false, false, false, false}},
			"this one":    {fake.Fault{For: m.ID()}, []bool{true, true, true, true, true}},
			"releasing": {fake.Fault{Match: func(r fake.Request) bool { return r.Change.Mute == cc.Off }},
				[]bool{false, false, true, false, false}},
			"two after one": {fake.Fault{Skip: 1, Times: 2}, []bool{false, true, true, false, false}},
		} {
			c.fault.What = fake.Ignore
			lift := sw.Inject(c.fault)
			var hits []bool
			for _, r := range []fake.Request{mute, byID, unmute, elsewhere, read} {
				hits = append(hits, admit(r))
			}
			require.Equal(t, c.hits, hits, name)
			lift()
			require.False(t, admit(mute))
		}

		// Of several the first one injected strikes, until it is gone.
		first := sw.Inject(fake.Fault{What: fake.Hang})
		sw.Inject(fake.Fault{What: fake.Refuse})
		f, _ := sw.Admit(mute)
		require.Equal(t, fake.Hang, f.What)
		first()
		f, _ = sw.Admit(mute)
		require.Equal(t, fake.Refuse, f.What)
		require.NotSame(t, f.Failure(), f.Failure())
	})
}

func TestAClosedOrCanceledDriverSendsNothing(t *testing.T) {
	bubble(t, fake.Options{}, func(t *testing.T, sw *fake.Switch) {
		m := join(t, sw, "c", fake.Leg{})
		d := driver(t, sw, fake.Everything())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		all := func(ctx context.Context) []error {
			_, _, one := d.Participant(ctx, "c", m.ID())
			return []error{
				second(d.Remove(ctx, "c", m.ID())), second(d.SetState(ctx, "c", m.ID(), cc.Change{Mute: cc.On})),
				second(d.End(ctx, "c")), second(d.Snapshot(ctx, "c")), one, d.Check(ctx), d.Listen(ctx, nil),
			}
		}
		for _, err := range all(ctx) {
			require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
			require.ErrorIs(t, err, context.Canceled)
		}
		require.NoError(t, d.Close())
		require.NoError(t, d.Close())
		for _, err := range all(t.Context()) {
			require.Equal(t, cc.ErrClosed, cc.KindOf(err))
		}
		commands, reads := sw.Requests()
		require.Zero(t, commands+reads)
		require.True(t, m.Present())
	})
}
