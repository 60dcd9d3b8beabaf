// Package snippets holds the fragments of Go that README.md and docs show, so that they are compiled,
// and run by a test, like everything else. Another test compares the two.
package snippets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/genesys"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// Follow prints what happens on a conference until it is over.
func Follow(ctx context.Context, w io.Writer, conf callcontrol.Conference) error {
	for event, err := range conf.Events(ctx) {
		if err != nil {
			return err // not found, not let in, closed, or ctx is over: nothing more will come
		}
		switch event.Type {
		case callcontrol.Synced:
			fmt.Fprintln(w, "on it now:", len(event.Snapshot.Participants))
		case callcontrol.Joined, callcontrol.Changed, callcontrol.Left:
			fmt.Fprintln(w, event.Type, event.Participant.ID, event.Participant.State)
		case callcontrol.Stale:
			fmt.Fprintln(w, "not up to date:", event.Err)
		case callcontrol.Ended:
			fmt.Fprintln(w, "over:", event.Reason)
		}
	}
	return nil
}

// Remove takes somebody off a conference, and says what to do next where that has failed.
func Remove(ctx context.Context, conf callcontrol.Conference, id callcontrol.ParticipantID) (next string, err error) {
	err = conf.RemoveParticipant(ctx, id)
	switch callcontrol.KindOf(err) {
	case 0, callcontrol.ErrNotParticipant:
		return "nothing", nil // gone, or was not there: the same to this program
	case callcontrol.ErrRateLimited, callcontrol.ErrUnavailable:
		return "try again", err // certainly not done
	case callcontrol.ErrUncertain:
		return "look, then decide", err // may have been done
	}
	return "give up", err
}

// Open opens an account of a provider by a configuration that a loader could have filled.
func Open(ctx context.Context) (callcontrol.Client, error) {
	return callcontrol.OpenConfig(ctx, callcontrol.Config{
		Name:     "berlin",
		Provider: "plivo-mpc",
		Settings: map[string]string{"remove": "hangup", "rate": "150"},
		Secrets:  map[string]string{"PLIVO_AUTH_TOKEN": "BERLIN_PLIVO_TOKEN"}, // another name, not the secret
		Secret:   secret,
		Logger:   slog.Default(),
	})
}

// Listening opens an account whose callbacks come to this program, and mounts their handler. Nothing in
// it names the vendor but the configuration.
func Listening(ctx context.Context, cfg callcontrol.Config, mux *http.ServeMux, others func(callcontrol.ConferenceID)) (callcontrol.Client, error) {
	cfg.PublicURL = "https://hooks.example.net" // the origin that the provider was given, not what a proxy makes of it
	cfg.Notified = others                       // has the other replicas call Client.Notify
	client, err := callcontrol.OpenConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if callbacks, ok := callcontrol.As[http.Handler](client); ok {
		mux.Handle("/callbacks/", callbacks)
	}
	return client, nil
}

// secret finds secrets where the platform puts them; without it they are looked up in the environment.
func secret(_ context.Context, name string) (string, error) {
	value, err := os.ReadFile("/run/secrets/" + name)
	return string(value), err
}

// OverTheWire opens the driver of production in front of a bridge of a test. close releases both.
func OverTheWire(ctx context.Context, sw *fake.Switch) (opened callcontrol.Client, close func() error, err error) {
	server, err := plivoserver.New(sw, plivoserver.Options{})
	if err != nil {
		return nil, nil, err
	}
	endpoint, err := server.Start(plivoserver.Pipe)
	if err != nil {
		return nil, nil, err
	}
	secrets := map[string]string{"PLIVO_AUTH_ID": server.AuthID(), "PLIVO_AUTH_TOKEN": server.AuthToken()}
	client, err := callcontrol.OpenConfig(ctx, callcontrol.Config{
		Provider:  "plivo-mpc",
		Endpoint:  endpoint.URL(),
		Settings:  map[string]string{"insecure": "true"}, // no TLS here
		Secret:    func(_ context.Context, name string) (string, error) { return secrets[name], nil },
		Transport: endpoint.Transport(),
	})
	if err != nil {
		return nil, nil, errors.Join(err, endpoint.Close())
	}
	return client, func() error { return errors.Join(client.Close(), endpoint.Close()) }, nil
}

// OpenAgent opens the login of one agent.
func OpenAgent(ctx context.Context, agent string, secret func(context.Context, string) (string, error)) (callcontrol.Client, error) {
	return callcontrol.OpenConfig(ctx, callcontrol.Config{
		Name:     agent, // each agent has a client
		Provider: "genesys",
		Endpoint: "https://gws.example.com:8090",
		Settings: map[string]string{"user": agent},
		Secrets:  map[string]string{"GENESYS_PASSWORD": agent + "_PASSWORD"}, // another name, not the secret
		Secret:   secret,
	})
}

// MuteMyself mutes the leg of whose session it is, which is all that some sessions can mute.
func MuteMyself(ctx context.Context, conf callcontrol.Conference) error {
	snapshot, err := conf.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, p := range snapshot.Participants {
		if p.Self {
			return conf.SetParticipantState(ctx, p.ID, callcontrol.Change{Mute: callcontrol.On})
		}
	}
	return callcontrol.ErrNotParticipant
}

// AgentOverTheWire opens the login of an agent in front of a bridge of a test. close releases what was
// opened.
func AgentOverTheWire(sw *fake.Switch) (agent *genesysserver.Agent, opened callcontrol.Client, close func() error, err error) {
	server, err := genesysserver.New(sw, genesysserver.Options{})
	if err != nil {
		return nil, nil, nil, err
	}
	endpoint, err := server.Start(genesysserver.Pipe)
	if err != nil {
		return nil, nil, nil, errors.Join(err, server.Close())
	}
	stop := func() error { return errors.Join(endpoint.Close(), server.Close()) }
	agent, err = server.AddAgent(genesysserver.AgentOptions{User: "agent7", DN: "7107"})
	if err != nil {
		return nil, nil, nil, errors.Join(err, stop())
	}
	client, err := genesys.New(genesys.Options{
		Endpoint:  endpoint.URL(),
		Insecure:  true, // no TLS here
		User:      agent.User(),
		Password:  genesys.NewSecret(agent.Password()),
		Transport: endpoint.Transport(),
	})
	if err != nil {
		return nil, nil, nil, errors.Join(err, stop())
	}
	return agent, client, func() error { return errors.Join(client.Close(), stop()) }, nil
}

// Activate starts a room in which everybody waits, at a provider that has such rooms.
func Activate(ctx context.Context, conf callcontrol.Conference) error {
	room, ok := callcontrol.As[*plivo.Room](conf)
	if !ok {
		return nil // nobody waits here
	}
	return room.Activate(ctx)
}

// Audited writes a line for each command. The line holds no number, no name and no id.
func Audited(client callcontrol.Client, log *slog.Logger) callcontrol.Client {
	return callcontrol.Intercept(client, func(ctx context.Context, cmd callcontrol.Command, next func(context.Context) error) error {
		err := next(ctx)
		log.InfoContext(ctx, "conference command", "command", cmd, "error", err)
		return err
	})
}
