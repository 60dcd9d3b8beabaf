package callcontrol

import "time"

// An EventType says what an [Event] tells.
type EventType string

// The types of events.
const (
	Synced  EventType = "synced"  // Snapshot is the truth as of now, and the differences told so far lead to it
	Joined  EventType = "joined"  // Participant has come
	Changed EventType = "changed" // State, Role, Address, Name or Controls of Participant, which was as in Before; with an empty ID: Controls of the conference
	Left    EventType = "left"    // Participant, as last seen, has gone
	Stale   EventType = "stale"   // news was lost and cannot be read for now: what was told may be out of date
	Ended   EventType = "ended"   // the conference is over, or out of this session's sight for good; the last event
)

// A Reason says why somebody left or a conference ended. The zero value is an unknown one.
type Reason string

// The reasons.
const (
	ReasonHungUp  Reason = "hung-up" // the party itself; with ended: this session's own leg
	ReasonRemoved Reason = "removed" // taken off by somebody
	ReasonEnded   Reason = "ended"   // the whole conference was
	ReasonFailed  Reason = "failed"  // the call leg broke
	ReasonLost    Reason = "lost"    // it cannot be told which
)

// An Event is one step in the story of a conference.
//
// JSON and the verbs %v and %+v carry everybody's number, name and ids in full; %#v and its log
// value hide them. In JSON, Err is the masked form of an [Error], and what is read back is an
// *Error with what that form holds.
type Event struct {
	Type        EventType        `json:"type"`
	At          time.Time        `json:"at,omitzero"`          // when this process learnt it, in UTC
	Gap         bool             `json:"gap,omitempty"`        // with synced: something may have been missed
	Participant Participant      `json:"participant,omitzero"` // joined, changed: as now; left: as last seen; changed with an empty ID: the conference's Controls
	Before      ParticipantState `json:"before,omitzero"`      // changed: the state until then
	Reason      Reason           `json:"reason,omitempty"`     // left, ended
	Code        string           `json:"code,omitempty"`       // the provider's own reason
	Err         error            `json:"-"`                    // stale: why the truth cannot be had for now
	Snapshot    Snapshot         `json:"snapshot,omitzero"`    // what this was told from
}
