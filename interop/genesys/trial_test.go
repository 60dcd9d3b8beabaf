package interop_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// The agents and the conference of every case.
const (
	ann      = "ann" // the client's login
	bob      = "bob"
	room     = "standup"
	outsider = "15001"
)

// A trial is one case with one client: a server of its own, and a client that has sent nothing yet.
type trial struct {
	*testing.T
	client   *client
	process  *process
	sw       *fake.Switch
	server   *server.Server
	endpoint *server.Endpoint
	ann, bob *server.Agent
	steps    int
	version  answer
}

// begin makes everything ready.
func begin(t *testing.T, c *client, p *process, o server.Options) *trial {
	t.Helper()
	o.CometD.WebSocket = c.transport == sockets
	x := &trial{T: t, client: c, process: p, sw: fake.NewSwitch(fake.Options{})}
	t.Cleanup(func() { require.NoError(t, x.sw.Close()) })
	var err error
	x.server, err = server.New(x.sw, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.server.Close()) })
	x.ann, err = x.server.AddAgent(server.AgentOptions{User: ann, DN: "7101"})
	require.NoError(t, err)
	x.bob, err = x.server.AddAgent(server.AgentOptions{User: bob, DN: "7102"})
	require.NoError(t, err)
	x.endpoint, err = x.server.Start(server.TCP)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.endpoint.Close()) })
	x.version = p.ask(t, map[string]any{"do": "open", "url": x.endpoint.URL(), "transport": c.transport})
	return x
}

// do has the client do something.
func (x *trial) do(what string, more ...any) answer {
	x.Helper()
	x.steps++
	command := map[string]any{"do": what}
	for i := 0; i < len(more); i += 2 {
		command[more[i].(string)] = more[i+1]
	}
	return x.process.ask(x.T, command)
}

// login logs in, and looks at what comes back.
func (x *trial) login() {
	x.Helper()
	a := x.do("login", "user", ann, "password", x.ann.Password())
	require.Equal(x, 200, a.Status)
	require.EqualValues(x, 0, a.Body["statusCode"])
	user, _ := a.Body["user"].(map[string]any)
	require.Equal(x, ann, user["userName"])
	require.Equal(x, "X-CSRF-TOKEN", a.CSRF)
	require.Contains(x, a.Cookies, "JSESSIONID")
}

// handshake makes a session.
func (x *trial) handshake() answer {
	x.Helper()
	a := x.do("handshake")
	require.Equal(x, true, a.Reply["successful"], "%v", a.Reply)
	return a
}

func (x *trial) subscribe(channel string) {
	x.Helper()
	a := x.do("subscribe", "channel", channel)
	require.Equal(x, true, a.Reply["successful"], "%v", a.Reply)
	require.Equal(x, channel, a.Reply["subscription"])
}

// open is a client that has logged in, and listens.
func (x *trial) open() {
	x.Helper()
	x.login()
	x.handshake()
	x.subscribe("/v2/me/*")
	x.held()
}

// join brings a leg into the conference.
func (x *trial) join(leg fake.Leg) *fake.Member {
	x.Helper()
	m, err := x.sw.Join(room, leg)
	require.NoError(x, err)
	return m
}

// assemble brings ann, bob and the outsider together, as the client is told, and tells how ann names
// the call.
func (x *trial) assemble() (call string, out *fake.Member) {
	x.Helper()
	x.join(x.ann.Leg())
	x.join(x.bob.Leg())
	out = x.join(fake.Leg{Address: outsider})
	x.participants("7102", outsider)
	return x.latest().id, out
}

// A snapshot is a call as the client's listener was given it.
type snapshot struct {
	channel, message, notification string
	id, state                      string
	participants                   []string
}

// snapshots are the calls that the client was told of, once there are n.
func (x *trial) snapshots(n int) []snapshot {
	x.Helper()
	var list []snapshot
	for _, e := range x.process.ask(x.T, map[string]any{"do": "events", "n": n}).Events {
		call, ok := e.Data["call"].(map[string]any)
		if !ok {
			continue
		}
		s := snapshot{channel: e.Channel}
		s.message, _ = e.Data["messageType"].(string)
		s.notification, _ = e.Data["notificationType"].(string)
		s.id, _ = call["id"].(string)
		s.state, _ = call["state"].(string)
		people, _ := call["participants"].([]any)
		for _, p := range people {
			fields, _ := p.(map[string]any)
			number, _ := fields["phoneNumber"].(string)
			s.participants = append(s.participants, number)
		}
		list = append(list, s)
	}
	return list
}

// until waits until the client has been told of a call that is so, which is the latest.
func (x *trial) until(so func(s snapshot) bool) snapshot {
	x.Helper()
	x.steps++
	for n := 1; ; n++ {
		list := x.snapshots(n)
		if n = max(n, len(list)); len(list) > 0 && so(list[len(list)-1]) {
			return list[len(list)-1]
		}
	}
}

func (x *trial) latest() snapshot {
	x.Helper()
	list := x.snapshots(0)
	require.NotEmpty(x, list)
	return list[len(list)-1]
}

// participants waits until the client has been told of exactly these, in order of coming in.
func (x *trial) participants(want ...string) snapshot {
	x.Helper()
	return x.until(func(s snapshot) bool { return slices.Equal(s.participants, want) })
}

// held waits until the server holds a connect.
func (x *trial) held() {
	x.Helper()
	x.steps++
	require.Eventually(x, func() bool { return x.server.CometD().Held == 1 }, patience, 5*time.Millisecond)
}
