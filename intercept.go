package callcontrol

import (
	"context"
	"fmt"
	"log/slog"
)

// A Command is one order to a conference, as an interceptor sees it.
//
// JSON and the verbs %v and %+v carry the ids in full; %#v and its log value hide them.
type Command struct {
	Op          string        `json:"op"`     // OpRemoveParticipant, OpSetParticipantState or OpEnd
	Client      string        `json:"client"` // Client.Name
	Conference  ConferenceID  `json:"conference"`
	Participant ParticipantID `json:"participant,omitempty"` // empty for OpEnd
	Change      Change        `json:"change,omitzero"`       // for OpSetParticipantState
}

// Intercept wraps a client so that every command of every conference passes through f, which may
// look, refuse, delay, or do something before and after. next does the command; f gives it the
// context to do it with, and what f returns is what the caller gets. f is called for every call of a
// command, before its arguments are checked, in the caller's goroutine and from several of them at a
// time. An f that calls next more than once repeats the command.
//
// Reads, events and everything of the client itself go to c unchanged. As passes through untouched:
// what a vendor's own handle does is not a Command. Interceptors nest, the outermost being asked
// first. With c or f nil the result is c.
func Intercept(c Client, f func(ctx context.Context, cmd Command, next func(context.Context) error) error) Client {
	if c == nil || f == nil {
		return c
	}
	return &interceptedClient{Client: c, f: f}
}

type interceptor = func(context.Context, Command, func(context.Context) error) error

type interceptedClient struct {
	Client
	f interceptor
}

func (c *interceptedClient) Conference(id ConferenceID) Conference {
	return &interceptedConference{Conference: c.Client.Conference(id), client: c}
}

type interceptedConference struct {
	Conference
	client *interceptedClient
}

func (c *interceptedConference) RemoveParticipant(ctx context.Context, id ParticipantID) error {
	return c.do(ctx, Command{Op: OpRemoveParticipant, Participant: id}, func(ctx context.Context) error {
		return c.Conference.RemoveParticipant(ctx, id)
	})
}

func (c *interceptedConference) SetParticipantState(ctx context.Context, id ParticipantID, change Change) error {
	return c.do(ctx, Command{Op: OpSetParticipantState, Participant: id, Change: change}, func(ctx context.Context) error {
		return c.Conference.SetParticipantState(ctx, id, change)
	})
}

func (c *interceptedConference) End(ctx context.Context) error {
	return c.do(ctx, Command{Op: OpEnd}, c.Conference.End)
}

func (c *interceptedConference) do(ctx context.Context, cmd Command, next func(context.Context) error) error {
	cmd.Client = c.client.Name()
	cmd.Conference = c.ID()
	return c.client.f(ctx, cmd, next)
}

// The wrappers show no more of what they wrap than its name.

func (c *interceptedClient) String() string { return "intercepted " + label(c.Provider(), "client") }

func (c *interceptedClient) Format(f fmt.State, verb rune) { format(f, verb, c.String(), c.String()) }

func (c *interceptedClient) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c *interceptedConference) String() string { return c.client.String() + " conference" }

func (c *interceptedConference) Format(f fmt.State, verb rune) {
	format(f, verb, c.String(), c.String())
}

func (c *interceptedConference) LogValue() slog.Value { return slog.StringValue(c.String()) }
