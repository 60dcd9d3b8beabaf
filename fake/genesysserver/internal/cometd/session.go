package cometd

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const maxSubscriptions = 1024 // of one session

// A browser is what shares one cookie.
type browser struct {
	cookie   string
	sessions int         // under the server's mutex
	holding  atomic.Bool // one of its sessions has a connect held
}

// A session is what the server knows of one client.
type session struct {
	server  *Server
	id      string
	user    string
	browser *browser // nil: made over a socket
	acks    bool

	mu        sync.Mutex
	gone      ending
	subs      map[string]struct{}
	queue     []queued
	connected bool  // a connect was answered
	advise    bool  // the next reply to a connect says how to go on
	batch     int64 // number of the latest batch that was sent
	held      *held
	sock      *socket
	timer     *time.Timer // what it is for happens at due, not before
	due       time.Time
}

// queued is an event that waits, or that was sent and is not acknowledged.
type queued struct {
	frame []byte
	batch int64 // that it is first sent with
}

// A held is a connect that is held.
type held struct {
	id   json.RawMessage
	sock *socket
	wake chan struct{} // without a socket; has room for one

	// Under the session's mutex.
	over       bool   // held for long enough
	superseded bool   // by another connect
	end        ending // of the session
}

// An ending is how a session ended.
type ending uint8

const (
	alive           ending = iota
	endDropped             // forgotten
	endSilent              // forgotten, and not advised to come back
	endDisconnected        // by the client, or by the server
	endExpired
	endClosed // with the server
)

// A sink takes the events that leave: the frame of one event at a time, an array with one message. It
// reports false when it has no room left.
type sink interface{ event(frame []byte) bool }

// newSession makes a session, whose time begins to run.
func newSession(e *exchange, b *browser, acks bool) *session {
	s := e.server
	x := &session{
		server: s, id: token(), user: e.user, browser: b, acks: acks,
		advise: true, subs: make(map[string]struct{}), sock: e.sock,
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	d := s.options.Interval + s.options.MaxInterval
	x.due = time.Now().Add(d)
	x.timer = time.AfterFunc(d, x.tick)
	return x
}

// arm has tick happen after d and not before.
func (x *session) arm(d time.Duration) {
	x.due = time.Now().Add(d)
	x.timer.Reset(d)
}

// keep has the session live on for as long as its client may take to connect again.
func (x *session) keep(interval time.Duration) { x.arm(interval + x.server.options.MaxInterval) }

// tick ends what lasts until due: the time of a held connect, or the session.
func (x *session) tick() {
	x.mu.Lock()
	expired := false
	switch {
	case x.gone != alive || time.Now().Before(x.due):
	case x.held != nil:
		x.held.over = true
		x.news()
	default:
		expired = x.finish(endExpired)
	}
	x.mu.Unlock()
	if expired {
		x.server.tallies.expired.Add(1)
		x.server.remove(x, endExpired)
	}
}

// news answers the held connect, if there is one, or has it answered.
func (x *session) news() {
	switch h := x.held; {
	case h == nil:
	case h.sock == nil:
		h.ring()
	default:
		x.release()
		x.keep(x.server.options.Interval)
		r := x.connectReply(h.id)
		if x.flush(h.sock, true) {
			h.sock.send(r)
		}
	}
}

func (h *held) ring() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// release takes the held connect off.
func (x *session) release() {
	if x.held.sock == nil {
		x.browser.holding.Store(false)
	}
	x.held = nil
	x.server.tallies.held.Add(-1)
}

// finish ends the session and reports whether it was alive. A held connect is answered accordingly.
func (x *session) finish(why ending) bool {
	if x.gone != alive {
		return false
	}
	x.gone = why
	x.timer.Stop()
	x.queue, x.subs = nil, nil
	h := x.held
	if h == nil {
		return true
	}
	x.release()
	h.end = why
	if h.sock == nil {
		h.ring()
	} else if why != endClosed {
		h.sock.send(h.lost())
	}
	return true
}

// lost is the reply to a held connect of a session that has ended.
func (h *held) lost() reply {
	m := &message{ID: h.id, Channel: metaConnect}
	if h.end == endDisconnected {
		return to(m).ok().advised("none")
	}
	return unknown(m, h.end == endSilent)
}

// connectReply is the successful reply to a connect. The events in the queue go with it.
func (x *session) connectReply(id json.RawMessage) reply {
	r := to(&message{ID: id, Channel: metaConnect}).ok()
	x.connected = true
	if x.acks {
		x.batch++
		r.Ext = &extension{Ack: x.batch}
	}
	if x.advise {
		x.advise = false
		r.Advice = retry(x.server.options.Interval, x.server.options.Hold)
	}
	return r
}

// flush moves the queue into a sink, for the reply to a connect or another one, and reports false when
// the sink is full.
func (x *session) flush(to sink, connect bool) bool {
	if !connect && x.connectOnly() {
		return true
	}
	for _, q := range x.queue {
		if !to.event(q.frame) {
			return false
		}
	}
	if !x.acks {
		x.shift(len(x.queue))
	}
	return true
}

// connectOnly reports whether events leave with replies to connects alone.
func (x *session) connectOnly() bool { return x.acks || x.server.options.ConnectOnly }

// shift takes the first n events off the queue.
func (x *session) shift(n int) {
	rest := copy(x.queue, x.queue[n:])
	clear(x.queue[rest:])
	x.queue = x.queue[:rest]
	if rest == 0 && cap(x.queue) > 64 {
		x.queue = nil // after a burst
	}
}

// acknowledge takes off what the client says it has.
func (x *session) acknowledge(batch int64) {
	n := 0
	for n < len(x.queue) && x.queue[n].batch <= batch {
		n++
	}
	x.shift(n)
}

// deliver gives the session those events that it subscribed to. It reports false if they are too many,
// whereupon the session has ended.
func (x *session) deliver(events []encoded) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	some := false
	for i := range events {
		e := &events[i]
		if x.gone != alive || !x.wants(e) {
			continue
		}
		some = true
		x.server.tallies.events.Add(1)
		fits := true
		if x.sock != nil && !x.connectOnly() {
			fits = x.sock.event(e.frame)
		} else if fits = len(x.queue) < x.server.options.MaxQueue; fits {
			x.queue = append(x.queue, queued{e.frame, x.batch + 1})
		}
		if !fits {
			return !x.finish(endDropped)
		}
	}
	if some && len(x.queue) > 0 {
		x.news()
	}
	return true
}

// wants reports whether the session is to be told: it subscribed, or needs not to for a service channel.
func (x *session) wants(e *encoded) bool {
	for _, p := range e.patterns {
		if _, ok := x.subs[p]; ok {
			return true
		}
	}
	return strings.HasPrefix(e.channel, "/service/")
}
