package provider_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Each is the three commands, in a form that a test can do them by.
var each = []struct {
	what string
	do   func(ctx context.Context, c cc.Conference) error
	done func(s *stub) bool
}{
	{
		"set",
		func(ctx context.Context, c cc.Conference) error { return c.SetParticipantState(ctx, "1", mute) },
		func(s *stub) bool { return s.state("1").Mute == cc.On },
	},
	{
		"remove",
		func(ctx context.Context, c cc.Conference) error { return c.RemoveParticipant(ctx, "1") },
		func(s *stub) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			_, ok := s.room.Snapshot.Participant("1")
			return !ok
		},
	},
	{
		"end",
		func(ctx context.Context, c cc.Conference) error { return c.End(ctx) },
		func(s *stub) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.over },
	},
}

// Answer has every command answered by f; effect does what was ordered.
func (s *stub) answer(f func(ctx context.Context, n int, effect func()) (provider.Result, error)) {
	s.onSet = func(ctx context.Context, n int, change cc.Change) (provider.Result, error) {
		return f(ctx, n, func() { s.apply("1", change) })
	}
	s.onRemove = func(ctx context.Context, n int) (provider.Result, error) { return f(ctx, n, func() { s.leave("1") }) }
	s.onEnd = func(ctx context.Context, n int) (provider.Result, error) { return f(ctx, n, s.finish) }
}

func loseReply(after bool) func(context.Context, int, func()) (provider.Result, error) {
	return func(_ context.Context, n int, effect func()) (provider.Result, error) {
		if n > 1 || after {
			effect()
		}
		if n == 1 {
			return provider.Result{}, lost()
		}
		return provider.Result{}, nil
	}
}

// The reply of a command is lost.
func TestReplyLost(t *testing.T) {
	for _, cmd := range each {
		for _, test := range []struct {
			name  string
			after bool            // the effect has come
			known bool            // the run was read before
			conf  cc.ConferenceID // what the command names the conference by
			mid   func(s *stub)   // between the two
			sends int
			kind  cc.Kind
		}{
			{name: "after the effect", after: true, conf: room, sends: 1},
			{name: "before it, and the run is known", known: true, conf: room, sends: 2},
			{name: "before it, by Instance", conf: first, sends: 2},
			{name: "before it, by Instance, and the run is known", known: true, conf: first, sends: 2},
			{name: "before it, and nothing is known", conf: room, sends: 1, kind: cc.ErrUncertain},
			{name: "another run in between", known: true, conf: room, mid: func(s *stub) { s.restart("uuid:2") }, sends: 1, kind: cc.ErrUncertain},
			{name: "unreadable", known: true, conf: room, mid: func(s *stub) {
				s.onSnapshot = func(context.Context, int) (provider.Snapshot, error) { return provider.Snapshot{}, broken() }
				s.onParticipant = func(context.Context, int) (cc.Participant, cc.ConferenceID, error) {
					return cc.Participant{}, "", broken()
				}
			}, sends: 1, kind: cc.ErrUncertain},
		} {
			t.Run(cmd.what+" "+test.name, func(t *testing.T) {
				s := newStub()
				reply := loseReply(test.after)
				s.answer(func(ctx context.Context, n int, effect func()) (provider.Result, error) {
					defer func() {
						if n == 1 && test.mid != nil {
							test.mid(s)
						}
					}()
					return reply(ctx, n, effect)
				})
				bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
					if test.known {
						_, err := conf.Snapshot(t.Context())
						require.NoError(t, err)
						s.forget()
					}
					err := cmd.do(t.Context(), c.Conference(test.conf))
					require.Equal(t, test.kind, cc.KindOf(err))
					if test.kind != 0 {
						require.Equal(t, "lost", codeOf(err), "it tells what the provider said")
					} else {
						require.True(t, cmd.done(s))
					}
					sent := s.made(cmd.what)
					require.Len(t, sent, test.sends)
					if test.sends == 2 {
						require.Equal(t, first, sent[1].conf, "the second send goes to the run that was proven")
					}
					reads := s.made("participant", "snapshot")
					require.NotEmpty(t, reads)
					require.Equal(t, provider.ForSettling, reads[0].purpose, "a settling read says what it is")
				})
			})
		}
	}
}

