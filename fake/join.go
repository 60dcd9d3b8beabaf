package fake

import (
	"slices"
	"strconv"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// Join brings a leg into the conference of this name at once, and begins a run of it where none is
// live. The name is any text that is not empty and does not begin with "uuid:". The error is
// ErrInvalid for another name, ErrConflict where the conference is full or the call is in it
// already, ErrClosed after Close.
func (s *Switch) Join(name string, leg Leg) (*Member, error) {
	s.lock()
	defer s.unlock()
	if err := s.admits(name); err != nil {
		return nil, err
	}
	r := s.live[name]
	if r != nil && r.full() {
		return nil, fail(cc.ErrConflict, "the conference is full")
	}
	c := s.calls[leg.CallID]
	if c != nil && c.member != nil {
		if c.member.run == r {
			return nil, fail(cc.ErrConflict, "the call is in the conference already")
		}
		c.member.run.exit(c.member, ExitTransferred, false)
	}
	if r == nil {
		r = s.begin(name, leg.Rules)
	}
	m := s.member(r, leg, c)
	m.call.up = true
	s.calls[m.call.id] = m.call
	r.enter(m)
	return m, nil
}

// Dial calls one or more legs for the conference of this name, and begins a run of it where none is
// live. They ring until they Answer or Decline, or Leg.RingFor has passed. Of several the first
// that answers joins, and the others end with ExitLostRace. Names and errors are those of Join; a
// full conference is found out when the leg answers. The Leg's Entry is EntryCommand whatever it
// says, and a CallID that is up is ErrConflict.
func (s *Switch) Dial(name string, legs ...Leg) ([]*Member, error) {
	s.lock()
	defer s.unlock()
	if err := s.admits(name); err != nil {
		return nil, err
	}
	if len(legs) == 0 {
		return nil, fail(cc.ErrInvalid, "nobody to dial")
	}
	for i := range legs {
		if s.calls[legs[i].CallID] != nil {
			return nil, fail(cc.ErrConflict, "the call is up already")
		}
	}
	r := s.live[name]
	if r == nil {
		r = s.begin(name, legs[0].Rules)
	}
	members := make([]*Member, len(legs))
	for i, leg := range legs {
		leg.Entry = EntryCommand
		m := s.member(r, leg, nil)
		r.ringing = append(r.ringing, m)
		members[i] = m
	}
	for _, m := range members {
		m.race = members
		s.tell(r, News{Kind: NewsRinging, Member: m.info()})
		if d := m.leg.RingFor; d > 0 {
			s.after(d, func() {
				if !m.rung {
					r.exit(m, ExitNoAnswer, true)
				}
			})
		}
	}
	return slices.Clone(members), nil
}

// unring takes m off the list of those who ring.
func (r *run) unring(m *Member) {
	r.ringing = slices.DeleteFunc(r.ringing, func(o *Member) bool { return o == m })
}

// admits tells whether there can be a conference of this name. The caller holds the mutex.
func (s *Switch) admits(name string) error {
	switch {
	case s.closed:
		return closedError()
	case name == "", strings.HasPrefix(name, instancePrefix):
		return fail(cc.ErrInvalid, "no name for a conference")
	}
	return nil
}

// member makes a leg of r that is not in it yet. The caller holds the mutex.
func (s *Switch) member(r *run, leg Leg, c *call) *Member {
	if leg.Withheld {
		leg.Address = ""
	} else if leg.Address == "" {
		leg.Address = "1555" + padded(s.nextNumber)
		s.nextNumber++
	}
	if leg.CallID == "" {
		leg.CallID = newUUID()
	}
	if c == nil {
		c = &call{sw: s, id: leg.CallID}
	}
	return &Member{
		sw: s, run: r, leg: leg, call: c,
		mute: leg.Mute, deaf: leg.Deaf, hold: leg.Hold, coach: leg.Coach != cc.Off,
	}
}

// padded returns n as at least seven digits.
func padded(n int) string {
	d := strconv.Itoa(n)
	return strings.Repeat("0", max(7-len(d), 0)) + d
}
