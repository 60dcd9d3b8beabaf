package worlds

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

// PlivoMPC is the driver of Plivo's MultiPartyCall API in front of its fake server, over a network
// without sockets.
func PlivoMPC(with ...With) conformance.Harness { return plivoMPC(plivoserver.Pipe, with...) }

// PlivoConference is the driver of Plivo's older Conference API in front of its fake server, over a
// network without sockets.
func PlivoConference(with ...With) conformance.Harness {
	return plivoConference(plivoserver.Pipe, with...)
}

// PlivoMPCHangUp is PlivoMPC where whoever is removed is hung up.
func PlivoMPCHangUp(with ...With) conformance.Harness {
	return plivoMPCHangUp(plivoserver.Pipe, with...)
}

// PlivoConferenceHangUp is PlivoConference where whoever is removed is hung up.
func PlivoConferenceHangUp(with ...With) conformance.Harness {
	return plivoConferenceHangUp(plivoserver.Pipe, with...)
}

func plivoMPC(n plivoserver.Network, with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach
	return overHTTP(with, product{name: plivo.MPC, open: plivo.NewMPC}, n,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateDepends,
			Ended:      cc.FateDepends,
		},
		mpcView(others))
}

func plivoMPCHangUp(n plivoserver.Network, with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach
	return overHTTP(with, product{name: plivo.MPC + "-hangup", open: plivo.NewMPC, remove: plivo.RemoveHangUp}, n,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateHangsUp,
			Ended:      cc.FateDepends,
		},
		mpcView(others))
}

func mpcView(others cc.Controls) view {
	return view{others: others, runIDs: true, roles: true, addresses: true, callIDs: true, joinedAt: true, second: true}
}

func plivoConference(n plivoserver.Network, with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanDeaf
	return overHTTP(with, product{name: plivo.Conference, open: plivo.NewConference}, n,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateContinues,
			Ended:      cc.FateUnknown,
		},
		conferenceView(others))
}

func plivoConferenceHangUp(n plivoserver.Network, with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanDeaf
	return overHTTP(with, product{name: plivo.Conference + "-hangup", open: plivo.NewConference, remove: plivo.RemoveHangUp}, n,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateHangsUp,
			Ended:      cc.FateUnknown,
		},
		conferenceView(others))
}

func conferenceView(others cc.Controls) view {
	return view{others: others, names: true, addresses: true, callIDs: true}
}

// A product is one of Plivo's drivers as a harness has it.
type product struct {
	name      string // of the harness
	open      func(plivo.Options) (cc.Client, error)
	remove    plivo.Removal
	callbacks bool // reach the client
}

// overHTTP is the harness of a Plivo driver in front of the fake server.
func overHTTP(with []With, p product, network plivoserver.Network, want cc.Capabilities, v view) conformance.Harness {
	return conformance.Harness{
		Name:     p.name,
		Want:     want,
		FakeTime: network == plivoserver.Pipe,
		Open: func(context.Context) (*conformance.Site, error) {
			return openHTTP(with, p, network, v)
		},
		Hostile: hostile(),
	}
}