// What was sent again went to the run that was proven: another run under the name does not tell of it.
func TestSecondSendAndAnotherRun(t *testing.T) {
	for _, cmd := range each {
		t.Run(cmd.what, func(t *testing.T) {
			s := newStub()
			s.answer(func(_ context.Context, n int, _ func()) (provider.Result, error) {
				if n == 1 {
					return provider.Result{}, lost()
				}
				s.restart("uuid:2")
				return provider.Result{}, nil
			})
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				_, err := conf.Snapshot(t.Context())
				require.NoError(t, err)
				began := time.Now()
				err = cmd.do(t.Context(), conf)
				require.Equal(t, cmd.what == "set", errors.Is(err, cc.ErrUncertain), "%v", err)
				require.Equal(t, cmd.what != "set", err == nil, "%v", err)
				require.Zero(t, time.Since(began))
				require.Len(t, s.made(cmd.what), 2)
			})
		})
	}
}

// A removal by name of unknown outcome never touches the leg that has come since under the same id.
func TestAnotherLegIsNotTouched(t *testing.T) {
	s := newStub()
	s.onRemove = func(context.Context, int) (provider.Result, error) {
		s.leave("1")
		s.join("1", "call-9")
		return provider.Result{}, lost()
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, conf.RemoveParticipant(t.Context(), "1"), cc.ErrUncertain)
		require.Len(t, s.made("remove"), 1)
	})
}

// By name a command is for whichever run is live now, and for whichever leg has the id now: what was
// read long ago neither confirms nor spoils it.
func TestOldMemoryDecidesNothing(t *testing.T) {
	const lag = 300 * time.Millisecond
	for name, since := range map[string]func(s *stub){
		"another run": func(s *stub) { s.restart("uuid:2") },
		"another leg": func(s *stub) { s.change(func(room *provider.Snapshot) { room.Participants[0].CallID = "call-9" }) },
	} {
		for _, cmd := range each {
			for _, single := range []bool{false, true} {
				t.Run(fmt.Sprint(name, " ", cmd.what, " single ", single), func(t *testing.T) {
					s := newStub()
					if !single {
						s.onParticipant = func(context.Context, int) (cc.Participant, cc.ConferenceID, error) {
							return cc.Participant{}, "", &cc.Error{Kind: cc.ErrUnsupported}
						}
					}
					s.answer(func(_ context.Context, _ int, effect func()) (provider.Result, error) {
						time.AfterFunc(lag, effect)
						return provider.Result{}, nil
					})
					bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
						_, err := conf.Snapshot(t.Context())
						require.NoError(t, err)
						since(s)
						began := time.Now()
						require.NoError(t, cmd.do(t.Context(), conf))
						require.True(t, cmd.done(s))
						require.GreaterOrEqual(t, time.Since(began), lag)
						require.Len(t, s.made(cmd.what), 1)
					})
				})
			}
		}
	}
}

// Where the reply tells the run, another run under the name is another run.
func TestRunToldByTheReply(t *testing.T) {
	for _, test := range []struct {
		what string
		kind cc.Kind
	}{{"set", cc.ErrUncertain}, {"remove", 0}, {"end", 0}} {
		t.Run(test.what, func(t *testing.T) {
			s := newStub()
			s.answer(func(context.Context, int, func()) (provider.Result, error) {
				s.restart("uuid:2")
				return provider.Result{Instance: first}, nil
			})
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				began := time.Now()
				for _, cmd := range each {
					if cmd.what == test.what {
						require.Equal(t, test.kind, cc.KindOf(cmd.do(t.Context(), conf)))
					}
				}
				require.Zero(t, time.Since(began), "there is nothing to wait for")
			})
		})
	}
}

