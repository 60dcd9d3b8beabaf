package plivoserver_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// The faults of the Switch, in the vendor's words.
func TestSwitchFaults(t *testing.T) {
	type outcome struct {
		status        int // 0: no answer
		muted, shown  bool
		after, lagged time.Duration
	}
	for _, c := range []struct {
		fault fake.Fault
		want  outcome
	}{
		{fake.Fault{What: fake.Refuse}, outcome{status: 503}},
		{fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrConflict}}, outcome{status: 409}},
		{fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrForbidden}}, outcome{status: 403}},
		{fake.Fault{What: fake.Refuse, Err: &cc.Error{Kind: cc.ErrRateLimited, RetryAfter: 1500 * time.Millisecond}}, outcome{status: 429}},
		{fake.Fault{What: fake.Refuse, Err: &cc.Error{Status: 422}}, outcome{status: 422}},
		{fake.Fault{What: fake.NotSent}, outcome{}},
		{fake.Fault{What: fake.LoseBefore}, outcome{}},
		{fake.Fault{What: fake.LoseAfter}, outcome{muted: true, shown: true}},
		{fake.Fault{What: fake.Ignore}, outcome{status: 202}},
		{fake.Fault{What: fake.Hang}, outcome{after: 4 * time.Second}},
		{fake.Fault{What: fake.HangAfter}, outcome{muted: true, shown: true, after: 4 * time.Second}},
		{fake.Fault{What: fake.Slow, Delay: time.Second}, outcome{status: 202, muted: true, shown: true, after: time.Second}},
		{fake.Fault{What: fake.Slow, Delay: time.Hour}, outcome{muted: true, shown: true, after: 4 * time.Second}},
		{fake.Fault{What: fake.Contradict}, outcome{status: 409, muted: true, shown: true}},
		{fake.Fault{What: fake.FailLater}, outcome{status: 202}},
		{fake.Fault{What: fake.FailSooner, Effect: true}, outcome{status: 202, muted: true, shown: true}},
		{fake.Fault{What: fake.Late, Delay: time.Second}, outcome{status: 202, lagged: time.Second}},
		{fake.Fault{What: fake.Stale, Delay: time.Second}, outcome{status: 202, muted: true, lagged: time.Second}},
	} {
		t.Run(string(c.fault.What), func(t *testing.T) {
			bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
				ms := three(s)
				meanwhile := 0
				c.fault.Op, c.fault.Times, c.fault.Meanwhile = fake.OpSet, 1, func() { meanwhile++ } // read after Wait
				c.fault.Match = func(r fake.Request) bool {
					return r == fake.Request{Op: fake.OpSet, Conference: "room-7", Participant: "1", Change: cc.Change{Mute: cc.On}}
				}
				s.sw.Inject(c.fault)
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				defer cancel()
				start := time.Now()
				resp, err := s.client.Do(s.request("POST", mutePath, muteBody).WithContext(ctx))
				var got outcome
				if err == nil {
					got.status = resp.StatusCode
					require.NoError(t, resp.Body.Close())
					if got.status == 429 {
						require.Equal(t, "2", resp.Header.Get("Retry-After"))
					}
				}
				shown := func() bool { return s.call("GET", mutePath, "").body["mute"] == true }
				got.after = time.Since(start)
				got.muted, got.shown = ms[0].State().Mute == cc.On, shown()
				if c.want.lagged > 0 {
					time.Sleep(c.want.lagged)
					require.True(t, shown())
					got.lagged = c.want.lagged
				}
				require.Equal(t, c.want, got)
				synctest.Wait()
				require.Equal(t, 1, meanwhile)
				require.True(t, s.server.Requests()[0].Fault)
				if c.fault.What != fake.NotSent {
					require.Equal(t, 1, s.sw.Count(fake.OpSet))
				}
			})
		})
	}
}

