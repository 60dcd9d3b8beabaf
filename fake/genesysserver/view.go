package genesysserver

import (
	"slices"
	"strconv"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// The states of a call. Source: "Call Resource".
const (
	stateRinging     = "Ringing"
	stateDialing     = "Dialing"
	stateEstablished = "Established"
	stateHeld        = "Held"
	stateReleased    = "Released"
)

// An extra is what the server knows about a run besides the Switch. Server.mu guards it.
type extra struct {
	userData  map[string]any
	recording string // Stopped, Recording, Paused; empty: never begun
	muted     bool   // the monitored agent is, by a supervisor
	begun     bool   // somebody has been in it
	inbound   bool   // the first one was no agent
	outside   bool   // somebody was no agent
	dnis, ani string
	parent    cc.ConferenceID            // run that a consultation was begun from
	parentID  string                     // id of that call
	children  map[*Agent]cc.ConferenceID // the consultation that each agent has begun from it
}

// extraOf is the record of a run; an empty one where there is none. The caller holds the mutex.
func (s *Server) extraOf(c cc.ConferenceID) *extra {
	if r := s.runs[c]; r != nil {
		return &r.extra
	}
	return &extra{}
}

// A view is a call as one agent sees it.
type view struct {
	instance   cc.ConferenceID
	id         string
	uuid       string
	state      string
	mute       bool
	numbers    []string // of the others
	can        []Operation
	listening  bool // a supervisor is on the call
	muted      bool // by a supervisor
	monitoring bool // the agent's leg is a supervisor's
	recording  string
	userData   map[string]any
	dnis, ani  string
	callType   string
	parentID   string
	since      time.Time
}

// leg is the agent's leg in a room.
func (a *Agent) leg(r *fake.RoomInfo) (m fake.MemberInfo, rings, ok bool) {
	is := func(m fake.MemberInfo) bool { return m.Leg.Login == a.options.User }
	if i := slices.IndexFunc(r.Members, is); i >= 0 {
		return r.Members[i], false, true
	}
	if i := slices.IndexFunc(r.Ringing, is); i >= 0 {
		return r.Ringing[i], true, true
	}
	return m, false, false
}

// supervises tells whether a leg monitors the call.
func supervises(m *fake.MemberInfo) bool {
	return m.Leg.Role == cc.RoleSupervisor && m.Leg.Login != ""
}

// modeOf is how a supervisor's leg takes part.
func modeOf(m *fake.MemberInfo) Mode {
	switch {
	case m.Mute:
		return ListenIn
	case m.Coach:
		return Coach
	}
	return BargeIn
}

// hidden tells whether the others are not told of a leg.
func (o *Options) hidden(m *fake.MemberInfo) bool {
	switch {
	case !supervises(m), o.Supervisors == ShowEverybody:
		return false
	case o.Supervisors == ShowNobody:
		return true
	}
	return modeOf(m) != BargeIn
}

// others are the legs that an agent is told of, in order of joining.
func (s *Server) others(a *Agent, list []fake.MemberInfo) []fake.MemberInfo {
	var others []fake.MemberInfo
	for i := range list {
		if m := &list[i]; m.Leg.Login != a.options.User && !s.options.hidden(m) {
			others = append(others, *m)
		}
	}
	return others
}

// see returns a room as an agent sees it; false where the agent's device is not on the call, or the
// call is not offered yet. The caller holds the mutex.
func (s *Server) see(a *Agent, r *fake.RoomInfo, x *extra) (view, bool) {
	own, rings, has := a.leg(r)
	if !has || rings && len(r.Members) == 0 {
		return view{}, false
	}
	others := s.others(a, r.Members)
	v := view{
		instance: r.Instance, uuid: r.UUID(), id: s.callID(r), state: stateEstablished,
		mute: own.Mute, muted: x.muted, monitoring: supervises(&own), recording: x.recording,
		userData: x.userData, parentID: x.parentID, since: own.JoinedAt,
	}
	switch {
	case rings:
		v.state = stateRinging
	case own.Hold:
		v.state = stateHeld
	case len(others) == 0 && len(s.others(a, r.Ringing)) > 0:
		v.state, others = stateDialing, s.others(a, r.Ringing)
	}
	v.numbers = make([]string, len(others))
	for i := range others {
		v.numbers[i] = others[i].Address
	}
	v.listening = slices.ContainsFunc(r.Members, func(m fake.MemberInfo) bool { return supervises(&m) })
	v.callType = describe(r, x)
	v.dnis, v.ani = x.dnis, x.ani
	v.can = s.capabilities(a, r, x, &v, &own)
	return v, true
}

// describe tells the type of a call, and notes for good what it is told by.
func describe(r *fake.RoomInfo, x *extra) string {
	outside := func(m fake.MemberInfo) bool { return m.Leg.Login == "" }
	legs := r.Members
	if len(legs) > 0 && !x.begun {
		x.begun, x.inbound = true, outside(legs[0])
	}
	x.outside = x.outside || slices.ContainsFunc(legs, outside) || slices.ContainsFunc(r.Ringing, outside)
	if x.inbound && x.ani == "" {
		x.ani = legs[0].Address
	}
	if x.dnis == "" {
		switch i := slices.IndexFunc(legs, func(m fake.MemberInfo) bool { return m.Leg.Called != "" }); {
		case i >= 0:
			x.dnis = legs[i].Leg.Called
		case len(legs) > 1:
			x.dnis = legs[1].Address
		case len(r.Ringing) > 0:
			x.dnis = r.Ringing[0].Address
		}
	}
	switch {
	case x.parent != "":
		return "Consult"
	case x.inbound:
		return "Inbound"
	case x.outside:
		return "Outbound"
	}
	return "Internal"
}

// callID is the id of the call that a run is.
func (s *Server) callID(r *fake.RoomInfo) string {
	switch s.options.IDs {
	case IDConn:
		return connID(r.UUID())
	case IDName:
		if callName(r.Name) {
			return r.Name
		}
	}
	return r.UUID()
}

// connID is the connection id that goes with a call's UUID.
func connID(uuid string) string {
	id := strings.ReplaceAll(uuid, "-", "")
	return id[:min(16, len(id))]
}

func callName(name string) bool {
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

func decimal(n int) string { return strconv.Itoa(n) }

// same tells whether two views of a call show the same.
func (v *view) same(o *view) bool {
	return v.settled(o) && slices.Equal(v.numbers, o.numbers) && v.muted == o.muted &&
		v.listening == o.listening && slices.Equal(v.can, o.can)
}

// settled tells whether two views have the same state of one's own leg.
func (v *view) settled(o *view) bool {
	return v.state == o.state && v.mute == o.mute && v.monitoring == o.monitoring
}

// CallID returns the id that the call has for agents which is a conference on the Switch now, by its
// name or Instance.
func (s *Server) CallID(c cc.ConferenceID) (string, error) {
	r, err := s.bridge.Look(c)
	if err != nil {
		return "", err
	}
	return s.callID(&r), nil
}

// Conference returns the Instance on the Switch of the call that an agent is on, or that rings, by
// the id that the call has.
func (a *Agent) Conference(id string) (cc.ConferenceID, bool) {
	for _, r := range a.server.bridge.LookOf(a.options.User) {
		if a.server.callID(&r) == id {
			return r.Instance, true
		}
	}
	return "", false
}

// Capabilities returns what the agent may do now with the call that is a conference on the Switch;
// nothing where the agent is not on it.
func (a *Agent) Capabilities(c cc.ConferenceID) []Operation {
	r, err := a.server.bridge.Look(c)
	if err != nil || r.Status == fake.Ended {
		return nil
	}
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	v, _ := a.server.see(a, &r, a.server.extraOf(r.Instance))
	return v.can
}
