package hostile

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Case is one way to misbehave.
type Case struct {
	ID       string // a stable word
	Does     string // what the server does, or the caller
	Expected string // of the client
	Own      bool   // about what the client's own transport does
	Clock    bool   // somebody waits in it
	Names    bool   // it needs the stage's own network: other hosts, or a line that is slow

	play func(*trial)
}

// Cases returns the 43 cases in their order: first those about identifiers.
func Cases() []Case { return slices.Concat(identifiers(), answers(), redirects(), bodies(), wires()) }

// A Verdict tells how a client did in a case: it did well if Why is empty.
type Verdict struct {
	Case string `json:"case"`
	Why  string `json:"why,omitempty"` // what it did wrong, in a few words
}

// Play tries a peer. On a stage with fake time it is called in the bubble that the stage was made in.
// An error says that the case could not be played.
func (c Case) Play(p Peer, on Stage) (v Verdict, err error) {
	v.Case = c.ID
	t := &trial{peer: p, stage: on}
	defer func() {
		err = t.end(err)
		switch r := recover().(type) {
		case nil:
		case lost:
			v.Why = string(r)
		case broken:
			err = r.error
		default:
			panic(r)
		}
	}()
	c.play(t)
	return v, nil
}

// lost is what a trial ends with that the client has lost, and broken one that could not be played.
type (
	lost   string
	broken struct{ error }
)

// A trial is one case with one client.
type trial struct {
	peer    Peer
	stage   Stage
	site    *site
	client  Client
	ctx     context.Context // of the next operation; nil: one without a deadline
	bounds  bool            // memory is looked at
	idle    time.Duration   // after which the vendor closes a connection that nobody uses; 0: never
	latency time.Duration   // before the client sees what was sent
}

// begin makes the vendor and the client, who reads the conference. It ends what was there before.
func (t *trial) begin() {
	if err := t.end(nil); err != nil {
		panic(broken{err})
	}
	vendor, err := t.peer.Vendor()
	if err != nil {
		panic(broken{err})
	}
	if t.site, err = open(vendor, t); err != nil {
		panic(broken{err})
	}
	if t.client, err = t.peer.Open(Site{URL: t.site.url, Transport: t.site.transport}); err != nil {
		panic(broken{err})
	}
	if o := t.do(Snapshot, vendor.Room, ""); o.err != nil {
		panic(broken{fmt.Errorf("the first snapshot failed: %w", o.err)})
	}
}

// meet has the server do something else with each request from now on.
func (t *trial) meet(act func(*exchange)) { t.site.arm(act) }

// end closes everything.
func (t *trial) end(err error) error {
	if t.client != nil {
		if e := t.client.Close(); err == nil {
			err = e
		}
		t.client = nil
	}
	if t.site != nil {
		if e := t.site.close(); err == nil {
			err = e
		}
		t.site = nil
	}
	return err
}

// An outcome is how an operation ended.
type outcome struct {
	op   Op
	err  error
	told Told
	took time.Duration
}

// patience is how long an operation may take at all.
const patience = time.Minute

// do has the client do something. The trial is lost if it panics or never comes back.
func (t *trial) do(op Op, room, person string) outcome {
	ctx := t.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	type over struct {
		err error
		bad any
	}
	came := make(chan over, 1)
	began := time.Now()
	go func() {
		var o over
		defer func() {
			o.bad = recover()
			came <- o
		}()
		switch op {
		case Snapshot:
			o.err = t.client.Snapshot(ctx, room)
		case Remove:
			o.err = t.client.Remove(ctx, room, person)
		case Mute, Unmute:
			o.err = t.client.Mute(ctx, room, person, op == Mute)
		case End:
			o.err = t.client.End(ctx, room)
		}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case o := <-came:
		if o.bad != nil {
			panic(lost("panics"))
		}
		out := outcome{op: op, err: o.err, took: time.Since(began)}
		if o.err != nil {
			out.told = t.client.Tell(o.err)
		}
		return out
	case <-timer.C:
		t.site.cut()
		<-came
		panic(lost("does not come back"))
	}
}

// command has the client do something to the vendor's person or conference, and checks what holds in
// every case.
func (t *trial) command(op Op) outcome {
	o := t.do(op, t.site.vendor.Room, t.site.vendor.Person)
	if t.bounds {
		t.inBounds()
	}
	if t.peer.Exact && o.err == nil && !t.site.vendor.Done(op) {
		panic(lost("nil, though it was not done"))
	}
	return o
}

// failed demands an error, and that a client who can say so says that nobody knows.
func (t *trial) failed(o outcome, uncertain bool) {
	switch {
	case o.err == nil:
		panic(lost("reports success"))
	case t.peer.Exact && o.told.Uncertain != uncertain:
		panic(lost(fmt.Sprintf("uncertain: %t", o.told.Uncertain)))
	}
}

// succeeded demands a nil.
func (t *trial) succeeded(o outcome) {
	if o.err != nil {
		panic(lost("reports an error"))
	}
}

// sent demands a number of mutating requests, and at most so many reads.
func (t *trial) sent(commands, reads int) {
	c, r := t.site.count()
	switch {
	case c != commands:
		panic(lost(plural(c, "mutating request")))
	case r > reads:
		panic(lost(plural(r, "read")))
	}
}

// within demands that an operation came back in time.
func (t *trial) within(o outcome, limit time.Duration) {
	if o.took > limit {
		panic(lost("comes back after " + o.took.Round(100*time.Millisecond).String()))
	}
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
