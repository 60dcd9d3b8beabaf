package genesys

import (
	"bytes"
	"encoding/json"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// A CallRecord is a call as one agent's session sees it, in the server's words; the vendor's page is
// "Call Resource". Of what the server did not write the fields are zero.
type CallRecord struct {
	ID           string
	CallUUID     string
	ConnID       string
	State        string // Ringing, Dialing, Established, Held, Released, Preview
	CallType     string // Internal, Inbound, Outbound, Consult
	DeviceID     string // of the device that this view belongs to
	ParentID     string // of a Consult call: the call that it was begun from
	Participants []PartyRecord
	Capabilities []string // names of operations that can be asked for now
	UserData     json.RawMessage
	Duration     string // in seconds
	DNIS, ANI    string

	Mute                  bool // of one's own leg; of a supervisor's the mode: listening in
	RecordingState        string
	SupervisorListeningIn bool
	MonitoredUserMuted    bool
	Monitoring            bool

	membership bool // the server wrote who is on the call
	old        bool // in the dialect of the older servers
	supervised bool // this session was seen to monitor the call
}

// A PartyRecord is one of the other parties of a call.
type PartyRecord struct {
	PhoneNumber          string
	Digits               string
	FormattedPhoneNumber string
	E164Number           string
}

// A DeviceRecord is one of the agent's devices; the vendor's page is "Device resource".
type DeviceRecord struct {
	ID           string
	DeviceState  string // Active, Inactive
	UserState    string // LoggedOut, LoggedIn, Ready, NotReady
	PhoneNumber  string
	Capabilities []string

	// Of the supervisor monitoring that is set up on this device, if any.
	MonitoringState  string // ListenIn, Coach, BargeIn
	MonitoringMode   string // AllCalls, NextCall
	MonitoringScope  string // Call, Agent
	MonitoringTarget string // id of the monitored device
}

// Offers reports whether the server offers an operation on the call now, such as "Hold".
func (c CallRecord) Offers(operation string) bool { return has(c.Capabilities, operation) }

func has(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// UnmarshalJSON reads a call of any server's age. Unknown fields and odd values are passed over; what
// is no object is an error.
func (c *CallRecord) UnmarshalJSON(b []byte) error {
	var w struct {
		ID           text            `json:"id"`
		CallUUID     text            `json:"callUuid"`
		ConnID       text            `json:"connId"`
		State        text            `json:"state"`
		CallType     text            `json:"callType"`
		DeviceURI    text            `json:"deviceUri"`
		DevicePath   text            `json:"devicePath"`
		ParentURI    text            `json:"parentCallUri"`
		ParentPath   text            `json:"parentCallPath"`
		Participants json.RawMessage `json:"participants"`
		Info         json.RawMessage `json:"participantsInfo"`
		Capabilities words           `json:"capabilities"`
		UserData     json.RawMessage `json:"userData"`
		Duration     text            `json:"duration"`
		DNIS         text            `json:"dnis"`
		ANI          text            `json:"ani"`
		Mute         flag            `json:"mute"`
		Recording    text            `json:"recordingState"`
		Listening    flag            `json:"supervisorListeningIn"`
		UserMuted    flag            `json:"monitoredUserMuted"`
		Monitoring   flag            `json:"monitoring"`
	}
	if err := object(b, &w); err != nil {
		return err
	}
	parties, words, ok := parties(w.Participants, w.Info)
	*c = CallRecord{
		ID: string(w.ID), CallUUID: string(w.CallUUID), ConnID: string(w.ConnID),
		State: string(w.State), CallType: string(w.CallType),
		DeviceID: lastSegment(string(or(w.DeviceURI, w.DevicePath))), ParentID: lastSegment(string(or(w.ParentURI, w.ParentPath))),
		Participants: parties, membership: ok,
		old:          words || len(w.Info) > 0 || w.ConnID == "" && w.ID != w.CallUUID,
		Capabilities: w.Capabilities, UserData: bytes.Clone(w.UserData), Duration: string(w.Duration),
		DNIS: string(w.DNIS), ANI: string(w.ANI), Mute: bool(w.Mute), RecordingState: string(w.Recording),
		SupervisorListeningIn: bool(w.Listening), MonitoredUserMuted: bool(w.UserMuted), Monitoring: bool(w.Monitoring),
	}
	return nil
}

func or(a, b text) text {
	if a != "" {
		return a
	}
	return b
}

// object reads an object; what else is JSON is an error.
func object(b []byte, into any) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		return cc.Detail("not an object")
	}
	if err := json.Unmarshal(b, into); err != nil {
		return cc.Detail("not an object of the expected shape")
	}
	return nil
}

