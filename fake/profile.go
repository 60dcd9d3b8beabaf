package fake

import (
	"cmp"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// IDs is what a provider knows participants by.
type IDs uint8

const (
	// ByNumber: by the numbers that the bridge gives them, 1 to 20 digits.
	ByNumber IDs = iota
	// ByAddress: by their number in the telephone network, 1 to 128 printable ASCII characters
	// without space, comma and slash. Those who have the same one are told as "15001" and
	// "15001#2", those whose number is withheld, or cannot be said, as "#1" and "#2"; nothing can be
	// done to any of them.
	ByAddress
)

// RemoveBy is who may remove somebody else.
type RemoveBy uint8

const (
	// Anybody may.
	Anybody RemoveBy = iota
	// OwnerOnly: the session whose Login is RoomInfo.Owner.
	OwnerOnly
)

// A Profile is what a provider can do and tell. It is a value: take one that there is and change
// what should be different. The zero Profile can do nothing.
type Profile struct {
	Name         string
	Capabilities cc.Capabilities

	OwnLeg bool   // the session speaks for a leg of its own, and sees the conferences that this leg is in
	Login  string // whose legs are the session's own; empty: Me
	IDs    IDs
	RunIDs bool // runs have an id; else the Instance equals the name, and names alone can be asked for

	Single    bool // one participant can be read
	Roles     bool // roles are told
	Names     bool // display names are told
	CallIDs   bool // the calls of others are told, not one's own alone
	JoinedAt  bool
	RunTime   bool // how long a run has lasted is told, in whole seconds
	Departed  bool // who has left is told, and why
	Counts    bool // a listing tells how many are in a conference
	StartedAt bool // a listing tells since when there is one

	RemoveBy RemoveBy
	Lag      time.Duration // between accepting a command and doing it; 0: that of the Switch
	Poll     time.Duration // as in provider.Options
	Push     bool          // changes are told; else they have to be read
	Serial   bool          // as in provider.Options
	Whole    bool          // as in provider.Options
}

const conferenceControls = cc.CanEnd | cc.CanList | cc.CanWatch

// pushReconcile is how often a profile that pushes reads all the same, in case news was lost.
const pushReconcile = 10 * time.Second

// Everything is a provider that can do all that the contract has, to anybody, and tells all of it.
// Legs that leave are hung up.
func Everything() Profile {
	return Profile{
		Name: "everything",
		Capabilities: cc.Capabilities{
			Conference: conferenceControls,
			Others:     cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach,
			Removed:    cc.FateHangsUp,
			Ended:      cc.FateHangsUp,
		},
		RunIDs: true, Single: true, Roles: true, Names: true, CallIDs: true, JoinedAt: true,
		RunTime: true, Departed: true, Counts: true, StartedAt: true,
		Poll: pushReconcile, Push: true, Whole: true,
	}
}

// PlivoMPC is like Plivo's MultiPartyCall: nobody can be made deaf, and what becomes of a leg
// depends on how it came in. Changes are told, as Plivo tells them by callbacks. The provider
// "plivo-mpc" does not receive those and reads every 5 s, which is Push false and Poll zero here.
func PlivoMPC() Profile {
	return Profile{
		Name: "plivo-mpc",
		Capabilities: cc.Capabilities{
			Conference: conferenceControls,
			Others:     cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach,
			Removed:    cc.FateDepends,
			Ended:      cc.FateDepends,
		},
		RunIDs: true, Single: true, Roles: true, CallIDs: true, JoinedAt: true,
		Departed: true, StartedAt: true,
		Poll: pushReconcile, Push: true, Whole: true,
	}
}

// PlivoConference is like Plivo's older Conference: no hold, no coach, no roles, no id of a run, one
// flag a request, nothing pushed. Legs that are removed go on.
func PlivoConference() Profile {
	return Profile{
		Name: "plivo-conference",
		Capabilities: cc.Capabilities{
			Conference: conferenceControls,
			Others:     cc.CanRemove | cc.CanMute | cc.CanDeaf,
			Removed:    cc.FateContinues,
			Ended:      cc.FateUnknown,
		},
		Names: true, CallIDs: true, RunTime: true,
	}
}

// Genesys is like one agent's session at Genesys Web Services: it sees the conferences that its own
// leg is in, knows people by their numbers, can mute and hold itself alone, and removes others where
// it is the owner. Failures are told after the command was accepted.
func Genesys() Profile {
	return Profile{
		Name: "genesys",
		Capabilities: cc.Capabilities{
			Conference:  conferenceControls,
			Others:      cc.CanRemove,
			Self:        cc.CanRemove | cc.CanMute | cc.CanHold,
			SessionOnly: true,
			Removed:     cc.FateHangsUp,
			Ended:       cc.FateHangsUp,
		},
		OwnLeg: true, Login: Me, IDs: ByAddress, RunTime: true, Counts: true,
		RemoveBy: OwnerOnly, Poll: pushReconcile, Push: true, Serial: true,
	}
}

// Profiles returns the profiles that have a name in configurations, Everything first.
func Profiles() []Profile {
	return []Profile{Everything(), PlivoMPC(), PlivoConference(), Genesys()}
}

// login returns whose legs are the session's own.
func (p Profile) login() string { return cmp.Or(p.Login, Me) }

// owns tells whether a leg is the session's own.
func (p Profile) owns(m *MemberInfo) bool { return p.OwnLeg && m.Leg.Login == p.login() }

// Options returns what package provider is to be told about a driver with this profile.
func (p Profile) Options() provider.Options {
	return provider.Options{Poll: p.Poll, Serial: p.Serial, Whole: p.Whole}
}

// check refuses a profile that contradicts itself.
func (p Profile) check() error {
	c := p.Capabilities
	const people = cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach
	switch {
	case !p.OwnLeg && c.Self != 0:
		return fail(cc.ErrInvalid, "a profile without an own leg has controls for it")
	case p.OwnLeg != c.SessionOnly:
		return fail(cc.ErrInvalid, "a profile sees one session where it has an own leg, and there alone")
	case !p.OwnLeg && p.RemoveBy == OwnerOnly:
		return fail(cc.ErrInvalid, "a profile without an own leg cannot own a conference")
	case c.Conference&^conferenceControls != 0, (c.Others|c.Self)&^people != 0:
		return fail(cc.ErrInvalid, "a profile has a control of a conference for people, or the reverse")
	case p.Lag < 0, p.Poll < 0:
		return fail(cc.ErrInvalid, "a profile has a negative time")
	}
	return nil
}
