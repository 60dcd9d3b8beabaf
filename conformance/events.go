package conformance

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func eventRules() []rule {
	return []rule{
		{"events/first-synced", "A range over Events begins with synced, which holds the conference as it is and no gap.", eventsFirst},
		{"events/joined", "Somebody who joins is told as joined, with the participant as now and a Snapshot that has them.", eventsJoined},
		{"events/changed", "A change of state is told as changed, with the participant as now and the state before.", eventsChanged},
		{"events/changed-controls", "A change of what may be done to somebody is told as changed, with the Controls as now.", eventsChangedControls},
		{"events/left", "Somebody who leaves is told as left, as last seen, with a Snapshot that does not have them.", eventsLeft},
		{"events/left-reason", "The reason that left tells is the true one, or none.", eventsLeftReason},
		{"events/once", "What happened once is told once, however often and in whatever order notifications come.", eventsOnce},
		{"events/unprompted", "What happens at the vendor is told without anybody calling Notify.", eventsUnprompted},
		{"events/notify", "After Notify what has happened is told soon, without waiting for the next turn.", eventsNotify},
		{"events/notify-all", "Notify without an id rings for every conference.", eventsNotifyAll},
		{"events/no-deadline", "A range without a deadline goes on for longer than any command.", eventsNoDeadline},
		{"events/lost-notification", "A notification that is lost costs nothing but time.", eventsLostNotification},
		{"events/ended", "The end of the conference is told as ended.", eventsEnded},
		{"events/left-for-each", "Before ended everybody who was there is told as left.", eventsLeftForEach},
		{"events/nothing-more", "After ended nothing more is told, and the range ends.", eventsNothingMore},
		{"events/ended-reason", "A conference that was ended, and not lost to this session, is ended with the reason ended.", eventsEndedReason},
		{"events/new-run", "Another run under the name is told as ended, and nobody of that run is told.", eventsNewRun},
		{"events/instance", "A range by Instance tells of that run, and ends with it, whatever has the name then.", eventsInstance},
		{"events/own-leg", "Where a session sees only its own calls, its own leg being gone is told as ended with the reason hung-up.", eventsOwnLeg},
		{"events/identity", "Somebody under the same id who is another leg is told as left and then joined.", eventsIdentity},
		{"events/slow-reader", "A reader who does not read for a while misses steps, and never the outcome.", eventsSlowReader},
		{"events/two-ranges", "Two ranges over the same events each begin with synced and are told everything; that one ends does not touch the other.", eventsTwo},
		{"events/own-snapshot", "The Snapshot of an event belongs to its reader: writing to it changes nobody else's.", eventsOwnSnapshot},
		{"events/break", "Breaking off a range ends what was done for it: nothing is read for nobody.", eventsBreak},
		{"events/context", "A range ends with an error when its context ends, at that instant.", eventsContext},
		{"events/not-found", "Events of a conference that is not there is one error, ErrNotFound, and nothing more.", eventsNotFound},
		{"events/unauthenticated", "A range ends with ErrUnauthenticated when the vendor does not let us in any more.", func(p *probe) {
			eventsRefused(p, RefuseUnauthenticated, cc.ErrUnauthenticated)
		}},
		{"events/forbidden", "A range ends with ErrForbidden when the vendor forbids reading.", func(p *probe) {
			eventsRefused(p, RefuseForbidden, cc.ErrForbidden)
		}},
	}
}

func eventsFirst(p *probe) {
	r := p.start(3)
	ev := r.watch().first()
	truth := r.truth()
	switch {
	case ev.Type != "synced":
		p.failf("the first event is %s", eventWords(ev))
	case ev.Gap:
		p.failf("the first synced has a gap")
	case len(ev.Snapshot.Participants) != len(truth.Participants):
		p.failf("it tells of %d people, and %d are there", len(ev.Snapshot.Participants), len(truth.Participants))
	}
	for _, who := range truth.Participants {
		if _, ok := person(ev.Snapshot, who.ID); !ok {
			p.failf("participant %s is not told", who.ID)
		}
	}
}

func eventsJoined(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	id := r.join("")
	r.hurry()
	ev := s.find("joined", isType("joined"))
	if ev.Participant.ID != id {
		p.failf("%s is told, and %s joined", eventWords(ev), id)
	}
	want, _ := person(r.truth(), id)
	if got := ev.Participant; got.State != want.State || got.Role != want.Role || got.CallID != want.CallID {
		p.failf("told is %+v, true is %+v", got, want)
	}
	if who, ok := person(ev.Snapshot, id); !ok || !same(who, ev.Participant) {
		p.failf("the event's Snapshot does not have the participant as the event tells them")
	}
}

