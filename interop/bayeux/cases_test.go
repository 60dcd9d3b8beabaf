package interop_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/bayeux"
)

// scenarios are the cases that are tried every way that they fit.
func scenarios() []scenario {
	return []scenario{
		{name: "negotiation", run: negotiation},
		{name: "path with the type of message", run: typedPath, fits: overPolling},
		{name: "shared cookie jar", run: sharedJar, fits: func(p *product, w way) bool { return overPolling(p, w) && p.cookies }},
		{name: "subscribe", run: subscribing},
		{name: "wildcards", run: wildcards},
		{name: "publish", run: publishing},
		{name: "publish under resets", run: publishingUnderResets},
		{name: "prompt", run: prompt},
		{name: "session lost", run: sessionLost},
		{name: "told to go", run: toldToGo, fits: func(p *product, _ way) bool { return p.farewell }},
		{name: "dropped while held", run: droppedWhileHeld},
		{name: "slow consumer", run: slowConsumer},
		{name: "outage longer than the session", run: expired},
	}
}

func overPolling(_ *product, w way) bool { return w.transport == polling }

// Everything that is published comes, once and in order, from subscribing to unsubscribing.
func subscribing(x *trial) {
	s := x.open(x.server.addr())
	a := x.channel("a")
	got := newRecord()
	end := s.subscribe(a, got)
	require.Equal(x, 1, x.server.do(x.T, "count", a))
	x.publish(a, 1, 200, 7)
	x.publish(x.channel("b"), 1, 1, 1)
	got.must(x.T, 200)
	end()
	require.Zero(x, x.server.do(x.T, "count", a))
	x.publish(a, 201, 201, 1)
	// What has been published before this would have come before it.
	x.receives(s, x.channel("z"))
	require.Equal(x, sequence(1, 200), got.all())
	require.Equal(x, []moment{{"connected", false}}, s.life.told())
}

// What is published is published once, or, where the connection broke, not at all or once: it is never
// published again unasked.
func publishingUnderResets(x *trial) {
	p := through(x.T, x.server.addr())
	s, other := x.open(p.addr()), x.open(x.server.addr())
	a := x.channel("a")
	got := newRecord()
	other.subscribe(a, got)
	failed := map[int]bool{}
	var resetting sync.WaitGroup
	for n := 1; n <= 100; n++ {
		if n%10 == 0 {
			resetting.Go(func() { p.reset() })
		}
		ctx, cancel := context.WithTimeout(x.Context(), patience)
		err := s.session.Publish(ctx, a, map[string]int{"n": n})
		cancel()
		resetting.Wait()
		if err != nil {
			var e *bayeux.Error
			require.ErrorAs(x, err, &e)
			require.Equal(x, bayeux.ErrTransport, e.Kind, "%v", e)
			require.True(x, e.Sent)
			failed[n] = true
		}
	}
	s.publish(a, 101)
	got.must(x.T, 101)
	for n := 1; n <= 101; n++ {
		times := got.times(n)
		require.LessOrEqual(x, times, 1, n)
		if !failed[n] {
			require.Equal(x, 1, times, n)
		}
	}
}

// Events that come one by one come soon: an answer with an event, however quick, is not one by which a
// server fails to hold a request.
func prompt(x *trial) {
	s := x.open(x.server.addr())
	a := x.channel("a")
	got := newRecord()
	s.subscribe(a, got)
	begun := time.Now()
	for n := 1; n <= 40; n++ {
		x.publish(a, n, n, 1)
		got.must(x.T, n)
	}
	require.Less(x, time.Since(begun), hold*time.Millisecond)
	require.Equal(x, sequence(1, 40), got.all())
}

// A pattern covers one more segment or all of them.
func wildcards(x *trial) {
	s := x.open(x.server.addr())
	one, all := newRecord(), newRecord()
	s.subscribe(x.channel("one/*"), one)
	s.subscribe(x.channel("all/**"), all)
	for i, name := range []string{"/x", "/x/y", ""} {
		x.publish(x.channel("one"+name), i+1, i+1, 1)
		x.publish(x.channel("all"+name), i+1, i+1, 1)
	}
	x.receives(s, x.channel("z"))
	require.Equal(x, []int{1}, one.all())
	x.ordered([]int{1, 2}, all)
}

// ordered demands that these came and no others, in this order where there is one: with long polling
// and without acknowledgements events come over both connections.
func (x *trial) ordered(want []int, got *record) {
	x.Helper()
	if x.transport == polling && !x.ack {
		require.ElementsMatch(x, want, got.all())
		return
	}
	require.Equal(x, want, got.all())
}

