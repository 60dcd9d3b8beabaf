package genesysserver

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// A call is a call resource. Source: "Call Resource".
type call struct {
	ID               string         `json:"id"`
	State            string         `json:"state"`
	CallUUID         string         `json:"callUuid"`
	ConnID           string         `json:"connId,omitempty"`
	DeviceURI        string         `json:"deviceUri"`
	Participants     any            `json:"participants"`
	ParticipantsInfo []party        `json:"participantsInfo,omitempty"`
	DNIS             string         `json:"dnis,omitempty"`
	ANI              string         `json:"ani,omitempty"`
	CallType         string         `json:"callType"`
	Capabilities     []Operation    `json:"capabilities"`
	UserData         map[string]any `json:"userData,omitempty"`
	Duration         string         `json:"duration"`
	Mute             string         `json:"mute"`
	RecordingState   string         `json:"recordingState,omitempty"`
	Listening        *bool          `json:"supervisorListeningIn,omitempty"`
	UserMuted        *bool          `json:"monitoredUserMuted,omitempty"`
	Monitoring       *bool          `json:"monitoring,omitempty"`
	ParentURI        string         `json:"parentCallUri,omitempty"`
	ParentPath       string         `json:"parentCallPath,omitempty"`
	URI              string         `json:"uri"`
	Path             string         `json:"path,omitempty"`
}

// A party is a participant as the new dialect tells it, and participantsInfo in the old one.
type party struct {
	E164      string `json:"e164Number"`
	Formatted string `json:"formattedPhoneNumber"`
	Number    string `json:"phoneNumber"`
	Digits    string `json:"digits"`
}

func onOff(on bool) string {
	if on {
		return "On"
	}
	return "Off"
}

// parties are numbers as resources.
func parties(numbers []string) []party {
	list := make([]party, len(numbers))
	for i, n := range numbers {
		list[i] = party{Formatted: n, Number: n, Digits: strings.TrimPrefix(n, "+")}
		if strings.HasPrefix(n, "+") {
			list[i].E164 = n
		}
	}
	return list
}

// uri is an absolute reference, and path one without /api/v2.
func (s *Server) uri(q *Quirks, segments ...string) string {
	base := s.options.ExternalURL
	if q.ForeignURL != "" {
		base = strings.TrimSuffix(q.ForeignURL, "/")
	}
	return base + "/api/v2" + path(&Quirks{}, segments...)
}

func path(q *Quirks, segments ...string) string {
	var b strings.Builder
	for _, seg := range segments {
		b.WriteString("/" + url.PathEscape(seg))
	}
	if q.BarePaths {
		return b.String()[1:]
	}
	return b.String()
}

// resource returns a view as JSON.
func (s *Server) resource(a *Agent, v *view, q *Quirks, news bool) json.RawMessage {
	old := s.options.Dialect == Old
	c := call{
		ID: v.id, State: v.state, CallUUID: v.uuid, DeviceURI: s.uri(q, "devices", a.deviceID),
		DNIS: v.dnis, ANI: v.ani, CallType: v.callType, Capabilities: v.can, UserData: v.userData,
		Duration: decimal(int(max(time.Since(v.since), 0) / time.Second)), Mute: onOff(v.mute),
		Listening: &v.listening, UserMuted: &v.muted, URI: s.uri(q, "me", "calls", v.id),
	}
	if v.since.IsZero() {
		c.Duration = "0"
	}
	if c.Capabilities == nil {
		c.Capabilities = []Operation{}
	}
	if v.parentID != "" {
		c.ParentURI = s.uri(q, "me", "calls", v.parentID)
	}
	if old {
		c.Participants, c.ParticipantsInfo = v.numbers, parties(v.numbers)
		if v.numbers == nil {
			c.Participants = []string{}
		}
	} else {
		c.Participants, c.ConnID, c.Monitoring = parties(v.numbers), connID(v.uuid), &v.monitoring
		c.Path = path(q, "calls", v.id)
		if v.parentID != "" {
			c.ParentPath = path(q, "calls", v.parentID)
		}
		if s.options.Recording {
			c.RecordingState = "Stopped"
			if v.recording != "" {
				c.RecordingState = v.recording
			}
		}
	}
	if q.FewFields {
		c.Listening, c.UserMuted, c.Monitoring = nil, nil, nil
		c.DNIS, c.Path, c.ParentPath, c.RecordingState, c.ConnID = "", "", "", "", ""
	}
	if q.EmptyID && news {
		c.ID = ""
	}
	return q.spice(encode(c))
}

// device returns an agent's device as a resource. Source: "Device resource". The caller holds the
// mutex.
func (s *Server) device(a *Agent, q *Quirks) json.RawMessage {
	state, name, active := "LoggedOut", "Logged Out", "Inactive"
	if a.started {
		state, name, active = a.state, a.state, "Active"
		if name == "NotReady" {
			name = "Not Ready"
		}
	}
	d := object{
		"id": a.deviceID, "deviceState": active,
		"userState":   object{"id": a.userID[:8] + "-" + state, "displayName": name, "state": state},
		"phoneNumber": a.options.DN, "e164Number": "", "telephonyNetwork": "Private", "doNotDisturb": "Off",
		"voiceEnvironmentUri": s.uri(q, "voice-environments", s.voiceID), "channels": []string{"voice"},
		"uri": s.uri(q, "devices", a.deviceID),
	}
	can := []string{"ForwardCallsOn", "DoNotDisturbOn"}
	if a.has(FeatureMonitoring) {
		can = append(can, "ListenIn", "Coach", "BargeIn")
	}
	if m := a.monitoring; m != nil {
		can = append(can, "CancelSupervisorMonitoring")
		d["supervisorMonitoringState"] = object{
			"state": m.state, "mode": m.mode, "scope": m.scope,
			"targetDeviceUri": s.uri(q, "devices", m.target.deviceID),
		}
	}
	d["capabilities"] = can
	if s.options.Dialect == Current {
		d["dynamicPhoneNumber"] = ""
		if !q.FewFields {
			d["path"] = path(q, "devices", a.deviceID)
		}
	}
	return q.spice(encode(d))
}
