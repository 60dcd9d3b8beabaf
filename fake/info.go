package fake

import (
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A Status is where a run of a conference stands.
type Status string

const (
	Initialized Status = "initialized" // someone is in it or rings, and nobody who starts it has come in yet
	Active      Status = "active"
	Ended       Status = "ended"
)

// An EndCause is why a run of a conference ended.
type EndCause string

const (
	EndLastLeft    EndCause = "last-left"    // nobody is in it and nobody rings any more
	EndAlone       EndCause = "alone"        // one was left, and Rules.EndAlone
	EndMaxDuration EndCause = "max-duration" // Rules.MaxDuration ran out
	EndCommand     EndCause = "command"      // End
	EndOnExit      EndCause = "end-on-exit"  // a member with Leg.EndOnExit left
)

// An ExitCause is why a leg is no longer in a conference, or never came in.
type ExitCause string

const (
	ExitHungUp      ExitCause = "hung-up"     // the call was hung up
	ExitLeft        ExitCause = "left"        // the person left, and the call went on
	ExitRemoved     ExitCause = "removed"     // Remove
	ExitEnded       ExitCause = "ended"       // the conference ended
	ExitTransferred ExitCause = "transferred" // the call was moved into another conference
	ExitNoAnswer    ExitCause = "no-answer"   // dialled, and rang out
	ExitDeclined    ExitCause = "declined"    // dialled, and declined
	ExitLostRace    ExitCause = "lost-race"   // dialled, and another leg of the same Dial answered first
	ExitFull        ExitCause = "full"        // dialled and answered, and the conference had no room
	ExitCanceled    ExitCause = "canceled"    // dialled, and the conference ended before the answer
)

// Reason returns the cause in the contract's words; empty where it has none for it.
func (c ExitCause) Reason() cc.Reason {
	switch c {
	case ExitHungUp, ExitLeft:
		return cc.ReasonHungUp
	case ExitRemoved:
		return cc.ReasonRemoved
	case ExitEnded:
		return cc.ReasonEnded
	case ExitNoAnswer, ExitDeclined, ExitLostRace, ExitFull, ExitCanceled:
		return cc.ReasonFailed
	}
	return ""
}

// A RoomInfo is one run of a conference as it was at some instant. It is the caller's own copy.
type RoomInfo struct {
	Name     string
	Instance cc.ConferenceID // "uuid:..."; no other run ever has it
	Status   Status
	Rules    Rules
	Cause    EndCause // why it ended; empty while it has not
	Owner    string   // Login of the first agent's leg that came in; empty: none has

	CreatedAt time.Time // when its first leg came in or began to ring
	StartedAt time.Time // when it became active; zero while it has not
	EndedAt   time.Time // zero while it has not

	Members  []MemberInfo // present, in order of joining
	Ringing  []MemberInfo // dialled and not answered, in order of dialling
	Departed []MemberInfo // left, or never answered, each as it was then, in order of leaving; the oldest are dropped beyond 1000
}

// UUID returns the Instance without its "uuid:".
func (r RoomInfo) UUID() string {
	return string(r.Instance[min(len(instancePrefix), len(r.Instance)):])
}

// RunTime returns how long the run had lasted at now, or until its end if that came first. It is
// counted from the start, and is zero before that.
func (r RoomInfo) RunTime(now time.Time) time.Duration {
	if r.StartedAt.IsZero() {
		return 0
	}
	if !r.EndedAt.IsZero() {
		now = r.EndedAt
	}
	return max(now.Sub(r.StartedAt), 0)
}

// Member returns the present member with this id.
func (r RoomInfo) Member(id cc.ParticipantID) (MemberInfo, bool) {
	i := slices.IndexFunc(r.Members, func(m MemberInfo) bool { return m.ID == id })
	if i < 0 {
		return MemberInfo{}, false
	}
	return r.Members[i], true
}

// clone returns a copy that shares no slice with r.
func (r RoomInfo) clone() RoomInfo {
	r.Members = slices.Clone(r.Members)
	r.Ringing = slices.Clone(r.Ringing)
	r.Departed = slices.Clone(r.Departed)
	return r
}

// A MemberInfo is one leg of one run of a conference as it was at some instant.
type MemberInfo struct {
	ID      cc.ParticipantID // a number, distinct within the run; empty while it has not joined
	CallID  string
	Address string // empty: withheld
	Leg     Leg    // as it came in

	Mute, Deaf, Hold bool
	Coach            bool // has an effect for supervisors only; stored for everybody

	Up       bool      // its call is up: in this conference or elsewhere
	JoinedAt time.Time // zero: never joined
	ExitAt   time.Time // zero: still in it, or still rings
	Cause    ExitCause // why it is gone
}

// flags returns what a change can set, Coach as it is stored.
func (m MemberInfo) flags() [4]bool { return [4]bool{m.Mute, m.Deaf, m.Hold, m.Coach} }

// State returns the flags as a report that tells all of them, but Coach for supervisors only.
func (m MemberInfo) State() cc.ParticipantState {
	s := cc.ParticipantState{Mute: toggle(m.Mute), Deaf: toggle(m.Deaf), Hold: toggle(m.Hold)}
	if m.Leg.Role == cc.RoleSupervisor {
		s.Coach = toggle(m.Coach)
	}
	return s
}

// Hears tells whether m, as a member of the same conference, hears what other says. Someone on hold
// neither hears nor is heard; someone muted is not heard; someone deaf does not hear; a supervisor
// who coaches is heard by agents only.
func (m MemberInfo) Hears(other MemberInfo) bool {
	if m.Hold || m.Deaf || other.Hold || other.Mute {
		return false
	}
	return other.Leg.Role != cc.RoleSupervisor || !other.Coach || m.Leg.Role == cc.RoleAgent
}

func toggle(on bool) cc.Toggle {
	if on {
		return cc.On
	}
	return cc.Off
}
