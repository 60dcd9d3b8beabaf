package callcontrol

import "time"

// A Toggle is on, off, or unset: not told, in a report; leave alone, in an order. Its text is "on",
// "off", or empty for Unset; in JSON an Unset field is left out.
type Toggle uint8

// The values of a Toggle.
const (
	Unset Toggle = iota
	On
	Off
)

// A ParticipantState reports how a participant stands. Unset means that the provider does not tell.
// The four flags are independent: none is read out of another.
//
// ParticipantState is a report and [Change] is an order. They are two types so that a report cannot
// be sent back as an order by accident.
type ParticipantState struct {
	Mute  Toggle `json:"mute,omitzero"`  // On: the others do not hear the participant
	Deaf  Toggle `json:"deaf,omitzero"`  // On: the participant does not hear the others
	Hold  Toggle `json:"hold,omitzero"`  // On: put on hold by the conference
	Coach Toggle `json:"coach,omitzero"` // On: only the coached side hears this supervisor; Off: everybody does (barge); Unset for anyone else
}

// A Change orders what is to become of a participant's state. Unset leaves a flag alone.
type Change struct {
	Mute  Toggle `json:"mute,omitzero"`
	Deaf  Toggle `json:"deaf,omitzero"`
	Hold  Toggle `json:"hold,omitzero"`
	Coach Toggle `json:"coach,omitzero"`
}

// IsZero reports whether the change sets nothing.
func (c Change) IsZero() bool { return c == Change{} }

// Controls is what a provider must be able to do for the change: CanMute where Mute is set, and so
// on.
func (c Change) Controls() Controls {
	var need Controls
	for _, f := range [...]struct {
		toggle  Toggle
		control Controls
	}{{c.Mute, CanMute}, {c.Deaf, CanDeaf}, {c.Hold, CanHold}, {c.Coach, CanCoach}} {
		if f.toggle != Unset {
			need |= f.control
		}
	}
	return need
}

// A Role is the part that a participant plays. The zero value is an unknown one. Besides the
// constants here it may be any word that a provider uses, in lower case.
type Role string

// The roles that are the same at every provider.
const (
	RoleAgent      Role = "agent"
	RoleCustomer   Role = "customer"
	RoleSupervisor Role = "supervisor"
)

// Controls is a set of things that can be done. In JSON it is a list of the words "remove", "mute",
// "deaf", "hold", "coach", "end", "list" and "watch"; as text, the same joined by commas.
type Controls uint32

// The members of a set of Controls.
const (
	CanRemove Controls = 1 << iota // RemoveParticipant
	CanMute                        // SetParticipantState with Mute, and so on
	CanDeaf
	CanHold
	CanCoach
	CanEnd   // End
	CanList  // Conferences
	CanWatch // Events
)

// Has reports whether everything in want can be done.
func (c Controls) Has(want Controls) bool { return c&want == want }

// Capabilities is the most that a provider can do, by what it is done to. What one participant
// allows at one moment stands in [Participant.Controls].
type Capabilities struct {
	Conference  Controls `json:"conference"`            // CanEnd, CanList, CanWatch
	Others      Controls `json:"others"`                // anyone but one's own leg
	Self        Controls `json:"self"`                  // the leg that this session speaks for; empty where there is none
	SessionOnly bool     `json:"session_only,omitzero"` // sees the calls of the one login it was opened with, not the account's
	Removed     Fate     `json:"removed"`               // what becomes of a leg that is removed
	Ended       Fate     `json:"ended"`                 // what becomes of the legs when the conference is ended
}

// A Fate is what becomes of a call leg that has left a conference. Its text is "unknown",
// "hangs-up", "continues" or "depends".
type Fate uint8

// The values of a Fate.
const (
	FateUnknown   Fate = iota
	FateHangsUp        // the call is over
	FateContinues      // the call goes on elsewhere, such as with the next step of its script
	FateDepends        // on how the leg came in
)

// A Participant is one party of a conference, as last read.
//
// JSON and the verbs %v and %+v carry its number, name and ids in full; %#v and its log value hide
// them.
type Participant struct {
	ID       ParticipantID    `json:"id,omitempty"`
	CallID   string           `json:"call_id,omitempty"` // the provider's id of the call leg; empty where not told
	Address  string           `json:"address,omitempty"` // phone number or SIP URI
	Name     string           `json:"name,omitempty"`    // display name, where told
	Role     Role             `json:"role,omitempty"`
	Self     bool             `json:"self,omitempty"` // the leg that this session speaks for
	State    ParticipantState `json:"state"`
	Controls Controls         `json:"controls"`           // what this session may do to this participant now: advice for a user interface
	JoinedAt time.Time        `json:"joined_at,omitzero"` // in UTC; zero where not told as an instant
}

// A Snapshot is who was on a conference at one moment.
//
// JSON and the verbs %v and %+v carry everybody's number, name and ids in full; %#v and its log
// value hide them.
type Snapshot struct {
	Conference   ConferenceID  `json:"conference"`
	Instance     ConferenceID  `json:"instance,omitempty"` // this very run; equals Conference where the provider has no id for a run
	Participants []Participant `json:"participants"`       // ordered by JoinedAt and then ID; ids are distinct and not empty
	Controls     Controls      `json:"controls"`           // what this session may do to the conference now: CanEnd or nothing
	At           time.Time     `json:"at,omitzero"`        // when it was read, in UTC
}

// Participant gives the participant with that id, and whether there is one.
func (s Snapshot) Participant(id ParticipantID) (Participant, bool) {
	for _, p := range s.Participants {
		if p.ID == id {
			return p, true
		}
	}
	return Participant{}, false
}

// A Summary is one line in a list of conferences. A conference whose name this library would refuse
// is listed under its Instance.
//
// JSON and the verbs %v and %+v carry the ids in full; %#v and its log value hide them.
type Summary struct {
	Conference   ConferenceID `json:"conference"`
	Instance     ConferenceID `json:"instance,omitempty"`
	Participants int          `json:"participants"`        // how many; -1 where not told, which JSON leaves out
	StartedAt    time.Time    `json:"started_at,omitzero"` // in UTC; zero where not told as an instant
}
