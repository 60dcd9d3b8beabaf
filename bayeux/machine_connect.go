package bayeux

import "time"

// A reply to a held connect that is empty and comes sooner than instant counts as one of a flurry.
// From the third on the next connect is held back, longer each time, so that a server that does not
// hold connects, and says no interval either, is polled at most once a second.
const (
	instant     = 100 * time.Millisecond
	flurryFree  = 3
	flurryPause = 50 * time.Millisecond
	flurryMost  = time.Second
)

// subscribe renews the subscriptions on a new session.
func (m *machine) subscribe() {
	m.begin(doSubscribe)
	m.emit(output{kind: outSubscribe, seq: m.seq, limit: m.patience()})
}

func (m *machine) subscribed(in input) {
	if in.ok {
		m.connect()
		return
	}
	m.failedConnect(in)
}

// connect sends the heartbeat. While not connected it asks for an answer at once.
func (m *machine) connect() {
	m.begin(doConnect)
	m.polling = m.phase == Connected
	m.asked = m.now
	limit := m.patience()
	if m.polling {
		limit += m.holding()
	}
	m.emit(output{kind: outConnect, seq: m.seq, now: !m.polling, limit: limit})
}

// connected judges the reply to a connect.
func (m *machine) connected(in input) {
	if in.ok && m.crowded && in.advice.multiple != yes {
		// Servers say so with every reply as long as it is so, and most do not say that it is over.
		m.crowded, m.untold, m.interval = false, false, m.calm
	}
	m.merge(in.advice, false)
	if !in.ok {
		m.refused(in)
		return
	}
	m.heard = m.now
	m.failed = 0
	m.end = nil
	if m.polling { // an answer at once proves little
		m.retries, m.reauthed = 0, false
	}
	was := m.phase
	m.phase = Connected
	switch {
	case was == Broken:
		m.emit(output{kind: outEvent, event: EventResumed, gap: !m.ackOn})
	case was == Connecting && m.met:
		m.emit(output{kind: outEvent, event: EventReestablished, gap: true})
	case was == Connecting:
		m.emit(output{kind: outEvent, event: EventConnected})
	}
	m.met, m.lastCause = true, nil
	if was != Connected {
		m.emit(output{kind: outReady})
	}
	if m.ackOn && in.ack.batch >= 0 {
		m.ack = in.ack.batch
	}
	if m.polling && in.events == 0 && m.now.Sub(m.asked) < instant {
		m.flurry = min(m.flurry+1, 1000)
	} else if m.polling {
		m.flurry = 0
	}
	switch m.reconnect {
	case reconnectNone, reconnectUnknown:
		m.end = &Error{Kind: ErrDisconnected, Op: "connect", Detail: "the server advised not to reconnect"}
	}
	m.begin(doDeliver)
	m.emit(output{kind: outDeliver, seq: m.seq})
}

// delivered goes on when the events of a reply have been taken.
func (m *machine) delivered() {
	late := m.late
	m.late = nil
	switch {
	case m.end != nil:
		m.finish(m.end)
	case m.reconnect == reconnectHandshake:
		m.lost(&Error{Kind: ErrSessionLost, Op: "connect", Detail: "the server advised a handshake"}, false)
	case late != nil:
		m.failedConnect(*late)
	default:
		pause := m.interval
		if m.flurry >= flurryFree {
			pause = max(pause, double(flurryPause, m.flurry-flurryFree, flurryMost))
		}
		m.wait(doConnect, pause, 0)
	}
}

// refused goes on after a connect that the server refused.
func (m *machine) refused(in input) {
	switch {
	case m.reconnect == reconnectNone, m.reconnect == reconnectUnknown:
		m.finish(in.err)
	case in.err.Kind == ErrSessionLost, m.reconnect == reconnectHandshake:
		in.err.Kind = ErrSessionLost
		m.lost(in.err, false)
	default:
		m.retries = max(m.retries, 1) // the server is there, so there is nothing to be had at once
		m.retry(in.err, doConnect)
	}
}

// fail goes on after something without a reply.
func (m *machine) fail(in input) {
	switch m.doing {
	case doHandshake:
		m.failedHandshake(in)
	case doDeliver: // the next connect would acknowledge what is still being delivered
		m.late = &in
	case doSubscribe, doConnect, doWait:
		if m.clientID != "" {
			m.failedConnect(in)
		}
	}
}

func (m *machine) failedConnect(in input) {
	next := doConnect
	if m.doing == doSubscribe || m.doing == doWait && m.next == doSubscribe {
		next = doSubscribe
	}
	switch {
	case in.fault == faultFatal:
		m.finish(in.err)
	case in.err.Kind == ErrSessionLost:
		m.lost(in.err, false)
	case in.fault == faultAuth:
		if m.now.Sub(m.since) >= lastingSession {
			m.reauthed = false
		}
		if !m.rules.reauth || m.reauthed {
			m.finish(in.err)
			return
		}
		m.reauthed = true
		m.lost(in.err, false)
	case in.fault == faultSetup && !m.met:
		m.finish(in.err)
	default:
		m.retry(in.err, next)
	}
}

// retry tries the connection again with the same session: at once the first time, then after random
// pauses that stay short while the server may still hold the session. When it cannot any more, the
// session is given up.
func (m *machine) retry(cause *Error, next activity) {
	switch m.reconnect { // as advised before, on whatever message
	case reconnectNone, reconnectUnknown:
		m.finish(&Error{Kind: ErrDisconnected, Op: cause.Op, Detail: "the server advised not to reconnect", Err: cause})
		return
	case reconnectHandshake:
		m.lost(cause, false)
		return
	}
	m.breakOff(cause)
	if !m.ackOn {
		m.emit(output{kind: outGap})
	}
	m.lastCause = cause
	m.emit(output{kind: outNotReady})
	m.emit(output{kind: outAbort})
	if m.expired() {
		m.lost(cause, true)
		return
	}
	if m.polling && m.now.Sub(m.asked) >= lastingSession {
		m.retries = 0
	}
	delay, extra := cause.RetryAfter, time.Duration(0)
	if m.retries > 0 {
		extra = double(m.rules.shortRetry, m.retries-1, m.rules.maxShort())
	}
	m.retries++
	m.wait(next, delay+m.pauseIn(next), extra)
}

// pauseIn is the advised pause if next is what it is for.
func (m *machine) pauseIn(next activity) time.Duration {
	if next == doConnect {
		return m.interval
	}
	return 0
}

// maxShort is the longest pause while a session may still be alive.
func (r *rules) maxShort() time.Duration { return min(r.maxRetry, 4*r.shortRetry) }
