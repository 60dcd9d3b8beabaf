package mutants

import (
	"context"
	"fmt"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

func errorMutants() []Mutant {
	list := []Mutant{
		{"error-of-nobody", "errors/shape-participant", "The error of a removal does not say of whom.", worlds.Everything, turns(cc.OpRemoveParticipant, cc.ErrInvalid, func(e *cc.Error) { e.Participant = "" })},
		{"error-of-no-client", "errors/shape-conference", "The error of an end does not say which client's.", worlds.Everything, turns(cc.OpEnd, cc.ErrInvalid, func(e *cc.Error) { e.Client = "" })},
		{"error-with-a-name", "errors/private", "The text of a removal's uncertainty names the conference.", worlds.Everything, answers(cc.OpRemoveParticipant, func(_ *shim, cmd cc.Command, err error) error {
			if cc.KindOf(err) == cc.ErrUncertain {
				return fmt.Errorf("%w: %s", err, string(cmd.Conference))
			}
			return err
		})},
		{"rate-is-unavailable", "errors/rate-limited", "A removal that the vendor refuses for its rate is told as a vendor that is not there.", worlds.Everything, turns(cc.OpRemoveParticipant, cc.ErrRateLimited, into(cc.ErrUnavailable))},
		{"mute-forbidden-is-conflict", "errors/refused-set", "A change of mute that the vendor forbids is told as a conflict.", worlds.Everything, answers(cc.OpSetParticipantState, func(_ *shim, cmd cc.Command, err error) error {
			if cmd.Change != flag("mute").to(cc.On) {
				return err
			}
			return turned(err, cc.ErrForbidden, into(cc.ErrConflict))
		})},
		{"conflict-not-looked-at", "errors/conflict-but-so", "A conflict is told without looking whether the state is as asked.", worlds.Everything, onCommand(func(_ *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			r, err := next(ctx, cmd)
			if cmd.Op == cc.OpSetParticipantState {
				err = turned(err, cc.ErrConflict, into(cc.ErrInvalid))
			}
			return r, err
		})},
	}
	for _, kind := range []cc.Kind{cc.ErrInvalid, cc.ErrUnauthenticated, cc.ErrForbidden, cc.ErrUnsupported, cc.ErrConflict} {
		list = append(list, Mutant{
			kind.Error() + "-sent-again", "errors/refuse-" + kind.Error(),
			fmt.Sprintf("A removal that the vendor refuses as %s is sent again.", kind.Error()), worlds.Everything,
			onOrder(func(_ *shim, ctx context.Context, cmd cc.Command, next order) error {
				err := next(ctx, cmd)
				if cmd.Op == cc.OpRemoveParticipant && cc.KindOf(err) == kind {
					err = next(ctx, cmd)
				}
				return err
			}),
		})
	}
	return list
}
