package plivoserver

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/callcontrol-go/callcontrol/fake"
)

// The account that a Server has when its Options name none.
const (
	DefaultAuthID    = "MAFAKEACCOUNTFORTEST"
	DefaultAuthToken = "fake-auth-token-of-no-real-account"
)

// Options configure a Server. The zero Options are an account of its own, and the answers that the
// documentation and most official libraries agree on.
type Options struct {
	AuthID    string // 20 characters, capitals and digits, beginning with MA or SA; empty: DefaultAuthID
	AuthToken string `json:"-" xml:"-" yaml:"-"` // empty: DefaultAuthToken

	Quirks Quirks
	// Callbacks say where the callbacks of rooms go that Server.Callback names none for. They are sent
	// only by what SendCallbacks starts.
	Callbacks Callbacks
	// LiteralDots takes the path segments "." and ".." for names like any other, which nothing has.
	// Without it they mean what they mean to a front end that normalises paths before it passes them
	// on, as the vendor's may: DELETE .../Conference/room/Member/../ ends the room. A client must not
	// depend on either.
	LiteralDots bool
	// NoRequestID leaves the header X-Request-Id out of answers.
	NoRequestID bool
	// LogSize is how many requests are kept for Requests, the latest ones; 0: 4096.
	LogSize int
}

// A Server speaks the vendor's API in front of a Switch. New makes one. It is an http.Handler and
// safe for concurrent use. It starts no goroutine of its own: what is started is an Endpoint's, or a
// Sender's.
type Server struct {
	bridge  *fake.Switch
	options Options
	faults  faultSet
	journal journal
	media   media
	where   whereabouts

	sending atomic.Bool // there is a Sender
}

// New returns a server in front of sw. It refuses a nil switch, and credentials that the vendor
// could not have given out.
func New(sw *fake.Switch, o Options) (*Server, error) {
	if sw == nil {
		return nil, errors.New("plivoserver: no switch")
	}
	if o.AuthID == "" {
		o.AuthID = DefaultAuthID
	}
	if o.AuthToken == "" {
		o.AuthToken = DefaultAuthToken
	}
	if !validAuthID(o.AuthID) {
		return nil, errors.New("plivoserver: an auth id is MA or SA and 18 capitals or digits")
	}
	if strings.TrimSpace(o.AuthToken) == "" {
		return nil, errors.New("plivoserver: a blank auth token")
	}
	if o.Quirks.MemberID > MemberIDPythonText {
		return nil, fmt.Errorf("plivoserver: unknown form of member ids %d", o.Quirks.MemberID)
	}
	if o.LogSize < 0 {
		return nil, fmt.Errorf("plivoserver: a log of %d requests", o.LogSize)
	}
	if o.LogSize == 0 {
		o.LogSize = defaultLogSize
	}
	d, err := o.Callbacks.directory()
	if err != nil {
		return nil, err
	}
	return &Server{
		bridge: sw, options: o, journal: journal{size: o.LogSize}, where: whereabouts{otherwise: d},
	}, nil
}

func validAuthID(id string) bool {
	if len(id) != 20 || !strings.HasPrefix(id, "MA") && !strings.HasPrefix(id, "SA") {
		return false
	}
	return strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// AuthID is the account's id: the user of Basic authentication, and a segment of every path.
func (s *Server) AuthID() string { return s.options.AuthID }

// AuthToken is the account's password.
func (s *Server) AuthToken() string { return s.options.AuthToken }

// Inject has requests that arrive from now on meet a fault until lift is called or its Times are
// over. The first injected of several faults that match wins. lift also resets the connections that
// the fault holds with Hang, and may be called more than once. A fault that cannot be meant is an
// error.
func (s *Server) Inject(f Fault) (lift func(), err error) { return s.faults.add(f) }

// Requests returns the latest requests in order of arrival.
func (s *Server) Requests() []Request { return s.journal.requests() }

// Counts returns how many requests have arrived.
func (s *Server) Counts() Counts { return s.journal.count() }

// ServeHTTP answers one request. Faults that cut, hang or drip take the connection over, for which
// it has to be HTTP/1.x; on any other they answer 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := route(r.Method, r.URL.EscapedPath(), !s.options.LiteralDots)
	entry := s.journal.begin(r, t.op)
	body, whole := readBody(w, r)
	s.journal.note(func() { entry.Body = string(body[:min(len(body), loggedBody)]) })
	fault := s.faults.meet(r, t.op)

	if !s.options.NoRequestID {
		w.Header().Set("X-Request-Id", newUUID())
	}
	struck := func() { s.journal.note(func() { entry.Fault = true }) }
	if fault != nil {
		struck()
	}
	var (
		rep    reply
		how    Wire
		lifted <-chan struct{} // nil: never
	)
	if fault == nil || fault.Effect {
		rep, how = s.handle(r, t, body, whole, struck)
	}
	if fault != nil {
		lifted = fault.lifted
		if how = fault.Wire; fault.Answer != nil {
			rep = fault.Answer.reply(rep)
		}
	}
	if how.Mode == Whole && (!bodyless(rep.status) || len(rep.body) == 0) {
		s.journal.note(func() { entry.Status = rep.status })
		send(w, r, rep)
		return
	}
	if how.Mode.delivers() {
		s.journal.note(func() { entry.Status = rep.status })
	}
	if !sendRaw(w, r, rep, how, lifted) {
		s.journal.note(func() { entry.Status = 0 })
	}
}

// handle does what a request asks for. The answer travels whole unless a fault of the Switch has it
// otherwise, of which struck is told.
func (s *Server) handle(r *http.Request, t target, body []byte, whole bool, struck func()) (rep reply, how Wire) {
	switch {
	case t.account == "":
		return notFound(), how
	case !s.authorised(r, t):
		rep = raw(http.StatusUnauthorized, object{"error": "authentication credentials invalid"})
		rep.header.Set("WWW-Authenticate", `Basic realm="Plivo"`)
		return rep, how
	case !t.found:
		return notFound(), how
	case t.op == "":
		rep = failed(http.StatusMethodNotAllowed, "method not allowed")
		rep.header.Set("Allow", strings.Join(t.allow, ", "))
		return rep, how
	case !whole:
		return invalid("the body is too long or breaks off"), how
	}
	return s.bridged(r, parse(r, t, body), struck)
}

// authorised reports whether the request has the account's credentials and is for that account.
func (s *Server) authorised(r *http.Request, t target) bool {
	id, token, ok := r.BasicAuth()
	same := subtle.ConstantTimeCompare([]byte(id), []byte(s.options.AuthID)) &
		subtle.ConstantTimeCompare([]byte(token), []byte(s.options.AuthToken))
	return ok && same == 1 && t.account == s.options.AuthID
}
