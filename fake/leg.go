package fake

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Me is the login of the session that a profile with an own leg speaks for, unless its Login says
// otherwise: Leg{Login: Me} is the session's own leg.
const Me = "me"

// A Leg is a call that comes into a conference, as it is when it comes in. The zero Leg is an
// ordinary caller with a call id and a number made up for it. A Leg is not changed by what happens
// in the conference; MemberInfo tells that.
type Leg struct {
	CallID   string // id of the call; empty: made up. The id of a call that is up elsewhere moves that call here
	Address  string // number or SIP URI; empty: a number is made up, unless Withheld
	Withheld bool   // the number is not told: Address is taken as empty
	Name     string // display name
	Role     cc.Role
	Login    string // of the agent whose device this is; Me for the session's own leg; empty: nobody's
	Called   string // the number that was called, for servers that tell it

	Mute  bool      // comes in muted
	Deaf  bool      // comes in deaf
	Hold  bool      // comes in on hold
	Coach cc.Toggle // of a supervisor: Off comes in barging, heard by everybody; Unset is On

	Entry      Entry  // how the leg came in; with ExitAction it decides what becomes of it later
	ExitAction string // where the call goes on when it leaves; empty: nowhere of its own
	Waits      bool   // does not start the conference by coming in, but waits for someone who does
	EndOnExit  bool   // the conference ends when this leg leaves

	RingFor time.Duration // Dial only: how long it rings before it counts as not answered; 0: for ever
	Rules   *Rules        // of the conference, if this leg begins it; nil: those of the Switch
	Data    any           // carried along for servers; the Switch does not look at it
}

// Rules are what a conference obeys from its first leg to its end. The zero Rules keep the
// conference while anybody is in it, with room for everybody.
type Rules struct {
	Capacity    int           // most members present at once; 0: no limit
	EndAlone    bool          // when a departure leaves one member behind, that one is put out and the conference ends
	MaxDuration time.Duration // after which the conference ends; 0: no limit
	FirstMember int           // number of this run's first member; 0: numbers go on growing over the whole Switch
}

// An Entry is how a leg came into a conference.
type Entry uint8

const (
	// EntryAnswer: the document that answered the call (XML at Plivo) sent it into the conference.
	EntryAnswer Entry = iota
	// EntryCommand: a command (Add Participant at Plivo) dialled it, or pulled it in.
	EntryCommand
)

// String returns "answer" or "command".
func (e Entry) String() string {
	if e == EntryCommand {
		return "command"
	}
	return "answer"
}

// A Then is what becomes of a leg that is removed, or whose conference is ended.
type Then uint8

const (
	// AsEntered: a leg that came in by EntryCommand and has no ExitAction is hung up; every other
	// goes on. These are the rules of Plivo's MultiPartyCall.
	AsEntered Then = iota
	// HangUp: the leg is hung up however it came in.
	HangUp
	// GoOn: the call goes on outside the conference however it came in.
	GoOn
)

// hangsUp tells whether a leg that leaves by command is hung up.
func (t Then) hangsUp(l *Leg) bool {
	switch t {
	case HangUp:
		return true
	case GoOn:
		return false
	}
	return l.Entry == EntryCommand && l.ExitAction == ""
}
