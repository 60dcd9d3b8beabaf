package genesys

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Every command begins with a read: of whose leg it is meant for, and of what the server offers now.
// That read and the order are not one step, but the order names what was read, and the server judges
// once more.

// Remove takes somebody off the call, and hangs up our own leg.
func (d *driver) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	v, err := d.look(ctx, cc.OpRemoveParticipant, c)
	if err != nil {
		return provider.Result{}, err
	}
	order, result := operation{Name: opRemove, Participant: string(p)}, v.result()
	switch v.find(p) {
	case nobody:
		return result, &cc.Error{Kind: cc.ErrNotParticipant}
	case several:
		return result, alike(cc.CanRemove)
	case self:
		order = operation{Name: opHangup}
		result = provider.Result{} // whose leg it was is remembered without the run
	}
	if !v.call.Offers(order.Name) {
		return result, v.call.lacks(cc.CanRemove)
	}
	return result, d.order(ctx, cc.OpRemoveParticipant, c, v.call, order)
}

// SetState changes our own leg. It is given one field at a time.
func (d *driver) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	v, err := d.look(ctx, cc.OpSetParticipantState, c)
	if err != nil {
		return provider.Result{}, err
	}
	if err := v.vet(p, change); err != nil {
		return v.result(), err
	}
	result := v.result()
	steps := v.call.steps(change)
	if len(steps) == 0 {
		result.Done = true // it was read to be so just now
		return result, nil
	}
	return result, d.order(ctx, cc.OpSetParticipantState, c, v.call, operation{Name: steps[0]})
}

// Vet tells whether a change of several fields can be made as a whole.
func (d *driver) Vet(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error {
	v, err := d.look(ctx, cc.OpSetParticipantState, c)
	if err != nil {
		return err
	}
	return v.vet(p, change)
}

// vet refuses what cannot be made of a change.
func (v view) vet(p cc.ParticipantID, change cc.Change) error {
	need := change.Controls()
	switch v.find(p) {
	case nobody:
		return &cc.Error{Kind: cc.ErrNotParticipant}
	case other:
		return &cc.Error{Kind: cc.ErrUnsupported, Missing: need}
	case several:
		return alike(need)
	}
	const fields = cc.CanMute | cc.CanHold
	never := need &^ fields
	if v.call.monitored() {
		never |= need & cc.CanMute
	}
	if never != 0 {
		return &cc.Error{Kind: cc.ErrUnsupported, Missing: never}
	}
	var missing cc.Controls
	for _, o := range v.call.steps(change) {
		if v.call.Offers(o) {
			continue
		}
		if o == opHold || o == opRetrieve {
			missing |= cc.CanHold
		} else {
			missing |= cc.CanMute
		}
	}
	if missing != 0 {
		return v.call.lacks(missing)
	}
	return nil
}

// steps are the operations that a change needs, as the call stands.
func (c *CallRecord) steps(change cc.Change) (list []string) {
	if change.Mute != cc.Unset && change.Mute != toggle(c.Mute) {
		list = append(list, muting(change.Mute == cc.On))
	}
	if change.Hold != cc.Unset && change.Hold != toggle(c.State == stateHeld) {
		list = append(list, holding(change.Hold == cc.On))
	}
	return list
}

// End clears the call. A server that has never offered it is asked all the same, since older ones do
// not list the operation; one that has, and does not for this call, is not. Of a supervisor who monitors
// a call it is not known whether it may, so that only the offer counts.
func (d *driver) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	v, err := d.look(ctx, cc.OpEnd, c)
	if err != nil {
		return provider.Result{}, err
	}
	if !v.call.Offers(opClear) && (v.call.monitored() || d.api.clears.Load()) {
		return v.result(), v.call.lacks(cc.CanEnd)
	}
	return v.result(), d.order(ctx, cc.OpEnd, c, v.call, operation{Name: opClear})
}

// result tells the run that a command went to.
func (v view) result() provider.Result { return provider.Result{Instance: runIDOf(v.call)} }

// lacks is the error of what the server does not offer now. While a call is on hold, or has two
// parties, that is its state; else it is for others to do.
func (c *CallRecord) lacks(missing cc.Controls) error {
	kind := cc.ErrForbidden
	if c.State == stateHeld || len(c.Participants) < 2 || missing&cc.CanHold != 0 {
		kind = cc.ErrConflict
	}
	return &cc.Error{Kind: kind, Missing: missing, Err: cc.Detail("the server does not offer it now")}
}

func alike(missing cc.Controls) error {
	return &cc.Error{
		Kind: cc.ErrConflict, Missing: missing, Err: cc.Detail("the participant cannot be told apart from another one"),
	}
}

// order sends one operation on a call, by the id that was read.
func (d *driver) order(ctx context.Context, op string, c cc.ConferenceID, r CallRecord, o operation) error {
	if !isCallID(r.ID) {
		return d.api.unreadable("a call whose id cannot be addressed")
	}
	posted := d.failures.begin(r.ID, c)
	_, err := d.api.do(ctx, post(op, o, "me", "calls", r.ID))
	posted.end(err)
	return err
}
