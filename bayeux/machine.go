package bayeux

import (
	"slices"
	"time"
)

// The life of a session is a pure function: step takes a state and an input and gives the next state
// and what is to be done. It knows no clock, no network and no chance. The shell that carries the
// outputs out is in session.go.

// A State is where a session stands.
type State uint8

// The states of a session.
const (
	// Unconnected is a session that has not begun.
	Unconnected State = iota
	// Handshaking is a session that has no session id: the first time, or after the loss of one.
	Handshaking
	// Connecting is a session that the server accepted and that has not been heard of since.
	Connecting
	// Connected is a session that works.
	Connected
	// Broken is a session whose connection failed, and that the server may still hold.
	Broken
	// Closing is a session that is being closed.
	Closing
	// Closed is a session that is over.
	Closed
)

var stateText = [...]string{"unconnected", "handshaking", "connecting", "connected", "broken", "closing", "closed"}

// String returns the state in a word.
func (s State) String() string {
	if int(s) < len(stateText) {
		return stateText[s]
	}
	return "unknown"
}

// An activity is what the machine waits for. There is one at a time.
type activity uint8

const (
	idle activity = iota
	doHandshake
	doSubscribe
	doConnect
	doDeliver
	doWait // then next
	doDisconnect
)

// rules are what the machine was configured with. They do not change.
type rules struct {
	transports   []string // in order of preference
	ack          bool
	reauth       bool // there is a hook that can authenticate again
	shortRetry   time.Duration
	longRetry    time.Duration
	maxRetry     time.Duration
	sessionLife  time.Duration // assumed where the server does not tell
	assumedHold  time.Duration // likewise
	networkDelay time.Duration
}

// A state is everything that a session remembers about the protocol. It is a value: copying it
// copies it.
type state struct {
	rules *rules

	phase     State
	doing     activity
	next      activity // after doWait
	reconnect reconnect
	ackOn     bool
	polling   bool   // the connect outstanding is one that the server may hold
	reauthed  bool   // the hook was asked after a refusal, and nothing has worked since
	met       bool   // the application has been told of a connection
	crowded   bool   // there are multiple clients
	untold    bool   // and that is to be reported once the session works
	seq       uint64 // of the activity; what belongs to another is stale

	clientID  string
	transport int
	failed    uint64 // bits of transports that failed in this round of negotiation
	proven    uint64 // bits of transports over which a reply has come
	switches  int    // handshakes repeated only because of the transport

	interval, hold, maxInterval time.Duration // hold and maxInterval: -1 while unknown
	calm                        time.Duration // interval before there were multiple clients
	ack                         int64         // the last batch that was taken

	since     time.Time // when the session was accepted
	heard     time.Time // when the last connect or handshake reply came
	asked     time.Time // when the connect was sent
	retries   int       // of the connection, in a row
	rounds    int       // sessions lost in a row before they had lasted
	tries     int       // handshakes in a row without success
	flurry    int       // empty connect replies that came at once, in a row
	end       *Error    // the error to end with after delivery
	late      *input    // a failure that waits for the end of a delivery
	lastCause *Error
}

// An inputKind is what happened.
type inputKind uint8

const (
	inStart inputKind = iota
	inHandshake
	inSubscribed
	inConnect
	inDelivered
	inTimer
	inFail
	inLost
	inAdvice
	inDisconnected
	inClose
	inDisconnectDone
	inFatal
)

// An input is what happened, and when.
type input struct {
	kind inputKind
	now  time.Time
	seq  uint64

	ok       bool // of a reply
	clientID string
	types    []string
	advice   advice
	ack      acknowledgement
	events   int  // that came with the reply
	complete bool // the events that a handshake reply announces came with it
	err      *Error
	fault    fault
}

// A fault is what sort of failure a transport had.
type fault uint8

const (
	faultNetwork fault = iota // also answers of HTTP servers that mean "later"
	faultRefused              // the opening of the transport itself was refused
	faultAuth                 // 401, 403
	faultSetup                // 404 and the like
	faultFatal                // an answer that is too long, a hook that says stop
)

// An outputKind is what is to be done.
type outputKind uint8

