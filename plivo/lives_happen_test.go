package plivo_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

const (
	lifeSteps    = 16
	mostPeople   = 8
	mostArrivals = 19 // in one run, so that Plivo lists all of them on one page
)

// A lifeDeed is a command of one of the clients.
type lifeDeed struct {
	replica     *replica
	op          string
	whom        *fake.Member // nil: the conference
	byName      bool
	began, over time.Time
	err         error
}

// A lifeFault is a time in which reads fail.
type lifeFault struct{ from, to time.Time }

// lifePause lets time pass.
func lifePause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// happen is everything that happens to the conference. It returns when all of it is over.
func (l *life) happen() {
	rng := l.rng(2)
	var under sync.WaitGroup
	for range lifeSteps {
		l.step(rng, &under)
		time.Sleep(drawPause(rng))
	}
	if l.live() == nil && rng.IntN(10) > 0 {
		l.open(rng)
	}
	under.Wait()
}

func drawPause(rng *rand.Rand) time.Duration {
	within := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
	switch n := rng.IntN(100); {
	case n < 15:
		return 0
	case n < 40:
		return within(100 * time.Millisecond)
	case n < 70:
		return within(time.Second)
	case n < 96:
		return within(5 * time.Second)
	}
	return 28*time.Second + within(5*time.Second)
}

// live is who is in the conference; nil if there is none.
func (l *life) live() []*fake.Member { return l.sw.Members(lifeRoom) }

// step has one thing happen.
func (l *life) step(rng *rand.Rand, under *sync.WaitGroup) {
	l.count("steps", 1)
	people := l.live()
	if len(people) == 0 {
		l.open(rng)
		return
	}
	whom := people[rng.IntN(len(people))]
	switch n := rng.IntN(100); {
	case n < 20:
		l.join(rng)
	case n < 30:
		l.note("hang up %s", whom.ID())
		whom.HangUp()
	case n < 33:
		l.note("leave %s", whom.ID())
		whom.Leave()
	case n < 36:
		l.comeBack()
	case n < 52:
		change := l.drawChange(rng, whom)
		l.note("behind: set %s %v", whom.ID(), change)
		_, _ = l.sw.Set(lifeRoom, whom.ID(), change)
	case n < 57:
		l.note("behind: remove %s", whom.ID())
		_, _ = l.sw.Remove(lifeRoom, whom.ID(), fake.AsEntered)
	case n < 60:
		l.note("behind: end")
		_, _ = l.sw.End(lifeRoom, fake.AsEntered)
		if rng.IntN(2) == 0 {
			time.Sleep(time.Duration(rng.IntN(2)*rng.IntN(200)) * time.Millisecond)
			l.open(rng)
		}
	case n < 80:
		l.command(rng, whom, under)
	case n < 86:
		l.fault(rng, under)
	case n < 90:
		l.note("speaks %s", whom.ID())
		_ = l.sender.Speaks(whom, rng.IntN(2) == 0)
	case n < 93:
		l.note("digits %s", whom.ID())
		_ = l.sender.Digits(whom, "12#")
	default:
		for range 2 + rng.IntN(6) {
			change := l.drawChange(rng, whom)
			l.note("burst: set %s %v", whom.ID(), change)
			_, _ = l.sw.Set(lifeRoom, whom.ID(), change)
			time.Sleep(time.Duration(rng.IntN(60)) * time.Millisecond)
		}
	}
}

// open begins a run, whose numbers are those of the run before.
func (l *life) open(rng *rand.Rand) {
	for range 1 + rng.IntN(4) {
		l.join(rng)
	}
}

func (l *life) join(rng *rand.Rand) {
	room, err := l.sw.Look(lifeRoom)
	if err == nil && room.Status != fake.Ended && (len(room.Members) >= mostPeople || len(room.Members)+len(room.Departed) >= mostArrivals) {
		return
	}
	leg := fake.Leg{
		Role: []cc.Role{cc.RoleAgent, cc.RoleCustomer, cc.RoleCustomer, cc.RoleSupervisor}[rng.IntN(4)], Name: "Caller Number 7",
		Mute: rng.IntN(6) == 0, Hold: rng.IntN(8) == 0, Deaf: rng.IntN(8) == 0, EndOnExit: rng.IntN(12) == 0,
		Rules: &fake.Rules{FirstMember: 20970101},
	}
	if m, err := l.sw.Join(lifeRoom, leg); err == nil {
		l.note("join %s (%.4s)", m.ID(), m.CallID())
		l.mu.Lock()
		l.present = append(l.present, m)
		l.mu.Unlock()
	}
}

