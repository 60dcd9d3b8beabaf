package provider

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// An op is what a command does.
type op uint8

const (
	opRemove op = iota
	opSet
	opEnd
)

var opNames = [...]string{opRemove: cc.OpRemoveParticipant, opSet: cc.OpSetParticipantState, opEnd: cc.OpEnd}

func (o op) String() string { return opNames[o] }

// An order is one request's worth of a command.
type order struct {
	op     op
	conf   cc.ConferenceID
	part   cc.ParticipantID
	change cc.Change
	told   bool // the vendor has no such id, but a twin may have been told under it; nothing is sent
}

// Needs is what must be possible for the order.
func (o order) needs() cc.Controls {
	switch o.op {
	case opRemove:
		return cc.CanRemove
	case opEnd:
		return cc.CanEnd
	}
	return needs(o.change)
}

// A tri is yes, no, or not known.
type tri uint8

const (
	unknown tri = iota
	yes
	no
)

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

// Evidence is who and what an order was given for: the run that the handle itself names, or the run
// and the call leg that this client last read under the name. It is used for identity only.
type evidence struct {
	handle   cc.ConferenceID  // what the command names the conference by
	known    bool             // something was read before the command was sent
	instance cc.ConferenceID  // the run that was read
	named    bool             // instance is an id of a run, not the name
	runTime  time.Duration    // how long it had lasted
	others   []cc.Participant // who was there
	present  bool             // the participant was there
	callID   string           // its call leg; empty where not told
	self     tri              // whether it is our own leg
	sure     bool             // instance is the run that the command went to: the reply told it, or it was proven in between
	fresh    bool             // it was read during this very call, and the participant was there
}

// A reading is what one read told about the conference and the participant of an order.
type reading struct {
	err     error // the read failed, and tells nothing
	over    bool  // not found: the conference is over, or our own leg is gone, or (single) the participant
	live    bool  // the conference is live
	present bool
	part    cc.Participant
	twin    bool // the participant cannot be told apart from another one
	run     tri  // the same run as the evidence's
	leg     tri  // the same call leg as the evidence's
}

// Gone reports whether what the order was for is over. What was read before the command began may be
// of a run long past: by name a command is for whichever run is live, so that another run than the
// remembered one says nothing.
func (r reading) gone(ev evidence) bool { return r.over || r.run == no && ev.sure }

// A verdict is what a reading means for an order.
type verdict uint8

const (
	vFailed verdict = iota // nothing is known
	vAsAsked
	vNotYet
	vUntold // the provider does not tell this field
	vGone   // whom or what the order was for is there no more, and that is not what was asked
)

// Judge tells what a reading means for an order. It is the one place that knows when a command is
// done.
func judge(o order, r reading, ev evidence, sessionOnly bool) verdict {
	switch {
	case r.err != nil:
		return vFailed
	case r.gone(ev):
		switch o.op {
		case opEnd:
			return vAsAsked
		case opRemove:
			// Where one login's view is all there is, the end of it tells only of our own leg.
			if !sessionOnly || ev.self == yes {
				return vAsAsked
			}
		}
		return vGone
	}
	switch o.op {
	case opEnd:
		return vNotYet
	case opRemove:
		// Another call leg than the remembered one may have come before the command as well as after.
		if !r.present {
			return vAsAsked
		}
		return vNotYet
	}
	if !r.present || ev.fresh && r.leg == no {
		return vGone
	}
	if r.twin && r.leg != yes {
		return vUntold // it may be the other one's state
	}
	return compare(r.part.State, o.change)
}

// Compare tells whether a state is as a change asks.
func compare(s cc.ParticipantState, c cc.Change) verdict {
	v := vAsAsked
	for _, f := range fields {
		want, have := f.want(c), f.have(s)
		switch {
		case want == cc.Unset || want == have:
		case have == cc.Unset:
			if v == vAsAsked {
				v = vUntold
			}
		default:
			return vNotYet
		}
	}
	return v
}

// Proven reports whether a reading shows the run, and the call leg, that the order was given for.
func proven(o order, r reading, ev evidence) bool {
	if r.err != nil || !r.live || r.run != yes {
		return false
	}
	return o.op == opEnd || r.present && r.leg == yes
}

// NamesRun reports whether an Instance is an id of one run, and not just the name again where the
// provider has no id for a run. An Instance has a form that no name can have, so it is told even for
// a room whose name would be refused and which is therefore known by its Instance alone.
func namesRun(conference, instance cc.ConferenceID) bool {
	return conference != instance || CheckName(string(instance)) != nil
}

// SameRun tells whether what was read is of the run that the evidence is of. Where the provider has
// no id for a run, a run is another if its running time has gone back or if no call leg is common.
func sameRun(ev evidence, conference, instance cc.ConferenceID, runTime time.Duration, there []cc.Participant) tri {
	if ev.handle == instance && namesRun(conference, instance) {
		return yes
	}
	if !ev.known {
		return unknown
	}
	if ev.named || namesRun(conference, instance) {
		return triOf(ev.instance == instance)
	}
	if runTime < ev.runTime {
		return no
	}
	return commonLeg(ev.others, there)
}

// CommonLeg tells whether two lists of participants have a call leg in common.
func commonLeg(a, b []cc.Participant) tri {
	answer := unknown
	for i := range a {
		for j := range b {
			switch {
			case a[i].CallID == "" || b[j].CallID == "":
			case a[i].CallID == b[j].CallID:
				return yes
			default:
				answer = no
			}
		}
	}
	return answer
}

// SameLeg tells whether a participant's call leg is the one that the evidence is of. A leg whose id
// is not told counts as the same within the same run, if the handle names the run or the participant
// was read before.
func sameLeg(ev evidence, run tri, pinned bool, callID string) tri {
	switch {
	case run == no:
		return no
	case ev.callID != "" && callID != "":
		return triOf(ev.callID == callID)
	case run == yes && (pinned || ev.present):
		return yes
	}
	return unknown
}
