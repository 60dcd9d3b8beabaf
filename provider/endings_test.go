package provider_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// How a story ends, and why people left.
func TestEndings(t *testing.T) {
	const allEnded = "left:1:ended left:2:ended left:3:ended ended:ended"
	session := func(s *stub) {
		s.caps.Self, s.caps.SessionOnly = cc.CanRemove|cc.CanMute, true
		s.room.Participants[1].Self = true
	}
	own := func(s *stub) { s.room.Participants[1].Self = true }
	for _, test := range []struct {
		name string
		prep func(s *stub)
		do   func(t *testing.T, s *stub, conf cc.Conference)
		want string
	}{
		{"ended by somebody", nil, func(_ *testing.T, s *stub, _ cc.Conference) { s.finish() }, allEnded},
		{"ended by us", nil, func(t *testing.T, _ *stub, conf cc.Conference) { require.NoError(t, conf.End(t.Context())) }, allEnded},
		{"another run", nil, func(_ *testing.T, s *stub, _ cc.Conference) { s.restart("uuid:2") }, allEnded},
		{"another run without ids", func(s *stub) { s.room.Instance = "" }, func(_ *testing.T, s *stub, _ cc.Conference) { s.restart("") }, allEnded},
		{"the last one removed by us", func(s *stub) { s.leave("2"); s.leave("3") }, func(t *testing.T, s *stub, conf cc.Conference) {
			s.onRemove = func(context.Context, int) (provider.Result, error) { s.finish(); return provider.Result{}, nil }
			require.NoError(t, conf.RemoveParticipant(t.Context(), "1"))
		}, "left:1:removed ended:ended"},
		{"some had left before the end", nil, func(_ *testing.T, s *stub, _ cc.Conference) {
			s.leave("2")
			bell(s)
			time.Sleep(time.Second)
			s.finish()
		}, "left:2 left:1:ended left:3:ended ended:ended"},
		{"own leg gone, of a session", session, func(_ *testing.T, s *stub, _ cc.Conference) { s.finish() },
			"left:1:lost left:2:hung-up left:3:lost ended:hung-up"},
		{"own leg gone from what is read, of a session", session, func(_ *testing.T, s *stub, _ cc.Conference) { s.leave("2") },
			"left:1:lost left:2:hung-up left:3:lost ended:hung-up"},
		{"own leg gone, the account is seen", own, func(_ *testing.T, s *stub, _ cc.Conference) { s.leave("2") },
			"left:1:lost left:2:hung-up left:3:lost ended:hung-up"},
		{"own leg removed by us, of a session", session, func(t *testing.T, s *stub, conf cc.Conference) {
			s.onRemove = func(context.Context, int) (provider.Result, error) { s.finish(); return provider.Result{}, nil }
			require.NoError(t, conf.RemoveParticipant(t.Context(), "2"))
		}, "left:1:lost left:2:removed left:3:lost ended:hung-up"},
		{"ended by us, of a session", session, func(t *testing.T, _ *stub, conf cc.Conference) { require.NoError(t, conf.End(t.Context())) }, allEnded},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			if test.prep != nil {
				test.prep(s)
			}
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				p := record(t, conf)
				require.Equal(t, "synced", p.words())
				time.Sleep(time.Second)
				test.do(t, s, conf)
				bell(s)
				time.Sleep(time.Second)
				require.Equal(t, test.want, p.words())
				over, err := p.over()
				require.True(t, over)
				require.NoError(t, err)
				require.Len(t, s.made("follow-false"), 1)

				// The next reader begins anew.
				q := record(t, conf)
				synctest.Wait()
				require.Len(t, s.made("follow-true"), 2)
				q.cancel()
			})
		})
	}
}

func TestReasons(t *testing.T) {
	hungUp := provider.Departure{ID: "1", CallID: "call-1", Reason: cc.ReasonHungUp, Code: "16"}
	depart := func(s *stub, d ...provider.Departure) {
		s.change(func(room *provider.Snapshot) { room.Departed = append(room.Departed, d...) })
	}
	for _, test := range []struct {
		name string
		do   func(t *testing.T, s *stub, conf cc.Conference)
		want string
	}{
		{"nothing is known", func(_ *testing.T, s *stub, _ cc.Conference) { s.leave("1") }, "left:1"},
		{"told by the provider", func(_ *testing.T, s *stub, _ cc.Conference) { s.leave("1"); depart(s, hungUp) }, "left:1:hung-up"},
		{"removed by us", func(t *testing.T, _ *stub, conf cc.Conference) {
			require.NoError(t, conf.RemoveParticipant(t.Context(), "1"))
		}, "left:1:removed"},
		{"removed by us, whatever the provider calls it", func(t *testing.T, s *stub, conf cc.Conference) {
			depart(s, hungUp)
			require.NoError(t, conf.RemoveParticipant(t.Context(), "1"))
		}, "left:1:removed"},
		{"of an earlier leg", func(_ *testing.T, s *stub, _ cc.Conference) {
			s.leave("1")
			depart(s, provider.Departure{ID: "1", CallID: "call-0", Reason: cc.ReasonFailed})
		}, "left:1"},
		{"removed by us, back, and gone by itself", func(t *testing.T, s *stub, conf cc.Conference) {
			s.change(func(room *provider.Snapshot) { room.Participants[0].CallID = "" })
			bell(s)
			time.Sleep(time.Second)
			require.NoError(t, conf.RemoveParticipant(t.Context(), "1"))
			time.Sleep(time.Second)
			s.join("1", "")
			bell(s)
			time.Sleep(time.Second)
			s.leave("1")
		}, "changed:1 left:1:removed joined:1 left:1"},
		{"a removal that was refused is none", func(t *testing.T, s *stub, conf cc.Conference) {
			s.onRemove = func(context.Context, int) (provider.Result, error) { return provider.Result{}, refused() }
			require.Error(t, conf.RemoveParticipant(t.Context(), "1"))
			s.leave("1")
		}, "left:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				p := record(t, conf)
				require.Equal(t, "synced", p.words())
				time.Sleep(time.Second)
				test.do(t, s, conf)
				bell(s)
				time.Sleep(time.Second)
				require.Equal(t, test.want, p.words())
			})
		})
	}
}

// The news of our own removal comes before the reply: the story waits for the reply, so that it can
// say why, but not for long, and loses nothing meanwhile.
func TestNewsBeforeTheReply(t *testing.T) {
	for _, test := range []struct {
		name  string
		reply time.Duration
		want  string
		after time.Duration
	}{
		{"soon", 300 * time.Millisecond, "left:1:removed", 300 * time.Millisecond},
		{"late", 3 * time.Second, "left:1", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStub()
			s.onRemove = func(context.Context, int) (provider.Result, error) {
				s.leave("1")
				bell(s)
				time.Sleep(test.reply)
				return provider.Result{}, nil
			}
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				p := record(t, conf)
				require.Equal(t, "synced", p.words())
				time.Sleep(time.Second)
				done := start(func() error { return conf.RemoveParticipant(context.Background(), "1") })
				time.Sleep(test.after - time.Millisecond)
				require.Equal(t, "", p.words())
				s.join("4", "call-4")
				bell(s)
				time.Sleep(2 * time.Millisecond)
				require.Equal(t, test.want+" joined:4", p.words())
				require.NoError(t, <-done)
			})
		})
	}
}
