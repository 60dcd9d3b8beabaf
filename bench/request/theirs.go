package request

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/plivo/plivo-go/v7"
	"github.com/twilio/twilio-go"
	transport "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// moved sends what is for the vendor to our server. The libraries write the vendor's host into each
// URL. The request is changed where it is: a copy would be an allocation that is not theirs.
type moved struct {
	scheme, host string
	next         http.RoundTripper
}

func (m *moved) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host, r.Host = m.scheme, m.host, m.host
	return m.next.RoundTrip(r)
}

// move leads to the server by the transport that both libraries have when they are not given one.
func move(to string) (*moved, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	return &moved{scheme: u.Scheme, host: u.Host, next: http.DefaultTransport}, nil
}

type plivoGo struct{ client *plivo.Client }

func openPlivoGo(o opening) (contender, error) {
	m, err := move(o.URL)
	if err != nil {
		return nil, err
	}
	c, err := plivo.NewClient(authID, authToken, &plivo.ClientOptions{
		HttpClient: &http.Client{Transport: m, Timeout: patience}, // its own has that time, too
	})
	return &plivoGo{c}, err
}

func (p *plivoGo) prepare(e exchange, member int) (func() error, error) {
	who := plivo.MultiPartyCallParticipantParams{FriendlyName: "standup", ParticipantId: strconv.Itoa(member)}
	if e == without {
		return func() error { return p.client.MultiPartyCall.KickParticipant(who) }, nil
	}
	on := true
	return func() error {
		_, err := p.client.MultiPartyCall.UpdateParticipant(who, plivo.MultiPartyCallUpdateParticipantParams{Mute: &on})
		return err
	}, nil
}

func (p *plivoGo) close() error { return nil } // there is no such thing

type twilioGo struct{ client *twilio.RestClient }

const twilioAccount = "AC00000000000000000000000000000001"

func openTwilioGo(o opening) (contender, error) {
	m, err := move(o.URL)
	if err != nil {
		return nil, err
	}
	c := &transport.Client{
		Credentials: transport.NewCredentials(twilioAccount, authToken),
		HTTPClient: &http.Client{ // as the library makes it for itself
			Transport: m, Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.SetAccountSid(twilioAccount)
	return &twilioGo{twilio.NewRestClientWithParams(twilio.ClientParams{Client: c})}, nil
}

func (t *twilioGo) prepare(e exchange, member int) (func() error, error) {
	conference, call := "CF00000000000000000000000000000001", fmt.Sprintf("CA%032d", member)
	if e == without {
		return func() error { return t.client.Api.DeleteParticipant(conference, call, nil) }, nil
	}
	on := true
	return func() error {
		_, err := t.client.Api.UpdateParticipant(conference, call, &api.UpdateParticipantParams{Muted: &on})
		return err
	}, nil
}

func (t *twilioGo) close() error { return nil } // there is no such thing
