package genesys

import (
	"encoding/json"

	cc "github.com/callcontrol-go/callcontrol"
)

// A message is what a notification says, as far as the driver looks at it: which call it is about, and
// whether it tells of a failure. What else is in it is never believed.
type message struct {
	failure bool
	call    string // id of the call; empty where none is named
	uuid    string
	record  *CallRecord
	device  *DeviceRecord
	about   string // id of the device that a failure names
	code    string
	text    string
}

// decodeMessage reads the data of a notification, whatever they are. Types that are not known are
// bells; what cannot be read is a bell that names no call.
func decodeMessage(data []byte) (m message) {
	var w struct {
		Type       text            `json:"messageType"`
		Call       json.RawMessage `json:"call"`
		CallURI    text            `json:"callUri"`
		CallPath   text            `json:"callPath"`
		Device     json.RawMessage `json:"device"`
		DeviceURI  text            `json:"deviceUri"`
		DevicePath text            `json:"devicePath"`
		Error      text            `json:"errorMessage"`
		Code       text            `json:"errorCode"`
	}
	if object(data, &w) != nil {
		return m
	}
	m.failure = w.Type == "ErrorMessage"
	m.code, m.text = clipCode(string(w.Code)), clip(string(w.Error))
	m.call = lastSegment(string(or(w.CallURI, w.CallPath)))
	m.about = lastSegment(string(or(w.DeviceURI, w.DevicePath)))
	var r CallRecord
	if r.UnmarshalJSON(w.Call) == nil {
		m.record = &r
		m.call, m.uuid = r.ID, r.CallUUID
	}
	var d DeviceRecord
	if d.UnmarshalJSON(w.Device) == nil {
		m.device = &d
	}
	return m
}

// conference is the id by which the message names a conference; empty where it names none, which
// means any.
func (m message) conference() cc.ConferenceID {
	if isCallID(m.call) {
		return cc.ConferenceID(m.call)
	}
	if isCallID(m.uuid) {
		return instance(m.uuid)
	}
	return ""
}

// err is the failure that the message tells. What it was of is not told, and nothing was done.
func (m message) err() *cc.Error {
	e := &cc.Error{Kind: cc.ErrUnavailable, Code: m.code, Message: m.text}
	e.Err = cc.Detail("the server reported a failure after it had accepted the command")
	return e
}

// clipCode bounds a code to what one can be.
func clipCode(s string) string {
	if len(s) > 64 || !printable(s) {
		return ""
	}
	return s
}
