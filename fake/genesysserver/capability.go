package genesysserver

import (
	"slices"

	"github.com/callcontrol-go/callcontrol/fake"
)

// Names of operations that the code asks for by name. Source: "Call Resource", and the pages of the
// operations.
const (
	opAnswer    Operation = "Answer"
	opHangup    Operation = "Hangup"
	opHold      Operation = "Hold"
	opRetrieve  Operation = "Retrieve"
	opSendDtmf  Operation = "SendDtmf"
	opMute      Operation = "MuteCall"
	opUnmute    Operation = "UnmuteCall"
	opInitiateC Operation = "InitiateConference"
	opCompleteC Operation = "CompleteConference"
	opStepC     Operation = "SingleStepConference"
	opRemove    Operation = "RemoveParticipantFromConference"
	opClear     Operation = "ClearCall"
	opInitiateT Operation = "InitiateTransfer"
	opCompleteT Operation = "CompleteTransfer"
	opStepT     Operation = "SingleStepTransfer"
	opSwap      Operation = "SwapCalls"
	opListen    Operation = "SwitchToListenIn"
	opBarge     Operation = "SwitchToBargeIn"
	opMuteUser  Operation = "MuteMonitoredUser"
	opFreeUser  Operation = "UnmuteMonitoredUser"
	opAttach    Operation = "AttachUserData"
	opUpdate    Operation = "UpdateUserData"
	opDelete    Operation = "DeleteUserData"
	opDeleteKey Operation = "DeleteUserDataPair"
	opRecord    Operation = "StartCallRecording"
	opStopRec   Operation = "StopCallRecording"
	opPauseRec  Operation = "PauseCallRecording"
	opResumeRec Operation = "ResumeCallRecording"
)

// capabilities computes what an agent may do with a call now, in no order that means anything. Source:
// "Call Resource" and the samples of each operation. v has everything but the capabilities.
func (s *Server) capabilities(a *Agent, r *fake.RoomInfo, x *extra, v *view, own *fake.MemberInfo) []Operation {
	o := &s.options
	var can []Operation
	add := func(when bool, names ...Operation) {
		if when {
			can = append(can, names...)
		}
	}
	held, talking := v.state == stateHeld, v.state == stateEstablished
	up := held || talking
	several := len(v.numbers) > 1
	consult, consulted := x.parent != "", x.children[a] != ""

	add(true, opUpdate)
	add(v.state == stateRinging, opAnswer)
	add(talking || v.state == stateDialing, opSendDtmf)
	add(up && !consult && !consulted, opInitiateC, opInitiateT)
	add(talking, opHold)
	add(held, opRetrieve)
	add(up, opStepT)
	add(true, opAttach, opDeleteKey)
	add(up, opStepC)
	add(true, opDelete)
	add(v.state != stateRinging, opHangup)
	add(talking && consult || up && consulted, opCompleteC, opCompleteT, opSwap)
	add(up && several && s.mayRemove(a, r, own), opRemove)
	add(s.offersClear(v.monitoring), opClear)
	if v.monitoring {
		mode := modeOf(own)
		add(talking && mode != BargeIn, opBarge)
		add(talking && mode != ListenIn, opListen)
	} else if (talking || held && o.HeldMute) && (several || o.TwoPartyMute) {
		add(!v.mute, opMute)
		add(v.mute, opUnmute)
	}
	if o.Recording && up && a.has(FeatureRecording) {
		switch x.recording {
		case "Recording":
			add(true, opStopRec, opPauseRec)
		case "Paused":
			add(true, opStopRec, opResumeRec)
		default:
			add(true, opRecord)
		}
	}
	return can
}

// mayRemove tells whether an agent may remove others: the owner of the conference, and whoever
// monitors it ("RemoveParticipantFromConference").
func (s *Server) mayRemove(a *Agent, r *fake.RoomInfo, own *fake.MemberInfo) bool {
	return s.options.AnyoneRemoves || supervises(own) || s.owner(r) == a.options.User
}

// owner is the login of the conference's owner.
func (s *Server) owner(r *fake.RoomInfo) string {
	is := func(m fake.MemberInfo) bool { return m.Leg.Login == r.Owner }
	if !s.options.OwnerMoves || slices.ContainsFunc(r.Members, is) {
		return r.Owner
	}
	for i := range r.Members {
		if m := &r.Members[i]; m.Leg.Login != "" && !supervises(m) {
			return m.Leg.Login
		}
	}
	return ""
}

// offersClear tells whether ClearCall is listed.
func (s *Server) offersClear(supervisor bool) bool {
	return s.mayClear(supervisor) && !s.options.HideClearCall && s.options.Dialect == Current
}

// mayClear tells whether ClearCall is done.
func (s *Server) mayClear(supervisor bool) bool {
	return !s.options.NoClearCall && (!supervisor || s.options.SupervisorClear)
}
