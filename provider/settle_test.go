package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// Every sequence of inputs up to a depth is given to settling.step, as the shell would give it. The
// rules that each step is held to are written here a second time, from the contract and not from the
// code.

var (
	settleStart  = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	settleDecide = settleStart.Add(8 * time.Second)
)

const settleDepth = 6 // lost, looked at, sent again, accepted, looked at, waited for

// A sentCase is an answer to a command.
type sentCase struct {
	name string
	err  error
}

var sentCases = func() []sentCase {
	list := []sentCase{{name: "accepted"}, {name: "plain", err: errors.New("of no kind")}}
	for k := cc.ErrUnsupported; k <= cc.ErrClosed; k++ {
		list = append(list, sentCase{name: k.Error(), err: &cc.Error{Kind: k, Code: "vendor"}})
	}
	return list
}()

func (c sentCase) uncertain() bool {
	return c.err != nil && (cc.KindOf(c.err) == cc.ErrUncertain || cc.KindOf(c.err) == 0)
}

// SettleFailures are the failures that arrive, by the input that they come with.
var settleFailures = func() (list [settleDepth + 1]error) {
	for i := range list {
		list[i] = &cc.Error{Kind: cc.ErrConflict, Code: fmt.Sprint("failure ", i)}
	}
	return list
}()

var errRead = &cc.Error{Kind: cc.ErrUnavailable, Code: "read"}

// readCases are the readings that there can be of an order.
func readCases(o order) []reading {
	list := []reading{{err: errRead}, {over: true}}
	runs := []tri{unknown, yes, no}
	if o.op == opEnd {
		for _, run := range runs {
			list = append(list, reading{live: true, run: run})
		}
		return list
	}
	for _, run := range runs {
		list = append(list, reading{live: true, run: run})
	}
	states := []cc.Toggle{cc.Unset}
	if o.op == opSet {
		states = []cc.Toggle{cc.On, cc.Off, cc.Unset}
	}
	for _, mute := range states {
		for _, rl := range [][2]tri{{yes, yes}, {yes, no}, {yes, unknown}, {no, no}, {unknown, unknown}, {unknown, no}} {
			list = append(list, reading{
				live: true, present: true, run: rl[0], leg: rl[1],
				part: cc.Participant{State: cc.ParticipantState{Mute: mute}, Controls: cc.CanMute},
			})
		}
	}
	return list
}

// A traced is one input of a path, kept as it is since a path is printed only when it fails.
type traced struct {
	name    string
	reading *reading
	failure bool
}

func (t traced) String() string {
	s := t.name
	if t.reading != nil {
		s += fmt.Sprintf("%+v", *t.reading)
	}
	if t.failure {
		s += " with a failure meanwhile"
	}
	return s
}

// A settleWalk is what the test knows of one path: what was put in and what came out.
type settleWalk struct {
	t           *testing.T
	trace       []traced
	sessionOnly bool
	ev          evidence
	order       order
	readings    []reading

	now       time.Time
	tick      int // of inputs
	sends     int
	accepted  bool
	unknown   bool
	definite  error                 // the last definite refusal
	failures  [settleDepth + 1]bool // by the input that they came with
	readBegan int
	deciding  int // confirming reads that were the deciding one
	late      int // failures that came during a deciding read
	waits     int
	reads     [toExcuse + 1]int
}

func (w *settleWalk) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%v op %v sessionOnly %v self %v sure %v: %s", w.trace, w.order.op, w.sessionOnly, w.ev.self, w.ev.sure, fmt.Sprintf(format, args...))
}

// Over is the contract's reading of "that run is over".
func (w *settleWalk) over(r reading) bool {
	return r.err == nil && (r.over || r.run == no && w.ev.sure)
}

func (w *settleWalk) asAsked(r reading) bool {
	if r.err != nil {
		return false
	}
	switch w.order.op {
	case opEnd:
		return w.over(r)
	case opRemove:
		if w.over(r) {
			return !w.sessionOnly || w.ev.self == yes
		}
		return !r.present
	}
	return !w.over(r) && r.present && r.part.State.Mute == w.order.change.Mute
}

// NotYet: the reading shows that what was asked is not so.
func (w *settleWalk) notYet(r reading) bool {
	if r.err != nil || w.over(r) {
		return false
	}
	switch w.order.op {
	case opEnd:
		return true
	case opRemove:
		return r.present
	}
	return r.present && r.part.State.Mute != cc.Unset && r.part.State.Mute != w.order.change.Mute
}

// Tells: the reading says something of a failure.
func (w *settleWalk) tells(r reading) bool {
	return r.err == nil && !w.over(r) && (w.order.op == opEnd || r.present) && !w.asAsked(r)
}

