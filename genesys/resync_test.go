package genesys_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// starting has the client begin the session of the contact center, as it must with starting servers.
func starting(o *genesys.Options) { o.Start = true }

func TestResync(t *testing.T) {
	for _, c := range []struct {
		name   string
		lose   func(*site)
		logins int
		gaps   int
	}{
		{name: "CometD session dropped", lose: func(s *site) { s.server.DropCometD(user, true) }, gaps: 1},
		{name: "CometD session dropped without advice", lose: func(s *site) { s.server.DropCometD(user, false) }, gaps: 1},
		{name: "HTTP session expired", lose: func(s *site) { s.server.ExpireSessions(user) }, logins: 1, gaps: 1},
		{name: "token rotated", lose: func(s *site) { s.server.RotateCSRF(user) }},
		{name: "server restarted", lose: func(s *site) { s.server.Restart(); s.endpoint.Cut() }, logins: 1, gaps: 1},
		{name: "browser cookie forgotten", lose: func(s *site) { s.server.ForgetBrowser(user) }, gaps: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			onSite(t, genesysserver.Options{}, starting, func(s *site) {
				next, stop := pull(s)
				defer stop()
				require.Equal(t, cc.Synced, next().Type)
				synctest.Wait()
				count := s.since()
				c.lose(s)
				s.people["15002"].HangUp()
				gaps, left := 0, false
				snap := cc.Snapshot{}
				for timer := time.After(70 * time.Second); ; {
					var e cc.Event
					select {
					case e = <-s.events:
					case <-timer:
					}
					if e.Type == "" {
						break
					}
					switch e.Type {
					case cc.Left:
						require.Equal(t, cc.ParticipantID("15002"), e.Participant.ID)
						require.False(t, left, "told twice")
						left = true
					case cc.Synced:
						if e.Gap {
							gaps++
							require.True(t, left, "differences first")
						}
						snap = e.Snapshot
					case cc.Changed, cc.Stale:
					default:
						require.Fail(t, "told", "%s", e.Type)
					}
				}
				require.True(t, left)
				require.Equal(t, c.gaps, gaps)
				if c.gaps > 0 {
					require.Len(t, snap.Participants, 2)
				}
				require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Hold: cc.On}))
				require.Equal(t, cc.On, s.people[ownDN].State().Hold)
				require.Equal(t, c.logins, count().Sessions)
				require.Zero(t, count().Starts)
				require.Equal(t, 1, s.server.Counts().Starts)
				require.Less(t, count().CometD, 60, "no tight loop")
			})
		})
	}
}

// However many notice that the HTTP session is over, by REST and by CometD, one logs in.
func TestOneLoginWhoeverNotices(t *testing.T) {
	onSite(t, genesysserver.Options{}, starting, func(s *site) {
		s.ready()
		for round := range 5 {
			count := s.since()
			s.server.ExpireSessions(user)
			var all sync.WaitGroup
			for range 30 {
				all.Go(func() {
					_, err := s.conf.Snapshot(s.t.Context())
					require.NoError(t, err)
				})
			}
			all.Go(func() {
				change := cc.Change{Hold: cc.On}
				if round%2 == 1 {
					change.Hold = cc.Off
				}
				require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, change))
			})
			all.Wait()
			time.Sleep(time.Minute) // of fake time: the held connect is answered meanwhile
			require.Equal(t, 1, count().Sessions)
			require.Zero(t, count().Starts)
		}
		require.Equal(t, 1, s.server.Counts().Starts)
	})
}

// A server that forgets each CometD session at once is a clear error in the end, and no tight loop;
// reads and commands go on.
func TestSessionsForgottenAtOnce(t *testing.T) {
	onSite(t, genesysserver.Options{}, func(o *genesys.Options) {
		o.Transport = loseBrowser{o.Transport}
	}, func(s *site) {
		began := time.Now()
		require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Mute: cc.On}))
		require.Less(t, time.Since(began), 8*time.Second)
		require.Equal(t, cc.On, s.people[ownDN].State().Mute)
		count := s.since()
		time.Sleep(5 * time.Minute)
		require.Less(t, count().CometD, 300)
		require.Zero(t, count().Sessions)
		_, err := s.conf.Snapshot(s.t.Context())
		require.NoError(t, err)
	})
}

// loseBrowser is a client that loses the cookie by which CometD finds its session.
type loseBrowser struct{ http.RoundTripper }

func (l loseBrowser) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		var kept []string
		for _, c := range resp.Header["Set-Cookie"] {
			if len(c) < 14 || c[:14] != "BAYEUX_BROWSER" {
				kept = append(kept, c)
			}
		}
		if len(kept) == 0 {
			resp.Header.Del("Set-Cookie")
		} else {
			resp.Header["Set-Cookie"] = kept
		}
	}
	return resp, err
}

