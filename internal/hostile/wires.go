package hostile

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// wires are the cases in which an answer does not arrive, or arrives too slowly.
func wires() []Case {
	const (
		once   = "an error, one mutating request, at most one read"
		prompt = "back by 350 ms"
	)
	return []Case{
		{ID: "reset-at-once", Does: "a reset before the first byte of an answer, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(func(x *exchange) { x.reset("") })
			t.failed(t.command(t.peer.Posts), true)
			t.sent(1, 1)
		}},
		{ID: "reset-in-body", Does: "a reset after 10 of 100 bytes of a body, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(func(x *exchange) { x.reset(head(100) + `{"message"`) })
			t.failed(t.command(t.peer.Posts), true)
			t.sent(1, 1)
		}},
		{ID: "silence-cancel", Does: "no answer; the caller cancels after 300 ms", Expected: prompt, Clock: true, play: func(t *trial) {
			t.canceled(func(x *exchange) { x.silence() })
		}},
		{ID: "silence", Does: "no answer, no deadline", Expected: "an error by 10 s", Clock: true, play: func(t *trial) {
			t.begin()
			t.meet(func(x *exchange) { x.silence() })
			o := t.command(t.peer.Posts)
			t.failed(o, true)
			t.within(o, 10*time.Second)
			t.sent(1, 1)
		}},
		{ID: "drip-header", Does: "a header of a byte each 100 ms; the caller cancels after 300 ms", Expected: prompt, Clock: true, play: func(t *trial) {
			t.canceled(func(x *exchange) { x.drip("", head(2)+"{}") })
		}},
		{ID: "drip-body", Does: "a body of a byte each 100 ms; the caller cancels after 300 ms", Expected: prompt, Clock: true, play: func(t *trial) {
			const body = `{"message":"`
			t.canceled(func(x *exchange) { x.drip(head(200), body+strings.Repeat("a", 198-len(body))+`"}`) })
		}},
		{ID: "kept-closed",
			Does: "each kept connection is closed 5 ms after its last answer, and the client learns of it a millisecond later; " +
				"100 commands, 2.5 to 6.5 ms apart, one in five of them in that millisecond",
			Expected: "100 successes, 100 mutating requests seen", Clock: true, Names: true, play: playKeptClosed},
	}
}

// canceled gives up after 300 ms.
func (t *trial) canceled(act func(*exchange)) {
	t.begin()
	t.meet(act)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	timer := time.AfterFunc(300*time.Millisecond, cancel)
	defer timer.Stop()
	t.ctx = ctx
	o := t.command(t.peer.Posts)
	t.within(o, 350*time.Millisecond)
	t.failed(o, true)
	t.sent(1, 0)
}

func playKeptClosed(t *trial) {
	const (
		commands = 100
		latency  = time.Millisecond
	)
	t.idle, t.latency = 5*time.Millisecond, latency
	t.begin()
	t.meet((*exchange).pass)
	bad := 0
	for i := range commands {
		op := Mute
		if i%2 == 1 {
			op = Unmute
		}
		if o := t.command(op); o.err != nil {
			bad++
		}
		// Whether an answer takes one latency or two, one pause in five ends while the connection is closed
		// and the client does not know.
		timer := time.NewTimer(2500*time.Microsecond + time.Duration(i%5)*latency)
		<-timer.C
	}
	if bad > 0 {
		panic(lost(fmt.Sprintf("%d errors", bad)))
	}
	if seen, _ := t.site.count(); seen != commands {
		panic(lost(plural(seen, "mutating request")))
	}
}
