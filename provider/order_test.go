package provider_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Slow has every command take a second from acceptance to effect.
func slow(s *stub) {
	s.onListen = deaf
	s.answer(func(ctx context.Context, _ int, effect func()) (provider.Result, error) {
		err := s.accept(ctx, room)
		if err == nil {
			time.AfterFunc(time.Second, effect)
		}
		return provider.Result{}, err
	})
}

// Commands on the same participant go one after the other, confirmation included, in order of arrival.
func TestSameParticipantInOrder(t *testing.T) {
	for _, serial := range []bool{false, true} {
		t.Run(fmt.Sprint("serial ", serial), func(t *testing.T) {
			s := newStub()
			slow(s)
			bubble(t, s, provider.Options{Serial: serial}, func(t *testing.T, c cc.Client, conf cc.Conference) {
				began := time.Now()
				changes := []cc.Change{{Mute: cc.On}, {Hold: cc.On}, {Deaf: cc.On}, {Coach: cc.On}}
				var done []<-chan error
				for i, change := range changes {
					done = append(done, start(func() error {
						ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
						defer cancel()
						return c.Conference(room).SetParticipantState(ctx, "1", change)
					}))
					if i > 0 {
						still(t, done[i])
					}
					synctest.Wait()
				}
				for i := range done {
					require.NoError(t, <-done[i])
					require.GreaterOrEqual(t, time.Since(began), time.Duration(i+1)*time.Second)
				}
				var sent []cc.Change
				for _, c := range s.made("set") {
					sent = append(sent, c.change)
				}
				require.Equal(t, changes, sent)
			})
		})
	}
}

// Others do not wait for one, unless failures name only the conference.
func TestOtherParticipants(t *testing.T) {
	for serial, want := range map[bool]int{false: 3, true: 1} {
		t.Run(fmt.Sprint("serial ", serial), func(t *testing.T) {
			s := newStub()
			slow(s)
			bubble(t, s, provider.Options{Serial: serial}, func(t *testing.T, c cc.Client, conf cc.Conference) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for _, id := range []cc.ParticipantID{"1", "2", "3"} {
					go func() { _ = conf.SetParticipantState(ctx, id, mute) }()
				}
				synctest.Wait()
				require.Len(t, s.made("set"), want)
				cancel()
				synctest.Wait()
			})
		})
	}
}

// Name and Instance are the same conference, as soon as this client has read so.
func TestNameAndInstanceWaitForEachOther(t *testing.T) {
	s := newStub()
	slow(s)
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = conf.SetParticipantState(ctx, "1", mute) }()
		synctest.Wait()
		go func() { _ = c.Conference(first).SetParticipantState(ctx, "1", cc.Change{Hold: cc.On}) }()
		synctest.Wait()
		require.Len(t, s.made("set"), 1)
		cancel()
		synctest.Wait()
	})
}

// Commands by one Instance wait for each other, also when the name becomes known in between.
func TestInstanceThatBecomesKnown(t *testing.T) {
	s := newStub()
	slow(s)
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = c.Conference(first).SetParticipantState(ctx, "1", mute) }()
		synctest.Wait()
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		go func() { _ = c.Conference(first).SetParticipantState(ctx, "1", cc.Change{Hold: cc.On}) }()
		synctest.Wait()
		require.Len(t, s.made("set"), 1)
		cancel()
		synctest.Wait()
	})
}

func TestEndWaitsForNobody(t *testing.T) {
	t.Run("not for those on participants", func(t *testing.T) {
		s := newStub()
		slow(s)
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			var done []<-chan error
			for _, change := range []cc.Change{mute, {Hold: cc.On}} {
				done = append(done, start(func() error { return conf.SetParticipantState(context.Background(), "1", change) }))
				synctest.Wait()
			}
			end := start(func() error { return conf.End(context.Background()) })
			synctest.Wait()
			require.Equal(t, []string{"set", "end"}, whatOf(s.made("set", "end")))
			require.NoError(t, <-end)
			<-done[0]
			require.Equal(t, cc.ErrNotFound, cc.KindOf(<-done[1]))
		})
	})
	t.Run("not even for another End", func(t *testing.T) {
		s := newStub()
		slow(s)
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			one := start(func() error { return conf.End(context.Background()) })
			two := start(func() error { return conf.End(context.Background()) })
			synctest.Wait()
			require.Len(t, s.made("end"), 2)
			require.NoError(t, <-one)
			require.NoError(t, <-two)
		})
	})
}

