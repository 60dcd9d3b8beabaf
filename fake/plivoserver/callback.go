package plivoserver

import (
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A CallbackKind is what a callback is for.
type CallbackKind string

const (
	StatusCallback     CallbackKind = "status"      // of a MultiPartyCall
	RecordingCallback  CallbackKind = "recording"   // of a MultiPartyCall
	ConferenceCallback CallbackKind = "conference"  // ConferenceAction
	RecordCallback     CallbackKind = "record"      // of a recording that the Conference API began
	ExitAction         CallbackKind = "exit-action" // asks for the XML that a call goes on with
	CallStatusCallback CallbackKind = "call-status" // of a call that Add Participant made
)

// A Callback is one request to the application's server, as it is before it is signed. It is for
// tests, so it holds names, numbers and ids as they are sent; its LogValue and the verb %#v leave
// them out.
type Callback struct {
	Kind        CallbackKind
	Event       string           // EventName, ConferenceAction or Event; empty: it has none
	Conference  string           // the room's name
	Instance    cc.ConferenceID  // of the run
	Participant cc.ParticipantID // whom it is about; empty: nobody, or somebody who never came in
	URL         string           // as the vendor was given it, its fragment included
	Method      string           // POST: the fields are the body, a form; GET: they are added to the query
	Fields      url.Values
	At          time.Time // when it happened
}

// clone shares nothing with c.
func (c Callback) clone() Callback {
	fields := url.Values{}
	for k, v := range c.Fields {
		fields[k] = slices.Clone(v)
	}
	c.Fields = fields
	return c
}

// GoString tells the event and the names of the fields.
func (c Callback) GoString() string {
	return fmt.Sprintf("plivoserver.Callback{Kind:%q, Event:%q, Method:%q, Fields:%q}",
		c.Kind, c.Event, c.Method, slices.Sorted(maps.Keys(c.Fields)))
}

// LogValue tells the event.
func (c Callback) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(c.Kind)), slog.String("event", c.Event), slog.String("method", c.Method))
}

// Contrary is a callback with the same addressee that tells the contrary of what happened: that who
// has joined has left, that who was muted speaks, that a room that lives is over. Every field is in
// its form. What has no contrary comes back as it is.
func (c Callback) Contrary() Callback {
	c = c.clone()
	other, ok := contraries[c.Event]
	if !ok || c.Kind != StatusCallback && c.Kind != ConferenceCallback {
		return c
	}
	c.Event = other
	if c.Kind == ConferenceCallback {
		c.Fields.Set("ConferenceAction", other)
		return c
	}
	c.Fields.Set("EventName", other)
	switch other {
	case "MPCEnd":
		for k, v := range map[string]string{
			"MPCDuration": "60", "MPCBilledDuration": "60", "MPCBilledAmount": "0.00500",
			"MPCTerminationCause": "Hangup API Triggered", "MPCTerminationCauseCode": "3000",
		} {
			c.Fields.Set(k, v)
		}
	case "MPCStart":
		for _, k := range []string{"MPCDuration", "MPCBilledDuration", "MPCBilledAmount", "MPCTerminationCause", "MPCTerminationCauseCode"} {
			c.Fields.Del(k)
		}
	case "ParticipantExit":
		c.Fields.Set("ParticipantJoinTime", c.Fields.Get("EventTimestamp"))
		c.Fields.Set("ParticipantEndTime", c.Fields.Get("EventTimestamp"))
	case "ParticipantJoin":
		c.Fields.Del("ParticipantJoinTime")
		c.Fields.Del("ParticipantEndTime")
	}
	return c
}

var contraries = map[string]string{
	"MPCInitialized": "MPCEnd", "MPCStart": "MPCEnd", "MPCEnd": "MPCStart",
	"ParticipantJoin": "ParticipantExit", "ParticipantExit": "ParticipantJoin",
	"ParticipantMute": "ParticipantUnmute", "ParticipantUnmute": "ParticipantMute",
	"ParticipantHold": "ParticipantUnhold", "ParticipantUnhold": "ParticipantHold",
	"ParticipantCoachModeStart": "ParticipantCoachModeStop", "ParticipantCoachModeStop": "ParticipantCoachModeStart",
	"ParticipantSpeakStart": "ParticipantSpeakStop", "ParticipantSpeakStop": "ParticipantSpeakStart",
	"enter": "exit", "exit": "enter",
}
