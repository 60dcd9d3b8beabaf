// Package ours has the two drivers of package plivo for the cases of package hostile, and the vendor
// that they, and other clients of Plivo's, are tried against.
package ours

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/internal/hostile"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// The account that the vendor knows.
const (
	AuthID    = plivoserver.DefaultAuthID
	AuthToken = plivoserver.DefaultAuthToken
)

// Basic is the account as it is in the headers of requests.
func Basic() string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(AuthID, AuthToken)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}

// Peers are both drivers.
func Peers() []hostile.Peer {
	return []hostile.Peer{
		{Name: plivo.MPC, Posts: hostile.Mute, Deletes: hostile.Remove, Exact: true, Vendor: Plivo, Open: opener(plivo.NewMPC)},
		{Name: plivo.Conference, Posts: hostile.Remove, Deletes: hostile.End, Exact: true, Vendor: Plivo, Open: opener(plivo.NewConference)},
	}
}

// Plivo is a vendor with a conference of two. Of the forms in which Plivo tells a member_id it has the
// one that every client reads, so that a case about something else is about that alone.
func Plivo() (*hostile.Vendor, error) {
	sw := fake.NewSwitch(fake.Options{})
	server, err := plivoserver.New(sw, plivoserver.Options{Quirks: plivoserver.Quirks{MemberID: plivoserver.MemberIDList}})
	if err != nil {
		return nil, errors.Join(err, sw.Close())
	}
	const room = "standup"
	anna, err := sw.Join(room, fake.Leg{Role: cc.RoleAgent, Rules: &fake.Rules{FirstMember: 20970101}})
	if err != nil {
		return nil, errors.Join(err, sw.Close())
	}
	bob, err := sw.Join(room, fake.Leg{Role: cc.RoleCustomer})
	if err != nil {
		return nil, errors.Join(err, sw.Close())
	}
	return &hostile.Vendor{
		Host: "api.plivo.com", Handler: server, Secret: Basic(),
		Room: room, Person: string(anna.ID()),
		Done: func(op hostile.Op) bool {
			switch op {
			case hostile.Remove:
				return !anna.Present() && bob.Present()
			case hostile.Mute:
				return anna.State().Mute == cc.On && bob.State().Mute == cc.Off
			case hostile.Unmute:
				return anna.State().Mute == cc.Off && bob.State().Mute == cc.Off
			case hostile.End:
				return !anna.Present() && !bob.Present()
			}
			return true
		},
		Refusal: func(status int) string {
			return fmt.Sprintf(`{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","error":"%d it is"}`, status)
		},
		Sample: func(memberID string) string {
			return `{"api_id":"7d0f2a60-1111-11ef-8f2e-0242ac110003","message":"done","member_id":` + memberID + `}`
		},
		Close: sw.Close,
	}, nil
}

func opener(open func(plivo.Options) (cc.Client, error)) func(hostile.Site) (hostile.Client, error) {
	return func(site hostile.Site) (hostile.Client, error) {
		o := plivo.Options{
			AuthID: AuthID, AuthToken: plivo.NewSecret(AuthToken), Rate: 100_000,
			Endpoint: site.URL, Insecure: strings.HasPrefix(site.URL, "http:"),
		}
		if site.Transport != nil {
			o.Transport = site.Transport
		}
		c, err := open(o)
		if err != nil {
			return nil, err
		}
		return client{c}, nil
	}
}

// A client is one of this module's, by the interface that applications use.
type client struct{ cc.Client }

func (c client) Snapshot(ctx context.Context, room string) error {
	_, err := c.Conference(cc.ConferenceID(room)).Snapshot(ctx)
	return err
}

func (c client) Remove(ctx context.Context, room, person string) error {
	return c.Conference(cc.ConferenceID(room)).RemoveParticipant(ctx, cc.ParticipantID(person))
}

func (c client) Mute(ctx context.Context, room, person string, on bool) error {
	change := cc.Change{Mute: cc.Off}
	if on {
		change.Mute = cc.On
	}
	return c.Conference(cc.ConferenceID(room)).SetParticipantState(ctx, cc.ParticipantID(person), change)
}

func (c client) End(ctx context.Context, room string) error {
	return c.Conference(cc.ConferenceID(room)).End(ctx)
}

func (c client) Tell(err error) hostile.Told {
	told := hostile.Told{Uncertain: errors.Is(err, cc.ErrUncertain)}
	var e *cc.Error
	if errors.As(err, &e) {
		told.Status = e.Status
	}
	return told
}