// What a session publishes is received by another session and by itself.
func publishing(x *trial) {
	s, other := x.open(x.server.addr()), x.open(x.server.addr())
	a := x.channel("a")
	own, others := newRecord(), newRecord()
	s.subscribe(a, own)
	other.subscribe(a, others)
	for n := 1; n <= 20; n++ {
		s.publish(a, n)
	}
	own.must(x.T, 20)
	others.must(x.T, 20)
	x.ordered(sequence(1, 20), own)
	x.ordered(sequence(1, 20), others)
}

// A server that has forgotten the session gets a new one with the same subscriptions, and the gap is told.
func sessionLost(x *trial) {
	s := x.open(x.server.addr())
	a, b := x.channel("a"), x.channel("b/*")
	got := newRecord()
	s.subscribe(a, got)
	s.subscribe(b, newRecord())
	x.publish(a, 1, 1, 1)
	got.must(x.T, 1)
	require.Equal(x, 1, x.server.do(x.T, "drop", a))
	s.regains(1, a, b)
	x.publish(a, 2, 50, 7)
	got.must(x.T, 50)
	require.Equal(x, sequence(1, 50), got.all())
}

// A server that tells a session to go is obeyed. It can tell one of which it holds a request; where
// that is still on its way, the session is only forgotten, and there is a new one to be told.
func toldToGo(x *trial) {
	p := through(x.T, x.server.addr())
	s := x.open(p.addr())
	a := x.channel("a")
	s.subscribe(a, newRecord())
	for last := ""; last != "closed"; {
		before := len(s.life.told())
		require.Less(x, before, 10)
		x.held(p)
		require.Equal(x, 1, x.server.do(x.T, "disconnect", a))
		told := s.life.after(x.T, before, settled)
		last = told[len(told)-1].what
	}
	within(x.T, patience, "the end", s.session.Done())
	require.ErrorIs(x, s.session.Err(), bayeux.ErrDisconnected)
	require.False(x, errors.Is(s.session.Err(), bayeux.ErrClosed))
	require.Zero(x, x.server.do(x.T, "count", a))
}

// A connection that breaks while a request is held costs no session. What is published once that is
// told comes, too: without acknowledgements a server may still have taken it for the request that the
// connection was lost with, and then the next one that comes is marked.
func droppedWhileHeld(x *trial) {
	p := through(x.T, x.server.addr())
	s := x.open(p.addr())
	a := x.channel("a")
	got := newRecord()
	s.subscribe(a, got)
	last := 0
	for range 3 {
		before := len(s.life.told())
		if x.transport == polling {
			p.resetHeld(x.T)
		} else { // it always is, but for moments
			require.NotZero(x, p.reset())
		}
		told := s.life.after(x.T, before, settled)
		require.Equal(x, []moment{{"broken", false}, {"resumed", !x.ack}}, told)
		x.publish(a, last+1, last+10, 3)
		last += 10
		if x.ack {
			got.must(x.T, last)
		} else {
			last = x.sentinel(a, got, last+1)
		}
	}
	c := got.count(last)
	require.Zero(x, c.repeated)
	require.Zero(x, c.untold)
	if x.ack {
		require.Zero(x, c.lost)
	}
	require.Equal(x, 1, x.server.do(x.T, "count", a))
}

// A consumer that takes its time loses nothing where it is to be waited for.
func slowConsumer(x *trial) {
	s := x.open(x.server.addr())
	a := x.channel("a")
	got := newRecord()
	gate := make(chan struct{})
	s.subscribeSlowly(a, 4, got, gate)
	x.publish(a, 1, 500, 10)
	timer := time.NewTimer(500 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
	require.LessOrEqual(x, len(got.all()), 1)
	close(gate)
	got.must(x.T, 500)
	require.Equal(x, sequence(1, 500), got.all())
	told := s.life.told()
	require.Contains(x, told, moment{"stalled", false})
	told = slices.DeleteFunc(told, func(m moment) bool { return m.what == "stalled" })
	require.Equal(x, []moment{{"connected", false}}, told)
}

// A client that was away for longer than the server waits comes back, and the gap is told.
func expired(x *trial) {
	p := through(x.T, x.server.addr())
	s := x.open(p.addr())
	a := x.channel("a")
	got := newRecord()
	s.subscribe(a, got)
	x.held(p)
	p.refuse(true)
	p.reset()
	x.gone(a)
	x.publish(a, 1, 1, 1)
	p.refuse(false)
	s.regains(1, a)
	x.publish(a, 2, 2, 1)
	got.must(x.T, 2)
	require.Equal(x, []int{2}, got.all())
}

// held waits until a request is held. Over a socket one always is, but for moments.
func (x *trial) held(p *proxy) {
	x.Helper()
	if x.transport == polling {
		p.held(x.T)
	}
}
