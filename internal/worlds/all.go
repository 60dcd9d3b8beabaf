package worlds

import (
	"slices"
	"time"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/provider"
)

// All returns the harness of every driver of this module in front of its fake, for fake time. Check
// takes them too, since nothing in them needs fake time.
func All() []conformance.Harness {
	return slices.Concat([]conformance.Harness{
		Everything(), FakePlivoMPC(), FakePlivoConference(), FakeGenesys(), ByAddress(),
		PlivoMPC(), PlivoMPCHangUp(), PlivoMPCCallbacks(),
		PlivoConference(), PlivoConferenceHangUp(), PlivoConferenceCallbacks(),
	}, Genesys())
}

// Loopback returns the harnesses of All for real time: those that speak HTTP do so over sockets of the
// loopback interface, and what is watched is read every second, so that nobody waits long.
func Loopback() []conformance.Harness {
	often := With{Options: func(o provider.Options) provider.Options {
		o.Poll = time.Second
		return o
	}}
	return slices.Concat([]conformance.Harness{
		Everything(often), FakePlivoMPC(often), FakePlivoConference(often), FakeGenesys(often), ByAddress(often),
		plivoMPC(plivoserver.TCP, often), plivoMPCHangUp(plivoserver.TCP, often), plivoMPCCallbacks(plivoserver.TCP, often),
		plivoConference(plivoserver.TCP, often), plivoConferenceHangUp(plivoserver.TCP, often), plivoConferenceCallbacks(plivoserver.TCP, often),
	}, genesysHarnesses(genesysserver.TCP, []With{often}))
}
