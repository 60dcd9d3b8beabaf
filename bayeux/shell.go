package bayeux

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// This file carries out what the machine in machine.go decides. All of it happens under Session.mu
// and nothing of it waits: what waits has a goroutine, and what the application may call back from,
// such as its logger, is left until mu is given up.

// A logged is a line for the log.
type logged struct {
	level slog.Level
	text  string
	err   error
}

// An aside is what a session has only for moments.
type aside struct {
	inputs []input // that came while the machine was at work
	logs   []logged
}

func (s *Session) aside() *aside {
	if s.side == nil {
		s.side = new(aside)
	}
	return s.side
}

// An ending is the end of subscriptions, after what was released before has been handed over.
type ending struct {
	subs []*Subscription
	why  *Error
}

// input feeds the machine, and hands over what comes of it.
func (s *Session) input(in input) {
	s.mu.Lock()
	s.run(in)
	s.unlock(false)
}

// outputs are lists for the machine, used again.
var outputs = sync.Pool{New: func() any { return new([]output) }}

// run steps the machine with in and what follows from it. The caller holds mu.
func (s *Session) run(in input) {
	if s.stepping {
		s.aside().inputs = append(s.aside().inputs, in)
		return
	}
	s.stepping = true
	list := outputs.Get().(*[]output)
	for i := -1; i < 0 || s.side != nil && i < len(s.side.inputs); i++ {
		if i >= 0 {
			in = s.side.inputs[i]
		}
		in.now = time.Now()
		was := s.st.phase
		s.st, *list = step(s.st, in, (*list)[:0])
		if s.st.phase != was && s.opts.Metrics != nil {
			s.opts.Metrics.Observe(StateValue, float64(s.st.phase))
		}
		for _, o := range *list {
			s.perform(o)
		}
		clear(*list)
	}
	if s.side != nil && s.side.logs == nil {
		s.side = nil
	} else if s.side != nil {
		s.side.inputs = nil
	}
	outputs.Put(list)
	s.stepping = false
}

// unlock gives mu up and does what had to wait for that. inline says that the caller is a goroutine
// that may wait until events are taken.
func (s *Session) unlock(inline bool) {
	list, seq, over := s.release, s.releasing, s.ending
	s.release, s.releasing, s.ending = nil, 0, nil
	var logs []logged
	if s.side != nil {
		logs = s.side.logs
		s.side = nil
	}
	var ticket uint32
	if len(list) > 0 || over != nil {
		ticket = s.ticket()
	}
	s.mu.Unlock()
	for _, l := range logs {
		if l.err != nil {
			s.opts.Logger.Log(s.base, l.level, l.text, "error", l.err)
		} else {
			s.opts.Logger.Log(s.base, l.level, l.text)
		}
	}
	switch {
	case over != nil:
		s.spawn(func() { s.hand(ticket, list, over.subs, over.why) })
	case len(list) == 0 && seq == 0:
	case inline || len(list) == 0:
		s.deliver(ticket, list, seq)
	default:
		s.spawn(func() { s.deliver(ticket, list, seq) })
	}
}

// deliver hands events over, waits where that takes waiting, and tells the machine.
func (s *Session) deliver(ticket uint32, list []delivery, seq uint64) {
	if len(list) > 0 {
		s.hand(ticket, list, nil, nil)
	}
	if seq != 0 {
		s.mu.Lock()
		s.run(input{kind: inDelivered, seq: seq})
		s.unlock(true)
	}
}

func (s *Session) log(level slog.Level, text string, err error) {
	if s.opts.Logger != nil && s.opts.Logger.Enabled(context.Background(), level) {
		s.aside().logs = append(s.aside().logs, logged{level, text, err})
	}
}

// perform carries out one output.
func (s *Session) perform(o output) {
	switch o.kind {
	case outHandshake:
		s.open(o.seq, o.err, true)
	case outSubscribe:
		s.beatLimit = o.limit
		s.renew(o.seq)
	case outConnect:
		if o.now { // what is unfinished begins anew
			s.stale = s.unfinished()
			s.held, s.heldBytes = nil, 0
		}
		r := request{op: opConnect, ack: -1, now: o.now}
		if s.st.ackOn {
			r.ack = s.st.ack
		}
		s.sendBeat(o.seq, s.single(ConnectBatch, r), o.limit)
	case outDeliver:
		if !o.drop {
			s.release = append(s.release, s.held...)
		}
		s.held, s.heldBytes, s.stale = nil, 0, nil
		s.releasing = o.seq
	case outTimer:
		d := o.delay
		if o.extra > 0 {
			d += rand.N(o.extra + 1)
		}
		s.pause(o.seq, d)
	case outAbort:
		s.abort(o)
	case outForget:
		s.release = append(s.release, s.unfinished()...)
		s.stale, s.held, s.heldBytes, s.skip = nil, nil, 0, 0
		s.count(&s.stats.losses, Losses, 1)
		s.epoch++
		s.entries.each(func(e *entry) {
			if e.state != entryLocal {
				e.state = entryWanted
			}
		})
	case outGap:
		s.epoch++
	case outReady:
		s.ready = true
		s.pump()
	case outNotReady:
		s.ready = false
	case outEvent:
		s.happen(o)
	case outDisconnect:
		s.sendDisconnect(o.seq)
	case outEnd:
		s.finish(o.err)
	}
}

