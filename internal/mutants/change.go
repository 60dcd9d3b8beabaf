package mutants

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

// changeMutants break the rules about changes of state: atomicity, order of steps, and what is so
// already.
func changeMutants() []Mutant {
	return []Mutant{
		{"possible-half-first", "atomicity/never", "Of a change with hold, which this vendor never has, the rest is done before it is refused.", worlds.FakePlivoConference, halves("hold")},
		{"possible-half-now", "atomicity/not-now", "Of a change with coach for somebody who is no supervisor the rest is done before it is refused.", worlds.Everything, halves("coach")},
		{"goes-on-after-failure", "order/restricting-first", "The releasing half of a change is sent although the restricting half was refused.", worlds.FakePlivoConference, onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
			err := next(ctx, cmd)
			if on, off := split(cmd.Change); !on.IsZero() && !off.IsZero() && cc.KindOf(err) == cc.ErrInvalid {
				cmd.Change = off
				_ = next(ctx, cmd)
			}
			return err
		})},
		{"applied-nothing", "order/applied", "The error of a change that failed half-way does not say what was applied.", worlds.FakePlivoConference, turns(cc.OpSetParticipantState, cc.ErrInvalid, func(e *cc.Error) { e.Applied = cc.Change{} })},
		{"deaf-without-proof", "order/confirmed", "A vendor's yes to deaf is taken for proof where somebody is muted.", worlds.FakePlivoConference, onCommand(func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			who, _ := member(l.bridge(), cmd.Conference, cmd.Participant)
			r, err := next(ctx, cmd)
			r.Done = cmd.Change.Deaf == cc.On && who.Mute
			return r, err
		})},
		{"twice-is-conflict", "state/already-so", "The same change again, with nothing read in between, is a conflict.", worlds.Everything, inClient(func(s *shim) {
			var last state[cc.Command]
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				last.set(cc.Command{})
				return next(ctx, id)
			}
			s.command = remembering(&last, func() error { return &cc.Error{Kind: cc.ErrConflict} })
		})},
		{"state-not-looked-at", "state/nothing-sent", "The second of two reads, with no command in between, tells mute as off, so that it is set again.", worlds.Everything, inDriver(func(l *link) {
			var reads state[int]
			l.command = func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
				reads.set(0)
				return next(ctx, cmd)
			}
			l.snapshot = func(ctx context.Context, s *provider.Snapshot, err error) error {
				if provider.PurposeOf(ctx) == provider.ForWatching {
					return err
				}
				reads.with(func(n *int) { *n++ })
				for i := range s.Participants {
					if reads.get() == 2 {
						s.Participants[i].State.Mute = cc.Off
					}
				}
				return err
			}
		})},
		{"reads-for-nothing", "state/empty-change", "A change that sets nothing has the conference read before it is refused.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			if cmd.Op == cc.OpSetParticipantState && cmd.Change.IsZero() {
				_, _ = s.look(ctx, cmd.Conference)
			}
			return next(ctx, cmd)
		})},
		{"answers-from-memory", "state/no-memory", "The change that was made last is taken to be so still, whatever has become of the run.", worlds.Everything, inClient(func(s *shim) {
			s.command = remembering(&state[cc.Command]{}, func() error { return nil })
		})},
		{"absent-without-participant", "state/absent", "Setting the state of somebody who is not there is told as a conference that is not.", worlds.Everything, turns(cc.OpSetParticipantState, cc.ErrNotParticipant, into(cc.ErrNotFound))},
	}
}

// halves gives a change with that flag and another in two halves, the other first.
func halves(never flag) worlds.With {
	return onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
		rest := cmd
		*never.of(&rest.Change) = cc.Unset
		if *never.of(&cmd.Change) != cc.Unset && !rest.Change.IsZero() {
			_ = next(ctx, rest)
		}
		return next(ctx, cmd)
	})
}

// split cuts a change into what it turns on and what it turns off.
func split(c cc.Change) (on, off cc.Change) {
	for _, f := range flags() {
		switch t := *f.of(&c); t {
		case cc.On:
			*f.of(&on) = t
		case cc.Off:
			*f.of(&off) = t
		}
	}
	return on, off
}

// remembering answers a change that is the one that was made last.
func remembering(last *state[cc.Command], answer func() error) func(context.Context, cc.Command, order) error {
	return func(ctx context.Context, cmd cc.Command, next order) error {
		if cmd.Op == cc.OpSetParticipantState && cmd == last.get() {
			return answer()
		}
		err := next(ctx, cmd)
		if err == nil {
			last.set(cmd)
		}
		return err
	}
}
