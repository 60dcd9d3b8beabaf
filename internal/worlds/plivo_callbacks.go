package worlds

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// PlivoMPCCallbacks is PlivoMPC where the server's callbacks reach the client, signed and by HTTP.
func PlivoMPCCallbacks(with ...With) conformance.Harness {
	return plivoMPCCallbacks(plivoserver.Pipe, with...)
}

// PlivoConferenceCallbacks is PlivoConference where the server's callbacks reach the client, signed and
// by HTTP.
func PlivoConferenceCallbacks(with ...With) conformance.Harness {
	return plivoConferenceCallbacks(plivoserver.Pipe, with...)
}

func plivoMPCCallbacks(n plivoserver.Network, with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach
	return overHTTP(with, product{name: plivo.MPC + "-callbacks", open: plivo.NewMPC, callbacks: true}, n,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateDepends,
			Ended:      cc.FateDepends,
		},
		mpcView(others))
}

func plivoConferenceCallbacks(n plivoserver.Network, with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanDeaf
	return overHTTP(with, product{name: plivo.Conference + "-callbacks", open: plivo.NewConference, callbacks: true}, n,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateContinues,
			Ended:      cc.FateUnknown,
		},
		conferenceView(others))
}

// A hook is where callbacks reach a client: an HTTP server in front of the client's receiver.
type hook struct {
	url       string
	transport *http.Transport // reaches it
	listener  net.Listener
	network   *pipenet.Network // nil: sockets
	server    *http.Server     // nil until it serves
	served    chan struct{}
	sender    *plivoserver.Sender
}

// newHook listens, so that there is an address to give to the vendor.
func newHook(n plivoserver.Network) (h *hook, err error) {
	h = &hook{transport: &http.Transport{}, served: make(chan struct{})}
	if n == plivoserver.Pipe {
		h.network = pipenet.New()
		h.transport = h.network.Transport()
		h.listener, err = h.network.Listen("127.0.0.1:0")
	} else {
		h.listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, err
	}
	h.transport.DisableKeepAlives = true // what waits for the next callback would be counted as left behind
	h.url = "http://" + h.listener.Addr().String()
	return h, nil
}

// callbacks says where the callbacks of every room go, of the one product alone: a room of the fake is
// one of both.
func (h *hook) callbacks(name string) plivoserver.Callbacks {
	if name == plivo.MPC {
		return plivoserver.Callbacks{URL: h.url + "/plivo"}
	}
	return plivoserver.Callbacks{ConferenceURL: h.url + "/plivo"}
}

// start mounts the client's receiver, and has the server send what happens from now on.
func (h *hook) start(client cc.Client, server *plivoserver.Server) (err error) {
	receiver, ok := cc.As[http.Handler](client)
	if !ok {
		return fmt.Errorf("%s has a public URL and no receiver of callbacks", client.Name())
	}
	mux := http.NewServeMux()
	mux.Handle("/plivo", receiver)
	h.server = &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		defer close(h.served)
		_ = h.server.Serve(h.listener) // until close
	}()
	h.sender, err = server.SendCallbacks(plivoserver.CallbackOptions{Transport: h.transport})
	return err
}

// close ends all of it that has begun.
func (h *hook) close() error {
	var all []error
	if h.sender != nil {
		all = append(all, h.sender.Close())
	}
	h.transport.CloseIdleConnections()
	if h.server != nil {
		_ = h.server.Close()
		<-h.served
	} else {
		all = append(all, h.listener.Close())
	}
	if h.network != nil {
		all = append(all, h.network.Close())
	}
	return errors.Join(all...)
}
