package worlds_test

import (
	"math/rand/v2"
	"strconv"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// people has the people of one conference come and go.
func (s *scene) people(i int) {
	rng, name := s.rng(100+i), s.names[i]
	for !s.stopped(time.Duration(rng.IntN(500)) * time.Millisecond) {
		s.step(func() {
			l := s.live[name]
			switch n := rng.IntN(100); {
			case l == nil:
				if n < 80 {
					s.fill(rng, name)
				}
			case n < 3:
				_, _ = s.sw.End(l.instance, fake.HangUp) // done after the bridge's lag, if it has one
				s.ownEffect(l, verbEnd, soul{}, cc.Change{})
			case n < 7 && s.cast.lag == 0:
				_, _ = s.sw.End(l.instance, fake.HangUp)
				s.fill(rng, name)
			case n < 45 && len(l.now().souls) < 8, len(l.now().souls) < 4 && n < 80:
				s.join(rng, name)
			case n < 49:
				if s.cast.profile.RunIDs { // else nothing may tell one run from the next
					s.transfer(rng, name)
				}
			case n < 60:
				p := l.now().souls[rng.IntN(len(l.now().souls))]
				change := drawChange(rng, s.cast.can(l.now(), p)&^cc.CanRemove)
				if change != (cc.Change{}) {
					_, _ = s.sw.Set(l.instance, p.key, change)
					s.ownEffect(l, verbSet, p, change)
				}
			case n < 78:
				p := l.now().souls[rng.IntN(len(l.now().souls))]
				for _, m := range s.sw.Members(l.instance) {
					if m.ID() == p.key && n < 73 {
						m.HangUp()
					} else if m.ID() == p.key {
						m.Leave()
					}
				}
			}
		})
	}
}

// upheave begins another run of an order's conference, or has another leg come for whom it is for.
func (s *scene) upheave(o *order) {
	if o == nil || s.cast.lag > 0 {
		return
	}
	s.step(func() {
		rng := rand.New(rand.NewPCG(s.seed, uint64(1000+o.n)))
		l := s.live[o.name]
		if l == nil {
			s.fill(rng, o.name)
			return
		}
		p, there := l.now().find(o.part)
		if !there || rng.IntN(2) == 0 {
			_, _ = s.sw.End(l.instance, fake.HangUp)
			s.fill(rng, o.name)
			return
		}
		for _, m := range s.sw.Members(l.instance) {
			if m.ID() == p.key {
				_, _ = s.sw.Join(o.name, fake.Leg{Address: p.address, Name: p.name, Role: p.role, Mute: rng.IntN(2) == 0})
				m.HangUp()
			}
		}
	})
}

// ownEffect lets what the people themselves ask of the bridge be explained when it is done late.
func (s *scene) ownEffect(l *life, v verb, p soul, change cc.Change) {
	if s.cast.lag > 0 {
		s.expect(&request{order: &order{}, verb: v, life: l, soul: p, change: change}, s.cast.lag)
	}
}

// fill begins a run.
func (s *scene) fill(rng *rand.Rand, name string) {
	for n := 2 + rng.IntN(4); n > 0; n-- {
		s.join(rng, name)
	}
}

// join brings one leg in.
func (s *scene) join(rng *rand.Rand, name string) {
	s.joined++
	leg := fake.Leg{
		Role: cc.RoleCustomer, Name: "Caller Number " + strconv.Itoa(s.joined),
		Mute: rng.IntN(6) == 0, Hold: rng.IntN(8) == 0, Deaf: rng.IntN(8) == 0,
	}
	switch n := rng.IntN(10); {
	case n < 2:
		leg.Role = cc.RoleSupervisor
	case n < 5:
		leg.Role = cc.RoleAgent
	}
	// Few numbers, so that they come back; now and then one that is there already.
	taken := map[string]bool{}
	l := s.live[name]
	if r, err := s.sw.Look(cc.ConferenceID(name)); err == nil && r.Status != fake.Ended {
		for _, m := range r.Members {
			taken[m.Address] = true
		}
	}
	for leg.Address == "" || taken[leg.Address] && rng.IntN(20) > 0 {
		leg.Address = "1555010" + strconv.Itoa(1000+rng.IntN(12))
	}
	if s.cast.profile.OwnLeg {
		own := l != nil && l.now().owned
		if l == nil {
			for _, m := range s.sw.Members(cc.ConferenceID(name)) {
				own = own || m.Info().Leg.Login == fake.Me
			}
		}
		switch {
		case !own && rng.IntN(10) < 8:
			leg.Role, leg.Login = cc.RoleAgent, fake.Me
		case leg.Role == cc.RoleAgent:
			leg.Login = "somebody"
		}
	}
	_, _ = s.sw.Join(name, leg)
}

// transfer moves a call of another conference here.
func (s *scene) transfer(rng *rand.Rand, name string) {
	from := s.live[s.names[rng.IntN(len(s.names))]]
	if from == nil || from.name == name {
		return
	}
	p := from.now().souls[rng.IntN(len(from.now().souls))]
	_, _ = s.sw.Join(name, fake.Leg{CallID: p.call, Address: p.address, Name: p.name, Role: p.role})
}

func drawChange(rng *rand.Rand, of cc.Controls) (c cc.Change) {
	for _, f := range flags {
		if of.Has(f.can) && rng.IntN(2) == 0 {
			*f.want(&c) = cc.On + cc.Toggle(rng.IntN(2))
		}
	}
	return c
}
