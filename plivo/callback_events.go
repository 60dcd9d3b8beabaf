package plivo

import (
	"net/url"
	"slices"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// This file is what is known of Plivo's callbacks: the events, the fields that each of them has, and
// the format of each field (Plivo's pages "Multiparty Calls", "The MultiPartyCall element",
// "Conferencing (XML)" and "Conference API"). Fields that no page documents, and which have been seen, are
// optional. The signature does not tell where a field ends, so each known one is held to its own format.
// One that the event does not have to have may also be empty: programs that print Plivo's status callbacks
// read the fields of one event from all of them.

// A callbackKind is what a callback of one event has.
type callbackKind struct {
	api      string   // MPC or Conference
	required []string // each exactly once, besides the field that names the event
	rings    bool     // may have changed what a Snapshot shows
}

var (
	ofEveryMPC    = []string{"EventTimestamp", "MPCUUID", "MPCName"}
	ofParticipant = withFields(ofEveryMPC, "MemberID", "ParticipantCallUUID", "ParticipantRole", "ParticipantCoachMode")
	ofRecording   = withFields(ofEveryMPC, "RecordingUUID")
	ofMember      = []string{"ConferenceName", "ConferenceUUID", "ConferenceMemberID", "CallUUID"}
	ofRecord      = []string{
		"RecordUrl", "RecordingID", "RecordingDuration", "RecordingDurationMs", "RecordingStartMs", "RecordingEndMs",
	}
	ofRESTRecord = []string{
		"api_id", "record_url", "recording_id", "conference_name",
		"recording_duration", "recording_duration_ms", "recording_start_ms", "recording_end_ms",
	}
)

// mpcEvents are told apart by the field EventName. Somebody who speaks or dials, and a recording, change
// nothing that a Snapshot shows.
var mpcEvents = map[string]callbackKind{
	"MPCInitialized": {MPC, ofEveryMPC, true},
	"MPCStart":       {MPC, ofEveryMPC, true},
	"MPCEnd":         {MPC, withFields(ofEveryMPC, "MPCDuration", "MPCBilledDuration", "MPCBilledAmount"), true},

	"ParticipantJoin":           {MPC, ofParticipant, true},
	"ParticipantExit":           {MPC, ofParticipant, true},
	"ParticipantMute":           {MPC, ofParticipant, true},
	"ParticipantUnmute":         {MPC, ofParticipant, true},
	"ParticipantHold":           {MPC, ofParticipant, true},
	"ParticipantUnhold":         {MPC, ofParticipant, true},
	"ParticipantCoachModeStart": {MPC, ofParticipant, true},
	"ParticipantCoachModeStop":  {MPC, ofParticipant, true},

	"ParticipantSpeakStart": {MPC, ofParticipant, false},
	"ParticipantSpeakStop":  {MPC, ofParticipant, false},
	"ParticipantDigitInput": {MPC, ofParticipant, false},

	// By these a room may come into being before anybody is in it.
	"AddParticipantByAPIActionInitiated": {MPC, ofEveryMPC, true},
	"AddParticipantByAPIActionCompleted": {MPC, ofEveryMPC, true},

	"MPCRecordingInitiated": {MPC, ofRecording, false},
	"MPCRecordingPaused":    {MPC, ofRecording, false},
	"MPCRecordingResumed":   {MPC, ofRecording, false},
	"MPCRecordingCompleted": {MPC, ofRecording, false},
	"MPCRecordingFailed":    {MPC, ofRecording, false},
}

// conferenceActions are told apart by the field ConferenceAction. There is none for mute, deaf, a kick
// or the end of a conference.
var conferenceActions = map[string]callbackKind{
	"enter":  {Conference, ofMember, true},
	"exit":   {Conference, ofMember, true},
	"digits": {Conference, withFields(ofMember, "ConferenceDigitsMatch"), false},
	"floor":  {Conference, ofMember, false},
	"record": {Conference, ofRecord, false},
}

const (
	fieldEventName = "EventName"
	fieldAction    = "ConferenceAction"
	fieldMPCName   = "MPCName"
	fieldMPCUUID   = "MPCUUID"
	fieldName      = "ConferenceName"
	fieldRESTName  = "conference_name" // of the callback of a recording that was begun by REST, which names no event
	eventRecord    = "record"
)

// formats are those of all known fields.
var formats = map[string]func(string) bool{
	fieldEventName:    isWord,
	"EventTimestamp":  isInstant,
	fieldMPCUUID:      isUUID,
	fieldMPCName:      isRoomName,
	"SequenceNumber":  isDigits,
	"MPCFriendlyName": isRoomName,
	"MPCDuration":     isAmount,
	"MPCBilledAmount": isAmount,

	"MPCBilledDuration":       isAmount,
	"MPCTerminationCause":     isLine,
	"MPCTerminationCauseCode": isDigits,

	"MemberID":                 isMember,
	"ParticipantCallUUID":      isUUID,
	"ParticipantRole":          isWord,
	"ParticipantCoachMode":     isBool,
	"MemberAddress":            isLine,
	"ParticipantCallFrom":      isLine,
	"ParticipantCallTo":        isLine,
	"ParticipantCallDirection": isWord,
	"ParticipantJoinTime":      isInstant,
	"ParticipantEndTime":       isInstant,
	"DigitInput":               isKeys,

	"AddParticipantAPIRequestOutcome": isLine,

	"RecordingUUID":       isID,
	"RecordingURL":        isLine,
	"RecordingFormat":     isWord,
	"RecordingDuration":   isLength,
	"RecordingStartTime":  isMoment,
	"RecordingEndTime":    isMoment,
	"RecordUrl":           isLine,
	"RecordingID":         isID,
	"RecordingDurationMs": isLength,
	"RecordingStartMs":    isLength,
	"RecordingEndMs":      isLength,

	fieldAction:             isWord,
	fieldName:               isRoomName,
	"ConferenceUUID":        isUUID,
	"ConferenceMemberID":    isMember,
	"ConferenceDigitsMatch": isKeys,
	"CallUUID":              isUUID,

	"api_id":                isID,
	"record_url":            isLine,
	"recording_id":          isID,
	fieldRESTName:           isRoomName,
	"recording_duration":    isLength,
	"recording_duration_ms": isLength,
	"recording_start_ms":    isLength,
	"recording_end_ms":      isLength,
}

// A meaning is what a callback says, as far as it can be relied upon to be what Plivo has sent.
type meaning struct {
	name       string          // as the callback has it; empty where it names no event, or more than one
	kind       callbackKind    // the zero one unless it is known
	known      bool            // an event that is known, with its fields
	conference cc.ConferenceID // the name, else the Instance; empty where the library would refuse both
	instance   cc.ConferenceID
}

// readCallback tells what the fields of a callback say.
func readCallback(fields url.Values) meaning {
	var m meaning
	e, ok := callbackKind{}, false
	names, actions := fields[fieldEventName], fields[fieldAction]
	switch {
	case len(names) == 1 && len(actions) == 0:
		m.name = names[0]
		e, ok = mpcEvents[m.name]
	case len(names) == 0 && len(actions) == 1:
		m.name = actions[0]
		e, ok = conferenceActions[m.name]
	case len(names) == 0 && len(actions) == 0 && fields.Has("recording_id") && fields.Has(fieldRESTName):
		e, ok = callbackKind{Conference, ofRESTRecord, false}, true
	}
	if !ok || !wellFormed(fields, e.required) {
		return m
	}
	if m.name == "" {
		m.name = eventRecord
	}
	m.kind, m.known = e, true
	if e.api == MPC {
		m.instance = instance(fields.Get(fieldMPCUUID))
		m.conference = m.instance
		if name := fields.Get(fieldMPCName); provider.CheckName(name) == nil {
			m.conference = ownID(name)
		}
		return m
	}
	name := fields.Get(fieldName)
	if name == "" {
		name = fields.Get(fieldRESTName)
	}
	if provider.CheckName(name) == nil {
		m.conference = ownID(name)
		m.instance = m.conference
	}
	return m
}

// ownID is an id that may be kept for long: a field can be part of the whole body, which would be kept
// with it.
func ownID(name string) cc.ConferenceID { return cc.ConferenceID(strings.Clone(name)) }

// wellFormed reports whether the required fields are there, and each known field once and in its own
// format, or empty where it is not required.
func wellFormed(fields url.Values, required []string) bool {
	for _, key := range required {
		if len(fields[key]) == 0 {
			return false
		}
	}
	for key, values := range fields {
		ok := formats[key]
		if ok == nil {
			continue
		}
		if len(values) != 1 || !ok(values[0]) && (values[0] != "" || slices.Contains(required, key)) {
			return false
		}
	}
	return true
}

func withFields(list []string, more ...string) []string {
	return append(append(make([]string, 0, len(list)+len(more)), list...), more...)
}

// The formats. Each has a greatest length, and none takes a control character.

// isUUID takes the usual form of a UUID. Plivo's ids of rooms and calls all have it.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch b := s[i] | 0x20; i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !(s[i] >= '0' && s[i] <= '9' || b >= 'a' && b <= 'f') {
				return false
			}
		}
	}
	return true
}

