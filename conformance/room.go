package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	cc "github.com/callcontrol-go/callcontrol"
)

// A room is a conference of the world with the client's handle of it, by name.
type room struct {
	*probe
	id     cc.ConferenceID
	people []cc.ParticipantID
	conf   cc.Conference
}

// start begins a conference of n people.
func (p *probe) start(n int) *room {
	id, people, err := p.site.World.Start(n)
	p.needs(err, fmt.Sprintf("a conference of %d", n))
	return &room{probe: p, id: id, people: people, conf: p.site.Client.Conference(id)}
}

// look tells the truth, and whether the conference is live.
func (r *room) look() (cc.Snapshot, bool) {
	s, err := r.site.World.Look(r.id)
	if errors.Is(err, cc.ErrNotFound) {
		return cc.Snapshot{}, false
	}
	r.needs(err, "looking at the bridge")
	return s, true
}

// truth is look of a conference that has to be live.
func (r *room) truth() cc.Snapshot {
	s, live := r.look()
	if !live {
		r.failf("the conference is over")
	}
	return s
}

// present tells whether somebody is there.
func (r *room) present(id cc.ParticipantID) bool {
	s, _ := r.look()
	_, ok := person(s, id)
	return ok
}

// state is the true state of somebody who has to be there.
func (r *room) state(id cc.ParticipantID) cc.ParticipantState {
	who, ok := person(r.truth(), id)
	if !ok {
		r.failf("participant %s is gone", id)
	}
	return who.State
}

// join brings one more in.
func (r *room) join(role cc.Role) cc.ParticipantID {
	id, err := r.site.World.Join(r.id, role)
	r.needs(err, "somebody joining")
	return id
}

// hangUp has somebody leave.
func (r *room) hangUp(id cc.ParticipantID) {
	r.needs(r.site.World.HangUp(r.id, id), "somebody hanging up")
}

// empty has everybody leave, so that the conference is over.
func (r *room) empty() {
	s := r.truth()
	// One's own leg last: without it the session sees nothing.
	slices.SortStableFunc(s.Participants, func(a, b cc.Participant) int {
		switch {
		case a.Self == b.Self:
			return 0
		case a.Self:
			return 1
		}
		return -1
	})
	for _, who := range s.Participants {
		if _, live := r.look(); live {
			r.hangUp(who.ID)
		}
	}
	if _, live := r.look(); live {
		r.notJudged("the world could not end the conference by everybody hanging up")
	}
}

// restart ends the run and begins another under the name.
func (r *room) restart(n int) []cc.ParticipantID {
	people, err := r.site.World.Restart(r.id, n)
	r.needs(err, "a conference that begins again under its name")
	return people
}

// read has the client read the conference, which gives it evidence of the run and the legs.
func (r *room) read() cc.Snapshot {
	s, err := r.conf.Snapshot(r.ctx)
	r.must(err, "Snapshot")
	return s
}

// who returns somebody to whom all of that may be done now, by the truth: somebody else if
// possible, else oneself.
func (r *room) who(can cc.Controls) (cc.ParticipantID, bool) {
	own := cc.ParticipantID("")
	for _, who := range r.truth().Participants {
		if who.Controls&can != can {
			continue
		}
		if !who.Self {
			return who.ID, true
		}
		own = who.ID
	}
	return own, own != ""
}

// needWho is who, and ends the case if there is nobody.
func (r *room) needWho(can cc.Controls) cc.ParticipantID {
	id, ok := r.who(can)
	if !ok {
		r.cannotArise("nobody here can be given " + words(can))
	}
	return id
}

// declared is all that the client declares for participants.
func (p *probe) declared() cc.Controls {
	c := p.site.Client.Capabilities()
	return c.Others | c.Self
}

// person finds somebody in a snapshot.
func person(s cc.Snapshot, id cc.ParticipantID) (cc.Participant, bool) {
	for _, who := range s.Participants {
		if who.ID == id {
			return who, true
		}
	}
	return cc.Participant{}, false
}

// words names controls for a report.
func words(c cc.Controls) string {
	s := ""
	for _, n := range []struct {
		can  cc.Controls
		word string
	}{
		{cc.CanRemove, "remove"}, {cc.CanMute, "mute"}, {cc.CanDeaf, "deaf"}, {cc.CanHold, "hold"},
		{cc.CanCoach, "coach"}, {cc.CanEnd, "end"}, {cc.CanList, "list"}, {cc.CanWatch, "watch"},
	} {
		if c&n.can != 0 {
			if s != "" {
				s += ", "
			}
			s += n.word
		}
	}
	if s == "" {
		return "nothing"
	}
	return s
}

// An act is one command on somebody of a room, and how to see by the truth that it was done.
type act struct {
	op   string
	id   cc.ParticipantID // empty: the conference
	do   func(ctx context.Context, c cc.Conference) error
	done func() bool
}

// act returns a command of that kind that this room allows; of a change of state, one of the
// preferred flag if that can be had.
func (r *room) act(op string, prefer ...cc.Controls) act {
	switch op {
	case OpRemove:
		id := r.needWho(cc.CanRemove)
		return act{op, id,
			func(ctx context.Context, c cc.Conference) error { return c.RemoveParticipant(ctx, id) },
			func() bool { return !r.present(id) }}
	case OpSet:
		id, f := r.field(prefer...)
		return act{op, id,
			func(ctx context.Context, c cc.Conference) error {
				return c.SetParticipantState(ctx, id, f.order(cc.On))
			},
			func() bool { return f.in(r.state(id)) == cc.On }}
	}
	if r.truth().Controls&cc.CanEnd == 0 {
		r.cannotArise("this session may not end a conference")
	}
	return act{OpEnd, "",
		func(ctx context.Context, c cc.Conference) error { return c.End(ctx) },
		func() bool { _, live := r.look(); return !live }}
}
