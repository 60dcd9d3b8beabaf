package plivo_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A phase is where a command can be when it is ended, and how it gets there.
type phase struct {
	name    string
	options func(*fake.Options, *plivo.Options)
	arm     func(r *rig)
	only    string        // of one deed; empty: any
	never   string        // not of this deed
	at      time.Duration // when it is canceled, or the client closed
	sent    bool          // something may have left by then
	sends   int           // commands that have reached the vendor by then
	looked  bool          // a read has, too
	status  int           // of the last answer by then

	// With a deadline of 5 s it waits until 4 s, and a read may decide until 5 s.
	took  time.Duration
	kind  cc.Kind
	total int             // commands that have reached the vendor in all
	reads []time.Duration // when they came, if that is always the same
}

const (
	ms = time.Millisecond
	s1 = time.Second
)

func hang(on plivoserver.Operation) plivoserver.Fault {
	return plivoserver.Fault{On: on, Wire: plivoserver.Wire{Mode: plivoserver.Hang}}
}

var commandPhases = []phase{
	{
		name: "dial", at: 300 * ms,
		arm:  func(r *rig) { r.read(); r.fresh(); r.line.is(lineDialling) },
		took: 4 * s1, kind: cc.ErrCanceled,
	}, {
		name: "TLS handshake", at: 300 * ms,
		options: func(_ *fake.Options, o *plivo.Options) { o.Endpoint = "https://127.0.0.1:443" },
		arm:     func(r *rig) { r.line.is(lineMute) },
		took:    4 * s1, kind: cc.ErrCanceled,
	}, {
		name: "request write", at: 300 * ms, sent: true,
		arm:  func(r *rig) { r.read(); r.fresh(); r.line.is(lineFull) },
		took: 5 * s1, kind: cc.ErrUncertain,
	}, {
		name: "waiting for the header", at: 300 * ms, sent: true, sends: 1,
		arm:  func(r *rig) { r.read(); r.fresh(); r.fault(hang(plivoserver.Commands)) },
		took: 4 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "in the header", at: 300 * ms, sent: true, sends: 1,
		arm: func(r *rig) {
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Status(202), Wire: plivoserver.Wire{Mode: plivoserver.Hang, After: 20}})
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "in the body", at: 300 * ms, sent: true, sends: 1, status: 202,
		arm: func(r *rig) {
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Status(202), Wire: plivoserver.Wire{Mode: plivoserver.Hang, After: 5, Body: true}})
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "in a dripping header", at: 300 * ms, sent: true, sends: 1,
		arm: func(r *rig) {
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Status(202), Wire: plivoserver.Wire{Mode: plivoserver.Drip}})
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "in the body of an error", at: 300 * ms, sent: true, sends: 1, status: 500,
		arm: func(r *rig) {
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Status(500), Wire: plivoserver.Wire{Mode: plivoserver.Hang, After: 5, Body: true}})
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "done, and waiting for the header", at: 300 * ms, sent: true, sends: 1,
		arm: func(r *rig) {
			f := hang(plivoserver.Commands)
			f.Effect = true
			r.fault(f)
		},
		took: 4 * s1, total: 1,
	}, {
		name: "back-off after 429", at: 300 * ms, sends: 1, status: 429,
		arm:  func(r *rig) { r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.TooMany("3")}) },
		took: 3 * s1, kind: cc.ErrRateLimited, total: 2,
	}, {
		name: "limiter", at: 300 * ms,
		options: func(_ *fake.Options, o *plivo.Options) { o.Rate = 1 },
		arm:     func(r *rig) { require.NoError(r.t, r.client.Check(background)); time.Sleep(ms); r.began = time.Now() },
		took:    0, kind: cc.ErrRateLimited,
	}, {
		name: "queue", never: "end", at: 300 * ms, sends: 1,
		arm: func(r *rig) {
			f := hang(plivoserver.Commands)
			f.Times = 1
			r.fault(f)
			ctx, cancel := context.WithCancel(background)
			first := r.begin(func() error { return r.conf.SetParticipantState(ctx, r.anna.ID(), cc.Change{Mute: cc.Off}) })
			r.t.Cleanup(func() { cancel(); first.wait(r.t) })
			synctest.Wait()
		},
		took: 4 * s1, kind: cc.ErrCanceled, total: 1, // the turn comes when there is no time to see what it did
	}, {
		name: "confirming wait", at: 1230 * ms, sent: true, sends: 1, looked: true,
		arm:  (*rig).ignore,
		took: 4 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "confirming read", at: 300 * ms, sent: true, sends: 1, looked: true,
		arm:  func(r *rig) { r.ignore(); r.fault(hang(plivoserver.Reads)) },
		took: 5 * s1, kind: cc.ErrUncertain, total: 1, reads: []time.Duration{0, 4 * s1},
	}, {
		name: "settling read", at: 300 * ms, sent: true, sends: 1, looked: true,
		arm: func(r *rig) {
			r.read()
			r.fresh()
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Wire: plivoserver.Wire{Mode: plivoserver.Cut}})
			r.fault(hang(plivoserver.Reads))
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 1, reads: []time.Duration{0}, // one attempt
	}, {
		name: "settling read after 500", at: 300 * ms, sent: true, sends: 1, looked: true, status: 500,
		arm: func(r *rig) {
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Answer: plivoserver.Status(500)})
			r.fault(hang(plivoserver.Reads))
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 1, reads: []time.Duration{0},
	}, {
		name: "second send", at: 300 * ms, sent: true, sends: 2, looked: true,
		arm: func(r *rig) {
			r.read()
			r.fresh()
			r.fault(plivoserver.Fault{On: plivoserver.Commands, Wire: plivoserver.Wire{Mode: plivoserver.Cut}, Times: 1})
			r.fault(hang(plivoserver.Commands))
		},
		took: 4 * s1, kind: cc.ErrUncertain, total: 2,
	}, {
		name: "deciding read", at: 4300 * ms, sent: true, sends: 1, looked: true,
		arm: func(r *rig) {
			r.ignore()
			f := hang(plivoserver.Reads)
			f.Match = func(*http.Request) bool { return r.clock() >= 4*s1 }
			r.fault(f)
		},
		took: 5 * s1, kind: cc.ErrUncertain, total: 1,
	}, {
		name: "first look", only: "mute", looked: true, at: 300 * ms,
		arm: func(r *rig) {
			require.NoError(r.t, r.conf.SetParticipantState(background, r.anna.ID(), cc.Change{Mute: cc.On}))
			r.fresh()
			r.fault(hang(plivoserver.Reads))
		},
		took: 5 * s1, kind: cc.ErrCanceled,
	},
}

