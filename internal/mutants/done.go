package mutants

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

func doneMutants() []Mutant {
	return []Mutant{
		{"yes-is-removed", "done/remove", "A vendor's yes to a removal is taken for proof where three are there.", worlds.Everything, yesIsDone(cc.OpRemoveParticipant, 3)},
		{"yes-is-set", "done/set", "A vendor's yes to a change of state is taken for proof where three are there.", worlds.Everything, yesIsDone(cc.OpSetParticipantState, 3)},
		{"yes-is-ended", "done/end", "A vendor's yes to an end is taken for proof where three are there.", worlds.Everything, yesIsDone(cc.OpEnd, 3)},
		{"yes-is-last", "done/last", "A vendor's yes to the removal of the last one is taken for proof.", worlds.Everything, yesIsDone(cc.OpRemoveParticipant, 1)},
		{"proof-by-another-read", "done/seen", "What confirms a change is ahead of what a Snapshot tells.", worlds.Everything, inDriver(func(l *link) {
			l.single = func(_ context.Context, p *cc.Participant, run *cc.ConferenceID, err error) error {
				if m, ok := member(l.bridge(), *run, p.ID); err == nil && ok {
					p.State = m.State()
				}
				return err
			}
		})},
		{"bell-is-proof", "done/bell", "A notification about a conference is taken for proof of the change of deaf that is under way.", worlds.Everything, inDriver(bellIsProof)},
		{"over-is-uncertain", "done/over", "A removal is uncertain where the conference is over when it is done, and others were there.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			others := len(members(s.bridge(), cmd.Conference)) > 1
			err := next(ctx, cmd)
			if err == nil && others && cmd.Op == cc.OpRemoveParticipant && len(members(s.bridge(), cmd.Conference)) == 0 {
				return &cc.Error{Kind: cc.ErrUncertain}
			}
			return err
		})},
		{"not-ours-is-uncertain", "done/over-end", "An end is uncertain where the conference is over because everybody has left.", worlds.Everything, answers(cc.OpEnd, func(s *shim, cmd cc.Command, err error) error {
			if r, _ := s.bridge().Look(cmd.Conference); err == nil && r.Cause == fake.EndLastLeft {
				return &cc.Error{Kind: cc.ErrUncertain}
			}
			return err
		})},
		{"own-leg-is-proof", "done/own-leg", "One's own leg being gone is taken for proof of the removal of somebody else.", worlds.FakeGenesys, answers(cc.OpRemoveParticipant, func(s *shim, cmd cc.Command, err error) error {
			for _, m := range members(s.bridge(), cmd.Conference) {
				if m.Leg.Login == fake.Me {
					return err
				}
			}
			if cc.KindOf(err) == cc.ErrUncertain {
				return nil
			}
			return err
		})},
		{"drops-a-late-failure", "done/failure-later", "A failure that is told after the vendor's answer is dropped.", worlds.FakeGenesys, dropsFailure(false)},
		{"drops-an-overtaking-failure", "done/failure-sooner", "A failure that overtakes the vendor's answer is dropped.", worlds.FakeGenesys, dropsFailure(true)},
	}
}

// yesIsDone takes acceptance for proof in conferences of so many.
func yesIsDone(op string, n int) worlds.With {
	return onCommand(func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
		there := len(members(l.bridge(), cmd.Conference))
		r, err := next(ctx, cmd)
		r.Done = cmd.Op == op && there == n
		return r, err
	})
}

// bellIsProof has reads of one participant tell the change that is under way as done once a bell has
// rung for it.
func bellIsProof(l *link) {
	type belief struct {
		change cc.Change
		rung   bool
	}
	var beliefs state[map[cc.ParticipantID]belief]
	beliefs.set(map[cc.ParticipantID]belief{})
	l.command = func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
		r, err := next(ctx, cmd)
		if err == nil {
			beliefs.with(func(m *map[cc.ParticipantID]belief) { (*m)[cmd.Participant] = belief{change: cmd.Change} })
		}
		return r, err
	}
	l.report = func(u provider.Update, next func(provider.Update)) {
		beliefs.with(func(m *map[cc.ParticipantID]belief) {
			for id, b := range *m {
				b.rung = true
				(*m)[id] = b
			}
		})
		next(u)
	}
	l.single = func(_ context.Context, p *cc.Participant, _ *cc.ConferenceID, err error) error {
		beliefs.with(func(m *map[cc.ParticipantID]belief) {
			if b := (*m)[p.ID]; b.rung && b.change.Deaf != cc.Unset {
				p.State.Deaf = b.change.Deaf
			}
		})
		return err
	}
}

// dropsFailure drops failures that come before, or after, the answer to the command.
func dropsFailure(before bool) worlds.With {
	return inDriver(func(l *link) {
		var sent state[bool]
		l.command = func(ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			sent.set(true)
			defer sent.set(false)
			return next(ctx, cmd)
		}
		l.report = func(u provider.Update, next func(provider.Update)) {
			if u.Failure == nil || sent.get() != before {
				next(u)
			}
		}
	})
}
