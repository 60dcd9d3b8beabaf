package worlds

import (
	"slices"
	"strconv"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A view is what a session at some vendor ought to see of a bridge. It is written down here once
// more, from the vendors' facts, so that a driver is not measured by itself.
type view struct {
	others, self cc.Controls
	ownLeg       bool // the session has a leg of its own, and sees nothing without it
	byAddress    bool // people are known by their numbers in the telephone network
	runIDs       bool
	roles        bool
	names        bool
	addresses    bool
	callIDs      bool
	joinedAt     bool
	second       bool // instants are told to the second
}

// ids returns the id of each member, and whether they are somebody's twin.
func (v view) ids(members []fake.MemberInfo) (ids []cc.ParticipantID, twins []bool) {
	count := map[string]int{}
	for _, m := range members {
		count[m.Address]++
	}
	nth := map[string]int{}
	for _, m := range members {
		if !v.byAddress {
			ids, twins = append(ids, m.ID), append(twins, false)
			continue
		}
		id := m.Address
		if nth[m.Address]++; nth[m.Address] > 1 {
			id += "#" + strconv.Itoa(nth[m.Address])
		}
		ids, twins = append(ids, cc.ParticipantID(id)), append(twins, count[m.Address] > 1)
	}
	return ids, twins
}

// snapshot returns a run as the session ought to see it.
func (v view) snapshot(r fake.RoomInfo) cc.Snapshot {
	s := cc.Snapshot{
		Conference: cc.ConferenceID(r.Name),
		Instance:   cc.ConferenceID(r.Name),
		Controls:   cc.CanEnd,
	}
	if v.runIDs {
		s.Instance = r.Instance
	}
	ids, twins := v.ids(r.Members)
	for i, m := range r.Members {
		s.Participants = append(s.Participants, v.participant(r, m, ids[i], twins[i]))
	}
	slices.SortFunc(s.Participants, func(a, b cc.Participant) int {
		if c := a.JoinedAt.Compare(b.JoinedAt); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return s
}

// participant returns one member as the session ought to see them.
func (v view) participant(r fake.RoomInfo, m fake.MemberInfo, id cc.ParticipantID, twin bool) cc.Participant {
	self := v.ownLeg && m.Leg.Login == fake.Me
	can := v.others
	if self {
		can = v.self
	}
	p := cc.Participant{ID: id, Self: self, State: v.state(m, can), Controls: can}
	if m.Leg.Role != cc.RoleSupervisor {
		p.Controls &^= cc.CanCoach
	}
	if v.ownLeg && !self && r.Owner != fake.Me {
		p.Controls &^= cc.CanRemove
	}
	if twin {
		p.Controls = 0
	}
	if v.roles {
		p.Role = m.Leg.Role
	}
	if v.names {
		p.Name = m.Leg.Name
	}
	if v.addresses {
		p.Address = m.Address
	}
	if v.callIDs || self {
		p.CallID = m.CallID
	}
	if v.joinedAt {
		p.JoinedAt = m.JoinedAt.UTC()
		if v.second {
			p.JoinedAt = p.JoinedAt.Truncate(time.Second)
		}
	}
	return p
}

// state returns the flags that this vendor tells.
func (v view) state(m fake.MemberInfo, can cc.Controls) cc.ParticipantState {
	told := func(control cc.Controls, on bool) cc.Toggle {
		switch {
		case can&control == 0:
			return cc.Unset
		case on:
			return cc.On
		}
		return cc.Off
	}
	s := cc.ParticipantState{
		Mute: told(cc.CanMute, m.Mute),
		Deaf: told(cc.CanDeaf, m.Deaf),
		Hold: told(cc.CanHold, m.Hold),
	}
	if m.Leg.Role == cc.RoleSupervisor {
		s.Coach = told(cc.CanCoach, m.Coach)
	}
	return s
}
