package genesys_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
	"github.com/callcontrol-go/callcontrol/provider"
)

func TestOutcomes(t *testing.T) {
	done := genesysserver.Done()
	for _, c := range []struct {
		name  string
		fault genesysserver.Fault
		kind  cc.Kind // 0: nil
		code  string
		soon  bool // at once
		reads int  // from the answer on: at it, and at a message after it
	}{
		{name: "accepted and never done", fault: genesysserver.Fault{Answer: done}, kind: cc.ErrUncertain},
		{
			name: "accepted and failed by a bare message", kind: cc.ErrUnavailable, soon: true, reads: 2,
			fault: genesysserver.Fault{Answer: done, Failure: &genesysserver.Failure{}},
		},
		{
			name: "accepted and failed by a message before the answer", kind: cc.ErrUnavailable, soon: true, reads: 1,
			fault: genesysserver.Fault{Answer: done, Failure: &genesysserver.Failure{Before: true}},
		},
		{
			name: "accepted and failed by a message about the device", kind: cc.ErrUnavailable, soon: true, reads: 2,
			fault: genesysserver.Fault{Answer: done, Failure: &genesysserver.Failure{Device: true}},
		},
		{
			name: "accepted and failed by a message about nothing", kind: cc.ErrUnavailable, soon: true, reads: 2,
			fault: genesysserver.Fault{Answer: done, Failure: &genesysserver.Failure{Nameless: true, Device: true}},
		},
		{
			name: "accepted and failed in words", kind: cc.ErrUnavailable, soon: true, reads: 2, code: "57",
			fault: genesysserver.Fault{Answer: done, Failure: &genesysserver.Failure{Text: "no answer", Code: 57}},
		},
		{
			name: "done, and a message of failure", soon: true, reads: 1,
			fault: genesysserver.Fault{Effect: true, Answer: done, Failure: &genesysserver.Failure{Before: true}},
		},
		{
			name: "told twice, the answer first", kind: cc.ErrUnavailable, soon: true, code: "4",
			fault: genesysserver.Fault{Answer: genesysserver.NotRegistered(), Failure: &genesysserver.Failure{Device: true}},
		},
		{
			name: "told twice, the message first", kind: cc.ErrUnavailable, soon: true, code: "4",
			fault: genesysserver.Fault{Answer: genesysserver.NotRegistered(), Failure: &genesysserver.Failure{Before: true}},
		},
		{name: "no telephony server", kind: cc.ErrUnavailable, soon: true, code: "4", fault: genesysserver.Fault{Answer: genesysserver.VoiceDown()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onSite(t, genesysserver.Options{}, nil, func(s *site) {
				s.ready()
				c.fault.On, c.fault.Times = removal, 1
				s.inject(c.fault)
				count := s.since()
				began := time.Now()
				err := s.conf.RemoveParticipant(s.t.Context(), "15001")
				took := time.Since(began)
				require.Equal(t, 1, count().CallPosts)
				if c.soon {
					require.LessOrEqual(t, took, 20*time.Millisecond, "a message comes 20 ms after the answer, at most")
					require.Equal(t, 2+c.reads, count().Reads, "two before the order, and then")
				} else {
					require.Equal(t, 8*time.Second, took, "a fifth of the time is for the read that decides")
					var last genesysserver.Request
					for _, r := range s.server.Requests() {
						if r.Operation == genesysserver.GetCall {
							last = r
						}
					}
					require.Equal(t, took, last.At.Sub(began))
				}
				if c.kind == 0 {
					require.NoError(t, err)
					require.False(t, s.people["15001"].Present())
					return
				}
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.kind, e.Kind, "%v", err)
				require.Equal(t, c.code, e.Code)
				// What was told twice is no failure of the next command.
				require.NoError(t, s.conf.RemoveParticipant(s.t.Context(), "15002"))
			})
		})
	}
}

// A failure is that of a command by Instance, too, of which nothing was read before.
func TestFailureByInstance(t *testing.T) {
	for _, served := range []genesysserver.Options{{}, {Dialect: genesysserver.Old}} {
		onSite(t, served, nil, func(s *site) {
			s.inject(genesysserver.Fault{On: "Hold", Answer: genesysserver.Done(), Failure: &genesysserver.Failure{Before: true}})
			snap, err := s.conf.Snapshot(s.t.Context())
			require.NoError(t, err)
			client, err := genesys.New(genesys.Options{
				Endpoint: s.endpoint.URL(), Insecure: true, User: user, Password: genesys.NewSecret(password), Transport: s.endpoint.Transport(),
			})
			require.NoError(t, err)
			defer client.Close()
			began := time.Now()
			err = client.Conference(snap.Instance).SetParticipantState(s.t.Context(), ownDN, cc.Change{Hold: cc.On})
			require.ErrorIs(t, err, cc.ErrUnavailable)
			require.Less(t, time.Since(began), time.Second)
		})
	}
}

// Where there is no CometD service the reason is said, and commands go on without news.
func TestNoCometDService(t *testing.T) {
	onSite(t, genesysserver.Options{}, func(o *genesys.Options) { o.Notifications = "genesys/cometd" }, func(s *site) {
		d, err := genesys.NewDriver(genesys.Options{
			Endpoint: s.endpoint.URL(), Insecure: true, User: user, Password: genesys.NewSecret(password),
			Transport: s.endpoint.Transport(), Notifications: "genesys/cometd",
		})
		require.NoError(t, err)
		err = d.Listen(s.t.Context(), func(provider.Update) { require.Fail(t, "told") })
		require.NoError(t, d.Close())
		require.ErrorIs(t, err, cc.ErrUnavailable)
		require.ErrorContains(t, err, "no CometD service")
		require.NoError(t, s.conf.RemoveParticipant(s.t.Context(), "15001"))
	})
}