// eachPhase runs a test in every phase of every command.
func eachPhase(t *testing.T, f func(t *testing.T, r *rig, d deed, ph phase)) {
	t.Helper()
	for _, ph := range commandPhases {
		t.Run(ph.name, func(t *testing.T) {
			eachDeed(t, func(t *testing.T, p product, d deed) {
				if ph.only != "" && ph.only != d.name || ph.never == d.name {
					return
				}
				var change []func(*fake.Options, *plivo.Options)
				if ph.options != nil {
					change = append(change, ph.options)
				}
				r := newRig(t, p, change...)
				ph.arm(r)
				f(t, r, d, ph)
			})
		})
	}
}

// context is that of a command which does not end by itself before it is ended. A read decides only
// where there is a deadline that it is for.
func (ph phase) context() (context.Context, context.CancelFunc) {
	if ph.at > 4*s1 {
		return context.WithTimeout(background, 5*s1)
	}
	return context.WithCancel(background)
}

// ended requires what ended in a phase to have come back at once, and nothing to be sent afterwards.
func (ph phase) ended(r *rig, c *running, kind cc.Kind) {
	t := r.t
	t.Helper()
	if ph.sent {
		kind = cc.ErrUncertain
	}
	require.Equal(t, ph.at, c.at)
	requireOutcome(t, c.err, kind)
	e := problem(t, c.err)
	require.Equal(t, ph.status, e.Status)
	require.Equal(t, ph.status != 0, e.RequestID != "", "the vendor's answer is told beside the end")
	sent := r.server.Counts()
	commands, reads := r.seen()
	require.Len(t, commands, ph.sends)
	require.Equal(t, ph.looked, len(reads) > 0)
	if ph.name == "queue" { // the one in front may still be settled
		return
	}
	r.line.is(lineStands)
	time.Sleep(time.Minute)
	require.Equal(t, sent, r.server.Counts(), "something was sent after the end")
}

