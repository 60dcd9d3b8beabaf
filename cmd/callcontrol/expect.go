package main

import (
	"fmt"
	"slices"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// An order is one command of the story.
type order struct {
	op     string // a cc.Op constant
	whom   person // of nobody for End
	change cc.Change
	over   bool // it is given after the end
}

// need is what a provider must be able to do for the order, to the person that it is about.
func (o order) need() cc.Controls {
	switch o.op {
	case cc.OpRemoveParticipant:
		return cc.CanRemove
	case cc.OpSetParticipantState:
		return o.change.Controls()
	}
	return cc.CanEnd
}

// A verdict of the contract on an order: what the answer may be, and what has to be true afterwards.
type verdict struct {
	kinds   []cc.Kind   // one of these; none: nil
	missing cc.Controls // what the error must say is lacking
	silent  bool        // nothing may reach the provider
	done    bool        // the order takes effect
}

// expect says what the contract demands, from what the provider declares and from whether the person
// is there. It knows no provider.
func expect(can cc.Capabilities, o order) verdict {
	need := o.need()
	if o.op == cc.OpEnd {
		if !can.Conference.Has(need) {
			return verdict{kinds: []cc.Kind{cc.ErrUnsupported}, missing: need, silent: true}
		}
		return verdict{done: true}
	}
	mine, others := can.Others, can.Self
	if o.whom.self {
		mine, others = others, mine
	}
	switch lack := need &^ mine; {
	case reserved(o.whom.id):
		return verdict{kinds: []cc.Kind{cc.ErrInvalid}, silent: true}
	case need&^(mine|others) != 0:
		return verdict{kinds: []cc.Kind{cc.ErrUnsupported}, missing: need &^ (mine | others), silent: true}
	case o.over:
		return verdict{kinds: []cc.Kind{cc.ErrNotFound}}
	case o.whom.member == nil:
		return verdict{kinds: []cc.Kind{cc.ErrNotParticipant}}
	case lack != 0:
		return verdict{kinds: []cc.Kind{cc.ErrUnsupported, cc.ErrForbidden, cc.ErrConflict}, missing: lack}
	}
	return verdict{done: true}
}

// reserved reports whether the story uses the id as one that means everybody.
func reserved(id cc.ParticipantID) bool { return id == "all" }

// judge compares an answer with the verdict, and gives what is wrong.
func (v verdict) judge(err error, sent int) []string {
	var wrong []string
	kind := cc.KindOf(err)
	switch {
	case len(v.kinds) == 0 && err != nil:
		wrong = append(wrong, "the answer should be nil")
	case len(v.kinds) > 0 && (err == nil || !slices.Contains(v.kinds, kind)):
		wrong = append(wrong, "the answer should be "+kindList(v.kinds))
	}
	if lack := missingOf(err); err != nil && lack != v.missing {
		wrong = append(wrong, fmt.Sprintf("the error should say that %s is missing, and says %s", v.missing, lack))
	}
	if v.silent && sent != 0 {
		wrong = append(wrong, "something was sent all the same")
	}
	return wrong
}

// after gives what the bridge has to show once the order has been answered.
func (v verdict) after(o order, can cc.Capabilities, cast []person, before truth) truth {
	want := slices.Clone(before)
	if !v.done {
		return want
	}
	for i, p := range cast {
		switch {
		case o.op == cc.OpSetParticipantState && p.member == o.whom.member:
			want[i].state = with(want[i].state, o.change)
		case o.op == cc.OpRemoveParticipant && p.member == o.whom.member:
			want[i].present, want[i].up = false, goesOn(can.Removed, p)
		case o.op == cc.OpEnd && want[i].present:
			want[i].present, want[i].up = false, goesOn(can.Ended, p)
		}
	}
	return want
}

// goesOn tells whether the call of a leg that has been put out is to be up, by the fate that is
// declared. Where that depends, or is not told, it is taken as it is.
func goesOn(fate cc.Fate, p person) bool {
	switch fate {
	case cc.FateHangsUp:
		return false
	case cc.FateContinues:
		return true
	}
	return p.member.Up()
}

// compare gives what the bridge shows otherwise than it should. Who hears whom follows from the
// flags, and is shown but not judged.
func compare(cast []person, want, got truth) []string {
	var wrong []string
	for i, p := range cast {
		switch w, g := want[i], got[i]; {
		case w.present != g.present:
			wrong = append(wrong, p.name+" is "+inOrOut(g.present)+" the conference, and should not be")
		case w.up != g.up:
			wrong = append(wrong, "the call of "+p.name+" does not fare as declared")
		case w.present && w.state != g.state:
			wrong = append(wrong, fmt.Sprintf("%s is %s, and should be %s", p.name, g.state, w.state))
		}
	}
	return wrong
}

func inOrOut(in bool) string {
	if in {
		return "in"
	}
	return "out of"
}

func kindList(kinds []cc.Kind) string {
	list := make([]string, len(kinds))
	for i, k := range kinds {
		list[i] = k.Error()
	}
	return strings.Join(list, " or ")
}