// parties reads who else is on a call: a list of objects, or, from older servers, of numbers with a
// list of objects beside it. ok is false where the list cannot be relied upon to be whole.
func parties(list, info json.RawMessage) (all []PartyRecord, words, ok bool) {
	var items []json.RawMessage
	if len(list) == 0 || json.Unmarshal(list, &items) != nil || items == nil {
		return nil, false, false
	}
	var beside []json.RawMessage
	if len(info) > 0 && json.Unmarshal(info, &beside) != nil || len(beside) != len(items) {
		beside = nil
	}
	all = make([]PartyRecord, 0, len(items))
	for i, item := range items {
		p, ok := party(item)
		if !ok {
			return nil, false, false
		}
		words = words || item[0] == '"'
		if beside != nil {
			if more, ok := party(beside[i]); ok && (p.PhoneNumber == "" || more.PhoneNumber == "" || more.PhoneNumber == p.PhoneNumber) {
				if more.PhoneNumber == "" {
					more.PhoneNumber = p.PhoneNumber
				}
				p = more
			}
		}
		all = append(all, p)
	}
	return all, words, true
}

// party reads one of the others. Nothing is somebody whose number is withheld.
func party(raw json.RawMessage) (p PartyRecord, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return p, false
	}
	switch raw[0] {
	case '{':
		var w struct {
			PhoneNumber text `json:"phoneNumber"`
			Digits      text `json:"digits"`
			Formatted   text `json:"formattedPhoneNumber"`
			E164        text `json:"e164Number"`
		}
		if json.Unmarshal(raw, &w) != nil {
			return p, false
		}
		return PartyRecord{string(w.PhoneNumber), string(w.Digits), string(w.Formatted), string(w.E164)}, true
	case '[', 't', 'f':
		return p, false
	}
	var number text
	if number.UnmarshalJSON(raw) != nil {
		return p, false
	}
	return PartyRecord{PhoneNumber: string(number)}, true
}

// UnmarshalJSON reads a device of any server's age, as that of CallRecord does.
func (d *DeviceRecord) UnmarshalJSON(b []byte) error {
	var w struct {
		ID          text            `json:"id"`
		DeviceState text            `json:"deviceState"`
		UserState   json.RawMessage `json:"userState"`
		Number      text            `json:"phoneNumber"`
		Dynamic     text            `json:"dynamicPhoneNumber"`
		Offers      words           `json:"capabilities"`
		Monitoring  json.RawMessage `json:"supervisorMonitoringState"`
	}
	if err := object(b, &w); err != nil {
		return err
	}
	*d = DeviceRecord{
		ID: string(w.ID), DeviceState: string(w.DeviceState), PhoneNumber: string(or(w.Number, w.Dynamic)), Capabilities: w.Offers,
	}
	var user struct {
		State text `json:"state"`
	}
	var plain text
	if object(w.UserState, &user) == nil {
		d.UserState = string(user.State)
	} else if len(w.UserState) > 0 && plain.UnmarshalJSON(w.UserState) == nil {
		d.UserState = string(plain)
	}
	var m struct {
		State      text `json:"state"`
		Mode       text `json:"mode"`
		Scope      text `json:"scope"`
		TargetURI  text `json:"targetDeviceUri"`
		TargetPath text `json:"targetDevicePath"`
	}
	if object(w.Monitoring, &m) == nil {
		d.MonitoringState, d.MonitoringMode, d.MonitoringScope = string(m.State), string(m.Mode), string(m.Scope)
		d.MonitoringTarget = lastSegment(string(or(m.TargetURI, m.TargetPath)))
	}
	return nil
}

// The states of a call in which its agent is on it.
const (
	stateEstablished = "Established"
	stateHeld        = "Held"
	stateReleased    = "Released" // the leg is gone
	typeConsult      = "Consult"
)

// live reports whether the call is a conference: the agent is on it, and it is not a consultation.
func (c *CallRecord) live() bool {
	return (c.State == stateEstablished || c.State == stateHeld) && !strings.EqualFold(c.CallType, typeConsult)
}

// monitored reports whether this is a supervisor's view of a call that it monitors. Older servers do
// not say so, but offer the change of mode.
func (c *CallRecord) monitored() bool {
	return c.supervised || c.Monitoring || c.Offers(opSwitchToBargeIn) || c.Offers(opSwitchToListenIn)
}
