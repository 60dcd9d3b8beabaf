package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

func TestNew(t *testing.T) {
	for name, make := range map[string]func() (cc.Client, error){
		"no driver":        func() (cc.Client, error) { return provider.New(nil, provider.Options{}) },
		"negative timeout": func() (cc.Client, error) { return provider.New(newStub(), provider.Options{Timeout: -1}) },
		"negative poll":    func() (cc.Client, error) { return provider.New(newStub(), provider.Options{Poll: -1}) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := make()
			require.Nil(t, c)
			require.ErrorIs(t, err, cc.ErrInvalid)
		})
	}
	s := newStub()
	c, err := provider.New(s, provider.Options{Config: cc.Config{Name: "floor-2"}})
	require.NoError(t, err)
	require.Equal(t, "floor-2", c.Name())
	require.Equal(t, "stub", c.Provider())
	require.Equal(t, everything, c.Capabilities())
	require.Equal(t, room, c.Conference(room).ID())
	c.Conference(room).Events(t.Context())
	require.Empty(t, s.made(), "nothing is asked before it has to be")
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.Equal(t, "close", kinds(s.made()), "the driver is closed once")
}

// What is wrong whatever the state makes no request at all, not even a read, and leaves no goroutine.
func TestArguments(t *testing.T) {
	for _, id := range []string{"", "all", "ALL", "last", "..", "a/b", "a,b", " a", "a\x00", "a?b", strings.Repeat("x", 129)} {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
			bad := c.Conference(cc.ConferenceID(id))
			_, snapshotErr := bad.Snapshot(t.Context())
			errs := []error{
				snapshotErr,
				bad.End(t.Context()),
				bad.RemoveParticipant(t.Context(), "1"),
				bad.SetParticipantState(t.Context(), "1", mute),
				conf.RemoveParticipant(t.Context(), cc.ParticipantID(id)),
				conf.SetParticipantState(t.Context(), cc.ParticipantID(id), mute),
			}
			for _, err := range bad.Events(t.Context()) {
				errs = append(errs, err)
			}
			require.Len(t, errs, 7)
			for _, err := range errs {
				require.ErrorIs(t, err, cc.ErrInvalid, "%q", id)
			}
			require.Empty(t, s.made(), "%q", id)
			require.Empty(t, s.made("listen"), "%q", id)
		})
	}
}

func TestChangesThatCannotBeMeant(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		require.ErrorIs(t, conf.SetParticipantState(t.Context(), "1", cc.Change{}), cc.ErrInvalid)
		require.ErrorIs(t, conf.SetParticipantState(t.Context(), "1", cc.Change{Mute: 3}), cc.ErrInvalid)
		require.Empty(t, s.made())
	})
}

func TestCapabilityGate(t *testing.T) {
	s := newStub()
	s.caps = cc.Capabilities{Others: cc.CanMute, Self: cc.CanHold}
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		var events, list error
		for _, events = range conf.Events(t.Context()) {
		}
		for _, list = range c.Conferences(t.Context()) {
		}
		for _, test := range []struct {
			err     error
			missing cc.Controls
			op      string
		}{
			{conf.RemoveParticipant(t.Context(), "1"), cc.CanRemove, cc.OpRemoveParticipant},
			{conf.End(t.Context()), cc.CanEnd, cc.OpEnd},
			{conf.SetParticipantState(t.Context(), "1", cc.Change{Mute: cc.On, Deaf: cc.Off, Coach: cc.On}), cc.CanDeaf | cc.CanCoach, cc.OpSetParticipantState},
			{events, cc.CanWatch, cc.OpEvents},
			{list, cc.CanList, cc.OpConferences},
		} {
			var e *cc.Error
			require.ErrorAs(t, test.err, &e)
			require.Equal(t, cc.ErrUnsupported, e.Kind)
			require.Equal(t, test.missing, e.Missing)
			require.Equal(t, test.op, e.Op)
		}
		require.Empty(t, s.made())
		// What one's own leg or others can have is sent: the driver tells whose leg it is.
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", cc.Change{Mute: cc.On}))
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", cc.Change{Hold: cc.On}))
		require.Len(t, s.made("set"), 2)
	})
}

