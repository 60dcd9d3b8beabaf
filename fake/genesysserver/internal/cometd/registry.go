package cometd

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
)

// token is an id that nobody can guess.
func token() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return hex.EncodeToString(b[:])
}

// admit makes a session, or none if the server is closed.
func (s *Server) admit(e *exchange, acks bool) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	var b *browser
	if e.sock == nil {
		if b = s.browsers[e.cookie]; b == nil {
			b = &browser{cookie: e.cookie}
			s.browsers[e.cookie] = b
		}
		b.sessions++
	}
	x := newSession(e, b, acks)
	s.sessions[x.id] = x
	s.users[e.user] = append(slices.Clip(s.users[e.user]), x)
	return x
}

// find finds the session that a message says it is from: over long polling one with the same cookie.
func (s *Server) find(e *exchange, id string) *session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x := s.sessions[id]
	switch {
	case x == nil || x.user != e.user:
		return nil
	case e.sock == nil && (x.browser == nil || s.browsers[e.cookie] != x.browser):
		return nil
	}
	return x
}

// end ends a session and reports whether it was alive.
func (s *Server) end(x *session, why ending) bool {
	x.mu.Lock()
	ended := x.finish(why)
	x.mu.Unlock()
	if ended {
		s.remove(x, why)
	}
	return ended
}

// remove takes a session that has ended out of the books.
func (s *Server) remove(x *session, why ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == endSilent {
		s.silent.add(x.id)
	}
	delete(s.sessions, x.id)
	if b := x.browser; b != nil {
		if b.sessions--; b.sessions == 0 && s.browsers[b.cookie] == b {
			delete(s.browsers, b.cookie)
		}
	}
	old := s.users[x.user]
	i := slices.Index(old, x)
	switch {
	case i < 0:
	case len(old) == 1:
		delete(s.users, x.user)
	default:
		s.users[x.user] = slices.Concat(old[:i], old[i+1:])
	}
}

// of gives the sessions of a user, or all of them for the user "".
func (s *Server) of(user string) []*session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if user != "" {
		return s.users[user]
	}
	all := make([]*session, 0, len(s.sessions))
	for _, x := range s.sessions {
		all = append(all, x)
	}
	return all
}

// DropSessions forgets the sessions of a user, of everyone if it is "", with what waits for them. A
// connect that is held, and every later message, is answered 402. With advice the reply to a connect
// also says to make a new session, as CometD's does.
func (s *Server) DropSessions(user string, advice bool) {
	why := endDropped
	if !advice {
		why = endSilent
	}
	for _, x := range s.of(user) {
		s.end(x, why)
	}
}

// Forget forgets the cookies of a user's sessions, of everyone's if it is "": over long polling their
// later messages are answered 402, though the sessions live until they expire, and a connect that is
// held stays so. A session made over a socket needs no cookie. A cookie that was forgotten is good for
// a new session.
func (s *Server) Forget(user string) {
	all := s.of(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range all {
		if b := x.browser; b != nil && s.browsers[b.cookie] == b {
			delete(s.browsers, b.cookie)
		}
	}
}

// Disconnect ends the sessions of a user, of everyone if it is "", as a server does of its own accord:
// a connect that is held is answered with the advice not to come back, and a socket is told so besides.
// Later messages are answered 402.
func (s *Server) Disconnect(user string) {
	for _, x := range s.of(user) {
		x.mu.Lock()
		if x.gone == alive && x.sock != nil {
			x.sock.send(reply{Channel: metaDisconnect, Successful: true})
		}
		ended := x.finish(endDisconnected)
		x.mu.Unlock()
		if ended {
			s.remove(x, endDisconnected)
		}
	}
}

const maxRecent = 1 << 14

// recent remembers the latest ids that were added to it.
type recent struct {
	set  map[string]struct{}
	ring []string
	next int
}

func (r *recent) add(id string) {
	if r.set == nil {
		r.set = make(map[string]struct{})
	}
	r.set[id] = struct{}{}
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, id)
		return
	}
	delete(r.set, r.ring[r.next])
	r.ring[r.next] = id
	r.next = (r.next + 1) % maxRecent
}

func (r *recent) has(id string) bool {
	_, ok := r.set[id]
	return ok
}
