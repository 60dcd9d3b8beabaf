package plivoserver_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// send writes a request as it stands, with the account's credentials, and reads the answer.
func (s *site) send(method, target string) int {
	s.t.Helper()
	conn, err := s.endpoint.Transport().DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.endpoint.URL(), "http://"))
	require.NoError(s.t, err)
	defer conn.Close()
	r := s.request(method, "/", "")
	_, err = io.WriteString(conn, method+" "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "+
		r.Header.Get("Authorization")+"\r\n\r\n")
	require.NoError(s.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	return resp.StatusCode
}

// Targets on the bare wire: none of them is cleaned, redirected or taken for another one.
func TestHostileTargets(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{LiteralDots: true}, func(t *testing.T, s *site) {
		three(s)
		slash := s.join("a/b", fake.Leg{})
		room := "/v1/Account/" + s.server.AuthID() + "/Conference/room-7"
		for _, target := range []string{
			room + "/Member/../", room + "/Member/..", room + "/Member/%2e%2e/", room + "/Member/./", room + "/Member//",
			room + "/Member/1/../", room + "/Member/1%2F..%2F", room + "/Member/1%00/", room + "/Member/1%0D%0A/",
			room + "/Member/1;x/", room + "/Member/1%3Fx=1/", room + "/Member/%31%20/", room + "//", room + "/./", room + "/../",
			"/v1/Account/" + s.server.AuthID() + "//Conference/", "//v1/Account/" + s.server.AuthID() + "/Conference/",
			"/v1/../v1/Account/" + s.server.AuthID() + "/Conference/", "/v1/Account/" + s.server.AuthID() + "/Conference//",
			"/v1/Account/" + s.server.AuthID() + "/Conference/a/b/", "/v1/Account/" + s.server.AuthID() + "/Conference%2F",
			"/v1/Account/" + s.server.AuthID() + "/Conference/%252e%252e%252f/",
			"/v1/Account/" + s.server.AuthID() + "/Conference/room-7%20/", "/v1/Account/" + s.server.AuthID() + "/Conference/ROOM-7/",
		} {
			require.Equal(t, 404, s.send("DELETE", target), target)
			require.Len(t, s.sw.Members("room-7"), 3, target)
			require.True(t, slash.Present(), target)
		}
		log := s.server.Requests()
		require.Equal(t, room+"/Member/../", log[0].Path)
		require.Equal(t, room+"/Member/%2e%2e/", log[2].Path)
		require.Equal(t, 404, s.send("OPTIONS", "*"), "net/http would answer it by itself")
		require.Equal(t, len(log)+1, s.server.Counts().Commands)

		// One segment that decodes to itself.
		require.Equal(t, 204, s.send("DELETE", "/v1/Account/"+s.server.AuthID()+"/Conference/a%2Fb/"))
		require.False(t, slash.Present())
		// A number in another spelling is that number, once it is unescaped.
		require.Equal(t, 204, s.send("DELETE", room+"/Member/%31/"))
		require.Len(t, s.sw.Members("room-7"), 2)
		// What a client makes of dots that it resolves itself is another request.
		require.Equal(t, 204, s.send("DELETE", room+"/"))
		require.Empty(t, s.sw.Members("room-7"))
	})
}

// By default dots are the catastrophe that they would be behind a front end that normalises paths.
func TestDots(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		other := s.join("other", fake.Leg{})
		require.Equal(t, 204, s.send("DELETE", "/v1/Account/"+s.server.AuthID()+"/Conference/room-7/Member/../"))
		require.Empty(t, s.sw.Members("room-7"))
		require.True(t, other.Present())
		require.Equal(t, 204, s.send("DELETE", "/v1/Account/"+s.server.AuthID()+"/Conference/x/Member/%2e%2e/../"))
		require.False(t, other.Present())
	})
}
