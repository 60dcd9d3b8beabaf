package fake

import (
	"slices"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	instancePrefix  = "uuid:"
	defaultHistory  = 100
	defaultFirst    = 101
	maxDeparted     = 1000
	defaultFeedSize = 1024
)

// Options configure a Switch. The zero Options do everything at once. A negative value counts as
// zero.
type Options struct {
	Lag         time.Duration // between accepting a command and doing it
	ReadLag     time.Duration // between the truth and what reads show and subscribers are told
	Rules       Rules         // of conferences whose first leg brings none of its own
	History     int           // ended runs that are remembered; 0: 100
	FirstMember int           // number of the first member of all; 0: 101
}

// A Switch is a conference bridge in memory. NewSwitch makes one. It is safe for concurrent use.
type Switch struct {
	mu     sync.Mutex // never held across a wait
	closed bool
	sched  scheduler

	lag, readLag time.Duration
	rules        Rules
	history      int
	nextMember   int
	nextNumber   int
	shownUntil   time.Time // what was changed last is shown at this instant

	live  map[string]*run          // by name
	runs  map[cc.ConferenceID]*run // by Instance, live and remembered
	past  []*run                   // ended, oldest first
	order []*run                   // live, oldest first
	calls map[string]*call         // up, by id
	feeds map[*Feed]struct{}

	faults   []*injected
	requests map[Op]int
}

// NewSwitch returns an empty bridge. Close releases it.
func NewSwitch(o Options) *Switch {
	s := &Switch{
		lag:        max(o.Lag, 0),
		readLag:    max(o.ReadLag, 0),
		rules:      o.Rules,
		history:    o.History,
		nextMember: o.FirstMember,
		nextNumber: 1,
		live:       make(map[string]*run),
		runs:       make(map[cc.ConferenceID]*run),
		calls:      make(map[string]*call),
		feeds:      make(map[*Feed]struct{}),
		requests:   make(map[Op]int),
	}
	if s.history <= 0 {
		s.history = defaultHistory
	}
	if s.nextMember <= 0 {
		s.nextMember = defaultFirst
	}
	return s
}

// SetLag changes how long commands that are accepted from now on take to be done, and how long
// reads and news lag behind what happens from now on. News are never told out of order by it.
func (s *Switch) SetLag(lag, readLag time.Duration) {
	s.lock()
	defer s.unlock()
	s.lag, s.readLag = max(lag, 0), max(readLag, 0)
}

// Close ends every subscription and forgets what has been accepted and not done. Later commands
// fail with ErrClosed; reads go on showing what they showed. It is idempotent and always returns nil.
func (s *Switch) Close() error {
	s.lock()
	s.closed = true
	s.sched.clear()
	for f := range s.feeds {
		f.end(closedError())
	}
	clear(s.feeds)
	s.faults = nil
	s.unlock()
	s.sched.wait()
	return nil
}

// lock takes the mutex and does everything that has become due, in order, so that whoever holds it
// sees the truth of this instant.
func (s *Switch) lock() {
	s.mu.Lock()
	s.sched.run(time.Now())
}

// unlock arms the timer for what is due next and gives up the mutex.
func (s *Switch) unlock() {
	s.sched.arm(time.Now(), s.tick)
	s.mu.Unlock()
}

// tick is called by the timer.
func (s *Switch) tick() {
	defer s.sched.done()
	s.lock()
	s.unlock()
}

// now is the instant of what is being done: that of the action that was due, else the clock's. The
// caller holds mu.
func (s *Switch) now() time.Time {
	if t, ok := s.sched.current(); ok {
		return t
	}
	return time.Now().UTC()
}

// after has f called with the mutex held once d has passed; at once if that is not positive. The
// caller holds mu.
func (s *Switch) after(d time.Duration, f func()) {
	if d <= 0 {
		f()
		return
	}
	if s.closed {
		return
	}
	s.sched.add(s.now().Add(d), f)
}

// later has f called once d has passed, without the mutex being needed for it.
func (s *Switch) later(d time.Duration, f func()) {
	s.lock()
	defer s.unlock()
	if !s.closed {
		s.after(d, f)
	}
}

// find resolves a name or an Instance to a run that is live in truth. The caller holds mu.
func (s *Switch) find(c cc.ConferenceID) (*run, error) {
	if s.closed {
		return nil, closedError()
	}
	r := s.live[string(c)]
	if r == nil {
		r = s.runs[c]
	}
	if r == nil || r.status == Ended {
		return nil, fail(cc.ErrNotFound, "no such conference, or it is over")
	}
	return r, nil
}

// remember moves a run that has ended to the history. The caller holds mu.
func (s *Switch) remember(r *run) {
	delete(s.live, r.name)
	s.order = slices.DeleteFunc(s.order, func(o *run) bool { return o == r })
	s.past = append(s.past, r)
	for len(s.past) > s.history {
		delete(s.runs, s.past[0].instance)
		s.past[0] = nil
		s.past = s.past[1:]
	}
}

// fail makes an error of the contract. The text is ours and names nobody.
func fail(kind cc.Kind, text cc.Detail) *cc.Error { return &cc.Error{Kind: kind, Err: text} }

func closedError() *cc.Error { return fail(cc.ErrClosed, "the switch is closed") }
