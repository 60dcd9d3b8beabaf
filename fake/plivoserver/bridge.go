package plivoserver

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// bridged tells the Switch of a request, and does it as the fault has it that the Switch may have in
// store for it. The faults of a Switch know operations, conferences and people, and mean the same
// behind every server; a Fault of this package knows the wire.
func (s *Server) bridged(r *http.Request, q request, struck func()) (rep reply, how Wire) {
	do := func(dry bool) reply {
		if q.bad != nil {
			return *q.bad
		}
		q.dry = dry
		return handlers[q.op](s, q)
	}
	q.bridge = s.bridge.Timed(fake.Fault{})
	op, ok := bridgeOps[q.op]
	if !ok {
		return do(false), how
	}
	conference, participant := s.concerned(q.target)
	f, hit := s.bridge.Admit(fake.Request{
		Op: op, Conference: conference, Participant: participant, Change: q.change(),
	})
	if !hit {
		return do(false), how
	}
	struck()
	q.bridge = s.bridge.Timed(f)
	what := f.What
	if op.IsRead() && (what == fake.Ignore || what == fake.Contradict || what == fake.FailLater || what == fake.FailSooner) {
		what = "" // commands only
	}
	switch what {
	case fake.Refuse, fake.NotSent, fake.LoseBefore, fake.Hang:
	case fake.Ignore:
		rep = do(true)
	case fake.FailLater, fake.FailSooner: // nothing is ever told of failures here
		rep = do(!f.Effect)
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
		how.Mode = Reset
	case fake.Hang, fake.HangAfter:
		how.Mode = Hang
	case fake.Slow:
		wait(r, f.Delay)
	}
	return rep, how
}

// change is what a request asks for of OpSet.
func (q request) change() cc.Change {
	switch q.op {
	case UpdateParticipant:
		change, _ := parseChange(q.fields) // nothing where it is wrong
		return change
	case MuteMember:
		return cc.Change{Mute: cc.On}
	case UnmuteMember:
		return cc.Change{Mute: cc.Off}
	case DeafMember:
		return cc.Change{Deaf: cc.On}
	case UndeafMember:
		return cc.Change{Deaf: cc.Off}
	}
	return cc.Change{}
}

// concerned is the conference that a request is about, and the person, for the Switch;
// empty: several or none.
func (s *Server) concerned(t target) (cc.ConferenceID, cc.ParticipantID) {
	if t.op != HangUpCall {
		return t.conference(), cc.ParticipantID(t.member)
	}
	if m, ok := s.bridge.Find(t.call); ok {
		return m.Instance(), m.ID()
	}
	return "", ""
}

// statuses is how the vendor says what the contract has a kind for.
var statuses = map[cc.Kind]int{
	cc.ErrUnsupported: http.StatusMethodNotAllowed, cc.ErrInvalid: http.StatusBadRequest,
	cc.ErrNotFound: http.StatusNotFound, cc.ErrNotParticipant: http.StatusNotFound,
	cc.ErrConflict: http.StatusConflict, cc.ErrForbidden: http.StatusForbidden,
	cc.ErrUnauthenticated: http.StatusUnauthorized, cc.ErrRateLimited: http.StatusTooManyRequests,
	cc.ErrUnavailable: http.StatusServiceUnavailable, cc.ErrUncertain: http.StatusInternalServerError,
}

// refusal is an error of the contract as the vendor would answer it.
func (s *Server) refusal(e *cc.Error) reply {
	status := cmp.Or(e.Status, statuses[e.Kind], http.StatusServiceUnavailable)
	rep := failed(status, cmp.Or(e.Message, strings.ToLower(http.StatusText(status))))
	if e.RetryAfter > 0 {
		rep.header.Set("Retry-After", secondsText(e.RetryAfter+time.Second-1))
	}
	return rep
}

// wait waits, but not for a client that has gone.
func wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}
