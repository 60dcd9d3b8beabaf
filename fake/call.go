package fake

// A call is a telephone call; it can outlive its part in a conference, and come into another.
type call struct {
	sw     *Switch
	id     string
	up     bool
	member *Member // its leg in a conference now, if any
}

// end hangs the call up. The caller holds the mutex.
func (c *call) end() {
	c.up = false
	if c.sw.calls[c.id] == c {
		delete(c.sw.calls, c.id)
	}
}

// hangUp hangs a call up wherever its leg is. The caller holds the mutex.
func (c *call) hangUp() {
	if c.member != nil {
		c.member.run.exit(c.member, ExitHungUp, true)
	}
	c.end()
}

// CallUp tells whether a call is up, in a conference or outside of any. A call that rings is not.
func (s *Switch) CallUp(callID string) bool {
	s.lock()
	defer s.unlock()
	return s.calls[callID] != nil
}

// Find returns the leg of a call in the conference that it is in now, or rings for.
func (s *Switch) Find(callID string) (*Member, bool) {
	s.lock()
	defer s.unlock()
	if c := s.calls[callID]; c != nil && c.member != nil {
		return c.member, true
	}
	for _, r := range s.order {
		for _, m := range r.ringing {
			if m.leg.CallID == callID {
				return m, true
			}
		}
	}
	return nil, false
}
