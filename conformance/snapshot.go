package conformance

import (
	"fmt"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func snapshotRules() []rule {
	return []rule{
		{"snapshot/people", "A Snapshot has exactly the people who are there, under distinct ids that are not empty.", snapshotPeople},
		{"snapshot/roles", "A Snapshot tells Role, Self and CallID of each as they are.", snapshotRoles},
		{"snapshot/address", "A Snapshot tells Address and Name of each as they are.", snapshotAddress},
		{"snapshot/joined-at", "JoinedAt is when somebody joined, to the second, or zero where the vendor tells no instant.", snapshotJoinedAt},
		{"snapshot/state", "A Snapshot tells the state of each as it is, also when it was just changed.", snapshotState},
		{"snapshot/coach", "Coach is Unset for anyone whom the provider does not treat as a supervisor.", snapshotCoach},
		{"snapshot/run", "A Snapshot tells the conference's name and the run's Instance as they are.", snapshotRun},
		{"snapshot/fresh", "A Snapshot tells of somebody who joined just before it.", snapshotFresh},
		{"snapshot/order", "Participants are in order of JoinedAt, and then of ID.", snapshotOrder},
		{"snapshot/utc", "Times are in UTC, and At is told.", snapshotUTC},
		{"snapshot/own-copy", "A Snapshot belongs to its reader: writing to it changes no other.", snapshotOwnCopy},
		{"snapshot/unreadable", "A Snapshot that the vendor answers with something unreadable is an error, and not ErrNotFound.", snapshotUnreadable},
		{"snapshot/hollow", "A Snapshot that the vendor answers without what it is about is an error, and not ErrNotFound: it is no proof that nobody is there.", snapshotHollow},
		{"snapshot/refused", "A Snapshot that the vendor does not let us have is ErrUnauthenticated.", snapshotRefused},
	}
}

// each compares everybody who is there with what is told of them.
func (r *room) each(told cc.Snapshot, compare func(got, want cc.Participant)) {
	for _, want := range r.truth().Participants {
		got, ok := person(told, want.ID)
		if !ok {
			r.failf("participant %s is not told", want.ID)
		}
		compare(got, want)
	}
}

func snapshotPeople(p *probe) {
	r := p.start(5)
	told := r.read()
	seen := map[cc.ParticipantID]bool{}
	for _, who := range told.Participants {
		if who.ID == "" || seen[who.ID] {
			p.failf("the id %q is empty, or told twice", who.ID)
		}
		seen[who.ID] = true
	}
	r.each(told, func(got, want cc.Participant) {})
	if got, want := len(told.Participants), len(r.truth().Participants); got != want {
		p.failf("%d people are told, and %d are there", got, want)
	}
}

func snapshotRoles(p *probe) {
	r := p.start(3)
	for _, role := range []cc.Role{"agent", "customer", "supervisor"} {
		r.join(role)
	}
	r.each(r.read(), func(got, want cc.Participant) {
		if got.Role != want.Role || got.Self != want.Self || got.CallID != want.CallID {
			p.failf("told are role %q, self %v, call %q; true are %q, %v, %q",
				got.Role, got.Self, got.CallID, want.Role, want.Self, want.CallID)
		}
	})
}

func snapshotAddress(p *probe) {
	r := p.start(3)
	r.each(r.read(), func(got, want cc.Participant) {
		if got.Address != want.Address || got.Name != want.Name {
			p.failf("told are %q, %q; true are %q, %q", got.Address, got.Name, want.Address, want.Name)
		}
	})
}

func snapshotJoinedAt(p *probe) {
	r := p.start(3)
	p.sleep(1100 * time.Millisecond) // so that the time of reading is not that of joining
	r.join("")
	r.each(r.read(), func(got, want cc.Participant) {
		if got.JoinedAt.IsZero() != want.JoinedAt.IsZero() || got.JoinedAt.Sub(want.JoinedAt).Abs() >= time.Second {
			p.failf("of participant %s told is %v, true is %v", want.ID, got.JoinedAt, want.JoinedAt)
		}
	})
}

func snapshotState(p *probe) {
	r := p.start(3)
	id, f := r.field()
	r.put(id, f, cc.On)
	r.each(r.read(), func(got, want cc.Participant) {
		if got.State != want.State {
			p.failf("of participant %s told is %s, true is %s", want.ID, stateWords(got.State), stateWords(want.State))
		}
	})
}

func snapshotCoach(p *probe) {
	r := p.start(2)
	r.join("agent")
	r.join("supervisor")
	r.each(r.read(), func(got, want cc.Participant) {
		if (got.State.Coach == cc.Unset) != (want.State.Coach == cc.Unset) {
			p.failf("coach of a %q is told as %s, true is %s", want.Role, toggleWord(got.State.Coach), toggleWord(want.State.Coach))
		}
	})
}

func snapshotRun(p *probe) {
	r := p.start(2)
	truth, told := r.truth(), r.read()
	if told.Conference != r.id || told.Instance != truth.Instance {
		p.failf("told are %q, %q; true are %q, %q", told.Conference, told.Instance, r.id, truth.Instance)
	}
}

func snapshotFresh(p *probe) {
	r := p.start(2)
	r.read()
	id := r.join("")
	if _, ok := person(r.read(), id); !ok {
		p.failf("participant %s joined, and a Snapshot after that does not have them", id)
	}
}

func snapshotOrder(p *probe) {
	r := p.start(3)
	for range 3 {
		p.sleep(10 * time.Millisecond)
		r.join("")
	}
	list := r.read().Participants
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		if a.JoinedAt.After(b.JoinedAt) || a.JoinedAt.Equal(b.JoinedAt) && a.ID >= b.ID {
			p.failf("participant %s, joined at %v, comes before %s, joined at %v", a.ID, a.JoinedAt, b.ID, b.JoinedAt)
		}
	}
}