func TestCancelInEveryPhaseOnTheWire(t *testing.T) {
	eachPhase(t, func(t *testing.T, r *rig, d deed, ph phase) {
		ctx, cancel := ph.context()
		defer cancel()
		c := r.begin(func() error { return d.do(ctx, r.conf, r) })
		time.Sleep(ph.at - r.clock())
		cancel()
		c.wait(t)
		ph.ended(r, c, cc.ErrCanceled)
		require.ErrorIs(t, c.err, context.Canceled)
	})
}

func TestDeadlineInEveryPhaseOnTheWire(t *testing.T) {
	eachPhase(t, func(t *testing.T, r *rig, d deed, ph phase) {
		ctx, cancel := context.WithTimeout(background, 5*s1)
		defer cancel()
		c := r.begin(func() error { return d.do(ctx, r.conf, r) }).wait(t)
		require.Equal(t, ph.took, c.at)
		requireOutcome(t, c.err, ph.kind)
		commands, reads := r.seen()
		require.Len(t, commands, ph.total)
		if ph.kind == cc.ErrCanceled {
			require.ErrorIs(t, c.err, context.DeadlineExceeded)
		}
		if ph.reads != nil {
			require.Equal(t, ph.reads, reads)
		} else if ph.total > 0 && ph.kind == cc.ErrUncertain && ph.took == 4*s1 {
			require.Contains(t, reads, 4*s1, "the read that decides was made")
		}
	})
}

func TestCloseInEveryPhaseOnTheWire(t *testing.T) {
	eachPhase(t, func(t *testing.T, r *rig, d deed, ph phase) {
		ctx, cancel := ph.context()
		defer cancel()
		c := r.begin(func() error { return d.do(ctx, r.conf, r) })
		time.Sleep(ph.at - r.clock())
		require.NoError(t, r.client.Close())
		require.Equal(t, ph.at, r.clock(), "Close waits for nothing here")
		c.wait(t)
		ph.ended(r, c, cc.ErrClosed)
		require.NotErrorIs(t, c.err, context.Canceled)
		require.NoError(t, r.client.Close())
	})
}

// Two commands of plivo-mpc read before they send: a change of coach reads the role, and a removal that
// hangs up reads the call. Who is ended there has sent nothing.
func TestEndedInAReadBeforeTheCommand(t *testing.T) {
	for name, test := range map[string]struct {
		remove plivo.Removal
		do     func(ctx context.Context, r *rig) error
	}{
		"coach": {plivo.RemoveLeave, func(ctx context.Context, r *rig) error {
			return r.conf.SetParticipantState(ctx, r.anna.ID(), cc.Change{Coach: cc.On, Mute: cc.On})
		}},
		"hang-up": {plivo.RemoveHangUp, func(ctx context.Context, r *rig) error {
			return r.conf.RemoveParticipant(ctx, r.anna.ID())
		}},
	} {
		for _, end := range endings {
			t.Run(name+"/"+end.name, inFakeTime(func(t *testing.T) {
				r := newRig(t, products[0], func(_ *fake.Options, o *plivo.Options) { o.Remove = test.remove })
				r.fault(hang(plivoserver.Reads))
				ctx, cancel := end.context()
				defer cancel()
				c := r.begin(func() error { return test.do(ctx, r) })
				end.end(r, cancel)
				c.wait(t)
				require.Equal(t, end.at, c.at)
				if end.name == "deadline" {
					end.kind = cc.ErrUnavailable // of a provider that did not answer in time
				}
				requireOutcome(t, c.err, end.kind)
				if end.is != nil {
					require.ErrorIs(t, c.err, end.is)
				}
				commands, reads := r.seen()
				require.Empty(t, commands)
				require.Equal(t, []time.Duration{0}, reads)
			}))
		}
	}
}

// An ending is how a call ends that would go on.
type ending struct {
	name string
	at   time.Duration
	kind cc.Kind
	is   error
}

var endings = []ending{
	{"cancel", 300 * ms, cc.ErrCanceled, context.Canceled},
	{"deadline", 800 * ms, cc.ErrCanceled, context.DeadlineExceeded}, // of 1 s, a fifth is left for a command
	{"close", 300 * ms, cc.ErrClosed, nil},
}

