package request

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// ours is a driver of this library behind the public interface, with its own transport.
type ours struct {
	client    cc.Client
	room      func(member int) cc.ConferenceID
	confirmed bool
	older     bool
}

func openMPC(o opening) (contender, error)                 { return openOurs(o, false, false) }
func openMPCConfirmed(o opening) (contender, error)        { return openOurs(o, false, true) }
func openConference(o opening) (contender, error)          { return openOurs(o, true, false) }
func openConferenceConfirmed(o opening) (contender, error) { return openOurs(o, true, true) }

func openOurs(o opening, older, confirmed bool) (contender, error) {
	options := plivo.Options{
		AuthID: authID, AuthToken: plivo.NewSecret(authToken),
		Endpoint: o.URL, Insecure: strings.HasPrefix(o.URL, "http:"),
		// It counts every request as in production, and never makes one wait.
		Limiter:     httpclient.NewLimiter(4096, time.Millisecond),
		Unconfirmed: !confirmed,
	}
	d := &ours{confirmed: confirmed, older: older, room: func(int) cc.ConferenceID { return "standup" }}
	open := plivo.NewMPC
	if older {
		// Here a member is read with all of its conference: each worker has a conference of three.
		open, d.room = plivo.NewConference, func(member int) cc.ConferenceID { return cc.ConferenceID(roomOf(member)) }
	}
	var err error
	d.client, err = open(options)
	return d, err
}

func (d *ours) prepare(e exchange, member int) (func() error, error) {
	ctx := context.Background() // the library's own time, of 10 s, holds then
	conf, id := d.client.Conference(d.room(member)), cc.ParticipantID(strconv.Itoa(member))
	switch {
	case e == withJSON && d.confirmed:
		// What it remembers to be done it would read instead of sending: each is the contrary of the last.
		muted := false
		return func() error {
			muted = !muted
			return conf.SetParticipantState(ctx, id, cc.Change{Mute: toggle(muted)})
		}, nil
	case e == withJSON:
		return func() error { return conf.SetParticipantState(ctx, id, cc.Change{Mute: cc.On}) }, nil
	case d.confirmed:
		return nil, fmt.Errorf("%q is not measured confirmed", e)
	case d.older: // which removes by a POST
		return func() error { return conf.SetParticipantState(ctx, id, cc.Change{Mute: cc.Off}) }, nil
	}
	return func() error { return conf.RemoveParticipant(ctx, id) }, nil
}

func toggle(b bool) cc.Toggle {
	if b {
		return cc.On
	}
	return cc.Off
}

func (d *ours) close() error { return d.client.Close() }
