package plivo_test

import (
	"context"
	"fmt"
	"log"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// What only Plivo has is reached through As: here an agent is dialled into a room.
func ExampleRoom() {
	ctx := context.Background()
	sw := fake.NewSwitch(fake.Options{}) // in place of the telephone network
	defer sw.Close()
	server, err := plivoserver.New(sw, plivoserver.Options{}) // in place of Plivo
	if err != nil {
		log.Fatal(err)
	}
	endpoint, err := server.Start(plivoserver.Pipe)
	if err != nil {
		log.Fatal(err)
	}
	defer endpoint.Close()

	client, err := plivo.NewMPC(plivo.Options{
		AuthID: server.AuthID(), AuthToken: plivo.NewSecret(server.AuthToken()),
		Endpoint: endpoint.URL(), Insecure: true, Transport: endpoint.Transport(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	conference := client.Conference("support")
	room, ok := cc.As[*plivo.Room](conference)
	if !ok {
		log.Fatal("not a multiparty call of Plivo's")
	}
	added, err := room.AddParticipant(ctx, plivo.Invitation{
		Role: cc.RoleAgent, From: "+15550100", To: []string{"+15550101"}, StayAlone: cc.On,
	})
	if err != nil {
		log.Fatal(err)
	}
	if agent, ok := sw.Find(added.Calls[0].CallUUID); ok {
		_ = agent.Answer()
	}

	snapshot, err := conference.Snapshot(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range snapshot.Participants {
		fmt.Println(p.Role, p.CallID == added.Calls[0].CallUUID)
	}
	// Output: agent true
}
