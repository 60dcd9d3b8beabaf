package interop_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/bayeux"
)

// A subject is a session of the client that is tried.
type subject struct {
	*testing.T
	trial   *trial
	session *bayeux.Session
	life    *life
}

// open connects a session the way of the trial.
func (x *trial) open(addr string) *subject {
	x.Helper()
	s := x.dial(addr, func(*bayeux.Options) {})
	require.Equal(x, x.transport, s.session.Transport())
	require.Equal(x, x.ack, s.session.Acknowledged())
	return s
}

// dial connects a session the way of the trial, but for what change makes of that. It ends with the test.
func (x *trial) dial(addr string, change func(*bayeux.Options)) *subject {
	x.Helper()
	s := &subject{T: x.T, trial: x, life: newLife()}
	transports := map[string]bayeux.Transport{polling: bayeux.LongPolling{}, sockets: bayeux.WebSocket{}}
	o := bayeux.Options{
		Transports:  []bayeux.Transport{transports[x.transport]},
		NoAck:       !x.ack,
		OnEvent:     func(e bayeux.Event) { s.life.add(moment{e.Kind.String(), e.PossibleGap}, e.Err) },
		SessionLife: lasts * time.Millisecond, // as the servers are set
		// Shorter than that, so that a request that the server will never answer is found out while there
		// is something to resume: see what docs/interop-bayeux.md says of superseded requests.
		NetworkDelay: lasts / 2 * time.Millisecond,
		// Connections are broken so often here that the pauses between attempts would be most of the time.
		Backoff: bayeux.Backoff{Retry: 10 * time.Millisecond, Handshake: 50 * time.Millisecond, Max: 500 * time.Millisecond},
	}
	change(&o)
	ctx, cancel := context.WithTimeout(x.Context(), patience)
	defer cancel()
	session, err := bayeux.Dial(ctx, "http://"+addr+"/cometd", o)
	require.NoError(x, err)
	s.session = session
	x.Cleanup(func() {
		_ = session.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = session.Wait(ctx)
		if ctx.Err() != nil {
			x.Error("the session does not end")
		}
	})
	return s
}

// number is that of an event, in its data.
func number(m bayeux.Message) int {
	var data struct {
		N int `json:"n"`
	}
	if err := json.Unmarshal(m.Data, &data); err != nil {
		return -1
	}
	return data.N
}

// subscribe has what comes on a channel recorded, until end is called.
func (s *subject) subscribe(channel string, to *record) (end func()) {
	s.Helper()
	return s.listen(channel, bayeux.Delivery{Handler: func(m bayeux.Message) { to.add(number(m), m.AfterGap) }})
}

// subscribeSlowly is likewise, but the consumer takes nothing before the gate is closed, and little is
// kept for it.
func (s *subject) subscribeSlowly(channel string, buffer int, to *record, gate <-chan struct{}) {
	s.Helper()
	s.listen(channel, bayeux.Delivery{
		Handler: func(m bayeux.Message) {
			<-gate
			to.add(number(m), m.AfterGap)
		},
		Buffer: buffer,
	})
}

func (s *subject) listen(channel string, how bayeux.Delivery) (end func()) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	sub, err := s.session.Subscribe(ctx, channel, how)
	require.NoError(s, err)
	return func() {
		ctx, cancel := context.WithTimeout(s.Context(), patience)
		defer cancel()
		require.NoError(s, sub.Unsubscribe(ctx))
	}
}

// publish publishes an event with a number.
func (s *subject) publish(channel string, n int) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	require.NoError(s, s.session.Publish(ctx, channel, map[string]int{"n": n}))
}

// regains waits until a session has taken the place of another one, after so many moments of its life,
// and demands that this is told as it has to be, and that the server has the subscriptions.
func (s *subject) regains(after int, channels ...string) {
	s.Helper()
	told := s.life.after(s.T, after, settled)
	require.Equal(s, []moment{{"broken", false}, {"re-established", true}}, told)
	for _, c := range channels {
		require.Equal(s, 1, s.trial.server.do(s.T, "count", c), c)
	}
}

// gone waits until nobody is subscribed to a channel, and a little longer: a server forgets a session
// step by step, and CometD 3.1 answers a connect that comes in the middle of that as if it knew it.
func (x *trial) gone(channel string) {
	x.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	none := 0
	for begun := time.Now(); time.Since(begun) < patience; <-tick.C {
		if x.server.do(x.T, "count", channel) > 0 {
			none = 0
		} else if none++; none > 5 {
			return
		}
	}
	require.FailNow(x, "the server keeps the session")
}
