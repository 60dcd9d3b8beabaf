package worlds_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A cast is one driver in front of its fake, and what its session ought to see.
type cast struct {
	name    string
	profile fake.Profile
	http    bool
	plain   bool // over HTTP: the transport looks like a plain one
	open    func(plivo.Options) (cc.Client, error)
	lag     time.Duration // between accepting a command and doing it
	slack   time.Duration // how far reads may be behind the truth
}

func casts() []cast {
	byAddress := fake.Everything()
	byAddress.IDs = fake.ByAddress
	steps := fake.Everything()
	steps.Whole = false
	mpc, conference := fake.PlivoMPC(), fake.PlivoConference()
	mpc.Push = false
	return []cast{
		{name: "everything", profile: fake.Everything()},
		{name: "by-address", profile: byAddress},
		{name: "one-by-one", profile: steps, lag: lateness},
		{name: "conference", profile: fake.PlivoConference()},
		{name: "genesys", profile: fake.Genesys()},
		{name: "genesys-lag", profile: fake.Genesys(), lag: lateness},
		{name: "everything-stale", profile: byAddress, slack: lateness},
		{name: "plivo-mpc", profile: mpc, http: true, open: plivo.NewMPC},
		{name: "plivo-mpc-plain", profile: mpc, http: true, plain: true, open: plivo.NewMPC},
		{name: "plivo-mpc-stale", profile: mpc, http: true, open: plivo.NewMPC, slack: lateness},
		{name: "plivo-conference", profile: conference, http: true, open: plivo.NewConference},
		{name: "plivo-conference-lag", profile: conference, http: true, open: plivo.NewConference, lag: lateness},
	}
}

// promptness is how soon whoever follows a conference is told, while nothing goes wrong.
func (c *cast) promptness() time.Duration {
	if c.profile.Push {
		return 200*time.Millisecond + c.slack
	}
	return 5*time.Second + 200*time.Millisecond + c.slack
}

// A scene is one history: some conferences, people who come and go, workers who give orders, and
// readers who follow.
type scene struct {
	*truth
	seed   uint64
	client cc.Client

	mistakes sync.Mutex
	found    []string

	standing atomic.Bool // the driver hears the bridge's news

	orders  []*order // guarded by the truth's lock
	ranges  []*reading
	windows []window
	losses  []loss
	known   map[leg]time.Time // by the truth's lock: when a leg was first read
	begun   time.Time
	calm    bool // nothing goes wrong any more
	joined  int
	told    map[cc.ConferenceID][]moment // of the checks

	stop chan struct{} // closed when no more orders are given and nobody comes or goes
}

const (
	conferences = 3
	workers     = 6
	perWorker   = 45
	firstNumber = 70_000_001
)

func newScene(c *cast, seed uint64) (*scene, func(), error) {
	s := &scene{seed: seed, begun: time.Now(), stop: make(chan struct{}), told: map[cc.ConferenceID][]moment{}, known: map[leg]time.Time{}}
	sw := fake.NewSwitch(fake.Options{Rules: fake.Rules{FirstMember: firstNumber}, Lag: c.lag})
	s.truth = &truth{
		sw: sw, cast: c, byID: map[cc.ConferenceID]*life{}, live: map[string]*life{}, wrong: s.mistake,
	}
	for i := range conferences {
		s.names = append(s.names, "standup-"+strconv.Itoa(i))
	}
	s.drawWindows()
	closeSwitch := func() { _ = sw.Close() }
	if c.http {
		client, closeWire, err := s.openWire()
		if err != nil {
			return nil, nil, err
		}
		s.client = client
		return s, func() { closeWire(); closeSwitch() }, nil
	}
	driver, err := sw.Driver(c.profile)
	if err != nil {
		return nil, nil, err
	}
	s.client, err = provider.New(way{driver, s}, c.profile.Options())
	return s, closeSwitch, err
}

// A leg is a call in a run.
type leg struct {
	instance cc.ConferenceID
	call     string
}

// seen notes that legs were read.
func (s *scene) seen(instance cc.ConferenceID, list ...cc.Participant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range list {
		if k := (leg{instance, p.CallID}); s.known[k].IsZero() {
			s.known[k] = time.Now()
		}
	}
}

