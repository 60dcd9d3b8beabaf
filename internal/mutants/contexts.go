package mutants

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// late is what a mutant that comes back late takes too long.
const late = 100 * time.Millisecond

func contextMutants() []Mutant {
	tooLong := func(ctx context.Context) (context.Context, func()) { return limited(ctx, 15*time.Second) }
	return []Mutant{
		{"reads-before-canceled-removal", "context/canceled-before-remove", "A removal whose context was canceled has the conference read.", worlds.Everything, readsFirst(cc.OpRemoveParticipant, context.Canceled)},
		{"reads-before-canceled-change", "context/canceled-before-set", "A change of state whose context was canceled has the conference read.", worlds.Everything, readsFirst(cc.OpSetParticipantState, context.Canceled)},
		{"reads-before-canceled-end", "context/canceled-before-end", "An end whose context was canceled has the conference read.", worlds.Everything, readsFirst(cc.OpEnd, context.Canceled)},
		{"canceled-without-cause", "context/canceled-before-snapshot", "The error of a Snapshot whose context was canceled is not the context's.", worlds.Everything, inClient(func(s *shim) {
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				told, err := next(ctx, id)
				if cc.KindOf(err) == cc.ErrCanceled {
					err = cc.ErrCanceled
				}
				return told, err
			}
		})},
		{"reads-before-expired-removal", "context/expired", "A removal whose deadline has passed has the conference read.", worlds.Everything, readsFirst(cc.OpRemoveParticipant, context.DeadlineExceeded)},
		{"removal-canceled-late", "context/canceled-in-flight", "A removal that is canceled comes back late.", worlds.Everything, comesBackLate(cc.OpRemoveParticipant, cc.ErrUncertain)},
		{"change-canceled-late", "context/canceled-waiting", "A change of state that is canceled comes back late.", worlds.Everything, comesBackLate(cc.OpSetParticipantState, cc.ErrUncertain)},
		{"read-canceled-late", "context/canceled-read", "A Snapshot that is canceled comes back late.", worlds.Everything, onSnapshot(func(_ *shim, _ *cc.Snapshot, err error) error {
			if errors.Is(err, context.Canceled) {
				pause(late)
			}
			return err
		})},
		{"removal-beyond-deadline", "context/deadline", "A removal of unknown outcome comes back after its deadline.", worlds.Everything, beyondDeadline(cc.OpRemoveParticipant)},
		{"change-beyond-deadline", "context/deadline-reads", "A change of unknown outcome comes back after its deadline.", worlds.Everything, beyondDeadline(cc.OpSetParticipantState)},
		{"attempt-without-end", "context/attempt", "An attempt to remove somebody, or to end a conference, may take six seconds.", worlds.PlivoMPC, worlds.With{Transport: func(t http.RoundTripper) http.RoundTripper { return patient{t} }}},
		{"five-seconds", "context/default-command", "A change of state without a deadline has 5 s.", worlds.Everything, onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
			if cmd.Op == cc.OpSetParticipantState {
				inner, cancel := limited(ctx, 5*time.Second)
				defer cancel()
				ctx = inner
			}
			return next(ctx, cmd)
		})},
		{"long-snapshot", "context/default-snapshot", "A Snapshot without a deadline has 15 s.", worlds.Everything, inClient(func(s *shim) {
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				ctx, cancel := tooLong(ctx)
				defer cancel()
				return next(ctx, id)
			}
		})},
		{"long-check", "context/default-check", "A Check without a deadline has 15 s.", worlds.Everything, inClient(func(s *shim) {
			s.check = func(ctx context.Context, next func(context.Context) error) error {
				ctx, cancel := tooLong(ctx)
				defer cancel()
				return next(ctx)
			}
		})},
		{"long-listing", "context/default-list", "A listing without a deadline has 15 s.", worlds.Everything, inClient(func(s *shim) {
			s.list = func(ctx context.Context, next func(context.Context) iter.Seq2[cc.Summary, error]) iter.Seq2[cc.Summary, error] {
				return func(yield func(cc.Summary, error) bool) {
					ctx, cancel := tooLong(ctx)
					defer cancel()
					next(ctx)(yield)
				}
			}
		})},
	}
}

// patient gives deletions that may take some time more of it.
type patient struct{ http.RoundTripper }

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if d, _ := left(r.Context()); r.Method != http.MethodDelete || d < 3*time.Second {
		return p.RoundTripper.RoundTrip(r)
	}
	longer, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 6*time.Second)
	stop := context.AfterFunc(r.Context(), func() {
		if errors.Is(r.Context().Err(), context.Canceled) {
			cancel()
		}
	})
	resp, err := p.RoundTripper.RoundTrip(r.WithContext(longer))
	if err != nil {
		stop()
		cancel()
	}
	return resp, err
}

// pause lets time pass.
func pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
}

// left is how much time a context has.
func left(ctx context.Context) (time.Duration, bool) {
	deadline, ok := ctx.Deadline()
	return time.Until(deadline), ok
}

// limited gives a context without a deadline one.
func limited(ctx context.Context, d time.Duration) (context.Context, func()) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// readsFirst reads the conference before a command whose context has ended for that reason.
func readsFirst(op string, why error) worlds.With {
	return onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
		if cmd.Op == op && errors.Is(ctx.Err(), why) {
			_, _ = s.look(context.WithoutCancel(ctx), cmd.Conference)
		}
		return next(ctx, cmd)
	})
}

// comesBackLate has a command that was canceled, with that kind, come back late.
func comesBackLate(op string, kind cc.Kind) worlds.With {
	return answers(op, func(_ *shim, _ cc.Command, err error) error {
		if errors.Is(err, context.Canceled) && cc.KindOf(err) == kind {
			pause(late)
		}
		return err
	})
}

// beyondDeadline has an uncertain command come back after its deadline, if it has one.
func beyondDeadline(op string) worlds.With {
	return onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
		err := next(ctx, cmd)
		if d, ok := left(ctx); ok && cmd.Op == op && cc.KindOf(err) == cc.ErrUncertain {
			pause(d + late)
		}
		return err
	})
}
