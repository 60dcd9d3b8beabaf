package provider

import (
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A story is what a watch has learnt of one run, for all who read it. Readers come when they like:
// each is told the difference between what it was told last and what is true now, so that a slow one
// misses steps, and never the outcome.
type story struct {
	have  bool
	snap  cc.Snapshot
	read  uint64    // the number of the read that snap comes from
	at    time.Time // when this process learnt the latest
	gaps  uint64    // how often something may have been missed
	stale error     // why the truth cannot be had for now; nil: it can
	ended bool      // the run is over for us
	why   ending
	err   error  // nothing more will come, for this reason
	over  uint64 // the number of the read that told so, where that was because the run is not there; else 0
	moved bool   // that read found another run under the name, or this one without our own leg
	left  map[leg]departed
}

// A leg is what a departure is known by.
type leg struct {
	id     cc.ParticipantID
	callID string
}

// A departed is what is known of why a leg has gone.
type departed struct {
	Departure
	read uint64 // the last read that had begun when it became known
	ours bool   // this client has removed it
}

// An ending is why a run is over for us, and what that says of those who were there.
type ending struct {
	reason cc.Reason // of the conference
	others cc.Reason // of everybody else
	self   cc.Reason // of our own leg
}

// MaxDepartures is how many departures a story keeps for slow readers.
const maxDepartures = 1024

// Note remembers why a leg has gone. What this client has done itself it knows best.
func (s *story) note(d Departure, read uint64, ours bool) {
	if s.left == nil || len(s.left) >= maxDepartures {
		s.left = make(map[leg]departed)
	}
	k := leg{d.ID, d.CallID}
	was := s.left[k]
	switch {
	case was.ours && !ours:
		d.Reason, ours = was.Reason, true
	case d.Reason == "" && was.Reason != "":
		return
	}
	s.left[k] = departed{d, read, ours}
}

// TakeNote remembers what the latest read told of those who have gone, and forgets what was noted of
// those whom it shows to be back: why they went then says nothing of why they will go.
func (s *story) takeNote(gone []Departure) {
	for _, p := range s.snap.Participants {
		for _, k := range [...]leg{{p.ID, p.CallID}, {id: p.ID}} {
			if d, ok := s.left[k]; ok && s.read > d.read {
				delete(s.left, k)
			}
		}
	}
	for _, d := range gone {
		if d.CallID == "" && find(s.snap.Participants, d.ID) >= 0 {
			continue
		}
		s.note(d, s.read, false)
	}
}

func (s *story) departure(p cc.Participant) Departure {
	if d, ok := s.left[leg{p.ID, p.CallID}]; ok {
		return d.Departure
	}
	return s.left[leg{id: p.ID}].Departure
}

// A reader is what one range over Events has been told.
type reader struct {
	from   uint64 // the first read that is new enough for it
	synced bool
	snap   cc.Snapshot
	gaps   uint64
	stale  bool
}

// ErrElsewhere tells a reader to begin with a watch of its own.
const errElsewhere = cc.Detail("what is over is not what this reader asked for")

// Elsewhere reports whether the end of the story is none of a reader's that was told nothing of it: it
// is of the run before the one that the reader asked for, or was read before it asked.
func (s *story) elsewhere(r *reader) bool {
	return s.over != 0 && !r.synced && (s.moved || s.over < r.from)
}

// Next returns what a reader has not been told yet, and whether that is all there will ever be; the
// error, if any, comes after the events.
func (r *reader) next(s *story) (events []cc.Event, over bool, err error) {
	tell := func(e cc.Event) {
		e.At = s.at
		e.Snapshot = r.snap
		e.Snapshot.Participants = slices.Clone(r.snap.Participants)
		events = append(events, e)
	}
	current := s.have && s.read >= r.from && s.stale == nil
	gap := s.gaps != r.gaps
	switch {
	case !r.synced && current:
		r.snap = s.snap
		r.synced = true
		tell(cc.Event{Type: cc.Synced, Gap: r.stale})
		r.gaps, r.stale = s.gaps, false
	case r.synced && s.have && s.read >= r.from:
		before := r.snap
		r.snap = s.snap
		for _, e := range differences(before, s.snap, s.departure) {
			tell(e)
		}
		if gap && s.stale == nil {
			tell(cc.Event{Type: cc.Synced, Gap: true})
			r.gaps, r.stale = s.gaps, false
		}
	}
	if s.stale != nil && !r.stale {
		r.stale = true
		tell(cc.Event{Type: cc.Stale, Err: s.stale})
	}
	if s.elsewhere(r) {
		return events, true, errElsewhere
	}
	if s.ended {
		if !r.synced {
			return events, true, cc.ErrNotFound
		}
		for _, p := range r.snap.Participants {
			d := s.departure(p)
			if d.Reason == "" {
				d.Reason = s.why.others
				if p.Self {
					d.Reason = s.why.self
				}
			}
			tell(cc.Event{Type: cc.Left, Participant: p, Reason: d.Reason, Code: d.Code})
		}
		tell(cc.Event{Type: cc.Ended, Reason: s.why.reason})
		return events, true, nil
	}
	return events, s.err != nil, s.err
}

// Differences tells how one snapshot of a run became another: who left, who joined or changed, and
// what can be done to the conference. Applied in this order to the participants of a, they give those
// of b.
func differences(a, b cc.Snapshot, why func(cc.Participant) Departure) []cc.Event {
	var events []cc.Event
	for _, was := range a.Participants {
		i := find(b.Participants, was.ID)
		if i >= 0 && samePerson(was, b.Participants[i]) {
			continue
		}
		d := why(was)
		events = append(events, cc.Event{Type: cc.Left, Participant: was, Reason: d.Reason, Code: d.Code})
	}
	for _, is := range b.Participants {
		i := find(a.Participants, is.ID)
		switch {
		case i < 0 || !samePerson(a.Participants[i], is):
			events = append(events, cc.Event{Type: cc.Joined, Participant: is})
		case !equal(a.Participants[i], is):
			events = append(events, cc.Event{Type: cc.Changed, Participant: is, Before: a.Participants[i].State})
		}
	}
	if a.Controls != b.Controls {
		events = append(events, cc.Event{Type: cc.Changed, Participant: cc.Participant{Controls: b.Controls}})
	}
	return events
}

func find(list []cc.Participant, id cc.ParticipantID) int {
	return slices.IndexFunc(list, func(p cc.Participant) bool { return p.ID == id })
}

// SamePerson reports whether two participants with one ID are the same: neither the call leg nor the
// time of joining, where both are known, may differ, and nobody else becomes our own leg.
func samePerson(a, b cc.Participant) bool {
	if a.Self != b.Self || a.CallID != "" && b.CallID != "" && a.CallID != b.CallID {
		return false
	}
	return a.JoinedAt.IsZero() || b.JoinedAt.IsZero() || a.JoinedAt.Equal(b.JoinedAt)
}

func equal(a, b cc.Participant) bool {
	joined := a.JoinedAt.Equal(b.JoinedAt)
	a.JoinedAt, b.JoinedAt = time.Time{}, time.Time{}
	return joined && a == b
}

// AnotherRun reports whether b is a later run than a, under the same name.
func anotherRun(a, b *Snapshot) bool {
	if namesRun(a.Conference, a.Instance) || namesRun(b.Conference, b.Instance) {
		return a.Instance != b.Instance
	}
	return b.RunTime < a.RunTime || commonLeg(a.Participants, b.Participants) == no
}

// OwnLeg reports whether our own leg is among the participants.
func ownLeg(list []cc.Participant) bool {
	return slices.ContainsFunc(list, func(p cc.Participant) bool { return p.Self })
}