func TestErrorShape(t *testing.T) {
	s := newStub()
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) {
		return provider.Result{}, &cc.Error{
			Op: "POST", Client: "x", Provider: "y", Conference: "z", Kind: cc.ErrInvalid,
			Code: "E7", Status: 422, RequestID: "r-1", RetryAfter: time.Second, Message: "15550001 is wrong",
		}
	}
	bubble(t, s, provider.Options{Config: cc.Config{Name: "floor-2"}}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		err := conf.SetParticipantState(t.Context(), "1", mute)
		require.Equal(t, &cc.Error{
			Op: cc.OpSetParticipantState, Client: "floor-2", Provider: "stub", Conference: room, Participant: "1",
			Kind: cc.ErrInvalid, Code: "E7", Status: 422, RequestID: "r-1", RetryAfter: time.Second, Message: "15550001 is wrong",
		}, err)
		require.NotContains(t, err.Error(), "15550001")
	})
}

// A driver that breaks the contract of errors gets the careful reading.
func TestErrorsOfNoKind(t *testing.T) {
	var none *cc.Error
	for name, bad := range map[string]error{"plain": errors.New("boom"), "nil in an interface": none, "no kind": &cc.Error{}} {
		t.Run(name, func(t *testing.T) {
			s := newStub()
			s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, bad }
			s.onSnapshot = func(context.Context, int) (provider.Snapshot, error) { return provider.Snapshot{}, bad }
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				require.ErrorIs(t, conf.SetParticipantState(t.Context(), "1", mute), cc.ErrUncertain)
				_, err := conf.Snapshot(t.Context())
				require.ErrorIs(t, err, cc.ErrUnavailable)
			})
		})
	}
}

// Where the last known state is as asked, one read decides, and nothing is sent.
func TestAlreadySo(t *testing.T) {
	look := func(t *testing.T, s *stub, conf cc.Conference) {
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		s.forget()
	}
	t.Run("state", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			look(t, s, conf)
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute))
			require.Equal(t, "snapshot", kinds(s.made()))
		})
	})
	t.Run("state that has changed since", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			look(t, s, conf)
			s.apply("1", mute)
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute))
			require.Equal(t, "snapshot set participant", kinds(s.made()))
			require.Equal(t, cc.Off, s.state("1").Mute)
		})
	})
	t.Run("only what is not so is sent", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			s.apply("1", cc.Change{Mute: cc.On, Hold: cc.On})
			look(t, s, conf)
			s.apply("1", cc.Change{Hold: cc.Off})
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", cc.Change{Mute: cc.On, Hold: cc.On}))
			require.Equal(t, "snapshot set participant", kinds(s.made()))
			require.Equal(t, cc.Change{Hold: cc.On}, s.made("set")[0].change)
		})
	})
	t.Run("nobody there to remove", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			look(t, s, conf)
			err := conf.RemoveParticipant(t.Context(), "9")
			require.Equal(t, cc.ErrNotParticipant, cc.KindOf(err))
			require.ErrorIs(t, err, cc.ErrNotFound)
			require.ErrorIs(t, conf.SetParticipantState(t.Context(), "9", mute), cc.ErrNotParticipant)
			require.Equal(t, "snapshot snapshot", kinds(s.made()))
		})
	})
	t.Run("over", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			look(t, s, conf)
			require.NoError(t, conf.End(t.Context()))
			s.forget()
			for _, err := range []error{
				conf.End(t.Context()), conf.RemoveParticipant(t.Context(), "1"), conf.SetParticipantState(t.Context(), "1", mute),
			} {
				require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
			}
			require.Equal(t, "snapshot snapshot snapshot", kinds(s.made()))
		})
	})
	t.Run("nothing known", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute))
			require.Equal(t, "set participant", kinds(s.made()), "memory is not asked for what it does not have")
		})
	})
}

