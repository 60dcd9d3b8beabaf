package acme

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		Name: "acme",
		Want: callcontrol.Capabilities{
			Conference: callcontrol.CanWatch,
			Others:     callcontrol.CanRemove | callcontrol.CanMute,
			Removed:    callcontrol.FateHangsUp,
		},
		Open:     openSite,
		FakeTime: true,
		Hostile:  []callcontrol.ParticipantID{"{0};{1}", "+{0}", "{0}.0"},
	})
}

// openSite makes a new client in a new world.
func openSite(ctx context.Context) (*conformance.Site, error) {
	v, network := newVendor(), pipenet.New()
	listener, err := network.Listen("127.0.0.1:80")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: v}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })

	var down atomic.Bool // the way to Acme
	transport := network.Transport()
	transport.DialContext = func(ctx context.Context, kind, addr string) (net.Conn, error) {
		if down.Load() {
			return nil, &net.OpError{Op: "dial", Net: kind, Err: syscall.ECONNREFUSED}
		}
		return network.DialContext(ctx, kind, addr)
	}
	client, err := callcontrol.OpenConfig(ctx, callcontrol.Config{
		Provider: "acme", Endpoint: "http://127.0.0.1:80", Settings: map[string]string{"insecure": "true"},
		Secret:    func(context.Context, string) (string, error) { return "secret", nil },
		Transport: transport,
	})
	if err != nil {
		return nil, err
	}
	return &conformance.Site{
		Client: client,
		World:  newWorld(v),
		Faults: faults{v, &down},
		Close: func() {
			transport.CloseIdleConnections()
			_ = server.Close()
			_ = network.Close()
			_ = v.sw.Close()
			serving.Wait()
		},
	}, nil
}

// faults break things between the driver and Acme, or behind Acme's wire.
type faults struct {
	vendor *vendor
	down   *atomic.Bool
}

// refusals are what Acme answers to what it does not do.
var refusals = map[string]int{
	conformance.Fail:                  http.StatusServiceUnavailable,
	conformance.RefuseInvalid:         http.StatusBadRequest,
	conformance.RefuseUnauthenticated: http.StatusUnauthorized,
	conformance.RefuseForbidden:       http.StatusForbidden,
	conformance.RefuseUnsupported:     http.StatusMethodNotAllowed,
	conformance.RefuseConflict:        http.StatusConflict,
	conformance.RefuseRateLimited:     http.StatusTooManyRequests,
}

func (f faults) Inject(x conformance.Fault) (lift func(), err error) {
	op, known := map[string]fake.Op{
		conformance.OpRemove: fake.OpRemove, conformance.OpSet: fake.OpSet,
		conformance.OpRead: fake.OpRead, conformance.OpAny: fake.OpAny,
	}[x.Op]
	if !known { // Acme pushes nothing, ends nothing, and has one flag
		return nil, callcontrol.ErrUnsupported
	}
	t := &trouble{meets: func(asked fake.Op) bool { return covers(op, asked) }}
	switch x.What {
	case conformance.FailLater, conformance.FailEarly:
		return nil, callcontrol.ErrUnsupported // Acme tells no failure after it has accepted a command
	case conformance.Ignore:
		return f.vendor.sw.Inject(fake.Fault{Op: op, What: fake.Ignore}), nil
	case conformance.Late:
		return f.vendor.sw.Inject(fake.Fault{Op: op, What: fake.Late, Delay: conformance.Lag}), nil
	case conformance.Contradict:
		return f.vendor.sw.Inject(fake.Fault{Op: op, What: fake.Contradict}), nil
	case conformance.Old:
		return f.vendor.sw.Inject(fake.Fault{Op: fake.OpCommand, What: fake.Stale, Delay: conformance.Lag}), nil
	case conformance.Unreachable:
		f.down.Store(true)
		return func() { f.down.Store(false) }, nil
	case conformance.LoseBefore, conformance.LoseAfter:
		t.once = true
		t.with = func(_ http.ResponseWriter, _ *http.Request, do func()) {
			if x.What == conformance.LoseAfter {
				do()
			}
			panic(http.ErrAbortHandler) // cuts the connection
		}
	case conformance.Hang:
		lifted := make(chan struct{})
		t.with = func(_ http.ResponseWriter, r *http.Request, _ func()) {
			select {
			case <-lifted:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		}
		remove := f.vendor.inject(t)
		return sync.OnceFunc(func() { remove(); close(lifted) }), nil
	case conformance.Garble, conformance.Hollow:
		body := map[string]string{conformance.Garble: "<p>", conformance.Hollow: `{"room":"r","run":"r7"}`}[x.What]
		t.with = func(w http.ResponseWriter, _ *http.Request, do func()) {
			do()
			_, _ = w.Write([]byte(body))
		}
	default:
		status, known := refusals[x.What]
		if !known {
			return nil, fmt.Errorf("there is no fault %s", x.What)
		}
		t.with = func(w http.ResponseWriter, _ *http.Request, _ func()) { w.WriteHeader(status) }
	}
	return f.vendor.inject(t), nil
}

// covers tells whether a fault on op meets a request of that kind.
func covers(op, asked fake.Op) bool {
	switch op {
	case fake.OpAny:
		return true
	case fake.OpRead:
		return asked.IsRead()
	}
	return op == asked
}
