package mutants

import (
	"context"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

func concurrencyMutants() []Mutant {
	return []Mutant{
		{"off-does-not-wait", "concurrency/same-participant", "A change that sets mute off does not wait for the one before it.", worlds.Everything, onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
			if cmd.Change == flag("mute").to(cc.Off) {
				cmd.Conference = run(s.bridge(), cmd.Conference) // which this client has not read, and takes for another
			}
			return next(ctx, cmd)
		})},
		{"third-overtaken", "concurrency/order", "The third of several changes lets the fourth go before it.", worlds.Everything, inClient(func(s *shim) {
			var waiting state[int]
			s.command = func(ctx context.Context, cmd cc.Command, next order) error {
				ahead := 0
				waiting.with(func(n *int) { ahead = *n; *n++ })
				defer waiting.with(func(n *int) { *n-- })
				if ahead == 2 && cmd.Op == cc.OpSetParticipantState {
					pause(50 * time.Millisecond)
				}
				return next(ctx, cmd)
			}
		})},
		{"waiting-canceled-late", "concurrency/waiting", "A change that is canceled while it waits for its turn comes back late.", worlds.Everything, comesBackLate(cc.OpSetParticipantState, cc.ErrCanceled)},
		{"removal-waits-for-changes", "concurrency/different", "A removal waits for changes of other people's state.", worlds.Everything, waitsForChanges(cc.OpRemoveParticipant)},
		{"end-waits-for-changes", "concurrency/end", "End waits for changes of people's state.", worlds.Everything, waitsForChanges(cc.OpEnd)},
		{"eighth-is-seventh", "concurrency/many", "What is said of the eighth one is done to the seventh.", worlds.Everything, onCommand(func(_ *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
			if cmd.Participant == "108" {
				cmd.Participant = "107"
			}
			return next(ctx, cmd)
		})},
	}
}

// waitsForChanges has one kind of command wait until no change of state is under way.
func waitsForChanges(op string) worlds.With {
	return inClient(func(s *shim) {
		var changes state[int]
		s.command = func(ctx context.Context, cmd cc.Command, next order) error {
			switch cmd.Op {
			case cc.OpSetParticipantState:
				changes.with(func(n *int) { *n++ })
				defer changes.with(func(n *int) { *n-- })
			case op:
				for changes.get() > 0 {
					pause(10 * time.Millisecond)
				}
			}
			return next(ctx, cmd)
		}
	})
}