func (w *settleWalk) proven(r reading) bool {
	return r.err == nil && r.live && r.run == yes && (w.order.op == opEnd || r.present && r.leg == yes)
}

// Follow checks an output, and gives every input that can come next.
func (w settleWalk) follow(s settling, in input, out output, depth int, count *int) {
	*count++
	if in.event == evRead && (s.reason == toConfirm || s.reason == toSettle) && w.tells(in.reading) {
		// A read that began after a failure and shows that it is not done judges the failure.
		for tick := range w.readBegan + 1 {
			if w.failures[tick] && out.action != actFinish {
				w.fatal("the failure of input %d was not told", tick)
			}
		}
	}
	switch out.action {
	case actFinish:
		w.finished(in, out)
		return
	case actSend:
		w.sends++
		if w.sends > 2 {
			w.fatal("sent %d times", w.sends)
		}
		if w.sends == 2 {
			r := in.reading
			if in.event != evRead || w.reads[toSettle] == 0 || !w.proven(r) || !w.notYet(r) || !in.now.Before(settleDecide) {
				w.fatal("sent again after %+v", in)
			}
		}
	case actRead:
		w.readBegan = w.tick
		w.reads[out.reason]++
		if out.reason == toConfirm {
			if !w.accepted {
				w.fatal("a confirming read of what was not accepted")
			}
			if out.deciding != !w.now.Before(settleDecide) {
				w.fatal("at %v deciding is %v", w.now.Sub(settleStart), out.deciding)
			}
			if out.deciding {
				if w.deciding++; w.deciding > 1+w.late {
					w.fatal("%d deciding reads", w.deciding)
				}
			}
		} else if !out.deciding {
			w.fatal("a read that decides does not have all the time there is")
		}
	case actWait:
		d := min(50<<w.waits, 800)
		least, most := time.Duration(d)*time.Millisecond*3/4, time.Duration(d)*time.Millisecond*5/4
		got := out.until.Sub(w.now)
		if out.until.After(settleDecide) || got > most || got < least && !out.until.Equal(settleDecide) {
			w.fatal("wait %d is %v", w.waits, got)
		}
		if !w.now.Before(settleDecide) && in.event == evRead && w.reads[toConfirm] > 0 && w.deciding > 0 {
			w.fatal("a wait after the deciding read")
		}
		w.waits++
	}
	if depth == 0 {
		w.drain(s, out)
		return
	}
	step := func(w settleWalk, name string, in input, failure bool) {
		w.tick++
		at := traced{name: name, failure: failure}
		if in.event == evRead {
			at.reading = &in.reading
		}
		w.trace = append(w.trace[:len(w.trace):len(w.trace)], at)
		s := s
		if failure {
			f := settleFailures[w.tick]
			w.failures[w.tick] = true
			if in.event == evFailed {
				in.err = f
			} else {
				s.failure = f // as the shell does for one that came meanwhile
				if out.action == actRead && out.deciding {
					w.late++
				}
			}
		}
		w.now = in.now
		in.jitter = 0.5
		s, out := s.step(in)
		w.follow(s, in, out, depth-1, count)
	}
	ended := func(name string) {
		step(w, name, input{event: evEnded, now: w.now, err: context.Canceled}, false)
	}
	switch out.action {
	case actSend:
		for _, c := range sentCases {
			for _, failure := range []bool{false, true} {
				if failure && c.err != nil && !c.uncertain() {
					continue // what was refused at once cannot fail later
				}
				w := w
				w.accepted = w.accepted || c.err == nil
				w.unknown = w.unknown || c.uncertain()
				if c.err != nil && !c.uncertain() {
					w.definite = c.err
				}
				step(w, c.name, input{event: evSent, now: w.now, err: c.err}, failure)
			}
		}
		w.unknown = true
		ended("ended in send")
	case actRead:
		for _, r := range w.readings {
			for _, failure := range []bool{false, true} {
				step(w, "read", input{event: evRead, now: w.now, reading: r}, failure)
			}
		}
		if w.now.Before(settleDecide) { // those that take until decideAt
			step(w, "late read", input{event: evRead, now: settleDecide, reading: reading{err: errRead}}, false)
			r := reading{live: true, present: true, run: yes, leg: yes, part: cc.Participant{State: cc.ParticipantState{Mute: cc.Off}}}
			step(w, "late read", input{event: evRead, now: settleDecide, reading: r}, false)
		}
		if out.reason == toConfirm || out.reason == toSettle {
			ended("ended in read")
		}
	case actWait:
		step(w, "timer", input{event: evWoke, now: out.until}, false)
		step(w, "bell", input{event: evWoke, now: w.now}, false)
		step(w, "failure", input{event: evFailed, now: w.now}, true)
		step(w, "long wait", input{event: evWoke, now: settleDecide}, false)
		ended("ended in wait")
	}
}