// With Serial the End goes next.
func TestEndGoesNext(t *testing.T) {
	s := newStub()
	slow(s)
	bubble(t, s, provider.Options{Serial: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		var done []<-chan error
		for _, id := range []cc.ParticipantID{"1", "2", "3"} {
			done = append(done, start(func() error { return conf.SetParticipantState(context.Background(), id, mute) }))
			synctest.Wait()
		}
		done = append(done, start(func() error { return conf.End(context.Background()) }))
		synctest.Wait()
		require.Equal(t, []string{"set"}, whatOf(s.made("set", "end")))
		for i, kind := range []cc.Kind{0, cc.ErrNotFound, cc.ErrNotFound, 0} {
			require.Equal(t, kind, cc.KindOf(<-done[i]), i)
		}
		require.Equal(t, []string{"set", "end"}, whatOf(s.made("set", "end"))[:2])
	})
}

func whatOf(calls []call) []string {
	var list []string
	for _, c := range calls {
		list = append(list, c.what)
	}
	return list
}

// Waiting counts against the deadline, and one who gives up does not hold up the next.
func TestGivingUpInTheQueue(t *testing.T) {
	s := newStub()
	slow(s)
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		one := start(func() error { return conf.SetParticipantState(context.Background(), "1", mute) })
		synctest.Wait()
		began := time.Now()
		two := start(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			return conf.SetParticipantState(ctx, "1", cc.Change{Deaf: cc.On})
		})
		synctest.Wait()
		three := start(func() error { return conf.SetParticipantState(context.Background(), "1", cc.Change{Hold: cc.On}) })
		err := <-two
		require.Equal(t, 100*time.Millisecond, time.Since(began))
		require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, <-one)
		require.NoError(t, <-three)
		require.Len(t, s.made("set"), 2)
	})
}

// A turn that comes when there is no time left to see what became of it is not taken.
func TestTooLateToSend(t *testing.T) {
	s := newStub()
	slow(s)
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		one := start(func() error { return conf.SetParticipantState(context.Background(), "1", mute) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
		defer cancel()
		err := conf.SetParticipantState(ctx, "1", cc.Change{Deaf: cc.On})
		require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, <-one)
		require.Len(t, s.made("set"), 1)
	})
}

// With Serial the waiter stands before the request leaves, since failures overtake replies.
// The first command waits for the subscription, since its failure may overtake the answer; but not long,
// and only the first one.
func TestTheFirstCommandWaitsForTheSubscription(t *testing.T) {
	t.Run("it stands", func(t *testing.T) {
		s := newStub()
		s.onListen = func(ctx context.Context, _ int, report func(provider.Update)) error {
			time.Sleep(300 * time.Millisecond)
			return s.stand(ctx, report)
		}
		s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) {
			s.ring(provider.Update{Conference: room, Failure: refused()})
			return provider.Result{}, nil
		}
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			began := time.Now()
			require.Equal(t, "refused", codeOf(conf.SetParticipantState(t.Context(), "1", mute)))
			require.Equal(t, 300*time.Millisecond, time.Since(began))
		})
	})
	t.Run("it hangs", func(t *testing.T) {
		s := newStub()
		s.onListen = func(ctx context.Context, _ int, _ func(provider.Update)) error { return hang(ctx, cc.ErrCanceled) }
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			began := time.Now()
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
			require.Equal(t, time.Second, time.Since(began))
			require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute))
			require.Equal(t, time.Second, time.Since(began))
		})
	})
	t.Run("it hangs, and there is little time", func(t *testing.T) {
		s := newStub()
		s.onListen = func(ctx context.Context, _ int, _ func(provider.Update)) error { return hang(ctx, cc.ErrCanceled) }
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			require.NoError(t, conf.SetParticipantState(ctx, "1", mute))
			require.Equal(t, 400*time.Millisecond, time.Since(began), "half of what there is before the read that decides")
		})
	})
	t.Run("who does not wait so long sends nothing", func(t *testing.T) {
		s := newStub()
		s.onListen = func(ctx context.Context, _ int, _ func(provider.Update)) error { return hang(ctx, cc.ErrCanceled) }
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(500*time.Millisecond, cancel)
			err := conf.SetParticipantState(ctx, "1", mute)
			require.Equal(t, cc.ErrCanceled, cc.KindOf(err))
			require.Empty(t, s.made("set"))
		})
	})
}

