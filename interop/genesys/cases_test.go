package interop_test

import (
	"context"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// A scenario is one case.
type scenario struct {
	name    string
	options server.Options
	polling bool // it is about long polling alone
	run     func(x *trial)
}

func (s scenario) possible(c *client) bool { return !s.polling || c.transport == polling }

// scenarios are all cases, in the order of the table.
func scenarios() []scenario {
	short := server.Options{CometD: server.CometD{Hold: 300 * time.Millisecond}}
	brief := server.Options{CometD: server.CometD{MaxInterval: time.Second}}
	return []scenario{
		{name: "handshake without a login", run: withoutLogin},
		{name: "login and handshake", run: handshake},
		{name: "removal by a POST of the client", run: removalByPost},
		{name: "removal by our driver", run: removalByDriver},
		{name: "what is not subscribed to", run: unsubscribed},
		{name: "subscription to everything", run: everything},
		{name: "order of 500 notifications", run: order},
		{name: "connects without news", options: short, run: withoutNews},
		{name: "connection reset", run: connectionReset},
		{name: "CometD session lost (402)", run: sessionLost},
		{name: "CometD session expired (402)", options: brief, run: sessionExpired},
		{name: "browser's cookie forgotten (402)", polling: true, run: cookieForgotten},
		{name: "CSRF token changed", polling: true, run: tokenChanged},
		{name: "HTTP session lost, new login", run: loginLost},
		{name: "disconnect", run: disconnect},
	}
}

// withoutLogin: the server answers 403 before CometD has a say.
func withoutLogin(x *trial) {
	a := x.do("handshake")
	require.Equal(x, false, a.Reply["successful"])
	require.NotContains(x, a.Reply, "clientId")
	if x.client.transport == polling {
		require.EqualValues(x, 403, a.Reply["status"])
	}
	require.Empty(x, a.Cookies)
	require.Zero(x, x.server.CometD().Handshakes)
	require.Zero(x, x.server.Counts().Sessions)
}

func handshake(x *trial) {
	x.login()
	a := x.handshake()
	require.Equal(x, "/meta/handshake", a.Reply["channel"])
	require.Equal(x, "1.0", a.Reply["version"])
	require.Len(x, a.Reply["clientId"], 30)
	advice, _ := a.Reply["advice"].(map[string]any)
	require.Equal(x, map[string]any{"reconnect": "retry", "interval": 0., "timeout": 30000.}, advice)
	types, cookies := []any{polling}, []string{"BAYEUX_BROWSER", "JSESSIONID"}
	if x.client.transport == sockets {
		types, cookies = []any{sockets, polling}, []string{"JSESSIONID"}
	}
	require.Equal(x, types, a.Reply["supportedConnectionTypes"])
	require.Equal(x, cookies, a.Cookies)
	x.subscribe("/v2/me/*")
	x.held()
	got := x.server.CometD()
	require.EqualValues(x, 1, got.Handshakes)
	require.EqualValues(x, 1, got.Subscribes)
	require.Equal(x, 1, got.Sessions)
	require.Equal(x, 1, x.server.Counts().Sessions)
}

const removal = "RemoveParticipantFromConference"

func removalByPost(x *trial) {
	x.open()
	call, out := x.assemble()
	a := x.do("post", "path", "/api/v2/me/calls/"+call,
		"body", map[string]any{"operationName": removal, "participant": outsider})
	require.Equal(x, 200, a.Status)
	require.Equal(x, map[string]any{"statusCode": 0.}, a.Body)
	x.removed(call, out)
}

// removed demands that the client was told of the whole conference, and of the removal last.
func (x *trial) removed(call string, out *fake.Member) {
	x.Helper()
	x.participants("7102")
	require.False(x, out.Present())
	told := func(notification string, participants ...string) snapshot {
		return snapshot{"/v2/me/calls", "CallStateChangeMessage", notification, call, "Established", participants}
	}
	require.Equal(x, []snapshot{
		told("StatusChange"), told("ParticipantsUpdated", "7102"),
		told("ParticipantsUpdated", "7102", outsider), told("ParticipantsUpdated", "7102"),
	}, x.snapshots(0))
}

// removalByDriver: our driver has a login of the same agent, and a CometD session of its own.
func removalByDriver(x *trial) {
	x.open()
	call, out := x.assemble()
	x.steps++
	ctx, cancel := context.WithTimeout(x.Context(), patience)
	defer cancel()
	ours, err := genesys.New(genesys.Options{
		Endpoint: x.endpoint.URL(), Insecure: true, User: ann, Password: genesys.NewSecret(x.ann.Password()),
	})
	require.NoError(x, err)
	defer func() { require.NoError(x, ours.Close()) }()
	conference := ours.Conference(cc.ConferenceID(call))
	seen, err := conference.Snapshot(ctx)
	require.NoError(x, err)
	var id cc.ParticipantID
	for _, p := range seen.Participants {
		if p.Address == outsider {
			id = p.ID
		}
	}
	require.NotEmpty(x, id)
	require.NoError(x, conference.RemoveParticipant(ctx, id))
	require.False(x, out.Present())
	require.Equal(x, 1, x.server.Counts().CallPosts)
	x.removed(call, out)
}

func unsubscribed(x *trial) {
	x.open()
	x.join(x.ann.Leg())
	x.participants()
	a := x.do("unsubscribe", "channel", "/v2/me/*")
	require.Equal(x, true, a.Reply["successful"], "%v", a.Reply)
	x.join(x.bob.Leg())
	require.NoError(x, x.server.Quiet(x.Context()))
	x.subscribe("/v2/me/calls")
	x.join(fake.Leg{Address: outsider})
	x.participants("7102", outsider)
	require.Len(x, x.snapshots(0), 2)
}

func everything(x *trial) {
	x.login()
	x.handshake()
	x.subscribe("/**")
	x.server.SetVoice(false)
	list := x.do("events", "n", 1).Events
	require.Len(x, list, 1)
	require.Equal(x, "/notifications/services", list[0].Channel)
	require.Equal(x, "ServiceStateChangeMessage", list[0].Data["messageType"])
	x.join(x.ann.Leg())
	list = x.do("events", "n", 2).Events
	require.Len(x, list, 2)
	require.Equal(x, "/v2/me/calls", list[1].Channel)
	require.Equal(x, "CallStateChangeMessage", list[1].Data["messageType"])
}

func order(x *trial) {
	const n = 500
	x.open()
	for i := range n {
		x.server.Publish(ann, "/v2/me/calls", map[string]any{"n": i, "text": "é\"\\\u2028<"})
	}
	list := x.do("events", "n", n).Events
	require.Len(x, list, n)
	for i, e := range list {
		require.Equal(x, map[string]any{"n": float64(i), "text": "é\"\\\u2028<"}, e.Data)
	}
}

func withoutNews(x *trial) {
	x.login()
	x.handshake()
	x.subscribe("/v2/me/*")
	x.steps++
	require.Eventually(x, func() bool { return x.server.CometD().Connects >= 5 }, patience, 5*time.Millisecond)
	require.Empty(x, x.do("failures", "n", 0).Failures)
	x.assemble()
	require.EqualValues(x, 1, x.server.CometD().Handshakes)
}

// connectionReset: the client goes on with the session that it has.
func connectionReset(x *trial) {
	x.open()
	x.endpoint.Cut()
	failed := x.do("failures", "n", 1).Failures
	require.Equal(x, "/meta/connect", failed[0].Channel)
	require.Empty(x, failed[0].Error+failed[0].Reconnect)
	x.assemble()
	require.Len(x, x.do("sessions", "n", 1).Sessions, 1)
	require.EqualValues(x, 1, x.server.CometD().Handshakes)
}

// unknown is how a connect of a session that the server does not know fails.
var unknown = failure{Channel: "/meta/connect", Error: "402::Unknown client", Reconnect: "handshake"}

// sessionLost: the client makes a new session by itself, with the login that it has.
func sessionLost(x *trial) {
	x.open()
	x.server.DropCometD(ann, true)
	x.recovered(1)
	require.Equal(x, []failure{unknown}, x.do("failures", "n", 1).Failures)
	require.Equal(x, 1, x.server.Counts().Sessions)
}

// recovered demands that the client has a second session, with its subscription, and that it had so
// many logins.
func (x *trial) recovered(logins int) {
	x.Helper()
	ids := x.do("sessions", "n", 2).Sessions
	require.Len(x, ids, 2)
	require.NotEqual(x, ids[0], ids[1])
	x.assemble()
	require.EqualValues(x, 2, x.server.CometD().Handshakes)
	require.Equal(x, logins, x.server.Counts().Sessions)
}

// sessionExpired: the client cannot connect for longer than the server keeps its session.
func sessionExpired(x *trial) {
	x.open()
	lift, err := x.server.Inject(server.Fault{On: server.CometDPost, Wire: server.Reset})
	require.NoError(x, err)
	x.endpoint.Cut()
	x.steps++
	require.Eventually(x, func() bool { return x.server.CometD().Sessions == 0 }, patience, 5*time.Millisecond)
	lift()
	x.recovered(1)
	require.Contains(x, x.do("failures", "n", 1).Failures, unknown)
	require.Equal(x, 1, x.server.Counts().Sessions)
}

// cookieForgotten: the connect that is held goes on, and the next one is answered 402.
func cookieForgotten(x *trial) {
	x.open()
	x.server.ForgetBrowser(ann)
	x.server.Publish(ann, "/v2/me/devices", map[string]any{"last": true})
	list := x.do("events", "n", 1).Events
	require.Equal(x, map[string]any{"last": true}, list[0].Data)
	x.recovered(1)
	require.Equal(x, []failure{unknown}, x.do("failures", "n", 1).Failures)
}

// tokenChanged: the next connect is answered 403; with the new token the session goes on.
func tokenChanged(x *trial) {
	x.open()
	x.server.RotateCSRF(ann)
	x.server.Publish(ann, "/v2/me/devices", map[string]any{}) // ends the connect that is held
	failed := x.do("failures", "n", 1).Failures
	require.Equal(x, failure{Channel: "/meta/connect", Status: 403}, failed[0])
	x.login()
	x.assemble()
	require.Len(x, x.do("sessions", "n", 1).Sessions, 1)
}

// loginLost: no connect or handshake gets through until there is a new login.
func loginLost(x *trial) {
	x.open()
	x.server.ExpireSessions(ann)
	x.endpoint.Cut()
	x.server.DropCometD(ann, true) // which nobody is told of any more
	before := x.server.Counts().CometD
	x.steps++
	require.Eventually(x, func() bool { return x.server.Counts().CometD > before }, patience, 5*time.Millisecond)
	if x.client.transport == polling { // over WebSocket no client tells the status
		x.steps++
		require.Eventually(x, x.refused, patience, 20*time.Millisecond)
	}
	require.EqualValues(x, 1, x.server.CometD().Handshakes)
	x.login()
	x.recovered(2)
}

// refused tells whether the client has told of the status 403.
func (x *trial) refused() bool {
	list := x.process.ask(x.T, map[string]any{"do": "failures", "n": 0}).Failures
	return slices.ContainsFunc(list, func(f failure) bool { return f.Status == 403 })
}

func disconnect(x *trial) {
	x.open()
	a := x.do("disconnect")
	require.Equal(x, true, a.Reply["successful"], "%v", a.Reply)
	require.Equal(x, "/meta/disconnect", a.Reply["channel"])
	got := x.server.CometD()
	require.EqualValues(x, 1, got.Disconnects)
	require.Zero(x, got.Sessions)
	require.Zero(x, got.Held)
	require.Empty(x, x.do("failures", "n", 0).Failures)
}
