package plivo_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// losses are the ways to lose what became of a request: nothing that comes back is proof of anything.
var losses = map[string]plivoserver.Fault{
	"closed":                {Wire: plivoserver.Wire{Mode: plivoserver.Cut}},
	"reset":                 {Wire: plivoserver.Wire{Mode: plivoserver.Reset}},
	"closed in the header":  {Answer: plivoserver.Status(202), Wire: plivoserver.Wire{Mode: plivoserver.Cut, After: 30}},
	"reset in the body":     {Answer: plivoserver.Status(202), Wire: plivoserver.Wire{Mode: plivoserver.Reset, After: 10, Body: true}},
	"closed in the body":    {Answer: plivoserver.Status(202), Wire: plivoserver.Wire{Mode: plivoserver.Cut, After: 10, Body: true}},
	"silence":               {Wire: plivoserver.Wire{Mode: plivoserver.Hang}},
	"500":                   {Answer: plivoserver.Status(500)},
	"500 without a body":    {Answer: plivoserver.Empty(500)},
	"502 of a proxy":        {Answer: plivoserver.HTML(502)},
	"503":                   {Answer: plivoserver.Status(503)},
	"504 of a proxy":        {Answer: plivoserver.HTML(504)},
	"200 of somebody else":  {Answer: plivoserver.HTML(200)},
	"200 that breaks off":   {Answer: plivoserver.Truncated(200)},
	"302 to somewhere else": {Answer: plivoserver.Redirect(302, "/")},
}

// lose injects a loss of commands.
func (r *rig) lose(f plivoserver.Fault, effect bool, times int) {
	r.t.Helper()
	f.On, f.Effect, f.Times = plivoserver.Commands, effect, times
	r.fault(f)
}

// methods are the requests since the rig was ready, in order: R for a read, C for a command.
func (r *rig) methods() (order string) {
	for _, q := range r.server.Requests() {
		switch {
		case q.At.Before(r.began):
		case q.Method == http.MethodGet:
			order += "R"
		default:
			order += "C"
		}
	}
	return order
}

func TestAReplyLostAfterTheEffect(t *testing.T) {
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			eachDeed(t, func(t *testing.T, p product, d deed) {
				for _, known := range []bool{true, false} {
					r := newRig(t, p)
					if known {
						r.read()
						r.fresh()
					}
					r.lose(loss, true, 1)
					require.NoError(t, d.do(background, r.conf, r))
					require.True(t, d.done(r))
					commands, reads := r.seen()
					require.Len(t, commands, 1, "one effect")
					require.Len(t, reads, 1)
				}
			})
		})
	}
}

func TestARequestLostBeforeTheEffect(t *testing.T) {
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			eachDeed(t, func(t *testing.T, p product, d deed) {
				r := newRig(t, p)
				r.read()
				r.fresh()
				r.lose(loss, false, 1)
				require.NoError(t, d.do(background, r.conf, r))
				require.True(t, d.done(r))
				settling := "R"
				if p.name == plivo.MPC && d.name == "end" {
					settling = "RR" // the room, and who is in it
				}
				require.Equal(t, "C"+settling+"CR", r.methods(), "the second send comes after a read")
			})
			t.Run("never read", func(t *testing.T) {
				eachDeed(t, func(t *testing.T, p product, d deed) {
					r := newRig(t, p)
					r.lose(loss, false, 1)
					requireOutcome(t, d.do(background, r.conf, r), cc.ErrUncertain)
					require.False(t, d.done(r))
					commands, _ := r.seen()
					require.Len(t, commands, 1)
				})
			})
		})
	}
	for _, d := range deeds {
		t.Run("by Instance, never read/"+d.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, products[0])
			r.lose(losses["closed"], false, 1)
			require.NoError(t, d.do(background, r.client.Conference(r.anna.Instance()), r))
			require.True(t, d.done(r))
			commands, _ := r.seen()
			require.Len(t, commands, 2)
		}))
	}
}

// Of another run than the one that was read nothing is sent again, by whichever name.
func TestARunThatWasReadIsAnotherByNow(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p)
		r.read()
		r.fresh()
		r.restart()
		r.lose(losses["closed"], false, 1)
		requireOutcome(t, d.do(background, r.conf, r), cc.ErrUncertain)
		commands, _ := r.seen()
		require.Len(t, commands, 1)
	})
}

