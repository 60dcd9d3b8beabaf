package genesysserver

import "time"

// The channels that are published on. Source: "CometD notifications".
const (
	channelCalls    = "/v2/me/calls"
	channelDevices  = "/v2/me/devices"
	channelServices = "/notifications/services"
)

// The values of notificationType. Source: the samples of the operations.
const (
	statusChange        = "StatusChange"
	participantsUpdated = "ParticipantsUpdated"
	dataChanged         = "AttachedDataChanged"
	recordingChange     = "CallRecordingStateChange"
	userMuteChange      = "MonitoredUserMutedStateChange"
	unknownType         = "SomethingToCome"
)

// callPost is a notification about a call.
func (s *Server) callPost(a *Agent, v *view, kind string, q *Quirks) post {
	if q.UnknownTypes {
		kind = unknownType
	}
	data := object{
		"messageType": "CallStateChangeMessage", "notificationType": kind,
		"call": s.resource(a, v, q, true), "phoneNumber": a.options.DN,
	}
	if s.options.Dialect == Current && !q.FewFields {
		if kind != dataChanged && kind != recordingChange {
			business := 0
			if v.callType == "Inbound" || v.callType == "Outbound" {
				business = 1
			}
			data["extensions"] = object{"BusinessCall": business}
		}
		data["metrics"] = metrics()
	}
	return post{user: a.options.User, channel: channelCalls, data: q.spice(encode(data))}
}

// metrics is what 8.5.202.96 tells beside everything.
func metrics() object {
	return object{"eventProcessing": object{
		"serverGenerationTimestamp":   time.Now().UnixMilli(),
		"serverProcessingTimeTotalMs": 2, "nodeProcessingTimeNanos": 250000,
	}}
}

// tellDevice publishes the state of an agent's device.
func (s *Server) tellDevice(a *Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deviceNews(a)
}

// deviceNews is tellDevice for whoever holds the mutex.
func (s *Server) deviceNews(a *Agent) {
	q := s.quirks.Load()
	data := object{"messageType": "DeviceStateChangeMessage", "devices": []any{s.device(a, q)}}
	if s.options.Dialect == Current && !q.FewFields {
		data["metrics"] = metrics()
	}
	s.courier.send(post{user: a.options.User, channel: channelDevices, data: q.spice(encode(data))})
}

// fail publishes that something was not done.
func (s *Server) fail(a *Agent, callID string, f Failure) {
	q := s.quirks.Load()
	data := object{"messageType": "ErrorMessage"}
	if f.Text != "" {
		data["errorMessage"] = f.Text
	}
	if f.Code != 0 {
		data["errorCode"] = f.Code
	}
	channel := channelCalls
	device := f.Device || callID == ""
	if device {
		channel = channelDevices
	}
	switch {
	case f.Nameless:
	case device:
		data["deviceUri"], data["devicePath"] = s.uri(q, "devices", a.deviceID), path(q, "devices", a.deviceID)
	default:
		data["callUri"], data["callPath"] = s.uri(q, "me", "calls", callID), path(q, "calls", callID)
	}
	if s.options.Dialect == Current && !q.FewFields {
		data["metrics"] = metrics()
	}
	s.courier.send(post{user: a.options.User, channel: channel, data: q.spice(encode(data))})
}
