package interop_test

import (
	"fmt"
	"strings"
	"testing"
)

// A way is how a client talks to a server.
type way struct {
	transport string
	ack       bool
}

func (w way) String() string {
	if w.ack {
		return w.transport + ", ack"
	}
	return w.transport
}

// ways are all that a product has.
func (p *product) ways() []way {
	ways := []way{{polling, false}}
	if p.acks {
		ways = append(ways, way{polling, true})
	}
	if p.sockets {
		ways = append(ways, way{sockets, false})
	}
	if p.sockets && p.acks {
		ways = append(ways, way{sockets, true})
	}
	return ways
}

// A trial is one case, against one server, one way.
type trial struct {
	*testing.T
	server *server
	way
	top string // of the channels that only this trial uses
}

// channel is one that only this trial uses.
func (x *trial) channel(name string) string { return x.top + "/" + name }

// publish has the server publish events with the numbers from first to last, in parts of some.
func (x *trial) publish(channel string, first, last, part int) {
	x.Helper()
	x.server.do(x.T, "publish", channel, first, last-first+1, part)
}

// A scenario is something that a client must be able to do or to bear.
type scenario struct {
	name string
	run  func(x *trial)
	fits func(p *product, w way) bool // whether there is such a case; nil for always
}

// possible tells whether a scenario can be tried with a product, one way.
func (c scenario) possible(p *product, w way) bool { return c.fits == nil || c.fits(p, w) }

// top makes channels of a trial.
func top(name string, w way) string {
	ack := "plain"
	if w.ack {
		ack = "ack"
	}
	return fmt.Sprintf("/%s/%s/%s", strings.ReplaceAll(name, " ", "-"), w.transport, ack)
}
