package worlds

import (
	"fmt"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
)

// inProcessFaults injects the suite's faults into a Switch.
type inProcessFaults struct {
	sw    *fake.Switch
	held  *holder
	push  bool // the vendor pushes news
	async bool // the vendor tells failures after it has accepted a command
}

func (i inProcessFaults) Inject(f conformance.Fault) (lift func(), err error) {
	if f.Op == conformance.OpListen {
		if !i.push {
			return nil, cc.ErrUnsupported
		}
		switch f.What {
		case conformance.Drop:
			return i.sw.Inject(fake.Fault{Op: fake.OpListen, What: fake.Break}), nil
		case conformance.Silent:
			return i.sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Drop}), nil
		}
		return nil, cannot(f)
	}
	g, err := requests(f)
	if err != nil {
		return nil, err
	}
	switch f.What {
	case conformance.LoseBefore:
		g.What, g.Times = fake.LoseBefore, 1
	case conformance.LoseAfter:
		g.What, g.Times = fake.LoseAfter, 1
	case conformance.Garble:
		// In process there are no bytes: whoever asked knows as much as after a lost answer.
		g.What = fake.LoseAfter
	case conformance.Hollow:
		return nil, cc.ErrUnsupported // in process an answer is all there, or is an error
	case conformance.Fail:
		g.What = fake.LoseBefore
	case conformance.Hang:
		reads := func() {}
		if f.Op == conformance.OpRead || f.Op == conformance.OpAny {
			reads = i.sw.Inject(fake.Fault{Op: fake.OpRead, What: fake.Hang})
		}
		commands := i.held.hold(func(r fake.Request) bool {
			return covers(f.Op, r.Op) && (g.Match == nil || g.Match(r))
		})
		return func() { reads(); commands() }, nil
	case conformance.Unreachable:
		g.What = fake.NotSent
	case conformance.Ignore:
		g.What = fake.Ignore
	case conformance.Late:
		g.What, g.Delay = fake.Late, conformance.Lag
	case conformance.Old:
		g.Op, g.What, g.Delay = fake.OpCommand, fake.Stale, conformance.Lag
	case conformance.Contradict:
		g.What = fake.Contradict
	case conformance.FailLater, conformance.FailEarly:
		if !i.async {
			return nil, cc.ErrUnsupported
		}
		g.What, g.Err = fake.FailLater, refusal(cc.ErrConflict)
		if f.What == conformance.FailEarly {
			g.What = fake.FailSooner
		}
	default:
		kind, ok := refusals()[f.What]
		if !ok {
			return nil, cannot(f)
		}
		g.What, g.Err = fake.Refuse, refusal(kind)
	}
	return i.sw.Inject(g), nil
}

// requests is the fault with which requests it meets, and nothing that goes wrong yet.
func requests(f conformance.Fault) (fake.Fault, error) {
	switch f.Op {
	case conformance.OpRemove:
		return fake.Fault{Op: fake.OpRemove}, nil
	case conformance.OpSet:
		return fake.Fault{Op: fake.OpSet}, nil
	case conformance.OpRestrict:
		return fake.Fault{Op: fake.OpSet, Match: func(r fake.Request) bool { return restricts(r.Change) }}, nil
	case conformance.OpRelease:
		return fake.Fault{Op: fake.OpSet, Match: func(r fake.Request) bool { return !restricts(r.Change) }}, nil
	case conformance.OpEnd:
		return fake.Fault{Op: fake.OpEnd}, nil
	case conformance.OpRead:
		return fake.Fault{Op: fake.OpRead}, nil
	case conformance.OpAny:
		return fake.Fault{Op: fake.OpAny}, nil
	}
	return fake.Fault{}, cannot(f)
}

// covers tells whether a fault on op meets commands of that kind.
func covers(op string, r fake.Op) bool {
	switch op {
	case conformance.OpAny:
		return true
	case conformance.OpRead:
		return false
	case conformance.OpRemove:
		return r == fake.OpRemove
	case conformance.OpEnd:
		return r == fake.OpEnd
	}
	return r == fake.OpSet
}

// restricts tells whether a change turns something on.
func restricts(c cc.Change) bool {
	return c.Mute == cc.On || c.Deaf == cc.On || c.Hold == cc.On || c.Coach == cc.On
}

// refusals are the kinds by which a vendor refuses.
func refusals() map[string]cc.Kind {
	return map[string]cc.Kind{
		conformance.RefuseInvalid:         cc.ErrInvalid,
		conformance.RefuseUnauthenticated: cc.ErrUnauthenticated,
		conformance.RefuseForbidden:       cc.ErrForbidden,
		conformance.RefuseUnsupported:     cc.ErrUnsupported,
		conformance.RefuseConflict:        cc.ErrConflict,
		conformance.RefuseRateLimited:     cc.ErrRateLimited,
	}
}

func refusal(kind cc.Kind) *cc.Error {
	return &cc.Error{Kind: kind, Message: "an injected refusal"}
}

func cannot(f conformance.Fault) error {
	return fmt.Errorf("there is no fault %s of %s", f.What, f.Op)
}
