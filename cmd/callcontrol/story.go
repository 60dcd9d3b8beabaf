package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

const (
	room = "standup"
	// adasNumber is that of the agent whose session it is, where a client is one's session.
	adasNumber = "15550100"
	lag        = 40 * time.Millisecond // between a command's acceptance and its effect, on every bridge
)

// A play is the story on one stage.
type play struct {
	*stage
	out      *page
	patience time.Duration // with one answer, and with the events that follow it
	can      cc.Capabilities
	conf     cc.Conference
	cast     []person // Ada, Ben, Sue
	news     *follower
}

// A scene is one step of the story. Its title may have the name of the person whom it is about.
type scene struct {
	row string // in the table
	act func(*play, context.Context) (cell string, wrong []string)
}

// The scenes, in the order of the story.
var scenes = []scene{
	{"three people join", (*play).join},
	{"one is muted", state(cc.Change{Mute: cc.On})},
	{"is put on hold", state(cc.Change{Hold: cc.On})},
	{"is resumed, still muted", state(cc.Change{Hold: cc.Off})},
	{"a supervisor coaches", (*play).coach},
	{"a stranger is refused", (*play).stranger},
	{`the id "all" is refused`, (*play).everybody},
	{"one is removed", (*play).remove},
	{"the conference ends", (*play).end},
	{"an order after the end", (*play).late},
}

// perform plays the story and gives the cells of its column in the table, and how many scenes were
// not as promised.
func perform(ctx context.Context, s *stage, out *page, patience time.Duration) (cells []string, bad int) {
	s.bridge.SetLag(lag, 0)
	p := &play{stage: s, out: out, patience: patience, can: s.client.Capabilities()}
	defer func() {
		if p.news != nil {
			// Why the reading of events ended has been judged by then.
			_ = p.news.stop()
		}
	}()
	out.line("opened", "%s", s.url)
	out.line("", "%s", s.where)
	out.line("can do", "to others: %s; to its own leg: %s; to the conference: %s", p.can.Others, p.can.Self, p.can.Conference)
	for i, scene := range scenes {
		if len(p.cast) == 0 && i > 0 || ctx.Err() != nil {
			cells, bad = append(cells, "NOT PLAYED"), bad+1
			continue
		}
		out.heading("%d. %s", i+1, scene.row)
		cell, wrong := scene.act(p, ctx)
		if len(wrong) > 0 {
			cell, bad = "WRONG", bad+1
			out.line("WRONG", "%s", strings.Join(wrong, "; "))
		} else {
			out.line("verdict", "as the contract says")
		}
		cells = append(cells, cell)
	}
	return cells, bad
}

// join has Ada, Ben and Sue come in. Nothing of that goes through the provider, which has to notice.
func (p *play) join(ctx context.Context) (string, []string) {
	for _, leg := range []fake.Leg{
		{Name: "Ada", Address: adasNumber, Role: cc.RoleAgent, Login: fake.Me},
		{Name: "Ben", Address: "15550101", Role: cc.RoleCustomer},
		{Name: "Sue", Address: "15550102", Role: cc.RoleSupervisor, Coach: cc.Off},
	} {
		member, err := p.bridge.Join(room, leg)
		if err != nil {
			return "", []string{"the bridge let nobody in"}
		}
		p.cast = append(p.cast, person{
			name: leg.Name, member: member, id: p.idOf(member), self: p.can.SessionOnly && leg.Login == fake.Me,
		})
		if p.news == nil {
			id := cc.ConferenceID(room)
			if p.name != nil {
				if id, err = p.name(); err != nil {
					return "", []string{"the conference has no name there"}
				}
			}
			p.conf = p.client.Conference(id)
			p.news = follow(ctx, p.conf, p.nameOf)
			p.news.until(ctx, p.patience, func() bool { return len(p.news.picture) > 0 })
		}
	}
	// News of what others do comes by a callback, or else with the next poll. Notify is how a
	// callback that has reached another replica of an application is passed on to this one.
	p.client.Notify(p.conf.ID())

	p.out.line("world", "Ada (agent), Ben (customer) and Sue (supervisor) dial in")
	snapshot, err := p.conf.Snapshot(ctx)
	p.answer("Snapshot", err)
	is := look(p.cast)
	p.show(nil, is)
	wrong := p.listen(ctx, is)
	if err != nil {
		return "", append(wrong, "the conference cannot be read")
	}
	for i, person := range p.cast {
		told, there := snapshot.Participant(person.id)
		flag := contradicts(told, is[i].state)
		switch {
		case !there:
			wrong = append(wrong, person.name+" is not in the snapshot")
		case flag != "":
			wrong = append(wrong, "the snapshot has "+person.name+" with another "+flag)
		case told.Self != person.self:
			wrong = append(wrong, "the snapshot does not tell whose leg the session's own is")
		}
	}
	if len(snapshot.Participants) != len(p.cast) {
		wrong = append(wrong, "the snapshot has others as well")
	}
	// From here on the story acts on this very run, not on whatever is called so later.
	if snapshot.Instance != "" {
		p.conf = p.client.Conference(snapshot.Instance)
	}
	return "seen", wrong
}