func TestTheOutcomeCannotBeRead(t *testing.T) {
	unreadable := map[string]plivoserver.Fault{
		"closed":              {Wire: plivoserver.Wire{Mode: plivoserver.Cut}},
		"reset":               {Wire: plivoserver.Wire{Mode: plivoserver.Reset}},
		"silence":             {Wire: plivoserver.Wire{Mode: plivoserver.Hang}},
		"500":                 {Answer: plivoserver.Status(500)},
		"503 of a proxy":      {Answer: plivoserver.HTML(503)},
		"401":                 {Answer: plivoserver.Empty(401)},
		"403":                 {Answer: plivoserver.Status(403)},
		"429":                 {Answer: plivoserver.TooMany("3600")},
		"200 without a body":  {Answer: plivoserver.Empty(200)},
		"200 of a proxy":      {Answer: plivoserver.HTML(200)},
		"200 that breaks off": {Answer: plivoserver.Truncated(200)},
		"an empty object":     {Answer: plivoserver.JSON(200, `{}`)},
		"null":                {Answer: plivoserver.JSON(200, `null`)},
		"an empty list":       {Answer: plivoserver.JSON(200, `[]`)},
		"an error":            {Answer: plivoserver.JSON(200, `{"api_id":"a","error":"not found"}`)},
	}
	for name, fault := range unreadable {
		t.Run(name, func(t *testing.T) {
			eachDeed(t, func(t *testing.T, p product, d deed) {
				r := newRig(t, p)
				r.read()
				r.fresh()
				r.lose(losses["closed"], false, 1)
				fault.On = plivoserver.Reads
				r.fault(fault)
				requireOutcome(t, d.do(background, r.conf, r), cc.ErrUncertain)
				require.False(t, d.done(r))
				commands, _ := r.seen()
				require.Len(t, commands, 1)
			})
		})
	}
}

// A command that is lost again and again is sent twice.
func TestLostAgainAndAgain(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p)
		r.read()
		r.fresh()
		r.lose(losses["reset"], false, 0)
		requireOutcome(t, d.do(background, r.conf, r), cc.ErrUncertain)
		commands, _ := r.seen()
		require.Len(t, commands, 2)
	})
}

// Two sends, and three attempts in all: what the vendor refused for a while counts, too.
func TestThreeAttemptsInAll(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p)
		r.read()
		r.fresh()
		r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.TooMany("1"), Times: 1})
		r.lose(losses["closed"], false, 1)
		r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.TooMany("")})
		err := d.do(background, r.conf, r)
		requireOutcome(t, err, cc.ErrUncertain)
		require.Equal(t, http.StatusTooManyRequests, problem(t, err).Status)
		commands, _ := r.seen()
		require.Len(t, commands, 3)
		require.GreaterOrEqual(t, commands[1]-commands[0], s1)
	})
}

// untouched requires a second run to be as it was when it began.
func (r *rig) untouched(second []*fake.Member) {
	r.t.Helper()
	for _, m := range second {
		require.True(r.t, m.Present())
		require.Equal(r.t, cc.Off, m.State().Mute)
	}
}

// A name that is used again between the two tries: nobody of the second run is touched, although both
// of them have the numbers of the first.
func TestANameThatIsUsedAgain(t *testing.T) {
	for _, same := range []bool{false, true} {
		eachDeed(t, func(t *testing.T, p product, d deed) {
			r := newRig(t, p)
			time.Sleep(5 * s1) // by its running time a run can be told from a later one
			r.read()
			r.fresh()
			var second []*fake.Member
			lost := losses["closed"]
			lost.Match = func(*http.Request) bool {
				if same { // who was called before is called again: one leg is common to both runs
					second = r.restart(fake.Leg{CallID: r.anna.CallID()}, fake.Leg{CallID: r.bob.CallID()})
				} else {
					second = r.restart()
				}
				return true
			}
			r.lose(lost, false, 1)
			requireOutcome(t, d.do(background, r.conf, r), cc.ErrUncertain)
			commands, _ := r.seen()
			require.Len(t, commands, 1)
			r.untouched(second)
		})
	}
	for _, d := range deeds {
		t.Run("by Instance/"+d.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, products[0])
			var second []*fake.Member
			lost := losses["closed"]
			lost.Match = func(*http.Request) bool { second = r.restart(); return true }
			r.lose(lost, false, 1)
			kind := cc.Kind(0) // the run is over, and so is what was to be ended
			if d.name == "mute" {
				kind = cc.ErrUncertain
			}
			requireOutcome(t, d.do(background, r.client.Conference(r.anna.Instance()), r), kind)
			commands, _ := r.seen()
			require.Len(t, commands, 1)
			r.untouched(second)
		}))
		// Even between the read that proved the run and the second send: that goes to the run.
		t.Run("after the read/"+d.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, products[0])
			r.read()
			r.fresh()
			var second []*fake.Member
			r.lose(losses["closed"], false, 1)
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Empty(204), Match: func(*http.Request) bool {
				second = r.restart()
				return false
			}})
			kind := cc.Kind(0)
			if d.name == "mute" {
				kind = cc.ErrUncertain // the first try may have been done
			}
			requireOutcome(t, d.do(background, r.conf, r), kind)
			commands, _ := r.seen()
			require.Len(t, commands, 2)
			r.untouched(second)
		}))
	}
}