const (
	outHandshake outputKind = iota
	outSubscribe
	outConnect
	outDeliver
	outTimer
	outAbort // give up the connect that is outstanding, and its link if it is broken with it
	outForget
	outGap // messages that come from now on may come after some that are lost
	outReady
	outNotReady
	outEvent
	outDisconnect
	outEnd
)

// An output is what is to be done.
type output struct {
	kind  outputKind
	seq   uint64
	delay time.Duration // outTimer: at least this
	extra time.Duration // outTimer: and a random part of this
	event EventKind
	gap   bool
	all   bool          // outAbort: give up all that is outstanding, and the link
	drop  bool          // outDeliver: what is held is dropped, because it will come again
	now   bool          // outConnect: ask for an answer at once
	limit time.Duration // outSubscribe, outConnect: the deadline
	err   *Error
}

func newState(r *rules) state {
	return state{rules: r, hold: -1, maxInterval: -1}
}

// step gives the state after in, and appends what is to be done to out.
func step(s state, in input, out []output) (state, []output) {
	if s.phase == Closed {
		return s, out
	}
	m := machine{state: s, now: in.now, out: out}
	m.handle(in)
	if m.untold && m.phase == Connected {
		m.untold = false
		m.emit(output{kind: outEvent, event: EventMultipleClients})
	}
	return m.state, m.out
}

// A machine is a state during a step.
type machine struct {
	state
	now time.Time
	out []output
}

func (m *machine) emit(o output) { m.out = append(m.out, o) }

func (m *machine) handle(in input) {
	switch in.kind {
	case inStart:
		if m.phase == Unconnected {
			m.phase = Handshaking
			m.handshake(nil)
		}
		return
	case inClose:
		m.close()
		return
	case inFatal:
		m.finish(in.err)
		return
	case inDisconnectDone:
		if m.phase == Closing {
			m.finish(&Error{Kind: ErrClosed, Op: "session"})
		}
		return
	}
	if m.phase == Closing {
		return
	}
	switch in.kind {
	case inDisconnected:
		m.finish(in.err)
		return
	case inLost:
		if m.clientID != "" {
			m.lost(in.err, false)
		}
		return
	case inAdvice: // on a message that is about something else, it counts when there is reason to go on
		m.merge(in.advice, false)
		return
	}
	if in.seq != m.seq {
		return
	}
	switch {
	case in.kind == inHandshake && m.doing == doHandshake:
		m.shaken(in)
	case in.kind == inSubscribed && m.doing == doSubscribe:
		m.subscribed(in)
	case in.kind == inConnect && m.doing == doConnect:
		m.connected(in)
	case in.kind == inDelivered && m.doing == doDeliver:
		m.delivered()
	case in.kind == inTimer && m.doing == doWait:
		m.resume(m.next)
	case in.kind == inFail:
		m.fail(in)
	}
}

// begin starts an activity: whatever was outstanding is stale from now on.
func (m *machine) begin(a activity) {
	m.doing = a
	m.seq++
}

// wait lets time pass before next. Chance adds up to extra.
func (m *machine) wait(next activity, delay, extra time.Duration) {
	if delay <= 0 && extra <= 0 {
		m.resume(next)
		return
	}
	m.begin(doWait)
	m.next = next
	m.emit(output{kind: outTimer, seq: m.seq, delay: delay, extra: extra})
}

// resume goes on after a wait, or without one.
func (m *machine) resume(next activity) {
	switch {
	case next == doHandshake || m.clientID == "":
		m.handshake(m.lastCause)
	case m.phase != Connected && m.expired():
		m.lost(m.lastCause, true)
	case next == doSubscribe:
		m.subscribe()
	default:
		m.connect()
	}
}

// expired reports whether the server must have forgotten the session.
func (m *machine) expired() bool {
	return m.now.Sub(m.heard) > m.holding()+m.interval+m.lasting()
}

func (m *machine) holding() time.Duration {
	if m.hold < 0 {
		return m.rules.assumedHold
	}
	return m.hold
}

func (m *machine) lasting() time.Duration {
	if m.maxInterval < 0 {
		return m.rules.sessionLife
	}
	return m.maxInterval
}

// patience is how long an answer may take that decides whether the session goes on: half of what the
// server keeps a session for, so that the other half is left to try again.
func (m *machine) patience() time.Duration {
	return min(m.rules.networkDelay, max(m.lasting()/2, leastPatience))
}

