package provider_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A phase is where a command stands when its caller gives up or the client is closed. Reach brings a
// command there, and the driver hangs until its context ends.
type phase struct {
	name  string
	sent  bool // something may have been sent by then
	opts  provider.Options
	reach func(t *testing.T, s *stub, conf cc.Conference)
}

var phases = []phase{
	{"queue", false, provider.Options{}, func(t *testing.T, s *stub, conf cc.Conference) {
		s.onSet = func(ctx context.Context, n int, _ cc.Change) (provider.Result, error) {
			if n > 1 {
				t.Error("it was sent")
			}
			return provider.Result{}, hang(ctx, cc.ErrUncertain)
		}
		go func() { _ = conf.SetParticipantState(context.Background(), "1", mute) }()
		synctest.Wait()
	}},
	{"waiting for the subscription", false, provider.Options{Serial: true}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onListen = func(ctx context.Context, _ int, _ func(provider.Update)) error { return hang(ctx, cc.ErrCanceled) }
	}},
	{"first look", false, provider.Options{}, func(t *testing.T, s *stub, conf cc.Conference) {
		s.apply("1", mute)
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
			return provider.Snapshot{}, hang(ctx, cc.ErrUnavailable)
		}
	}},
	{"send, nothing left", false, provider.Options{}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onSet = func(ctx context.Context, _ int, _ cc.Change) (provider.Result, error) {
			return provider.Result{}, hang(ctx, cc.ErrCanceled)
		}
	}},
	{"send, dial", false, provider.Options{}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onSet = func(ctx context.Context, _ int, _ cc.Change) (provider.Result, error) {
			return provider.Result{}, hang(ctx, cc.ErrUnavailable)
		}
	}},
	{"send, something left", true, provider.Options{}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onSet = func(ctx context.Context, _ int, _ cc.Change) (provider.Result, error) {
			return provider.Result{}, hang(ctx, cc.ErrUncertain)
		}
	}},
	{"second send", true, provider.Options{}, func(t *testing.T, s *stub, conf cc.Conference) {
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		s.onSet = func(ctx context.Context, n int, _ cc.Change) (provider.Result, error) {
			if n == 1 {
				return provider.Result{}, lost()
			}
			return provider.Result{}, hang(ctx, cc.ErrCanceled)
		}
	}},
	{"confirming read", true, provider.Options{}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, nil }
		s.onParticipant = func(ctx context.Context, _ int) (cc.Participant, cc.ConferenceID, error) {
			return cc.Participant{}, "", hang(ctx, cc.ErrUnavailable)
		}
	}},
	{"settling read", true, provider.Options{}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, lost() }
		s.onParticipant = func(ctx context.Context, _ int) (cc.Participant, cc.ConferenceID, error) {
			return cc.Participant{}, "", hang(ctx, cc.ErrUnavailable)
		}
	}},
	{"wait", true, provider.Options{}, func(_ *testing.T, s *stub, _ cc.Conference) {
		s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, nil }
	}},
}

// ended checks an error and the instant that it came at.
func (ph phase) ended(t *testing.T, err error, why error, kind cc.Kind) {
	t.Helper()
	if ph.sent {
		kind = cc.ErrUncertain
	}
	require.Equal(t, kind, cc.KindOf(err), "%v", err)
	if why != nil {
		require.ErrorIs(t, err, why)
	}
}

func TestCancelInEveryPhase(t *testing.T) {
	for _, ph := range phases {
		t.Run(ph.name, func(t *testing.T) {
			s := newStub()
			bubble(t, s, ph.opts, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				ph.reach(t, s, conf)
				ctx, cancel := context.WithCancel(t.Context())
				done := start(func() error { return conf.SetParticipantState(ctx, "1", mute) })
				time.Sleep(30 * time.Millisecond)
				still(t, done)
				cancel()
				ph.ended(t, atOnce(t, done), context.Canceled, cc.ErrCanceled)
			})
		})
	}
}

