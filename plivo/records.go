package plivo

import (
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A RoomRecord is what Plivo keeps of one run of a multiparty call, live or over, in Plivo's own
// terms (Plivo's page "The Multiparty Object"). Times are in UTC and zero where Plivo told none.
// It is printed and encoded in full; a log line of it tells only its status.
type RoomRecord struct {
	MPCUUID      string
	FriendlyName string
	Status       string // Initialized, Active or Ended, as Plivo spelt it

	CreationTime, StartTime, EndTime time.Time
	Duration, BilledDuration         time.Duration // zero until it is over
	BilledAmount                     string        // in the account's currency, as Plivo wrote it

	Recording            string // recording, not-recording, paused
	StayAlone            cc.Toggle
	SubAccount           string
	TerminationCause     string
	TerminationCauseCode int // 0 where not told, and in old records

	Raw json.RawMessage // all of it
}

// Live reports whether the record is of a run that is not over.
func (r RoomRecord) Live() bool {
	if r.Status != "" {
		return !strings.EqualFold(strings.TrimSpace(r.Status), "ended")
	}
	return r.EndTime.IsZero()
}

// LogValue tells the status and nothing by which the room or anybody could be known.
func (r RoomRecord) LogValue() slog.Value {
	return slog.GroupValue(slog.String("status", word(r.Status)))
}

// GoString tells the type alone.
func (r RoomRecord) GoString() string { return "plivo.RoomRecord{...}" }

// A ParticipantRecord is what Plivo keeps of one participant of one run, there or departed, in
// Plivo's own terms. It is printed and encoded in full; a log line of it tells only its role.
type ParticipantRecord struct {
	MemberID, MPCUUID, CallUUID string
	Role                        string // as Plivo spelt it
	Mute, Hold, CoachMode       cc.Toggle
	StartMPCOnEnter             cc.Toggle
	EndMPCOnExit                cc.Toggle
	JoinTime, ExitTime          time.Time
	ExitCause                   string // why the participant left; empty while there
	Duration, BilledDuration    time.Duration
	BilledAmount                string
	MemberAddress               string // number or SIP address
	Departed                    bool   // has left; also where Plivo told no readable time of it

	Raw json.RawMessage // all of it
}

// LogValue tells the role and nothing by which anybody could be known.
func (r ParticipantRecord) LogValue() slog.Value {
	return slog.GroupValue(slog.String("role", word(r.Role)))
}

// GoString tells the type alone.
func (r ParticipantRecord) GoString() string { return "plivo.ParticipantRecord{...}" }

func (r ParticipantRecord) supervisor() bool { return role(r.Role) == cc.RoleSupervisor }

// word is a word of Plivo's for a log, unless it could be something else.
func word(s string) string {
	for i := range len(s) {
		if b := s[i] | 0x20; (b < 'a' || b > 'z') && s[i] != '-' {
			return redacted
		}
	}
	if len(s) > 32 {
		return redacted
	}
	return s
}

// role is Plivo's role in this library's spelling.
func role(s string) cc.Role { return cc.Role(strings.ToLower(strings.TrimSpace(s))) }

// A RoomRecord as it comes. Every field is read tolerantly; only what is no JSON object fails.
func (r *RoomRecord) decode(raw json.RawMessage) error {
	var w struct {
		MPCUUID          text `json:"mpc_uuid"`
		FriendlyName     text `json:"friendly_name"`
		Status           text `json:"status"`
		CreationTime     text `json:"creation_time"`
		StartTime        text `json:"start_time"`
		EndTime          text `json:"end_time"`
		Duration         text `json:"duration"`
		BilledDuration   text `json:"billed_duration"`
		BilledAmount     text `json:"billed_amount"`
		Recording        text `json:"recording"`
		StayAlone        flag `json:"stay_alone"`
		SubAccount       text `json:"sub_account"`
		TerminationCause text `json:"termination_cause"`
		TerminationCode  text `json:"termination_cause_code"`
	}
	if err := object(raw, &w); err != nil {
		return err
	}
	*r = RoomRecord{
		MPCUUID: string(w.MPCUUID), FriendlyName: string(w.FriendlyName), Status: string(w.Status),
		CreationTime: parseTime(string(w.CreationTime)), StartTime: parseTime(string(w.StartTime)),
		EndTime:  parseTime(string(w.EndTime)),
		Duration: w.Duration.seconds(), BilledDuration: w.BilledDuration.seconds(),
		BilledAmount: string(w.BilledAmount), Recording: string(w.Recording), StayAlone: w.StayAlone.toggle(),
		SubAccount: string(w.SubAccount), TerminationCause: string(w.TerminationCause),
		TerminationCauseCode: max(0, w.TerminationCode.number()), Raw: raw,
	}
	return nil
}

func (r *ParticipantRecord) decode(raw json.RawMessage) error {
	var w struct {
		MemberID       text `json:"member_id"`
		MPCUUID        text `json:"mpc_uuid"`
		CallUUID       text `json:"call_uuid"`
		Role           text `json:"role"`
		Mute           flag `json:"mute"`
		Hold           flag `json:"hold"`
		CoachMode      flag `json:"coach_mode"`
		StartOnEnter   flag `json:"start_mpc_on_enter"`
		EndOnExit      flag `json:"end_mpc_on_exit"`
		JoinTime       text `json:"join_time"`
		ExitTime       text `json:"exit_time"`
		ExitCause      text `json:"exit_cause"`
		LongExitCause  text `json:"participant_exit_cause"`
		Duration       text `json:"duration"`
		BilledDuration text `json:"billed_duration"`
		BilledAmount   text `json:"billed_amount"`
		MemberAddress  text `json:"member_address"`
	}
	if err := object(raw, &w); err != nil {
		return err
	}
	cause := w.ExitCause
	if cause == "" {
		cause = w.LongExitCause // the documentation's table has it under this name
	}
	*r = ParticipantRecord{
		MemberID: string(w.MemberID), MPCUUID: string(w.MPCUUID), CallUUID: string(w.CallUUID), Role: string(w.Role),
		Mute: w.Mute.toggle(), Hold: w.Hold.toggle(), CoachMode: w.CoachMode.toggle(),
		StartMPCOnEnter: w.StartOnEnter.toggle(), EndMPCOnExit: w.EndOnExit.toggle(),
		JoinTime: parseTime(string(w.JoinTime)), ExitTime: parseTime(string(w.ExitTime)), ExitCause: string(cause),
		Duration: w.Duration.seconds(), BilledDuration: w.BilledDuration.seconds(),
		BilledAmount: string(w.BilledAmount), MemberAddress: string(w.MemberAddress), Raw: raw,
		// An exit time that cannot be read is an exit all the same.
		Departed: w.ExitTime != "" || cause != "",
	}
	return nil
}