// mistake notes that something is not as it was promised.
func (s *scene) mistake(format string, args ...any) {
	s.mistakes.Lock()
	defer s.mistakes.Unlock()
	if len(s.found) < 20 {
		s.found = append(s.found, fmt.Sprintf(format, args...))
	}
}

func (s *scene) rng(who int) *rand.Rand { return rand.New(rand.NewPCG(s.seed, uint64(who))) }

func (s *scene) order(n int) *order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.orders[n]
}

// bridgeFault has the bridge do, or show, the next command later, or never.
func (h *truth) bridgeFault(what string) (undo func()) {
	f := fake.Fault{Op: fake.OpCommand, What: fake.Late, Delay: lateness}
	switch what {
	case shownLate:
		f.What = fake.Stale
	case ignore:
		f.What = fake.Ignore
	}
	return h.sw.Inject(f)
}

// stopped reports whether the history draws to its end, after a pause.
func (s *scene) stopped(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.stop:
		return true
	case <-t.C:
		return false
	}
}

// work gives orders.
func (s *scene) work(i int) {
	rng := s.rng(200 + i)
	var old []cc.ConferenceID // Instances that this worker has seen
	for range perWorker {
		pauses := time.Duration(0)
		if rng.IntN(10) > 0 {
			pauses = time.Duration(rng.IntN(120)) * time.Millisecond
		}
		time.Sleep(pauses)
		o := s.draw(rng, &old)
		s.give(o)
	}
}

// draw draws an order.
func (s *scene) draw(rng *rand.Rand, old *[]cc.ConferenceID) *order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	o := &order{n: len(s.orders), name: s.names[rng.IntN(len(s.names))], cancel: -1, plan: drawPlan(rng, s.cast)}
	s.orders = append(s.orders, o)
	o.handle = cc.ConferenceID(o.name)
	l := s.live[o.name]
	if s.cast.profile.RunIDs {
		if l != nil {
			*old = append(*old, l.instance)
		}
		switch n := rng.IntN(100); {
		case n < 35 && l != nil:
			o.handle = l.instance
		case n < 42 && len(*old) > 0:
			o.handle = (*old)[rng.IntN(len(*old))]
			o.name = s.byID[o.handle].name
			l = s.byID[o.handle]
		}
	}
	switch n := rng.IntN(100); {
	case n < 16:
		o.verb = verbLook
	case n < 20:
		o.verb = verbEnd
	case n < 38:
		o.verb = verbRemove
	default:
		o.verb = verbSet
	}
	var known []soul
	if l != nil {
		known = l.now().souls
		if len(known) == 0 {
			known = l.versions[max(0, len(l.versions)-2)].souls
		}
	}
	var whom soul
	switch n := rng.IntN(100); {
	case n < 25 && len(known) > 0:
		whom = known[0]
	case n < 90 && len(known) > 0:
		whom = known[rng.IntN(len(known))]
	case s.cast.profile.IDs == fake.ByAddress:
		whom.id = cc.ParticipantID("1555010" + strconv.Itoa(1000+rng.IntN(14)))
	default:
		whom.id = cc.ParticipantID(strconv.Itoa(firstNumber + rng.IntN(20)))
	}
	if o.verb == verbSet || o.verb == verbRemove {
		o.part = whom.id
	}
	if o.verb == verbSet {
		of := cc.Controls(0)
		if l != nil && whom.key != "" {
			of = s.cast.can(l.now(), whom)
		}
		for o.change == (cc.Change{}) {
			if of&^cc.CanRemove == 0 {
				of = s.cast.profile.Capabilities.Others&^cc.CanCoach | s.cast.profile.Capabilities.Self
			}
			if of&^cc.CanRemove == 0 || rng.IntN(30) == 0 {
				of = cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach
			}
			o.change = drawChange(rng, of)
		}
	}
	switch n := rng.IntN(100); {
	case n < 12:
		o.limit = time.Duration(1+rng.IntN(1500)) * time.Millisecond
	case n < 15:
		o.limit = lateness // the instant at which other things happen
	case n < 25:
		o.cancel = time.Duration(rng.IntN(800)) * time.Millisecond
	case n < 29:
		o.cancel = lateness
	case n < 31:
		o.cancel = 0
	}
	if s.cast.profile.Serial && rng.IntN(12) == 0 {
		// Its failure is told when it is over already, and the next one under way.
		o.plan, o.limit, o.cancel = plan{commands: []fault{{what: failLater}}}, 0, 5*time.Millisecond
	}
	return o
}