// isID takes an id of what no conference is known by.
func isID(s string) bool { return checkUUID(s) }

func isMember(s string) bool { return checkMember(cc.ParticipantID(s)) == nil }

// isLine takes text that one line can hold. It may be empty.
func isLine(s string) bool {
	return len(s) <= 2048 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

// isRoomName takes more than a name that this library accepts: Plivo documents no form of it.
func isRoomName(s string) bool { return s != "" && len(s) <= 512 && isLine(s) }

func isWord(s string) bool {
	return within(s, 64, func(b byte) bool { return isAlnum(b) || b == '-' || b == '_' })
}

func isDigits(s string) bool {
	return within(s, 20, func(b byte) bool { return b >= '0' && b <= '9' })
}

// isKeys takes what can be dialled.
func isKeys(s string) bool {
	return within(s, 256, func(b byte) bool {
		return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'd' || b == '*' || b == '#'
	})
}

func isAmount(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return isDigits(whole) && (!point || isDigits(fraction))
}

// isLength takes -1 for what is not known yet.
func isLength(s string) bool { return s == "-1" || isAmount(s) }

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func isInstant(s string) bool { return !parseTime(s).IsZero() }

// isMoment takes an instant in either of the forms in which recordings have them.
func isMoment(s string) bool { return isDigits(s) || isInstant(s) }

func within(s string, most int, ok func(byte) bool) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
