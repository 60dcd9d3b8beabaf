package genesys_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// What a server may answer to a read that is no answer. None of it is an empty conference, none a panic,
// and no order follows.
func TestAnswersThatAreNone(t *testing.T) {
	wrap := func(call string) string { return `{"statusCode":0,"call":` + call + `}` }
	ours := func(fields string) string {
		return wrap(`{"id":"` + callID + `","callUuid":"` + callID + `","connId":"1","capabilities":["RemoveParticipantFromConference","Hangup"]` + fields + `}`)
	}
	for name, body := range map[string]string{
		"nothing":                 "",
		"HTML":                    "<html><body>Welcome</body></html>",
		"garbage":                 "\x00\x01\xff{",
		"a list":                  `[]`,
		"null":                    `null`,
		"no status code":          `{"call":{"id":"` + callID + `","state":"Established","participants":[]}}`,
		"no call":                 `{"statusCode":0}`,
		"null for a call":         wrap("null"),
		"another call":            wrap(`{"id":"other","state":"Established","participants":[]}`),
		"no state":                ours(`,"participants":[]`),
		"no participants":         ours(`,"state":"Established"`),
		"null for participants":   ours(`,"state":"Established","participants":null`),
		"text for participants":   ours(`,"state":"Established","participants":"15001"`),
		"truth for a participant": ours(`,"state":"Established","participants":["15001",true]`),
		"too long":                ours(`,"state":"Established","participants":[],"x":"` + strings.Repeat("x", 1<<20) + `"`),
		"cut":                     `{"statusCode":0,"call":{"id":"` + callID,
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			d.answer = func(r *http.Request, _ string) (int, string, bool) {
				return 200, body, strings.HasPrefix(r.URL.Path, "/api/v2/me/calls")
			}
			driver := d.driver(t)
			for what, do := range map[string]func() error{
				"snapshot": func() error { _, err := driver.Snapshot(background, callID); return err },
				"remove":   func() error { _, err := driver.Remove(background, callID, "15001"); return err },
				"mute":     func() error { _, err := driver.SetState(background, callID, ownDN, cc.Change{Mute: cc.On}); return err },
				"end":      func() error { _, err := driver.End(background, callID); return err },
				"list": func() error {
					for _, err := range driver.Conferences(background) {
						return err
					}
					return errors.New("an empty list")
				},
			} {
				err := do()
				var e *cc.Error
				require.ErrorAs(t, err, &e, what)
				require.Equal(t, cc.ErrUnavailable, e.Kind, "%s: %v", what, err)
				require.NotContains(t, err.Error(), "15001")
				require.NotContains(t, err.Error(), callID)
			}
			require.Empty(t, d.sent())
		})
	}
}

// Both dialects in one list, and numbers with odd characters.
func TestOddParticipants(t *testing.T) {
	d := &desk{call: `{"id":"` + callID + `","callUuid":"` + callID + `","connId":"1","state":"Established",
		"deviceUri":"/devices/` + deviceID + `","capabilities":["RemoveParticipantFromConference"],
		"participants":["15001",{"phoneNumber":"15002"},"all","..","a b","1,2","a/b","\u0000","participants","+1#5","%2e%2e"]}`}
	client, err := genesys.New(d.options())
	require.NoError(t, err)
	defer client.Close()
	s, err := client.Conference(callID).Snapshot(background)
	require.NoError(t, err)
	can := map[cc.ParticipantID]bool{}
	for _, p := range s.Participants {
		require.NotContains(t, can, p.ID)
		can[p.ID] = p.Controls.Has(cc.CanRemove)
	}
	require.Equal(t, map[cc.ParticipantID]bool{
		"15000": false, "15001": true, "15002": true, "+1#5": true, "%2e%2e": true,
		"#1": false, "#2": false, "#3": false, "#4": false, "#5": false, "#6": false, "#7": false,
	}, can)
	driver := d.driver(t)
	for _, id := range []cc.ParticipantID{"15001", "15002", "+1#5", "%2e%2e"} {
		_, err := driver.Remove(background, callID, id)
		require.NoError(t, err)
	}
	require.Len(t, d.sent(), 4)
}