// state gives a scene that changes the state of the customer, or of the session's own leg where the
// provider can do it to that alone.
func state(change cc.Change) func(*play, context.Context) (string, []string) {
	return func(p *play, ctx context.Context) (string, []string) {
		whom := p.cast[1]
		if need := change.Controls(); !p.can.Others.Has(need) && p.can.Self.Has(need) {
			whom = p.cast[0]
		}
		return p.command(ctx, order{op: cc.OpSetParticipantState, whom: whom, change: change})
	}
}

// coach has the supervisor, who was heard by everybody, be heard by the coached side alone.
func (p *play) coach(ctx context.Context) (string, []string) {
	return p.command(ctx, order{op: cc.OpSetParticipantState, whom: p.cast[2], change: cc.Change{Coach: cc.On}})
}

// stranger gives a well-formed id that nobody has.
func (p *play) stranger(ctx context.Context) (string, []string) {
	return p.command(ctx, order{op: cc.OpRemoveParticipant, whom: person{name: "a stranger", id: "15550199"}})
}

// everybody gives a word that some vendors read as every participant.
func (p *play) everybody(ctx context.Context) (string, []string) {
	return p.command(ctx, order{op: cc.OpRemoveParticipant, whom: person{name: `"all"`, id: "all"}})
}

func (p *play) remove(ctx context.Context) (string, []string) {
	return p.command(ctx, order{op: cc.OpRemoveParticipant, whom: p.cast[1]})
}

func (p *play) end(ctx context.Context) (string, []string) {
	return p.command(ctx, order{op: cc.OpEnd})
}

func (p *play) late(ctx context.Context) (string, []string) {
	return p.command(ctx, order{op: cc.OpRemoveParticipant, whom: p.cast[2], over: true})
}

// command gives an order, prints what came of it, and judges that.
func (p *play) command(ctx context.Context, o order) (string, []string) {
	want := expect(p.can, o)
	before, sent := look(p.cast), p.sent()
	begun := time.Now()
	err := p.give(ctx, o)
	took := time.Since(begun)
	is := look(p.cast) // at once: nil means done
	sent = p.sent() - sent

	p.out.line("asked", "%s", asked(o))
	if err == nil {
		p.out.line("answer", "nil, after %d ms", took.Milliseconds())
	} else {
		p.answer("", err)
	}
	if sent == 0 {
		p.out.line("", "nothing was sent")
	}
	p.show(before, is)
	wrong := append(want.judge(err, sent), compare(p.cast, want.after(o, p.can, p.cast, before), is)...)
	if !o.over {
		wrong = append(wrong, p.listen(ctx, is)...)
	}
	return cell(o, want, is, p.cast), wrong
}

func (p *play) give(ctx context.Context, o order) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	switch o.op {
	case cc.OpSetParticipantState:
		return p.conf.SetParticipantState(ctx, o.whom.id, o.change)
	case cc.OpRemoveParticipant:
		return p.conf.RemoveParticipant(ctx, o.whom.id)
	}
	return p.conf.End(ctx)
}

// listen waits until the events have told the truth, and prints them.
func (p *play) listen(ctx context.Context, is truth) (wrong []string) {
	over := true
	for _, c := range is {
		over = over && !c.present
	}
	agree := func() bool { return p.news.mismatch(p.cast, is) == "" && p.news.ended == over }
	ok := p.news.until(ctx, p.patience, agree)
	for i, line := range p.news.told() {
		p.out.line(cond(i == 0, "events", ""), "%s", line)
	}
	if ok {
		return nil
	}
	if what := p.news.mismatch(p.cast, is); what != "" {
		return []string{what}
	}
	return []string{"the events have the conference " + cond(p.news.ended, "ended", "live")}
}

// show prints what the bridge shows, and of a change only whom it has befallen.
func (p *play) show(before, is truth) {
	label := "truth"
	for i, person := range p.cast {
		if before != nil && before[i] == is[i] {
			continue
		}
		p.out.line(label, "%s: %s", person.name, is[i])
		label = ""
	}
	if label != "" {
		p.out.line(label, "nothing has changed for anybody")
	}
}

// answer prints an error, and what it says is missing.
func (p *play) answer(what string, err error) {
	switch {
	case err == nil:
		p.out.line("answer", "%s: nil", what)
	default:
		p.out.line("answer", "%v", err)
	}
}

func (p *play) nameOf(id cc.ParticipantID) string {
	for _, person := range p.cast {
		if person.id == id {
			return person.name
		}
	}
	return "somebody else"
}

func asked(o order) string {
	switch {
	case o.op == cc.OpEnd:
		return "End"
	case o.op == cc.OpSetParticipantState:
		return fmt.Sprintf("SetParticipantState(%s, %s)", o.whom.name, o.change)
	}
	return fmt.Sprintf("RemoveParticipant(%s)", o.whom.name)
}

// cell is what the table says of an order that went as it should.
func cell(o order, want verdict, is truth, cast []person) string {
	switch {
	case !want.done && want.kinds[0] == cc.ErrUnsupported:
		return "cannot: " + want.missing.String()
	case !want.done:
		return "refused"
	case o.op == cc.OpRemoveParticipant:
		for i, p := range cast {
			if p.member == o.whom.member {
				return "done, " + cond(is[i].up, "call goes on", "hung up")
			}
		}
	case o.whom.self:
		return "done, to own leg"
	}
	return "done"
}

// missingOf gives what an error says is lacking.
func missingOf(err error) cc.Controls {
	var e *cc.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Missing
}
