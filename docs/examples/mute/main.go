// Command mute mutes one participant of one conference, at whichever provider CALLCONTROL_URL names.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/callcontrol-go/callcontrol"
	_ "github.com/callcontrol-go/callcontrol/provider/all"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mute CONFERENCE PARTICIPANT")
		os.Exit(2)
	}
	conference, participant := callcontrol.ConferenceID(os.Args[1]), callcontrol.ParticipantID(os.Args[2])
	if err := mute(context.Background(), conference, participant); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func mute(ctx context.Context, conference callcontrol.ConferenceID, participant callcontrol.ParticipantID) error {
	client, err := callcontrol.Open(ctx, os.Getenv("CALLCONTROL_URL")) // such as "plivo-mpc:"
	if err != nil {
		return err
	}
	defer client.Close()

	// Do not even start on a provider that cannot do what this program is for.
	if err := callcontrol.Require(client, callcontrol.Capabilities{Others: callcontrol.CanMute}); err != nil {
		return err
	}

	// Nil means that it has happened. Anything else says what may have happened.
	return client.Conference(conference).SetParticipantState(ctx, participant, callcontrol.Change{Mute: callcontrol.On})
}
