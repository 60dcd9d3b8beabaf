package plivo_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2024-05-01 10:00:05+00:00", "2024-05-01 15:30:05+05:30", "590", "", "9999-99-99 99:99:99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := plivo.ParseTime(s)
		require.Equal(t, time.UTC, got.Location())
		if !got.IsZero() {
			require.Equal(t, got.Truncate(0), plivo.ParseTime(got.Format("2006-01-02 15:04:05.999999999Z07:00")))
		}
	})
}

func FuzzExplain(f *testing.F) {
	for _, b := range errorBodies {
		f.Add([]byte(b.body), "secret")
	}
	f.Fuzz(func(t *testing.T, body []byte, secret string) {
		kind, code, message := plivo.Explain(secret)(500, http.Header{}, body)
		require.Zero(t, kind)
		require.Empty(t, code)
		require.LessOrEqual(t, len(message), 3*(4<<10))
		require.True(t, utf8.ValidString(message))
	})
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{
		`{"meta":{"count":31,"limit":20,"offset":0,"previous":null,"next":"/x"},"objects":[{}]}`,
		`{"meta":{"total_count":"1"},"objects":[]}`, `{"objects":[1,null]}`, `{"meta":null}`, `{}`,
	} {
		f.Add([]byte(s), 0)
	}
	f.Fuzz(func(t *testing.T, raw []byte, read int) {
		readable, more, err := plivo.ReadPage(raw, read)
		if err != nil {
			return
		}
		require.False(t, more && !readable, "more of what cannot be read")
	})
}

func FuzzRecords(f *testing.F) {
	for _, s := range []string{activeRoom, agent10, boss12, gone11, `{}`, `null`, `{"member_id":["1"],"role":7,"mute":"x"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := plivo.ReadRoom(raw); err == nil {
			require.GreaterOrEqual(t, r.TerminationCauseCode, 0)
			require.GreaterOrEqual(t, r.Duration, time.Duration(0))
		}
		r, p, err := plivo.ReadParticipant(raw)
		if err != nil {
			return
		}
		require.Equal(t, r.MemberID, string(p.ID))
		// Nothing can be done to whom no command could address.
		if !isNumber(r.MemberID) {
			require.Zero(t, p.Controls)
		}
		if p.Role != cc.RoleSupervisor {
			require.Equal(t, cc.Unset, p.State.Coach)
			require.Zero(t, p.Controls&cc.CanCoach)
		}
	})
}

func FuzzConference(f *testing.F) {
	for _, s := range []string{roomA, `{"members":[]}`, `{"members":[{"member_id":1}],"conference_run_time":-1}`, `[]`, `{"members":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := plivo.ReadConference("a", raw)
		if err != nil {
			require.ErrorIs(t, err, cc.ErrUnavailable)
			return
		}
		require.GreaterOrEqual(t, s.RunTime, time.Duration(0))
		for _, p := range s.Participants {
			require.True(t, isNumber(string(p.ID)) || p.Controls == 0)
			require.True(t, utf8.ValidString(p.Name))
			require.True(t, p.JoinedAt.IsZero())
		}
	})
}

func FuzzAdded(f *testing.F) {
	f.Add([]byte(`{"calls":[{"call_uuid":"a"}]}`))
	f.Add([]byte(`{"call_uuid":"a","calls":7}`))
	f.Fuzz(func(t *testing.T, raw []byte) { plivo.ReadAdded(raw) })
}

func FuzzValues(f *testing.F) {
	f.Add([]byte(`["17"]`))
	f.Add([]byte(`{"a":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := plivo.Text(raw); err == nil {
			require.GreaterOrEqual(t, plivo.Number(s), -1)
			require.GreaterOrEqual(t, plivo.Seconds(s), time.Duration(0))
		}
		if g, err := plivo.Flag(raw); err == nil {
			require.LessOrEqual(t, g, cc.Off)
		}
		require.True(t, !utf8.Valid(raw) || utf8.ValidString(plivo.CallerName(string(raw))))
	})
}

func FuzzCallbackURL(f *testing.F) {
	for _, s := range hostileURLs {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !plivo.CallbackURL(s, false) {
			return
		}
		u, err := url.Parse(s)
		require.NoError(t, err)
		require.Equal(t, "https", u.Scheme)
		require.Nil(t, u.User)
		require.Contains(t, u.Hostname(), ".")
	})
}

func isNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// A pathKeeper lets nobody in, and keeps what came.
type pathKeeper struct{ paths []string }

func (k *pathKeeper) RoundTrip(r *http.Request) (*http.Response, error) {
	k.paths = append(k.paths, r.Method+" "+r.URL.EscapedPath())
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// An identifier makes no request, or is one path segment that decodes to itself.
func FuzzIdentifiers(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "10")
		f.Add("room", s)
	}
	f.Add("uuid:"+runA, "10")
	f.Add("uuid:../x", "10")
	f.Fuzz(func(t *testing.T, room, person string) {
		for _, x := range []struct {
			open   func(plivo.Options) (provider.Driver, error)
			prefix string
			conf   func(string) string
		}{
			{plivo.NewMPCDriver, account + "/MultiPartyCall/", func(segment string) string {
				if uuid, ok := strings.CutPrefix(segment, "uuid_"); ok {
					return "uuid:" + uuid
				}
				return strings.TrimPrefix(segment, "name_")
			}},
			{plivo.NewConferenceDriver, account + "/Conference/", func(segment string) string { return segment }},
		} {
			keeper := &pathKeeper{}
			d, err := x.open(options(keeper))
			require.NoError(t, err)
			c, p := cc.ConferenceID(room), cc.ParticipantID(person)
			if d.CheckConference(c) != nil {
				continue
			}
			_, _ = d.Snapshot(context.Background(), c)
			_, _ = d.End(context.Background(), c)
			want := 2
			if d.CheckParticipant(p) == nil {
				_, _ = d.Remove(context.Background(), c, p)
				_, _ = d.SetState(context.Background(), c, p, cc.Change{Mute: cc.On})
				want = 4
			}
			require.NoError(t, d.Close())
			require.Len(t, keeper.paths, want)
			for i, line := range keeper.paths {
				_, path, _ := strings.Cut(line, " ")
				rest, ok := strings.CutPrefix(path, x.prefix)
				require.True(t, ok, path)
				segments := strings.Split(rest, "/")
				name, err := url.PathUnescape(segments[0])
				require.NoError(t, err)
				require.Equal(t, room, x.conf(name))
				require.Empty(t, segments[len(segments)-1])
				if i < 2 {
					require.Len(t, segments, 2)
					continue
				}
				member, err := url.PathUnescape(segments[2])
				require.NoError(t, err)
				require.Equal(t, person, member)
			}
		}
	})
}