func TestDeadlineInEveryPhase(t *testing.T) {
	for _, ph := range phases {
		t.Run(ph.name, func(t *testing.T) {
			s := newStub()
			bubble(t, s, ph.opts, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				ph.reach(t, s, conf)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				err := conf.SetParticipantState(ctx, "1", mute)
				require.LessOrEqual(t, time.Since(began), time.Second)
				require.GreaterOrEqual(t, time.Since(began), 800*time.Millisecond)
				if ph.name == "send, dial" {
					require.Equal(t, cc.ErrUnavailable, cc.KindOf(err), "the provider cannot be reached")
					return
				}
				ph.ended(t, err, nil, cc.ErrCanceled)
				if !ph.sent {
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		})
	}
}

func TestCloseInEveryPhase(t *testing.T) {
	for _, ph := range phases {
		t.Run(ph.name, func(t *testing.T) {
			s := newStub()
			bubble(t, s, ph.opts, func(t *testing.T, c cc.Client, conf cc.Conference) {
				ph.reach(t, s, conf)
				done := start(func() error { return conf.SetParticipantState(context.Background(), "1", mute) })
				time.Sleep(30 * time.Millisecond)
				still(t, done)
				began := time.Now()
				require.NoError(t, c.Close())
				require.Zero(t, time.Since(began))
				err := atOnce(t, done)
				ph.ended(t, err, nil, cc.ErrClosed)
				require.False(t, errors.Is(err, context.Canceled), "nobody canceled it")
			})
		})
	}
}

// A context that has ended makes no request, in no call.
func TestNotBegun(t *testing.T) {
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"canceled": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return ctx, cancel
		},
		"expired": func() (context.Context, context.CancelFunc) {
			return context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub()
			bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
				ctx, cancel := end()
				defer cancel()
				for _, err := range calls(ctx, c, conf) {
					require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
					require.ErrorIs(t, err, ctx.Err())
				}
				require.Empty(t, s.made())
				require.Empty(t, s.made("listen"))
			})
		})
	}
}

// Calls makes every call that there is.
func calls(ctx context.Context, c cc.Client, conf cc.Conference) map[string]error {
	list := map[string]error{
		"check": c.Check(ctx), "remove": conf.RemoveParticipant(ctx, "1"),
		"set": conf.SetParticipantState(ctx, "1", mute), "end": conf.End(ctx),
	}
	_, list["snapshot"] = conf.Snapshot(ctx)
	for _, err := range conf.Events(ctx) {
		list["events"] = err
	}
	for _, err := range c.Conferences(ctx) {
		list["conferences"] = err
	}
	return list
}

func TestClosed(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		require.NoError(t, c.Close())
		list := calls(t.Context(), c, conf)
		require.Len(t, list, 7)
		for what, err := range list {
			require.Equal(t, cc.ErrClosed, cc.KindOf(err), what)
		}
		c.Notify()
		c.Notify(room)
		require.Equal(t, "close", kinds(s.made()))
		require.Empty(t, s.made("listen"))
		require.Equal(t, "stub", c.Provider())
	})
}

// Close waits for our own goroutines at most two seconds, and says so if a driver does not let go.
func TestCloseIsBounded(t *testing.T) {
	s := newStub()
	free := make(chan struct{})
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		free = make(chan struct{})
		defer close(free)
		s.onListen = func(context.Context, int, func(provider.Update)) error { <-free; return nil }
		require.NoError(t, conf.RemoveParticipant(t.Context(), "1"))
		began := time.Now()
		require.ErrorIs(t, c.Close(), cc.ErrUnavailable)
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Len(t, s.made("close"), 1)
		require.NoError(t, c.Close())
	})
}