// A command of many fields.
func TestStepwise(t *testing.T) {
	all := cc.Change{Mute: cc.Off, Deaf: cc.On, Hold: cc.Off, Coach: cc.On}
	t.Run("restricting first, each confirmed before the next", func(t *testing.T) {
		s := newStub()
		s.onSet = func(_ context.Context, n int, change cc.Change) (provider.Result, error) {
			time.AfterFunc(200*time.Millisecond, func() { s.apply("1", change) })
			return provider.Result{}, nil
		}
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			s.apply("1", cc.Change{Mute: cc.On, Hold: cc.On})
			began := time.Now()
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", all))
			var sent []cc.Change
			for i, c := range s.made("set") {
				sent = append(sent, c.change)
				require.GreaterOrEqual(t, c.at.Sub(began), time.Duration(i)*200*time.Millisecond)
			}
			require.Equal(t, []cc.Change{{Deaf: cc.On}, {Coach: cc.On}, {Mute: cc.Off}, {Hold: cc.Off}}, sent)
			require.Equal(t, cc.ParticipantState{Mute: cc.Off, Deaf: cc.On, Hold: cc.Off, Coach: cc.On}, s.state("1"))
		})
	})
	t.Run("whole", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{Whole: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", all))
			require.Equal(t, "set participant", kinds(s.made()))
			require.Equal(t, all, s.made("set")[0].change)
		})
	})
	t.Run("the first failure stops it", func(t *testing.T) {
		s := newStub()
		s.onSet = func(_ context.Context, n int, change cc.Change) (provider.Result, error) {
			if n == 3 {
				return provider.Result{}, &cc.Error{Kind: cc.ErrInvalid, Code: "third"}
			}
			s.apply("1", change)
			return provider.Result{}, nil
		}
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			s.apply("1", cc.Change{Mute: cc.On, Hold: cc.On})
			err := conf.SetParticipantState(t.Context(), "1", all)
			var e *cc.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, cc.ErrInvalid, e.Kind)
			require.Equal(t, "third", e.Code)
			require.Equal(t, cc.Change{Deaf: cc.On, Coach: cc.On}, e.Applied)
			require.Len(t, s.made("set"), 3)
		})
	})
	t.Run("canceled half-way", func(t *testing.T) {
		for name, first := range map[string]bool{"in the first": true, "in the second": false} {
			t.Run(name, func(t *testing.T) {
				s := newStub()
				s.onSet = func(ctx context.Context, n int, change cc.Change) (provider.Result, error) {
					if first || n == 2 {
						return provider.Result{}, hang(ctx, cc.ErrCanceled) // nothing left
					}
					s.apply("1", change)
					return provider.Result{}, nil
				}
				bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
					ctx, cancel := context.WithCancel(t.Context())
					done := start(func() error {
						return conf.SetParticipantState(ctx, "1", cc.Change{Mute: cc.On, Hold: cc.On})
					})
					still(t, done)
					cancel()
					err := atOnce(t, done)
					require.ErrorIs(t, err, context.Canceled)
					if first {
						require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
						return
					}
					require.Equal(t, cc.ErrUncertain, cc.KindOf(err), "a part was sent")
					require.Equal(t, mute, err.(*cc.Error).Applied)
				})
			})
		}
	})
}

// All steps of one change are for one person, whoever comes to have the id meanwhile.
func TestStepwiseIsForOnePerson(t *testing.T) {
	both := cc.Change{Mute: cc.On, Hold: cc.On}
	restarted := func(s *stub) { s.restart("uuid:2"); s.apply("1", mute) }
	replaced := func(s *stub) { s.leave("1"); s.join("1", "call-of-another"); s.apply("1", mute) }
	for name, meanwhile := range map[string]func(*stub){"another run": restarted, "another leg": replaced} {
		for _, lag := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprint(name, " after ", lag), func(t *testing.T) {
				s := newStub()
				s.onSet = func(_ context.Context, n int, change cc.Change) (provider.Result, error) {
					s.apply("1", change)
					time.AfterFunc(lag, func() { meanwhile(s) })
					return provider.Result{}, nil
				}
				s.onParticipant = func(ctx context.Context, n int) (cc.Participant, cc.ConferenceID, error) {
					time.Sleep(2 * time.Second)
					return s.readOne(ctx, room, "1")
				}
				bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
					err := conf.SetParticipantState(t.Context(), "1", both)
					require.Equal(t, cc.ErrUncertain, cc.KindOf(err), "%v", err)
					sent := s.made("set")
					require.Len(t, sent, 1, "the second step would be for somebody else")
					require.Equal(t, first, sent[0].conf, "to the run that was read before the first step")
				})
			})
		}
	}
}

// A vetting is a stub that is asked before the first of several requests.
type vetting struct {
	*stub
	err error
}

func (v vetting) Vet(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error {
	v.note(ctx, call{what: "vet", conf: c, part: p, change: change})
	return v.err
}

func TestVetter(t *testing.T) {
	both := cc.Change{Mute: cc.On, Coach: cc.On}
	for _, test := range []struct {
		name   string
		whole  bool
		err    error
		change cc.Change
		calls  string
		kind   cc.Kind
	}{
		{"one field", false, refused(), mute, "set participant", 0},
		{"whole", true, refused(), both, "set participant", 0},
		{"several", false, nil, both, "snapshot vet set participant set participant", 0},
		{"refused", false, &cc.Error{Kind: cc.ErrUnsupported, Missing: cc.CanCoach}, both, "snapshot vet", cc.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			c, err := provider.New(vetting{s, test.err}, provider.Options{Whole: test.whole})
			require.NoError(t, err)
			err = c.Conference(room).SetParticipantState(t.Context(), "1", test.change)
			require.Equal(t, test.kind, cc.KindOf(err))
			require.Equal(t, test.calls, kinds(s.made()))
			for _, call := range s.made("vet") {
				require.Equal(t, test.change, call.change)
			}
			require.NoError(t, c.Close())
		})
	}
}