// Every code to a read, with every status: never an unknown outcome, and the server's words are kept.
func TestEveryCodeOfARead(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		for code, kind := range map[int]cc.Kind{
			1: cc.ErrInvalid, 2: cc.ErrConflict, 3: cc.ErrForbidden, 4: cc.ErrUnavailable, 5: cc.ErrForbidden, 6: cc.ErrNotFound,
			7: cc.ErrUnavailable, 8: cc.ErrUnauthenticated, 9: cc.ErrUnavailable, 10: cc.ErrInvalid, 11: cc.ErrInvalid,
			12: cc.ErrUnavailable, 13: cc.ErrUnavailable, 14: cc.ErrUnavailable, 15: cc.ErrUnavailable,
			16: cc.ErrConflict, 17: cc.ErrConflict, 18: cc.ErrConflict, 19: cc.ErrConflict, 20: cc.ErrUnauthenticated,
			99: cc.ErrUnavailable,
		} {
			for _, status := range []int{200, 400, 403, 404, 409, 500, 503} {
				if code == 99 && status != 200 && status < 500 {
					continue // the status decides
				}
				lift := s.inject(genesysserver.Fault{On: genesysserver.GetCall, Answer: genesysserver.Code(status, code, "about 15001")})
				_, err := s.conf.Snapshot(s.t.Context())
				lift()
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, kind, e.Kind, "%d, %d: %v", status, code, err)
				require.Equal(t, itoa(code), e.Code, "%d", status)
				require.Equal(t, status, e.Status)
				require.Equal(t, "about 15001", e.Message)
				require.NotContains(t, err.Error(), "15001")
			}
		}
	})
}

// Two clients of one process and of one agent do not know of each other, and do not disturb each other.
func TestTwoClientsOfOneAgent(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		other, err := genesys.New(genesys.Options{
			Endpoint: s.endpoint.URL(), Insecure: true, User: user, Password: genesys.NewSecret(password), Transport: s.endpoint.Transport(),
		})
		require.NoError(t, err)
		defer other.Close()
		s.ready()
		conf := other.Conference(s.id)
		require.NoError(t, conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Mute: cc.Off}))
		require.Equal(t, 2, s.server.Counts().Sessions)
		require.NoError(t, s.conf.RemoveParticipant(s.t.Context(), "15001"))
		require.NoError(t, conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Hold: cc.On}))
		count := s.since()
		time.Sleep(5 * time.Minute)
		require.Zero(t, count().Sessions)
		require.Less(t, count().CometD, 60, "two held connects, answered every 30 s")
	})
}

