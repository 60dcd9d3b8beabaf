package plivoserver

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// A job is one request to be sent.
type job struct {
	Callback
	copy     int
	nonce    string // empty: a new one
	forged   Forgery
	signedAs url.Values // what the signature of Altered is of
	header   http.Header
}

// A holding is a job that waits for later ones.
type holding struct {
	job   *job
	left  int
	delay time.Duration
	timer *time.Timer
}

// post takes a callback on its way, as planned.
func (s *Sender) post(c Callback) {
	var p Plan
	if s.o.Decide != nil {
		if p = s.o.Decide(c.clone()); p.check() != nil {
			p = Plan{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.o.Decide == nil {
		p = s.o.Trouble.plan(s.random, c)
	}
	s.counts.Made++
	before := slices.Clone(s.held)
	if p.Drop {
		s.counts.Dropped++
		s.log.add(&Delivery{Callback: c, SentAt: time.Now(), Dropped: true})
	} else {
		s.launch(c, p)
	}
	if p.Forge != Genuine {
		s.forge(c.Contrary(), c.Fields, p.Forge)
	}
	if !p.Drop && p.After == 0 {
		s.pass(before)
	}
}

// launch sends a callback and its copies on their way. The caller holds mu.
func (s *Sender) launch(c Callback, p Plan) {
	if p.Delay > 0 {
		s.counts.Delayed++
	}
	if p.After > 0 {
		s.counts.Reordered++
	}
	j := job{Callback: c, header: p.Header.Clone()}
	if p.SameNonce {
		j.nonce = newNonce()
	}
	for i := range p.Copies + 1 {
		one := j
		one.copy = i
		if i > 0 {
			s.counts.Doubled++
		}
		s.accept(&one, p.After, p.Hold, p.Delay+time.Duration(i)*p.Apart)
	}
}

// forge sends what is false on its way. original is what its signature is of, where that is of
// something else. The caller holds mu.
func (s *Sender) forge(c Callback, original url.Values, how Forgery) {
	j := &job{Callback: c, forged: how}
	if how == Altered {
		j.signedAs = original
		if same(original, c.Fields) {
			j.signedAs = url.Values{"Altered": {"1"}}
		}
	}
	s.counts.Forged++
	s.accept(j, 0, 0, 0)
}

func same(a, b url.Values) bool { return a.Encode() == b.Encode() }

// accept lets a job in, if there is room. The caller holds mu.
func (s *Sender) accept(j *job, after int, hold, delay time.Duration) {
	if s.pending >= s.o.QueueSize {
		s.counts.Overflowed++
		return
	}
	s.pending++
	if after == 0 {
		s.later(j, delay)
		return
	}
	if hold == 0 {
		hold = defaultHold
	}
	h := &holding{job: j, left: after, delay: delay}
	h.timer = s.arm(hold, func() {
		if i := slices.Index(s.held, h); i >= 0 {
			s.held = slices.Delete(s.held, i, i+1)
			s.later(j, delay)
		}
	})
	s.held = append(s.held, h)
}

// pass counts one later callback for those that wait for it. The caller holds mu.
func (s *Sender) pass(waiting []*holding) {
	var free []*holding
	for _, h := range waiting {
		if h.left--; h.left == 0 {
			free = append(free, h)
		}
	}
	s.held = slices.DeleteFunc(s.held, func(h *holding) bool { return slices.Contains(free, h) })
	s.letGo(free)
}

// letGo sends what was held on its way. The caller holds mu.
func (s *Sender) letGo(all []*holding) {
	for _, h := range all {
		s.disarm(h.timer)
		s.later(h.job, h.delay)
	}
}

// later has a job ready after a time. The caller holds mu.
func (s *Sender) later(j *job, delay time.Duration) {
	ready := func() {
		s.ready = append(s.ready, j)
		s.work.Signal()
	}
	if delay <= 0 {
		ready()
		return
	}
	s.arm(delay, ready)
}

// arm has f called with mu held after a time, unless the Sender is closed by then. The caller holds
// mu, and the Sender is not closed.
func (s *Sender) arm(d time.Duration, f func()) *time.Timer {
	s.busy.Add(1)
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		defer s.busy.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.timers, t)
		if !s.closed {
			f()
		}
	})
	s.timers[t] = struct{}{}
	return t
}

// disarm stops a timer. The caller holds mu.
func (s *Sender) disarm(t *time.Timer) {
	if t.Stop() {
		s.busy.Done()
	}
	delete(s.timers, t)
}