// Where a run has no id, a command by name is sent again only if a leg tells that it is the same run.
func TestNoRunIDs(t *testing.T) {
	for _, test := range []struct {
		name  string
		mid   func(s *stub)
		sends int
	}{
		{"the same leg", func(*stub) {}, 2},
		{"other legs", func(s *stub) { s.restart(room) }, 1},
	} {
		for _, cmd := range each {
			for _, single := range []bool{false, true} {
				t.Run(fmt.Sprint(test.name, " ", cmd.what, " single ", single), func(t *testing.T) {
					s := newStub()
					s.room.Instance = ""
					if !single {
						s.onParticipant = func(context.Context, int) (cc.Participant, cc.ConferenceID, error) {
							return cc.Participant{}, "", &cc.Error{Kind: cc.ErrUnsupported}
						}
					}
					s.answer(func(ctx context.Context, n int, effect func()) (provider.Result, error) {
						if n == 1 {
							test.mid(s)
							return provider.Result{}, lost()
						}
						effect()
						return provider.Result{}, nil
					})
					bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
						_, err := conf.Snapshot(t.Context())
						require.NoError(t, err)
						err = cmd.do(t.Context(), conf)
						require.Equal(t, test.sends == 1, errors.Is(err, cc.ErrUncertain), "%v", err)
						require.Len(t, s.made(cmd.what), test.sends)
						require.Equal(t, room, s.made(cmd.what)[test.sends-1].conf)
					})
				})
			}
		}
	}
}

// Every send of a command and every repeat of its transport draw on the same three attempts.
func TestAttempts(t *testing.T) {
	s := newStub()
	var took []bool
	s.onSet = func(ctx context.Context, n int, change cc.Change) (provider.Result, error) {
		for range 2 {
			took = append(took, provider.TakeAttempt(ctx))
		}
		if n == 1 {
			return provider.Result{}, lost()
		}
		s.apply("1", change)
		return provider.Result{}, nil
	}
	s.onParticipant = func(ctx context.Context, _ int) (cc.Participant, cc.ConferenceID, error) {
		for range 9 {
			require.True(t, provider.TakeAttempt(ctx), "reads are not counted")
		}
		return s.readOne(ctx, room, "1")
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
		for range 2 {
			s.forget()
			s.apply("1", unmute)
			took = nil
			require.NoError(t, c.Conference(first).SetParticipantState(t.Context(), "1", mute))
			require.Equal(t, []bool{true, true, true, false}, took)
		}
	})
	require.True(t, provider.TakeAttempt(t.Context()), "where there is no command there is no limit")
}

// A failure that the vendor tells later, or sooner than it answers.
func TestAsynchronousFailure(t *testing.T) {
	for _, cmd := range each {
		for _, test := range []struct {
			name   string
			answer func(s *stub) func(context.Context, int, func()) (provider.Result, error)
			kind   cc.Kind
			after  time.Duration
		}{
			{"after the reply", func(s *stub) func(context.Context, int, func()) (provider.Result, error) {
				return func(context.Context, int, func()) (provider.Result, error) {
					time.AfterFunc(20*time.Millisecond, func() { s.ring(provider.Update{Conference: room, Failure: refused()}) })
					return provider.Result{}, nil
				}
			}, cc.ErrConflict, 20 * time.Millisecond},
			{"before the reply", func(s *stub) func(context.Context, int, func()) (provider.Result, error) {
				return func(context.Context, int, func()) (provider.Result, error) {
					s.ring(provider.Update{Conference: room, Failure: refused()})
					time.Sleep(20 * time.Millisecond)
					return provider.Result{}, nil
				}
			}, cc.ErrConflict, 20 * time.Millisecond},
			{"and it is as asked all the same", func(s *stub) func(context.Context, int, func()) (provider.Result, error) {
				return func(_ context.Context, _ int, effect func()) (provider.Result, error) {
					effect()
					s.ring(provider.Update{Conference: room, Failure: refused()})
					return provider.Result{}, nil
				}
			}, 0, 0},
			{"of a lost reply", func(s *stub) func(context.Context, int, func()) (provider.Result, error) {
				return func(context.Context, int, func()) (provider.Result, error) {
					s.ring(provider.Update{Conference: room, Failure: refused()})
					return provider.Result{}, lost()
				}
			}, cc.ErrConflict, 0},
			{"of another conference", func(s *stub) func(context.Context, int, func()) (provider.Result, error) {
				return func(_ context.Context, _ int, effect func()) (provider.Result, error) {
					s.ring(provider.Update{Conference: "elsewhere", Failure: refused()})
					time.AfterFunc(time.Second, effect)
					return provider.Result{}, nil
				}
			}, 0, -1},
		} {
			t.Run(cmd.what+" "+test.name, func(t *testing.T) {
				s := newStub()
				s.answer(test.answer(s))
				bubble(t, s, provider.Options{Serial: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
					began := time.Now()
					err := cmd.do(t.Context(), conf)
					require.Equal(t, test.kind, cc.KindOf(err))
					if test.kind != 0 {
						require.Equal(t, "refused", codeOf(err))
					}
					if test.after >= 0 {
						require.Equal(t, test.after, time.Since(began))
					}
					require.Len(t, s.made(cmd.what), 1)
				})
			})
		}
	}
}