func eventsChanged(p *probe) {
	r := p.start(2)
	id, f := r.field()
	s := r.watch()
	s.first()
	before := r.state(id)
	p.must(r.conf.SetParticipantState(p.ctx, id, f.order(cc.On)), "setting "+f.name+" on")
	r.hurry()
	ev := s.find("changed", about("changed", id))
	if ev.Before != before {
		p.failf("Before is %s, and it was %s", stateWords(ev.Before), stateWords(before))
	}
	if now := r.state(id); ev.Participant.State != now {
		p.failf("told is %s, and it is %s", stateWords(ev.Participant.State), stateWords(now))
	}
}

func eventsChangedControls(p *probe) {
	r := p.start(3)
	id := r.needWho(cc.CanRemove)
	s := r.watch()
	s.first()
	p.needs(p.site.World.Twin(r.id, id), "somebody who cannot be told from another")
	r.hurry()
	ev := s.find("changed", isType("changed"))
	if want, _ := person(r.truth(), id); ev.Participant.ID != id || ev.Participant.Controls != want.Controls {
		p.failf("%s with %s is told; true is %s", eventWords(ev), words(ev.Participant.Controls), words(want.Controls))
	}
}

// other returns somebody who is not oneself.
func (r *room) other() cc.Participant {
	for _, who := range r.truth().Participants {
		if !who.Self {
			return who
		}
	}
	r.cannotArise("only oneself is here")
	return cc.Participant{}
}

func eventsLeft(p *probe) {
	r := p.start(3)
	who := r.other()
	s := r.watch()
	s.first()
	r.hangUp(who.ID)
	r.hurry()
	ev := s.find("left", isType("left"))
	if ev.Participant.ID != who.ID || ev.Participant.CallID != who.CallID {
		p.failf("%s is told, and %s left", eventWords(ev), who.ID)
	}
	if _, ok := person(ev.Snapshot, who.ID); ok {
		p.failf("the event's Snapshot has the one who left")
	}
}

func eventsLeftReason(p *probe) {
	r := p.start(4)
	who := r.other()
	s := r.watch()
	s.first()
	r.hangUp(who.ID)
	r.hurry()
	if ev := s.find("left", about("left", who.ID)); ev.Reason != "hung-up" && ev.Reason != "" {
		p.failf("somebody hung up, and the reason told is %q", ev.Reason)
	}
	id := r.needWho(cc.CanRemove)
	if who, _ := person(r.truth(), id); who.Self {
		return
	}
	p.must(r.conf.RemoveParticipant(p.ctx, id), "RemoveParticipant")
	r.hurry()
	if ev := s.find("left", about("left", id)); ev.Reason != "removed" && ev.Reason != "" {
		p.failf("somebody was removed, and the reason told is %q", ev.Reason)
	}
}

func eventsOnce(p *probe) {
	r := p.start(3)
	who := r.other()
	s := r.watch()
	s.first()
	seen := map[string]int{}
	count := func(ev cc.Event) bool {
		if ev.Type != "synced" {
			seen[eventWords(cc.Event{Type: ev.Type, Participant: ev.Participant})]++
		}
		return true
	}
	for range 10 {
		r.hurry()
	}
	id := r.join("")
	for range 10 {
		r.hurry()
	}
	s.find("joined", func(ev cc.Event) bool { return count(ev) && about("joined", id)(ev) })
	r.hangUp(who.ID)
	for range 10 {
		r.hurry()
	}
	s.find("left", func(ev cc.Event) bool { return count(ev) && about("left", who.ID)(ev) })
	for range 10 {
		r.hurry()
	}
	s.quiet(count)
	for what, n := range seen {
		if n > 1 {
			p.failf("%s is told %d times", what, n)
		}
	}
}

func eventsUnprompted(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	id := r.join("")
	s.find("joined", about("joined", id))
}

// soon is how long after Notify something is told: bells are gathered for 100 ms.
const soon = time.Second

func eventsNotify(p *probe) {
	p.notified(func(r *room) { p.site.Client.Notify(r.id) })
}

func eventsNotifyAll(p *probe) {
	p.notified(func(*room) { p.site.Client.Notify() })
}

