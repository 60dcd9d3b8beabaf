package plivoserver

import (
	"net/url"
	"strings"

	"github.com/callcontrol-go/callcontrol/fake"
)

// callFields are those that all requests about a call have ("Callback Configurations").
func callFields(m fake.MemberInfo, event, status string) url.Values {
	from, to, direction := parties(m)
	return url.Values{
		"CallUUID": {m.CallID}, "From": {from}, "To": {to}, "Direction": {direction},
		"Event": {event}, "CallStatus": {status},
	}
}

// callStatus is whether a call goes on.
func callStatus(m fake.MemberInfo) string {
	if m.Up {
		return "in-progress"
	}
	return "completed"
}

// conferenceEvent is the value of Event beside that of ConferenceAction; no page lists them.
var conferenceEvent = map[string]string{
	"enter": "ConferenceEnter", "exit": "ConferenceExit", "digits": "ConferenceDigits",
	"floor": "ConferenceFloor", "record": "ConferenceRecord",
}

// conferenceFields are those of a Conference callback about a member ("Conferencing (XML)").
func conferenceFields(room fake.RoomInfo, m fake.MemberInfo, action string) url.Values {
	f := callFields(m, conferenceEvent[action], callStatus(m))
	f.Set("ConferenceAction", action)
	f.Set("ConferenceName", room.Name)
	f.Set("ConferenceUUID", room.UUID())
	f.Set("ConferenceMemberID", string(m.ID))
	return f
}

// conferenceActions is what one step of a room is told as to a Conference's callbackUrl: nothing but
// coming and going.
var conferenceActions = map[fake.NewsKind]string{fake.NewsJoined: "enter", fake.NewsLeft: "exit"}

// exitAction is what asks for the XML that a leg goes on with: only of one whose call is up.
func exitAction(n fake.News) (place, url.Values, bool) {
	m := n.Member
	p := place{m.Leg.ExitAction, "POST"}
	if o, ok := m.Leg.Data.(*legOrder); ok {
		p.method = o.exitMethod
	}
	if n.Kind != fake.NewsLeft || !m.Up || !webURL(p.url) {
		return p, nil, false
	}
	f := callFields(m, "Redirect", callStatus(m))
	for k, v := range map[string]string{
		"MPCUUID": n.Room.UUID(), "MPCFriendlyName": n.Room.Name, "MemberID": string(m.ID),
		"ParticipantCallUUID": m.CallID, "ParticipantRole": string(m.Leg.Role),
		"ParticipantJoinTime": stampText(m.JoinedAt), "ParticipantEndTime": stampText(m.ExitAt),
	} {
		f.Set(k, v)
	}
	return p, f, true
}

// endStatuses is how a call that was dialled ended.
var endStatuses = map[fake.ExitCause]string{
	fake.ExitNoAnswer: "no-answer", fake.ExitDeclined: "busy", fake.ExitFull: "completed",
	fake.ExitLostRace: "cancel", fake.ExitCanceled: "cancel",
}

// callStatusOf is what one step is told as to a call_status_callback_url: of calls that Add
// Participant made, until they leave the room.
func callStatusOf(n fake.News) (place, url.Values, bool) {
	o, ok := n.Member.Leg.Data.(*legOrder)
	if !ok || o.callStatus.url == "" {
		return place{}, nil, false
	}
	var event, status string
	switch n.Kind {
	case fake.NewsRinging:
		event, status = "Ring", "ringing"
	case fake.NewsJoined:
		event, status = "StartApp", "in-progress"
	case fake.NewsNotAnswered:
		event, status = "Hangup", endStatuses[n.Member.Cause]
	case fake.NewsLeft:
		event, status = "Hangup", "completed"
		if n.Member.Up {
			return place{}, nil, false
		}
	default:
		return place{}, nil, false
	}
	return o.callStatus, callFields(n.Member, event, status), true
}

// digitsOnly reports whether it can be what keys of a telephone send.
func digitsOnly(s string) bool { return s != "" && strings.Trim(s, "0123456789*#") == "" }