// An accepted command is waited for: at once, after 50, 100, 200, 400, 800, 800 ms, each a quarter
// more or less, and once more when a fifth of the time is left.
func TestConfirmation(t *testing.T) {
	for _, test := range []struct {
		name     string
		own      time.Duration // deadline of the caller; 0: none
		option   time.Duration
		decide   time.Duration
		deadline time.Duration
	}{
		{"default", 0, 0, 8 * time.Second, 10 * time.Second},
		{"by option", 0, 5 * time.Second, 4 * time.Second, 5 * time.Second},
		{"the caller's", time.Second, 0, 800 * time.Millisecond, time.Second},
		{"at most two seconds are kept", time.Minute, 0, 58 * time.Second, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			s.onListen = deaf // nothing brings a read forward
			s.onSet = func(ctx context.Context, _ int, _ cc.Change) (provider.Result, error) {
				return provider.Result{}, nil // accepted, and never done
			}
			began := time.Time{}
			var until []time.Duration
			s.onParticipant = func(ctx context.Context, n int) (cc.Participant, cc.ConferenceID, error) {
				d, _ := ctx.Deadline()
				until = append(until, d.Sub(began))
				return s.readOne(ctx, room, "1")
			}
			bubble(t, s, provider.Options{Timeout: test.option}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				ctx := t.Context()
				if test.own > 0 {
					var cancel func()
					ctx, cancel = context.WithTimeout(ctx, test.own)
					defer cancel()
				}
				began = time.Now()
				err := conf.SetParticipantState(ctx, "1", mute)
				require.Equal(t, cc.ErrUncertain, cc.KindOf(err))
				require.Equal(t, test.decide, time.Since(began))
				reads := s.made("participant")
				require.Equal(t, began, reads[0].at)
				for i := 1; i < len(reads); i++ {
					wait := 50 * time.Millisecond << min(i-1, 4)
					got := reads[i].at.Sub(reads[i-1].at)
					require.LessOrEqual(t, got, wait*5/4)
					require.True(t, got >= wait*3/4 || i == len(reads)-1, "wait %d was %v", i, got)
					require.Equal(t, provider.ForCommand, reads[i].purpose)
				}
				last := len(reads) - 1
				require.Equal(t, test.decide, reads[last].at.Sub(began), "one read decides, when a fifth is left")
				require.Less(t, reads[last-1].at.Sub(began), test.decide, "and only one")
				require.Equal(t, test.deadline, until[last], "it has all the time that is left")
				require.Equal(t, test.decide, until[last-1], "and those before do not take it")
			})
		})
	}
}

func TestConfirmedByTheEffect(t *testing.T) {
	const lag = 200 * time.Millisecond
	for _, single := range []bool{true, false} {
		name := map[bool]string{true: "one participant", false: "snapshot"}[single]
		t.Run(name, func(t *testing.T) {
			s := newStub()
			if !single {
				s.onParticipant = func(context.Context, int) (cc.Participant, cc.ConferenceID, error) {
					return cc.Participant{}, "", &cc.Error{Kind: cc.ErrUnsupported}
				}
			}
			later := func(f func()) (provider.Result, error) {
				time.AfterFunc(lag, f)
				return provider.Result{}, nil
			}
			s.onSet = func(_ context.Context, _ int, change cc.Change) (provider.Result, error) {
				return later(func() { s.apply("1", change) })
			}
			s.onRemove = func(context.Context, int) (provider.Result, error) { return later(func() { s.leave("1") }) }
			s.onEnd = func(context.Context, int) (provider.Result, error) { return later(s.finish) }
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				for _, do := range []func() error{
					func() error { return conf.SetParticipantState(t.Context(), "1", mute) },
					func() error { return conf.RemoveParticipant(t.Context(), "1") },
					func() error { return conf.End(t.Context()) },
				} {
					began := time.Now()
					require.NoError(t, do())
					require.GreaterOrEqual(t, time.Since(began), lag)
					require.Less(t, time.Since(began), 2*lag+50*time.Millisecond)
				}
				require.Len(t, s.made("set", "remove", "end"), 3)
				if !single {
					require.Len(t, s.made("participant"), 1, "that only a snapshot tells is learnt once")
				}
			})
		})
	}
}

