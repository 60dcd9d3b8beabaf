package plivo

import (
	"context"
	"encoding/json"
	"net/http"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// everybody is Plivo's word for all participants. It never comes from an identifier.
const everybody = "all"

// A Room is a multiparty call in Plivo's own terms, for what the neutral contract does not have. It
// is reached through callcontrol.As from a Conference of a "plivo-mpc" client:
//
//	room, ok := callcontrol.As[*plivo.Room](conference)
//
// A Room means what its Conference means: by name, whichever run is live now; by Instance, that run
// only. Its methods are Plivo's operations as they are: nil says that Plivo accepted one, not that
// its effect was seen, and a Snapshot tells the rest. A failure is a *callcontrol.Error;
// ErrUncertain says that the operation may have been done, and nothing is sent a second time after
// an unknown outcome. What a Room does is not a Command and passes no interceptor.
//
// A context without a deadline gets the client's, 10 s by default. A Room is safe for concurrent use. It works until
// its client is closed, and answers ErrClosed from then on.
type Room struct{ h *handle }

// Activate starts a room in which everybody is waiting, because all of them came in with
// start_mpc_on_enter off (Plivo's page "Multiparty Calls"). An active room stays as it is.
func (r *Room) Activate(ctx context.Context) error {
	return r.h.run(ctx, "Room.Activate", func(ctx context.Context) error {
		body := struct {
			Status string `json:"status"`
		}{"active"}
		return r.h.api.post(ctx, "Room.Activate", body, "MultiPartyCall", roomKey(r.h.id))
	})
}

// RemoveAll puts everybody out of the room by one request. It is Plivo's kick, whatever the client's
// choice of Removal: a leg that came in by XML goes on with its XML, one that Plivo dialled is hung
// up unless it has an exit action (Plivo's page "Kick Out a Participant"). The room is over then,
// since nobody is left in it.
func (r *Room) RemoveAll(ctx context.Context) error {
	return r.h.run(ctx, "Room.RemoveAll", func(ctx context.Context) error {
		return r.h.api.remove(ctx, "Room.RemoveAll", "MultiPartyCall", roomKey(r.h.id), "Participant", everybody)
	})
}

// SetAll mutes or holds everybody, or ends that, by one request. Coach is ErrUnsupported, since
// Plivo changes it for one participant at a time, and so is Deaf, which a multiparty call does not
// have; nothing is sent then. A change that sets nothing is ErrInvalid.
func (r *Room) SetAll(ctx context.Context, change cc.Change) error {
	return r.h.run(ctx, "Room.SetAll", func(ctx context.Context) error {
		var missing cc.Controls
		if change.Deaf != cc.Unset {
			missing |= cc.CanDeaf
		}
		if change.Coach != cc.Unset {
			missing |= cc.CanCoach
		}
		if missing != 0 {
			return &cc.Error{Kind: cc.ErrUnsupported, Missing: missing}
		}
		body := stateChange(change.Mute, change.Hold, cc.Unset)
		if len(body) == len(noFields) {
			return r.h.invalid("a change that sets nothing")
		}
		return r.h.api.post(ctx, "Room.SetAll", body, "MultiPartyCall", roomKey(r.h.id), "Participant", everybody)
	})
}

// Record reads what Plivo keeps of the room. By Instance it is had for about 90 days after the end,
// too; by name only while the room is live.
func (r *Room) Record(ctx context.Context) (RoomRecord, error) {
	var record RoomRecord
	err := r.h.run(ctx, "Room.Record", func(ctx context.Context) (err error) {
		record, err = r.h.api.room(ctx, "Room.Record", r.h.id)
		return err
	})
	return record, err
}

// Participants reads what Plivo keeps of everybody who is or was in the room, the departed included,
// each once and in Plivo's order (newest first, as far as has been seen).
func (r *Room) Participants(ctx context.Context) ([]ParticipantRecord, error) {
	var records []ParticipantRecord
	err := r.h.run(ctx, "Room.Participants", func(ctx context.Context) error {
		key := roomKey(r.h.id)
		if known(r.h.id) == "" {
			// By name two pages could be of two runs.
			room, err := r.h.api.room(ctx, "Room.Participants", r.h.id)
			if err != nil {
				return err
			}
			key = "uuid_" + room.MPCUUID
		}
		var err error
		records, err = r.h.api.participants(ctx, "Room.Participants", key)
		return err
	})
	return records, err
}

// An Added is what Plivo answered to AddParticipant. It does not tell whom the call becomes in the
// room: that is known when a Snapshot has a participant with the same CallID.
type Added struct {
	APIID       string
	RequestUUID string
	Calls       []AddedCall // one for each destination; fewer where Plivo's answer did not tell
}

// An AddedCall is one call that Plivo places, or moves, into the room.
type AddedCall struct {
	CallUUID string
	From, To string
}

// AddParticipant has Plivo dial somebody into the room, or move a live call into it. By a name that
// no live room has, Plivo makes a room; by Instance an ended or unknown room is ErrNotFound. What is
// wrong with the invitation by Plivo's own rules is ErrInvalid, and nothing is sent.
//
// Each request may ring a telephone, and Plivo knows no idempotency key: after an unknown outcome
// the request is not repeated, here or below. It is ErrUncertain, and Participants tells.
func (r *Room) AddParticipant(ctx context.Context, invitation Invitation) (Added, error) {
	var added Added
	err := r.h.run(ctx, "Room.AddParticipant", func(ctx context.Context) error {
		body, err := invitation.body(r.h.api.insecure)
		if err != nil {
			return r.h.invalid(err.Error())
		}
		var raw json.RawMessage
		err = r.h.api.do(ctx, call{
			op: "Room.AddParticipant", class: httpclient.Once, method: http.MethodPost,
			path: []string{"MultiPartyCall", roomKey(r.h.id), "Participant"}, body: body, into: &raw,
		})
		if err != nil {
			return err
		}
		added = readAdded(raw)
		return nil
	})
	return added, err
}

// readAdded reads both shapes of the answer. The request was accepted whatever they hold, so nothing
// odd in them is an error.
func readAdded(raw json.RawMessage) Added {
	var w struct {
		APIID       text            `json:"api_id"`
		RequestUUID text            `json:"request_uuid"`
		CallUUID    text            `json:"call_uuid"`
		Calls       json.RawMessage `json:"calls"`
	}
	if object(raw, &w) != nil {
		return Added{}
	}
	added := Added{APIID: string(w.APIID), RequestUUID: string(w.RequestUUID)}
	var calls []json.RawMessage
	if json.Unmarshal(w.Calls, &calls) != nil {
		calls = nil
	}
	for _, c := range calls {
		var one struct {
			To       text `json:"to"`
			From     text `json:"from"`
			CallUUID text `json:"call_uuid"`
		}
		if object(c, &one) == nil {
			added.Calls = append(added.Calls, AddedCall{CallUUID: string(one.CallUUID), From: string(one.From), To: string(one.To)})
		}
	}
	if len(added.Calls) == 0 && w.CallUUID != "" {
		added.Calls = []AddedCall{{CallUUID: string(w.CallUUID)}}
	}
	return added
}
