package hostile_test

import (
	"context"
	"net/http"
	"time"

	plivogo "github.com/plivo/plivo-go/v7"

	safety "github.com/callcontrol-go/callcontrol/internal/hostile"
	"github.com/callcontrol-go/callcontrol/internal/hostile/ours"
)

// peers are all that are tried, in the order of the table.
func peers() []safety.Peer {
	return append(ours.Peers(),
		safety.Peer{Name: "plivo-go, MPC", Posts: safety.Mute, Deletes: safety.Remove, Vendor: ours.Plivo, Open: openPlivoMPC},
		safety.Peer{Name: "plivo-go, Conference", Posts: safety.Remove, Deletes: safety.End, Vendor: ours.Plivo, Open: openPlivoConference},
		safety.Peer{Name: "twilio-go", Posts: safety.Mute, Deletes: safety.Remove, Vendor: twilioVendor, Open: openTwilio},
		safety.Peer{Name: "go-retryablehttp", Posts: safety.Remove, Deletes: safety.End, Vendor: ours.Plivo, Open: openThin},
	)
}

// connected makes a transport connect as the site's does, and leaves it as it is otherwise.
func connected(t *http.Transport, site safety.Site) *http.Transport {
	t = t.Clone()
	t.DialContext, t.TLSClientConfig, t.Proxy = site.Transport.DialContext, site.Transport.TLSClientConfig, nil
	return t
}

// newPlivo is a plivo-go client, whose HTTP client is as the library makes it.
func newPlivo(site safety.Site) (*plivogo.Client, *http.Transport, error) {
	t := connected(http.DefaultTransport.(*http.Transport), site)
	c, err := plivogo.NewClient(ours.AuthID, ours.AuthToken, &plivogo.ClientOptions{
		HttpClient: &http.Client{Timeout: 10 * time.Second, Transport: t},
	})
	return c, t, err
}

// plivoMPC is plivo-go's MultiPartyCall service.
type plivoMPC struct {
	*plivogo.Client
	transport *http.Transport
}

func openPlivoMPC(site safety.Site) (safety.Client, error) {
	c, t, err := newPlivo(site)
	return plivoMPC{c, t}, err
}

func (c plivoMPC) Snapshot(_ context.Context, room string) error {
	by := plivogo.MultiPartyCallBasicParams{FriendlyName: room}
	if _, err := c.MultiPartyCall.Get(by); err != nil {
		return err
	}
	_, err := c.MultiPartyCall.ListParticipants(by, plivogo.MultiPartyCallListParticipantParams{})
	return err
}

func (c plivoMPC) Remove(_ context.Context, room, person string) error {
	return c.MultiPartyCall.KickParticipant(plivogo.MultiPartyCallParticipantParams{FriendlyName: room, ParticipantId: person})
}

func (c plivoMPC) Mute(_ context.Context, room, person string, on bool) error {
	_, err := c.MultiPartyCall.UpdateParticipant(
		plivogo.MultiPartyCallParticipantParams{FriendlyName: room, ParticipantId: person},
		plivogo.MultiPartyCallUpdateParticipantParams{Mute: &on})
	return err
}

func (c plivoMPC) End(_ context.Context, room string) error {
	return c.MultiPartyCall.Stop(plivogo.MultiPartyCallBasicParams{FriendlyName: room})
}

// Tell finds nothing: the errors have the text of the answer alone.
func (c plivoMPC) Tell(error) safety.Told { return safety.Told{} }

func (c plivoMPC) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// plivoConference is plivo-go's Conference service.
type plivoConference struct{ plivoMPC }

func openPlivoConference(site safety.Site) (safety.Client, error) {
	c, t, err := newPlivo(site)
	return plivoConference{plivoMPC{c, t}}, err
}

func (c plivoConference) Snapshot(_ context.Context, room string) error {
	_, err := c.Conferences.Get(room)
	return err
}

func (c plivoConference) Remove(_ context.Context, room, person string) error {
	_, err := c.Conferences.MemberKick(room, person)
	return err
}

func (c plivoConference) Mute(_ context.Context, room, person string, on bool) error {
	var err error
	if on {
		_, err = c.Conferences.MemberMute(room, person)
	} else {
		_, err = c.Conferences.MemberUnmute(room, person)
	}
	return err
}

func (c plivoConference) End(_ context.Context, room string) error { return c.Conferences.Delete(room) }
