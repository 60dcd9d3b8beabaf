package conformance

import (
	"fmt"

	cc "github.com/callcontrol-go/callcontrol"
)

func independenceRules() []rule {
	var list []rule
	for _, f := range fields() {
		for _, g := range fields() {
			if f == g {
				continue
			}
			list = append(list, rule{
				"independence/" + f.name + "-then-" + g.name,
				fmt.Sprintf("Setting %s on and off again leaves %s as it was, on or off.", g.name, f.name),
				func(p *probe) { independence(p, f, g) },
			})
		}
	}
	return list
}

// independence sets one field each way and then the other each way; the first has to stay. The
// second may be refused as a conflict, if that changes nothing.
func independence(p *probe, f, g field) {
	r := p.start(2)
	if (f.can|g.can)&cc.CanCoach != 0 && p.declared()&cc.CanCoach != 0 {
		r.join("supervisor")
	}
	id := r.needWho(f.can | g.can)
	for _, first := range []cc.Toggle{cc.On, cc.Off} {
		r.put(id, f, first)
		for _, second := range []cc.Toggle{cc.On, cc.Off} {
			before := r.state(id)
			err := r.conf.SetParticipantState(p.ctx, id, g.order(second))
			after := r.state(id)
			step := fmt.Sprintf("%s being %s, setting %s %s", f.name, toggleWord(first), g.name, toggleWord(second))
			switch {
			case err == nil && f.in(after) != first:
				p.failf("%s made %s %s", step, f.name, toggleWord(f.in(after)))
			case err == nil:
			case cc.KindOf(err) == cc.ErrConflict && after == before:
				p.note(step + " is a conflict here")
			case cc.KindOf(err) == cc.ErrConflict:
				p.failf("%s was refused as a conflict, and the state was %s and is %s", step, stateWords(before), stateWords(after))
			default:
				p.failf("%s: %v", step, err)
			}
		}
	}
}
