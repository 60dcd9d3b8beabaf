package fake

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A phase is how far a leg has got.
type phase uint8

const (
	ringing phase = iota
	present
	gone
)

// A Member is one leg in one run of a conference, from the moment it joins or begins to ring, and
// keeps telling about it when it is gone. Its methods tell the truth now, whatever reads show. It
// is safe for concurrent use.
type Member struct {
	sw   *Switch
	run  *run
	leg  Leg
	call *call

	// Guarded by sw.mu.
	id                      cc.ParticipantID
	phase                   phase
	mute, deaf, hold, coach bool
	joined, exited          time.Time
	cause                   ExitCause
	race                    []*Member // legs of the same Dial
	rung                    bool      // ringing is over; for its timer
}

// ID returns the number that the bridge gave the member: its ParticipantID at every profile with
// numbers for ids. It is empty until the leg has joined. Where participants are known by their
// number in the telephone network (Genesys) use Profile.ParticipantID.
func (m *Member) ID() cc.ParticipantID { return m.Info().ID }

// CallID returns the id of the call.
func (m *Member) CallID() string { return m.leg.CallID }

// Address returns the number or SIP URI of the leg; empty where it is withheld.
func (m *Member) Address() string { return m.leg.Address }

// Conference returns the name of the conference.
func (m *Member) Conference() cc.ConferenceID { return cc.ConferenceID(m.run.name) }

// Instance returns the id of the run.
func (m *Member) Instance() cc.ConferenceID { return m.run.instance }

// State returns the flags now; after the member is gone, those it had last. Coach is unset for
// everybody but supervisors.
func (m *Member) State() cc.ParticipantState { return m.Info().State() }

// Present tells whether the leg is in the conference.
func (m *Member) Present() bool {
	m.sw.lock()
	defer m.sw.unlock()
	return m.phase == present
}

// Ringing tells whether the leg was dialled and has neither been answered nor given up.
func (m *Member) Ringing() bool {
	m.sw.lock()
	defer m.sw.unlock()
	return m.phase == ringing
}

// Up tells whether the call is up, in this conference or elsewhere. A call that rings is not.
func (m *Member) Up() bool { return m.Info().Up }

// Hears tells whether m hears other now; false where they are not in the same conference.
func (m *Member) Hears(other *Member) bool {
	m.sw.lock()
	defer m.sw.unlock()
	if m.run != other.run || m.phase != present || other.phase != present {
		return false
	}
	return m.info().Hears(other.info())
}

// Info returns everything about the leg as it is now.
func (m *Member) Info() MemberInfo {
	m.sw.lock()
	defer m.sw.unlock()
	return m.info()
}

// HangUp hangs the call up, as the person does. The leg leaves the conference if it is in it.
// Hanging up a leg that rings declines it. It does nothing when the call is not up.
func (m *Member) HangUp() {
	m.sw.lock()
	defer m.sw.unlock()
	if m.phase == ringing {
		m.run.exit(m, ExitDeclined, true)
		return
	}
	m.call.hangUp()
}

// Leave takes the leg out of the conference as the person does who presses a key for it: the call
// goes on. It does nothing when the leg is not in the conference.
func (m *Member) Leave() {
	m.sw.lock()
	defer m.sw.unlock()
	if m.phase == present {
		m.run.exit(m, ExitLeft, false)
	}
}

// Answer answers a leg that rings: it joins, and the other legs of the same Dial lose the race. The
// error is ErrConflict if it does not ring, or if the conference has no room, in which case the leg
// is hung up.
func (m *Member) Answer() error {
	m.sw.lock()
	defer m.sw.unlock()
	switch {
	case m.sw.closed:
		return closedError()
	case m.phase != ringing:
		return fail(cc.ErrConflict, "the leg does not ring")
	case m.run.full():
		m.run.exit(m, ExitFull, true)
		return fail(cc.ErrConflict, "the conference is full")
	}
	m.stopRinging()
	m.run.unring(m)
	m.call.up = true
	m.sw.calls[m.call.id] = m.call
	m.run.enter(m)
	for _, o := range m.race {
		if o != m {
			o.run.exit(o, ExitLostRace, true)
		}
	}
	return nil
}

// Decline declines a leg that rings. The error is ErrConflict if it does not.
func (m *Member) Decline() error {
	m.sw.lock()
	defer m.sw.unlock()
	if m.phase != ringing {
		return fail(cc.ErrConflict, "the leg does not ring")
	}
	m.run.exit(m, ExitDeclined, true)
	return nil
}

// stopRinging makes the timer of a leg that rang do nothing. The caller holds the mutex.
func (m *Member) stopRinging() { m.rung = true }

// info is Info for whoever holds the mutex.
func (m *Member) info() MemberInfo {
	return MemberInfo{
		ID: m.id, CallID: m.leg.CallID, Address: m.leg.Address, Leg: m.leg,
		Mute: m.mute, Deaf: m.deaf, Hold: m.hold, Coach: m.coach,
		Up: m.call.up, JoinedAt: m.joined, ExitAt: m.exited, Cause: m.cause,
	}
}