// comeBack has a call that has left this run, and is still up, come in again: under another number.
func (l *life) comeBack() {
	room, err := l.sw.Look(lifeRoom)
	if err != nil || room.Status == fake.Ended || len(room.Members)+len(room.Departed) >= mostArrivals {
		return
	}
	l.mu.Lock()
	all := slices.Clone(l.present)
	l.mu.Unlock()
	for _, m := range all {
		if m.Instance() != room.Instance || m.Present() || !m.Up() {
			continue
		}
		if again, err := l.sw.Join(lifeRoom, m.Info().Leg); err == nil {
			l.note("back %s (%.4s)", again.ID(), again.CallID())
			l.mu.Lock()
			l.present = append(l.present, again)
			l.mu.Unlock()
			return
		}
	}
}

func (l *life) drawChange(rng *rand.Rand, whom *fake.Member) (c cc.Change) {
	to := []cc.Toggle{cc.On, cc.Off}[rng.IntN(2)]
	second := &c.Hold
	if l.product.name != products[0].name {
		second = &c.Deaf
	}
	switch rng.IntN(4) {
	case 0, 1:
		c.Mute = to
	case 2:
		*second = to
	default:
		if whom.State().Coach == cc.Unset || l.product.name != products[0].name {
			c.Mute, *second = to, to
		} else {
			c.Coach = to
		}
	}
	return c
}

// command has one of the clients give a command, in a goroutine of its own.
func (l *life) command(rng *rand.Rand, whom *fake.Member, under *sync.WaitGroup) {
	p := l.replicas[rng.IntN(len(l.replicas))]
	d := &lifeDeed{replica: p, op: cc.OpSetParticipantState, whom: whom, byName: true, began: time.Now()}
	change := l.drawChange(rng, whom)
	switch n := rng.IntN(100); {
	case n < 8:
		d.op, d.whom = cc.OpEnd, nil
	case n < 50:
		d.op = cc.OpRemoveParticipant
	}
	conf := p.client.Conference(lifeRoom)
	if l.product.name == products[0].name && rng.IntN(3) == 0 {
		conf, d.byName = p.client.Conference(whom.Instance()), false
	}
	l.note("replica %d: %s %s %v", p.n, d.op, whom.ID(), change)
	l.mu.Lock()
	l.deeds = append(l.deeds, d)
	l.mu.Unlock()
	under.Go(func() {
		var err error
		switch d.op {
		case cc.OpEnd:
			err = conf.End(background)
		case cc.OpRemoveParticipant:
			err = conf.RemoveParticipant(background, whom.ID())
		default:
			err = conf.SetParticipantState(background, whom.ID(), change)
		}
		l.note("replica %d: %s %s came back: %v", p.n, d.op, whom.ID(), err)
		l.judgeDeed(d, err)
		l.mu.Lock()
		defer l.mu.Unlock()
		d.over, d.err = time.Now(), err
	})
}

// judgeDeed holds against the bridge what a command has returned.
func (l *life) judgeDeed(d *lifeDeed, err error) {
	l.count("commands", 1)
	switch kind := cc.KindOf(err); kind {
	case 0:
		l.count("commands nil", 1)
		if d.op == cc.OpRemoveParticipant && d.whom.Present() {
			room, lost := l.sw.Look(lifeRoom)
			if lost == nil && room.Instance == d.whom.Instance() && room.CreatedAt.Before(d.began) {
				l.mistake("removed, and there: %s", d.whom.ID())
			}
		}
	case cc.ErrNotFound, cc.ErrNotParticipant, cc.ErrConflict, cc.ErrUncertain, cc.ErrUnavailable, cc.ErrRateLimited, cc.ErrCanceled:
	default:
		l.mistake("%s returned %v", d.op, err)
	}
}

// fault has reads fail for a while.
func (l *life) fault(rng *rand.Rand, under *sync.WaitGroup) {
	list := []plivoserver.Fault{
		{Answer: plivoserver.HTML(503)},
		{Answer: plivoserver.Status(500)},
		{Answer: plivoserver.HTML(200)},
		{Answer: plivoserver.TooMany("")},
		{Wire: plivoserver.Wire{Mode: plivoserver.Reset}},
		{Wire: plivoserver.Wire{Mode: plivoserver.Hang}},
	}
	n := rng.IntN(len(list))
	f := list[n]
	f.On = plivoserver.Reads
	d := time.Duration(100+rng.IntN(3000)) * time.Millisecond
	if rng.IntN(2) == 0 {
		d += time.Duration(5+rng.IntN(20)) * time.Second
	}
	lift, err := l.server.Inject(f)
	if err != nil {
		l.mistake("no fault: %v", err)
		return
	}
	l.note("reads fail in way %d for %v", n, d)
	l.count("faults", 1)
	w := &lifeFault{from: time.Now(), to: time.Now().Add(d)}
	l.mu.Lock()
	l.faults = append(l.faults, w)
	l.mu.Unlock()
	under.Go(func() {
		time.Sleep(d)
		lift()
		l.note("reads come back")
	})
}