// A failure is judged only by a read that began after it.
func TestFailureDuringARead(t *testing.T) {
	for _, test := range []struct {
		name  string
		reply error
	}{{"accepted", nil}, {"lost", lost()}} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, test.reply }
			s.onParticipant = func(ctx context.Context, n int) (cc.Participant, cc.ConferenceID, error) {
				p, i, err := s.readOne(ctx, room, "1")
				if n == 1 {
					s.ring(provider.Update{Conference: room, Failure: refused()})
					s.apply("1", mute) // it was somebody else's failure
				}
				return p, i, err
			}
			bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
				for range conf.Events(t.Context()) {
					break // the subscription stands
				}
				s.forget()
				require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
				require.Equal(t, "set participant participant", kinds(s.made("set", "participant")))
			})
		})
	}
}

// A bell brings the next read forward, and never confirms. One that rang before a read began is
// answered by that read.
func TestBell(t *testing.T) {
	s := newStub()
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) {
		s.ring(provider.Update{Conference: room}) // it overtakes the reply
		time.AfterFunc(2*time.Second, func() {
			s.apply("1", mute)
			s.ring(provider.Update{Conference: first})
		})
		time.AfterFunc(1900*time.Millisecond, func() { s.ring(provider.Update{Conference: "elsewhere"}) })
		return provider.Result{}, nil
	}
	bubble(t, s, provider.Options{Serial: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		_, err := conf.Snapshot(t.Context()) // that uuid:1 is room
		require.NoError(t, err)
		s.forget()
		began := time.Now()
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
		require.Equal(t, 2*time.Second, time.Since(began))
		reads := s.made("participant")
		require.Equal(t, began, reads[0].at)
		require.NotEqual(t, began, reads[1].at, "the bell before the read rings for it")
		for _, r := range reads {
			require.NotEqual(t, 1900*time.Millisecond, r.at.Sub(began), "another conference's bell")
		}
	})
}

// What becomes of a command when the conference is over, or our own leg gone.
func TestOverMeanwhile(t *testing.T) {
	self := func(s *stub) {
		s.caps.Self, s.caps.SessionOnly = cc.CanRemove|cc.CanMute, true
		s.room.Participants[1].Self = true
	}
	for _, test := range []struct {
		name    string
		session bool
		part    cc.ParticipantID
		what    string
		kind    cc.Kind
	}{
		{"removal", false, "1", "remove", 0},
		{"end", false, "", "end", 0},
		{"state", false, "1", "set", cc.ErrUncertain},
		{"session, oneself", true, "2", "remove", 0},
		{"session, somebody else", true, "1", "remove", cc.ErrUncertain},
		{"session, end", true, "", "end", 0},
		{"session, state", true, "1", "set", cc.ErrUncertain},
	} {
		for _, reply := range []error{nil, lost()} {
			t.Run(fmt.Sprint(test.name, " ", reply), func(t *testing.T) {
				s := newStub()
				if test.session {
					self(s)
				}
				s.answer(func(context.Context, int, func()) (provider.Result, error) {
					s.finish()
					return provider.Result{}, reply
				})
				bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
					var err error
					switch test.what {
					case "set":
						err = conf.SetParticipantState(t.Context(), test.part, mute)
					case "remove":
						err = conf.RemoveParticipant(t.Context(), test.part)
					default:
						err = conf.End(t.Context())
					}
					require.Equal(t, test.kind, cc.KindOf(err))
					require.Len(t, s.made(test.what), 1)
				})
			})
		}
	}
}

