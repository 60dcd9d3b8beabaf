package genesysserver

import (
	"cmp"
	"net/http"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// bridgeReads is what a read is to the Switch, which counts it and may have faults on it.
var bridgeReads = map[Operation]fake.Op{
	GetMe: fake.OpCheck, ListCalls: fake.OpList, GetCall: fake.OpSnapshot,
}

// bridged tells the Switch of a request, and does it as the fault has it that the Switch may have in
// store for it. The faults of a Switch know operations, conferences and people, and mean the same
// behind every server; a Fault of this package knows the wire. do answers; with dry it changes
// nothing.
func (s *Server) bridged(q *request, op fake.Op, do func(dry bool) reply) (rep reply) {
	q.bridge = s.bridge.Timed(fake.Fault{})
	if op == "" {
		return do(false)
	}
	req := fake.Request{Op: op}
	if q.place == placeCall {
		req.Conference, req.Participant, req.Change = s.concerned(q)
	}
	if q.op == GetMe && wants(q.URL.Query().Get("subresources"), "calls") {
		req.Op = fake.OpList
	}
	f, hit := s.bridge.Admit(req)
	if !hit {
		return do(false)
	}
	q.bridge = s.bridge.Timed(f)
	what := f.What
	if op.IsRead() && (what == fake.Ignore || what == fake.Contradict || what == fake.FailLater || what == fake.FailSooner) {
		what = "" // commands only
	}
	switch what {
	case fake.Refuse, fake.NotSent, fake.LoseBefore, fake.Hang:
	case fake.Ignore:
		rep = do(true)
	case fake.FailLater, fake.FailSooner:
		if rep = do(!f.Effect); rep.status == http.StatusOK {
			e := f.Failure()
			code, _ := strconv.Atoi(e.Code)
			q.failure = &Failure{Text: e.Message, Code: code, Before: what == fake.FailSooner, Delay: max(f.Delay, 0)}
		}
	default:
		rep = do(false)
	}
	if f.Meanwhile != nil {
		f.Meanwhile()
	}
	switch what {
	case fake.Refuse, fake.Contradict:
		rep = s.refusal(f.Failure())
	case fake.NotSent, fake.LoseBefore, fake.LoseAfter:
		q.wire = Reset
	case fake.Hang, fake.HangAfter:
		q.wire = Hang
	case fake.Slow:
		wait(q.Request, f.Delay)
	}
	return rep
}

// concerned is the conference that an operation is about, the person, and the change.
func (s *Server) concerned(q *request) (c cc.ConferenceID, p cc.ParticipantID, change cc.Change) {
	c = cc.ConferenceID(q.id)
	for _, r := range s.bridge.LookOf(q.agent.options.User) {
		if s.callID(&r) == q.id {
			c = r.Instance
		}
	}
	switch q.op {
	case opRemove:
		number, _ := q.fields.number("participant")
		p = cc.ParticipantID(number)
	case opHangup, opHold, opRetrieve, opMute, opUnmute, opListen, opBarge:
		p = cc.ParticipantID(q.agent.options.DN)
	}
	return c, p, callOperations[q.op].change
}

// codes is how the vendor says what the contract has a kind for.
var codes = map[cc.Kind]int{
	cc.ErrInvalid: codeMissing, cc.ErrConflict: codeState, cc.ErrForbidden: codePermission,
	cc.ErrNotFound: codeNotFound, cc.ErrNotParticipant: codeNotFound, cc.ErrUnauthenticated: codeUnauthenticated,
	cc.ErrUnavailable: codeInternal, cc.ErrUncertain: 9,
}

// refusal is an error of the contract as the vendor would answer it.
func (s *Server) refusal(e *cc.Error) reply {
	code, err := strconv.Atoi(e.Code)
	if err != nil {
		code = codes[e.Kind]
	}
	switch {
	case e.Kind == cc.ErrRateLimited: // a filter in front of the server
		rep := html(http.StatusTooManyRequests)
		if e.RetryAfter > 0 {
			rep.header.Set("Retry-After", strconv.Itoa(int((e.RetryAfter.Seconds() + 0.999))))
		}
		return rep
	case code == 0:
		return html(cmp.Or(e.Status, http.StatusMethodNotAllowed))
	}
	status := cmp.Or(e.Status, s.options.Statuses[code], http.StatusInternalServerError)
	return failed(status, code, cmp.Or(e.Message, "The operation failed"))
}
