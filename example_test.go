package callcontrol_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// exampleBridge opens the fake provider and has people join a conference on its bridge.
func exampleBridge(names ...string) (callcontrol.Client, []callcontrol.ParticipantID) {
	client, err := callcontrol.Open(context.Background(), "fake:")
	if err != nil {
		panic(err)
	}
	bridge, _ := callcontrol.As[*fake.Switch](client)
	var ids []callcontrol.ParticipantID
	for _, name := range names {
		member, err := bridge.Join("standup", fake.Leg{Name: name})
		if err != nil {
			panic(err)
		}
		ids = append(ids, member.ID())
	}
	return client, ids
}

// The provider is chosen by configuration alone: "fake:" opens a bridge in memory, and "plivo-mpc:"
// in its place would open an account at that vendor.
func Example() {
	ctx := context.Background()
	client, err := callcontrol.Open(ctx, "fake:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// Stop at the start if this provider cannot do what is needed.
	err = callcontrol.Require(client, callcontrol.Capabilities{
		Others: callcontrol.CanRemove | callcontrol.CanMute,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// The fake's own bridge, on which somebody calls.
	bridge, _ := callcontrol.As[*fake.Switch](client)
	bridge.Join("standup", fake.Leg{Name: "Anna"})
	bridge.Join("standup", fake.Leg{Name: "Ben"})

	conf := client.Conference("standup")
	snapshot, err := conf.Snapshot(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range snapshot.Participants {
		err := conf.SetParticipantState(ctx, p.ID, callcontrol.Change{Mute: callcontrol.On})
		fmt.Println("mute", p.Name, err)
	}
	// Output:
	// mute Anna <nil>
	// mute Ben <nil>
}

func ExampleParseURL() {
	cfg, err := callcontrol.ParseURL("plivo-mpc:?name=support&remove=hangup&secret.PLIVO_AUTH_TOKEN=SUPPORT_TOKEN")
	fmt.Println(cfg.Provider, cfg.Name, cfg.Settings, cfg.Secrets, err)

	_, err = callcontrol.ParseURL("plivo-mpc://me:guess@api.example.com")
	fmt.Println(err)
	// Output:
	// plivo-mpc support map[remove:hangup] map[PLIVO_AUTH_TOKEN:SUPPORT_TOKEN] <nil>
	// ParseURL (plivo-mpc): invalid: a password does not belong in a URL; secrets are named, as in secret.USUAL=OTHER
}

func ExampleRequire() {
	client, err := callcontrol.Open(context.Background(), "fake:?profile=plivo-conference")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	err = callcontrol.Require(client, callcontrol.Capabilities{
		Others: callcontrol.CanMute | callcontrol.CanHold | callcontrol.CanCoach,
	})
	var e *callcontrol.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Missing)
	}
	// Output: unsupported hold,coach
}

// Everybody who waits for a state can say so instead of polling.
func ExampleAwait() {
	ctx := context.Background()
	client, ids := exampleBridge("Anna", "Ben")
	defer client.Close()
	conf := client.Conference("standup")
	if err := conf.RemoveParticipant(ctx, ids[0]); err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := callcontrol.Await(ctx, conf, func(s callcontrol.Snapshot) bool {
		return len(s.Participants) == 1
	})
	fmt.Println(snapshot.Participants[0].Name, err)
	// Output: Ben <nil>
}

// For a select, the events come through a channel.
func ExampleChannel() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, ids := exampleBridge("Anna", "Ben")
	defer client.Close()
	conf := client.Conference("standup")

	events, wait := callcontrol.Channel(ctx, conf)
	for event := range events {
		switch event.Type {
		case callcontrol.Synced:
			fmt.Println("synced,", len(event.Snapshot.Participants), "are there")
			if err := conf.RemoveParticipant(ctx, ids[0]); err != nil {
				fmt.Println(err)
			}
		case callcontrol.Left:
			fmt.Println("left:", event.Participant.Name)
			cancel()
		}
	}
	fmt.Println(callcontrol.KindOf(wait()))
	// Output:
	// synced, 2 are there
	// left: Anna
	// canceled
}

// An audit log of all commands. The log values of commands and errors hide whom they are about.
func ExampleIntercept() {
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	client, ids := exampleBridge("Anna")
	defer client.Close()
	client = callcontrol.Intercept(client, func(ctx context.Context, cmd callcontrol.Command, next func(context.Context) error) error {
		err := next(ctx)
		log.InfoContext(ctx, "command", "command", cmd, "kind", callcontrol.KindOf(err))
		return err
	})
	conf := client.Conference("standup")
	_ = conf.SetParticipantState(ctx, ids[0], callcontrol.Change{Hold: callcontrol.On})
	_ = conf.RemoveParticipant(ctx, "999")
	// Output:
	// msg=command command.op=SetParticipantState command.client=fake command.change="hold=on" kind=""
	// msg=command command.op=RemoveParticipant command.client=fake kind=not-participant
}

// Somebody who is gone already is no failure for one who wants them gone.
func ExampleIgnoreNotFound() {
	ctx := context.Background()
	client, ids := exampleBridge("Anna", "Ben")
	defer client.Close()
	conf := client.Conference("standup")
	for range 2 {
		err := conf.RemoveParticipant(ctx, ids[0])
		fmt.Println(err == nil, callcontrol.IgnoreNotFound(err))
	}
	// Output:
	// true <nil>
	// false <nil>
}

// What an error is about stands in its fields. Its text can be written anywhere.
func ExampleError() {
	client, _ := exampleBridge("Anna")
	defer client.Close()
	err := client.Conference("standup").RemoveParticipant(context.Background(), "999")

	fmt.Println(err)
	fmt.Println(errors.Is(err, callcontrol.ErrNotParticipant), errors.Is(err, callcontrol.ErrConflict))
	var e *callcontrol.Error
	if errors.As(err, &e) {
		fmt.Println(e.Op, e.Conference, e.Participant)
	}
	// Output:
	// RemoveParticipant (fake): not a participant: the conference is live, and the participant is not in it
	// true false
	// RemoveParticipant standup 999
}