// notified has somebody join without the vendor telling, and somebody ring.
func (p *probe) notified(ring func(*room)) {
	r := p.start(2)
	p.injectIf(Fault{OpListen, Silent})
	s := r.watch()
	s.first()
	p.sleep(soon / 2)
	id := r.join("")
	at := time.Now()
	ring(r)
	s.find("joined", about("joined", id))
	if took := time.Since(at); took > soon+p.slack() {
		p.failf("it was told %v after Notify", took)
	}
}

func eventsNoDeadline(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	p.sleep(defaultTime + time.Second)
	if s.over() {
		p.failf("the range ended by itself")
	}
	id := r.join("")
	r.hurry()
	s.find("joined", about("joined", id))
}

func eventsLostNotification(p *probe) {
	r := p.start(2)
	p.inject(Fault{OpListen, Silent})
	s := r.watch()
	s.first()
	p.sleep(soon / 2) // until what was told of before has been read
	id := r.join("")
	s.find("joined", about("joined", id))
}

func eventsEnded(p *probe) {
	r := p.start(3)
	a := r.act(OpEnd)
	s := r.watch()
	s.first()
	p.must(a.do(p.ctx, r.conf), "End")
	r.hurry()
	s.find("ended", isType("ended"))
}

func eventsLeftForEach(p *probe) {
	r := p.start(3)
	a := r.act(OpEnd)
	s := r.watch()
	there := newFold(s.first().Snapshot)
	p.must(a.do(p.ctx, r.conf), "End")
	r.hurry()
	s.find("ended", func(ev cc.Event) bool {
		if wrong := there.apply(ev); wrong != "" {
			p.failf("%s", wrong)
		}
		return ev.Type == "ended"
	})
	if n := len(there.people); n > 0 {
		p.failf("ended is told with %d people who have not been told as left", n)
	}
}

func eventsNothingMore(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	r.empty()
	r.hurry()
	s.find("ended", isType("ended"))
	if i, more := s.next(2 * time.Second); more {
		p.failf("after ended came %s, error %v", eventWords(i.ev), i.err)
	}
	if !s.over() {
		p.failf("the range goes on after ended")
	}
}

func eventsEndedReason(p *probe) {
	if p.h.Want.SessionOnly {
		p.cannotArise("a session that sees only its own calls cannot tell the end from its own leaving")
	}
	r := p.start(2)
	s := r.watch()
	s.first()
	r.empty()
	r.hurry()
	if ev := s.find("ended", isType("ended")); ev.Reason != "ended" {
		p.failf("the reason told is %q", ev.Reason)
	}
}

func eventsNewRun(p *probe) {
	r := p.start(3)
	s := r.watch()
	s.first()
	r.restart(3)
	r.hurry()
	if ev := s.find("ended", isType("ended", "joined", "changed")); ev.Type != "ended" {
		p.failf("%s is told, and the run is over", eventWords(ev))
	}
}

func eventsInstance(p *probe) {
	r := p.start(3)
	s := r.watchAs(r.instance())
	first := s.first()
	if got := first.Snapshot.Conference; got != r.id {
		p.failf("the conference is told as %q, want %q", got, r.id)
	}
	r.restart(2)
	p.site.Client.Notify(first.Snapshot.Instance)
	s.find("ended", isType("ended"))
}

func eventsOwnLeg(p *probe) {
	r := p.start(3)
	own := cc.ParticipantID("")
	for _, who := range r.truth().Participants {
		if who.Self {
			own = who.ID
		}
	}
	if own == "" {
		p.cannotArise("this session has no leg of its own")
	}
	s := r.watch()
	s.first()
	r.hangUp(own)
	r.hurry()
	if ev := s.find("ended", isType("ended")); ev.Reason != "hung-up" {
		p.failf("the reason told is %q", ev.Reason)
	}
}

func eventsIdentity(p *probe) {
	r := p.start(3)
	who := r.other()
	s := r.watch()
	s.first()
	r.replace(who.ID, who)
	r.hurry()
	is, _ := person(r.truth(), who.ID)
	ev := s.find("left", isType("left", "joined", "changed"))
	if ev.Type != "left" || ev.Participant.ID != who.ID || ev.Participant.CallID != who.CallID {
		p.failf("told is %s, want left of the one before", eventWords(ev))
	}
	ev = s.find("joined", isType("left", "joined", "changed"))
	if ev.Type != "joined" || ev.Participant.ID != is.ID || ev.Participant.CallID != is.CallID {
		p.failf("told is %s, want joined of the one now", eventWords(ev))
	}
}
