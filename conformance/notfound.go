package conformance

import (
	"context"
	"errors"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

func notFoundRules() []rule {
	const over = " of a conference that is over, or that never was, is ErrNotFound."
	return []rule{
		{"not-found/remove", "RemoveParticipant" + over, func(p *probe) {
			notFound(p, OpRemove)
		}},
		{"not-found/set", "SetParticipantState" + over, func(p *probe) {
			notFound(p, OpSet)
		}},
		{"not-found/end", "End" + over, func(p *probe) {
			notFound(p, OpEnd)
		}},
		{"not-found/snapshot", "Snapshot" + over, func(p *probe) {
			notFound(p, OpRead)
		}},
		{"not-found/told-apart", "Where it cannot be told apart whether conference or participant is not there, because reads fail, the answer is ErrNotFound with the reason inside.", notFoundToldApart},
	}
}

// nobodyHere is an id like that of r that no live conference has: another letter or digit stands in it.
func (r *room) nobodyHere() cc.ConferenceID {
	for i := len(r.id) - 1; i >= 0; i-- {
		for _, class := range []string{"0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
			if !strings.Contains(class, string(r.id[i:i+1])) {
				continue
			}
			for j := len(class) - 1; j >= 0; j-- {
				id := r.id[:i] + cc.ConferenceID(class[j:j+1]) + r.id[i+1:]
				if _, err := r.site.World.Look(id); errors.Is(err, cc.ErrNotFound) && id != r.id {
					return id
				}
			}
		}
	}
	r.notJudged("no id was found that no conference has")
	return ""
}

func notFound(p *probe, op string) {
	r := p.start(2)
	do := func(ctx context.Context, c cc.Conference) error {
		_, err := c.Snapshot(ctx)
		return err
	}
	if op != OpRead {
		do = r.act(op).do
	}
	r.empty()
	p.wantKind(do(p.ctx, r.conf), "of a conference that is over", cc.ErrNotFound)
	p.wantKind(do(p.ctx, p.site.Client.Conference(r.nobodyHere())), "of a conference that never was", cc.ErrNotFound)
}

func notFoundToldApart(p *probe) {
	r := p.start(3)
	id := r.needWho(cc.CanRemove)
	if who, _ := person(r.truth(), id); who.Self {
		p.cannotArise("only oneself can be removed here")
	}
	r.hangUp(id)
	p.inject(Fault{OpRead, RefuseForbidden})
	n := p.commands()
	err := r.conf.RemoveParticipant(p.ctx, id)
	switch e := detail(err); {
	case p.commands() == n:
		p.cannotArise("this driver reads before it sends a command")
	case cc.KindOf(err) == cc.ErrNotParticipant:
		p.cannotArise("this vendor's answer to the command tells the two apart")
	case cc.KindOf(err) != cc.ErrNotFound:
		p.failf("got %s, want not found", describe(err))
	case e == nil || e.Err == nil:
		p.failf("why it could not be told is not in the error")
	}
}
