package conformance

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

func staleRules() []rule {
	return []rule{
		{"stale/told", "When news are lost and a read fails, stale is told, with the reason.", staleTold},
		{"stale/ends", "When the truth can be had again, synced is told, and it tells of the gap.", staleEnds},
		{"stale/goes-on", "No failure of a read ends a range but those that say that it can never go on.", staleGoesOn},
		{"stale/gap", "After news were lost, synced with Gap is told, also where no read has failed.", staleGap},
		{"stale/differences-first", "The differences that a gap has hidden are told before the synced that closes it.", staleDifferences},
		{"stale/calm", "Between good reads there is no stale, and no gap.", staleCalm},
		{"stale/fold", "Joined, changed and left, applied to the first synced, give the Snapshot of every later synced.", staleFold},
		{"stale/end", "A conference that ends while the truth cannot be had is told as ended when it can.", staleEnd},
	}
}

// lose has news lost and reads fail until the function is called. It returns when one has failed. Where
// no subscription can be lost that may not be enough: one bad read while the news comes need not be told.
func (r *room) lose() (lift func()) {
	news := r.injectIf(Fault{OpListen, Drop})
	reads := r.unread(Fail)
	return func() {
		reads()
		news()
		r.hurry()
	}
}

// attempts is how often a transport may ask before it gives a read up.
const attempts = 3

// unread has reads fail until the function is called. It returns when one has failed, which is certain
// when more have been asked for than one read's attempts.
func (r *room) unread(what string) (lift func()) {
	reads := r.inject(Fault{OpRead, what})
	n := r.reads()
	r.hurry()
	if !r.until(r.news(), func() bool { return r.reads() > n+attempts }) {
		r.failf("what is watched is not read again after a read has failed")
	}
	return func() {
		reads()
		r.hurry()
	}
}

func staleTold(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	r.lose()
	ev := s.find("stale", isType("stale", "joined", "left", "ended"))
	if ev.Type != "stale" {
		p.failf("%s was told, and nothing has happened", eventWords(ev))
	}
	if ev.Err == nil {
		p.failf("stale does not tell why")
	}
}

func staleEnds(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	lift := r.lose()
	s.find("stale", isType("stale"))
	lift()
	if ev := s.find("synced", isType("synced")); !ev.Gap {
		p.failf("the synced that ends stale has no gap")
	}
}

func staleGoesOn(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	for _, what := range []string{RefuseRateLimited, RefuseInvalid, RefuseConflict, Garble} {
		r.unread(what)()
		id := r.join("")
		r.hurry()
		s.find("joined, after reads were answered by "+what, about("joined", id))
	}
}

func staleGap(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	lift := p.inject(Fault{OpListen, Drop})
	p.sleep(100 * time.Millisecond)
	lift()
	if ev := s.find("synced", isType("synced")); !ev.Gap {
		p.failf("the synced after news were lost has no gap")
	}
}

func staleDifferences(p *probe) {
	r := p.start(3)
	who := r.other()
	s := r.watch()
	s.first()
	lift := r.lose()
	s.find("stale", isType("stale"))
	id := r.join("")
	r.hangUp(who.ID)
	lift()
	joined, left := false, false
	s.find("synced", func(ev cc.Event) bool {
		joined = joined || about("joined", id)(ev)
		left = left || about("left", who.ID)(ev)
		return ev.Type == "synced"
	})
	if !joined || !left {
		p.failf("synced was told before the differences: joined told %v, left told %v", joined, left)
	}
}

func staleCalm(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	r.hurry()
	id := r.join("")
	s.find("joined", func(ev cc.Event) bool {
		if ev.Type == "stale" || ev.Gap {
			p.failf("%s was told, and nothing was lost", eventWords(ev))
		}
		return about("joined", id)(ev)
	})
	s.quiet(func(ev cc.Event) bool { return ev.Type != "stale" && !ev.Gap })
}

func staleFold(p *probe) {
	r := p.start(4)
	s := r.watch()
	first := s.first()
	told := newFold(first.Snapshot)
	follow := func(until func(cc.Event) bool) {
		s.find("the next step", func(ev cc.Event) bool {
			if wrong := told.apply(ev); wrong != "" {
				p.failf("%s", wrong)
			}
			if ev.Type == "synced" {
				if wrong := told.differs(ev.Snapshot); wrong != "" {
					p.failf("at synced %s", wrong)
				}
			}
			return until(ev)
		})
	}
	id := r.join("")
	r.hurry()
	follow(about("joined", id))
	if who, f, ok := r.anyField(); ok {
		p.must(r.conf.SetParticipantState(p.ctx, who, f.order(cc.On)), "setting "+f.name+" on")
		r.hurry()
		follow(about("changed", who))
	}
	lift := r.lose()
	follow(isType("stale"))
	r.join("")
	r.hangUp(id)
	lift()
	follow(isType("synced"))
}

func staleEnd(p *probe) {
	r := p.start(2)
	s := r.watch()
	s.first()
	lift := r.lose()
	r.empty()
	lift()
	s.find("ended", isType("ended"))
}
