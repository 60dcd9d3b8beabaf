package interop_test

import (
	"fmt"
	"net/url"
	"time"

	"github.com/callcontrol-go/callcontrol/fake"
)

// The truth about a bridge, as the vendor documents that it is told: "The Multiparty Object", "Get
// participant details", "Conference API". It is written down here once more, from the bridge, so
// that it is not the server's own idea of it that is compared.

// An object is what is wanted of a decoded object.
type object map[string]any

// root is where the vendor's resources are.
func (r *run) root() string { return "/v1/Account/" + r.server.AuthID() + "/" }

// roomURI is where a room is, by the form in which it was asked for.
func (r *run) roomURI(info fake.RoomInfo, byUUID bool) string {
	if byUUID || info.Status == fake.Ended {
		return r.root() + "MultiPartyCall/uuid_" + info.UUID() + "/"
	}
	return r.root() + "MultiPartyCall/" + url.PathEscape("name_"+info.Name) + "/"
}

// room is a room as it has to be decoded.
func (r *run) room(info fake.RoomInfo, byUUID bool) object {
	o := object{
		"friendly_name": info.Name, "mpc_uuid": info.UUID(),
		"status":        map[fake.Status]string{fake.Initialized: "Initialized", fake.Active: "Active", fake.Ended: "Ended"}[info.Status],
		"creation_time": at(info.CreatedAt), "start_time": at(info.StartedAt), "end_time": at(info.EndedAt),
		"stay_alone": !info.Rules.EndAlone, "sub_account": nil, "recording": "not-recording",
		"duration": nil, "billed_duration": nil, "billed_amount": nil,
		"termination_cause": nil, "termination_cause_code": nil,
		"resource_uri": r.roomURI(info, byUUID), "participants": r.roomURI(info, byUUID) + "Participant/",
	}
	if info.Status == fake.Ended {
		minutes := 0
		for _, m := range info.Departed {
			minutes += begun(m)
		}
		o["recording"] = nil
		o["duration"] = int(info.EndedAt.Sub(info.StartedAt).Seconds())
		o["billed_duration"], o["billed_amount"] = 60*minutes, dollars(minutes)
		o["termination_cause"], o["termination_cause_code"] = "Hangup API Triggered", 3000
	}
	return o
}

// participant is a participant as it has to be decoded.
func (r *run) participant(info fake.RoomInfo, m fake.MemberInfo, byUUID bool) object {
	o := object{
		"member_id": string(m.ID), "mpc_uuid": info.UUID(), "call_uuid": m.CallID, "role": string(m.Leg.Role),
		"mute": m.Mute, "hold": m.Hold, "coach_mode": m.Coach, "member_address": m.Address,
		"start_mpc_on_enter": !m.Leg.Waits, "end_mpc_on_exit": m.Leg.EndOnExit,
		"join_time": at(m.JoinedAt), "exit_time": nil, "exit_cause": nil,
		"duration": nil, "billed_duration": nil, "billed_amount": nil,
		"resource_uri": r.roomURI(info, byUUID) + "Participant/" + string(m.ID) + "/",
	}
	if !m.ExitAt.IsZero() {
		o["mute"], o["hold"], o["coach_mode"] = nil, nil, nil
		o["exit_time"], o["exit_cause"] = at(m.ExitAt), "Participant Call Hangup"
		o["duration"] = int(m.ExitAt.Sub(m.JoinedAt).Seconds())
		o["billed_duration"], o["billed_amount"] = 60*begun(m), dollars(begun(m))
	}
	return o
}

// at is a time as the vendor tells it.
func at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02 15:04:05") + "+00:00"
}

// begun is how many minutes of a call are billed.
func begun(m fake.MemberInfo) int { return int(m.ExitAt.Sub(m.JoinedAt)/time.Minute) + 1 }

// dollars is what minutes cost.
func dollars(minutes int) string { return fmt.Sprintf("%.5f", float64(minutes)*0.005) }

// list is a page of a list.
func list(count, limit, offset int, next, previous any, objects ...any) object {
	if objects == nil {
		objects = []any{}
	}
	return object{
		"meta":    object{"count": count, "limit": limit, "offset": offset, "next": next, "previous": previous},
		"objects": objects,
	}
}