// give gives an order, and writes down what comes of it.
func (s *scene) give(o *order) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), orderKey{}, o))
	defer cancel()
	if o.limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, o.limit)
		defer stop()
	}
	if o.cancel >= 0 {
		t := time.AfterFunc(o.cancel, cancel)
		defer t.Stop()
	}
	conf := s.client.Conference(o.handle)
	from := s.mark()
	s.mu.Lock()
	o.from, o.began = from, time.Now()
	s.mu.Unlock()
	var err error
	var seen cc.Snapshot
	switch o.verb {
	case verbLook:
		seen, err = conf.Snapshot(ctx)
	case verbRemove:
		err = conf.RemoveParticipant(ctx, o.part)
	case verbSet:
		err = conf.SetParticipantState(ctx, o.part, o.change)
	case verbEnd:
		err = conf.End(ctx)
	}
	ended := time.Now()
	to := s.mark()
	s.mu.Lock()
	defer s.mu.Unlock()
	o.to, o.ended, o.err, o.seen = to, ended, err, seen
}

// A window is a time in which what is watched cannot be read, or news gets lost.
type window struct {
	from, to time.Time
	what     string
}

// A loss is one read for watchers that failed, or one loss of news.
type loss struct {
	conf cc.ConferenceID // empty: of all
	from int             // place in the history when it began
	to   int
	at   time.Time
	what string
}

const (
	newsBreak  = "news-break"
	newsDrop   = "news-drop"
	newsDouble = "news-double"
	newsGap    = "news-gap"
	newsLate   = "news-late"
)

// drawWindows draws what goes wrong with watching.
func (s *scene) drawWindows() {
	rng := s.rng(300)
	at := s.begun
	whats := []string{fails, fails, hang, throttle}
	if s.cast.profile.Push {
		whats = append(whats, newsBreak, newsBreak, newsDrop, newsDouble, newsGap, newsLate)
	}
	for range 40 {
		at = at.Add(time.Duration(rng.IntN(6000)) * time.Millisecond)
		w := window{from: at, what: whats[rng.IntN(len(whats))]}
		at = at.Add(time.Duration(50+rng.IntN(4000)) * time.Millisecond)
		if s.cast.http && rng.IntN(3) == 0 {
			at = at.Add(14 * time.Second)
		}
		w.to = at
		s.windows = append(s.windows, w)
	}
}

// watchFault is what goes wrong with a read for watchers now.
func (s *scene) watchFault() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calm {
		return fault{}
	}
	now := time.Now()
	for _, w := range s.windows {
		if !now.Before(w.from) && now.Before(w.to) {
			switch w.what {
			case fails, hang, throttle:
				return fault{what: w.what}
			}
		}
	}
	return fault{}
}

// readLost notes that a read for watchers has failed.
func (s *scene) readLost(ctx context.Context, c cc.ConferenceID, from int, f fault) {
	to := s.mark()
	if ctx.Err() == context.Canceled {
		return // nobody waited for it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.losses = append(s.losses, loss{conf: c, from: from, to: to, at: time.Now(), what: f.what})
}

// weather has the news get lost in its windows.
func (s *scene) weather() {
	if !s.cast.profile.Push {
		return
	}
	for _, w := range s.windows {
		f := fake.Fault{Op: fake.OpNews}
		switch w.what {
		case newsBreak:
			f.Op, f.What = fake.OpListen, fake.Break
		case newsDrop:
			f.What = fake.Drop
		case newsDouble:
			f.What = fake.Double
		case newsGap:
			f.What = fake.Gap
		case newsLate:
			f.What, f.Delay = fake.Late, 300*time.Millisecond
		default:
			continue
		}
		if s.stopped(time.Until(w.from)) {
			return
		}
		var lift func()
		s.step(func() {
			stood := s.standing.Load()
			lift = s.sw.Inject(f)
			if w.what == newsBreak && stood {
				s.losses = append(s.losses, loss{from: s.seq, to: s.seq, at: time.Now(), what: w.what})
			}
		})
		over := s.stopped(time.Until(w.to))
		lift()
		if over {
			return
		}
	}
}
