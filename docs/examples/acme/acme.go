// Package acme is a driver as a stranger would write one, for a vendor that there is not. Acme's API
// is four requests:
//
//	GET    /v1/account                             {"account":"a-1"}
//	GET    /v1/rooms/{room}                        {"room":"standup","run":"r7","people":[{"id":"15","call":"c-1","muted":false}]}
//	PUT    /v1/rooms/{room}/people/{person}/muted  true or false
//	DELETE /v1/rooms/{room}/people/{person}
//
// A room is named, or one run of it is, for good: /v1/runs/{run} in place of /v1/rooms/{room}.
// docs/drivers.md walks through it.
package acme

import (
	"context"
	"net/http"
	"strings"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

func init() { callcontrol.Register("acme", open) }

type driver struct {
	provider.Unimplemented
	http *httpclient.Client
}

// open makes a client by a configuration. It makes no request.
func open(ctx context.Context, cfg callcontrol.Config) (callcontrol.Client, error) {
	if err := cfg.UnknownSettings(); err != nil {
		return nil, err
	}
	endpoint, err := cfg.EndpointURL("https://api.acme.example")
	if err != nil {
		return nil, err
	}
	token, err := cfg.SecretValue(ctx, "ACME_TOKEN")
	if err != nil {
		return nil, err
	}
	client, err := httpclient.New(httpclient.Options{
		Base: endpoint.String(), Insecure: endpoint.Scheme == "http",
		Provider: cfg.Provider, Name: cfg.Name, Transport: cfg.Transport, Logger: cfg.Logger,
		Authorize: func(_ context.Context, h http.Header) error {
			h.Set("Authorization", "Bearer "+token)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return provider.New(&driver{http: client}, provider.Options{Config: cfg})
}

func (d *driver) Name() string { return "acme" }

func (d *driver) Capabilities() callcontrol.Capabilities {
	return callcontrol.Capabilities{
		Conference: callcontrol.CanWatch,
		Others:     callcontrol.CanRemove | callcontrol.CanMute,
		Removed:    callcontrol.FateHangsUp,
	}
}

// instance is what an id of a run begins with: a form that no name can have.
const instance = "run:"

// CheckConference takes names, and the ids of runs.
func (d *driver) CheckConference(c callcontrol.ConferenceID) error {
	return provider.CheckName(strings.TrimPrefix(string(c), instance))
}

// place is where a room is. Each element becomes one segment of the path, whatever is in it.
func place(c callcontrol.ConferenceID, more ...string) []string {
	if run, ok := strings.CutPrefix(string(c), instance); ok {
		return append([]string{"v1", "runs", run}, more...)
	}
	return append([]string{"v1", "rooms", string(c)}, more...)
}

// CheckParticipant knows that Acme numbers people. What it refuses is never sent.
func (d *driver) CheckParticipant(p callcontrol.ParticipantID) error {
	return provider.CheckNumber(string(p), 20)
}

func (d *driver) Snapshot(ctx context.Context, c callcontrol.ConferenceID) (provider.Snapshot, error) {
	var room struct {
		Room, Run string
		People    []struct {
			ID, Call string
			Muted    bool
		}
	}
	_, err := d.http.Do(ctx, httpclient.Request{
		Op: callcontrol.OpSnapshot, Class: httpclient.Read,
		Method: http.MethodGet, Path: place(c),
	}, &room)
	if err != nil {
		return provider.Snapshot{}, err
	}
	if room.Room == "" || room.Run == "" || room.People == nil {
		// An answer that lacks what it is about is no proof that nobody is there.
		return provider.Snapshot{}, &callcontrol.Error{Kind: callcontrol.ErrUnavailable, Err: callcontrol.Detail("an unreadable answer")}
	}
	var s provider.Snapshot
	s.Conference = callcontrol.ConferenceID(room.Room)
	s.Instance = callcontrol.ConferenceID(instance + room.Run)
	for _, p := range room.People {
		mute := callcontrol.Off
		if p.Muted {
			mute = callcontrol.On
		}
		s.Participants = append(s.Participants, callcontrol.Participant{
			ID: callcontrol.ParticipantID(p.ID), CallID: p.Call,
			State:    callcontrol.ParticipantState{Mute: mute},
			Controls: callcontrol.CanRemove | callcontrol.CanMute,
		})
	}
	return s, nil
}

func (d *driver) SetState(ctx context.Context, c callcontrol.ConferenceID, p callcontrol.ParticipantID, change callcontrol.Change) (provider.Result, error) {
	_, err := d.http.Do(ctx, httpclient.Request{
		Op: callcontrol.OpSetParticipantState, Class: httpclient.Absolute,
		Method: http.MethodPut, Path: place(c, "people", string(p), "muted"),
		Body: change.Mute == callcontrol.On,
	}, nil)
	return provider.Result{}, err
}

func (d *driver) Remove(ctx context.Context, c callcontrol.ConferenceID, p callcontrol.ParticipantID) (provider.Result, error) {
	_, err := d.http.Do(ctx, httpclient.Request{
		Op: callcontrol.OpRemoveParticipant, Class: httpclient.Absolute,
		Method: http.MethodDelete, Path: place(c, "people", string(p)),
	}, nil)
	return provider.Result{}, err
}

// Check asks for something that every account has.
func (d *driver) Check(ctx context.Context) error {
	_, err := d.http.Do(ctx, httpclient.Request{
		Op: callcontrol.OpCheck, Class: httpclient.Read,
		Method: http.MethodGet, Path: []string{"v1", "account"},
	}, nil)
	return err
}

func (d *driver) Close() error { return d.http.Close() }