func (w *settleWalk) finished(in input, out output) {
	if out.err == nil {
		switch {
		case in.event == evRead && w.asAsked(in.reading) && w.reads[toTellApart] == 0:
		case in.event == evSent && w.unknown && w.order.op != opSet && cc.KindOf(in.err) == cc.ErrNotParticipant:
		case in.event == evSent && w.unknown && w.order.op != opSet && cc.KindOf(in.err) == cc.ErrNotFound &&
			(w.order.op == opEnd || !w.sessionOnly || w.ev.self == yes):
		default:
			w.fatal("nil after %+v", in)
		}
		return
	}
	kind := cc.KindOf(out.err)
	if in.event == evEnded {
		if kind != cc.ErrUncertain || !errors.Is(out.err, context.Canceled) {
			w.fatal("ended as %v", out.err)
		}
		return
	}
	if arrived := slices.Index(settleFailures[:], out.err); arrived >= 0 {
		if w.sends > 1 {
			w.fatal("the failure of input %d was told of two sends", arrived)
		}
		if !w.failures[arrived] || in.event != evRead || arrived > w.readBegan || in.reading.err != nil || w.asAsked(in.reading) || w.over(in.reading) {
			w.fatal("the failure of input %d was told after the read that began at %d: %+v", arrived, w.readBegan, in)
		}
		return
	}
	if in.event == evRead && w.asAsked(in.reading) && w.reads[toTellApart] == 0 {
		w.fatal("%v, and it is as asked", out.err)
	}
	switch {
	case kind == cc.ErrUncertain:
		if !w.accepted && !w.unknown {
			w.fatal("uncertain, and every send was refused")
		}
	case w.accepted:
		w.fatal("%v after an accepted reply", out.err)
	case w.unknown:
		w.fatal("%v after a try of unknown outcome", out.err)
	case w.reads[toTellApart] > 0:
		r := in.reading
		want := cc.ErrConflict
		switch {
		case r.err != nil:
			want = cc.ErrNotFound
			if !errors.Is(out.err, error(errRead)) && cc.KindOf(out.err.(*cc.Error).Err) != cc.ErrUnavailable {
				w.fatal("the error of the read is not inside %v", out.err)
			}
		case w.over(r):
			want = cc.ErrNotFound
		case !r.present:
			want = cc.ErrNotParticipant
		}
		if kind != want {
			w.fatal("told apart as %v, want %v", kind, want)
		}
	case out.err != w.definite:
		w.fatal("%v, and the provider said %v", out.err, w.definite)
	}
}

// Drain shows that the path comes to an end by itself: once the time has come, a few inputs finish it.
func (w settleWalk) drain(s settling, out output) {
	for range 5 {
		in := input{now: settleDecide}
		switch out.action {
		case actFinish:
			return
		case actSend:
			in.event, in.err = evSent, &cc.Error{Kind: cc.ErrUncertain}
		case actRead:
			in.event, in.reading = evRead, reading{err: errRead}
		case actWait:
			in.event = evWoke
		}
		s, out = s.step(in)
	}
	if out.action != actFinish {
		w.fatal("it does not come to an end")
	}
}

func TestSettlingEverySequence(t *testing.T) {
	count := 0
	orders := []order{
		{op: opRemove, conf: "room", part: "1"},
		{op: opSet, conf: "room", part: "1", change: cc.Change{Mute: cc.On}},
		{op: opEnd, conf: "room"},
	}
	evidences := []evidence{
		{handle: "room"},
		{handle: "room", known: true, present: true, self: yes},
		{handle: "room", known: true, present: true, self: no, sure: true},
	}
	for _, o := range orders {
		for _, sessionOnly := range []bool{false, true} {
			if sessionOnly && o.op != opRemove {
				continue // it makes a difference to removals only
			}
			for _, ev := range evidences {
				if ev.self == yes && o.op != opRemove {
					continue
				}
				s, out := startSettling(o, ev, sessionOnly, settleDecide)
				w := settleWalk{t: t, sessionOnly: sessionOnly, ev: ev, order: o, readings: readCases(o), now: settleStart}
				w.follow(s, input{}, out, settleDepth, &count)
			}
		}
	}
	t.Logf("%d steps", count)
	require.Greater(t, count, 100_000)
}