func (e ending) context() (context.Context, context.CancelFunc) {
	if e.name == "deadline" {
		return context.WithTimeout(background, s1)
	}
	return context.WithCancel(background)
}

func (e ending) end(r *rig, cancel func()) {
	r.t.Helper()
	if e.name == "deadline" {
		return
	}
	time.Sleep(e.at - r.clock())
	if e.name == "close" {
		require.NoError(r.t, r.client.Close())
		require.Equal(r.t, e.at, r.clock(), "Close waits for nothing here")
		return
	}
	cancel()
}

// A question is a call that only reads.
type question struct {
	name string
	ask  func(ctx context.Context, r *rig) error
}

var questions = []question{
	{"Snapshot", func(ctx context.Context, r *rig) error { _, err := r.conf.Snapshot(ctx); return err }},
	{"Check", func(ctx context.Context, r *rig) error { return r.client.Check(ctx) }},
	{"Conferences", func(ctx context.Context, r *rig) (last error) {
		for _, err := range r.client.Conferences(ctx) {
			if last != nil {
				r.t.Error("there is more after an error")
			}
			last = err
		}
		return last
	}},
	{"Events", func(ctx context.Context, r *rig) (last error) {
		for _, err := range r.conf.Events(ctx) {
			if last != nil {
				r.t.Error("there is more after an error")
			}
			last = err
		}
		return last
	}},
}

// readPhases are where a question can be.
var readPhases = []struct {
	name    string
	options func(*fake.Options, *plivo.Options)
	arm     func(r *rig)
	reads   int // that have reached the vendor
	status  int // of the last answer by then
}{
	{"dial", nil, func(r *rig) { r.line.is(lineDialling) }, 0, 0},
	{"TLS handshake",
		func(_ *fake.Options, o *plivo.Options) { o.Endpoint = "https://127.0.0.1:443" },
		func(r *rig) { r.line.is(lineMute) }, 0, 0},
	{"request write", nil, func(r *rig) { r.line.is(lineFull) }, 0, 0},
	{"waiting for the header", nil, func(r *rig) { r.fault(hang(plivoserver.Reads)) }, 1, 0},
	{"in the header", nil, func(r *rig) {
		f := hang(plivoserver.Reads)
		f.Effect, f.Wire.After = true, 20
		r.fault(f)
	}, 1, 0},
	{"in the body", nil, func(r *rig) {
		f := hang(plivoserver.Reads)
		f.Effect, f.Wire.After, f.Wire.Body = true, 10, true
		r.fault(f)
	}, 1, 200},
	{"back-off after 429", nil, func(r *rig) {
		r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: plivoserver.TooMany("3")})
	}, 1, 429},
	{"back-off after 503", nil, func(r *rig) {
		a := plivoserver.Status(503)
		a.Header = http.Header{"Retry-After": {"3"}}
		r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: a})
	}, 1, 503},
	{"limiter", func(_ *fake.Options, o *plivo.Options) { o.Rate = 1 }, func(r *rig) {
		require.NoError(r.t, r.client.Check(background))
		time.Sleep(ms)
		r.began = time.Now()
	}, 0, 0},
}

func TestReadsEndedInEveryPhaseOnTheWire(t *testing.T) {
	for _, ph := range readPhases {
		for _, p := range products {
			for _, q := range questions {
				for _, end := range endings {
					t.Run(ph.name+"/"+p.name+"/"+q.name+"/"+end.name, inFakeTime(func(t *testing.T) {
						var change []func(*fake.Options, *plivo.Options)
						if ph.options != nil {
							change = append(change, ph.options)
						}
						r := newRig(t, p, change...)
						ph.arm(r)
						ctx, cancel := end.context()
						defer cancel()
						c := r.begin(func() error { return q.ask(ctx, r) })
						end.end(r, cancel)
						c.wait(t)
						_, reads := r.seen()
						require.Len(t, reads, ph.reads)
						if end.name == "deadline" {
							end.at = s1 // a read has all of the time
							switch {
							case q.name == "Events": // whoever watches is not limited by a reader's deadline
							case ph.name == "limiter", ph.name == "back-off after 429":
								end.at, end.kind, end.is = 0, cc.ErrRateLimited, nil // it does not fit
							case ph.name == "back-off after 503":
								end.at, end.kind, end.is = 0, cc.ErrUnavailable, nil
							}
						}
						require.Equal(t, end.at, c.at)
						requireOutcome(t, c.err, end.kind)
						if end.is != nil {
							require.ErrorIs(t, c.err, end.is)
						}
						if q.name != "Events" { // whose reads are the client's own
							require.Equal(t, ph.status, problem(t, c.err).Status)
						}
						before := r.server.Counts()
						r.line.is(lineStands)
						time.Sleep(time.Minute)
						require.Equal(t, before, r.server.Counts(), "something was sent after the end")
					}))
				}
			}
		}
	}
}

