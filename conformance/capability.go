package conformance

import (
	"fmt"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

func capabilityRules() []rule {
	list := []rule{
		{"capability/want", "A driver declares at least what its harness wants, and the fates and SessionOnly exactly.", capabilityWant},
		{"capability/controls", "The Controls in a snapshot are what this session may do to each person and to the conference now.", capabilityControls},
	}
	for _, f := range fields() {
		for _, to := range []cc.Toggle{cc.On, cc.Off} {
			list = append(list, rule{
				"capability/" + f.name + "-" + toggleWord(to),
				fmt.Sprintf("Where %s may be set, setting it %s does so to exactly the named person and changes nothing else.", f.name, toggleWord(to)),
				func(p *probe) { capabilitySet(p, f, to) },
			})
		}
	}
	return append(list,
		rule{"capability/remove", "Where somebody may be removed, removing them has them gone when it returns nil.", capabilityRemove},
		rule{"capability/end", "Where a conference may be ended, ending it has it over when it returns nil.", capabilityEnd},
		rule{"capability/list", "Where listing is declared, a live conference is listed.", capabilityList},
		rule{"capability/watch", "Where watching is declared, Events yields events of a live conference.", capabilityWatch},
		rule{"capability/undeclared", "What neither Capabilities nor the truth has answers ErrUnsupported with Missing, and no command is sent.", capabilityUndeclared},
		rule{"capability/not-now", "What Capabilities has and the person's Controls have not is refused with Missing, and nothing is changed.", capabilityNotNow},
	)
}

func capabilityWant(p *probe) {
	want, got := p.h.Want, p.site.Client.Capabilities()
	if err := cc.Require(p.site.Client, want); err != nil {
		p.failf("Require(client, Want) answered %v; declared are conference %s, others %s, self %s",
			err, words(got.Conference), words(got.Others), words(got.Self))
	}
	if got.Removed != want.Removed || got.Ended != want.Ended || got.SessionOnly != want.SessionOnly {
		p.failf("Removed, Ended and SessionOnly are %v, %v, %v; wanted are %v, %v, %v",
			got.Removed, got.Ended, got.SessionOnly, want.Removed, want.Ended, want.SessionOnly)
	}
}

func capabilityControls(p *probe) {
	r := p.start(3)
	if p.declared()&cc.CanCoach != 0 {
		r.join("supervisor")
	}
	truth, told := r.truth(), r.read()
	if told.Controls != truth.Controls {
		p.failf("of the conference: told %s, true is %s", words(told.Controls), words(truth.Controls))
	}
	for _, who := range truth.Participants {
		if got, ok := person(told, who.ID); ok && got.Controls != who.Controls {
			p.failf("of participant %s: told %s, true is %s", who.ID, words(got.Controls), words(who.Controls))
		}
	}
}

// stage starts a conference with somebody for each kind of command.
func (p *probe) stage(f field) (*room, cc.ParticipantID) {
	r := p.start(3)
	if f.can == cc.CanCoach && p.declared()&cc.CanCoach != 0 {
		r.join("supervisor")
	}
	return r, r.needWho(f.can)
}

func capabilitySet(p *probe, f field, to cc.Toggle) {
	r, id := p.stage(f)
	r.put(id, f, opposite(to))
	before := r.truth()
	p.must(r.conf.SetParticipantState(p.ctx, id, f.order(to)), "setting "+f.name+" "+toggleWord(to))
	after := r.truth()
	for _, was := range before.Participants {
		is, ok := person(after, was.ID)
		want := was.State
		if was.ID == id {
			want = f.with(want, to)
		}
		switch {
		case !ok:
			p.failf("participant %s is gone", was.ID)
		case is.State != want && was.ID == id:
			p.failf("the named participant's state is %s, want %s", stateWords(is.State), stateWords(want))
		case is.State != want:
			p.failf("another participant's state is %s, and was %s", stateWords(is.State), stateWords(want))
		}
	}
	if len(after.Participants) != len(before.Participants) {
		p.failf("%d people are there, and %d were", len(after.Participants), len(before.Participants))
	}
}

func stateWords(s cc.ParticipantState) string {
	var parts []string
	for _, f := range fields() {
		parts = append(parts, f.name+" "+toggleWord(f.in(s)))
	}
	return strings.Join(parts, ", ")
}

func capabilityRemove(p *probe) {
	r := p.start(3)
	ids := []cc.ParticipantID{r.needWho(cc.CanRemove)}
	for _, who := range r.truth().Participants {
		if who.ID != ids[0] && who.Controls&cc.CanRemove != 0 && !who.Self {
			ids = append(ids, who.ID)
		}
	}
	// One stays, so that the conference goes on.
	for _, id := range ids[:max(1, len(ids)-1)] {
		p.must(r.conf.RemoveParticipant(p.ctx, id), "RemoveParticipant")
		if r.present(id) {
			p.failf("RemoveParticipant answered nil, and the participant is there")
		}
	}
}

func capabilityEnd(p *probe) {
	for _, n := range []int{1, 2, 4} {
		r := p.start(n)
		a := r.act(OpEnd)
		p.must(a.do(p.ctx, r.conf), "End")
		if !a.done() {
			p.failf("End of a conference of %d answered nil, and it is live", n)
		}
	}
}

func capabilityList(p *probe) {
	if p.site.Client.Capabilities().Conference&cc.CanList == 0 {
		p.cannotArise("listing is not declared")
	}
	r := p.start(2)
	for s, err := range p.site.Client.Conferences(p.ctx) {
		p.must(err, "Conferences")
		if s.Conference == r.id {
			return
		}
	}
	p.failf("a live conference is not listed")
}

func capabilityWatch(p *probe) {
	p.start(1).watch().first()
}

func capabilityUndeclared(p *probe) {
	r := p.start(2)
	truth := r.truth()
	may := truth.Controls | p.site.Client.Capabilities().Conference | p.declared()
	for _, who := range truth.Participants {
		may |= who.Controls
	}
	id := truth.Participants[0].ID
	none := true
	try := func(can cc.Controls, do func() error) {
		if may&can != 0 {
			return
		}
		none = false
		n := p.commands()
		err := do()
		p.wantKind(err, words(can), cc.ErrUnsupported)
		if e := detail(err); e == nil || e.Missing != can {
			p.failf("%s: the error's Missing is not %s", words(can), words(can))
		}
		if p.commands() != n {
			p.failf("%s: a command was sent", words(can))
		}
	}
	for _, f := range fields() {
		try(f.can, func() error { return r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)) })
	}
	try(cc.CanRemove, func() error { return r.conf.RemoveParticipant(p.ctx, id) })
	try(cc.CanEnd, func() error { return r.conf.End(p.ctx) })
	try(cc.CanList, func() error { return firstOf(p.site.Client.Conferences(p.ctx)) })
	try(cc.CanWatch, func() error { return firstOf(r.conf.Events(p.ctx)) })
	if none {
		p.cannotArise("everything is declared")
	}
}

