package worlds_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// What a command of the history asks for.
type verb string

const (
	verbRemove verb = "remove"
	verbSet    verb = "set"
	verbEnd    verb = "end"
	verbLook   verb = "look" // no command: a Snapshot
)

// An order is one call of the public API, what was done to it on its way, and what came of it.
type order struct {
	n      int
	verb   verb
	handle cc.ConferenceID
	name   string // of the conference, also where the handle is an Instance
	part   cc.ParticipantID
	change cc.Change

	limit  time.Duration // of its context; 0: none
	cancel time.Duration // until it is canceled; negative: never
	plan   plan

	// What came of it; the truth's lock guards it while the order is under way.
	from, to   int // places in the history
	began      time.Time
	ended      time.Time
	canceledAt time.Time
	err        error
	seen       cc.Snapshot
	tries      int    // mutating requests that were begun
	looked     []look // its reads
	struck     int    // faults that it met
	requests   []*request
}

// A look is a read that was begun.
type look struct {
	seq int
	at  time.Time
}

func (o *order) byInstance() bool { return o.handle != cc.ConferenceID(o.name) }

// done reports whether it has come back.
func (o *order) done() bool { return o.to != 0 }

func (o *order) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d %s %s", o.n, o.verb, o.name)
	if o.byInstance() {
		fmt.Fprintf(&b, "/%.13s", o.handle)
	}
	fmt.Fprintf(&b, " %s %v limit %v cancel %v plan %v\n  %d..%d %s..%s: %v", o.part, o.change, o.limit, o.cancel, o.plan,
		o.from, o.to, clock(o.began), clock(o.ended), o.err)
	var e *cc.Error
	if err, ok := o.err.(*cc.Error); ok {
		e = err
		fmt.Fprintf(&b, " [%v]", e.Err)
	}
	for _, r := range o.requests {
		fmt.Fprintf(&b, "\n  %v", r)
	}
	return b.String()
}

// A request is one mutating request that has come to the bridge.
type request struct {
	order  *order
	n      int // of the order's, from 1
	verb   verb
	conf   cc.ConferenceID // as it was sent
	part   cc.ParticipantID
	change cc.Change
	fault  string

	sent    time.Time // when it left
	at      time.Time // when it came
	seq     int
	due     time.Time // when what it asked for is done
	life    *life     // whom it was for when it came; nil: nobody
	soul    soul
	there   bool
	effects []effect
}

func (r *request) String() string {
	whom := "nobody"
	if r.life != nil {
		whom = fmt.Sprintf("%.13s %s(%.4s)", r.life.instance, r.soul.id, r.soul.call)
	}
	return fmt.Sprintf("request %d %s of %.13s %s %v, sent %s came %s at %d, fault %q, for %s: %v", r.n, r.verb, r.conf, r.part, r.change,
		clock(r.sent), clock(r.at), r.seq, r.fault, whom, r.effects)
}

// explains reports whether an effect is what the request asked for.
func (r *request) explains(e effect) bool {
	if e.life != r.life {
		return false
	}
	switch r.verb {
	case verbRemove:
		// The last one who goes takes the conference along.
		return e.what == "left" && e.key == r.soul.key || e.what == "ended" && r.life.now().over
	case verbSet:
		return e.what == "set" && e.key == r.soul.key && within(e.change, r.change)
	}
	return e.what == "left" || e.what == "ended"
}

// A fault is something that goes wrong with one request.
type fault struct {
	what  string
	delay time.Duration
}

func (f fault) String() string { return f.what }

// A plan is what goes wrong with the requests of one order, in their order.
type plan struct {
	commands, reads []fault
	dark            time.Duration // when from the beginning on every read hangs; 0: never
}

func (p plan) String() string { return fmt.Sprintf("%v%v%v", p.commands, p.reads, p.dark) }

// calm reports whether nothing goes wrong.
func (p plan) calm() bool { return len(p.commands)+len(p.reads) == 0 && p.dark == 0 }

func nth(list []fault, n int) fault {
	if n <= len(list) {
		return list[n-1]
	}
	return fault{}
}

// What can go wrong with a request.
const (
	loseBefore = "lose-before" // nothing is done, and the connection breaks
	loseAfter  = "lose-after"  // it is done, and the connection breaks
	resetAfter = "reset-after" // it is done, and the connection is reset
	cutAnswer  = "cut"         // it is done, and the answer breaks off
	garble     = "garble"      // it is done, and the answer is a success that cannot be read
	fails      = "fails"       // nothing is done, and the server is in trouble
	failsDone  = "fails-done"  // it is done, and the server is in trouble
	refuse     = "refuse-"     // with a status: nothing is done
	throttle   = "429"
	notSent    = "not-sent"
	hang       = "hang"
	hangDone   = "hang-done"
	slowWay    = "slow-way"  // it takes its time to come, and comes whatever whoever asked does
	slowBack   = "slow-back" // the answer takes its time
	late       = "late"      // accepted, and done later
	shownLate  = "shown-late"
	ignore     = "ignore"   // accepted, and never done
	abandon    = "abandon"  // all is well, and the connection dies a moment later
	upheaval   = "upheaval" // all is well, and between deed and answer another run begins
	lostBefore = "upheaval-lose-before"
	lostAfter  = "upheaval-lose-after"
	throttled  = "upheaval-429"
	failLater  = "fail-later"
	failSooner = "fail-sooner"
)

