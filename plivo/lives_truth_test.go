package plivo_test

import (
	"context"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A lifeTruth is all that has happened on the bridge.
type lifeTruth struct{ runs []*lifeRun }

// A lifeRun is one run of the conference: what it was like, step by step, the last one being its end if
// it has ended.
type lifeRun struct {
	instance     cc.ConferenceID
	steps        []lifeStep
	began, ended time.Time // ended is zero while it has not
	gone         []fake.MemberInfo
}

type lifeStep struct {
	at     time.Time
	people []cc.Participant
	over   bool
}

// history takes the news of the bridge and makes it the truth.
func (l *life) history() *lifeTruth {
	truth := &lifeTruth{}
	ctx, cancel := context.WithCancel(background)
	cancel()
	for {
		n, err := l.feed.Next(ctx)
		if err != nil {
			return truth
		}
		if n.Kind == fake.NewsGap {
			l.mistake("the test has lost news of the bridge")
			continue
		}
		run := truth.run(n.Room.Instance)
		if run == nil {
			run = &lifeRun{instance: n.Room.Instance, began: n.At}
			truth.runs = append(truth.runs, run)
		}
		run.ended, run.gone = n.Room.EndedAt, n.Room.Departed
		run.steps = append(run.steps, lifeStep{n.At, l.people(n.Room), n.Room.Status == fake.Ended})
	}
}

func (h *lifeTruth) run(instance cc.ConferenceID) *lifeRun {
	i := slices.IndexFunc(h.runs, func(r *lifeRun) bool { return r.instance == instance })
	if i < 0 {
		return nil
	}
	return h.runs[i]
}

// of finds the run that people are told of: by the Instance, or, where that is none, by their calls.
func (h *lifeTruth) of(s cc.Snapshot) *lifeRun {
	if s.Instance != lifeRoom {
		return h.run(s.Instance)
	}
	for _, run := range h.runs {
		if len(s.Participants) > 0 && run.hadAll(s.Participants) {
			return run
		}
	}
	return nil
}

// hadAll reports whether all of the calls were in the run.
func (r *lifeRun) hadAll(list []cc.Participant) bool {
	for _, p := range list {
		if !slices.ContainsFunc(r.steps, func(s lifeStep) bool { return hasCall(s.people, p.CallID) }) {
			return false
		}
	}
	return true
}

func hasCall(list []cc.Participant, call string) bool {
	return slices.ContainsFunc(list, func(p cc.Participant) bool { return p.CallID == call })
}

// absent reports whether there was an instant in a time at which a handle led to nothing.
func (h *lifeTruth) absent(handle cc.ConferenceID, from, to time.Time) bool {
	at := from
	for _, run := range h.runs {
		if handle != lifeRoom && run.instance != handle {
			continue
		}
		if run.began.After(at) {
			return true
		}
		if run.ended.IsZero() {
			return false
		}
		if run.ended.After(at) {
			at = run.ended
		}
		// At the very instant at which one ends and the next begins there is none between the two.
		if !run.ended.Before(from) && !run.ended.After(to) {
			return true
		}
	}
	return !at.After(to)
}

// turned reports whether a run began or ended in a time.
func (h *lifeTruth) turned(from, to time.Time) bool {
	return slices.ContainsFunc(h.runs, func(r *lifeRun) bool {
		return !r.began.Before(from) && !r.began.After(to) || !r.ended.Before(from) && !r.ended.After(to)
	})
}

// matches finds the first step from one on that people are like, not later than an instant; -1 if there
// is none.
func (r *lifeRun) matches(from int, by time.Time, list []cc.Participant) int {
	for i := from; i < len(r.steps) && !r.steps[i].at.After(by); i++ {
		if !r.steps[i].over && alikePeople(r.steps[i].people, list) {
			return i
		}
	}
	return -1
}

// exit is what became of a participant; nil while they are there.
func (r *lifeRun) exit(p cc.Participant) *fake.MemberInfo {
	i := slices.IndexFunc(r.gone, func(m fake.MemberInfo) bool { return m.ID == p.ID && m.CallID == p.CallID })
	if i < 0 {
		return nil
	}
	return &r.gone[i]
}

// overFor reports whether, at an instant, a run was over for who was told last what it was like at a
// step. Where a run has no id it is also over for whoever finds nobody whom he knows.
func (l *life) overFor(r *lifeRun, place int, by time.Time) bool {
	was := r.steps[place].people
	for _, s := range r.steps[place:] {
		if s.at.After(by) {
			return false
		}
		if s.over || l.product.name == plivo.Conference && len(s.people) > 0 &&
			!slices.ContainsFunc(s.people, func(p cc.Participant) bool { return hasCall(was, p.CallID) }) {
			return true
		}
	}
	return false
}

// people is a room as a client of the product ought to see it.
func (l *life) people(room fake.RoomInfo) []cc.Participant {
	toggle := func(on bool) cc.Toggle {
		if on {
			return cc.On
		}
		return cc.Off
	}
	list := make([]cc.Participant, 0, len(room.Members))
	for _, m := range room.Members {
		p := cc.Participant{ID: m.ID, CallID: m.CallID, Address: m.Address, State: cc.ParticipantState{Mute: toggle(m.Mute)}}
		if l.product.name == plivo.Conference {
			p.Name, p.State.Deaf = m.Leg.Name, toggle(m.Deaf)
			p.Controls = cc.CanRemove | cc.CanMute | cc.CanDeaf
			list = append(list, p)
			continue
		}
		p.Role, p.State.Hold, p.JoinedAt = m.Leg.Role, toggle(m.Hold), m.JoinedAt.UTC().Truncate(time.Second)
		p.Controls = cc.CanRemove | cc.CanMute | cc.CanHold
		if m.Leg.Role == cc.RoleSupervisor {
			p.State.Coach = toggle(m.Coach)
			p.Controls |= cc.CanCoach
		}
		list = append(list, p)
	}
	return list
}
