package callcontrol_test

import (
	"context"
	"iter"
	"slices"

	cc "github.com/callcontrol-go/callcontrol"
)

// A stubClient is a client of fixed answers. It writes down the commands that reach it.
type stubClient struct {
	name, provider string
	caps           cc.Capabilities
	snapshot       cc.Snapshot
	events         func(ctx context.Context, yield func(cc.Event, error) bool)
	fail           error    // of commands
	done           []string // commands
	notified       []cc.ConferenceID
	closed         int
	vendor         string // what As yields for a string
}

func (c *stubClient) Name() string                                { return c.name }
func (c *stubClient) Provider() string                            { return c.provider }
func (c *stubClient) Capabilities() cc.Capabilities               { return c.caps }
func (c *stubClient) Conference(id cc.ConferenceID) cc.Conference { return stubConference{c, id} }
func (c *stubClient) Check(context.Context) error                 { return c.fail }
func (c *stubClient) Notify(ids ...cc.ConferenceID)               { c.notified = append(c.notified, ids...) }
func (c *stubClient) Close() error                                { c.closed++; return nil }

func (c *stubClient) Conferences(context.Context) iter.Seq2[cc.Summary, error] {
	return func(yield func(cc.Summary, error) bool) {
		yield(cc.Summary{Conference: c.snapshot.Conference, Participants: len(c.snapshot.Participants)}, nil)
	}
}

func (c *stubClient) As(target any) bool {
	s, ok := target.(*string)
	if ok && c.vendor != "" {
		*s = c.vendor
	}
	return ok && c.vendor != ""
}

type stubConference struct {
	client *stubClient
	id     cc.ConferenceID
}

func (c stubConference) ID() cc.ConferenceID { return c.id }
func (c stubConference) As(target any) bool  { return c.client.As(target) }

func (c stubConference) Snapshot(context.Context) (cc.Snapshot, error) {
	return c.client.snapshot, c.client.fail
}

func (c stubConference) RemoveParticipant(_ context.Context, id cc.ParticipantID) error {
	return c.do("remove " + string(id))
}

func (c stubConference) SetParticipantState(_ context.Context, id cc.ParticipantID, change cc.Change) error {
	return c.do("set " + string(id) + " " + change.String())
}

func (c stubConference) End(context.Context) error { return c.do("end") }

func (c stubConference) do(what string) error {
	c.client.done = append(c.client.done, string(c.id)+": "+what)
	return c.client.fail
}

func (c stubConference) Events(ctx context.Context) iter.Seq2[cc.Event, error] {
	return func(yield func(cc.Event, error) bool) { c.client.events(ctx, yield) }
}

// told gives these events and then, unless the last is ended, waits for ctx.
func told(events ...cc.Event) func(context.Context, func(cc.Event, error) bool) {
	return func(ctx context.Context, yield func(cc.Event, error) bool) {
		for e := range slices.Values(events) {
			if !yield(e, nil) || e.Type == cc.Ended {
				return
			}
		}
		<-ctx.Done()
		yield(cc.Event{}, &cc.Error{Op: cc.OpEvents, Kind: cc.ErrCanceled, Err: ctx.Err()})
	}
}

// people is a snapshot of that many.
func people(ids ...cc.ParticipantID) cc.Snapshot {
	s := cc.Snapshot{Conference: "standup", Instance: "uuid:1"}
	for _, id := range ids {
		s.Participants = append(s.Participants, cc.Participant{ID: id})
	}
	return s
}
