package bayeux

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func fuzzRules(flags byte) *rules {
	return &rules{
		transports: []string{"websocket", "long-polling"}[flags&1:], ack: flags&2 != 0, reauth: flags&4 != 0,
		shortRetry: time.Second / 2, longRetry: time.Second, maxRetry: 30 * time.Second,
		sessionLife: 10 * time.Second, assumedHold: time.Minute, networkDelay: 10 * time.Second,
	}
}

// fuzzInput makes an input of two bytes. Most of them belong to what the machine waits for.
func fuzzInput(s state, a, b byte, now time.Time) input {
	in := input{kind: inputKind(a % byte(inFatal+1)), now: now, seq: s.seq, ok: b&1 != 0, advice: advice{interval: -1, timeout: -1, maxInterval: -1}}
	if b&0xf0 == 0xf0 {
		in.seq-- // stale
	}
	in.err = &Error{Kind: Kind(1 + b%14), Op: "x", Code: int(b) + 200, RetryAfter: time.Duration(b>>5) * time.Second}
	in.fault = fault(b % 5)
	in.clientID = "c"
	if b&2 != 0 {
		in.advice.reconnect = reconnect(b >> 2 % 5)
		in.advice.interval = time.Duration(b) * time.Millisecond
		in.advice.multiple = truth(b % 3)
	}
	if b&4 != 0 {
		in.types = []string{"long-polling"}
	}
	in.ack = acknowledgement{present: b&8 != 0, enabled: b&8 != 0, batch: int64(b) - 1}
	in.events = int(b & 3)
	return in
}

// play feeds the machine and checks what must always hold.
func play(t *testing.T, flags byte, data []byte) {
	s := newState(fuzzRules(flags))
	now := time.Unix(0, 0)
	linked := false // whether the application believes to be connected
	var out []output
	closed, met := 0, false
	must := func(ok bool, what string) { // require takes its time, and this is called very often
		if !ok {
			t.Helper()
			t.Fatalf("%s: %v, doing %d", what, s.phase, s.doing)
		}
	}
	for i := 0; i+2 < len(data); i += 3 {
		now = now.Add(time.Duration(data[i]) * 100 * time.Millisecond)
		in := fuzzInput(s, data[i+1], data[i+2], now)
		if i == 0 {
			in.kind = inStart
		}
		before := s
		again, _ := step(before, in, nil)
		s, out = step(s, in, out[:0])
		must(again.phase == s.phase, "step is a function")
		must(again.seq == s.seq, "step is a function")
		must(s.transport >= 0 && s.transport < len(s.rules.transports), "a transport")
		begun := 0
		for _, o := range out {
			switch o.kind {
			case outHandshake, outSubscribe, outConnect, outTimer, outDisconnect:
				if o.seq == s.seq {
					begun++
				}
			case outEvent:
				switch o.event {
				case EventConnected:
					must(!met, "met twice")
					met, linked = true, true
				case EventResumed, EventReestablished:
					must(met, "not met before")
					must(!linked, "told twice")
					linked = true
				case EventBroken:
					must(linked, "broken without being whole")
					linked = false
				case EventMultipleClients:
					must(linked, "told though it does not work")
				case EventClosed:
					closed++
				}
			}
			must(o.delay >= 0 && o.extra >= 0 && o.delay+o.extra <= 2*maxAdvisedInterval, "a pause")
			if o.kind == outConnect {
				must(s.clientID != "" && o.limit > 0, "a connect")
			}
		}
		must(closed <= 1, "closed once")
		must(begun <= 1, "one activity at a time")
		if s.phase == Closed {
			must(closed == 1, "closed")
			continue
		}
		if s.seq != before.seq && s.doing != doDeliver && s.phase != Unconnected {
			must(begun == 1, "it waits for what nobody does")
		}
		must((s.phase == Connected) == (linked && s.phase != Closing), "the application knows")
		if s.ackOn {
			must(s.rules.ack, "not asked for")
		}
	}
}

// A9.
func FuzzMachine(f *testing.F) {
	f.Add(byte(0), []byte{0, 0, 0, 1, 1, 9, 0, 2, 1, 0, 3, 1, 0, 4, 0, 10, 3, 1, 0, 6, 0, 0, 5, 0})
	f.Add(byte(7), []byte{0, 0, 0, 1, 6, 2, 0, 6, 3, 0, 6, 0, 5, 5, 0, 5, 1, 9, 0, 2, 1, 0, 7, 0})
	f.Add(byte(2), []byte{0, 0, 0, 0, 1, 13, 0, 2, 1, 0, 3, 1, 0, 6, 0, 0, 4, 0, 255, 5, 0, 255, 3, 0})
	f.Fuzz(func(t *testing.T, flags byte, data []byte) { play(t, flags, data) })
}

// Random lives, so that every run of the tests looks at many.
func TestMachineInvariants(t *testing.T) {
	seed := uint32(1)
	next := func() byte {
		seed = seed*1664525 + 1013904223
		return byte(seed >> 24)
	}
	for range 500 {
		data := make([]byte, 3*60)
		for i := range data {
			data[i] = next()
			if i%3 == 1 && data[i]%3 > 0 { // favour what gets on
				data[i] = []byte{1, 2, 3, 4, 5, 6}[data[i]%6]
			}
		}
		play(t, next(), data)
	}
}

// P7: what a server advises is bounded.
func TestAdviceIsBounded(t *testing.T) {
	a := parseAdvice([]byte(`{"interval":1e300,"timeout":"99999999999999","maxInterval":31536000000}`), "x")
	require.Equal(t, maxAdvisedInterval, a.interval)
	require.Equal(t, maxAdvisedTimeout, a.timeout)
	require.Equal(t, maxAdvisedTimeout, a.maxInterval)
	a = parseAdvice([]byte(`{"interval":"x","timeout":-5,"reconnect":7,"multiple-clients":1}`), "x")
	require.Equal(t, advice{interval: -1, timeout: -1, maxInterval: -1}, a)
}

// R3: while a batch is being delivered a failure waits, because the next connect would acknowledge it.
func TestFailureDuringDeliveryWaits(t *testing.T) {
	s := newState(fuzzRules(3))
	now := time.Unix(0, 0)
	var out []output
	feed := func(in input) []output {
		in.seq, in.now = s.seq, now
		in.advice = advice{interval: -1, timeout: -1, maxInterval: -1}
		s, out = step(s, in, nil)
		return out
	}
	feed(input{kind: inStart})
	feed(input{kind: inHandshake, ok: true, clientID: "c", ack: acknowledgement{enabled: true, batch: -1}})
	feed(input{kind: inSubscribed, ok: true})
	feed(input{kind: inConnect, ok: true, ack: acknowledgement{enabled: true, batch: 1}})
	require.Equal(t, doDeliver, s.doing)
	require.Empty(t, feed(input{kind: inFail, err: &Error{Kind: ErrTransport}}))
	out = feed(input{kind: inDelivered})
	require.Equal(t, EventBroken, out[0].event)
	require.Equal(t, outConnect, out[len(out)-1].kind)
	require.True(t, out[len(out)-1].now)
}
