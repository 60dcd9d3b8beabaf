package fake

import (
	"slices"

	cc "github.com/callcontrol-go/callcontrol"
)

// Look returns the truth about a conference now, by its name (the live run, or else the one that
// ended last) or by an Instance. The error is ErrNotFound where there is none, or it has been
// forgotten.
func (s *Switch) Look(c cc.ConferenceID) (RoomInfo, error) {
	s.lock()
	defer s.unlock()
	if r := s.live[string(c)]; r != nil {
		return r.info().clone(), nil
	}
	if r := s.runs[c]; r != nil {
		return r.info().clone(), nil
	}
	for _, r := range slices.Backward(s.past) {
		if r.name == string(c) {
			return r.info().clone(), nil
		}
	}
	return RoomInfo{}, fail(cc.ErrNotFound, "no such conference")
}

// Read returns what a read shows about a conference now, which is the truth as it was
// Options.ReadLag ago: by name the run that is shown as live, by Instance also one that is shown as
// ended. The error is ErrNotFound where there is none.
func (s *Switch) Read(c cc.ConferenceID) (RoomInfo, error) {
	s.lock()
	defer s.unlock()
	if r := s.runs[c]; r != nil && r.shown.Instance != "" {
		return r.shown.clone(), nil
	}
	for _, r := range s.past {
		if r.name == string(c) && r.shownLive() {
			return r.shown.clone(), nil
		}
	}
	if r := s.live[string(c)]; r != nil && r.shownLive() {
		return r.shown.clone(), nil
	}
	return RoomInfo{}, fail(cc.ErrNotFound, "no such conference, or it is over")
}

// Rooms returns what a listing shows now: the runs that are shown as live, oldest first.
func (s *Switch) Rooms() []RoomInfo {
	return s.list(func(r *run) bool { return r.shownLive() })
}

// History returns the runs that are shown as ended and are remembered, in order of ending.
func (s *Switch) History() []RoomInfo {
	return s.list(func(r *run) bool { return r.shown.Status == Ended })
}

// list returns what is shown of the runs that ok chooses, the ended ones first.
func (s *Switch) list(ok func(*run) bool) []RoomInfo {
	s.lock()
	defer s.unlock()
	rooms := []RoomInfo{}
	for _, rs := range [][]*run{s.past, s.order} {
		for _, r := range rs {
			if ok(r) {
				rooms = append(rooms, r.shown.clone())
			}
		}
	}
	return rooms
}

// RoomsOf returns the runs that are shown as live and in which a leg of this login is shown, present
// or ringing, oldest first: what Rooms would show of one agent, without copying all of it.
func (s *Switch) RoomsOf(login string) []RoomInfo {
	return s.list(func(r *run) bool { return r.shownLive() && r.shown.has(login) })
}

// LookOf is RoomsOf in truth: the runs that are live, and those in them, now.
func (s *Switch) LookOf(login string) []RoomInfo {
	s.lock()
	defer s.unlock()
	is := func(m *Member) bool { return m.leg.Login == login }
	rooms := []RoomInfo{}
	for _, r := range s.order {
		if slices.ContainsFunc(r.members, is) || slices.ContainsFunc(r.ringing, is) {
			rooms = append(rooms, r.info().clone())
		}
	}
	return rooms
}

// has tells whether a leg of this login is present or rings.
func (r *RoomInfo) has(login string) bool {
	for _, ms := range [][]MemberInfo{r.Members, r.Ringing} {
		for i := range ms {
			if ms[i].Leg.Login == login {
				return true
			}
		}
	}
	return false
}

// shownLive tells whether reads show the run as live.
func (r *run) shownLive() bool { return r.shown.Instance != "" && r.shown.Status != Ended }

// Members returns the legs that are in a conference, in order of joining; none where it is unknown
// or over.
func (s *Switch) Members(c cc.ConferenceID) []*Member {
	s.lock()
	defer s.unlock()
	if r, err := s.find(c); err == nil {
		return slices.Clone(r.members)
	}
	return nil
}

// Ringing returns the legs that ring for a conference, in order of dialling.
func (s *Switch) Ringing(c cc.ConferenceID) []*Member {
	s.lock()
	defer s.unlock()
	if r, err := s.find(c); err == nil {
		return slices.Clone(r.ringing)
	}
	return nil
}
