package main

import (
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A person is one of the cast.
type person struct {
	name   string
	member *fake.Member     // nil for a stranger
	id     cc.ParticipantID // by which this provider knows the person
	self   bool             // the leg that the session speaks for
}

// A condition is what the bridge truly shows of one person.
type condition struct {
	present bool // in the conference
	up      bool // the call is up, there or elsewhere
	state   cc.ParticipantState
	heardBy string // names, or "nobody"
}

func (c condition) String() string {
	switch {
	case c.present:
		var list []string
		for _, flag := range []struct {
			toggle cc.Toggle
			word   string
		}{{c.state.Mute, "muted"}, {c.state.Deaf, "deaf"}, {c.state.Hold, "on hold"}, {c.state.Coach, "coaching"}} {
			if flag.toggle == cc.On {
				list = append(list, flag.word)
			}
		}
		return strings.Join(append(list, "heard by "+c.heardBy), ", ")
	case c.up:
		return "out of the conference, and the call goes on"
	}
	return "out of the conference, and hung up"
}

// A truth is what the bridge shows of the cast at one moment, in the order of the cast.
type truth []condition

// look asks the bridge itself, not the provider.
func look(cast []person) truth {
	all := make(truth, len(cast))
	for i, p := range cast {
		var ears []string
		for _, other := range cast {
			if other.member != p.member && other.member.Hears(p.member) {
				ears = append(ears, other.name)
			}
		}
		if len(ears) == 0 {
			ears = []string{"nobody"}
		}
		all[i] = condition{
			present: p.member.Present(), up: p.member.Up(),
			state: p.member.State(), heardBy: strings.Join(ears, " and "),
		}
	}
	return all
}

// with gives the state that a change leads to.
func with(s cc.ParticipantState, change cc.Change) cc.ParticipantState {
	for _, f := range []struct {
		to    *cc.Toggle
		order cc.Toggle
	}{{&s.Mute, change.Mute}, {&s.Deaf, change.Deaf}, {&s.Hold, change.Hold}, {&s.Coach, change.Coach}} {
		if f.order != cc.Unset {
			*f.to = f.order
		}
	}
	return s
}

// contradicts names the first flag that is told otherwise than it is, or is not told although it can
// be changed. What cannot be changed may be left untold.
func contradicts(told cc.Participant, is cc.ParticipantState) string {
	for _, f := range []struct {
		name     string
		told, is cc.Toggle
		can      bool
	}{
		{"mute", told.State.Mute, is.Mute, told.Controls.Has(cc.CanMute)},
		{"deaf", told.State.Deaf, is.Deaf, told.Controls.Has(cc.CanDeaf)},
		{"hold", told.State.Hold, is.Hold, told.Controls.Has(cc.CanHold)},
		{"coach", told.State.Coach, is.Coach, told.Controls.Has(cc.CanCoach)},
	} {
		if f.told != f.is && (f.told != cc.Unset || f.can) {
			return f.name
		}
	}
	return ""
}
