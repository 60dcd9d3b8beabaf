package plivo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

// reachable gives a client an address where callbacks reach it.
func reachable(_ *fake.Options, o *plivo.Options) {
	o.PublicURL, o.Tokens = public, []plivo.Secret{plivo.NewSecret(authToken)}
}

// receiver is that of the rig's client.
func (r *rig) receiver() *plivo.Receiver {
	r.t.Helper()
	got, ok := cc.As[*plivo.Receiver](r.client)
	require.True(r.t, ok)
	return got
}

// callback delivers what Plivo would send about a member of the rig's room.
func (r *rig) callback(h http.Handler, mpc, conference string, m *fake.Member) {
	r.t.Helper()
	deliver(r.t, h, r.form(mpc, conference, m))
}

func (r *rig) form(mpc, conference string, m *fake.Member) url.Values {
	if r.product.name == plivo.Conference {
		return merge(memberEvent(conference, rigRoom), url.Values{"ConferenceMemberID": {string(m.ID())}, "CallUUID": {m.CallID()}})
	}
	return merge(mpcEvent(mpc, rigRoom, strings.TrimPrefix(string(m.Instance()), "uuid:")),
		url.Values{"MemberID": {string(m.ID())}, "ParticipantCallUUID": {m.CallID()}})
}

// A told is what one reader of events was told.
type told struct {
	mu     sync.Mutex
	events []cc.Event
	err    error
}

func tellOf(ctx context.Context, c cc.Conference) *told {
	s := &told{}
	go func() {
		for e, err := range c.Events(ctx) {
			s.mu.Lock()
			s.events, s.err = append(s.events, e), err
			s.mu.Unlock()
		}
	}()
	synctest.Wait()
	return s
}

// words says what was told since it was asked last.
func (s *told) words() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, e := range s.events {
		w := string(e.Type)
		if e.Gap {
			w += "+gap"
		}
		if e.Participant.ID != "" {
			w += ":" + string(e.Participant.ID)
		}
		if e.Reason != "" {
			w += ":" + string(e.Reason)
		}
		list = append(list, w)
	}
	s.events = nil
	return strings.Join(list, " ")
}

func eachProduct(t *testing.T, f func(t *testing.T, p product)) {
	for _, p := range products {
		t.Run(p.name, inFakeTime(func(t *testing.T) { f(t, p) }))
	}
}

// What is watched is read when a callback rings, and every 30 s beside that.
func TestWatchingByCallbacks(t *testing.T) {
	eachProduct(t, func(t *testing.T, p product) {
		r := newRig(t, p, reachable)
		h, ok := cc.As[http.Handler](r.client)
		require.True(t, ok)
		require.Same(t, r.receiver(), h)
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		s := tellOf(ctx, r.conf)
		require.Equal(t, "synced", s.words())

		time.Sleep(time.Second)
		r.began = time.Now()
		eve := r.join(fake.Leg{Role: cc.RoleAgent})
		time.Sleep(10 * time.Second)
		require.Equal(t, "", s.words(), "it is not polled")
		r.callback(h, "ParticipantJoin", "enter", eve)
		require.Equal(t, fmt.Sprint("joined:", eve.ID()), s.words())
		require.Equal(t, 10*time.Second, time.Since(r.began))

		// What a callback says is not believed: one that has left twice over is still there.
		r.callback(h, "ParticipantExit", "exit", eve)
		r.callback(h, "ParticipantExit", "exit", eve)
		r.callback(h, "MPCEnd", "exit", eve)
		time.Sleep(time.Second)
		require.Equal(t, "", s.words())

		// A lost one is made up for.
		eve.HangUp()
		time.Sleep(28 * time.Second)
		require.Equal(t, "", s.words())
		time.Sleep(2 * time.Second)
		require.Contains(t, s.words(), fmt.Sprint("left:", eve.ID()))

		// The end, and after it nothing.
		r.anna.HangUp()
		r.bob.HangUp()
		r.callback(h, "MPCEnd", "exit", r.bob)
		time.Sleep(time.Second)
		require.Contains(t, s.words(), "ended")
		require.Equal(t, uint64(0), r.receiver().Stats().Unknown)
	})
}

