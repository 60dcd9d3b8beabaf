package callcontrol_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

type key struct{}

func TestIntercept(t *testing.T) {
	inner := &stubClient{name: "support", provider: "fake", fail: cc.ErrConflict}
	var seen []cc.Command
	c := cc.Intercept(inner, func(ctx context.Context, cmd cc.Command, next func(context.Context) error) error {
		seen = append(seen, cmd)
		return fmt.Errorf("seen: %w", next(ctx))
	})
	conf := c.Conference("standup")
	mute := cc.Change{Mute: cc.On}
	for _, do := range []func() error{
		func() error { return conf.RemoveParticipant(t.Context(), "1") },
		func() error { return conf.SetParticipantState(t.Context(), "2", mute) },
		func() error { return conf.End(t.Context()) },
	} {
		require.EqualError(t, do(), "seen: conflict", "what f returns is what the caller gets")
	}
	require.Equal(t, []string{"standup: remove 1", "standup: set 2 mute=on", "standup: end"}, inner.done)
	require.Equal(t, []cc.Command{
		{Op: cc.OpRemoveParticipant, Client: "support", Conference: "standup", Participant: "1"},
		{Op: cc.OpSetParticipantState, Client: "support", Conference: "standup", Participant: "2", Change: mute},
		{Op: cc.OpEnd, Client: "support", Conference: "standup"},
	}, seen)
}

func TestInterceptRefuses(t *testing.T) {
	inner := &stubClient{}
	refused := errors.New("not after hours")
	c := cc.Intercept(inner, func(context.Context, cc.Command, func(context.Context) error) error { return refused })
	require.Same(t, refused, c.Conference("a").End(t.Context()))
	require.Empty(t, inner.done)
}

func TestInterceptorsNest(t *testing.T) {
	inner := &stubClient{name: "support"}
	var order []string
	layer := func(name string) func(context.Context, cc.Command, func(context.Context) error) error {
		return func(ctx context.Context, _ cc.Command, next func(context.Context) error) error {
			before, _ := ctx.Value(key{}).(string)
			order = append(order, before+">"+name)
			defer func() { order = append(order, "<"+name) }()
			return next(context.WithValue(ctx, key{}, before+">"+name))
		}
	}
	c := cc.Intercept(cc.Intercept(inner, layer("in")), layer("out"))
	require.NoError(t, c.Conference("a").End(t.Context()))
	require.Equal(t, []string{">out", ">out>in", "<in", "<out"}, order)
	require.Equal(t, []string{"a: end"}, inner.done)
}

func TestInterceptLeavesTheRestAlone(t *testing.T) {
	inner := &stubClient{
		name: "support", provider: "fake", vendor: "the bridge", caps: cc.Capabilities{Others: cc.CanMute},
		snapshot: people("1"), events: told(event(cc.Ended)),
	}
	c := cc.Intercept(inner, func(context.Context, cc.Command, func(context.Context) error) error {
		t.Error("this is no command")
		return nil
	})
	require.Equal(t, "support", c.Name())
	require.Equal(t, "fake", c.Provider())
	require.Equal(t, inner.caps, c.Capabilities())
	require.NoError(t, c.Check(t.Context()))
	c.Notify("a", "b")
	require.Equal(t, []cc.ConferenceID{"a", "b"}, inner.notified)
	for s, err := range c.Conferences(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, cc.Summary{Conference: "standup", Participants: 1}, s)
	}
	vendor, ok := cc.As[string](c)
	require.True(t, ok)
	require.Equal(t, "the bridge", vendor)

	conf := c.Conference("standup")
	require.Equal(t, cc.ConferenceID("standup"), conf.ID())
	s, err := conf.Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, people("1"), s)
	for e, err := range conf.Events(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, cc.Ended, e.Type)
	}
	vendor, ok = cc.As[string](conf)
	require.True(t, ok)
	require.Equal(t, "the bridge", vendor)
	require.NoError(t, c.Close())
	require.Equal(t, 1, inner.closed)
	require.Equal(t, "intercepted fake", fmt.Sprint(c))
	require.Equal(t, "intercepted fake conference", fmt.Sprintf("%+v", conf))
}

func TestInterceptOfNothing(t *testing.T) {
	inner := &stubClient{}
	require.Same(t, inner, cc.Intercept(inner, nil))
	require.Nil(t, cc.Intercept(nil, func(context.Context, cc.Command, func(context.Context) error) error { return nil }))
}
