package plivo

import (
	"context"
	"encoding/json"

	cc "github.com/callcontrol-go/callcontrol"
)

// A ConferenceRoom is a conference of the older API in Plivo's own terms. It is reached through
// callcontrol.As from a Conference of a "plivo-conference" client. It is a type of its own, because
// the two APIs share next to nothing: what a program asks for by its type is there or it is not,
// and no method of either answers that it is unsupported as such.
//
// Its methods are Plivo's operations as they are, under the same conditions as those of [Room].
type ConferenceRoom struct {
	h      *handle
	hangUp bool
}

// RemoveAll puts everybody out of the conference by one request: by Plivo's kick, after which each
// call goes on with its own XML, or by hanging up where the client was opened with RemoveHangUp
// (Plivo's page "Kick or disconnect a member from a conference").
func (r *ConferenceRoom) RemoveAll(ctx context.Context) error {
	return r.h.run(ctx, "ConferenceRoom.RemoveAll", func(ctx context.Context) error {
		return r.h.api.removeMember(ctx, r.h.id, everybody, r.hangUp)
	})
}

// SetAll mutes or deafens everybody, or ends that, by one request for each of the two, restricting
// ones first. It stops at the first failure; the error's Applied is then what Plivo accepted. Hold
// and coach are ErrUnsupported, and nothing is sent; a change that sets nothing is ErrInvalid.
func (r *ConferenceRoom) SetAll(ctx context.Context, change cc.Change) error {
	return r.h.run(ctx, "ConferenceRoom.SetAll", func(ctx context.Context) error {
		accepted, err := r.h.api.changeMember(ctx, r.h.id, everybody, change)
		return withApplied(err, accepted)
	})
}

// Record reads the conference as Plivo tells it, undecoded: an object with conference_name,
// conference_run_time, conference_member_count and members (Plivo's page "Conference API").
func (r *ConferenceRoom) Record(ctx context.Context) (json.RawMessage, error) {
	var raw json.RawMessage
	err := r.h.run(ctx, "ConferenceRoom.Record", func(ctx context.Context) error {
		return r.h.api.get(ctx, "ConferenceRoom.Record", nil, &raw, "Conference", string(r.h.id))
	})
	return raw, err
}
