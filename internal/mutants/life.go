package mutants

import (
	"context"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

func lifeMutants() []Mutant {
	return []Mutant{
		{"as-asks", "life/no-request", "As asks the vendor.", worlds.Everything, inClient(func(s *shim) {
			s.as = func() { _ = s.Client.Check(context.Background()) }
		})},
		{"check-commands", "life/check", "Check sends a command.", worlds.Everything, onCheck(func(s *shim, ctx context.Context, err error) error {
			if err == nil {
				_ = s.Client.Conference("nothing-to-end").End(ctx)
			}
			return err
		})},
		{"check-without-credentials", "life/check-credentials", "Check is nil where the vendor does not let us in.", worlds.Everything, onCheck(func(_ *shim, _ context.Context, err error) error {
			if cc.KindOf(err) == cc.ErrUnauthenticated {
				return nil
			}
			return err
		})},
		{"check-without-endpoint", "life/check-endpoint", "Check is nil where the vendor cannot be reached.", worlds.Everything, onCheck(func(_ *shim, _ context.Context, err error) error {
			if cc.KindOf(err) == cc.ErrUnavailable {
				return nil
			}
			return err
		})},
		{"third-close-fails", "life/close-again", "Close fails the third time.", worlds.Everything, onClose(func(n int, err error) error {
			if n == 3 {
				return &cc.Error{Kind: cc.ErrClosed}
			}
			return err
		})},
		{"closed-is-canceled", "life/closed", "Check after Close is told as canceled.", worlds.Everything, onCheck(func(_ *shim, _ context.Context, err error) error {
			return turned(err, cc.ErrClosed, into(cc.ErrCanceled))
		})},
		{"streams-just-end", "life/close-streams", "Close ends ranges without an error.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			began := false
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				if began && cc.KindOf(err) == cc.ErrClosed {
					return false
				}
				began = true
				return yield(ev, err)
			}
		})},
		{"in-flight-is-closed", "life/close-in-flight", "A removal that the vendor has when the client closes is told as not sent.", worlds.Everything, whileClosing(cc.OpRemoveParticipant, cc.ErrUncertain, cc.ErrClosed)},
		{"waiting-is-uncertain", "life/close-waiting", "A change that waits when the client closes is told as uncertain.", worlds.Everything, whileClosing(cc.OpSetParticipantState, cc.ErrClosed, cc.ErrUncertain)},
		{"close-waits-for-readers", "life/close-in-time", "Close waits up to three seconds for the loops over events.", worlds.Everything, inClient(closeWaits)},
		{"second-close-waits", "life/close-concurrently", "Close, called again, takes twenty seconds.", worlds.Everything, onClose(func(n int, err error) error {
			if n > 1 {
				pause(20 * time.Second)
			}
			return err
		})},
	}
}

// onCheck is a change to what Check answers.
func onCheck(change func(s *shim, ctx context.Context, err error) error) worlds.With {
	return inClient(func(s *shim) {
		s.check = func(ctx context.Context, next func(context.Context) error) error {
			return change(s, ctx, next(ctx))
		}
	})
}

// onClose is a change to what the nth Close answers.
func onClose(change func(n int, err error) error) worlds.With {
	return inClient(func(s *shim) {
		var calls state[int]
		s.close = func(next func() error) error {
			n := 0
			calls.with(func(c *int) { *c++; n = *c })
			return change(n, next())
		}
	})
}

// whileClosing gives the errors of commands that had begun before Close another kind.
func whileClosing(op string, from, to cc.Kind) worlds.With {
	return inClient(func(s *shim) {
		var closed state[bool]
		s.close = func(next func() error) error { closed.set(true); return next() }
		s.command = func(ctx context.Context, cmd cc.Command, next order) error {
			before := closed.get()
			err := next(ctx, cmd)
			if cmd.Op == op && !before && closed.get() {
				return turned(err, from, into(to))
			}
			return err
		}
	})
}

func closeWaits(s *shim) {
	var ranges state[[]chan struct{}]
	s.close = func(next func() error) error {
		err := next()
		limit := time.NewTimer(3 * time.Second)
		defer limit.Stop()
		for _, ended := range ranges.get() {
			select {
			case <-ended:
			case <-limit.C:
				return err
			}
		}
		return err
	}
	s.events = func(_ cc.ConferenceID, from stream) stream {
		return func(yield func(cc.Event, error) bool) {
			ended := make(chan struct{})
			defer close(ended)
			ranges.with(func(all *[]chan struct{}) { *all = append(*all, ended) })
			from(yield)
		}
	}
}

func leakMutants() []Mutant {
	return []Mutant{
		{"canceled-leaves-one", "leaks/commands", "A removal from a conference of four that is canceled leaves a goroutine behind.", worlds.Everything, answers(cc.OpRemoveParticipant, func(s *shim, cmd cc.Command, err error) error {
			if cc.KindOf(err) == cc.ErrUncertain && len(members(s.bridge(), cmd.Conference)) == 4 {
				go stay()
			}
			return err
		})},
		{"broken-off-leaves-one", "leaks/events", "A range over the events of a conference of three that is broken off leaves a goroutine behind.", worlds.Everything, onEvents(func(*shim, cc.ConferenceID) step {
			return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
				more := yield(ev, err)
				if !more && len(ev.Snapshot.Participants) == 3 {
					go stay()
				}
				return more
			}
		})},
		{"unused-leaves-one", "leaks/idle", "A client that was asked nothing leaves a goroutine behind at its Close.", worlds.Everything, inClient(func(s *shim) {
			var asked state[bool]
			s.declares = func(c cc.Capabilities) cc.Capabilities { asked.set(true); return c }
			s.handle = func(id cc.ConferenceID) cc.ConferenceID { asked.set(true); return id }
			s.check = func(ctx context.Context, next func(context.Context) error) error { asked.set(true); return next(ctx) }
			var once sync.Once
			s.close = func(next func() error) error {
				if !asked.get() {
					once.Do(func() { go stay() })
				}
				return next()
			}
		})},
	}
}

// stay never comes back.
func stay() { select {} }