// Which requests are what to the Switch, and about whom.
func TestSwitchRequests(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		ms := three(s)
		run := ms[0].Instance()
		uuid := strings.TrimPrefix(string(run), "uuid:")
		var got []fake.Request
		s.sw.Inject(fake.Fault{What: fake.Refuse, Match: func(r fake.Request) bool { got = append(got, r); return false }})
		for _, c := range [][3]string{
			{"GET", "/MultiPartyCall/", ""},
			{"GET", "/MultiPartyCall/uuid_" + uuid + "/", ""},
			{"GET", "/MultiPartyCall/name_room-7/Participant/", ""},
			{"GET", "/MultiPartyCall/name_room-7/Participant/1/", ""},
			{"POST", "/MultiPartyCall/name_room-7/Participant/3/", `{"hold":true,"coach_mode":false}`},
			{"POST", "/MultiPartyCall/name_room-7/Participant/3/", `{`},
			{"POST", "/MultiPartyCall/name_room-7/", `{"status":"active"}`}, // none of the Switch's
			{"DELETE", "/Conference/room-7/Member/1/Deaf/", ""},
			{"DELETE", "/Call/" + ms[0].CallID() + "/", ""},
			{"DELETE", "/MultiPartyCall/uuid_" + uuid + "/Participant/all/", ""},
			{"DELETE", "/Conference/", ""},
		} {
			s.call(c[0], c[1], c[2])
		}
		require.Equal(t, []fake.Request{
			{Op: fake.OpList},
			{Op: fake.OpSnapshot, Conference: run},
			{Op: fake.OpSnapshot, Conference: "room-7"},
			{Op: fake.OpParticipant, Conference: "room-7", Participant: "1"},
			{Op: fake.OpSet, Conference: "room-7", Participant: "3", Change: cc.Change{Hold: cc.On, Coach: cc.Off}},
			{Op: fake.OpSet, Conference: "room-7", Participant: "3"},
			{Op: fake.OpSet, Conference: "room-7", Participant: "1", Change: cc.Change{Deaf: cc.Off}},
			{Op: fake.OpRemove, Conference: run, Participant: "1"},
			{Op: fake.OpRemove, Conference: run, Participant: "all"},
			{Op: fake.OpEnd},
		}, got)
	})
}

// Late and Stale reach every command.
func TestTimedCommands(t *testing.T) {
	for _, c := range [][2]string{
		{"DELETE", "/MultiPartyCall/name_room-7/Participant/1/"},
		{"DELETE", "/MultiPartyCall/name_room-7/"},
		{"DELETE", "/Conference/room-7/Member/1/"},
		{"DELETE", "/Call/{call}/"},
	} {
		bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
			m := three(s)[0]
			s.sw.Inject(fake.Fault{Op: fake.OpCommand, What: fake.Late, Delay: time.Second})
			require.Equal(t, 204, s.call(c[0], fill(s, c[1]), "").status)
			require.True(t, m.Present(), c[1])
			time.Sleep(time.Second)
			require.False(t, m.Present(), c[1])
		})
	}
}

// Accepted and never done, of every command.
func TestIgnored(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		ms := three(s)
		s.sw.Inject(fake.Fault{What: fake.Ignore, Op: fake.OpCommand})
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", mutePath, muteBody, 202},
			{"DELETE", mutePath, "", 204},
			{"DELETE", "/MultiPartyCall/name_room-7/Participant/all/", "", 204},
			{"DELETE", "/MultiPartyCall/name_room-7/Participant/9/", "", 404},
			{"DELETE", "/MultiPartyCall/name_room-7/", "", 204},
			{"POST", "/Conference/room-7/Member/1/Kick/", "{}", 202},
			{"DELETE", "/Conference/room-7/", "", 204},
			{"DELETE", "/Conference/", "", 204},
			{"DELETE", "/Call/" + ms[0].CallID() + "/", "", 204},
		} {
			require.Equal(t, c.status, s.call(c.method, c.path, c.body).status)
		}
		require.Len(t, s.sw.Members("room-7"), 3)
		require.Equal(t, cc.Off, ms[0].State().Mute)
	})
}