// openHTTP opens a site. What has been opened is closed again if it fails.
func openHTTP(with []With, p product, network plivoserver.Network, v view) (_ *conformance.Site, err error) {
	b := newBridge(v)
	closers := []func() error{b.sw.Close}
	closeAll := func() error {
		var all []error
		for i := len(closers) - 1; i >= 0; i-- {
			all = append(all, closers[i]())
		}
		return errors.Join(all...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()
	o := plivo.Options{Insecure: true, Remove: p.remove, Poll: options(with, provider.Options{}).Poll}
	var served plivoserver.Options
	var h *hook
	if p.callbacks {
		if h, err = newHook(network); err != nil {
			return nil, err
		}
		closers = append(closers, h.close)
		o.PublicURL, served.Callbacks = h.url, h.callbacks(strings.TrimSuffix(p.name, "-callbacks"))
	}
	server, err := plivoserver.New(b.sw, served)
	if err != nil {
		return nil, err
	}
	b.requests = func() (commands, reads int) {
		n := server.Counts()
		return n.Commands, n.Reads
	}
	endpoint, err := server.Start(network)
	if err != nil {
		return nil, err
	}
	line := newLine(endpoint.Transport())
	closers = append(closers, endpoint.Close, func() error {
		line.transport.CloseIdleConnections()
		return nil
	})
	o.AuthID, o.AuthToken, o.Endpoint = server.AuthID(), plivo.NewSecret(server.AuthToken()), endpoint.URL()
	o.Transport = wrapTransport(with, line.transport)
	client, err := p.open(o)
	if err != nil {
		return nil, err
	}
	if h != nil {
		if err = h.start(client, server); err != nil {
			return nil, errors.Join(err, client.Close())
		}
	}
	return &conformance.Site{
		Client: wrapClient(with, client),
		World:  b,
		Faults: wireFaults{server: server, line: line, push: h != nil, bridge: inProcessFaults{sw: b.sw}},
		Close:  func() { _ = closeAll() },
	}, nil
}

// A line is the way from a driver to a server. It can be down.
type line struct {
	transport *http.Transport
	down      atomic.Int32
}

func newLine(t *http.Transport) *line {
	l := &line{transport: t.Clone()}
	dial := t.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	l.transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if l.down.Load() > 0 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		return dial(ctx, network, addr)
	}
	return l
}

// wireFaults injects the suite's faults into a server: what goes wrong on the wire there, and what
// goes wrong behind it in the bridge.
type wireFaults struct {
	server *plivoserver.Server
	line   *line
	push   bool // callbacks reach the client
	bridge inProcessFaults
}

func (w wireFaults) Inject(f conformance.Fault) (lift func(), err error) {
	switch {
	case f.Op == conformance.OpListen && w.push && f.What == conformance.Silent:
		return w.bridge.sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Drop}), nil
	case f.Op == conformance.OpListen:
		// Nothing is pushed; or nothing stands that could be lost, since callbacks come or do not come.
		return nil, cc.ErrUnsupported
	}
	switch f.What {
	case conformance.Unreachable:
		w.line.down.Add(1)
		return sync.OnceFunc(func() { w.line.down.Add(-1) }), nil
	case conformance.Hang:
		return w.hang(f)
	case conformance.FailLater, conformance.FailEarly:
		return nil, cc.ErrUnsupported // Plivo tells no failure after it has accepted a command
	}
	g, ok := w.wire(f)
	if !ok {
		return w.bridge.Inject(f)
	}
	return w.server.Inject(g)
}

// wire is a fault as the server has it, if it is one of the wire.
func (w wireFaults) wire(f conformance.Fault) (plivoserver.Fault, bool) {
	g := plivoserver.Fault{Match: matching(f.Op)}
	if g.Match == nil {
		return g, false
	}
	switch f.What {
	case conformance.LoseBefore:
		g.Wire.Mode, g.Times = plivoserver.Reset, 1
	case conformance.LoseAfter:
		g.Effect, g.Wire.Mode, g.Times = true, plivoserver.Cut, 1
	case conformance.Garble:
		g.Effect, g.Answer = true, plivoserver.HTML(http.StatusOK)
	case conformance.Hollow:
		g.Answer = plivoserver.JSON(http.StatusOK, "{}")
	case conformance.Fail:
		g.Answer = plivoserver.HTML(http.StatusServiceUnavailable)
	case conformance.RefuseInvalid:
		g.Answer = plivoserver.Status(http.StatusBadRequest)
	case conformance.RefuseUnauthenticated:
		g.Answer = plivoserver.Empty(http.StatusUnauthorized)
	case conformance.RefuseForbidden:
		g.Answer = plivoserver.NestedError(http.StatusForbidden)
	case conformance.RefuseUnsupported:
		g.Answer = plivoserver.Status(http.StatusMethodNotAllowed)
	case conformance.RefuseConflict:
		g.Answer = plivoserver.Status(http.StatusConflict)
	case conformance.RefuseRateLimited:
		g.Answer = plivoserver.TooMany("")
	default:
		return g, false
	}
	return g, true
}

// hang keeps requests until lift is called, and resets their connections then.
func (w wireFaults) hang(f conformance.Fault) (lift func(), err error) {
	match := matching(f.Op)
	if match == nil {
		return nil, cannot(f)
	}
	lifted := make(chan struct{})
	undo, err := w.server.Inject(plivoserver.Fault{
		Match: func(r *http.Request) bool {
			if !match(r) {
				return false
			}
			select {
			case <-lifted:
			case <-r.Context().Done():
			}
			return true
		},
		Wire: plivoserver.Wire{Mode: plivoserver.Reset},
	})
	if err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() {
		undo()
		close(lifted)
	}), nil
}