// A client remembers 256 conferences: whoever was read longest ago is without evidence.
func TestMemoryIsForEvidenceOnlyAndBounded(t *testing.T) {
	s := newStub()
	s.onSnapshot = func(ctx context.Context, n int) (provider.Snapshot, error) {
		c := s.made("snapshot")[n-1].conf
		if c == room {
			return s.read(ctx, room)
		}
		return provider.Snapshot{Snapshot: cc.Snapshot{Conference: c}}, nil
	}
	s.onSet = func(_ context.Context, n int, change cc.Change) (provider.Result, error) {
		if n == 1 {
			return provider.Result{}, lost()
		}
		s.apply("1", change)
		return provider.Result{}, nil
	}
	for rooms, kind := range map[int]cc.Kind{200: 0, 300: cc.ErrUncertain} {
		s.apply("1", unmute)
		s.forget()
		bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
			_, err := conf.Snapshot(t.Context())
			require.NoError(t, err)
			for i := range rooms {
				_, err := c.Conference(cc.ConferenceID(fmt.Sprint("other", i))).Snapshot(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, kind, cc.KindOf(conf.SetParticipantState(t.Context(), "1", mute)), rooms)
		})
	}
}

// Ten thousand notifications that overtake the reply, or come with it, lose nothing.
func TestNotificationsOvertakingReplies(t *testing.T) {
	s := newStub()
	var failing bool
	s.onSet = func(_ context.Context, n int, change cc.Change) (provider.Result, error) {
		u := provider.Update{Conference: room}
		if failing {
			u.Failure = refused()
		} else {
			s.apply("1", change)
		}
		if n%2 == 0 {
			s.ring(u)
		} else {
			go s.ring(u)
		}
		return provider.Result{}, nil
	}
	bubble(t, s, provider.Options{Serial: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		for i := range 10_000 {
			failing = i%3 == 0
			change := cc.Change{Mute: cc.Off}
			if s.state("1").Mute == cc.Off {
				change = mute
			}
			err := conf.SetParticipantState(context.Background(), "1", change)
			if failing && codeOf(err) != "refused" || !failing && err != nil {
				t.Fatalf("the %d. command, failing %v: %v", i, failing, err)
			}
			s.forget()
			synctest.Wait() // no ring is left for the next one
		}
	})
}

// What was proven for the second send holds at that moment: a transport tries it once, and does not
// come back with it after a wait.
func TestSecondSendIsTriedOnce(t *testing.T) {
	for _, cmd := range each {
		s := newStub()
		var took []bool
		s.answer(func(ctx context.Context, n int, _ func()) (provider.Result, error) {
			for range n {
				took = append(took, provider.TakeAttempt(ctx))
			}
			if n == 1 {
				return provider.Result{}, lost()
			}
			return provider.Result{}, &cc.Error{Kind: cc.ErrRateLimited}
		})
		bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
			err := cmd.do(t.Context(), c.Conference(first))
			require.Equal(t, cc.ErrUncertain, cc.KindOf(err), "the first try may have done it")
			require.Equal(t, []bool{true, true, false}, took)
		})
	}
}

// A twin is not known to be as asked: the provider decides, and it refuses.
func TestTwinThatIsAsAsked(t *testing.T) {
	s := newStub()
	s.join("1", "call-of-another")
	s.apply("1", mute)
	s.onParticipant = func(ctx context.Context, _ int) (cc.Participant, cc.ConferenceID, error) {
		return cc.Participant{ID: "1", State: cc.ParticipantState{Mute: cc.On}}, first, nil
	}
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, refused() }
	for _, read := range []bool{false, true} {
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			if read {
				_, err := conf.Snapshot(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, cc.ErrConflict, cc.KindOf(conf.SetParticipantState(t.Context(), "1", mute)))
		})
	}
}
