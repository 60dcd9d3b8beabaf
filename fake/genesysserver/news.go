package genesysserver

import (
	"context"
	"maps"
	"slices"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// feedSize is how much news of the Switch may wait to be told.
const feedSize = 1 << 16

// A run is what the agents on a run of a conference have been told.
type run struct {
	extra
	seq   uint64        // of the latest news
	room  fake.RoomInfo // as the latest news has it
	views map[*Agent]view
	last  []post // what the latest news made
}

// run finds or makes the record of a run. The caller holds the mutex.
func (s *Server) run(c cc.ConferenceID) *run {
	r := s.runs[c]
	if r == nil {
		r = &run{views: map[*Agent]view{}}
		s.runs[c] = r
	}
	return r
}

// tell makes one piece of news into notifications.
func (s *Server) tell(n fake.News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.quirks.Load()
	if n.Kind == fake.NewsGap {
		if n.At.IsZero() { // not by a fault: more has happened at once than there was room for
			s.resync(q)
		}
		return
	}
	r := s.runs[n.Room.Instance]
	if r == nil {
		if n.Room.Status == fake.Ended {
			return
		}
		if n.Seq > 1 && s.over(n.Room.Instance) { // told late, and the end was told
			r = &run{seq: n.Seq + 1}
		} else {
			s.forget()
			r = s.run(n.Room.Instance)
		}
	}
	switch {
	case n.Seq == r.seq: // told twice
		s.courier.send(r.last...)
		return
	case n.Seq < r.seq: // told late
		for _, a := range s.agentsIn(r, &n.Room) {
			if v, ok := s.see(a, &n.Room, &r.extra); ok && n.Room.Status != fake.Ended {
				s.courier.send(s.callPost(a, &v, participantsUpdated, q))
			}
		}
		return
	}
	r.seq = n.Seq
	s.turned(r, &n.Room, q)
	if n.Room.Status != fake.Ended && (n.Kind == fake.NewsLeft || n.Kind == fake.NewsNotAnswered) && breaksUp(&n.Room) {
		_, _ = s.bridge.End(n.Room.Instance, fake.HangUp) // or it has ended
	}
	s.follow(&n)
	if n.Kind == fake.NewsEnded {
		delete(s.runs, n.Room.Instance)
		if p := s.runs[r.parent]; p != nil {
			maps.DeleteFunc(p.children, func(_ *Agent, c cc.ConferenceID) bool { return c == n.Room.Instance })
			s.again(p, q)
		}
	}
}

// turned tells everybody concerned what a room has become. The caller holds the mutex.
func (s *Server) turned(r *run, room *fake.RoomInfo, q *Quirks) {
	r.room, r.last = *room, nil
	for _, a := range s.agentsIn(r, room) {
		if p, ok := s.differ(a, r, room, q); ok {
			r.last = append(r.last, p)
		}
	}
	s.courier.send(r.last...)
}

// resync tells everybody what reads show now, after news has been lost. The caller holds the mutex.
func (s *Server) resync(q *Quirks) {
	shown := map[cc.ConferenceID]bool{}
	rooms := s.bridge.Rooms()
	for i := range rooms {
		shown[rooms[i].Instance] = true
		s.turned(s.run(rooms[i].Instance), &rooms[i], q)
	}
	for c, r := range s.runs {
		if !shown[c] {
			s.turned(r, &fake.RoomInfo{Instance: c, Status: fake.Ended}, q)
			delete(s.runs, c)
		}
	}
}

// over tells whether a run has ended in truth.
func (s *Server) over(c cc.ConferenceID) bool {
	r, err := s.bridge.Look(c)
	return err != nil || r.Status == fake.Ended
}

// maxRuns is beyond how many records of runs it is looked whether the end of some was never told.
const maxRuns = 4096

// refresh tells what has changed about a call that is no news of the Switch.
func (s *Server) refresh(c cc.ConferenceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.runs[c]; r != nil {
		s.again(r, s.quirks.Load())
	}
}

// again is refresh for whoever holds the mutex.
func (s *Server) again(r *run, q *Quirks) {
	if r.room.Status == fake.Ended {
		return
	}
	for _, a := range s.agentsIn(r, &r.room) {
		was, before := r.views[a]
		is, now := s.see(a, &r.room, &r.extra)
		if before && now && !is.same(&was) {
			r.views[a] = is
			s.courier.send(s.callPost(a, &is, statusChange, q))
		}
	}
}

// forget drops the records of runs whose end was lost, when there are many records. The caller holds
// the mutex.
func (s *Server) forget() {
	if len(s.runs) < s.fullAt {
		return
	}
	for c := range s.runs {
		if s.over(c) {
			delete(s.runs, c)
		}
	}
	s.fullAt = max(maxRuns, 2*len(s.runs))
}

// agentsIn are those who are in a room or have been told of it, in order of adding. The caller holds
// the mutex.
func (s *Server) agentsIn(r *run, room *fake.RoomInfo) []*Agent {
	var list []*Agent
	add := func(a *Agent) {
		if a != nil && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	for a := range r.views {
		add(a)
	}
	for i := range room.Members {
		add(s.byUser[room.Members[i].Leg.Login])
	}
	for i := range room.Ringing {
		add(s.byUser[room.Ringing[i].Leg.Login])
	}
	slices.SortFunc(list, func(a, b *Agent) int { return a.index - b.index })
	return list
}

// differ compares what an agent was told with what there is to see, and returns what is new. The
// caller holds the mutex.
func (s *Server) differ(a *Agent, r *run, room *fake.RoomInfo, q *Quirks) (post, bool) {
	was, before := r.views[a]
	is, now := s.see(a, room, &r.extra)
	switch {
	case !before && !now:
		return post{}, false
	case !now:
		// The participants stay what they were ("Hangup", "ClearCall").
		delete(r.views, a)
		was.state, was.can = stateReleased, nil
		return s.callPost(a, &was, statusChange, q), true
	case room.Status == fake.Ended, breaksUp(room):
		return post{}, false // the leg is about to go
	}
	r.views[a] = is
	switch {
	case !before, !is.settled(&was):
		return s.callPost(a, &is, statusChange, q), true
	case !slices.Equal(is.numbers, was.numbers):
		return s.callPost(a, &is, participantsUpdated, q), true
	case is.muted != was.muted:
		return s.callPost(a, &is, userMuteChange, q), true
	case !is.same(&was):
		return s.callPost(a, &is, statusChange, q), true
	}
	return post{}, false
}

// breaksUp tells whether all but one have left a call that ends then: what follows is its end. The
// Switch ends a call of one; supervisors, and dialling in vain, are for this server.
func breaksUp(r *fake.RoomInfo) bool {
	callers := func(list []fake.MemberInfo) (n int) {
		for i := range list {
			if !supervises(&list[i]) {
				n++
			}
		}
		return n
	}
	return r.Rules.EndAlone && len(r.Departed) > 0 && callers(r.Ringing) == 0 && callers(r.Members) < 2
}

// announce tells everybody on a call of what the Switch knows nothing of.
func (s *Server) announce(ctx context.Context, c cc.ConferenceID, kind string) {
	_ = s.told(ctx) // what the bridge has shown goes first
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.quirks.Load()
	r := s.run(c)
	room := r.room
	if r.seq == 0 { // nothing has happened since this server listens
		var err error
		if room, err = s.bridge.Read(c); err != nil {
			delete(s.runs, c)
			return
		}
	}
	if room.Status == fake.Ended {
		return
	}
	for _, a := range s.agentsIn(r, &room) {
		if v, ok := s.see(a, &room, &r.extra); ok {
			r.views[a] = v
			s.courier.send(s.callPost(a, &v, kind, q))
		}
	}
}
