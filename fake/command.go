package fake

import (
	"cmp"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// Remove takes a member out of a conference, which is named by its name (the live run) or by an
// Instance. It returns the run that the command went to as soon as it is accepted; it is done after
// Options.Lag, unless the member is gone by then. The error is ErrNotFound where the conference is
// unknown or over, and ErrNotParticipant where it is live and the member is not in it.
func (s *Switch) Remove(c cc.ConferenceID, p cc.ParticipantID, then Then) (cc.ConferenceID, error) {
	return s.Timed(Fault{}).Remove(c, p, then)
}

// Set changes the flags of a member that the change names, and no others. Everything else is as
// with Remove. Whoever is not a supervisor can be told to coach: it is stored, and has no effect. A
// change that sets nothing is ErrInvalid.
func (s *Switch) Set(c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (cc.ConferenceID, error) {
	return s.Timed(Fault{}).Set(c, p, change)
}

// End ends a run for everybody. Everything else is as with Remove.
func (s *Switch) End(c cc.ConferenceID, then Then) (cc.ConferenceID, error) {
	return s.Timed(Fault{}).End(c, then)
}

// Activate starts a conference that waits for someone to start it. Everything else is as with
// Remove.
func (s *Switch) Activate(c cc.ConferenceID) (cc.ConferenceID, error) {
	return s.Timed(Fault{}).Activate(c)
}

// HangUpCall hangs a call up by its id, in whatever conference it is or in none. The error is
// ErrNotFound where no call of this id is up.
func (s *Switch) HangUpCall(callID string) error { return s.Timed(Fault{}).HangUpCall(callID) }

// A Timed gives the commands of a Switch with times of their own.
type Timed struct {
	sw      *Switch
	lag     time.Duration // until a command is done; 0: that of the Switch
	readLag time.Duration // from then until reads and news show it; 0: that of the Switch
}

// Timed gives commands as a fault has them that Admit told: done later (Late), or shown later
// (Stale). Other faults, and the zero Fault, leave them as they are.
func (s *Switch) Timed(f Fault) Timed {
	t := Timed{sw: s}
	switch f.What {
	case Late:
		t.lag = f.Delay
	case Stale:
		t.readLag = f.Delay
	}
	return t
}

// Remove is Switch.Remove.
func (t Timed) Remove(c cc.ConferenceID, p cc.ParticipantID, then Then) (cc.ConferenceID, error) {
	return t.member(c, p, func(r *run, m *Member) { r.exit(m, ExitRemoved, then.hangsUp(&m.leg)) })
}

// Set is Switch.Set.
func (t Timed) Set(c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (cc.ConferenceID, error) {
	if change.IsZero() {
		return "", fail(cc.ErrInvalid, "the change sets nothing")
	}
	return t.member(c, p, func(r *run, m *Member) { r.set(m, change) })
}

// End is Switch.End.
func (t Timed) End(c cc.ConferenceID, then Then) (cc.ConferenceID, error) {
	return t.conference(c, func(r *run) { r.end(EndCommand, then) })
}

// Activate is Switch.Activate.
func (t Timed) Activate(c cc.ConferenceID) (cc.ConferenceID, error) {
	return t.conference(c, func(r *run) {
		if r.status == Initialized {
			r.activate()
		}
	})
}

// HangUpCall is Switch.HangUpCall.
func (t Timed) HangUpCall(callID string) error {
	t.sw.lock()
	defer t.sw.unlock()
	if t.sw.closed {
		return closedError()
	}
	c := t.sw.calls[callID]
	if c == nil {
		return fail(cc.ErrNotFound, "no such call")
	}
	t.due(c.hangUp)
	return nil
}

// conference accepts a command on a run.
func (t Timed) conference(c cc.ConferenceID, do func(*run)) (cc.ConferenceID, error) {
	t.sw.lock()
	defer t.sw.unlock()
	r, err := t.sw.find(c)
	if err != nil {
		return "", err
	}
	t.due(func() { do(r) })
	return r.instance, nil
}

// member accepts a command on a member.
func (t Timed) member(c cc.ConferenceID, p cc.ParticipantID, do func(*run, *Member)) (cc.ConferenceID, error) {
	t.sw.lock()
	defer t.sw.unlock()
	r, err := t.sw.find(c)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(r.members, func(m *Member) bool { return m.id == p })
	if i < 0 {
		return r.instance, notParticipant()
	}
	m := r.members[i]
	t.due(func() { do(r, m) })
	return r.instance, nil
}

// due has a command done at its time. The caller holds the mutex.
func (t Timed) due(do func()) {
	t.sw.after(cmp.Or(t.lag, t.sw.lag), func() {
		usual := t.sw.readLag
		t.sw.readLag = cmp.Or(t.readLag, usual)
		do()
		t.sw.readLag = usual
	})
}