// drawPlan draws what goes wrong with an order.
func drawPlan(rng *rand.Rand, c *cast) plan {
	var p plan
	if rng.IntN(100) < 50 {
		return p
	}
	commands := []string{
		loseBefore, loseBefore, loseBefore, loseAfter, loseAfter, resetAfter, cutAnswer, garble, fails, failsDone,
		refuse + "400", refuse + "401", refuse + "403", refuse + "405", refuse + "409", refuse + "422",
		throttle, throttle, hang, hangDone, slowWay, slowBack, late, late, abandon, ignore,
		upheaval, lostBefore, lostBefore, lostAfter,
	}
	if !c.plain {
		commands = append(commands, notSent)
	}
	if c.profile.Serial && !c.http {
		commands = append(commands, failLater, failSooner, failLater, failSooner)
	}
	if c.slack > 0 {
		commands = append(commands, shownLate, shownLate, shownLate)
	}
	for n, chance := 0, 85; n < 4 && rng.IntN(100) < chance; n, chance = n+1, 45 {
		p.commands = append(p.commands, drawFault(rng, commands))
	}
	reads := []string{
		"", "", "", loseBefore, loseBefore, cutAnswer, garble, fails, throttle, hang, slowWay, slowBack, slowBack, abandon, upheaval,
	}
	for n, chance := 0, 40; n < 6 && rng.IntN(100) < chance; n, chance = n+1, 60 {
		p.reads = append(p.reads, drawFault(rng, reads))
	}
	if attacks := c.attacks(); rng.IntN(6) == 0 {
		return attacks[rng.IntN(len(attacks))]
	}
	if rng.IntN(30) == 0 {
		p.dark = time.Duration(1+rng.IntN(9)) * time.Second
		p.commands = append(p.commands[:0], fault{what: ignore})
	}
	return p
}

// attacks are plans that are made against one thing each.
func (c *cast) attacks() []plan {
	of := func(list ...string) (faults []fault) {
		for _, what := range list {
			faults = append(faults, fault{what: what, delay: lateness})
		}
		return faults
	}
	list := []plan{
		// What was read before the second send is not so any more when that leaves.
		{commands: of(loseBefore), reads: of(upheaval)},
		{commands: of(fails), reads: of("", upheaval)},
		// Between two steps of a change.
		{commands: of(upheaval)},
		{reads: of(upheaval)},
		{reads: of("", upheaval)},
	}
	if c.http {
		// While the transport waits before it tries the second send again.
		list = append(list, plan{commands: of(loseBefore, throttled)})
	}
	if c.profile.Serial {
		// A failure of the second of two tries, of which the first is done later.
		list = append(list, plan{commands: of(garble, failLater)}, plan{commands: of(loseBefore, failSooner)})
	}
	return list
}

func drawFault(rng *rand.Rand, from []string) fault {
	f := fault{what: from[rng.IntN(len(from))], delay: 200 * time.Millisecond}
	switch f.what {
	case slowWay, slowBack:
		f.delay = time.Duration(1+rng.IntN(600)) * time.Millisecond
	case abandon:
		f.delay = time.Duration(rng.IntN(40)) * time.Millisecond
	}
	return f
}

type orderKey struct{}

// orderOf is the order that a request belongs to; nil: to no order.
func orderOf(ctx context.Context) *order {
	o, _ := ctx.Value(orderKey{}).(*order)
	return o
}

// nextTry is the number of a mutating request that is begun now, and what goes wrong with it.
func (h *truth) nextTry(o *order) (int, fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.tries++
	f := nth(o.plan.commands, o.tries)
	if f.what != "" {
		o.struck++
	}
	return o.tries, f
}

// nextLook is the same for a read.
func (h *truth) nextLook(o *order) (int, fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.looked = append(o.looked, look{h.seq, time.Now()})
	f := h.lookFault(o, len(o.looked))
	if f.what != "" {
		o.struck++
	}
	return len(o.looked), f
}

// lookFault is what goes wrong with a read of an order.
func (h *truth) lookFault(o *order, n int) fault {
	if d := o.plan.dark; d > 0 && time.Since(o.began) >= d {
		return fault{what: hang}
	}
	return nth(o.plan.reads, n)
}

// arrive writes down that a mutating request has come to the bridge. The caller holds the lock.
func (h *truth) arrive(r *request) {
	r.at, r.seq = time.Now(), h.seq
	r.order.requests = append(r.order.requests, r)
	l := h.byID[r.conf]
	if l == nil {
		l = h.live[string(r.conf)]
	}
	if l == nil || l.now().over || !l.now().owned {
		return
	}
	r.life = l
	r.soul, r.there = l.now().find(r.part)
}

// carry has a request done at the bridge, as one step, with its fault as far as that is one of the
// bridge. It reports what do reports: whether the request was accepted.
func (h *truth) carry(r *request, do func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	effects := h.locked(func() {
		h.arrive(r)
		if do == nil {
			return
		}
		lag, undo := h.cast.lag, func() {}
		switch r.fault {
		case late:
			lag, undo = lateness, h.bridgeFault(late)
		case shownLate, ignore:
			undo = h.bridgeFault(r.fault)
		}
		accepted := do()
		undo()
		if accepted && lag > 0 && r.life != nil {
			h.expect(r, lag)
		}
	})
	r.effects = append(r.effects, effects...)
	for _, e := range effects {
		if !r.explains(e) {
			h.wrong("%v did what it was not asked to do: %v", r.order, e)
		}
	}
}

// expect has it written down what a request does in a while. The caller holds the lock.
func (h *truth) expect(r *request, lag time.Duration) {
	r.due = time.Now().Add(lag)
	h.late = append(h.late, r)
	time.AfterFunc(lag, func() { h.mark() })
}

// lateness is how much later a late request is done, and how long reads are behind the truth.
const lateness = 200 * time.Millisecond
