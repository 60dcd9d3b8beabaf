package genesys_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// A site is a server with one conference of the agent Ana (15000), who owns it, and two outsiders.
type site struct {
	t        *testing.T
	sw       *fake.Switch
	server   *genesysserver.Server
	endpoint *genesysserver.Endpoint
	ana      *genesysserver.Agent
	people   map[string]*fake.Member
	id       cc.ConferenceID
	client   cc.Client
	conf     cc.Conference
	events   chan cc.Event // of pull
}

// onSite runs a test in fake time on a site.
func onSite(t *testing.T, served genesysserver.Options, configure func(*genesys.Options), test func(*site)) {
	t.Helper()
	onSlowSite(t, fake.Options{}, served, configure, test)
}

// onSlowSite is onSite on a bridge that takes its time.
func onSlowSite(t *testing.T, slow fake.Options, served genesysserver.Options, configure func(*genesys.Options), test func(*site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, sw: fake.NewSwitch(slow), people: map[string]*fake.Member{}}
		defer func() { require.NoError(t, s.sw.Close()) }()
		var err error
		s.server, err = genesysserver.New(s.sw, served)
		require.NoError(t, err)
		defer s.server.Close()
		s.ana, err = s.server.AddAgent(genesysserver.AgentOptions{User: user, Password: password, DN: ownDN})
		require.NoError(t, err)
		s.people[ownDN], err = s.ana.Join("room")
		require.NoError(t, err)
		for _, number := range []string{"15001", "15002"} {
			s.people[number], err = s.sw.Join("room", fake.Leg{Address: number, Role: cc.RoleCustomer})
			require.NoError(t, err)
		}
		id, err := s.server.CallID("room")
		require.NoError(t, err)
		s.id = cc.ConferenceID(id)
		s.endpoint, err = s.server.Start(genesysserver.Pipe)
		require.NoError(t, err)
		defer s.endpoint.Close()
		transport := s.endpoint.Transport()
		defer transport.CloseIdleConnections()
		o := genesys.Options{
			Endpoint: s.endpoint.URL(), Insecure: true, User: user, Password: genesys.NewSecret(password), Transport: transport,
		}
		if configure != nil {
			configure(&o)
		}
		s.client, err = genesys.New(o)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.client.Close()) }()
		s.conf = s.client.Conference(s.id)
		test(s)
	})
}

// ready has the client log in and listen.
func (s *site) ready() {
	s.t.Helper()
	require.NoError(s.t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Mute: cc.Off}))
}

// since counts requests from now on.
func (s *site) since() func() genesysserver.Counts {
	was := s.server.Counts()
	return func() genesysserver.Counts {
		now := s.server.Counts()
		return genesysserver.Counts{
			CallPosts: now.CallPosts - was.CallPosts, Posts: now.Posts - was.Posts, Reads: now.Reads - was.Reads,
			CometD: now.CometD - was.CometD, Starts: now.Starts - was.Starts, Sessions: now.Sessions - was.Sessions,
		}
	}
}

func (s *site) inject(f genesysserver.Fault) (lift func()) {
	s.t.Helper()
	lift, err := s.server.Inject(f)
	require.NoError(s.t, err)
	return lift
}

const removal genesysserver.Operation = "RemoveParticipantFromConference"

func dialects() map[string]genesysserver.Options {
	return map[string]genesysserver.Options{
		"new":        {},
		"old":        {Dialect: genesysserver.Old},
		"few fields": {Quirks: genesysserver.Quirks{FewFields: true, BarePaths: true, EmptyID: true}},
		"odd": {Quirks: genesysserver.Quirks{
			ExtraFields: true, UnknownTypes: true, Doubled: true, ForeignURL: "https://elsewhere.example.test:1/prefix",
		}},
	}
}

func TestSeedOperation(t *testing.T) {
	for name, served := range dialects() {
		t.Run(name, func(t *testing.T) {
			onSite(t, served, nil, func(s *site) {
				next, stop := pull(s)
				defer stop()
				require.Equal(t, cc.Synced, next().Type)
				require.NoError(t, s.conf.RemoveParticipant(s.t.Context(), "15001"))
				require.False(t, s.people["15001"].Present(), "nil, and it is done")
				require.True(t, s.people["15002"].Present())
				began := time.Now()
				e := next()
				require.Equal(t, cc.Left, e.Type)
				require.Equal(t, cc.ParticipantID("15001"), e.Participant.ID)
				require.Equal(t, cc.ReasonRemoved, e.Reason)
				require.Less(t, time.Since(began), 200*time.Millisecond)
				for _, r := range s.server.Requests() {
					if r.Operation == removal {
						require.Equal(t, "/api/v2/me/calls/"+string(s.id), r.Path)
						require.JSONEq(t, `{"operationName":"RemoveParticipantFromConference","participant":"15001"}`, r.Body)
					}
				}
				require.Equal(t, 1, s.server.Counts().Sessions)
				require.Equal(t, 1, s.server.Counts().CallPosts)
			})
		})
	}
}

// A command is nil once the bridge has done it, never before, and soon after the notification: it does not
// sit out the pause between reads.
func TestSeedOperationThatTakesLong(t *testing.T) {
	for _, lag := range []time.Duration{10, 300, 500, 1300, 3000} {
		lag *= time.Millisecond
		onSlowSite(t, fake.Options{Lag: lag}, genesysserver.Options{}, nil, func(s *site) {
			s.ready()
			began := time.Now()
			require.NoError(t, s.conf.RemoveParticipant(s.t.Context(), "15001"))
			require.False(t, s.people["15001"].Present())
			require.GreaterOrEqual(t, time.Since(began), lag)
			require.LessOrEqual(t, time.Since(began), lag+20*time.Millisecond)
			require.Equal(t, 1, s.server.Counts().CallPosts)
		})
	}
}

// pull reads the events of the conference one by one.
func pull(s *site) (next func() cc.Event, stop func()) {
	events := make(chan cc.Event)
	s.events = events
	quit := make(chan struct{})
	done := make(chan struct{})
	ctx := s.t.Context()
	go func() {
		defer close(done)
		for e, err := range s.conf.Events(ctx) {
			if err != nil {
				return
			}
			select {
			case events <- e:
			case <-quit:
				return
			}
		}
	}()
	next = func() cc.Event {
		s.t.Helper()
		select {
		case e := <-events:
			return e
		case <-time.After(time.Minute):
			require.Fail(s.t, "no event")
			return cc.Event{}
		}
	}
	return next, func() {
		close(quit)
		require.NoError(s.t, s.client.Close())
		<-done
	}
}