// Done says that the answer is proof: nothing is read.
func TestDone(t *testing.T) {
	s := newStub()
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) {
		return provider.Result{Done: true}, nil
	}
	s.onRemove = func(context.Context, int) (provider.Result, error) { return provider.Result{Done: true}, nil }
	s.onEnd = s.onRemove
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
		require.NoError(t, conf.RemoveParticipant(t.Context(), "1"))
		require.NoError(t, conf.End(t.Context()))
		require.Equal(t, "set remove end", kinds(s.made()))
	})
}

// A field that snapshots cannot tell neither confirms nor refutes.
// Who has asked for speed is told that it was accepted, and no more; an unknown outcome is settled.
func TestUnconfirmed(t *testing.T) {
	s := newStub()
	s.onSet = func(_ context.Context, n int, _ cc.Change) (provider.Result, error) {
		if n == 2 {
			return provider.Result{}, lost()
		}
		return provider.Result{}, nil // and nothing comes of it
	}
	bubble(t, s, provider.Options{Unconfirmed: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
		require.Equal(t, "set", kinds(s.made()))
		require.Equal(t, cc.ErrUncertain, cc.KindOf(conf.SetParticipantState(t.Context(), "1", mute)))
		require.Equal(t, "set set participant", kinds(s.made()))
	})
}

func TestUntold(t *testing.T) {
	s := newStub()
	s.change(func(room *provider.Snapshot) { room.Participants[0].State = cc.ParticipantState{} })
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, nil }
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		require.ErrorIs(t, conf.SetParticipantState(t.Context(), "1", mute), cc.ErrUncertain)
		require.Len(t, s.made("set"), 1)
	})
}

// A state that is refused is read once: as asked is nil.
func TestRefused(t *testing.T) {
	for _, kind := range []cc.Kind{cc.ErrConflict, cc.ErrForbidden, cc.ErrInvalid, cc.ErrRateLimited, cc.ErrUnauthenticated, cc.ErrUnsupported} {
		for _, so := range []bool{false, true} {
			s := newStub()
			s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) {
				if so {
					s.apply("1", mute)
				}
				return provider.Result{}, &cc.Error{Kind: kind, Code: "no"}
			}
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				excuse := kind == cc.ErrConflict || kind == cc.ErrForbidden
				err := conf.SetParticipantState(t.Context(), "1", mute)
				if excuse && so {
					require.NoError(t, err)
				} else {
					require.Equal(t, kind, cc.KindOf(err))
					require.Equal(t, "no", codeOf(err))
				}
				require.Equal(t, map[bool]string{true: "set snapshot", false: "set"}[excuse], kinds(s.made()))
			})
		}
	}
}

// A 404 that may mean either is told apart by one read.
func TestToldApart(t *testing.T) {
	bare := &cc.Error{Kind: cc.ErrNotFound, Status: 404, Code: "none"}
	for _, test := range []struct {
		name string
		prep func(s *stub)
		kind cc.Kind
	}{
		{"gone", func(s *stub) { s.leave("1") }, cc.ErrNotParticipant},
		{"over", func(s *stub) { s.finish() }, cc.ErrNotFound},
		{"there", func(*stub) {}, cc.ErrConflict},
		{"unreadable", func(s *stub) {
			s.onSnapshot = func(context.Context, int) (provider.Snapshot, error) { return provider.Snapshot{}, broken() }
		}, cc.ErrNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			test.prep(s)
			s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, bare }
			s.onRemove = func(context.Context, int) (provider.Result, error) { return provider.Result{}, bare }
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				for _, err := range []error{
					conf.SetParticipantState(t.Context(), "1", mute), conf.RemoveParticipant(t.Context(), "1"),
				} {
					var e *cc.Error
					require.ErrorAs(t, err, &e)
					require.Equal(t, test.kind, e.Kind)
					if test.name == "unreadable" {
						require.Equal(t, "broken", codeOf(e.Err), "the error of the read is inside")
					}
				}
			})
		})
	}
	t.Run("End knows without", func(t *testing.T) {
		s := newStub()
		s.onEnd = func(context.Context, int) (provider.Result, error) { return provider.Result{}, bare }
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			require.Equal(t, cc.ErrNotFound, cc.KindOf(conf.End(t.Context())))
			require.Equal(t, "end", kinds(s.made()))
		})
	})
}
