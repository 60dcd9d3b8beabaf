package worlds

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/provider"
)

// conferenceControls is what every provider here can do to a conference.
const conferenceControls = cc.CanEnd | cc.CanList | cc.CanWatch

// Everything is the in-process fake that can do all that the contract has.
func Everything(with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach
	return inProcess(with, "fake-everything", fake.Everything(),
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateHangsUp,
			Ended:      cc.FateHangsUp,
		},
		view{others: others, runIDs: true, roles: true, names: true, addresses: true, callIDs: true, joinedAt: true})
}

// ByAddress is Everything where people are known by their numbers, so that there are twins, and ids
// that go over to another leg.
func ByAddress(with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach
	profile := fake.Everything()
	profile.IDs = fake.ByAddress
	return inProcess(with, "fake-by-address", profile,
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateHangsUp,
			Ended:      cc.FateHangsUp,
		},
		view{others: others, byAddress: true, runIDs: true, roles: true, names: true, addresses: true, callIDs: true, joinedAt: true})
}

// FakePlivoMPC is the in-process fake with the abilities of Plivo's MultiPartyCall.
func FakePlivoMPC(with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach
	return inProcess(with, "fake-plivo-mpc", fake.PlivoMPC(),
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateDepends,
			Ended:      cc.FateDepends,
		},
		view{others: others, runIDs: true, roles: true, addresses: true, callIDs: true, joinedAt: true})
}

// FakePlivoConference is the in-process fake with the abilities of Plivo's older Conference.
func FakePlivoConference(with ...With) conformance.Harness {
	const others = cc.CanRemove | cc.CanMute | cc.CanDeaf
	return inProcess(with, "fake-plivo-conference", fake.PlivoConference(),
		cc.Capabilities{
			Conference: conferenceControls,
			Others:     others,
			Removed:    cc.FateContinues,
			Ended:      cc.FateUnknown,
		},
		view{others: others, names: true, addresses: true, callIDs: true})
}

// FakeGenesys is the in-process fake with the abilities of one agent's session at Genesys.
func FakeGenesys(with ...With) conformance.Harness {
	const self = cc.CanRemove | cc.CanMute | cc.CanHold
	return inProcess(with, "fake-genesys", fake.Genesys(),
		cc.Capabilities{
			Conference:  conferenceControls,
			Others:      cc.CanRemove,
			Self:        self,
			SessionOnly: true,
			Removed:     cc.FateHangsUp,
			Ended:       cc.FateHangsUp,
		},
		view{others: cc.CanRemove, self: self, ownLeg: true, byAddress: true, addresses: true})
}

// inProcess is the harness of the in-process fake with some profile.
func inProcess(with []With, name string, profile fake.Profile, want cc.Capabilities, v view) conformance.Harness {
	return conformance.Harness{
		Name:     name,
		Want:     want,
		FakeTime: true,
		Open: func(context.Context) (*conformance.Site, error) {
			b := newBridge(v)
			driver, err := b.sw.Driver(profile)
			if err != nil {
				return nil, err
			}
			held := &holder{Driver: driver}
			b.requests = func() (commands, reads int) {
				commands, reads = b.sw.Requests()
				return commands + int(held.commands.Load()), reads
			}
			client, err := provider.New(wrapDriver(with, held), options(with, profile.Options()))
			if err != nil {
				return nil, err
			}
			return &conformance.Site{
				Client: wrapClient(with, client),
				World:  b,
				Faults: inProcessFaults{sw: b.sw, held: held, push: profile.Push, async: profile.Serial},
				Close:  func() { _ = b.sw.Close() },
			}, nil
		},
		Hostile: hostile(),
	}
}

// hostile are ids that one or another of the vendors here could misread.
func hostile() []cc.ParticipantID {
	return []cc.ParticipantID{"{0}<{1}", "{0}%3C{1}", "[{0}]", "{0}\\{1}", "name_{0}", "uuid_{0}", "'{0}'", "{0}%00", "0x65", "1e2", "+{0}", "{0}..{1}"}
}
