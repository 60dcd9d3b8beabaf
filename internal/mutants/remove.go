package mutants

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

// removeMutants break the rules about removing somebody and about ending a conference.
func removeMutants() []Mutant {
	return []Mutant{
		{"remove-ends-the-call", "remove/others", "Removing somebody from a conference of four ends it.", worlds.Everything, onCommand(func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			four := len(members(l.bridge(), cmd.Conference)) == 4
			r, err := next(ctx, cmd)
			if err == nil && four && cmd.Op == cc.OpRemoveParticipant {
				_, _ = l.bridge().End(cmd.Conference, fake.HangUp)
			}
			return r, err
		})},
		{"absent-is-over", "remove/absent", "Removing somebody who is not there is told as a conference that is not.", worlds.Everything, inClient(func(s *shim) {
			var ours state[bool]
			s.command = func(ctx context.Context, cmd cc.Command, next order) error {
				err := next(ctx, cmd)
				if err == nil {
					ours.set(true)
				}
				if cmd.Op == cc.OpRemoveParticipant && !ours.get() {
					err = turned(err, cc.ErrNotParticipant, into(cc.ErrNotFound))
				}
				return err
			}
		})},
		{"remove-again-is-nil", "remove/again", "Removing somebody whom this client has removed is nil.", worlds.Everything, again(cc.OpRemoveParticipant)},
		{"last-is-uncertain", "remove/last", "Removing the last one present is uncertain, since the conference is over then.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			last := len(members(s.bridge(), cmd.Conference)) == 1
			err := next(ctx, cmd)
			if err == nil && last && cmd.Op == cc.OpRemoveParticipant {
				return &cc.Error{Kind: cc.ErrUncertain}
			}
			return err
		})},
		{"removed-is-hung-up", "remove/fate", "Whoever is removed is hung up, where their call was to go on.", worlds.FakePlivoConference, onCommand(func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			who, _ := member(l.bridge(), cmd.Conference, cmd.Participant)
			r, err := next(ctx, cmd)
			if _, there := member(l.bridge(), cmd.Conference, cmd.Participant); !there && cmd.Op == cc.OpRemoveParticipant {
				_ = l.bridge().HangUpCall(who.CallID)
			}
			return r, err
		})},
		{"end-leaves-one", "end/everybody", "The end of a conference of three, by a client that has done nothing before, leaves one in it.", worlds.Everything, inClient(func(s *shim) {
			var begun state[bool]
			s.events = func(_ cc.ConferenceID, from stream) stream { begun.set(true); return from }
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				begun.set(true)
				return next(ctx, id)
			}
			s.command = func(ctx context.Context, cmd cc.Command, next order) error {
				there := members(s.bridge(), cmd.Conference)
				if cmd.Op != cc.OpEnd || len(there) != 3 || begun.get() {
					begun.set(true)
					return next(ctx, cmd)
				}
				for _, m := range there[1:] {
					_, _ = s.bridge().Remove(cmd.Conference, m.ID, fake.HangUp)
				}
				return nil
			}
		})},
		{"ended-goes-on", "end/fate", "The calls of a conference of two that was ended go on, where they were to be hung up.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			_, limited := ctx.Deadline()
			if cmd.Op != cc.OpEnd || limited || len(members(s.bridge(), cmd.Conference)) != 2 {
				return next(ctx, cmd)
			}
			_, _ = s.bridge().End(cmd.Conference, fake.GoOn)
			return cc.IgnoreNotFound(next(ctx, cmd))
		})},
		{"end-again-is-nil", "end/again", "Ending a conference that this client has ended is nil.", worlds.Everything, again(cc.OpEnd)},
		{"end-ends-all", "end/elsewhere", "Ending a conference ends every other one, too.", worlds.Everything, answers(cc.OpEnd, func(s *shim, _ cc.Command, err error) error {
			if err == nil {
				for _, r := range s.bridge().Rooms() {
					_, _ = s.bridge().End(r.Instance, fake.HangUp)
				}
			}
			return err
		})},
	}
}

// again has a command that was done be nil when it is given again.
func again(op string) worlds.With {
	return inClient(func(s *shim) {
		var done state[cc.Command]
		s.command = func(ctx context.Context, cmd cc.Command, next order) error {
			err := next(ctx, cmd)
			if cmd.Op == op && cmd == done.get() {
				return cc.IgnoreNotFound(err)
			}
			if err == nil {
				done.set(cmd)
			}
			return err
		}
	})
}

func notFoundMutants() []Mutant {
	return []Mutant{
		{"over-is-absent", "not-found/remove", "Removing somebody of a conference that is over is told as somebody who is not there.", worlds.Everything, overTurns(cc.OpRemoveParticipant, cc.ErrNotParticipant)},
		{"over-is-conflict-at-change", "not-found/set", "Setting a state in a conference that is over is a conflict.", worlds.Everything, overTurns(cc.OpSetParticipantState, cc.ErrConflict)},
		{"over-is-conflict-at-end", "not-found/end", "Ending a conference that is over is a conflict for a client that has done nothing before.", worlds.Everything, inClient(func(s *shim) {
			var used state[bool]
			s.command = func(ctx context.Context, cmd cc.Command, next order) error {
				err := next(ctx, cmd)
				if cmd.Op == cc.OpEnd && !used.get() && s.named(cmd.Conference) {
					err = turned(err, cc.ErrNotFound, into(cc.ErrConflict))
				}
				if err == nil {
					used.set(true)
				}
				return err
			}
		})},
		{"over-is-unavailable", "not-found/snapshot", "A Snapshot by name of a conference that is over is told as a vendor that is not there.", worlds.Everything, inClient(func(s *shim) {
			s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
				told, err := next(ctx, id)
				if s.named(id) {
					err = turned(err, cc.ErrNotFound, into(cc.ErrUnavailable))
				}
				return told, err
			}
		})},
		{"reason-lost", "not-found/told-apart", "Why it could not be told apart who is not there is left out of the error.", worlds.PlivoMPC, turns(cc.OpRemoveParticipant, cc.ErrNotFound, func(e *cc.Error) { e.Err = nil })},
	}
}

// overTurns gives the ErrNotFound of a command by name another kind.
func overTurns(op string, kind cc.Kind) worlds.With {
	return answers(op, func(s *shim, cmd cc.Command, err error) error {
		if !s.named(cmd.Conference) {
			return err
		}
		return turned(err, cc.ErrNotFound, into(kind))
	})
}

// named tells whether an id is not the Instance of any run.
func (s *shim) named(id cc.ConferenceID) bool { return id == "" || run(s.bridge(), id) != id }