// Without a deadline Snapshot and Check have 10 s, and so has a page of a listing; those who watch go
// on until they are told to stop.
func TestWithoutADeadline(t *testing.T) {
	for _, p := range products {
		for _, q := range questions[:3] {
			t.Run(p.name+"/"+q.name, inFakeTime(func(t *testing.T) {
				r := newRig(t, p)
				r.fault(hang(plivoserver.Reads))
				c := r.begin(func() error { return q.ask(background, r) }).wait(t)
				require.Equal(t, 10*s1, c.at)
				requireOutcome(t, c.err, cc.ErrUnavailable)
				require.ErrorIs(t, c.err, context.DeadlineExceeded)
			}))
		}
		t.Run(p.name+"/command", inFakeTime(func(t *testing.T) {
			r := newRig(t, p)
			r.read()
			r.fresh()
			r.fault(hang(plivoserver.Commands))
			c := r.begin(func() error { return r.conf.End(background) }).wait(t)
			require.Equal(t, 8*s1, c.at)
			requireOutcome(t, c.err, cc.ErrUncertain)
			commands, reads := r.seen()
			require.Equal(t, []time.Duration{0, 4 * s1}, commands, "an attempt has 4 s, and there is a second one")
			require.Contains(t, reads, 4*s1)
			require.Contains(t, reads, 8*s1)
		}))
	}
}

// A listing may take longer than one page may.
func TestPagesHaveTheirTimeEach(t *testing.T) {
	slow := func(r *rig) {
		r.fault(plivoserver.Fault{On: plivoserver.Reads, Answer: plivoserver.Status(200), Match: func(*http.Request) bool {
			time.Sleep(3 * s1)
			return false
		}})
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, products[0])
		for i := range 60 {
			_, err := r.sw.Join("room"+string(rune('a'+i/26))+string(rune('a'+i%26)), fake.Leg{})
			require.NoError(t, err)
		}
		slow(r)
		require.Len(t, all(t, r.client.Conferences(background)), 61)
		require.Equal(t, 15*s1, r.clock(), "five pages")

		ctx, cancel := context.WithTimeout(background, 5*s1)
		defer cancel()
		n, began := 0, r.clock()
		var last error
		for _, err := range r.client.Conferences(ctx) {
			if last = err; err == nil {
				n++
			}
		}
		require.Equal(t, 5*s1, r.clock()-began)
		require.Zero(t, n, "the waiting rooms are read first, and the page of the others did not come in time")
		requireOutcome(t, last, cc.ErrCanceled)
		require.ErrorIs(t, last, context.DeadlineExceeded)
	})
}

// A story that is under way ends at once, with the error that says why.
func TestAStoryEndsAtOnce(t *testing.T) {
	for _, p := range products {
		for _, hanging := range []bool{false, true} {
			for _, end := range endings {
				t.Run(p.name+"/"+end.name, inFakeTime(func(t *testing.T) {
					r := newRig(t, p)
					ctx, cancel := end.context()
					defer cancel()
					var types []cc.EventType
					c := r.begin(func() error {
						for e, err := range r.conf.Events(ctx) {
							if err != nil {
								return err
							}
							types = append(types, e.Type)
						}
						return nil
					})
					synctest.Wait()
					if hanging { // in a read that news have asked for
						r.fault(hang(plivoserver.Reads))
						time.Sleep(100 * ms)
						r.client.Notify(rigRoom)
					}
					end.end(r, cancel)
					c.wait(t)
					if end.name == "deadline" {
						end.at = s1
					}
					require.Equal(t, end.at, c.at)
					requireOutcome(t, c.err, end.kind)
					if end.is != nil {
						require.ErrorIs(t, c.err, end.is)
					}
					require.Equal(t, []cc.EventType{cc.Synced}, types)
				}))
			}
		}
	}
}
