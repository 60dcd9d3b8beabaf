package worlds

import (
	"net/http"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A With puts something of one's own between the parts of a site, or changes what they are told.
// What is nil leaves the part as it is.
type With struct {
	Driver    func(provider.Driver) provider.Driver     // in process: between provider and the bridge
	Transport func(http.RoundTripper) http.RoundTripper // over HTTP: between the driver and the server
	Client    func(cc.Client) cc.Client                 // between the suite and the client
	Options   func(provider.Options) provider.Options   // over HTTP only Poll is taken
}

func wrapDriver(with []With, d provider.Driver) provider.Driver {
	for _, w := range with {
		if w.Driver != nil {
			d = w.Driver(d)
		}
	}
	return d
}

func wrapTransport(with []With, t http.RoundTripper) http.RoundTripper {
	for _, w := range with {
		if w.Transport != nil {
			t = w.Transport(t)
		}
	}
	return t
}

func wrapClient(with []With, c cc.Client) cc.Client {
	for _, w := range with {
		if w.Client != nil {
			c = w.Client(c)
		}
	}
	return c
}

func options(with []With, o provider.Options) provider.Options {
	for _, w := range with {
		if w.Options != nil {
			o = w.Options(o)
		}
	}
	return o
}
