package genesys

import (
	"net/http"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/callcontrol-go/callcontrol/provider"
)

// NewDriver makes the driver alone.
func NewDriver(o Options) (provider.Driver, error) {
	d, err := newDriver(o)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// A Heard is what the driver takes from a notification.
type Heard struct {
	Conference cc.ConferenceID
	Failure    *cc.Error
	Device     string
	Record     *CallRecord
}

// Hear reads a notification.
func Hear(data []byte) Heard {
	m := decodeMessage(data)
	h := Heard{Conference: m.conference(), Device: m.about, Record: m.record}
	if m.failure {
		h.Failure = m.err()
	}
	return h
}

// Explain reads an error answer.
func Explain(status int, body []byte) (cc.Kind, string, string) {
	return explain(status, http.Header{}, body)
}

// Refused is the error of a 2xx.
func Refused(body []byte, read bool) error {
	if e := judge(body).refused(read); e != nil {
		return e
	}
	return nil
}

// Foreign and Over tell what a refusal is about.
func Foreign(status int, body []byte) bool { return foreign(status, body) }
func Over(status int, body []byte) bool    { return over(status, body) }

// HasMembership tells whether the list of participants can be relied upon.
func (c CallRecord) HasMembership() bool { return c.membership }

// Live and Monitored tell what kind of call it is.
func (c CallRecord) Live() bool      { return c.live() }
func (c CallRecord) Monitored() bool { return c.monitored() }

// ToldOf is what is reported of events of the CometD session: before the subscription stands, in the
// report that it does, and after.
func ToldOf(before []bayeux.Event, after []bayeux.Event) (told []provider.Update) {
	l := &listener{report: func(u provider.Update) { told = append(told, u) }, changed: make(chan struct{}, 1)}
	for _, e := range before {
		l.event(e)
	}
	l.stand()
	for _, e := range after {
		l.event(e)
	}
	return told
}

// Mask is what is kept of the words of a server for who has logged in so.
func Mask(user, password, message string) string {
	a := &api{}
	_, a.secrets = basic(user, password)
	return a.mask(clip(message))
}

// Learnt tells of each of these calls, read one after the other, whether it is known to be monitored.
func Learnt(calls ...CallRecord) (monitored []bool, kept int) {
	a := &api{monitors: map[string]struct{}{}}
	for _, c := range calls {
		a.learn(&c)
		monitored = append(monitored, c.monitored())
	}
	return monitored, len(a.monitors)
}

// SameData is what the confirmation of an update of attached data goes by.
var SameData = sameData
