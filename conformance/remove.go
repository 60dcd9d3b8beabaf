package conformance

import (
	"errors"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func removeRules() []rule {
	return []rule{
		{"remove/others", "Removing somebody leaves everybody else in the conference.", removeOthers},
		{"remove/absent", "RemoveParticipant of somebody who has left is ErrNotParticipant, and ErrNotFound too, and nobody else is removed.", removeAbsent},
		{"remove/again", "RemoveParticipant of somebody whom this client has removed is ErrNotParticipant.", removeAgain},
		{"remove/last", "Removing the last one present, which ends the conference, is nil.", removeLast},
		{"remove/fate", "The leg of somebody who was removed is up or not, as Capabilities.Removed tells.", removeFate},
	}
}

func removeOthers(p *probe) {
	r := p.start(4)
	a := r.act(OpRemove)
	before := r.truth()
	self, _ := person(before, a.id)
	p.must(a.do(p.ctx, r.conf), "RemoveParticipant")
	for _, was := range before.Participants {
		if was.ID == a.id {
			continue
		}
		there := false
		if self.Self { // without its own leg the session sees nobody, and whoever stayed is still on a call
			up, err := r.site.World.Up(r.id, was.ID)
			r.needs(err, "whether the leg of somebody is up")
			there = up
		} else {
			there = r.present(was.ID)
		}
		if !there {
			p.failf("participant %s was not named, and is gone", was.ID)
		}
	}
}

func removeAbsent(p *probe) {
	r := p.start(3)
	id := r.needWho(cc.CanRemove)
	if who, _ := person(r.truth(), id); who.Self {
		p.cannotArise("only oneself can be removed here")
	}
	r.hangUp(id)
	before := len(r.truth().Participants)
	err := r.conf.RemoveParticipant(p.ctx, id)
	p.wantKind(err, "removing somebody who has left", cc.ErrNotParticipant)
	if !errors.Is(err, cc.ErrNotFound) {
		p.failf("the error is not ErrNotFound too")
	}
	if after := len(r.truth().Participants); after != before {
		p.failf("%d people were there, and %d are", before, after)
	}
}

func removeAgain(p *probe) {
	r := p.start(4)
	a := r.act(OpRemove)
	if who, _ := person(r.truth(), a.id); who.Self {
		p.cannotArise("only oneself can be removed here")
	}
	p.must(a.do(p.ctx, r.conf), "RemoveParticipant")
	p.wantKind(a.do(p.ctx, r.conf), "removing the same one again", cc.ErrNotParticipant)
}

func removeLast(p *probe) {
	r := p.start(1)
	a := r.act(OpRemove)
	if err := a.do(p.ctx, r.conf); err != nil {
		p.failf("removing the last one present: %v", err)
	}
	if _, live := r.look(); live {
		p.note("here a conference outlives its last participant")
	}
}

func removeFate(p *probe) {
	r := p.start(3)
	a := r.act(OpRemove)
	p.must(a.do(p.ctx, r.conf), "RemoveParticipant")
	r.fate(a.id, p.site.Client.Capabilities().Removed)
}

// fate fails unless the leg of somebody who has left is what was promised.
func (r *room) fate(id cc.ParticipantID, promised cc.Fate) {
	up := func() bool {
		up, err := r.site.World.Up(r.id, id)
		r.needs(err, "telling whether a leg is up")
		return up
	}
	switch promised {
	case cc.FateHangsUp:
		if !r.until(r.h.patience(), func() bool { return !up() }) {
			r.failf("the leg of participant %s was to be hung up, and is up", id)
		}
	case cc.FateContinues:
		r.sleep(2 * Lag)
		if !up() {
			r.failf("the leg of participant %s was to go on, and is hung up", id)
		}
	default:
		r.cannotArise("the provider does not promise what becomes of a leg")
	}
}

func endRules() []rule {
	return []rule{
		{"end/everybody", "Ending a conference takes everybody out of it.", endEverybody},
		{"end/fate", "The legs of a conference that was ended are up or not, as Capabilities.Ended tells.", endFate},
		{"end/again", "End of a conference that this client has ended is ErrNotFound.", endAgain},
		{"end/elsewhere", "Ending a conference leaves every other conference as it was.", endElsewhere},
	}
}

func endEverybody(p *probe) {
	r := p.start(3)
	p.must(r.act(OpEnd).do(p.ctx, r.conf), "End")
	if s, live := r.look(); live && len(s.Participants) > 0 {
		p.failf("%d people are still in the conference", len(s.Participants))
	}
}

func endFate(p *probe) {
	r := p.start(2)
	p.must(r.act(OpEnd).do(p.ctx, r.conf), "End")
	for _, id := range r.people {
		r.fate(id, p.site.Client.Capabilities().Ended)
	}
}

func endAgain(p *probe) {
	r := p.start(2)
	a := r.act(OpEnd)
	p.must(a.do(p.ctx, r.conf), "End")
	p.wantKind(a.do(p.ctx, r.conf), "ending it again", cc.ErrNotFound)
}

func endElsewhere(p *probe) {
	other, r := p.start(2), p.start(2)
	before := other.truth()
	p.must(r.act(OpEnd).do(p.ctx, r.conf), "End")
	p.getGoing(50 * time.Millisecond)
	after, live := other.look()
	if !live {
		p.failf("another conference is over too")
	}
	if len(after.Participants) != len(before.Participants) {
		p.failf("in another conference there were %d people, and are %d", len(before.Participants), len(after.Participants))
	}
}
