package genesysserver

import (
	"context"
	"net/http"

	"github.com/callcontrol-go/callcontrol/fake"
)

// A request is one on its way to its answer.
type request struct {
	*http.Request
	target
	op     Operation
	name   Operation // as the body has it
	fields fields    // of the body
	bad    string    // what is wrong with the body

	session session
	agent   *Agent
	room    fake.RoomInfo // of a call, in truth
	own     fake.MemberInfo
	view    view
	bridge  fake.Timed

	failure *Failure // to be published
	wire    Wire
	release func() // lets the notifications out that wait for the answer; nil: none do
}

// ServeHTTP answers one request. Faults that cut, reset or hang take the connection over, for which
// it has to be HTTP/1.x; on any other they answer 502.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := route(r.URL.EscapedPath())
	if t.place == placeCometD {
		s.serveCometD(w, r, t)
		return
	}
	s.inflight.add()
	defer s.inflight.done()
	body, whole := readBody(w, r)
	q := &request{Request: r, target: t}
	if r.Method == http.MethodPost {
		q.name, q.fields, q.bad = parseBody(body)
		if !whole {
			q.bad = "the body is too long or breaks off"
		}
	}
	q.op = t.operation(r.Method, q.name)
	entry, met := s.journal.begin(r, t, q.op, s.userOf(r), body)
	fault := s.faults.meet(met, t)
	if fault != nil {
		s.journal.note(func() { entry.Fault = true })
	}
	var (
		rep    reply
		lifted <-chan struct{}
	)
	if fault == nil || fault.Effect {
		rep = s.handle(w, q)
	}
	if fault != nil {
		if lifted = fault.lifted; fault.Wire != Whole {
			q.wire = fault.Wire
		}
		if fault.Failure != nil {
			q.failure = fault.Failure
		}
		if fault.Answer != nil {
			rep = fault.Answer.reply()
		}
	}
	if q.agent == nil {
		q.agent = s.agentOf(r)
	}
	release := func() {
		if q.release != nil {
			q.release()
		}
		q.release = nil
	}
	if q.failure != nil && q.agent != nil && q.failure.Before {
		release() // or the failure would wait for the answer as well
		s.fail(q.agent, q.callID(), *q.failure)
		wait(r, q.failure.delay())
	}
	if fault != nil {
		wait(r, fault.Delay)
	}
	if q.wire == Whole {
		s.journal.note(func() { entry.Status = rep.status })
		send(w, r, s.spiced(rep))
	}
	release()
	if q.wire != Whole {
		lose(w, rep, q.wire, lifted)
	}
	if q.failure != nil && q.agent != nil && !q.failure.Before {
		a, id, f := q.agent, q.callID(), *q.failure
		s.courier.later(f.delay(), true, func() { s.fail(a, id, f) })
	}
}

// serveCometD passes a request on to the CometD server, unless a fault meets it.
func (s *Server) serveCometD(w http.ResponseWriter, r *http.Request, t target) {
	_, met := s.journal.begin(r, t, CometDPost, s.userOf(r), nil)
	fault := s.faults.meet(met, t)
	if fault == nil {
		p, bad := s.admit(w, r, !s.options.CSRFRESTOnly)
		if bad != nil {
			send(w, r, *bad)
			return
		}
		s.comet.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, p.agent.User())))
		return
	}
	var rep reply
	if fault.Answer != nil {
		rep = fault.Answer.reply()
	}
	wait(r, fault.Delay)
	if fault.Wire == Whole {
		send(w, r, rep)
		return
	}
	lose(w, rep, fault.Wire, fault.lifted)
}

// A userKey is what the context of an admitted request to the CometD server has the user under.
type userKey struct{}

// admitted tells the CometD server who a request is from.
func admitted(r *http.Request) (user string, deny func(http.ResponseWriter)) {
	user, _ = r.Context().Value(userKey{}).(string)
	return user, nil
}

// callID is the id of the call that a request is for; empty: none.
func (q *request) callID() string {
	if q.place == placeCall {
		return q.id
	}
	return ""
}

// agentOf finds whose request one is, without admitting it.
func (s *Server) agentOf(r *http.Request) *Agent {
	if p, ok, _ := s.sessions.find(r); ok {
		return p.agent
	}
	a, _ := s.credentials(r)
	return a
}

func (s *Server) userOf(r *http.Request) string {
	if a := s.agentOf(r); a != nil {
		return a.options.User
	}
	return ""
}

// spiced adds the extra fields to an answer in JSON.
func (s *Server) spiced(rep reply) reply {
	if rep.header.Get("Content-Type") == typeJSON {
		rep.body = s.quirks.Load().spice(rep.body)
	}
	return rep
}

// handle does what a request asks for: CSRF and authentication, then the resource and the method.
func (s *Server) handle(w http.ResponseWriter, q *request) reply {
	p, bad := s.admit(w, q.Request, true)
	if bad != nil {
		return *bad
	}
	q.session, q.agent = p, p.agent
	if q.place == nowhere {
		return html(http.StatusNotFound)
	}
	read := q.Method == http.MethodGet || q.Method == http.MethodHead
	switch {
	case read && reads[q.place] != "":
		return s.bridged(q, bridgeReads[q.op], func(bool) reply { return s.read(q) })
	case q.Method == http.MethodPost && q.place.postable():
		return s.post(q)
	}
	rep := html(http.StatusMethodNotAllowed)
	allow := ""
	if reads[q.place] != "" {
		allow = "GET, HEAD"
	}
	if q.place.postable() {
		if allow != "" {
			allow += ", "
		}
		allow += "POST"
	}
	rep.header.Set("Allow", allow)
	return rep
}

// post does an operation, in the order: session, resource, name, parameters, capability, feature.
func (s *Server) post(q *request) reply {
	if q.place == placeMe {
		return s.postMe(q)
	}
	s.mu.Lock()
	down, started := s.down, q.agent.started
	s.mu.Unlock()
	switch {
	case down:
		return failed(http.StatusServiceUnavailable, codeInternal, voiceDown)
	case !started:
		// Told twice: by the answer, and bare on the device's channel.
		q.failure = &Failure{Device: true}
		return failed(http.StatusInternalServerError, codeInternal, notRegistered)
	}
	switch q.place {
	case placeVoice:
		return s.postVoice(q)
	case placeDevice:
		return s.postDevice(q)
	case placeDeviceCalls:
		return s.dial(q)
	}
	return s.postCall(q)
}

// named tells what is wrong with the name of an operation; nil: nothing.
func (s *Server) named(q *request) *reply {
	switch {
	case q.bad != "":
		return s.refuse(codeMissing, q.bad)
	case q.op == "":
		return s.refuse(s.options.UnknownOperation, "The operation is not known")
	}
	return nil
}

// ordered has the notifications of an operation leave when the timing has it.
func (s *Server) ordered(q *request, do func() reply) reply {
	user := q.agent.options.User
	t := s.courier.get()
	if t.Order == AfterReply {
		q.release = s.courier.hold(user)
	}
	rep := do()
	if t.Order == AsShown {
		wait(q.Request, t.Reply)
		return rep
	}
	wait(q.Request, t.Reply)
	if s.told(q.Context()) == nil && t.Order == BeforeReply {
		select {
		case <-s.courier.sent(user):
		case <-q.Context().Done():
		}
	}
	return rep
}
