package genesysserver

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	sessionCookie = "JSESSIONID"
	csrfNames     = "X-CSRF-HEADER" // tells the name of the other header
	csrfHeader    = "X-CSRF-TOKEN"
	maxSessions   = 1 << 16
)

// A session is an HTTP session.
type session struct {
	id    string
	agent *Agent
	csrf  string
	used  time.Time
}

// A cloakroom keeps the HTTP sessions.
type cloakroom struct {
	idle time.Duration

	mu    sync.Mutex
	all   map[string]*session
	order []string // of making; with ids that are gone
	made  int
}

// find returns a copy of the session of a request, and touches it. known tells whether the request has the
// cookie of any.
func (c *cloakroom) find(r *http.Request) (s session, ok, cookie bool) {
	held, err := r.Cookie(sessionCookie)
	if err != nil {
		return s, false, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	p := c.all[held.Value]
	switch {
	case p == nil:
		return s, false, true
	case now.Sub(p.used) >= c.idle:
		delete(c.all, p.id)
		return s, false, true
	}
	p.used = now
	return *p, true, true
}

// open makes a session. The oldest one is dropped where there are too many.
func (c *cloakroom) open(a *Agent) session {
	s := &session{id: strings.ToLower(rand.Text()), agent: a, csrf: newUUID(), used: time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	c.all[s.id] = s
	c.order = append(c.order, s.id)
	for len(c.order) > maxSessions {
		delete(c.all, c.order[0])
		c.order = c.order[1:]
	}
	return *s
}

// drop forgets a session.
func (c *cloakroom) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, id)
}

// each does something to the sessions of a user, "" being all; false forgets one.
func (c *cloakroom) each(user string, keep func(*session) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, s := range c.all {
		if user == "" || s.agent.User() == user {
			if !keep(s) {
				delete(c.all, id)
			}
		}
	}
}

// count tells how many sessions there are, and how many there have been.
func (c *cloakroom) count() (now, made int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all), c.made
}

// ExpireSessions forgets the HTTP sessions of a user, "" being everybody: REST and CometD are answered
// 403 with statusCode 20 until a request comes with credentials. A connect that is held goes on being
// held.
func (s *Server) ExpireSessions(user string) {
	s.sessions.each(user, func(*session) bool { return false })
}

// RotateCSRF gives the HTTP sessions of a user, "" being everybody, another CSRF token. The next GET
// tells it.
func (s *Server) RotateCSRF(user string) {
	s.sessions.each(user, func(p *session) bool {
		p.csrf = newUUID()
		return true
	})
}

// DropCometD has the CometD server forget the sessions of a user, "" being everybody: their next
// messages are answered 402. Where advice is false a connect is not advised to shake hands again.
func (s *Server) DropCometD(user string, advice bool) { s.comet.DropSessions(user, advice) }

// ForgetBrowser has the CometD server not know the cookie BAYEUX_BROWSER of a user any more, "" being
// everybody: their next messages are answered 402.
func (s *Server) ForgetBrowser(user string) { s.comet.Forget(user) }

// Restart is what a restart of the node does: every HTTP and CometD session is forgotten, held
// connects end. Calls and contact-center sessions are the telephony server's, and go on. See also
// Endpoint.Cut.
func (s *Server) Restart() {
	s.ExpireSessions("")
	s.comet.DropSessions("", true)
}

// credentials finds the agent of the Basic credentials of a request. Source: "Web Services
// Authentication Flow"; credentials that fail leave the request anonymous.
func (s *Server) credentials(r *http.Request) (*Agent, bool) {
	user, password, has := r.BasicAuth()
	if !has {
		return nil, false
	}
	s.mu.Lock()
	a := s.byUser[user]
	s.mu.Unlock()
	if a == nil || subtle.ConstantTimeCompare([]byte(password), []byte(a.options.Password)) != 1 {
		return nil, true
	}
	return a, true
}

// admit tells who a request is from, or how it is refused. A session that it had to open has its
// cookie set on w.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, csrf bool) (session, *reply) {
	p, known, cookie := s.sessions.find(r)
	a, basic := s.credentials(r)
	csrf = csrf && !s.options.NoCSRF && r.Method != http.MethodGet && r.Method != http.MethodHead
	protect := func() *reply {
		if !csrf || known && subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(p.csrf)) == 1 {
			return nil
		}
		// A cookie of a session that is gone is for authentication to refuse.
		if cookie && !known && !basic {
			return nil
		}
		rep := plain(http.StatusForbidden, "CSRF token is missing or invalid\n")
		return &rep
	}
	if !s.options.AuthFirst {
		if bad := protect(); bad != nil {
			return p, bad
		}
	}
	if !known || basic && (a == nil || a != p.agent) {
		if a == nil {
			return p, s.refuse(codeUnauthenticated, "Access is denied")
		}
		p = s.sessions.open(a)
		known = true
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: p.id, Path: "/", HttpOnly: true})
	}
	if s.options.AuthFirst {
		if bad := protect(); bad != nil {
			return p, bad
		}
	}
	if !s.options.NoCSRF && r.Method == http.MethodGet {
		w.Header().Set(csrfNames, csrfHeader)
		w.Header().Set(csrfHeader, p.csrf)
	}
	return p, nil
}
