package conformance

import (
	"context"
	"errors"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func atomicityRules() []rule {
	return []rule{
		{"atomicity/never", "A change with one field that this provider can never have answers ErrUnsupported with Missing, sends nothing and changes nothing.", atomicityNever},
		{"atomicity/not-now", "A change with one field that this person cannot have now is refused with Missing, and none of it is done.", atomicityNotNow},
	}
}

func atomicityNever(p *probe) {
	r := p.start(2)
	id, f := r.field()
	var never []field
	for _, g := range fields() {
		if who, _ := person(r.truth(), id); p.declared()&g.can == 0 && who.Controls&g.can == 0 {
			never = append(never, g)
		}
	}
	if len(never) == 0 {
		p.cannotArise("everything is declared")
	}
	for _, g := range never {
		before, n := r.state(id), p.commands()
		err := r.conf.SetParticipantState(p.ctx, id, both(f, cc.On, g, cc.On))
		p.wantKind(err, f.name+" and "+g.name, cc.ErrUnsupported)
		if e := detail(err); e == nil || e.Missing&g.can == 0 || e.Missing&f.can != 0 {
			p.failf("Missing is not %s", g.name)
		}
		if p.commands() != n {
			p.failf("a command was sent")
		}
		if after := r.state(id); after != before {
			p.failf("the state was %s, and is %s", stateWords(before), stateWords(after))
		}
	}
}

func atomicityNotNow(p *probe) {
	r := p.start(3)
	for _, f := range fields() {
		id, g, ok := r.notNow(f.can)
		if !ok || f == g {
			continue
		}
		before := r.state(id)
		err := r.conf.SetParticipantState(p.ctx, id, both(f, opposite(f.in(before)), g, cc.On))
		r.refused(err, id, g, before)
		return
	}
	p.cannotArise("nobody here can be given one thing and not another that is declared")
}

func orderRules() []rule {
	return []rule{
		{"order/restricting-first", "Of a change of several requests the restricting ones go first: if one fails, no releasing one has been done.", orderRestrictingFirst},
		{"order/applied", "Of a change that fails half-way, Applied is exactly what was confirmed, and the bridge shows just that.", orderApplied},
		{"order/confirmed", "A step of a change is not begun before the one before it is confirmed.", orderConfirmed},
	}
}

// steps has somebody with one field on and another off, so that the change that swaps them has a
// releasing and a restricting half, at a vendor that takes a request for each.
func (p *probe) steps() (r *room, id cc.ParticipantID, release, restrict field, change cc.Change) {
	r = p.start(2)
	id, release, restrict = r.pair()
	n := p.commands()
	p.must(r.conf.SetParticipantState(p.ctx, id, both(release, cc.On, restrict, cc.On)), "setting both first")
	if p.commands()-n < 2 {
		p.cannotArise("one request carries a whole change")
	}
	r.put(id, restrict, cc.Off)
	return r, id, release, restrict, both(release, cc.Off, restrict, cc.On)
}

func orderRestrictingFirst(p *probe) {
	r, id, release, restrict, change := p.steps()
	p.inject(Fault{OpRestrict, RefuseInvalid})
	err := r.conf.SetParticipantState(p.ctx, id, change)
	if err == nil {
		p.failf("%s on was refused by the vendor, and the answer is nil", restrict.name)
	}
	if release.in(r.state(id)) != cc.On {
		p.failf("%s was released though %s could not be set", release.name, restrict.name)
	}
}

func orderApplied(p *probe) {
	r, id, release, restrict, change := p.steps()
	p.inject(Fault{OpRelease, RefuseInvalid})
	err := r.conf.SetParticipantState(p.ctx, id, change)
	p.wantKind(err, "a change whose second half is refused", cc.ErrInvalid)
	want := restrict.order(cc.On)
	if e := detail(err); e == nil {
		p.failf("got %s, which holds no *callcontrol.Error", describe(err))
	} else if e.Applied != want {
		p.failf("Applied is %s, want %s", stateWords(cc.ParticipantState(e.Applied)), stateWords(cc.ParticipantState(want)))
	}
	if s := r.state(id); release.in(s) != cc.On || restrict.in(s) != cc.On {
		p.failf("the state is %s", stateWords(s))
	}
}

func orderConfirmed(p *probe) {
	r, id, release, _, change := p.steps()
	p.inject(Fault{OpRestrict, Ignore})
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	n := p.commands()
	err := r.conf.SetParticipantState(ctx, id, change)
	if err == nil {
		p.failf("the first half was never done, and the answer is nil")
	}
	if p.commands()-n > 1 || release.in(r.state(id)) != cc.On {
		p.failf("the second half was sent though the first was never done")
	}
}

func stateRules() []rule {
	return []rule{
		{"state/already-so", "SetParticipantState of what is so already is nil, and changes nothing.", stateAlreadySo},
		{"state/nothing-sent", "SetParticipantState of what this client has read to be so sends no command.", stateNothingSent},
		{"state/empty-change", "A change that sets nothing is ErrInvalid, and makes no request at all.", stateEmpty},
		{"state/no-memory", "What was so in a run that is over is not taken to be so in the next one under the name.", stateNoMemory},
		{"state/absent", "SetParticipantState of somebody who is not there is ErrNotParticipant, and ErrNotFound too.", stateAbsent},
	}
}

// settled has somebody with a flag on, and the client knowing nothing of it by having read it.
func (p *probe) settled() (*room, cc.ParticipantID, field) {
	r := p.start(2)
	id, f := r.field()
	r.put(id, f, cc.On)
	return r, id, f
}

func stateAlreadySo(p *probe) {
	r, id, f := p.settled()
	before := r.state(id)
	p.must(r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)), "setting "+f.name+" on again")
	if after := r.state(id); after != before {
		p.failf("the state was %s, and is %s", stateWords(before), stateWords(after))
	}
}

func stateNothingSent(p *probe) {
	r, id, f := p.settled()
	r.read()
	n := p.commands()
	p.must(r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)), "setting "+f.name+" on again")
	if p.commands() != n {
		p.failf("a command was sent")
	}
}

func stateNoMemory(p *probe) {
	r, id, f := p.settled()
	r.read()
	r.restart(2)
	if who, _ := person(r.truth(), id); who.Controls&f.can == 0 {
		id = r.needWho(f.can)
	}
	p.must(r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)), "setting "+f.name+" on in the second run")
	if got := f.in(r.state(id)); got != cc.On {
		p.failf("the answer is nil, and %s is %s", f.name, toggleWord(got))
	}
}

func stateEmpty(p *probe) {
	r := p.start(2)
	c, n := p.site.World.Requests()
	err := r.conf.SetParticipantState(p.ctx, r.people[0], cc.Change{})
	p.wantKind(err, "a change that sets nothing", cc.ErrInvalid)
	if c2, n2 := p.site.World.Requests(); c2 != c || n2 != n {
		p.failf("%d commands and %d reads were made", c2-c, n2-n)
	}
}

func stateAbsent(p *probe) {
	r := p.start(3)
	id, f := r.field()
	if who, _ := person(r.truth(), id); who.Self {
		p.cannotArise("only one's own state can be set here")
	}
	r.hangUp(id)
	err := r.conf.SetParticipantState(p.ctx, id, f.order(cc.On))
	p.wantKind(err, "setting the state of somebody who has left", cc.ErrNotParticipant)
	if !errors.Is(err, cc.ErrNotFound) {
		p.failf("the error is not ErrNotFound too")
	}
}

// detail is the *cc.Error in err, or nil.
func detail(err error) *cc.Error {
	var e *cc.Error
	errors.As(err, &e)
	return e
}
