package worlds

import (
	"context"
	"errors"
	"strconv"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A genesysSession is what part an agent's session plays in the conferences of a site, and before what
// kind of server.
type genesysSession struct {
	name    string
	part    genesysPart
	dialect genesysserver.Dialect
	send    genesysSend
}

type genesysPart uint8

const (
	genesysOwner      genesysPart = iota // began the conference
	genesysGuest                         // came to somebody else's
	genesysSupervisor                    // monitors somebody else's
)

// A genesysSend is when the notifications of an order leave.
type genesysSend struct {
	name  string
	order genesysserver.Order
	lag   time.Duration // the longest of a notification
}

var (
	genesysBefore = genesysSend{name: "before", order: genesysserver.BeforeReply}
	genesysAfter  = genesysSend{name: "after", order: genesysserver.AfterReply}
	genesysLate   = genesysSend{name: "late", order: genesysserver.AfterReply, lag: 500 * time.Millisecond}
)

// genesysSessions are the sessions that are judged beside the other drivers: each part before an old server
// and a new one, and each kind of sending, but not each with each.
func genesysSessions() []genesysSession {
	return []genesysSession{
		{name: "genesys-owner", part: genesysOwner, send: genesysBefore},
		{name: "genesys-owner-late", part: genesysOwner, send: genesysLate},
		{name: "genesys-owner-old", part: genesysOwner, dialect: genesysserver.Old, send: genesysAfter},
		{name: "genesys-guest", part: genesysGuest, send: genesysAfter},
		{name: "genesys-guest-old", part: genesysGuest, dialect: genesysserver.Old, send: genesysBefore},
		{name: "genesys-supervisor", part: genesysSupervisor, send: genesysBefore},
		{name: "genesys-supervisor-old", part: genesysSupervisor, dialect: genesysserver.Old, send: genesysAfter},
	}
}

// Genesys returns the harnesses of the Genesys driver in front of its fake server, over a network without
// sockets.
func Genesys(with ...With) []conformance.Harness { return genesysHarnesses(genesysserver.Pipe, with) }

func genesysHarnesses(n genesysserver.Network, with []With) (all []conformance.Harness) {
	for _, s := range genesysSessions() {
		all = append(all, s.harness(n, with))
	}
	return all
}

// GenesysCross returns a harness for each part of a session, each dialect of the server and each time at
// which notifications leave: before the answer, after it, and up to half a second late.
func GenesysCross() (all []conformance.Harness) {
	for _, part := range []struct {
		name string
		is   genesysPart
	}{{"owner", genesysOwner}, {"guest", genesysGuest}, {"supervisor", genesysSupervisor}} {
		for _, dialect := range []struct {
			name string
			is   genesysserver.Dialect
		}{{"new", genesysserver.Current}, {"old", genesysserver.Old}} {
			for _, send := range []genesysSend{genesysBefore, genesysAfter, genesysLate} {
				s := genesysSession{
					name: "genesys-" + part.name + "-" + dialect.name + "-" + send.name,
					part: part.is, dialect: dialect.is, send: send,
				}
				all = append(all, s.harness(genesysserver.Pipe, nil))
			}
		}
	}
	return all
}

const (
	genesysDN   = "15550101000" // the number of the session's device, and of the first one of every conference
	genesysBoss = "boss"        // the login of who owns the conferences of others
)

func (s genesysSession) harness(n genesysserver.Network, with []With) conformance.Harness {
	return conformance.Harness{
		Name: s.name,
		Want: cc.Capabilities{
			Conference:  conferenceControls,
			Others:      cc.CanRemove,
			Self:        cc.CanRemove | cc.CanMute | cc.CanHold,
			SessionOnly: true,
			Removed:     cc.FateHangsUp,
			Ended:       cc.FateHangsUp,
		},
		FakeTime: n == genesysserver.Pipe,
		Open:     func(context.Context) (*conformance.Site, error) { return s.open(n, with) },
		Hostile:  hostile(),
	}
}

// open opens a site. What has been opened is closed again if it fails.
func (s genesysSession) open(n genesysserver.Network, with []With) (_ *conformance.Site, err error) {
	sw := fake.NewSwitch(fake.Options{Rules: fake.Rules{FirstMember: firstMember}})
	closers := []func() error{sw.Close}
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
	server, err := genesysserver.New(sw, genesysserver.Options{
		Dialect: s.dialect, IDs: genesysserver.IDName, TwoPartyMute: true, HeldMute: true,
		Timing: genesysserver.Timing{Order: s.send.order, Max: s.send.lag},
	})
	if err != nil {
		return nil, err
	}
	closers = append(closers, server.Close)
	agent, err := server.AddAgent(genesysserver.AgentOptions{User: fake.Me, DN: genesysDN})
	if err != nil {
		return nil, err
	}
	endpoint, err := server.Start(n)
	if err != nil {
		return nil, err
	}
	line := newLine(endpoint.Transport())
	closers = append(closers, endpoint.Close, func() error {
		line.transport.CloseIdleConnections()
		return nil
	})
	w := &genesysWorld{session: s, agent: agent, bridge: &bridge{
		sw: sw, people: map[who]*fake.Member{},
		view: view{others: cc.CanRemove, self: cc.CanRemove | cc.CanMute | cc.CanHold, ownLeg: true, byAddress: true, runIDs: true, addresses: true},
		requests: func() (commands, reads int) {
			counts := server.Counts()
			return counts.CallPosts, counts.Reads
		},
	}}
	client, err := genesys.New(genesys.Options{
		Endpoint: endpoint.URL(), Insecure: true, User: agent.User(), Password: genesys.NewSecret(agent.Password()),
		Poll: options(with, provider.Options{}).Poll, Transport: wrapTransport(with, line.transport),
	})
	if err != nil {
		return nil, err
	}
	return &conformance.Site{
		Client: wrapClient(with, client),
		World:  w,
		Faults: genesysFaults{server: server, user: agent.User(), line: line, bridge: inProcessFaults{sw: sw}},
		Close:  func() { _ = closeAll() },
	}, nil
}

// A genesysWorld is a bridge with agents, as one of them ought to see it.
type genesysWorld struct {
	*bridge
	session genesysSession
	agent   *genesysserver.Agent
}

func (w *genesysWorld) Start(n int) (cc.ConferenceID, []cc.ParticipantID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started++
	name := cc.ConferenceID("standup-" + strconv.Itoa(w.started))
	people, err := w.fill(name, n)
	return name, people, err
}

// fill brings n people in, the session's own leg among them. Somebody else's conference is begun by its
// owner, who is one of them where there is room for two.
func (w *genesysWorld) fill(name cc.ConferenceID, n int) ([]cc.ParticipantID, error) {
	own := w.agent.Leg()
	if w.session.part == genesysSupervisor {
		own = w.agent.MonitorLeg(genesysserver.BargeIn)
	}
	boss := fake.Leg{Role: cc.RoleAgent, Login: genesysBoss}
	var people []cc.ParticipantID
	enter := func(leg fake.Leg, address string) error {
		id, err := w.enter(name, leg, address)
		people = append(people, id)
		return err
	}
	first := 1
	switch {
	case w.session.part == genesysOwner:
		if err := enter(own, genesysDN); err != nil {
			return nil, err
		}
	default:
		if err := enter(boss, "15550101001"); err != nil {
			return nil, err
		}
		if err := enter(own, genesysDN); err != nil {
			return nil, err
		}
		first = 2
		if n == 1 {
			w.people[who{name, people[0]}].HangUp()
			people = people[1:]
		}
	}
	for i := first; i < n; i++ {
		if err := enter(fake.Leg{Role: cc.RoleCustomer}, "1555010"+strconv.Itoa(1000+i)); err != nil {
			return nil, err
		}
	}
	return people, nil
}

func (w *genesysWorld) Restart(c cc.ConferenceID, n int) ([]cc.ParticipantID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.sw.End(c, fake.HangUp); err != nil {
		return nil, err
	}
	return w.fill(c, n)
}

// Look tells what the vendor's pages say that the session sees and may do. It is written down from
// them, and not asked of the server.
func (w *genesysWorld) Look(c cc.ConferenceID) (cc.Snapshot, error) {
	s, err := w.bridge.Look(c)
	if err != nil {
		return s, err
	}
	r, err := w.sw.Look(s.Instance)
	if err != nil {
		return s, err
	}
	monitors := w.session.part == genesysSupervisor
	if monitors {
		s.Controls = 0 // it is not known whether a supervisor may clear a call
	}
	for i := range s.Participants {
		p := &s.Participants[i]
		p.CallID = ""
		switch {
		case p.Self && monitors:
			p.Role, p.State.Mute = cc.RoleSupervisor, cc.Unset // the mode is no mute
			p.Controls &^= cc.CanMute
		case p.Self:
		case len(r.Members) < 3: // a call of two is no conference
			p.Controls = 0
		case monitors && p.Controls == 0 && !w.twin(r, p.Address):
			p.Controls = cc.CanRemove
		}
	}
	return s, nil
}

// twin tells whether several people have that number.
func (w *genesysWorld) twin(r fake.RoomInfo, address string) bool {
	n := 0
	for _, m := range r.Members {
		if m.Address == address {
			n++
		}
	}
	return n > 1
}
