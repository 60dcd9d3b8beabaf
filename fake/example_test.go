package fake_test

import (
	"context"
	"fmt"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// moderate is an application's own code: it knows only callcontrol.
func moderate(ctx context.Context, client callcontrol.Client, name callcontrol.ConferenceID) error {
	standup := client.Conference(name)
	snapshot, err := standup.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, p := range snapshot.Participants {
		if p.Role == callcontrol.RoleCustomer {
			err := standup.SetParticipantState(ctx, p.ID, callcontrol.Change{Mute: callcontrol.On})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// An application tests itself against a bridge in memory: people join, its own code acts, and the
// members tell what truly became of them.
func Example() {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	client, err := sw.Client(fake.Everything())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	agent, _ := sw.Join("standup", fake.Leg{Name: "Anna", Role: callcontrol.RoleAgent})
	customer, _ := sw.Join("standup", fake.Leg{Name: "Ben", Role: callcontrol.RoleCustomer})
	if err := moderate(context.Background(), client, "standup"); err != nil {
		fmt.Println(err)
	}
	fmt.Println("agent is heard:", customer.Hears(agent))
	fmt.Println("customer is heard:", agent.Hears(customer))
	// Output:
	// agent is heard: true
	// customer is heard: false
}

// A fault shows what an application does when the answer to a command is lost. Here the command was
// done, and the client finds out by reading.
func ExampleSwitch_Inject() {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	client, err := sw.Client(fake.PlivoMPC())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	anna, _ := sw.Join("standup", fake.Leg{})
	_, _ = sw.Join("standup", fake.Leg{})

	sw.Inject(fake.Fault{Op: fake.OpRemove, What: fake.LoseAfter, Times: 1})
	err = client.Conference("standup").RemoveParticipant(context.Background(), anna.ID())
	commands, _ := sw.Requests()
	fmt.Println(err, anna.Present(), commands)
	// Output: <nil> false 1
}
