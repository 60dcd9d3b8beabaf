package plivoserver_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// "Retrieve all multiparty calls": limit 1 to 20, offset, count, links without a host, newest first.
func TestPaging(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		for i := range 31 {
			s.join(fmt.Sprintf("room-%d", i), fake.Leg{Role: "agent"})
			time.Sleep(time.Second)
		}
		root := "/v1/Account/" + s.server.AuthID() + "/MultiPartyCall/"
		a := s.call("GET", "/MultiPartyCall/", "")
		require.Len(t, a.list("friendly_name"), 20)
		require.Equal(t, "room-30", a.list("friendly_name")[0])
		require.Equal(t, "room-11", a.list("friendly_name")[19])
		require.Equal(t, map[string]any{"count": 31., "limit": 20., "offset": 0., "previous": nil, "next": root + "?limit=20&offset=20"}, a.meta())

		next, err := url.Parse(a.meta()["next"].(string))
		require.NoError(t, err)
		r := s.request("GET", "", "")
		r.URL.Path, r.URL.RawQuery = next.Path, next.RawQuery
		a = s.do(r)
		require.Len(t, a.list("friendly_name"), 11)
		require.Equal(t, "room-0", a.list("friendly_name")[10])
		require.Equal(t, map[string]any{"count": 31., "limit": 20., "offset": 20., "next": nil, "previous": root + "?limit=20&offset=0"}, a.meta())

		a = s.call("GET", "/MultiPartyCall/?status=active&limit=2&offset=29&unknown=1", "")
		require.Equal(t, []any{"room-1", "room-0"}, a.list("friendly_name"))
		require.Equal(t, root+"?limit=2&offset=27&status=active&unknown=1", a.meta()["previous"])
		a = s.call("GET", "/MultiPartyCall/?offset=31", "")
		require.Equal(t, []any{}, a.body["objects"])
		require.Equal(t, 31., a.meta()["count"])

		for _, query := range []string{"limit=0", "limit=21", "limit=-1", "limit=x", "limit=", "offset=-1", "offset=1.5", "limit=%zz", "a;b"} {
			require.Equal(t, 400, s.call("GET", "/MultiPartyCall/?"+query, "").status, query)
			require.Equal(t, 400, s.call("GET", "/MultiPartyCall/name_room-1/Participant/?"+query, "").status, query)
		}
	})
}

func TestParticipantPaging(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		var last *fake.Member
		for range 23 {
			last = s.join("room-7", fake.Leg{Role: "agent"})
		}
		a := s.call("GET", "/MultiPartyCall/name_room-7/Participant/?limit=3", "")
		require.Equal(t, []any{"23", "22", "21"}, a.list("member_id"))
		require.Equal(t, "/v1/Account/"+s.server.AuthID()+"/MultiPartyCall/name_room-7/Participant/?limit=3&offset=3", a.meta()["next"])
		a = s.call("GET", "/MultiPartyCall/name_room-7/Participant/?limit=3&offset=21", "")
		require.Equal(t, []any{"2", "1"}, a.list("member_id"))
		a = s.call("GET", "/MultiPartyCall/name_room-7/Participant/?call_uuid="+last.CallID(), "")
		require.Equal(t, []any{"23"}, a.list("member_id"))
		require.Equal(t, 1., a.meta()["count"])
		require.Empty(t, s.call("GET", "/MultiPartyCall/name_room-7/Participant/?call_uuid=x", "").list("member_id"))
	})
}

// "Retrieve all multiparty calls": the filters, and the window of seven or thirty days.
func TestFilters(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		const day = 24 * time.Hour
		run := func(name string, d time.Duration) { // created now, ended after d
			m := s.join(name, fake.Leg{})
			time.Sleep(d)
			m.HangUp()
		}
		run("old", time.Hour) // 1 January, 00:00 to 01:00
		time.Sleep(20*day - time.Hour)
		run("mid", time.Hour) // 21 January, 00:00 to 01:00
		time.Sleep(10*day - time.Hour)
		s.join("wait", fake.Leg{Waits: true}) // 31 January, 00:00
		time.Sleep(time.Minute)
		run("new", 59*time.Minute) // 31 January, 00:01 to 01:00
		s.join("live", fake.Leg{}) // 31 January, 01:00
		require.Equal(t, 204, s.call("DELETE", "/MultiPartyCall/name_live/", "").status)
		s.join("live", fake.Leg{})

		for _, c := range []struct {
			query string
			want  []any
		}{
			{"", []any{"live", "live", "new", "wait"}},
			{"status=active", []any{"live"}},
			{"status=Initialized", []any{"wait"}},
			{"status=ENDED", []any{"live", "new"}},
			{"friendly_name=live", []any{"live", "live"}},
			{"friendly_name=liv", []any{}},
			{"friendly_name=live&status=ended", []any{"live"}},
			{"termination_cause_code=3000", []any{"live"}},
			{"termination_cause_code=1000", []any{"new"}},
			{"sub_account=SAXXXXXXXXXXXXXXXXXX", []any{}},
			{"end_time__gt=2000-01-01 00:00", []any{"mid", "old"}}, // thirty days from there
			{"end_time__gt=2000-01-01 01:00:00", []any{"live", "new", "mid"}},
			{"end_time__gte=2000-01-01 01:00:00.000000", []any{"live", "new", "mid", "old"}},
			{"end_time__lt=2000-01-31 01:00", []any{"mid", "old"}},
			{"end_time__lt=2000-01-31 01:00:00.5", []any{"live", "new", "mid"}},
			{"end_time__lte=2000-01-31 01:00", []any{"live", "new", "mid", "old"}},
			{"end_time__gte=2000-01-01 00:00&end_time__lte=2001-01-01 00:00", []any{"live", "new", "mid", "old"}},
			{"creation_time__gte=2000-01-31 00:00&creation_time__lt=2000-01-31 00:30", []any{"new", "wait"}},
			{"creation_time__lt=2000-01-30 00:00", []any{}},
			{"creation_time_lt=2000-01-30 00:00", []any{"live", "live", "new", "wait"}}, // plivo-node's, unknown
		} {
			q, err := url.ParseQuery(c.query)
			require.NoError(t, err)
			require.Equal(t, c.want, s.call("GET", "/MultiPartyCall/?"+q.Encode(), "").list("friendly_name"), c.query)
		}
		for _, query := range []string{
			"status=over", "status=", "termination_cause_code=x", "end_time__gt=yesterday", "end_time__lt=2000-01-31",
			"end_time__lt=2000-01-31T00:00:00Z", "end_time__lt=2000-13-31 00:00", "creation_time__gte=2000-01-31 00:00:00.1234567",
		} {
			q, err := url.ParseQuery(query)
			require.NoError(t, err)
			require.Equal(t, 400, s.call("GET", "/MultiPartyCall/?"+q.Encode(), "").status, query)
		}
	})
}
