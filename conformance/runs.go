package conformance

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
)

func runRules() []rule {
	return []rule{
		{"run/instance-live", "A handle by Instance commands the run that it names.", runLive},
		{"run/instance-command", "A command by the Instance of a run that is over is ErrNotFound, and the run that has the name now is untouched.", runCommand},
		{"run/instance-snapshot", "Snapshot by the Instance of a run that is over is ErrNotFound.", runSnapshot},
		{"run/name-command", "A command by name goes to the run that has the name now.", runName},
		{"run/name-snapshot", "Snapshot by name tells of the run that has the name now.", runNameSnapshot},
	}
}

// instance is a handle of the run that is live now.
func (r *room) instance() cc.Conference {
	id := r.truth().Instance
	if id == r.id {
		r.cannotArise("a run has no id of its own at this vendor")
	}
	return r.site.Client.Conference(id)
}

func runLive(p *probe) {
	r := p.start(3)
	a := r.act(OpRemove)
	p.must(a.do(p.ctx, r.instance()), "RemoveParticipant by Instance")
	if !a.done() {
		p.failf("RemoveParticipant by Instance answered nil, and the participant is there")
	}
}

func runCommand(p *probe) {
	r := p.start(2)
	first := r.instance()
	acts := []act{r.act(OpRemove)}
	if r.truth().Controls&cc.CanEnd != 0 {
		acts = append(acts, r.act(OpEnd))
	}
	if id, ok := r.who(cc.CanMute); ok {
		f := fields()[0]
		acts = append(acts, act{op: OpSet, id: id, do: func(ctx context.Context, c cc.Conference) error {
			return c.SetParticipantState(ctx, id, f.order(cc.On))
		}})
	}
	r.restart(2)
	before := r.truth()
	for _, a := range acts {
		err := a.do(p.ctx, first)
		p.wantKind(err, a.op+" in a run that is over", cc.ErrNotFound)
		r.untouched(a.op+" in the run before", before)
	}
}

func runSnapshot(p *probe) {
	r := p.start(2)
	first := r.instance()
	r.restart(2)
	_, err := first.Snapshot(p.ctx)
	p.wantKind(err, "Snapshot of a run that is over", cc.ErrNotFound)
}

func runName(p *probe) {
	r := p.start(3)
	r.read()
	r.restart(3)
	a := r.act(OpRemove)
	p.must(a.do(p.ctx, r.conf), "RemoveParticipant in the second run")
	if !a.done() {
		p.failf("RemoveParticipant in the second run answered nil, and the participant is there")
	}
}

func runNameSnapshot(p *probe) {
	r := p.start(3)
	r.read()
	r.restart(2)
	truth, told := r.truth(), r.read()
	if told.Instance != truth.Instance || len(told.Participants) != len(truth.Participants) {
		p.failf("%d people of run %s are told, and %d of run %s are there",
			len(told.Participants), told.Instance, len(truth.Participants), truth.Instance)
	}
}
