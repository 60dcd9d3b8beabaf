package plivoserver

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// exitCauses: "Multiparty Calls". Whoever never came in is in no list.
var exitCauses = map[fake.ExitCause]string{
	fake.ExitHungUp:      "Participant Call Hangup",
	fake.ExitLeft:        "Participant Call Transferred",
	fake.ExitRemoved:     "Kicked Out of Multiparty Call",
	fake.ExitEnded:       "Multiparty Call Ended",
	fake.ExitTransferred: "Participant Call Transferred",
}

// participant is a participant as an answer shows it ("Retrieve all participant details"; which
// fields there are: recorded fixtures). The flags are null once it has left.
func (s *Server) participant(room fake.RoomInfo, m fake.MemberInfo, form string) object {
	quirks := s.options.Quirks
	o := object{
		"member_id": string(m.ID), "mpc_uuid": room.UUID(), "call_uuid": m.CallID, "role": string(m.Leg.Role),
		"mute": m.Mute, "hold": m.Hold, "coach_mode": m.Coach,
		"start_mpc_on_enter": !m.Leg.Waits, "end_mpc_on_exit": m.Leg.EndOnExit,
		"join_time": timeText(m.JoinedAt), "exit_time": timeText(m.ExitAt),
		"duration": nil, "billed_duration": nil, "billed_amount": nil,
		"resource_uri": s.roomURI(room, form) + "Participant/" + url.PathEscape(string(m.ID)) + "/",
	}
	var cause any
	if !m.ExitAt.IsZero() {
		o["mute"], o["hold"], o["coach_mode"] = nil, nil, nil
		o["duration"] = seconds(m.ExitAt.Sub(m.JoinedAt))
		o["billed_duration"] = billedSeconds(m)
		o["billed_amount"] = s.amount(billedSeconds(m))
		cause = exitCauses[m.Cause]
	}
	switch {
	case quirks.OldParticipants:
		return o
	case quirks.DocumentedExit:
		o["participant_exit_cause"] = cause
	default:
		o["exit_cause"] = cause
	}
	o["member_address"] = m.Address
	return o
}

// everyone returns who is in a room and who was, the last to join first. Who rings is in no list,
// having no number yet.
func everyone(room fake.RoomInfo) []fake.MemberInfo {
	all := slices.DeleteFunc(slices.Concat(room.Departed, room.Members), func(m fake.MemberInfo) bool {
		return m.JoinedAt.IsZero()
	})
	slices.SortStableFunc(all, func(a, b fake.MemberInfo) int {
		return cmp.Or(b.JoinedAt.Compare(a.JoinedAt), cmp.Compare(number(b.ID), number(a.ID)))
	})
	return all
}

func number(id cc.ParticipantID) int {
	n, _ := strconv.Atoi(string(id)) // the Switch counts
	return n
}

func (s *Server) listParticipants(q request) reply {
	room, ok := s.shown(q)
	if !ok {
		return notFound()
	}
	p, bad := parsePage(q.query)
	if bad != nil {
		return *bad
	}
	all := everyone(room)
	if q.query.Has("call_uuid") {
		call := q.query.Get("call_uuid")
		all = slices.DeleteFunc(all, func(m fake.MemberInfo) bool { return m.CallID != call })
	}
	objects := []any{}
	for _, m := range of(p, all) {
		objects = append(objects, s.participant(room, m, q.form()))
	}
	return answer(200, object{
		"meta":    s.meta(p, len(all), s.roomURI(room, q.form())+"Participant/", q.query),
		"objects": objects,
	})
}

// getParticipant knows one id, and those who have left too.
func (s *Server) getParticipant(q request) reply {
	room, ok := s.shown(q)
	if !ok {
		return notFound()
	}
	for _, m := range everyone(room) {
		if string(m.ID) == q.member {
			return answer(200, s.participant(room, m, q.form()))
		}
	}
	return notFound()
}

// updateParticipant changes what the body names, of one member, of several, or of all ("Update
// participant state"). coach_mode is for one only.
func (s *Server) updateParticipant(q request) reply {
	room, ok := s.live(q)
	if !ok {
		return notFound()
	}
	change, bad := parseChange(q.fields)
	if bad != nil {
		return *bad
	}
	if change.Coach != cc.Unset && (q.member == everybody || strings.Contains(q.member, ",")) {
		return invalid("coach_mode is for one participant at a time")
	}
	sel, ok := choose(room, q.member, true, true)
	if !ok {
		return notFound()
	}
	if bad := q.set(room, sel, change); bad != nil {
		return *bad
	}
	texts := object{}
	for name, text := range changes(&change) {
		if *text.flag != cc.Unset {
			texts[name] = "MPC: " + room.Name + " " + s.spelt(text.text)
		}
	}
	if s.options.Quirks.NestedUpdate {
		return answer(202, object{"message": texts})
	}
	return answer(202, texts)
}

// A flagText is a flag of a change, and what is answered to it.
type flagText struct {
	flag *cc.Toggle
	text string
}

// changes are the flags of a change by their names in bodies.
func changes(c *cc.Change) map[string]flagText {
	return map[string]flagText{
		"mute":       {&c.Mute, "mute/unmute member(s) succeeded"},
		"hold":       {&c.Hold, "hold/unhold member(s) succeeded"},
		"coach_mode": {&c.Coach, "coach_mode enable/disable succeeded"},
	}
}

// parseChange reads an update, which sets at least one flag.
func parseChange(f fields) (change cc.Change, bad *reply) {
	const sound = "disable_state_change_sound" // plivo-node has it
	if bad := f.only("mute", "hold", "coach_mode", sound); bad != nil {
		return cc.Change{}, bad
	}
	if _, _, bad := f.boolean(sound); bad != nil {
		return cc.Change{}, bad
	}
	for name, x := range changes(&change) {
		on, set, bad := f.boolean(name)
		if bad != nil {
			return cc.Change{}, bad
		}
		if set {
			*x.flag = toggle(on)
		}
	}
	if change == (cc.Change{}) {
		return change, refuse("one of mute, hold and coach_mode is mandatory")
	}
	return change, nil
}

// spelt is a text as documented, or as recorded.
func (s *Server) spelt(text string) string {
	if s.options.Quirks.Misspelt && strings.Contains(text, "member(s)") {
		return strings.Replace(text, "succeeded", "succeded", 1)
	}
	return text
}

// kickParticipant removes one member, several, or all ("Kick Out a Participant"). What becomes of
// the call depends on how it came in.
func (s *Server) kickParticipant(q request) reply {
	room, ok := s.live(q)
	if !ok {
		return notFound()
	}
	sel, ok := choose(room, q.member, true, true)
	if !ok {
		return notFound()
	}
	if bad := q.remove(room, sel, fake.AsEntered); bad != nil {
		return *bad
	}
	return answer(204, nil)
}
