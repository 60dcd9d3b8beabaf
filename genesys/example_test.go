package genesys_test

import (
	"context"
	"fmt"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// An agent takes somebody off each of its calls, by what the session may do at this moment.
func ExampleNew() {
	client, err := genesys.New(genesys.Options{
		Endpoint: "https://gws.example.com:8090",
		User:     "agent7",
		Password: genesys.NewSecret("from a vault"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	remove := func(ctx context.Context, id cc.ConferenceID, number cc.ParticipantID) error {
		s, err := client.Conference(id).Snapshot(ctx)
		if err != nil {
			return err
		}
		if p, ok := s.Participant(number); !ok || !p.Controls.Has(cc.CanRemove) {
			return cc.ErrForbidden
		}
		return client.Conference(s.Instance).RemoveParticipant(ctx, number)
	}
	_ = remove
	fmt.Println(client.Provider(), client.Capabilities().SessionOnly)
	// Output: genesys true
}
