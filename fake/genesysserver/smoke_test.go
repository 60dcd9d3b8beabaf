package genesysserver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// Real sockets: login, CometD, a removal, a fault.
func TestOverSockets(t *testing.T) {
	for name, n := range map[string]genesysserver.Network{"TCP": genesysserver.TCP, "TLS": genesysserver.TLS} {
		t.Run(name, func(t *testing.T) {
			s, done := open(t, n, fake.Options{}, byName)
			defer done()
			require.Equal(t, n == genesysserver.TLS, s.endpoint.Roots() != nil)
			ana := s.add(genesysserver.AgentOptions{User: "ana"})
			_, err := ana.Join("c")
			require.NoError(t, err)
			s.join("c", "15001", "15002")
			require.NoError(t, s.server.Quiet(t.Context()))
			c := s.login(ana).listen()
			_, r := c.bayeux(connect(c)) // answered at once
			require.Len(t, r, 1)
			require.Equal(t, 0, c.op("c", removal, `"participant":"15001"`).code())
			c.bayeux(connect(c)) // answered with the news
			require.Equal(t, []string{"ParticipantsUpdated Established 15002"}, lines(c.news))

			lift, err := s.server.Inject(genesysserver.Fault{On: genesysserver.Reads, Wire: genesysserver.Reset})
			require.NoError(t, err)
			_, err = c.http.Do(c.request("GET", "/api/v2/me", ""))
			require.Error(t, err)
			lift()
			require.Equal(t, 200, c.get("/api/v2/me").status)
		})
	}
}

func connect(c *client) string {
	return `[{"id":"3","channel":"/meta/connect","clientId":"` + c.id + `","connectionType":"long-polling"}]`
}

func TestConstructorsCheck(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	_, err := genesysserver.New(nil, genesysserver.Options{})
	require.Error(t, err)
	for _, o := range []genesysserver.Options{
		{Dialect: 7}, {IDs: 7}, {Duplicates: 7}, {Supervisors: 7},
		{ExternalURL: "gws"}, {ExternalURL: "ftp://x"}, {ExternalURL: "http://x?y"}, {ExternalURL: "http://%"},
		{LogSize: -1}, {IdleTimeout: -1}, {NotNow: 21}, {NotOwner: -1}, {Absent: 99}, {UnknownOperation: -3},
		{Statuses: map[int]int{0: 200}}, {Statuses: map[int]int{1: 99}},
		{Timing: genesysserver.Timing{Order: 9}}, {Timing: genesysserver.Timing{Reply: -1}},
	} {
		_, err := genesysserver.New(sw, o)
		require.Error(t, err, "%+v", o)
	}
	s, err := genesysserver.New(sw, genesysserver.Options{Statuses: map[int]int{3: 200}})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Start(9)
	require.Error(t, err)
	_, err = s.AddAgent(genesysserver.AgentOptions{User: "ana", DN: "7101"})
	require.NoError(t, err)
	for _, o := range []genesysserver.AgentOptions{
		{}, {User: " "}, {User: "a:b"}, {User: "ana"}, {User: "bob", DN: "7101"}, {User: "bob", DN: " "},
	} {
		_, err := s.AddAgent(o)
		require.Error(t, err, "%v", o)
	}
	b, err := s.AddAgent(genesysserver.AgentOptions{User: "bob"})
	require.NoError(t, err)
	require.Equal(t, "7102", b.DN())
}

// No verb prints a password or somebody's number.
func TestFormatting(t *testing.T) {
	s, done := open(t, genesysserver.TCP, fake.Options{}, genesysserver.Options{})
	defer done()
	o := genesysserver.AgentOptions{User: "ana", Password: "hush-hush", DN: "15557654321"}
	a := s.add(o)
	_, err := a.Join("c")
	require.NoError(t, err)
	s.login(a).post("/api/v2/me/calls/x", operation(removal, `"participant":"15557654321"`))
	q := s.server.Requests()[1]
	for _, v := range []any{o, a, s.server, s.endpoint} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, "hush")
			require.NotContains(t, text, "7654321")
		}
	}
	require.NotContains(t, fmt.Sprintf("%#v", q), "7654321")
	require.NotContains(t, q.LogValue().String(), "7654321")
	require.Contains(t, q.Body, "7654321")
	require.Equal(t, "genesysserver.Agent{ana}", fmt.Sprint(a))
	require.Contains(t, a.LogValue().String(), "ana")
	require.Contains(t, s.endpoint.LogValue().String(), "http")
	require.Contains(t, s.server.LogValue().String(), "Server")
}