func TestCloseTellsTheDriversError(t *testing.T) {
	s := newStub()
	s.onClose = func() error { return broken() }
	c, err := provider.New(s, provider.Options{})
	require.NoError(t, err)
	err = c.Close()
	require.Equal(t, "broken", codeOf(err))
	require.Equal(t, cc.OpClose, err.(*cc.Error).Op)
	require.NoError(t, c.Close())
}

// Reads have ten seconds too, end with the caller, and with the client.
func TestReads(t *testing.T) {
	for what, do := range map[string]func(context.Context, cc.Client, cc.Conference) error{
		"check": func(ctx context.Context, c cc.Client, _ cc.Conference) error { return c.Check(ctx) },
		"snapshot": func(ctx context.Context, _ cc.Client, conf cc.Conference) error {
			_, err := conf.Snapshot(ctx)
			return err
		},
		"conferences": func(ctx context.Context, c cc.Client, _ cc.Conference) error {
			var last error
			for _, err := range c.Conferences(ctx) {
				last = err
			}
			return last
		},
	} {
		for name, test := range map[string]func(t *testing.T, c cc.Client, do func(context.Context) error){
			"canceled": func(t *testing.T, _ cc.Client, do func(context.Context) error) {
				ctx, cancel := context.WithCancel(t.Context())
				done := start(func() error { return do(ctx) })
				still(t, done)
				cancel()
				err := atOnce(t, done)
				require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
				require.ErrorIs(t, err, context.Canceled)
			},
			"closed": func(t *testing.T, c cc.Client, do func(context.Context) error) {
				done := start(func() error { return do(context.Background()) })
				still(t, done)
				require.NoError(t, c.Close())
				require.Equal(t, cc.ErrClosed, cc.KindOf(atOnce(t, done)))
			},
			"default": func(t *testing.T, _ cc.Client, do func(context.Context) error) {
				if what == "conferences" {
					return // the driver bounds each page
				}
				began := time.Now()
				require.ErrorIs(t, do(t.Context()), context.DeadlineExceeded)
				require.Equal(t, 10*time.Second, time.Since(began))
			},
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				s := newStub()
				s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
					return provider.Snapshot{}, hang(ctx, cc.ErrUnavailable)
				}
				s.onCheck = func(ctx context.Context) error { return hang(ctx, cc.ErrUnavailable) }
				s.onList = func(ctx context.Context, yield func(cc.Summary, error) bool) {
					yield(cc.Summary{}, hang(ctx, cc.ErrUnavailable))
				}
				bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
					test(t, c, func(ctx context.Context) error { return do(ctx, c, conf) })
				})
			})
		}
	}
}

func TestSnapshotIsTheCallersOwn(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		a, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		require.Equal(t, time.UTC, a.At.Location())
		require.Equal(t, first, a.Instance)
		for i := range a.Participants {
			a.Participants[i].Name, a.Participants[i].State.Mute = "overwritten", cc.On
		}
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute), "what was written over is not what is remembered")
		require.Equal(t, "snapshot snapshot", kinds(s.made()))
		b, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		require.Empty(t, b.Participants[0].Name)
	})
}

func TestConferences(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := newStub()
	s.onList = func(_ context.Context, yield func(cc.Summary, error) bool) {
		for _, id := range []cc.ConferenceID{"a", "b"} {
			if !yield(cc.Summary{Conference: id, StartedAt: at.In(zone)}, nil) {
				return
			}
		}
		yield(cc.Summary{}, refused())
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
		var ids []cc.ConferenceID
		var last error
		for sum, err := range c.Conferences(t.Context()) {
			if last = err; err != nil {
				continue
			}
			require.Equal(t, at, sum.StartedAt)
			ids = append(ids, sum.Conference)
		}
		require.Equal(t, []cc.ConferenceID{"a", "b"}, ids)
		require.Equal(t, "refused", codeOf(last))
		require.Equal(t, cc.OpConferences, last.(*cc.Error).Op)
		for range c.Conferences(t.Context()) {
			break
		}
		require.Len(t, s.made("list"), 2)
	})
}
