package worlds

import (
	"net/http"
	"sync"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// genesysFaults injects the suite's faults: what goes wrong on the wire into the server, and what goes
// wrong behind it into the bridge.
type genesysFaults struct {
	server *genesysserver.Server
	user   string
	line   *line
	bridge inProcessFaults
}

func (g genesysFaults) Inject(f conformance.Fault) (lift func(), err error) {
	switch {
	case f.Op == conformance.OpListen && f.What == conformance.Silent:
		return g.bridge.sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Drop}), nil
	case f.Op == conformance.OpListen && f.What == conformance.Drop:
		lift, err := g.server.Inject(genesysserver.Fault{
			On: genesysserver.CometDPost, Answer: genesysserver.HTML(http.StatusServiceUnavailable),
		})
		if err == nil {
			g.server.DropCometD(g.user, true)
		}
		return lift, err
	case f.Op == conformance.OpListen:
		return nil, cannot(f)
	}
	if f.What == conformance.Unreachable {
		g.line.down.Add(1)
		return sync.OnceFunc(func() { g.line.down.Add(-1) }), nil
	}
	w, ok := genesysWire(f.What)
	if !ok {
		return g.bridge.Inject(f)
	}
	var lifts []func()
	undo := func() {
		for _, l := range lifts {
			l()
		}
	}
	for _, on := range genesysOperations(f.Op) {
		w.On = on
		l, err := g.server.Inject(w)
		if err != nil {
			undo()
			return nil, err
		}
		lifts = append(lifts, l)
	}
	if len(lifts) == 0 {
		return nil, cannot(f)
	}
	return undo, nil
}

// genesysOperations are the requests that a fault on op meets.
func genesysOperations(op string) []genesysserver.Operation {
	const (
		mute, unmute   = "MuteCall", "UnmuteCall"
		hold, retrieve = "Hold", "Retrieve"
	)
	switch op {
	case conformance.OpRemove:
		return []genesysserver.Operation{"RemoveParticipantFromConference", "Hangup"}
	case conformance.OpSet:
		return []genesysserver.Operation{mute, unmute, hold, retrieve}
	case conformance.OpRestrict:
		return []genesysserver.Operation{mute, hold}
	case conformance.OpRelease:
		return []genesysserver.Operation{unmute, retrieve}
	case conformance.OpEnd:
		return []genesysserver.Operation{"ClearCall"}
	case conformance.OpRead:
		return []genesysserver.Operation{genesysserver.Reads}
	case conformance.OpAny:
		return []genesysserver.Operation{genesysserver.Reads, genesysserver.CallPosts}
	}
	return nil
}

// genesysWire is a fault as the server has it, if it is one of the wire.
func genesysWire(what string) (w genesysserver.Fault, ok bool) {
	switch what {
	case conformance.LoseBefore:
		w.Wire, w.Times = genesysserver.Reset, 1
	case conformance.LoseAfter:
		w.Effect, w.Wire, w.Times = true, genesysserver.Cut, 1
	case conformance.Garble:
		w.Effect, w.Answer = true, genesysserver.HTML(http.StatusOK)
	case conformance.Hollow:
		w.Answer = genesysserver.JSON(http.StatusOK, "{}")
	case conformance.Fail:
		w.Answer = genesysserver.HTML(http.StatusServiceUnavailable)
	case conformance.Hang:
		w.Wire = genesysserver.Hang
	case conformance.Ignore:
		w.Answer = genesysserver.Done()
	case conformance.FailLater:
		w.Answer, w.Failure = genesysserver.Done(), &genesysserver.Failure{}
	case conformance.FailEarly:
		w.Answer, w.Failure = genesysserver.Done(), &genesysserver.Failure{Before: true}
	case conformance.RefuseInvalid:
		w.Answer = genesysserver.Code(http.StatusBadRequest, 1, "a parameter is missing")
	case conformance.RefuseUnauthenticated:
		w.Answer = genesysserver.Unauthenticated()
	case conformance.RefuseForbidden:
		w.Answer = genesysserver.Code(http.StatusForbidden, 5, "no permission")
	case conformance.RefuseUnsupported:
		w.Answer = genesysserver.HTML(http.StatusMethodNotAllowed)
	case conformance.RefuseConflict:
		w.Answer = genesysserver.Code(http.StatusConflict, 2, "not in this state")
	case conformance.RefuseRateLimited:
		w.Answer = genesysserver.Empty(http.StatusTooManyRequests)
	default:
		return w, false
	}
	return w, true
}

var _ conformance.Faults = genesysFaults{}
