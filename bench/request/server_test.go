package request

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnswers(t *testing.T) {
	for name, m := range map[string]manner{"asleep": {}, "awake": {awake: true}} {
		t.Run(name, func(t *testing.T) { answers(t, m) })
	}
}

func answers(t *testing.T, m manner) {
	s, err := newServer(m)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	r := bufio.NewReader(conn)
	for _, c := range []struct {
		ask    string
		status int
		has    string
	}{
		{"GET /v1/Account/MA1/MultiPartyCall/name_standup/Participant/1003/ HTTP/1.1\r\n\r\n", 200, `"mute":false`},
		{"POST /v1/Account/MA1/MultiPartyCall/name_standup/Participant/1003/ HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"mute\":true}", 202, "api_id"},
		{"GET /v1/Account/MA1/MultiPartyCall/name_standup/Participant/1003/ HTTP/1.1\r\n\r\n", 200, `"mute":true`},
		{"GET /v1/Account/MA1/MultiPartyCall/name_standup/Participant/1004/ HTTP/1.1\r\n\r\n", 200, `"mute":false`},
		{"DELETE /v1/Account/MA1/MultiPartyCall/name_standup/Participant/1003 HTTP/1.1\r\n\r\n", 204, ""},
		{"DELETE /v1/Account/MA1/Conference/standup-1003/Member/1003/Mute/ HTTP/1.1\r\n\r\n", 204, ""},
		{"GET /v1/Account/MA1/Conference/standup-1003/ HTTP/1.1\r\n\r\n", 200, `"muted":false,"member_id":"1003"`},
		{"POST /v1/Account/MA1/Conference/standup-1003/Member/1003/Mute/ HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 202, "member_id"},
		{"GET /v1/Account/MA1/Conference/standup-1003/ HTTP/1.1\r\n\r\n", 200, `"muted":true,"member_id":"1003"`},
		{"POST /v1/Account/MA1/Conference/standup-1003/Member/1003/Other/ HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 404, "not found"},
		{"POST /2010-04-01/Accounts/AC1/Conferences/CF1/Participants/CA00001003.json HTTP/1.1\r\nContent-Length: 10\r\n\r\nMuted=true", 200, "conference_sid"},
		{"DELETE /2010-04-01/Accounts/AC1/Conferences/CF1/Participants/CA00001003.json HTTP/1.1\r\n\r\n", 204, ""},
		{"GET /v1/Account/MA1/MultiPartyCall/name_standup/Participant/9999/ HTTP/1.1\r\n\r\n", 500, "error"},
		{"GET /v1/Account/MA1/MultiPartyCall/name_standup/Participant/1064/ HTTP/1.1\r\n\r\n", 404, "not found"},
		{"GET / HTTP/1.1\r\n\r\n", 404, "not found"},
	} {
		method, _, _ := strings.Cut(c.ask, " ")
		half := len(c.ask) / 2
		for _, part := range []string{c.ask[:half], c.ask[half:]} {
			_, err := io.WriteString(conn, part)
			require.NoError(t, err)
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, c.status, resp.StatusCode, c.ask)
		require.Contains(t, string(body), c.has, c.ask)
		require.Equal(t, c.has == "", len(body) == 0)
	}
	require.Equal(t, counts{Accepted: 1, Open: 1, Requests: 15, Commands: 7}, s.counts())
}

func TestRefused(t *testing.T) {
	for _, ask := range []string{
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
		strings.Repeat("x", 16<<10),
	} {
		s, err := newServer(manner{awake: len(ask) > 100})
		require.NoError(t, err)
		conn, err := net.Dial("tcp", s.listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, ask)
		require.NoError(t, err)
		n, err := conn.Read(make([]byte, 1))
		require.Zero(t, n)
		require.Error(t, err)
		require.NoError(t, conn.Close())
		require.NoError(t, s.close())
		require.Equal(t, counts{Accepted: 1, Refused: 1}, s.counts())
	}
}

// The first requests are answered when all of them have come.
func TestTogether(t *testing.T) {
	s, err := newServer(manner{together: 3})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	f, err := openFloor(opening{URL: "http://" + s.listener.Addr().String()})
	require.NoError(t, err)
	defer func() { require.NoError(t, f.close()) }()
	var group sync.WaitGroup
	for i := range 3 {
		call, err := f.prepare(without, firstMember+i)
		require.NoError(t, err)
		group.Go(func() {
			for range 5 {
				if err := call(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, counts{Accepted: 3, Open: 3, Requests: 15, Commands: 15}, s.counts())
}