// What cannot be read is told as stale, and once it can be again as synced with a gap.
func TestVoiceServicesDown(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		s.ready()
		s.server.SetVoice(false)
		err := s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Hold: cc.On})
		var e *cc.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, cc.ErrUnavailable, e.Kind)
		require.Equal(t, "4", e.Code)
		require.Equal(t, http.StatusServiceUnavailable, e.Status)
		s.server.SetVoice(true)
		require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Hold: cc.On}))
	})
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  *genesysserver.Fault
		kind   cc.Kind
		code   string
		starts int
	}{
		{name: "begun", starts: 1},
		{name: "begun in part, voice among it", starts: 1, fault: &genesysserver.Fault{Effect: true, Answer: genesysserver.Partial(true)}},
		{name: "begun in part, without voice", starts: 1, kind: cc.ErrUnavailable, code: "4", fault: &genesysserver.Fault{Answer: genesysserver.Partial(false)}},
		{name: "answer lost, and begun", starts: 1, fault: &genesysserver.Fault{Effect: true, Wire: genesysserver.Cut}},
		{name: "refused", starts: 1, kind: cc.ErrConflict, code: "19", fault: &genesysserver.Fault{Answer: genesysserver.Code(409, 19, "in use")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onSite(t, genesysserver.Options{}, starting, func(s *site) {
				s.ana.LogOut()
				if c.fault != nil {
					c.fault.On, c.fault.Times = "StartContactCenterSession", 1
					s.inject(*c.fault)
				}
				_, err := s.conf.Snapshot(s.t.Context())
				require.Equal(t, c.starts, s.server.Counts().Starts)
				if c.kind == 0 {
					require.NoError(t, err)
					s.ready()
					require.True(t, s.ana.Started())
					require.Equal(t, c.starts, s.server.Counts().Starts)
					return
				}
				var e *cc.Error
				require.True(t, errors.As(err, &e))
				require.Equal(t, c.kind, e.Kind)
				require.Equal(t, c.code, e.Code)
			})
		})
	}
}

// A start of which nothing is known, not even by the read after it, is not sent again before a later
// read has told.
func TestStartOfUnknownOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		fault  genesysserver.Fault
		starts int // in the end
	}{
		"it was done":     {fault: genesysserver.Fault{Effect: true, Wire: genesysserver.Cut}, starts: 1},
		"it was not done": {fault: genesysserver.Fault{Wire: genesysserver.Reset}, starts: 2},
	} {
		t.Run(name, func(t *testing.T) {
			onSite(t, genesysserver.Options{}, starting, func(s *site) {
				s.ana.LogOut()
				c.fault.On, c.fault.Times = "StartContactCenterSession", 1
				s.inject(c.fault)
				blind := s.inject(genesysserver.Fault{On: genesysserver.ListDevices, Answer: genesysserver.HTML(http.StatusServiceUnavailable)})
				for range 3 {
					_, err := s.conf.Snapshot(s.t.Context())
					require.Error(t, err)
					require.Equal(t, 1, s.server.Counts().Starts)
				}
				blind()
				s.ready()
				require.True(t, s.ana.Started())
				require.Equal(t, c.starts, s.server.Counts().Starts)
			})
		})
	}
}

// Close leaves the agent logged in.
func TestCloseDoesNotLogOut(t *testing.T) {
	onSite(t, genesysserver.Options{}, starting, func(s *site) {
		s.ready()
		require.NoError(t, s.client.Close())
		require.True(t, s.ana.Started())
		require.True(t, s.people[ownDN].Present())
		for _, r := range s.server.Requests() {
			require.NotContains(t, r.Body, "EndContactCenterSession")
		}
	})
}

// The order of what is done at first is that of the package comment.
func TestOrderOfLogin(t *testing.T) {
	rec := &recorder{}
	onSite(t, genesysserver.Options{}, func(o *genesys.Options) {
		o.Start = true
		rec.next = o.Transport
		o.Transport = rec
	}, func(s *site) {
		s.ready()
		rec.mu.Lock()
		defer rec.mu.Unlock()
		require.Equal(t, []string{
			"GET /api/v2/me with credentials", "/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/subscribe",
			"POST /api/v2/me", "GET /api/v2/me",
		}, rec.lines[:7])
	})
}

// A recorder notes what is asked for, in order.
type recorder struct {
	next  http.RoundTripper
	mu    sync.Mutex
	lines []string
}

var channel = regexp.MustCompile(`"channel":"(/meta/[a-z]+)"`)

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	line := q.Method + " " + q.URL.Path
	if q.Header.Get("Authorization") != "" {
		line += " with credentials"
	}
	if q.Body != nil && strings.HasSuffix(q.URL.Path, "/notifications") {
		b, err := io.ReadAll(q.Body)
		if err != nil {
			return nil, err
		}
		q = q.Clone(q.Context())
		q.Body = io.NopCloser(bytes.NewReader(b))
		if m := channel.FindSubmatch(b); m != nil {
			line = string(m[1])
		}
	}
	r.mu.Lock()
	if line != "/meta/connect" || !slices.Contains(r.lines, line) {
		r.lines = append(r.lines, line) // the first of the connects
	}
	r.mu.Unlock()
	return r.next.RoundTrip(q)
}