// A pause is a timer of the machine.
type pause struct {
	timer *time.Timer
	seq   uint64
	end   time.Time
}

// pause sets the timer of the machine.
func (s *Session) pause(seq uint64, d time.Duration) {
	if s.pausing == nil {
		s.pausing = new(pause)
	}
	p := s.pausing
	p.seq, p.end = seq, time.Now().Add(d)
	if p.timer == nil {
		p.timer = time.AfterFunc(d, s.pauseOver)
	} else {
		p.timer.Reset(d)
	}
}

func (s *Session) pauseOver() {
	s.mu.Lock()
	if p := s.pausing; p != nil && !time.Now().Before(p.end) { // or else the timer has been set anew meanwhile
		s.run(input{kind: inTimer, seq: p.seq})
	}
	s.unlock(false)
}

// endPause stops the timer of the machine.
func (s *Session) endPause() {
	if s.pausing != nil {
		s.pausing.timer.Stop()
		s.pausing = nil
	}
}

// happen tells the application about an event of the machine.
func (s *Session) happen(o output) {
	e := Event{Kind: o.event, PossibleGap: o.gap}
	if o.err != nil {
		e.Err = o.err
	}
	level := slog.LevelInfo
	switch o.event {
	case EventConnected:
		close(s.met)
		s.met = nil
	case EventBroken:
		level = slog.LevelWarn
		s.count(&s.stats.breaks, Breaks, 1)
	case EventResumed:
		s.count(&s.stats.resumes, Resumes, 1)
	case EventMultipleClients:
		level = slog.LevelWarn
	case EventClosed:
		if !errors.Is(e.Err, ErrClosed) {
			level = slog.LevelError
		}
	}
	s.log(level, "bayeux: session "+o.event.String(), e.Err)
	s.tell(e)
}

// abort gives up the beat, and everything else too if all of it is to go or the link does not
// outlive it.
func (s *Session) abort(o output) {
	if s.stopOpen != nil {
		s.stopOpen()
		s.stopOpen = nil
	}
	if s.beatTimer != nil {
		s.beatTimer.Stop()
	}
	beat := s.beat
	s.beat = nil
	if s.port == nil {
		return
	}
	if o.all || s.port.link.Duplex() {
		s.drop(o.err != nil && o.err.Kind == ErrClosed)
		return
	}
	if beat != nil {
		s.port.link.Abort(beat)
	}
}

// unfinished is what has come of a batch that nothing has finished. What came before the connection
// broke came again after that, from the first event on, so the longer list has all of it.
func (s *Session) unfinished() []delivery {
	if len(s.stale) > len(s.held) {
		return s.stale
	}
	return s.held
}

// drop closes the link. What was sent over it and not answered has failed.
func (s *Session) drop(clean bool) {
	s.port.link.Close(clean)
	s.port, s.command, s.renewing, s.skip = nil, nil, 0, 0
	s.failSent(&Error{Kind: ErrTransport, Sent: true, Detail: "the connection was given up"})
}

// finish ends everything.
func (s *Session) finish(err *Error) {
	s.err = err
	for _, t := range []*time.Timer{s.beatTimer, s.slow, s.goodbye} {
		if t != nil {
			t.Stop()
		}
	}
	s.endPause()
	s.endLater()
	for _, r := range s.queue {
		s.answer(r, result{err: err.of(r)})
	}
	s.queue = nil
	for _, r := range s.sent {
		s.answer(r, result{err: err.of(r)})
	}
	s.sent = nil
	s.release = append(s.release, s.unfinished()...)
	s.held, s.stale = nil, nil
	var subs []*Subscription
	s.entries.each(func(e *entry) { subs = append(subs, e.subs...) })
	for _, sub := range subs {
		sub.agreed(err.in("subscribe"))
	}
	switch {
	case err.Kind == ErrClosed:
		for _, sub := range subs {
			sub.end(err, true)
		}
		s.release = nil
	case len(subs) > 0:
		s.ending = &ending{subs, asError("session", err)}
		s.lingering = s.ending
	}
	s.entries = entries{}
	if s.done != nil {
		close(s.done)
	}
}
