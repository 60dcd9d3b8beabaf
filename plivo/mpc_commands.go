package plivo

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// stateChange is the body of an update. Plivo leaves alone what is absent.
func stateChange(mute, hold, coach cc.Toggle) json.RawMessage {
	b := append(make([]byte, 0, 48), '{')
	b = appendSwitch(b, `"mute":`, mute)
	b = appendSwitch(b, `"hold":`, hold)
	b = appendSwitch(b, `"coach_mode":`, coach)
	return append(b, '}')
}

func appendSwitch(b []byte, field string, to cc.Toggle) []byte {
	if to != cc.On && to != cc.Off {
		return b
	}
	if len(b) > 1 {
		b = append(b, ',')
	}
	return strconv.AppendBool(append(b, field...), to == cc.On)
}

// noFields is the body of a POST that says all in its path.
var noFields = json.RawMessage("{}")

// SetState sends one request, which carries every field of the change.
func (d *mpc) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	if change.Deaf != cc.Unset {
		return provider.Result{}, &cc.Error{Kind: cc.ErrUnsupported, Missing: cc.CanDeaf}
	}
	if change == (cc.Change{}) {
		return provider.Result{}, &cc.Error{Kind: cc.ErrInvalid, Message: "a change that sets nothing"}
	}
	if change.Coach != cc.Unset {
		run, err := d.supervises(ctx, c, p)
		if err != nil {
			return provider.Result{Instance: run}, err
		}
		if run != "" {
			c = run // the order goes to the run whose roles were read
		}
	}
	body := stateChange(change.Mute, change.Hold, change.Coach)
	err := d.api.post(ctx, cc.OpSetParticipantState, body, "MultiPartyCall", roomKey(c), "Participant", string(p))
	return provider.Result{Instance: known(c)}, err
}

// supervises reads whether the participant is a supervisor: Plivo takes coach_mode for anybody and does
// nothing with it unless it is a supervisor's. The run is that which was read.
func (d *mpc) supervises(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (run cc.ConferenceID, err error) {
	r, run, err := d.present(ctx, cc.OpSetParticipantState, c, p)
	switch {
	case err != nil:
		return run, notSent(err)
	case !r.supervisor():
		return run, &cc.Error{Kind: cc.ErrUnsupported, Missing: cc.CanCoach}
	}
	return run, nil
}

// Remove puts the participant out of the room, or ends the call where that was chosen.
func (d *mpc) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	if d.hangUp {
		r, run, err := d.present(ctx, cc.OpRemoveParticipant, c, p)
		if err != nil {
			return provider.Result{Instance: run}, notSent(err)
		}
		if run != "" {
			c = run
		}
		if checkUUID(r.CallUUID) {
			err = d.api.remove(ctx, cc.OpRemoveParticipant, "Call", r.CallUUID)
			// A call that Plivo does not know any more cannot be hung up; the place in the room is
			// given up all the same.
			if err == nil || !errors.Is(err, cc.ErrNotFound) {
				return provider.Result{Instance: known(c)}, err
			}
		}
	}
	err := d.api.remove(ctx, cc.OpRemoveParticipant, "MultiPartyCall", roomKey(c), "Participant", string(p))
	return provider.Result{Instance: known(c)}, err
}

func (d *mpc) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	err := d.api.remove(ctx, cc.OpEnd, "MultiPartyCall", roomKey(c))
	return provider.Result{Instance: known(c)}, err
}

// notSent is the error of a read before a command, which was not sent then. Who has left is answered
// as the command itself would have been, with a "not found" that leaves open whether the room is over
// as well.
func notSent(err error) error {
	var e *cc.Error
	if !errors.As(err, &e) || e.Kind != cc.ErrNotParticipant {
		return err
	}
	left := *e
	left.Kind = cc.ErrNotFound
	return &left
}