// A server that restarts while many watch and command: one login, and in the end everybody knows the
// truth.
func TestRestartUnderLoad(t *testing.T) {
	onSite(t, genesysserver.Options{}, starting, func(s *site) {
		s.ready()
		ctx, cancel := context.WithCancel(s.t.Context())
		var all sync.WaitGroup
		var mu sync.Mutex
		last := make([]cc.Snapshot, 50)
		for i := range last {
			all.Go(func() {
				for e, err := range s.conf.Events(ctx) {
					if err != nil {
						if ctx.Err() == nil {
							t.Errorf("watcher: %v", err)
						}
						return
					}
					if e.Type == cc.Synced {
						mu.Lock()
						last[i] = e.Snapshot
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Second)
		count := s.since()
		stop := time.Now().Add(5 * time.Second)
		for range 4 {
			all.Go(func() {
				for want := cc.On; time.Now().Before(stop); want = cc.On + cc.Off - want {
					err := s.conf.SetParticipantState(ctx, ownDN, cc.Change{Hold: want})
					if err != nil {
						switch kind := cc.KindOf(err); kind {
						case cc.ErrUncertain, cc.ErrUnauthenticated, cc.ErrUnavailable, cc.ErrForbidden, cc.ErrConflict:
						default:
							t.Errorf("command: %v", err)
						}
					}
					time.Sleep(50 * time.Millisecond)
				}
			})
		}
		time.Sleep(2 * time.Second)
		s.server.Restart()
		s.endpoint.Cut()
		time.Sleep(10 * time.Second)
		require.Equal(t, 1, count().Sessions)
		require.Zero(t, count().Starts)
		s.server.RotateCSRF(user)
		s.people["15002"].HangUp()
		s.server.DropCometD(user, true)
		time.Sleep(time.Minute)
		require.Equal(t, 1, count().Sessions)
		mu.Lock()
		for i := range last {
			require.Equal(t, []string{ownDN, "15001"}, ids(last[i].Participants))
		}
		mu.Unlock()
		cancel()
		all.Wait()
	})
}

// before does something before each order leaves.
type before struct {
	next http.RoundTripper
	do   func()
}

func (b *before) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/me/calls/") && b.do != nil {
		b.do()
	}
	return b.next.RoundTrip(r)
}

// A token that is rotated between the read and the order costs one more read; twice, and the order is
// refused, with nothing done.
func TestTokenRotatedMeanwhile(t *testing.T) {
	for times, kind := range map[int]cc.Kind{1: 0, 2: cc.ErrForbidden} {
		way := &before{}
		onSite(t, genesysserver.Options{}, func(o *genesys.Options) {
			way.next = o.Transport
			o.Transport = way
		}, func(s *site) {
			s.ready()
			left := times
			way.do = func() {
				if left > 0 {
					left--
					s.server.RotateCSRF(user)
				}
			}
			count := s.since()
			err := s.conf.RemoveParticipant(s.t.Context(), "15001")
			require.Equal(t, 2, count().CallPosts)
			require.Zero(t, count().Sessions)
			if kind == 0 {
				require.NoError(t, err)
				require.False(t, s.people["15001"].Present())
				return
			}
			require.ErrorIs(t, err, kind)
			require.True(t, s.people["15001"].Present())
		})
	}
}

// A guarded buffer takes a log.
type guarded struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.b.Write(p)
}

// Neither the log nor an error tells a secret, a number, a name or an id, whatever the server says.
func TestNothingPersonalIsLogged(t *testing.T) {
	var log guarded
	onSite(t, genesysserver.Options{Quirks: genesysserver.Quirks{ExtraFields: true, UnknownTypes: true}}, func(o *genesys.Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}, func(s *site) {
		personal := []string{password, basic, user, ownDN, "15001", "15002", string(s.id), s.ana.DeviceID()}
		check := func(text string) {
			for _, p := range personal {
				require.NotContains(t, text, p)
			}
		}
		s.ready()
		words := strings.Join(personal, " ")
		for _, f := range []genesysserver.Fault{
			{On: removal, Times: 1, Answer: genesysserver.Code(409, 2, words)},
			{On: removal, Times: 1, Answer: &genesysserver.Answer{Status: 500, Body: words}},
			{On: removal, Times: 1, Answer: genesysserver.Done(), Failure: &genesysserver.Failure{Text: words}},
			{On: genesysserver.GetCall, Times: 1, Answer: &genesysserver.Answer{Status: 200, Body: words}},
		} {
			s.inject(f)
			err := s.conf.RemoveParticipant(s.t.Context(), "15001")
			if err != nil {
				check(err.Error())
			}
			var e *cc.Error
			if errors.As(err, &e) {
				require.NotContains(t, e.Message, password)
			}
		}
		s.server.ExpireSessions(user)
		s.server.DropCometD(user, false)
		time.Sleep(time.Minute)
		s.server.Restart()
		s.endpoint.Cut()
		time.Sleep(time.Minute)
		require.NoError(t, s.client.Close())
		log.mu.Lock()
		defer log.mu.Unlock()
		require.NotEmpty(t, log.b.String())
		check(log.b.String())
	})
}
