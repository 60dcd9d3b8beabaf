package mutants

import (
	"context"
	"fmt"
	"iter"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

func capabilityMutants() []Mutant {
	list := []Mutant{
		{"declares-less", "capability/want", "Listing is not declared, though the vendor has it.", worlds.Everything, inDriver(func(l *link) {
			l.declares = func(c cc.Capabilities) cc.Capabilities { c.Conference &^= cc.CanList; return c }
		})},
		{"last-without-remove", "capability/controls", "The last one in a Snapshot is told as nobody who may be removed.", worlds.Everything, onSnapshot(func(_ *shim, told *cc.Snapshot, err error) error {
			if n := len(told.Participants); n > 0 {
				told.Participants[n-1].Controls &^= cc.CanRemove
			}
			return err
		})},
		{"yes-and-nothing", "capability/remove", "Removing the second one to join says yes and does nothing.", worlds.Everything, yesAndNothing(func(_ *shim, cmd cc.Command) bool {
			return cmd.Op == cc.OpRemoveParticipant && cmd.Participant == second
		})},
		{"end-of-four", "capability/end", "Ending a conference of four says yes and does nothing.", worlds.Everything, yesAndNothing(func(s *shim, cmd cc.Command) bool {
			return cmd.Op == cc.OpEnd && len(members(s.bridge(), cmd.Conference)) == 4
		})},
		{"pairs-unlisted", "capability/list", "A conference of two is left out of a listing.", worlds.Everything, onList(func(_ *shim, all []cc.Summary) []cc.Summary {
			return without(all, func(s cc.Summary) bool { return s.Participants == 2 })
		})},
		{"nothing-of-one", "capability/watch", "Events of a conference of one ends without a word.", worlds.Everything, inClient(func(s *shim) {
			s.events = func(id cc.ConferenceID, from stream) stream {
				if len(members(s.bridge(), id)) == 1 {
					return func(func(cc.Event, error) bool) {}
				}
				return from
			}
		})},
		{"missing-nothing", "capability/undeclared", "The refusal of coach, which this vendor never has, does not say what lacks.", worlds.FakePlivoConference, missingNothing()},
		{"missing-nothing-now", "capability/not-now", "The refusal of coach for somebody who is no supervisor does not say what lacks.", worlds.Everything, missingNothing()},
	}
	for _, f := range flags() {
		for _, to := range []cc.Toggle{cc.On, cc.Off} {
			list = append(list, Mutant{
				fmt.Sprintf("%s-%s-mutes-the-sibling", f, to), fmt.Sprintf("capability/%s-%s", f, to),
				fmt.Sprintf("Setting %s %s mutes the second one to join, too.", f, to), worlds.Everything, mutesSibling(f, to),
			})
		}
	}
	return list
}

// yesAndNothing is nil for some commands, without doing them.
func yesAndNothing(when func(*shim, cc.Command) bool) worlds.With {
	return onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
		if when(s, cmd) {
			return nil
		}
		return next(ctx, cmd)
	})
}

// missingNothing takes Missing out of the errors of a change of coach alone.
func missingNothing() worlds.With {
	return answers(cc.OpSetParticipantState, func(_ *shim, cmd cc.Command, err error) error {
		if e, ok := err.(*cc.Error); ok && cmd.Change == flag("coach").to(cc.On) {
			e.Missing = 0
		}
		return err
	})
}

// mutesSibling mutes the second one when a flag of somebody else is set.
func mutesSibling(f flag, to cc.Toggle) worlds.With {
	return onCommand(func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
		r, err := next(ctx, cmd)
		if err == nil && *f.of(&cmd.Change) == to && cmd.Participant != second {
			_, _ = l.bridge().Set(cmd.Conference, second, flag("mute").to(cc.On))
		}
		return r, err
	})
}

// onList is a change to a whole listing that did not fail.
func onList(change func(*shim, []cc.Summary) []cc.Summary) worlds.With {
	return inClient(func(s *shim) {
		s.list = func(ctx context.Context, next func(context.Context) iter.Seq2[cc.Summary, error]) iter.Seq2[cc.Summary, error] {
			return func(yield func(cc.Summary, error) bool) {
				var all []cc.Summary
				for one, err := range next(ctx) {
					if err != nil {
						yield(one, err)
						return
					}
					all = append(all, one)
				}
				for _, one := range change(s, all) {
					if !yield(one, nil) {
						return
					}
				}
			}
		}
	})
}