// A total outage of a vendor: one mutating request a command, at most one read, and no answer that
// would not be true.
func TestAlways500(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p)
		r.read()
		r.fresh()
		r.fault(plivoserver.Fault{Answer: plivoserver.Status(500)})
		err := d.do(background, r.conf, r)
		requireOutcome(t, err, cc.ErrUncertain)
		e := problem(t, err)
		require.Equal(t, 500, e.Status)
		require.Equal(t, "internal server error", e.Message)
		require.NotEmpty(t, e.RequestID)
		require.Equal(t, "CR", r.methods())
	})
}

// The load of clients on a vendor that is down.
func TestTotalOutage(t *testing.T) {
	const settlings = 500 / 14 // a settling read costs 14 of a budget of 500
	for name, test := range map[string]struct {
		fault plivoserver.Fault
		kind  cc.Kind
		calls int
		reads int // at most
		again int // commands that were refused, and sent again, at most
	}{
		"500":         {plivoserver.Fault{Answer: plivoserver.Status(500)}, cc.ErrUncertain, 2000, settlings, 0},
		"503 of HTML": {plivoserver.Fault{Answer: plivoserver.HTML(503)}, cc.ErrUncertain, 500, settlings, 0},
		"reset":       {plivoserver.Fault{Wire: plivoserver.Wire{Mode: plivoserver.Reset}}, cc.ErrUncertain, 2000, settlings, 0},
		"429":         {plivoserver.Fault{Answer: plivoserver.TooMany("")}, cc.ErrRateLimited, 200, 0, 500 / 5},
	} {
		for _, p := range products {
			if p.name == plivo.Conference {
				test.calls = 200 // all of this is below the drivers
			}
			t.Run(name+"/"+p.name, inFakeTime(func(t *testing.T) {
				r := newRig(t, p, func(_ *fake.Options, o *plivo.Options) { o.Rate = 100_000 })
				r.read()
				r.fresh()
				r.fault(test.fault)
				before := r.server.Counts()
				var wg sync.WaitGroup
				for i := range 10 {
					d := deeds[i%len(deeds)]
					wg.Go(func() {
						for range test.calls / 10 {
							if err := d.do(background, r.conf, r); cc.KindOf(err) != test.kind {
								t.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				after := r.server.Counts()
				commands, reads := after.Commands-before.Commands, after.Reads-before.Reads
				require.GreaterOrEqual(t, commands, test.calls)
				require.LessOrEqual(t, commands, test.calls+test.again)
				require.LessOrEqual(t, reads, test.reads)
				if test.calls == 2000 {
					require.LessOrEqual(t, commands+reads, test.calls*110/100)
				}
				// Now that the budget is spent, a command is one request.
				for range 50 {
					requireOutcome(t, r.conf.End(background), test.kind)
				}
				require.Equal(t, 50, r.server.Counts().Commands-after.Commands)
				require.Equal(t, after.Reads, r.server.Counts().Reads)
			}))
		}
	}
}

// When the outage is over, everything is as before.
func TestAfterAnOutage(t *testing.T) {
	for _, p := range products {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, p)
			r.read()
			lift := r.fault(plivoserver.Fault{Answer: plivoserver.Status(500)})
			for range 100 {
				requireOutcome(t, r.conf.End(background), cc.ErrUncertain)
			}
			lift()
			for range 14 { // each answer that comes at once gives 1 back
				r.read()
			}
			r.lose(losses["reset"], false, 1)
			require.NoError(t, r.conf.RemoveParticipant(background, r.anna.ID()))
			require.False(t, r.anna.Present())
			require.True(t, r.bob.Present())
		})
	}
}

// What certainly never left is certainly not done, and is said so.
func TestNobodyListens(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p)
		r.read()
		r.fresh()
		r.line.is(lineRefused)
		requireOutcome(t, d.do(background, r.conf, r), cc.ErrUnavailable)
		require.Empty(t, r.methods())
		require.Less(t, r.clock(), 200*time.Millisecond, "three attempts, and no more than that")
	})
}