func TestSerialWaitsForTheSubscription(t *testing.T) {
	for _, test := range []struct {
		name   string
		listen func(s *stub) func(context.Context, int, func(provider.Update)) error
		after  time.Duration
	}{
		{"it stands", func(s *stub) func(context.Context, int, func(provider.Update)) error {
			return func(ctx context.Context, _ int, report func(provider.Update)) error {
				time.Sleep(time.Second)
				return s.stand(ctx, report)
			}
		}, time.Second},
		{"it fails", func(*stub) func(context.Context, int, func(provider.Update)) error {
			return func(ctx context.Context, n int, _ func(provider.Update)) error {
				if n > 1 {
					return hang(ctx, cc.ErrCanceled)
				}
				time.Sleep(time.Second)
				return broken()
			}
		}, time.Second},
		{"nothing is pushed", func(*stub) func(context.Context, int, func(provider.Update)) error { return deaf }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			s.onListen = test.listen(s)
			bubble(t, s, provider.Options{Serial: true}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				began := time.Now()
				require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
				require.Equal(t, test.after, time.Since(began))
				require.Equal(t, test.after, s.made("set")[0].at.Sub(began))
			})
		})
	}
}

type observer struct {
	commands []cc.Command
	outcomes []error
	silent   bool
}

type observed struct{}

func (o *observer) Command(ctx context.Context, cmd cc.Command) (context.Context, func(error)) {
	o.commands = append(o.commands, cmd)
	if o.silent {
		return ctx, nil
	}
	return context.WithValue(ctx, observed{}, len(o.commands)), func(err error) { o.outcomes = append(o.outcomes, err) }
}

func TestObserver(t *testing.T) {
	s := newStub()
	o := &observer{}
	var seen []any
	s.onSet = func(ctx context.Context, n int, change cc.Change) (provider.Result, error) {
		seen = append(seen, ctx.Value(observed{}))
		return provider.Result{Done: true}, nil
	}
	bubble(t, s, provider.Options{Observer: o, Config: cc.Config{Name: "floor-2"}}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
		refusal := c.Conference("all").End(t.Context())
		require.ErrorIs(t, refusal, cc.ErrInvalid)
		require.NoError(t, conf.RemoveParticipant(t.Context(), "2"))
		_, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		require.Equal(t, []cc.Command{
			{Op: cc.OpSetParticipantState, Client: "floor-2", Conference: room, Participant: "1", Change: mute},
			{Op: cc.OpEnd, Client: "floor-2", Conference: "all"},
			{Op: cc.OpRemoveParticipant, Client: "floor-2", Conference: room, Participant: "2"},
		}, o.commands, "refused ones included, and no reads")
		require.Equal(t, []error{nil, refusal, nil}, o.outcomes)
		require.Equal(t, []any{1}, seen, "the context that it returns is the command's")
		o.silent = true
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute))
		require.Len(t, o.outcomes, 3)
	})
}

// What a vendor has of its own is reached through As.
type vendor struct{ *stub }

func (vendor) As(target any) bool {
	t, ok := target.(*string)
	if ok {
		*t = "client"
	}
	return ok
}

func (vendor) ConferenceAs(c cc.ConferenceID, target any) bool {
	t, ok := target.(*cc.ConferenceID)
	if ok {
		*t = c
	}
	return ok
}

func TestAs(t *testing.T) {
	c, err := provider.New(vendor{newStub()}, provider.Options{})
	require.NoError(t, err)
	conf := c.Conference(room)
	own, ok := cc.As[cc.ConferenceID](conf)
	require.True(t, ok)
	require.Equal(t, room, own)
	for _, v := range []interface{ As(any) bool }{c, conf} {
		s, ok := cc.As[string](v)
		require.True(t, ok)
		require.Equal(t, "client", s)
		_, ok = cc.As[int](v)
		require.False(t, ok)
	}
	_, ok = cc.As[cc.ConferenceID](c)
	require.False(t, ok)
	require.NoError(t, c.Close())
}

func TestUnimplemented(t *testing.T) {
	c, err := provider.New(provider.Unimplemented{}, provider.Options{})
	require.NoError(t, err)
	for what, err := range calls(t.Context(), c, c.Conference(room)) {
		require.Equal(t, cc.ErrUnsupported, cc.KindOf(err), what)
	}
	require.NoError(t, c.Close())
}

func TestPurpose(t *testing.T) {
	require.Equal(t, provider.ForCommand, provider.PurposeOf(t.Context()))
	for _, p := range []provider.Purpose{provider.ForCommand, provider.ForSettling, provider.ForWatching} {
		require.Equal(t, p, provider.PurposeOf(provider.WithPurpose(t.Context(), p)))
	}
}