func snapshotUTC(p *probe) {
	r := p.start(2)
	s := r.read()
	if s.At.IsZero() {
		p.failf("At is not told")
	}
	check := func(what string, t time.Time) {
		if !t.IsZero() && t.Location().String() != "UTC" {
			p.failf("%s is in %v", what, t.Location())
		}
	}
	check("At", s.At)
	for _, who := range s.Participants {
		check("JoinedAt", who.JoinedAt)
	}
	if p.site.Client.Capabilities().Conference&cc.CanList != 0 {
		for s, err := range p.site.Client.Conferences(p.ctx) {
			p.must(err, "Conferences")
			check("StartedAt", s.StartedAt)
		}
	}
}

func snapshotOwnCopy(p *probe) {
	r := p.start(2)
	mine := r.read()
	for i := range mine.Participants {
		mine.Participants[i] = cc.Participant{ID: "overwritten"}
	}
	if _, ok := person(r.read(), "overwritten"); ok {
		p.failf("what one reader wrote stands in another Snapshot")
	}
}

func snapshotUnreadable(p *probe) { snapshotTellsNothing(p, Garble, "could not be read") }

func snapshotHollow(p *probe) { snapshotTellsNothing(p, Hollow, "lacked what it is about") }

func snapshotTellsNothing(p *probe, what, how string) {
	r := p.start(2)
	p.inject(Fault{OpRead, what})
	_, err := r.conf.Snapshot(p.ctx)
	switch kind := cc.KindOf(err); {
	case err == nil:
		p.failf("the answer %s, and the error is nil", how)
	case kind == cc.ErrNotFound || kind == cc.ErrNotParticipant:
		p.failf("the answer %s, and the error is %v", how, err)
	}
}

func snapshotRefused(p *probe) {
	r := p.start(2)
	p.inject(Fault{OpRead, RefuseUnauthenticated})
	_, err := r.conf.Snapshot(p.ctx)
	p.wantKind(err, "a Snapshot that is refused", cc.ErrUnauthenticated)
}

func listRules() []rule {
	return []rule{
		{"list/every", "Every live conference is listed, once, however many there are.", listEvery},
		{"list/over", "A conference that is over is not listed.", listOver},
		{"list/summary", "A Summary tells the Instance as it is, and the number of participants as it is or as -1.", listSummary},
		{"list/failure", "A listing that fails ends with its one error.", listFailure},
	}
}

// list reads the whole listing.
func (p *probe) list() map[cc.ConferenceID]cc.Summary {
	if p.site.Client.Capabilities().Conference&cc.CanList == 0 {
		p.cannotArise("listing is not declared")
	}
	all := map[cc.ConferenceID]cc.Summary{}
	for s, err := range p.site.Client.Conferences(p.ctx) {
		p.must(err, "Conferences")
		if _, twice := all[s.Conference]; twice {
			p.failf("a conference is listed twice")
		}
		all[s.Conference] = s
	}
	return all
}

func listEvery(p *probe) {
	var rooms []*room
	for range 23 {
		rooms = append(rooms, p.start(1))
	}
	all := p.list()
	for _, r := range rooms {
		if _, ok := all[r.id]; !ok {
			p.failf("one of %d live conferences is not listed; %d are", len(rooms), len(all))
		}
	}
}

func listOver(p *probe) {
	over, live := p.start(2), p.start(2)
	over.empty()
	all := p.list()
	if _, ok := all[over.id]; ok {
		p.failf("a conference that is over is listed")
	}
	if _, ok := all[live.id]; !ok {
		p.failf("a live conference is not listed")
	}
}

func listSummary(p *probe) {
	r := p.start(3)
	truth := r.truth()
	s, ok := p.list()[r.id]
	switch {
	case !ok:
		p.failf("a live conference is not listed")
	case s.Instance != truth.Instance:
		p.failf("the Instance told is %q, true is %q", s.Instance, truth.Instance)
	case s.Participants != -1 && s.Participants != len(truth.Participants):
		p.failf("%d participants are told, and %d are there", s.Participants, len(truth.Participants))
	}
}

func listFailure(p *probe) {
	p.start(2)
	if p.site.Client.Capabilities().Conference&cc.CanList == 0 {
		p.cannotArise("listing is not declared")
	}
	p.inject(Fault{OpRead, RefuseForbidden})
	var errs []string
	for s, err := range p.site.Client.Conferences(p.ctx) {
		if err == nil {
			p.failf("the listing was refused, and a conference is told: %q", s.Conference)
		}
		p.wantKind(err, "a listing that is refused", cc.ErrForbidden)
		errs = append(errs, fmt.Sprint(err))
	}
	if len(errs) != 1 {
		p.failf("%d errors came, want 1", len(errs))
	}
}
