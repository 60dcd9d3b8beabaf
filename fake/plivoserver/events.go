package plivoserver

import (
	"net/url"
	"strconv"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// The status callbacks of a MultiPartyCall ("Multiparty Calls"). Their fields are those of that page
// and those that receivers have recorded. The forms of times, which no page gives, are those of the
// API's answers.

// eventGroup is the group of each event.
var eventGroup = map[string]string{
	"MPCInitialized": "mpc-state-changes", "MPCStart": "mpc-state-changes", "MPCEnd": "mpc-state-changes",
	"ParticipantJoin": "participant-state-changes", "ParticipantExit": "participant-state-changes",
	"ParticipantMute": "participant-state-changes", "ParticipantUnmute": "participant-state-changes",
	"ParticipantHold": "participant-state-changes", "ParticipantUnhold": "participant-state-changes",
	"ParticipantCoachModeStart": "participant-state-changes", "ParticipantCoachModeStop": "participant-state-changes",
	"ParticipantSpeakStart": "participant-speak-events", "ParticipantSpeakStop": "participant-speak-events",
	"ParticipantDigitInput":              "participant-digit-input-events",
	"AddParticipantByAPIActionInitiated": "add-participant-api-events",
	"AddParticipantByAPIActionCompleted": "add-participant-api-events",
}

// An event is one status callback to be.
type event struct {
	name   string
	member *fake.MemberInfo // whom it is about; nil: the room
	extra  url.Values
}

// events is what one step of a room is told as. Several flags that change at once are several
// events. A change of coach_mode is told of supervisors, for whom alone it has an effect.
func events(n fake.News) []event {
	m := n.Member
	switch n.Kind {
	case fake.NewsCreated:
		return []event{{name: "MPCInitialized"}}
	case fake.NewsStarted:
		return []event{{name: "MPCStart"}}
	case fake.NewsEnded:
		return []event{{name: "MPCEnd", extra: ending(n.Room)}}
	case fake.NewsRinging:
		return []event{{name: "AddParticipantByAPIActionInitiated"}}
	case fake.NewsJoined:
		list := []event{{name: "ParticipantJoin", member: &m, extra: legFields(m)}}
		if o, ok := m.Leg.Data.(*legOrder); ok && o.pulled {
			list = append([]event{{name: "AddParticipantByAPIActionInitiated"}}, list...)
		}
		if m.Leg.Entry == fake.EntryCommand {
			list = append(list, outcome("Success"))
		}
		return list
	case fake.NewsNotAnswered:
		return []event{{name: "ParticipantExit", member: &m, extra: exitFields(m)}, outcome("Failed")}
	case fake.NewsLeft:
		return []event{{name: "ParticipantExit", member: &m, extra: exitFields(m)}}
	case fake.NewsChanged:
		return changeEvents(n.Before, m)
	}
	return nil
}

// outcome tells how Add Participant went. Which words there are is not documented.
func outcome(word string) event {
	return event{name: "AddParticipantByAPIActionCompleted", extra: url.Values{"AddParticipantAPIRequestOutcome": {word}}}
}

func changeEvents(before, after fake.MemberInfo) []event {
	var list []event
	for _, x := range []struct {
		was, is bool
		on, off string
	}{
		{before.Mute, after.Mute, "ParticipantMute", "ParticipantUnmute"},
		{before.Hold, after.Hold, "ParticipantHold", "ParticipantUnhold"},
		{before.Coach, after.Coach, "ParticipantCoachModeStart", "ParticipantCoachModeStop"},
	} {
		coach := x.on == "ParticipantCoachModeStart"
		if x.was == x.is || coach && after.Leg.Role != cc.RoleSupervisor {
			continue
		}
		name := x.off
		if x.is {
			name = x.on
		}
		list = append(list, event{name: name, member: &after})
	}
	return list
}

// ending is what MPCEnd has beside what all events have.
func ending(room fake.RoomInfo) url.Values {
	billed := 0
	for _, m := range room.Departed {
		billed += billedSeconds(m)
	}
	why := terminations[room.Cause]
	return url.Values{
		"MPCDuration":             {strconv.Itoa(seconds(room.RunTime(room.EndedAt)))},
		"MPCBilledDuration":       {strconv.Itoa(billed)},
		"MPCBilledAmount":         {amountText(billed)},
		"MPCTerminationCause":     {why.text},
		"MPCTerminationCauseCode": {strconv.Itoa(why.code)},
	}
}

// legFields are those of ParticipantJoin and ParticipantExit alone.
func legFields(m fake.MemberInfo) url.Values {
	from, to, direction := parties(m)
	return url.Values{
		"MemberAddress": {m.Address}, "ParticipantCallFrom": {from}, "ParticipantCallTo": {to},
		"ParticipantCallDirection": {direction},
	}
}

// exitFields are those of ParticipantExit alone. Whoever never came in has no time of joining.
func exitFields(m fake.MemberInfo) url.Values {
	f := legFields(m)
	if !m.JoinedAt.IsZero() {
		f.Set("ParticipantJoinTime", stampText(m.JoinedAt))
	}
	f.Set("ParticipantEndTime", stampText(m.ExitAt))
	return f
}

// parties is who called whom.
func parties(m fake.MemberInfo) (from, to, direction string) {
	if m.Leg.Entry == fake.EntryCommand {
		return m.Leg.Called, m.Address, "outbound"
	}
	return m.Address, m.Leg.Called, "inbound"
}

// statusFields are all fields of an event but the SequenceNumber. Whoever never came in has no
// number in the room, so that MemberID is absent.
func statusFields(room fake.RoomInfo, e event, at time.Time) url.Values {
	f := url.Values{
		"EventName": {e.name}, "EventTimestamp": {stampText(at)}, "MPCUUID": {room.UUID()}, "MPCName": {room.Name},
	}
	if m := e.member; m != nil {
		if m.ID != "" {
			f.Set("MemberID", string(m.ID))
		}
		f.Set("ParticipantCallUUID", m.CallID)
		f.Set("ParticipantRole", string(m.Leg.Role))
		f.Set("ParticipantCoachMode", strconv.FormatBool(m.Coach))
	}
	for k, v := range e.extra {
		f[k] = v
	}
	return f
}

// stampText is an instant as answers have it too.
func stampText(t time.Time) string { return *timeText(t) }
