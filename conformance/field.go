package conformance

import (
	"cmp"
	"slices"

	cc "github.com/callcontrol-go/callcontrol"
)

// A field is one of the four flags of a participant.
type field struct {
	name string
	can  cc.Controls
}

// fields returns the four.
func fields() []field {
	return []field{{"mute", cc.CanMute}, {"deaf", cc.CanDeaf}, {"hold", cc.CanHold}, {"coach", cc.CanCoach}}
}

// in is the field in a report.
func (f field) in(s cc.ParticipantState) cc.Toggle {
	switch f.can {
	case cc.CanMute:
		return s.Mute
	case cc.CanDeaf:
		return s.Deaf
	case cc.CanHold:
		return s.Hold
	}
	return s.Coach
}

// with returns a report with the field as given.
func (f field) with(s cc.ParticipantState, to cc.Toggle) cc.ParticipantState {
	switch f.can {
	case cc.CanMute:
		s.Mute = to
	case cc.CanDeaf:
		s.Deaf = to
	case cc.CanHold:
		s.Hold = to
	default:
		s.Coach = to
	}
	return s
}

// order is the change that sets this field only.
func (f field) order(to cc.Toggle) cc.Change {
	return cc.Change(f.with(cc.ParticipantState{}, to))
}

// both is the change that sets two fields.
func both(f field, a cc.Toggle, g field, b cc.Toggle) cc.Change {
	return cc.Change(g.with(f.with(cc.ParticipantState{}, a), b))
}

func opposite(t cc.Toggle) cc.Toggle {
	if t == cc.On {
		return cc.Off
	}
	return cc.On
}

func toggleWord(t cc.Toggle) string {
	switch t {
	case cc.On:
		return "on"
	case cc.Off:
		return "off"
	}
	return "not told"
}

// field returns somebody and a flag of theirs that may be set now and is off, by the truth; the
// preferred one if that can be had. Cases prefer different ones, so that a fault in one of them is
// seen by few.
func (r *room) field(prefer ...cc.Controls) (cc.ParticipantID, field) {
	id, f, ok := r.anyField(prefer...)
	if !ok {
		r.cannotArise("nobody's state can be set here")
	}
	return id, f
}

// anyField is field for a case that can do without.
func (r *room) anyField(prefer ...cc.Controls) (cc.ParticipantID, field, bool) {
	list := fields()[:3]
	slices.SortStableFunc(list, func(a, b field) int {
		return cmp.Compare(rank(a, prefer), rank(b, prefer))
	})
	for _, f := range list {
		if id, ok := r.who(f.can); ok && f.in(r.state(id)) != cc.On {
			return id, f, true
		}
	}
	return "", field{}, false
}

func rank(f field, prefer []cc.Controls) int {
	if i := slices.Index(prefer, f.can); i >= 0 {
		return i
	}
	return len(prefer)
}

// pair returns somebody who can be given two flags, and the two; neither is on.
func (r *room) pair() (cc.ParticipantID, field, field) {
	for i, f := range fields()[:3] {
		for _, g := range fields()[i+1 : 3] {
			if id, ok := r.who(f.can | g.can); ok {
				return id, f, g
			}
		}
	}
	r.cannotArise("nobody here can be given two things")
	return "", field{}, field{}
}

// put sets one field and makes sure that it is so. It is for what is not what the case is about.
func (r *room) put(id cc.ParticipantID, f field, to cc.Toggle) {
	if f.in(r.state(id)) == to {
		return
	}
	r.must(r.conf.SetParticipantState(r.ctx, id, f.order(to)), "setting "+f.name+" "+toggleWord(to)+" first")
	if got := f.in(r.state(id)); got != to {
		r.failf("setting %s %s first was answered with nil, and it is %s", f.name, toggleWord(to), toggleWord(got))
	}
}
