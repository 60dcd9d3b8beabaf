package plivoserver

import (
	"net/url"
	"strconv"
	"time"

	"github.com/callcontrol-go/callcontrol/fake"
)

// The Conference API ("Conference API"): live conferences by name, of those whose first member has
// come in. Numbers are text.

func (s *Server) listConferences(request) reply {
	names := []string{}
	for _, room := range s.bridge.Rooms() {
		if len(room.Members) > 0 {
			names = append(names, room.Name)
		}
	}
	if len(names) == 0 && s.options.Quirks.NoConferencesKey {
		return answer(200, nil)
	}
	return answer(200, object{"conferences": names})
}

func (s *Server) getConference(q request) reply {
	room, ok := s.shown(q)
	if !ok || len(room.Members) == 0 {
		return notFound()
	}
	now := time.Now()
	members := []any{}
	for _, m := range room.Members {
		from, to, direction := m.Address, m.Leg.Called, "inbound"
		if m.Leg.Entry == fake.EntryCommand {
			from, to, direction = to, from, "outbound"
		}
		members = append(members, object{
			"member_id": string(m.ID), "call_uuid": m.CallID, "muted": m.Mute, "deaf": m.Deaf,
			"from": from, "to": to, "caller_name": url.PathEscape(m.Leg.Name), "direction": direction,
			"join_time": secondsText(now.Sub(m.JoinedAt)),
		})
	}
	return answer(200, object{
		"conference_name": room.Name, "conference_run_time": secondsText(room.RunTime(now)),
		"conference_member_count": strconv.Itoa(len(members)), "members": members,
	})
}

func secondsText(d time.Duration) string { return strconv.Itoa(max(seconds(d), 0)) }

// liveConference is live for this API.
func (s *Server) liveConference(q request) (fake.RoomInfo, bool) {
	room, ok := s.live(q)
	return room, ok && len(room.Members) > 0
}

func (s *Server) endConference(q request) reply {
	room, ok := s.liveConference(q)
	if !ok {
		return notFound()
	}
	if bad := q.end(room, fake.HangUp); bad != nil {
		return *bad
	}
	return answer(204, nil)
}

// endConferences ends every conference that is listed, which may be none.
func (s *Server) endConferences(q request) reply {
	for _, room := range s.bridge.Rooms() {
		if len(room.Members) > 0 {
			q.end(room, fake.HangUp) // one that is over meanwhile is over
		}
	}
	return answer(204, nil)
}

// hangUpMember hangs up one member or all ("Disconnect a member from a conference").
func (s *Server) hangUpMember(q request) reply {
	return s.memberAction(q, false, 204, "hangup", func(room fake.RoomInfo, sel selection) *reply {
		return q.remove(room, sel, fake.HangUp)
	})
}

// kickMember puts one member or all out; their calls go on ("Kick or disconnect a member from a
// conference").
func (s *Server) kickMember(q request) reply {
	return s.memberAction(q, false, 202, "kicked", func(room fake.RoomInfo, sel selection) *reply {
		return q.remove(room, sel, fake.GoOn)
	})
}

func (s *Server) muteMember(q request) reply   { return s.memberState(q, 202, "muted") }
func (s *Server) unmuteMember(q request) reply { return s.memberState(q, 204, "unmuted") }
func (s *Server) deafMember(q request) reply   { return s.memberState(q, 202, "deaf") }
func (s *Server) undeafMember(q request) reply { return s.memberState(q, 204, "undeaf") }

// memberState changes one member, several, or all.
func (s *Server) memberState(q request, status int, message string) reply {
	return s.memberAction(q, true, status, message, func(room fake.RoomInfo, sel selection) *reply {
		return q.set(room, sel, q.change())
	})
}

// memberAction does something to the members that the path names.
func (s *Server) memberAction(q request, list bool, status int, message string, do func(fake.RoomInfo, selection) *reply) reply {
	room, ok := s.liveConference(q)
	if !ok {
		return notFound()
	}
	if bad := q.fields.only("conference_name", "member_id"); bad != nil { // plivo-python repeats the path's
		return *bad
	}
	sel, ok := choose(room, q.member, list, true)
	if !ok {
		return notFound()
	}
	if bad := do(room, sel); bad != nil {
		return *bad
	}
	return s.memberAnswer(status, message, sel)
}

// memberAnswer is what an action on members is answered with.
func (s *Server) memberAnswer(status int, message string, sel selection) reply {
	quirks := s.options.Quirks
	if quirks.MemberActions204 {
		status = 204
	}
	return answer(status, object{"message": message, "member_id": quirks.memberID(sel.asked, sel.ids)})
}

// hangUpCall hangs up a call, in a conference, outside of any, or ringing ("Hangup a call").
func (s *Server) hangUpCall(q request) reply {
	if m, ok := s.bridge.Find(q.call); ok && m.Ringing() {
		if !q.dry {
			m.HangUp()
		}
		return answer(204, nil)
	}
	if !s.bridge.CallUp(q.call) {
		return notFound()
	}
	if !q.dry {
		if err := q.bridge.HangUpCall(q.call); err != nil {
			return refused(err)
		}
	}
	return answer(204, nil)
}