// firstOf is the error that comes first out of a range.
func firstOf[T any](seq func(func(T, error) bool)) (first error) {
	seq(func(_ T, err error) bool {
		first = err
		return false
	})
	return first
}

func capabilityNotNow(p *probe) {
	r := p.start(3)
	id, f, ok := r.notNow(0)
	if !ok {
		p.cannotArise("what is declared may be done to everybody here")
	}
	before := r.state(id)
	err := r.conf.SetParticipantState(p.ctx, id, f.order(cc.On))
	r.refused(err, id, f, before)
}

// notNow finds somebody whom this session may not give a declared flag now, though it may give them
// the others asked for.
func (r *room) notNow(also cc.Controls) (cc.ParticipantID, field, bool) {
	for _, f := range fields() {
		if r.declared()&f.can == 0 {
			continue
		}
		for _, who := range r.truth().Participants {
			if who.Controls&f.can == 0 && who.Controls&also == also {
				return who.ID, f, true
			}
		}
	}
	return "", field{}, false
}

// refused fails unless err says that f may not be set, and nothing was changed.
func (r *room) refused(err error, id cc.ParticipantID, f field, before cc.ParticipantState) {
	r.wantKind(err, f.name, cc.ErrForbidden, cc.ErrConflict, cc.ErrUnsupported)
	if e := detail(err); e == nil || e.Missing&f.can == 0 {
		r.failf("the error's Missing does not have %s", f.name)
	}
	if after := r.state(id); after != before {
		r.failf("the state was %s, and is %s", stateWords(before), stateWords(after))
	}
}
