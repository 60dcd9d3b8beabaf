package mutants

import (
	"context"
	"fmt"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/provider"
)

// independenceMutants have one flag taken away when another is: unhold unmutes, and so on for all
// ordered pairs.
func independenceMutants() []Mutant {
	var list []Mutant
	for _, f := range flags() {
		for _, g := range flags() {
			if f == g {
				continue
			}
			list = append(list, Mutant{
				fmt.Sprintf("un%s-un%ss", g, f), fmt.Sprintf("independence/%s-then-%s", f, g),
				fmt.Sprintf("Setting %s off sets %s off, too.", g, f), worlds.Everything, drags(f, g),
			})
		}
	}
	return list
}

func drags(f, g flag) worlds.With {
	return onCommand(func(l *link, ctx context.Context, cmd cc.Command, next send) (provider.Result, error) {
		r, err := next(ctx, cmd)
		if err == nil && *g.of(&cmd.Change) == cc.Off {
			_, _ = l.bridge().Set(cmd.Conference, cmd.Participant, f.to(cc.Off))
		}
		return r, err
	})
}
