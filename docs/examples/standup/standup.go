// Package standup is an application in one function, for showing how an application is tested.
package standup

import (
	"context"

	"github.com/callcontrol-go/callcontrol"
)

// GiveTheFloor lets one participant be heard and mutes everybody else. Whoever has left meanwhile
// needs no muting.
func GiveTheFloor(ctx context.Context, conf callcontrol.Conference, speaker callcontrol.ParticipantID) error {
	snapshot, err := conf.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, p := range snapshot.Participants {
		mute := callcontrol.On
		if p.ID == speaker {
			mute = callcontrol.Off
		}
		err := conf.SetParticipantState(ctx, p.ID, callcontrol.Change{Mute: mute})
		if err := callcontrol.IgnoreNotParticipant(err); err != nil {
			return err
		}
	}
	return nil
}