// Our own leg being gone tells nothing of the others.
func TestOwnLegReleasedMeanwhile(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		s.ready()
		s.inject(genesysserver.Fault{On: removal, Answer: genesysserver.Done()})
		time.AfterFunc(time.Second, s.people[ownDN].HangUp)
		err := s.conf.RemoveParticipant(s.t.Context(), "15001")
		require.ErrorIs(t, err, cc.ErrUncertain)
	})
}

func TestNever(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		s.ready()
		count := s.since()
		for _, change := range []cc.Change{{Mute: cc.On}, {Mute: cc.Off}, {Hold: cc.On}, {Hold: cc.Off}, {Mute: cc.On, Hold: cc.On}, {Deaf: cc.On}, {Coach: cc.On}} {
			for _, who := range []cc.ParticipantID{"15001", "15002"} {
				err := s.conf.SetParticipantState(s.t.Context(), who, change)
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, cc.ErrUnsupported, e.Kind, "%v", change)
				require.NotZero(t, e.Missing)
			}
		}
		require.Zero(t, count().CallPosts)
		require.Zero(t, count().Posts)
	})
}

func TestAgentNotOnTheCall(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		other, err := s.server.AddAgent(genesysserver.AgentOptions{User: "ben", Password: password, DN: "15009"})
		require.NoError(t, err)
		client, err := genesys.New(genesys.Options{
			Endpoint: s.endpoint.URL(), Insecure: true, User: other.User(), Password: genesys.NewSecret(password), Transport: s.endpoint.Transport(),
		})
		require.NoError(t, err)
		defer client.Close()
		run := "uuid:" + s.id
		for name, do := range map[string]func(context.Context, cc.Conference) error{
			"Snapshot": func(ctx context.Context, c cc.Conference) error { _, err := c.Snapshot(ctx); return err },
			"Remove":   func(ctx context.Context, c cc.Conference) error { return c.RemoveParticipant(ctx, "15001") },
			"Set": func(ctx context.Context, c cc.Conference) error {
				return c.SetParticipantState(ctx, ownDN, cc.Change{Mute: cc.On})
			},
			"Set both": func(ctx context.Context, c cc.Conference) error {
				return c.SetParticipantState(ctx, ownDN, cc.Change{Mute: cc.On, Hold: cc.On})
			},
			"End": func(ctx context.Context, c cc.Conference) error { return c.End(ctx) },
			"Events": func(ctx context.Context, c cc.Conference) error {
				for _, err := range c.Events(ctx) {
					return err
				}
				return nil
			},
			"Read":            func(ctx context.Context, c cc.Conference) error { _, err := handle(t, c).Read(ctx); return err },
			"SwitchToBargeIn": func(ctx context.Context, c cc.Conference) error { return handle(t, c).SwitchToBargeIn(ctx) },
			"MuteMonitored":   func(ctx context.Context, c cc.Conference) error { return handle(t, c).MuteMonitoredUser(ctx) },
			"AddParty":        func(ctx context.Context, c cc.Conference) error { return handle(t, c).AddParty(ctx, "15007") },
		} {
			for _, id := range []cc.ConferenceID{s.id, run} {
				require.ErrorIs(t, do(s.t.Context(), client.Conference(id)), cc.ErrNotFound, "%s", name)
			}
		}
		for _, err := range client.Conferences(s.t.Context()) {
			require.NoError(t, err)
			require.Fail(t, "listed")
		}
		require.Zero(t, s.server.Counts().CallPosts)
		require.Zero(t, s.server.Counts().Posts)
	})
}

func handle(t *testing.T, c cc.Conference) *genesys.Call {
	t.Helper()
	call, ok := cc.As[*genesys.Call](c)
	require.True(t, ok)
	return call
}

// Every pair of HTTP status and code is the kind that the package comment says, for an order.
func TestEveryCode(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		s.ready()
		for code, kind := range map[int]cc.Kind{
			1: cc.ErrInvalid, 2: cc.ErrConflict, 3: cc.ErrForbidden, 4: cc.ErrUnavailable, 5: cc.ErrForbidden,
			7: cc.ErrUncertain, 8: cc.ErrUnauthenticated, 9: cc.ErrUncertain, 10: cc.ErrInvalid, 11: cc.ErrInvalid,
			12: cc.ErrUnavailable, 13: cc.ErrUnavailable, 14: cc.ErrUnavailable, 15: cc.ErrUnavailable,
			16: cc.ErrConflict, 17: cc.ErrConflict, 18: cc.ErrConflict, 19: cc.ErrConflict, 20: cc.ErrUnauthenticated,
		} {
			for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusForbidden, http.StatusInternalServerError, http.StatusServiceUnavailable} {
				lift := s.inject(genesysserver.Fault{On: removal, Answer: genesysserver.Code(status, code, "because of 15001")})
				err := s.conf.RemoveParticipant(s.t.Context(), "15001")
				lift()
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, kind, e.Kind, "%d, %d: %v", status, code, err)
				require.Equal(t, itoa(code), e.Code, "%d", status)
				require.Equal(t, status, e.Status)
				require.Equal(t, "because of 15001", e.Message)
				require.NotContains(t, e.Error(), "15001")
			}
		}
		lift := s.inject(genesysserver.Fault{On: removal, Answer: genesysserver.Code(http.StatusNotFound, 6, "gone")})
		err := s.conf.RemoveParticipant(s.t.Context(), "15001")
		lift()
		var e *cc.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, cc.ErrConflict, e.Kind, "the server lists the participant, and answers that there is none")
		require.Equal(t, "6", e.Code)
	})
}