// leastPatience bounds patience where servers say that they keep sessions for no time at all.
const leastPatience = 2 * time.Second

// merge takes an advice over. A field that is not in it stays as it was; on a handshake those that
// decide how to go on fall back to their defaults.
func (m *machine) merge(a advice, handshake bool) {
	if handshake {
		m.reconnect, m.interval = reconnectUnset, 0
	}
	if a.reconnect != reconnectUnset {
		m.reconnect = a.reconnect
	}
	if a.multiple == yes && !m.crowded {
		m.calm = m.interval
	}
	if a.interval >= 0 {
		m.interval = a.interval
	}
	if a.timeout >= 0 {
		m.hold = a.timeout
	}
	if a.maxInterval >= 0 {
		m.maxInterval = a.maxInterval
	}
	if a.forbidden {
		m.reconnect = reconnectNone
	}
	switch {
	case a.multiple == yes && !m.crowded:
		m.crowded, m.untold = true, true
	case a.multiple == no:
		m.crowded, m.untold = false, false
	}
}

// lost gives a session up and shakes hands anew: at once the first time, then later and later,
// until a session has lasted.
func (m *machine) lost(err *Error, spread bool) {
	if err == nil {
		err = &Error{Kind: ErrSessionLost, Op: "connect"}
	}
	m.breakOff(err)
	m.phase = Handshaking
	m.clientID = ""
	m.ackOn, m.ack, m.late = false, 0, nil
	m.failed, m.switches, m.transport, m.tries = 0, 0, 0, 0
	m.lastCause = err
	m.emit(output{kind: outNotReady})
	m.emit(output{kind: outAbort, all: true})
	m.emit(output{kind: outForget})
	if m.now.Sub(m.since) >= lastingSession {
		m.rounds = 0
	}
	m.rounds++
	delay, extra := m.pauseBefore(m.rounds)
	if m.rounds == 1 && spread {
		// The server was away for long, so it was for others.
		extra = min(max(m.rules.longRetry, m.rules.shortRetry), m.rules.maxRetry)
	}
	m.wait(doHandshake, delay, extra)
}

// lastingSession is how long a session has to live so that its loss begins a new count of rounds.
const lastingSession = 10 * time.Second

// pauseBefore is the pause before the handshake of that number: none before the first, then half of
// a doubling time and a random part of the other half.
func (m *machine) pauseBefore(round int) (delay, extra time.Duration) {
	if round <= 1 {
		return m.interval, 0
	}
	b := double(m.rules.longRetry, round-2, m.rules.maxRetry)
	return m.interval + b/2, b / 2
}

func double(base time.Duration, times int, most time.Duration) time.Duration {
	for ; times > 0 && base < most; times-- {
		base *= 2
	}
	return min(base, most)
}

// breakOff tells the application that the connection is broken, if it knows of one.
func (m *machine) breakOff(err *Error) {
	if m.phase == Connected {
		m.emit(output{kind: outEvent, event: EventBroken, err: err})
		m.phase = Broken
	}
}

// finish ends the session for good.
func (m *machine) finish(err *Error) {
	m.phase = Closed
	m.begin(idle)
	m.clientID = ""
	m.emit(output{kind: outNotReady})
	m.emit(output{kind: outAbort, all: true, err: err})
	m.emit(output{kind: outEvent, event: EventClosed, err: err})
	m.emit(output{kind: outEnd, err: err})
}

// close asks the server to end the session if it can be asked, and ends it at once if not.
func (m *machine) close() {
	switch m.phase {
	case Closing:
	case Connecting, Connected:
		m.phase = Closing
		m.begin(doDisconnect)
		m.emit(output{kind: outNotReady})
		m.emit(output{kind: outDisconnect, seq: m.seq})
	default:
		m.finish(&Error{Kind: ErrClosed, Op: "session"})
	}
}

// nextTransport is the first transport that has not failed and that the server lists, or -1. A list
// that is not there excludes nothing.
func (m *machine) nextTransport(listed []string) int {
	for i, name := range m.rules.transports {
		if m.failed&(1<<i) == 0 && (len(listed) == 0 || slices.Contains(listed, name)) {
			return i
		}
	}
	return -1
}