// Any number of callbacks cost one read for each 100 ms, by name and by Instance, and other conferences
// cost none.
func TestABurstOfCallbacksIsReadOnce(t *testing.T) {
	eachProduct(t, func(t *testing.T, p product) {
		r := newRig(t, p, reachable)
		h := r.receiver()
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		byName := tellOf(ctx, r.conf)
		byRun := tellOf(ctx, r.client.Conference(r.read().Instance))
		time.Sleep(time.Second) // who comes second to a conference is told after the debounce
		require.Equal(t, "synced synced", byName.words()+" "+byRun.words())
		readers := 2
		if p.name == plivo.Conference {
			readers = 1 // there both are one
		}
		time.Sleep(time.Second)
		r.began = time.Now()
		for range 200 {
			r.callback(h, "ParticipantMute", "enter", r.anna)
			deliver(t, h, mpcEvent("MPCStart", "another room", runA))
			deliver(t, h, memberEvent("enter", "another room"))
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		_, reads := r.seen()
		perSnapshot := map[string]int{plivo.MPC: 2, plivo.Conference: 1}[p.name]
		require.LessOrEqual(t, len(reads), 11*perSnapshot*readers)
		require.GreaterOrEqual(t, len(reads), 10*perSnapshot*readers)
	})
}

// Without an address everything is as if there were no callbacks: no receiver, and a poll every 5 s. The
// time can be chosen in either case.
func TestHowOftenIsRead(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(*plivo.Options)
		every  time.Duration
	}{
		{"no address", func(*plivo.Options) {}, 5 * time.Second},
		{"no address, chosen", func(o *plivo.Options) { o.Poll = 7 * time.Second }, 7 * time.Second},
		{"no address, Notified", func(o *plivo.Options) { o.Notified = func(cc.ConferenceID) {} }, 5 * time.Second},
		{"an address", func(o *plivo.Options) { reachable(nil, o) }, 30 * time.Second},
		{"an address, chosen", func(o *plivo.Options) { reachable(nil, o); o.Poll = 9 * time.Second }, 9 * time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			eachProduct(t, func(t *testing.T, p product) {
				r := newRig(t, p, func(_ *fake.Options, o *plivo.Options) { x.change(o) })
				_, ok := cc.As[http.Handler](r.client)
				require.Equal(t, strings.HasPrefix(x.name, "an address"), ok)
				_, ok = cc.As[*plivo.Receiver](r.client)
				require.Equal(t, strings.HasPrefix(x.name, "an address"), ok)
				ctx, cancel := context.WithCancel(background)
				defer cancel()
				s := tellOf(ctx, r.conf)
				require.Equal(t, "synced", s.words())
				r.began = time.Now().Add(time.Nanosecond)
				time.Sleep(3*x.every + time.Second)
				_, reads := r.seen()
				require.Len(t, reads, 3*map[string]int{plivo.MPC: 2, plivo.Conference: 1}[p.name])
			})
		})
	}
}

func TestListen(t *testing.T) {
	for _, open := range []func(plivo.Options) (provider.Driver, error){plivo.NewMPCDriver, plivo.NewConferenceDriver} {
		d := driver(t, open, options(letsNobodyIn{}))
		require.ErrorIs(t, d.Listen(background, func(provider.Update) { require.Fail(t, "nothing stands") }), cc.ErrUnsupported)
		require.False(t, d.As(new(http.Handler)))
		require.False(t, d.As(new(*plivo.Receiver)))

		o := options(letsNobodyIn{})
		o.PublicURL = public
		d, err := open(o)
		require.NoError(t, err)
		var h http.Handler
		require.True(t, d.As(&h))
		require.False(t, d.As((*http.Handler)(nil)))
		require.False(t, d.As((**plivo.Receiver)(nil)))
		require.False(t, d.As(new(*http.Server)))

		reports := make(chan provider.Update, 10)
		ctx, cancel := context.WithCancel(background)
		done := make(chan error)
		go func() { done <- d.Listen(ctx, func(u provider.Update) { reports <- u }) }()
		require.Equal(t, provider.Update{}, <-reports, "it stands at once")
		if d.Name() == plivo.MPC {
			deliver(t, h, memberEvent("enter", "room-7"))
			deliver(t, h, mpcEvent("ParticipantSpeakStart", "room-7", runA))
			deliver(t, h, mpcEvent("MPCStart", "room-7", runA))
			require.Equal(t, provider.Update{Conference: "room-7"}, <-reports)
			require.Equal(t, provider.Update{Conference: "uuid:" + runA}, <-reports)
			deliver(t, h, mpcEvent("MPCStart", "Zoë", runB))
			require.Equal(t, provider.Update{Conference: "uuid:" + runB}, <-reports)
		} else {
			deliver(t, h, mpcEvent("MPCStart", "room-7", runA))
			deliver(t, h, memberEvent("floor", "room-7"))
			deliver(t, h, memberEvent("exit", "room-7"))
			require.Equal(t, provider.Update{Conference: "room-7"}, <-reports)
		}
		require.Empty(t, reports)
		cancel()
		require.ErrorIs(t, <-done, cc.ErrCanceled)
		deliver(t, h, mpcEvent("MPCStart", "room-7", runA))
		deliver(t, h, memberEvent("enter", "room-7"))
		require.Empty(t, reports, "nobody listens")

		go func() { done <- d.Listen(background, func(u provider.Update) { reports <- u }) }()
		<-reports
		require.NoError(t, d.Close())
		require.ErrorIs(t, <-done, cc.ErrClosed)
	}
}

