package fake

import (
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// An Op is a kind of request to the bridge, for faults and for counting.
type Op string

const (
	OpRemove      Op = "remove"
	OpSet         Op = "set"
	OpEnd         Op = "end"
	OpSnapshot    Op = "snapshot"    // reading one conference
	OpParticipant Op = "participant" // reading one participant
	OpList        Op = "list"
	OpCheck       Op = "check"
	OpListen      Op = "listen" // subscribing, in process
	OpNews        Op = "news"   // not a request: one piece of news on its way to the subscribers

	OpCommand Op = "command" // in a Fault: remove, set and end
	OpRead    Op = "read"    // in a Fault: snapshot, participant, list and check
	OpAny     Op = "any"     // in a Fault: every command and every read
)

// IsCommand tells whether the request would change something.
func (o Op) IsCommand() bool { return o == OpRemove || o == OpSet || o == OpEnd }

// IsRead tells whether the request only reads.
func (o Op) IsRead() bool {
	return o == OpSnapshot || o == OpParticipant || o == OpList || o == OpCheck
}

// covers tells whether a fault on o is one on the request r.
func (o Op) covers(r Op) bool {
	switch o {
	case OpAny:
		return r.IsCommand() || r.IsRead()
	case OpCommand:
		return r.IsCommand()
	case OpRead:
		return r.IsRead()
	}
	return o == r
}

// A What is what goes wrong.
type What string

const (
	// Refuse: the request is answered with Fault.Err, and has no effect.
	Refuse What = "refuse"
	// NotSent: the request never reaches the bridge, and certainly has no effect. It is not counted.
	NotSent What = "not-sent"
	// LoseBefore: the connection is lost before the effect; whoever asked cannot know.
	LoseBefore What = "lose-before"
	// LoseAfter: the connection is lost after the effect; whoever asked cannot know.
	LoseAfter What = "lose-after"
	// Ignore: a command is accepted, and never done.
	Ignore What = "ignore"
	// Hang: no answer and no effect, until whoever asked gives up.
	Hang What = "hang"
	// HangAfter: the effect, and no answer until whoever asked gives up.
	HangAfter What = "hang-after"
	// Slow: the effect at once, and the answer after Fault.Delay.
	Slow What = "slow"
	// Contradict: a command is done, and answered with Fault.Err all the same; ErrConflict where
	// that is nil.
	Contradict What = "contradict"
	// Stale: a command is done as ever, and reads and news show it Fault.Delay after that.
	Stale What = "stale"
	// FailLater: a command is accepted, and Fault.Err is told to the subscribers of the same client
	// Fault.Delay after the answer. It is done all the same where Fault.Effect says so.
	FailLater What = "fail-later"
	// FailSooner: as FailLater, but the failure is told Fault.Delay before the answer.
	FailSooner What = "fail-sooner"

	// Late: a command is accepted at once, and done after Fault.Delay. News is told after Fault.Delay,
	// which may be after later news.
	Late What = "late"

	// Drop: the news is lost, and nobody is told that it was.
	Drop What = "drop"
	// Double: the news is told twice.
	Double What = "double"
	// Gap: the news is lost, and NewsGap is told in its place.
	Gap What = "gap"

	// Break: subscriptions that stand are lost when the fault is injected, and new ones fail.
	Break What = "break"
)

// A Request is what a fault is held against: a request to the bridge, or a piece of news.
type Request struct {
	Op          Op
	Conference  cc.ConferenceID  // name or Instance, as asked; empty where it names none
	Participant cc.ParticipantID // as asked; empty where it names none
	Change      cc.Change        // of OpSet
}

// A Fault is something that goes wrong from Inject until it is lifted or used up. Of several that
// fit, the first injected one strikes.
type Fault struct {
	Op    Op                 // which requests; empty: OpAny
	What  What               // what goes wrong
	On    cc.ConferenceID    // only on this conference, by name or Instance; empty: any
	For   cc.ParticipantID   // only for this participant; empty: any
	Match func(Request) bool // only where it says so; it must not call the Switch. nil: any
	Skip  int                // so many requests that fit go through first
	Times int                // strikes so often; 0: until lifted
	Err   *cc.Error          // refuse, contradict, fail-later, fail-sooner, break; nil: ErrUnavailable
	Delay time.Duration      // slow, late, stale, fail-later, fail-sooner

	// Effect says of fail-later and fail-sooner that the command is done all the same.
	Effect bool
	// Meanwhile is called when the fault strikes a request, between its effect, if it has one, and
	// its answer. It may call every method of the Switch.
	Meanwhile func()
}

// Failure returns the error of the fault: a copy of Err, or ErrUnavailable.
func (f Fault) Failure() *cc.Error {
	if f.Err == nil && f.What == Contradict {
		return fail(cc.ErrConflict, "an injected fault")
	}
	if f.Err == nil {
		return fail(cc.ErrUnavailable, "an injected fault")
	}
	e := *f.Err
	return &e
}

// injected is a fault in place, with what is left of it. The Switch's mutex guards it.
type injected struct {
	Fault
	skip, left int
}

// Inject puts a fault in place, and returns a function that takes it away again. That function is
// idempotent.
func (s *Switch) Inject(f Fault) (lift func()) {
	if f.Op == "" {
		f.Op = OpAny
	}
	i := &injected{Fault: f, skip: f.Skip, left: f.Times}
	s.lock()
	defer s.unlock()
	s.faults = append(s.faults, i)
	if f.What == Break {
		for feed := range s.feeds {
			if feed.breakable {
				delete(s.feeds, feed)
				feed.end(f.Failure())
			}
		}
	}
	return func() {
		s.lock()
		defer s.unlock()
		s.lift(i)
	}
}

// lift takes a fault away. The caller holds the mutex.
func (s *Switch) lift(i *injected) {
	s.faults = slices.DeleteFunc(s.faults, func(o *injected) bool { return o == i })
}

// Admit says that a request has reached the bridge: it is counted, and answered with the fault that
// strikes it, if one does. Servers in front of a Switch call it once for every request, and then do
// what the fault says in their own words. A fault with NotSent is not counted: a server that meets
// one drops the connection unread.
func (s *Switch) Admit(r Request) (f Fault, hit bool) {
	s.lock()
	defer s.unlock()
	f, hit = s.strike(r)
	if !hit || f.What != NotSent {
		s.requests[r.Op]++
	}
	return f, hit
}

// same tells whether two ids, each a name or an Instance, mean the same conference. The caller holds
// the mutex.
func (s *Switch) same(a, b cc.ConferenceID) bool {
	if a == b {
		return true
	}
	ra, rb := s.runs[a], s.runs[b]
	return ra != nil && ra.name == string(b) || rb != nil && rb.name == string(a)
}

// strike finds the first fault that fits, and uses it. The caller holds the mutex.
func (s *Switch) strike(r Request) (Fault, bool) {
	for _, i := range s.faults {
		switch {
		case !i.Op.covers(r.Op),
			i.On != "" && !s.same(i.On, r.Conference),
			i.For != "" && i.For != r.Participant,
			i.Match != nil && !i.Match(r):
			continue
		case i.skip > 0:
			i.skip--
			continue
		}
		if i.left > 0 {
			if i.left--; i.left == 0 {
				s.lift(i)
			}
		}
		return i.Fault, true
	}
	return Fault{}, false
}

// Requests returns how many commands and how many reads have reached the bridge so far, those that
// a fault struck included.
func (s *Switch) Requests() (commands, reads int) {
	s.lock()
	defer s.unlock()
	for op, n := range s.requests {
		switch {
		case op.IsCommand():
			commands += n
		case op.IsRead():
			reads += n
		}
	}
	return commands, reads
}

// Count returns how many requests of one kind have reached the bridge so far.
func (s *Switch) Count(op Op) int {
	s.lock()
	defer s.unlock()
	return s.requests[op]
}
