package bayeux

import (
	"slices"
	"strings"
	"time"
)

// maxClientID bounds the length of a session id, which goes with every message.
const maxClientID = 1024

// handshake asks for a new session.
func (m *machine) handshake(cause *Error) {
	m.phase = Handshaking
	m.begin(doHandshake)
	m.ack, m.ackOn = 0, false
	m.emit(output{kind: outHandshake, seq: m.seq, err: cause})
}

// shaken judges the reply to a handshake.
func (m *machine) shaken(in input) {
	here := uint64(1) << m.transport
	m.proven |= here
	m.merge(in.advice, true)
	if !in.ok {
		m.rejected(in)
		return
	}
	switch m.reconnect {
	case reconnectNone, reconnectUnknown:
		m.finish(&Error{Kind: ErrDenied, Op: "handshake", Detail: "the server advised not to reconnect"})
		return
	case reconnectHandshake: // there was one just now
		m.reconnect = reconnectUnset
	}
	at := m.nextTransport(in.types)
	if at < 0 {
		m.finish(&Error{Kind: ErrNoTransport, Op: "handshake", Args: in.types, Detail: "the server lists none of what is enabled here: " + strings.Join(m.rules.transports, ", ")})
		return
	}
	if len(in.types) > 0 && !slices.Contains(in.types, m.rules.transports[m.transport]) {
		// The server does not offer what it was asked over. The session made there is of no use.
		m.failed |= here
		m.move(at)
		return
	}
	if in.clientID == "" {
		m.again(&Error{Kind: ErrProtocol, Op: "handshake", Detail: "the reply has no session id"}, 0)
		return
	}
	if len(in.clientID) > maxClientID {
		m.again(&Error{Kind: ErrProtocol, Op: "handshake", Detail: "the session id is too long"}, 0)
		return
	}
	m.clientID = in.clientID
	m.switches, m.tries, m.retries = 0, 0, 0
	m.phase = Connecting
	m.since, m.heard = m.now, m.now
	m.ackOn = m.rules.ack && in.ack.enabled
	if m.ackOn && in.complete && in.ack.batch > 0 {
		m.ack = in.ack.batch
	}
	m.emit(output{kind: outDeliver, seq: m.seq, drop: m.ackOn && !in.complete})
	m.subscribe()
}

// rejected goes on after a handshake that the server refused.
func (m *machine) rejected(in input) {
	switch m.reconnect {
	case reconnectNone, reconnectUnknown:
		m.finish(in.err)
		return
	}
	if in.err.Code == 301 { // no connection type in common, says Faye
		m.finish(&Error{Kind: ErrNoTransport, Op: "handshake", Code: in.err.Code, Args: in.err.Args, Text: in.err.Text})
		return
	}
	m.again(in.err, 0)
}

// again shakes hands once more after a failure: at once the first time, then later and later.
func (m *machine) again(cause *Error, least time.Duration) {
	m.lastCause = cause
	m.tries++
	delay, extra := m.pauseBefore(max(m.tries, m.rounds))
	m.emit(output{kind: outAbort, all: true})
	m.wait(doHandshake, max(delay, least), extra)
}

// move shakes hands over another transport. It does so at once, but not for ever.
func (m *machine) move(to int) {
	m.transport = to
	m.switches++
	m.emit(output{kind: outAbort, all: true})
	if m.switches > len(m.rules.transports) {
		m.switches = 0
		m.again(&Error{Kind: ErrNoTransport, Op: "handshake", Detail: "the server changes its mind about transports"}, 0)
		return
	}
	m.handshake(m.lastCause)
}

// failedHandshake goes on after a handshake without a reply.
func (m *machine) failedHandshake(in input) {
	here := uint64(1) << m.transport
	switch in.fault {
	case faultFatal:
		m.finish(in.err)
		return
	case faultAuth:
		if !m.rules.reauth || m.reauthed {
			m.finish(in.err)
			return
		}
		m.reauthed = true
		m.lastCause = in.err
		m.emit(output{kind: outAbort, all: true})
		m.handshake(in.err)
		return
	}
	if in.err.Kind == ErrHook { // that says nothing about the transport
		m.again(in.err, in.err.RetryAfter)
		return
	}
	if m.proven&here == 0 {
		// It has never carried a reply, so it may be the transport and not the server.
		m.failed |= here
		if next := m.nextTransport(nil); next >= 0 {
			m.lastCause = in.err
			m.move(next)
			return
		}
		if in.fault == faultSetup && !m.met {
			m.finish(in.err)
			return
		}
		m.failed, m.switches, m.transport = 0, 0, 0
	}
	m.again(in.err, in.err.RetryAfter)
}
