package genesysserver

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// The features that are looked at. Source: "Required features" of each operation.
const (
	FeatureVoice      = "api-voice"
	FeatureMonitoring = "api-supervisor-monitoring"
	FeatureRecording  = "api-voice-recording"
)

// AgentOptions describe an agent. Only User is needed.
type AgentOptions struct {
	User      string // of Basic authentication, and Leg.Login of this agent's legs on the Switch
	Password  string `json:"-" xml:"-" yaml:"-"` // empty: "secret"
	DN        string // number of the device; empty: made up, from 7101 on
	FirstName string
	LastName  string
	Features  []string // nil: all three; empty: none
	Roles     []string // nil: ROLE_AGENT

	// LoggedOut begins without a contact-center session: the device is not registered until
	// StartContactCenterSession.
	LoggedOut bool
	// Broken are the channels that StartContactCenterSession cannot start, for a partial success.
	Broken []string
	// AutoAnswer answers calls and monitored calls as Options.AnswerAfter has it for outsiders.
	AutoAnswer bool
}

// An Agent is a user of a Server with a device. Server.AddAgent makes one. It is safe for concurrent
// use.
type Agent struct {
	server   *Server
	options  AgentOptions
	index    int
	userID   string
	deviceID string

	// Guarded by server.mu.
	started    bool   // there is a contact-center session
	state      string // Ready or NotReady, while started
	monitoring *monitoring
	digits     string // sent as DTMF
}

// A monitoring is what a supervisor's device is set to. Source: "Device resource".
type monitoring struct {
	state  string // ListenIn, Coach, BargeIn
	mode   string // AllCalls, NextCall
	scope  string // Call, Agent
	target *Agent
}

const firstDN = 7101

// AddAgent adds a user with a device. It refuses a user or a number that there is already, and a
// blank one.
func (s *Server) AddAgent(o AgentOptions) (*Agent, error) {
	o.Password = cmp.Or(o.Password, "secret")
	if o.Features == nil {
		o.Features = []string{FeatureVoice, FeatureMonitoring, FeatureRecording}
	}
	if o.Roles == nil {
		o.Roles = []string{"ROLE_AGENT"}
	}
	o.Features, o.Roles, o.Broken = slices.Clone(o.Features), slices.Clone(o.Roles), slices.Clone(o.Broken)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := firstDN + len(s.agents); o.DN == ""; n++ {
		if dn := decimal(n); s.byNumber[dn] == nil {
			o.DN = dn
		}
	}
	switch {
	case strings.TrimSpace(o.User) == "", strings.Contains(o.User, ":"):
		return nil, errors.New("genesysserver: a user's name is blank or has a colon")
	case strings.TrimSpace(o.DN) == "":
		return nil, errors.New("genesysserver: a blank number of a device")
	case s.byUser[o.User] != nil:
		return nil, errors.New("genesysserver: there is a user of this name already")
	case s.byNumber[o.DN] != nil:
		return nil, errors.New("genesysserver: another device has this number already")
	}
	a := &Agent{
		server: s, options: o, index: len(s.agents),
		userID: strings.ReplaceAll(newUUID(), "-", ""), deviceID: newUUID(),
		started: !o.LoggedOut, state: "NotReady",
	}
	s.agents = append(s.agents, a)
	s.byUser[o.User], s.byNumber[o.DN], s.byDevice[a.deviceID] = a, a, a
	return a, nil
}

// User is the name for Basic authentication, and the Login of the agent's legs.
func (a *Agent) User() string { return a.options.User }

// Password is the other half of it.
func (a *Agent) Password() string { return a.options.Password }

// DN is the number of the agent's device.
func (a *Agent) DN() string { return a.options.DN }

// DeviceID is the id of the device in paths.
func (a *Agent) DeviceID() string { return a.deviceID }

// Leg is a leg of the agent's device, to be put on the Switch by Join or Dial.
func (a *Agent) Leg() fake.Leg {
	return fake.Leg{
		Login: a.options.User, Address: a.options.DN, Name: a.name(), Role: cc.RoleAgent, Entry: fake.EntryCommand,
	}
}

func (a *Agent) name() string {
	return strings.TrimSpace(a.options.FirstName + " " + a.options.LastName)
}

// Join brings the agent's device into the conference of this name on the Switch, as fake.Switch.Join
// does.
func (a *Agent) Join(name string) (*fake.Member, error) { return a.server.bridge.Join(name, a.Leg()) }

// Ring has the agent's device ring for the conference of this name on the Switch, as
// fake.Switch.Dial does. The call is offered to the agent once somebody is in the conference.
func (a *Agent) Ring(name string) (*fake.Member, error) {
	legs, err := a.server.bridge.Dial(name, a.Leg())
	if err != nil {
		return nil, err
	}
	a.server.answerLater(legs[0], a)
	return legs[0], nil
}

// A Mode is how a supervisor takes part in a call.
type Mode string

const (
	ListenIn Mode = "ListenIn" // hears, and is not heard
	Coach    Mode = "Coach"    // is heard by the agent alone
	BargeIn  Mode = "BargeIn"  // is heard by everybody
)

// MonitorLeg is a leg of the agent's device that monitors a call, to be put on the Switch by Join or
// Dial.
func (a *Agent) MonitorLeg(m Mode) fake.Leg {
	leg := a.Leg()
	leg.Role, leg.Mute, leg.Coach = cc.RoleSupervisor, m == ListenIn, cc.Off
	if m == Coach {
		leg.Coach = cc.On
	}
	return leg
}

// Monitor brings the agent's device into the conference of this name as a supervisor, at once and
// without any device being set to it.
func (a *Agent) Monitor(name string, m Mode) (*fake.Member, error) {
	return a.server.bridge.Join(name, a.MonitorLeg(m))
}

// Started tells whether there is a contact-center session.
func (a *Agent) Started() bool {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.started
}

// Digits are the DTMF digits that the agent has sent, on all calls.
func (a *Agent) Digits() string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.digits
}

// LogOut ends the contact-center session as another client of the same user does, or the switch: the
// device is not registered any more, and HTTP sessions go on.
func (a *Agent) LogOut() { a.register(false) }

// LogIn begins a contact-center session as another client of the same user does.
func (a *Agent) LogIn() { a.register(true) }

func (a *Agent) register(on bool) {
	a.server.mu.Lock()
	a.started, a.state = on, "NotReady"
	a.server.mu.Unlock()
	a.server.tellDevice(a)
}

// has tells whether the agent has a feature.
func (a *Agent) has(feature string) bool { return slices.Contains(a.options.Features, feature) }
