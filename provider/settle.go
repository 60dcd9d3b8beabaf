package provider

import (
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// This file is the confirmation of a command as a pure step function: inputs are what happened,
// outputs are what to do next. It has no clock, no goroutine and no request, so that every order of
// inputs can be tested. The shell that obeys it is in command.go.

// A reason says what a read is to decide.
type reason uint8

const (
	toConfirm   reason = iota // an accepted command: is it done?
	toSettle                  // a command of unknown outcome: did it happen?
	toTellApart               // a 404: is it the conference or the participant?
	toExcuse                  // a state that was refused: is it as asked already?
)

// An event is an input of the settling of one order.
type event uint8

const (
	evSent   event = iota // the driver has answered, which is no proof that it is done
	evRead                // a read has come back
	evWoke                // a bell rang, or the time of the next read has come
	evFailed              // an asynchronous failure arrived
	evEnded               // the caller's context is over, or the client is closed
)

type input struct {
	event   event
	now     time.Time
	err     error   // evSent, evFailed, evEnded
	said    error   // evEnded: what the send under way had come to by then, if there was one
	reading reading // evRead
	jitter  float64 // in [0,1), for the next wait
}

// An action is an output.
type action uint8

const (
	actSend action = iota
	actRead
	actWait
	actFinish
)

type output struct {
	action   action
	reason   reason    // actRead
	deciding bool      // actRead: the last one; it may use all the time that is left
	until    time.Time // actWait
	err      error     // actFinish
}

// Settling is the state of one order between its first send and its outcome.
type settling struct {
	order       order
	evidence    evidence
	sessionOnly bool
	decideAt    time.Time // waiting stops here, and one read decides
	sends       int
	doubtful    bool // a failure may be that of the command before
	accepted    bool
	unknown     bool   // the outcome of some send is not known
	reason      reason // of the read under way
	deciding    bool   // the read under way is the last one
	waits       int
	failure     error // asynchronous, not yet judged by a read
	judged      error // failure that the read under way judges
	cause       error // the vendor's last answer that was an error
	readErr     error
}

func startSettling(o order, ev evidence, sessionOnly bool, decideAt time.Time) (settling, output) {
	return settling{order: o, evidence: ev, sessionOnly: sessionOnly, decideAt: decideAt, sends: 1}, output{action: actSend}
}

func finish(err error) output { return output{action: actFinish, err: err} }

// Step takes one input.
func (s settling) step(in input) (settling, output) {
	switch in.event {
	case evSent:
		return s.sent(in)
	case evRead:
		return s.read(in)
	case evFailed:
		s.failure = in.err
		return s.confirm(in.now)
	case evWoke:
		return s.confirm(in.now)
	default:
		if in.said != nil {
			s.cause = in.said
		}
		return s, finish(s.uncertain(in.err, "the call ended before the outcome was known"))
	}
}

func (s settling) sent(in input) (settling, output) {
	if in.err == nil {
		s.accepted = true
		return s.confirm(in.now)
	}
	s.cause = in.err
	kind := cc.KindOf(in.err)
	switch kind {
	case cc.ErrUncertain, 0: // an error of no kind does not say that nothing was done
		s.unknown = true
		return s.look(toSettle)
	case cc.ErrNotFound, cc.ErrNotParticipant:
		if s.unknown && s.order.op != opSet {
			if s.order.op == opRemove && kind == cc.ErrNotFound && s.sessionOnly && s.evidence.self != yes {
				return s, finish(s.uncertain(in.err, "our own leg is gone, which does not tell of others"))
			}
			return s, finish(nil) // gone, and one of our own tries may have done it
		}
		if s.unknown {
			return s, finish(s.uncertain(in.err, "whom it was for has gone, and an earlier try may have done it"))
		}
		if s.order.op == opEnd || kind == cc.ErrNotParticipant {
			return s, finish(in.err)
		}
		return s.ask(toTellApart, true)
	case cc.ErrUnavailable, cc.ErrCanceled, cc.ErrRateLimited, cc.ErrClosed:
		if s.unknown {
			return s, finish(s.uncertain(in.err, "an earlier try may have done it"))
		}
		return s, finish(in.err)
	case cc.ErrConflict, cc.ErrForbidden:
		if s.order.op == opSet {
			return s.ask(toExcuse, true)
		}
	}
	if s.unknown {
		return s.ask(toExcuse, true)
	}
	return s, finish(in.err)
}

// Confirm asks for the next confirming read.
func (s settling) confirm(now time.Time) (settling, output) {
	s.judged, s.failure = s.failure, nil
	return s.ask(toConfirm, !now.Before(s.decideAt))
}

// Look asks for a read that settles a command of unknown outcome, and judges a failure that has come
// before it.
func (s settling) look(r reason) (settling, output) {
	s.judged, s.failure = s.failure, nil
	return s.ask(r, true)
}

func (s settling) ask(r reason, deciding bool) (settling, output) {
	s.reason, s.deciding = r, deciding
	return s, output{action: actRead, reason: r, deciding: deciding}
}

func (s settling) read(in input) (settling, output) {
	s.readErr = in.reading.err
	v := judge(s.order, in.reading, s.evidence, s.sessionOnly)
	switch s.reason {
	case toTellApart:
		return s, finish(s.toldApart(in.reading))
	case toExcuse:
		if v == vAsAsked && !in.reading.twin {
			return s, finish(nil)
		}
		if s.unknown {
			return s, finish(s.uncertain(s.cause, "an earlier try may have done it"))
		}
		return s, finish(s.cause)
	case toSettle:
		return s.settled(in, v)
	}
	switch {
	case v == vAsAsked:
		return s, finish(nil)
	case v == vFailed && (s.judged != nil || s.failure != nil):
		if s.judged == nil {
			s.judged = s.failure
		}
		if s.deciding {
			return s, finish(s.uncertain(s.judged, "the provider reported a failure, and the read that would decide failed"))
		}
		s.failure = s.judged // the next read that tells judges it
	case s.judged != nil && v != vGone:
		return s, finish(s.failed())
	case v == vGone:
		return s, finish(s.uncertain(nil, "whom it was for has gone before the effect could be seen"))
	case s.failure != nil:
		return s.confirm(in.now)
	}
	if s.deciding {
		return s, finish(s.uncertain(s.readErr, "accepted, but not seen to be done in time"))
	}
	return s.wait(in)
}

func (s settling) settled(in input, v verdict) (settling, output) {
	switch {
	case v == vAsAsked:
		return s, finish(nil)
	case v == vNotYet && s.judged != nil:
		return s, finish(s.failed())
	case v == vNotYet && s.failure != nil:
		return s.look(toSettle) // the failure came after this read began: the next one judges it
	case v == vNotYet && s.sends < maxSends && in.now.Before(s.decideAt) && proven(s.order, in.reading, s.evidence):
		s.sends++
		return s, output{action: actSend}
	}
	return s, finish(s.uncertain(s.cause, "the outcome is unknown"))
}

// Failed is the outcome of a command whose failure was told, and which a read shows not to be done. Of
// two sends it tells of one only, and the other may be done yet; and so may be this command where it
// may be another's.
func (s settling) failed() error {
	switch {
	case s.sends > 1:
		return s.uncertain(s.judged, "the provider reported a failure of one of two tries")
	case s.doubtful:
		return s.uncertain(s.judged, "the provider reported a failure of this command or of the one before it")
	}
	return s.judged
}

// ToldApart is the outcome of a command that the vendor answered with a bare "not found".
func (s settling) toldApart(r reading) error {
	e := *asError(s.cause)
	switch {
	case r.err != nil:
		e.Kind, e.Err = cc.ErrNotFound, r.err
	case r.gone(s.evidence):
		e.Kind = cc.ErrNotFound
	case r.live && !r.present:
		e.Kind = cc.ErrNotParticipant
	case r.live:
		e.Kind, e.Err = cc.ErrConflict, cc.Detail("the provider lists the participant, and answers that there is none")
	default:
		e.Kind = cc.ErrNotFound
	}
	return &e
}

// Wait asks for a wait: 50, 100, 200, 400, 800, 800 ... milliseconds, each a quarter more or less,
// and never beyond the moment at which a read must decide.
func (s settling) wait(in input) (settling, output) {
	d := 50 * time.Millisecond << min(s.waits, 4)
	s.waits++
	until := in.now.Add(time.Duration((0.75 + in.jitter/2) * float64(d)))
	if until.After(s.decideAt) {
		until = s.decideAt
	}
	return s, output{action: actWait, until: until}
}

// Uncertain is the error of a command that may have been done. It keeps what the vendor said last.
func (s settling) uncertain(err error, why cc.Detail) error {
	if err == nil {
		err = s.cause
	}
	return keeping(keeping(&cc.Error{Kind: cc.ErrUncertain, Err: because{why, err}}, err), s.cause)
}
