package plivo_test

import (
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

const (
	lifeDebounce  = 100 * time.Millisecond
	lifeReconcile = 30 * time.Second
	// While a removal of one's own is under way, what a read shows waits so long for it.
	lifeUnderWay = time.Second
)

// rings reports whether a callback tells of a change that a Snapshot shows.
func (l *life) rings(c plivoserver.Callback) bool {
	if l.product.name == plivo.Conference {
		return c.Kind == plivoserver.ConferenceCallback && (c.Event == "enter" || c.Event == "exit")
	}
	return c.Kind == plivoserver.StatusCallback && !strings.Contains(c.Event, "Speak") && !strings.Contains(c.Event, "Digit")
}

// judgeCallbacks: the receiver has refused what was forged, and nothing else; has counted what came
// again; and has rung for what is new, and tells of a change.
func (l *life) judgeCallbacks() {
	stats := plivo.ReceiverStats{}
	seen := map[string]bool{}
	for _, d := range l.sender.Sent() {
		genuine := d.Forged == plivoserver.Genuine || d.Forged == plivoserver.Lie
		status := 403
		if genuine {
			status = 200
		}
		switch {
		case d.Dropped:
			continue
		case d.Status != status:
			l.mistake("%s, forged %q, was answered %d %v", d.Event, d.Forged, d.Status, d.Err)
		case !genuine:
			stats.Refused++
		case seen[d.Nonce]:
			stats.Repeated++
		default:
			stats.Accepted++
			if l.rings(d.Callback) {
				stats.Rung++
				l.replicas[0].bells = append(l.replicas[0].bells, d.SentAt)
				for _, p := range l.replicas[1:] {
					if !slices.Contains(p.bells, d.SentAt) {
						l.mistake("the bell of %s was not passed on", lifeClock(d.SentAt))
					}
				}
			} else {
				l.count("no bells", 1)
			}
			if d.Forged == plivoserver.Lie {
				l.count("lies", 1)
			}
		}
		seen[d.Nonce] = seen[d.Nonce] || genuine
	}
	l.count("refused", int(stats.Refused))
	l.count("repeated", int(stats.Repeated))
	if got := l.receiver.Stats(); got != stats {
		l.mistake("the receiver counts %+v, want %+v", got, stats)
	}
}

// failed reports whether a request for watchers that has failed was under way in a time.
func (p *replica) failed(from, to time.Time) bool {
	return slices.ContainsFunc(p.asked, func(a *asking) bool { return a.failed && !a.at.After(to) && !a.over.Before(from) })
}

// hindered reports whether what was read for watchers in a time has failed, or has been held up.
func (p *replica) hindered(from, to time.Time) bool {
	return slices.ContainsFunc(p.asked, func(a *asking) bool {
		return (a.failed || a.over.Sub(a.at) > p.life.latency) && !a.at.After(to) && !a.over.Before(from)
	})
}

// judgeReads holds what was read for watchers against what had rung.
func (l *life) judgeReads(truth *lifeTruth, p *replica) {
	slices.SortFunc(p.bells, time.Time.Compare)
	begun := map[string][]*asking{}
	for _, a := range p.asked {
		if a.room != "" {
			begun[a.room] = append(begun[a.room], a)
		}
	}
	for room, list := range begun {
		l.judgeCauses(truth, p, room, list)
		l.judgeFailures(p, room, list)
	}
	for _, r := range p.ranges {
		list := begun[l.roomKey(r.handle)]
		l.judgeBells(p, r, list)
		if !r.style.slow {
			l.judgeFresh(truth, r, list)
		}
	}
}

// roomKey is how paths name what a handle leads to.
func (l *life) roomKey(c cc.ConferenceID) string {
	uuid, byRun := strings.CutPrefix(string(c), "uuid:")
	switch {
	case l.product.name == plivo.Conference:
		return string(c)
	case byRun:
		return "uuid_" + uuid
	}
	return "name_" + string(c)
}

// judgeCauses: nothing is read for watchers but after a bell, 30 s after the last read, when a range
// begins, or once more after a failure; and not more often than the debounce lets it.
func (l *life) judgeCauses(truth *lifeTruth, p *replica, room string, list []*asking) {
	for i, a := range list {
		began := slices.ContainsFunc(p.ranges, func(r *lifeRange) bool {
			return l.roomKey(r.handle) == room && !r.from.After(a.at) && (i == 0 || !r.from.Before(list[i-1].at))
		})
		if began {
			continue
		}
		if i == 0 {
			l.mistake("replica %d reads %s at %s for nobody", p.n, room, lifeClock(a.at))
			continue
		}
		last := list[i-1]
		switch {
		case p.hindered(last.at.Add(-10*time.Second), a.at), truth.turned(last.at.Add(-time.Second), a.at):
			continue // a room that is over, or another, is looked into once more
		case l.under(p, last.at, a.at):
			continue // who has given a command looks for what has come of it
		case a.at.Sub(last.at) < lifeDebounce:
			l.mistake("replica %d reads %s at %s and again at %s", p.n, room, lifeClock(last.at), lifeClock(a.at))
		case a.at.Sub(last.at) < lifeReconcile && !slices.ContainsFunc(p.bells, func(b time.Time) bool { return !b.Before(last.at) && !b.After(a.at) }):
			l.mistake("replica %d reads %s at %s, and nothing has rung since %s", p.n, room, lifeClock(a.at), lifeClock(last.at))
		default:
			l.count("reads caused", 1)
		}
	}
}

// under reports whether a command of the replica was under way in a time.
func (l *life) under(p *replica, from, to time.Time) bool {
	return slices.ContainsFunc(l.deeds, func(d *lifeDeed) bool {
		return d.replica == p && !d.began.After(to) && !d.over.Before(from)
	})
}

// judgeFailures: when two reads one after the other have failed, three attempts each, whoever follows is
// told that the truth cannot be had.
func (l *life) judgeFailures(p *replica, room string, list []*asking) {
	failed, since := 0, time.Time{}
	for _, a := range list {
		if !a.failed {
			failed = 0
			continue
		}
		if failed++; failed == 1 {
			since = a.at
		}
		if failed != 6 {
			continue
		}
		for _, r := range p.ranges {
			if l.roomKey(r.handle) != room || r.style.slow || r.from.After(list[0].at) && r.from.After(a.at.Add(-time.Minute)) {
				continue
			}
			if !r.over.IsZero() && !r.over.After(a.over) {
				continue
			}
			stale := false // at some time since the first of them
			for _, t := range r.told {
				if t.err == nil && !t.at.After(a.over) {
					stale = t.event.Type == cc.Stale || stale && (t.event.Type != cc.Synced || !t.at.Before(since))
				}
			}
			l.count("failures told", 1)
			if !stale {
				l.mistake("two reads have failed by %s, and that was not told\n%v", lifeClock(a.over), r)
			}
		}
	}
}

// following reports whether a range was told of the conference before an instant, and goes on.
func (r *lifeRange) following(from, to time.Time) bool {
	i := slices.IndexFunc(r.told, func(t lifeTelling) bool { return t.err == nil && t.event.Type == cc.Synced })
	return i >= 0 && r.told[i].event.At.Before(from) && r.over.After(to) &&
		!slices.ContainsFunc(r.told, func(t lifeTelling) bool {
			return t.err != nil && !t.at.After(to) || t.event.Type == cc.Ended && !t.event.At.After(to)
		})
}

// exchanges is how long a read takes at most, while nothing goes wrong: it may be two, of two requests
// each, and begin once more.
func (l *life) exchanges() time.Duration { return 8 * l.latency }

// judgeBells: each bell has whoever follows read again, when the debounce is over.
func (l *life) judgeBells(p *replica, r *lifeRange, list []*asking) {
	for _, b := range p.bells {
		by := b.Add(lifeDebounce + l.exchanges())
		if l.busy(p, b.Add(-lifeUnderWay), by) {
			by = by.Add(lifeUnderWay)
		}
		if !r.following(b, by) || !l.peaceful(b.Add(-lifeReconcile), by) {
			continue
		}
		if !slices.ContainsFunc(list, func(a *asking) bool { return !a.at.Before(b) && !a.at.After(by) }) {
			l.mistake("replica %d: nothing was read by %s after the bell of %s\n%v", p.n, lifeClock(by), lifeClock(b), r)
			return
		}
		l.count("bells heeded", 1)
	}
}

// busy reports whether a removal or an end by the replica itself was under way in a time.
func (l *life) busy(p *replica, from, to time.Time) bool {
	return slices.ContainsFunc(l.deeds, func(d *lifeDeed) bool {
		return d.replica == p && d.op != cc.OpSetParticipantState && !d.began.After(to) && !d.over.Before(from)
	})
}

// judgeFresh: what was true when a read began is told when it has come back.
func (l *life) judgeFresh(truth *lifeTruth, r *lifeRange, list []*asking) {
	for _, a := range list {
		by := a.at.Add(l.exchanges())
		if l.busy(r.replica, a.at, by) {
			by = by.Add(lifeUnderWay)
		}
		if !r.following(a.at, by) || r.replica.hindered(a.at, by) {
			continue
		}
		var people []cc.Participant
		var run *lifeRun
		for _, t := range r.told {
			switch {
			case t.err != nil || t.event.At.After(by):
			case t.event.Type == cc.Synced:
				people, run = t.event.Snapshot.Participants, truth.of(t.event.Snapshot)
			default:
				people = applied(people, t.event)
			}
		}
		if run == nil {
			continue // said elsewhere
		}
		from := 0
		for i, s := range run.steps {
			if s.at.Before(a.at) {
				from = i
			}
		}
		if run.matches(from, by, people) < 0 {
			l.mistake("at %s, after a read since %s, what is told is still %v\n%v", lifeClock(by), lifeClock(a.at), people, r)
			return
		}
		l.count("reads followed", 1)
	}
}
