package fake

import (
	"slices"
	"strconv"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A seen is a member as a profile lists it.
type seen struct {
	*MemberInfo
	id   cc.ParticipantID
	self bool
	twin bool // cannot be told apart from somebody else, or cannot be named
}

// list returns the present members of a room under the ids that the profile has for them, in order
// of joining. The ids are distinct and not empty.
func (p Profile) list(r *RoomInfo) []seen {
	all := make([]seen, len(r.Members))
	for i := range r.Members {
		m := &r.Members[i]
		all[i] = seen{MemberInfo: m, id: m.ID, self: p.owns(m)}
	}
	if p.IDs == ByAddress {
		byAddress(all)
	}
	return all
}

// byAddress makes addresses the ids.
func byAddress(all []seen) {
	count := make(map[string]int)            // how many have an address
	taken := make(map[cc.ParticipantID]bool) // no suffix may make somebody's own number
	for _, m := range all {
		if a := sayable(m.Address); a != "" {
			count[a]++
			taken[cc.ParticipantID(a)] = true
		}
	}
	last := make(map[string]int) // the last suffix of a number
	for i := range all {
		base := sayable(all[i].Address)
		all[i].twin = count[base] != 1
		if base != "" && last[base] == 0 {
			last[base], all[i].id = 1, cc.ParticipantID(base)
			continue
		}
		if len(base) > maxAddress-maxSuffix {
			base = ""
		}
		id := cc.ParticipantID("")
		for id == "" || taken[id] {
			last[base]++
			id = cc.ParticipantID(base + "#" + strconv.Itoa(last[base]))
		}
		all[i].id, taken[id] = id, true
	}
}

// sayable returns the address, or nothing where it cannot be an id.
func sayable(address string) string {
	if checkAddress(address) != nil {
		return ""
	}
	return address
}

// own tells whether the session's own leg is in the room; true where the profile has none.
func (p Profile) own(r *RoomInfo) bool {
	return !p.OwnLeg || slices.ContainsFunc(r.Members, func(m MemberInfo) bool { return p.owns(&m) })
}

// controls returns what the session may do to a member now.
func (p Profile) controls(r *RoomInfo, m seen) cc.Controls {
	if m.twin {
		return 0
	}
	have := p.reach(m)
	if !p.mayRemove(r, m) {
		have &^= cc.CanRemove
	}
	return have
}

// reach returns what the profile can ever do to a leg of this kind.
func (p Profile) reach(m seen) cc.Controls {
	have := p.Capabilities.Others
	if m.self {
		have = p.Capabilities.Self
	}
	if m.Leg.Role != cc.RoleSupervisor {
		have &^= cc.CanCoach
	}
	return have
}

func (p Profile) mayRemove(r *RoomInfo, m seen) bool {
	return m.self || p.RemoveBy == Anybody || r.Owner == p.login()
}

// refusal tells why the session may not do this to a member now; nil where it may.
func (p Profile) refusal(r *RoomInfo, m seen, need cc.Controls) error {
	refuse := func(kind cc.Kind, missing cc.Controls, text cc.Detail) error {
		e := fail(kind, text)
		e.Missing = missing
		return e
	}
	switch missing := need &^ p.reach(m); {
	case missing != 0:
		return refuse(cc.ErrUnsupported, missing, "never possible for a leg of this kind")
	case m.twin:
		return refuse(cc.ErrConflict, need, "the participant cannot be told apart from another one")
	case need&cc.CanRemove != 0 && !p.mayRemove(r, m):
		return refuse(cc.ErrForbidden, cc.CanRemove, "only the owner of the conference may remove others")
	}
	return nil
}

// participant returns a member as the profile tells it.
func (p Profile) participant(r *RoomInfo, m seen) cc.Participant {
	told := p.Capabilities.Others
	if m.self {
		told = p.Capabilities.Self
	}
	t := cc.Participant{ID: m.id, Address: m.Address, Self: m.self, Controls: p.controls(r, m)}
	if p.CallIDs || m.self {
		t.CallID = m.CallID
	}
	if p.Names {
		t.Name = m.Leg.Name
	}
	if p.Roles {
		t.Role = m.Leg.Role
	}
	if p.JoinedAt {
		t.JoinedAt = m.JoinedAt
	}
	state := m.State()
	for _, f := range []struct {
		control  cc.Controls
		from, to *cc.Toggle
	}{
		{cc.CanMute, &state.Mute, &t.State.Mute},
		{cc.CanDeaf, &state.Deaf, &t.State.Deaf},
		{cc.CanHold, &state.Hold, &t.State.Hold},
		{cc.CanCoach, &state.Coach, &t.State.Coach},
	} {
		if told&f.control != 0 {
			*f.to = *f.from
		}
	}
	return t
}

// instance returns the id that the profile has for a run.
func (p Profile) instance(r *RoomInfo) cc.ConferenceID {
	if p.RunIDs {
		return r.Instance
	}
	return cc.ConferenceID(r.Name)
}

// conference returns the id that the profile has for a conference: its name, unless that cannot be
// one.
func (p Profile) conference(r *RoomInfo) cc.ConferenceID {
	if c := cc.ConferenceID(r.Name); p.checkConference(c) == nil {
		return c
	}
	return p.instance(r)
}

// snapshot returns a room as the profile tells it.
func (p Profile) snapshot(r *RoomInfo, now time.Time) provider.Snapshot {
	list := p.list(r)
	s := provider.Snapshot{Snapshot: cc.Snapshot{
		Conference:   p.conference(r),
		Instance:     p.instance(r),
		Participants: make([]cc.Participant, len(list)),
		Controls:     p.Capabilities.Conference & cc.CanEnd,
		At:           now,
	}}
	for i, m := range list {
		s.Participants[i] = p.participant(r, m)
	}
	if p.RunTime {
		s.RunTime = r.RunTime(now).Truncate(time.Second)
	}
	if p.Departed {
		for _, m := range r.Departed {
			if m.JoinedAt.IsZero() {
				continue
			}
			s.Departed = append(s.Departed, provider.Departure{
				ID: m.ID, CallID: m.CallID, Reason: m.Cause.Reason(), Code: string(m.Cause), At: m.ExitAt,
			})
		}
	}
	return s
}

// ParticipantID returns the id that participants with this profile have for m now: ID, or the
// address with a suffix where it takes one. It is empty where m is not in a conference.
func (p Profile) ParticipantID(m *Member) cc.ParticipantID {
	r, err := m.sw.Look(m.run.instance)
	if err != nil {
		return ""
	}
	id := m.ID()
	for _, e := range p.list(&r) {
		if e.ID == id {
			return e.id
		}
	}
	return ""
}
