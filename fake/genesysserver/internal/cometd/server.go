package cometd

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// A Server is a Bayeux server: an http.Handler for one path and whatever is below it, as the type of
// a message that some clients append. New makes one. It is safe for concurrent use and starts no
// goroutine, but one for as long as it writes to a socket.
type Server struct {
	options  Options
	types    []string // the connection types it offers
	patterns patterns
	tallies  tallies

	working sync.WaitGroup // requests that are being answered; added to under mu while not closed

	mu       sync.RWMutex // never taken while a session's is held
	closed   bool
	sessions map[string]*session
	users    map[string][]*session // replaced, never changed
	browsers map[string]*browser   // by cookie
	sockets  map[*socket]struct{}
	silent   recent // ids of sessions that were dropped without advice
}

// New returns a Server without sessions.
func New(o Options) *Server {
	s := &Server{
		options:  o.withDefaults(),
		types:    []string{longPolling},
		sessions: make(map[string]*session),
		users:    make(map[string][]*session),
		browsers: make(map[string]*browser),
		sockets:  make(map[*socket]struct{}),
	}
	if o.WebSocket {
		s.types = []string{webSocket, longPolling}
	}
	return s
}

// ServeHTTP answers one request. A connect that is held returns when it is answered, a request that
// opens a socket when that is closed.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	defer s.working.Done()
	user, deny := s.options.Admit(r)
	switch {
	case deny != nil:
		deny(w)
	case r.Method == http.MethodPost:
		s.poll(w, r, user)
	case s.options.WebSocket && websocket.IsWebSocketUpgrade(r):
		s.open(w, r, user)
	default:
		http.Error(w, "Unknown Bayeux Transport", http.StatusBadRequest)
	}
}

// enter counts a request unless the server is closed.
func (s *Server) enter() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false
	}
	s.working.Add(1)
	return true
}

// Close forgets all sessions, answers held connects with the HTTP status 503, closes the sockets, and
// waits until every request is answered. A client that does not read its answer is waited for until
// the HTTP server closes its connection. Requests that come later are answered 503. Close may be
// called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	all := make([]*session, 0, len(s.sessions))
	for _, x := range s.sessions {
		all = append(all, x)
	}
	sockets := make([]*socket, 0, len(s.sockets))
	for k := range s.sockets {
		sockets = append(sockets, k)
	}
	s.mu.Unlock()
	var shutting sync.WaitGroup
	for _, k := range sockets {
		shutting.Go(func() { k.shut(websocket.CloseGoingAway, "closed") })
	}
	shutting.Wait()
	for _, x := range all { // after the sockets, none of which tells that its session is unknown
		s.end(x, endClosed)
	}
	s.working.Wait()
}