// Two replicas, of which one gets all callbacks and passes on what they ring for, tell the same story at
// the same time, by name and by Instance, whatever else they have read since.
func TestTwoReplicas(t *testing.T) {
	eachProduct(t, func(t *testing.T, p product) {
		var other cc.Client
		first := newRig(t, p, reachable, func(_ *fake.Options, o *plivo.Options) {
			o.Notified = func(c cc.ConferenceID) { other.Notify(c) }
		})
		o := plivo.Options{
			AuthID: first.server.AuthID(), AuthToken: plivo.NewSecret(first.server.AuthToken()), Insecure: true,
			Endpoint: first.url, Transport: first.line.transport, PublicURL: public,
		}
		var err error
		other, err = p.open(o)
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()

		ctx, cancel := context.WithCancel(background)
		defer cancel()
		run := first.read().Instance
		stories := []*told{
			tellOf(ctx, first.conf), tellOf(ctx, other.Conference(rigRoom)),
			tellOf(ctx, first.client.Conference(run)), tellOf(ctx, other.Conference(run)),
		}
		same := func(want string) {
			t.Helper()
			for i, s := range stories {
				require.Equal(t, want, s.words(), fmt.Sprint("reader ", i))
			}
		}
		time.Sleep(time.Second)
		same("synced")
		eve := first.join(fake.Leg{Role: cc.RoleAgent})
		first.callback(first.receiver(), "ParticipantJoin", "enter", eve)
		same(fmt.Sprint("joined:", eve.ID()))
		time.Sleep(time.Second)
		first.callback(first.receiver(), "ParticipantJoin", "enter", eve)
		same("")
		time.Sleep(time.Second)
		eve.HangUp()
		first.callback(first.receiver(), "ParticipantExit", "exit", eve)
		time.Sleep(time.Second)
		reason := map[string]string{plivo.MPC: ":hung-up"}[p.name]
		same(fmt.Sprint("left:", eve.ID(), reason))
	})
}

// Why somebody has left is told by Plivo's record of the participant, or by our own confirmed command:
// never by what a callback says.
func TestReasonsByCallbacks(t *testing.T) {
	eachProduct(t, func(t *testing.T, p product) {
		r := newRig(t, p, reachable)
		h := r.receiver()
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		s := tellOf(ctx, r.conf)
		require.Equal(t, "synced", s.words())
		time.Sleep(time.Second)

		// By our own command, whose callback comes while it is not confirmed yet.
		eve := r.join(fake.Leg{Role: cc.RoleAgent})
		r.callback(h, "ParticipantJoin", "enter", eve)
		require.Equal(t, fmt.Sprint("joined:", eve.ID()), s.words())
		time.Sleep(time.Second)
		removed := r.begin(func() error { return r.conf.RemoveParticipant(background, eve.ID()) })
		r.callback(h, "ParticipantExit", "exit", eve)
		require.NoError(t, removed.wait(t).err)
		time.Sleep(time.Second)
		require.Equal(t, fmt.Sprint("left:", eve.ID(), ":removed"), s.words())

		// By the caller.
		r.bob.HangUp()
		r.callback(h, "ParticipantExit", "exit", r.bob)
		time.Sleep(time.Second)
		require.Equal(t, fmt.Sprint("left:", r.bob.ID(), map[string]string{plivo.MPC: ":hung-up"}[p.name]), s.words())

		// By the end of it all, of our own doing.
		ended := r.begin(func() error { return r.conf.End(background) })
		r.callback(h, "MPCEnd", "exit", r.anna)
		require.NoError(t, ended.wait(t).err)
		time.Sleep(time.Second)
		require.Equal(t, fmt.Sprint("left:", r.anna.ID(), ":ended ended:ended"), s.words())
	})
}
