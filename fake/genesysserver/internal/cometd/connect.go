package cometd

import "time"

const maxHold = 24 * time.Hour // that a client can ask for

// connect handles a connect from x. Either it answers at once, the events going to e, or the connect
// is held.
func (x *session) connect(e *exchange, m *message) (r reply, h *held) {
	s := x.server
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.gone != alive {
		return x.stranger(m), nil
	}
	s.tallies.connects.Add(1)
	if h := x.held; h != nil {
		s.tallies.superseded.Add(1)
		x.release()
		h.superseded = true
		if h.sock == nil {
			h.ring()
		}
	}
	x.sock = e.sock
	hold := s.options.Hold
	if t := m.Advice.Timeout; t != nil {
		hold = time.Duration(min(max(*t, 0), int64(maxHold/time.Millisecond))) * time.Millisecond
		x.advise = true // the client may have forgotten
	}
	if batch, ok := m.acked(); ok && x.acks {
		x.acknowledge(batch)
	}
	waiting := len(x.queue) > 0
	if e.sock != nil && waiting && !x.connectOnly() {
		x.flush(e.events, true)
		waiting = false
	}
	if e.alone && !waiting {
		if e.sock == nil && x.browser.holding.Load() {
			return x.oneOfMany(m), nil
		}
		if x.connected && hold > 0 && (e.sock != nil || x.browser.holding.CompareAndSwap(false, true)) {
			return reply{}, x.hold(e, m, hold)
		}
	}
	x.keep(s.options.Interval)
	r = x.connectReply(m.ID)
	x.flush(e.events, true)
	return r, nil
}

// hold holds a connect.
func (x *session) hold(e *exchange, m *message, d time.Duration) *held {
	h := &held{id: m.ID, sock: e.sock}
	if e.sock == nil {
		h.wake = make(chan struct{}, 1)
	}
	x.held = h
	x.server.tallies.held.Add(1)
	x.arm(d)
	return h
}

// oneOfMany is the reply to a connect that is not held because one of the same browser is.
func (x *session) oneOfMany(m *message) reply {
	x.server.tallies.multiple.Add(1)
	d := x.server.options.MultiSession
	x.keep(d)
	r := x.connectReply(m.ID)
	r.Advice = &advice{Interval: d.Milliseconds(), Reconnect: "retry", Multiple: true}
	x.advise = true // once it is alone
	return r
}

// outcome is what a held connect over long polling is answered with.
type outcome struct {
	status int // of HTTP; 0: 200 with a reply
	reply  reply
}

// await waits until a held connect is to be answered, with the events that went to e. It reports false
// if the client has gone away.
func (x *session) await(e *exchange, h *held, gone <-chan struct{}) (o outcome, ok bool) {
	for {
		select {
		case <-h.wake:
			if o, ok = x.outcome(e, h); ok {
				return o, true
			}
		case <-gone:
			x.mu.Lock()
			defer x.mu.Unlock()
			if x.held == h {
				x.release()
				x.keep(x.server.options.Interval)
			}
			return outcome{}, false
		}
	}
}

// outcome reports false while the connect stays held.
func (x *session) outcome(e *exchange, h *held) (o outcome, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case h.superseded:
		return outcome{status: x.server.options.Superseded}, true
	case h.end == endClosed:
		return outcome{status: 503}, true
	case h.end != alive:
		return outcome{reply: h.lost()}, true
	case !h.over && len(x.queue) == 0:
		return outcome{}, false // another reply has taken them
	}
	x.release()
	x.keep(x.server.options.Interval)
	o.reply = x.connectReply(h.id)
	x.flush(e.events, true)
	return o, true
}
