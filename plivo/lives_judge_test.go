package plivo_test

import (
	"slices"
	"testing/synctest"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// judgeOutcome: once all is calm, every reader has been told what is true, at every replica.
func (l *life) judgeOutcome() {
	room, err := l.sw.Look(lifeRoom)
	live := err == nil && room.Status != fake.Ended
	truth := l.people(room)
	if live {
		l.count("outcomes live", 1)
	} else {
		l.count("outcomes over", 1)
	}
	for _, p := range l.replicas {
		for _, style := range l.styles(p) {
			var last *lifeRange
			p.mu.Lock()
			for _, r := range p.ranges {
				if r.style == style {
					last = r
				}
			}
			p.mu.Unlock()
			if last == nil {
				l.mistake("replica %d: a reader has never begun", p.n)
				continue
			}
			p.mu.Lock()
			people, synced, stale := last.fold()
			p.mu.Unlock()
			switch {
			case !live && synced:
				l.mistake("it is over, and the last state told is %v\n%v", people, last)
			case live && !synced:
				l.mistake("it is live, and nobody is told of it\n%v", last)
			case stale:
				l.mistake("nothing goes wrong any more, and it is stale\n%v", last)
			case live && !alikePeople(people, truth):
				l.mistake("the last state told is %v\nand true is %v\n%v", people, truth, last)
			}
		}
	}
}

// judgeForgeries: while nothing happens, what is forged is refused, and nothing is read for it. What is
// signed and false is read for once by each replica, and is told to nobody.
func (l *life) judgeForgeries() {
	if len(l.live()) == 0 {
		return
	}
	i := slices.IndexFunc(l.sender.Sent(), func(d plivoserver.Delivery) bool { return l.rings(d.Callback) })
	if i < 0 {
		return
	}
	model := l.sender.Sent()[i].Callback
	for _, p := range l.replicas {
		p.heard()
		p.client.Notify(lifeRoom)
	}
	time.Sleep(time.Second)
	synctest.Wait()
	before, told, stats := l.server.Counts(), l.tellings(), l.receiver.Stats()
	for _, how := range []plivoserver.Forgery{plivoserver.WrongToken, plivoserver.Unsigned, plivoserver.Altered} {
		for range 3 {
			_ = l.sender.Forge(model.Contrary(), how)
			time.Sleep(300 * time.Millisecond)
		}
		l.count("forgeries at rest", 3)
	}
	synctest.Wait()
	if after := l.server.Counts(); after != before {
		l.mistake("forged callbacks had %d reads made", after.Reads-before.Reads)
	}
	stats.Refused += 9
	if now := l.receiver.Stats(); now != stats {
		l.mistake("after nine forged callbacks the receiver counts %+v, want %+v", now, stats)
	}
	l.replicas[0].heard()
	_ = l.sender.Forge(model.Contrary(), plivoserver.Lie)
	time.Sleep(lifeDebounce + l.exchanges())
	synctest.Wait()
	if after := l.server.Counts(); after.Reads == before.Reads {
		l.mistake("nothing is read after a callback that is signed")
	}
	if now := l.tellings(); now != told {
		l.mistake("what callbacks say was told: %d events", now-told)
	}
}

// tellings is how much all readers were told.
func (l *life) tellings() (n int) {
	for _, p := range l.replicas {
		p.mu.Lock()
		for _, r := range p.ranges {
			n += len(r.told)
		}
		p.mu.Unlock()
	}
	return n
}

// judgeRange holds what one range was told against the truth: its order, its gaps, its end.
func (l *life) judgeRange(truth *lifeTruth, r *lifeRange) {
	bad := func(i int, format string, args ...any) {
		l.mistake("at telling %d: "+format+"\n%v", slices.Concat([]any{i}, args, []any{r})...)
	}
	var (
		model         []cc.Participant
		run           *lifeRun
		place         int // of the step that was told last
		synced, stale bool
		last, batch   time.Time // when what was told last, and what was told before that, was learnt
	)
	for i, t := range r.told {
		if t.err != nil {
			switch kind := cc.KindOf(t.err); {
			case i != len(r.told)-1:
				bad(i, "something is told after an error")
			case kind == cc.ErrNotFound && (synced || !truth.absent(r.handle, r.from, t.at)):
				bad(i, "not found, and it was there")
			case kind != cc.ErrNotFound && kind != cc.ErrCanceled && kind != cc.ErrClosed:
				bad(i, "an error that ends no story")
			}
			return
		}
		e := t.event
		// A slow reader may miss that the truth could not be had, and is told of the gap all the same.
		if e.At.After(last) {
			batch = last
		}
		unseen := r.style.slow && synced && e.Type == cc.Synced && r.replica.failed(batch, e.At)
		switch {
		case e.At.Before(last) || e.At.After(t.at) || e.At.Location() != time.UTC:
			bad(i, "learnt at %v", e.At)
		case !synced && e.Type != cc.Synced && e.Type != cc.Stale:
			bad(i, "%s before the first synced", e.Type)
			return
		case e.Gap != (e.Type == cc.Synced && (stale || unseen)):
			bad(i, "gap is %v", e.Gap)
		}
		last = e.At
		at := slices.IndexFunc(model, func(p cc.Participant) bool { return p.ID == e.Participant.ID })
		switch e.Type {
		case cc.Synced:
			if synced && !stale && !unseen {
				bad(i, "synced again, and nothing was lost")
			}
			if !synced {
				model, run = e.Snapshot.Participants, truth.of(e.Snapshot)
			}
			if !alikePeople(model, e.Snapshot.Participants) {
				bad(i, "what was told leads to %v", model)
				return
			}
			synced, stale = true, false
		case cc.Stale:
			if stale || e.Err == nil {
				bad(i, "stale again, or without a reason")
			}
			if !r.replica.failed(r.from.Add(-time.Minute), e.At) {
				bad(i, "stale, and no read has failed")
			}
			stale = true
			continue
		case cc.Joined:
			if at >= 0 {
				bad(i, "joined twice")
				return
			}
		case cc.Changed:
			if e.Participant.ID != "" && (at < 0 || model[at].State != e.Before || model[at] == e.Participant || model[at].CallID != e.Participant.CallID) {
				bad(i, "that is no change")
				return
			}
		case cc.Left:
			if at < 0 || model[at] != e.Participant {
				bad(i, "left, and was not there, or not so")
				return
			}
		case cc.Ended:
			switch {
			case len(model) > 0:
				bad(i, "ended, and these have not left: %v", model)
			case !l.overFor(run, place, e.At):
				bad(i, "ended, and it is not")
			case e.Reason != cc.ReasonEnded:
				bad(i, "ended for the reason %q", e.Reason)
			case i != len(r.told)-1:
				bad(i, "something is told after the end")
			}
			return
		default:
			bad(i, "what is that?")
			return
		}
		if e.Type != cc.Synced {
			model = applied(model, e)
		}
		if run == nil {
			bad(i, "nobody knows that run")
			return
		}
		if place = run.matches(place, e.At, e.Snapshot.Participants); place < 0 {
			bad(i, "the bridge has not been like that since what was told before")
			return
		}
	}
}

// judgeEnd: a range that still goes on ends as its context, or its client, has ended.
func (l *life) judgeEnd(r *lifeRange, kind cc.Kind) {
	if n := len(r.told); n == 0 {
		l.mistake("a range has told nothing at all\n%v", r)
	} else if t := r.told[n-1]; t.err == nil && t.event.Type != cc.Ended ||
		t.err != nil && cc.KindOf(t.err) != kind && cc.KindOf(t.err) != cc.ErrNotFound {
		l.mistake("a range has not ended as %v\n%v", kind, r)
	}
}

// judgeReasons: why somebody has left is told where Plivo's record or a command of one's own tells it,
// and is not told otherwise.
func (l *life) judgeReasons(truth *lifeTruth, r *lifeRange) {
	n := len(r.told)
	final := n // where the end begins
	if n > 0 && r.told[n-1].event.Type == cc.Ended {
		for final = n - 1; final > 0 && r.told[final-1].event.Type == cc.Left && r.told[final-1].event.At.Equal(r.told[n-1].event.At); final-- {
		}
	}
	var run *lifeRun
	for i, t := range r.told {
		if t.event.Type == cc.Synced {
			run = truth.of(t.event.Snapshot)
		}
		if t.event.Type != cc.Left || run == nil {
			continue
		}
		gone := run.exit(t.event.Participant)
		if gone == nil {
			l.mistake("at telling %d: left, and has not\n%v", i, r)
			return
		}
		ours, must := l.removed(r.replica, t, gone)
		can := []cc.Reason{l.toldReason(gone.Cause)}
		switch {
		case must:
			l.count("own removals told", 1)
			can = []cc.Reason{cc.ReasonRemoved}
		case i >= final && can[0] == "" && !r.style.slow:
			can = []cc.Reason{cc.ReasonEnded}
		case i >= final:
			can = append(can, cc.ReasonEnded) // what the record says was not read any more
		}
		if ours {
			can = append(can, cc.ReasonRemoved)
		}
		if !slices.Contains(can, t.event.Reason) {
			l.mistake("at telling %d: left for the reason %q, want one of %q\n%v", i, t.event.Reason, can, r)
		}
	}
}

// toldReason is what the vendor tells of why somebody has left.
func (l *life) toldReason(c fake.ExitCause) cc.Reason {
	if l.product.name != products[0].name {
		return ""
	}
	return map[fake.ExitCause]cc.Reason{
		fake.ExitHungUp: cc.ReasonHungUp, fake.ExitRemoved: cc.ReasonRemoved, fake.ExitEnded: cc.ReasonEnded,
	}[c]
}

// removed reports whether a replica itself may have removed somebody, and whether it knew that for
// certain when it was told that they had left. By name it may have removed somebody else, who had the
// number in a later run that it had not heard of: that cannot be told, and is its own doing.
func (l *life) removed(p *replica, t lifeTelling, gone *fake.MemberInfo) (ours, must bool) {
	for _, d := range l.deeds {
		if d.replica != p || d.op != cc.OpRemoveParticipant || d.whom.ID() != gone.ID {
			continue
		}
		same := d.whom.CallID() == gone.CallID
		if (d.err == nil || cc.KindOf(d.err) == cc.ErrUncertain) && (same || d.byName) && !d.began.After(t.at) {
			ours = true
		}
		if d.err == nil && same && gone.Cause == fake.ExitRemoved && !gone.ExitAt.Before(d.began) && !gone.ExitAt.After(d.over) &&
			l.peaceful(d.began.Add(-30*time.Second), d.over) && d.over.Sub(d.began) < time.Second && !d.began.After(t.event.At) {
			must = true
		}
	}
	return ours, must
}

// peaceful reports whether no reads failed in a time, nor shortly before.
func (l *life) peaceful(from, to time.Time) bool {
	return !slices.ContainsFunc(l.faults, func(f *lifeFault) bool { return !f.from.After(to) && !f.to.Before(from) })
}
