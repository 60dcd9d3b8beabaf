package plivoserver

import (
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// addParticipant dials somebody, several agents at once, or pulls a live call in ("Add a
// participant"). A room that is named and not live begins.
func (s *Server) addParticipant(q request) reply {
	name, ok := s.roomName(q)
	if !ok {
		return notFound()
	}
	in, bad := parseInvitation(q.fields)
	if bad != nil {
		return *bad
	}
	if in.callUUID != "" {
		return s.pullIn(q, name, in)
	}
	legs := make([]fake.Leg, len(in.to))
	calls := make([]object, len(in.to))
	for i, to := range in.to {
		leg := in.leg
		leg.CallID, leg.Address, leg.Called = newUUID(), to, in.from
		leg.RingFor = at(in.delayDial, i) + at(in.ringTimeout, i)
		legs[i] = leg
		calls[i] = object{"to": to, "from": in.from, "call_uuid": leg.CallID}
	}
	if !q.dry {
		if err := s.bring(name, in.orders, func() (cc.ConferenceID, error) {
			ms, err := s.bridge.Dial(name, legs...)
			if err != nil {
				return "", err
			}
			return ms[0].Instance(), nil
		}); err != nil {
			return refused(err)
		}
	}
	request := legs[0].CallID
	if len(legs) > 1 {
		request = newUUID()
	}
	return initiated(request, calls)
}

// pullIn moves a call that is up into the room.
func (s *Server) pullIn(q request, name string, in invitation) reply {
	if !s.bridge.CallUp(in.callUUID) {
		return notFound()
	}
	leg := in.leg
	leg.CallID, leg.Entry = in.callUUID, fake.EntryCommand
	leg.Data = legOrder{exitMethod: in.exitMethod, pulled: true}.data()
	if was, ok := s.lastLeg(in.callUUID); ok {
		leg.Address, leg.Withheld = was.Address, was.Address == ""
		leg.Name, leg.Called, leg.Login = was.Leg.Name, was.Leg.Called, was.Leg.Login
	}
	if !q.dry {
		if err := s.bring(name, in.orders, func() (cc.ConferenceID, error) {
			m, err := s.bridge.Join(name, leg)
			if err != nil {
				return "", err
			}
			return m.Instance(), nil
		}); err != nil {
			return refused(err)
		}
	}
	return initiated(in.callUUID, []object{{"to": leg.Called, "from": leg.Address, "call_uuid": in.callUUID}})
}

// lastLeg finds what a call was when it last was in a conference.
func (s *Server) lastLeg(call string) (fake.MemberInfo, bool) {
	if m, ok := s.bridge.Find(call); ok {
		return m.Info(), true
	}
	var last fake.MemberInfo
	for _, room := range slices.Concat(s.bridge.History(), s.bridge.Rooms()) {
		for _, m := range room.Departed {
			if m.CallID == call && !m.ExitAt.Before(last.ExitAt) {
				last = m
			}
		}
	}
	return last, last.CallID != ""
}

// roomName is the name of the room that the path asks for: any by name, live or not, and a live one
// by uuid.
func (s *Server) roomName(q request) (string, bool) {
	if q.form() == byName {
		c := q.conference()
		return string(c), c != ""
	}
	room, ok := s.live(q)
	return room.Name, ok
}

func initiated(request string, calls []object) reply {
	return answer(201, object{
		"message": "add participant action initiated", "request_uuid": request, "calls": calls,
	})
}

// at is the i-th of a list of seconds whose last one stands for the rest.
func at(list []int, i int) time.Duration {
	return time.Duration(list[min(i, len(list)-1)]) * time.Second
}

// An invitation is what the body of Add Participant asks for.
type invitation struct {
	from, callUUID         string
	to                     []string
	ringTimeout, delayDial []int
	leg                    fake.Leg // what all destinations have in common
	orders                 roomOrder
	exitMethod             string
}

// mostDestinations is how many may be dialled at once.
const mostDestinations = 20

// parseInvitation reads and checks the body.
func parseInvitation(f fields) (invitation, *reply) {
	var in invitation
	v, bad := checkParameters(f, addParameters)
	if bad != nil {
		return in, bad
	}
	in.from, in.callUUID = v.text("from"), v.text("call_uuid")
	to := v.text("to")
	switch {
	case v.text("role") == "":
		return in, missing("role")
	case in.callUUID != "" && (in.from != "" || to != ""):
		return in, refuse("call_uuid excludes from and to")
	case in.callUUID == "" && in.from == "" && to == "":
		return in, refuse("one of call_uuid and from with to is mandatory")
	case in.callUUID == "" && in.from == "":
		return in, missing("from")
	case in.callUUID == "" && to == "":
		return in, missing("to")
	}
	role := cc.Role(strings.ToLower(v.text("role")))
	if to != "" {
		in.to = strings.Split(to, "<")
	}
	if len(in.to) > 1 && role != cc.RoleAgent {
		return in, refuse("several destinations are for agents only")
	}
	if len(in.to) > mostDestinations {
		return in, refuse("to can be at most %d destinations", mostDestinations)
	}
	for _, d := range in.to {
		if !destination.MatchString(d) {
			return in, wrongValue("to")
		}
	}
	in.ringTimeout, in.delayDial = v.list("ring_timeout", 45), v.list("delay_dial", 0)
	for name, list := range map[string][]int{"ring_timeout": in.ringTimeout, "delay_dial": in.delayDial} {
		if len(list) > max(len(in.to), 1) {
			return in, refuse("%s has more values than there are destinations", name)
		}
	}
	in.leg = fake.Leg{
		Role: role, Entry: fake.EntryCommand, ExitAction: v.text("on_exit_action_url"),
		Mute: v.boolean("mute", false), Hold: v.boolean("hold", false), Coach: toggle(v.boolean("coach_mode", true)),
		Waits: !v.boolean("start_mpc_on_enter", true), EndOnExit: v.boolean("end_mpc_on_exit", false),
		Rules: &fake.Rules{
			Capacity:    v.integer("max_participants", 10),
			EndAlone:    !v.boolean("stay_alone", false),
			MaxDuration: time.Duration(v.integer("max_duration", 14400)) * time.Second,
		},
	}
	orders, order := parseOrders(v)
	in.orders, in.exitMethod, in.leg.Data = orders, order.exitMethod, order.data()
	return in, nil
}
