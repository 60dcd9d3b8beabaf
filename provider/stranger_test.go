package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A least is the least driver that somebody could write from the contract alone: no grammar of its own,
// no ids of runs or legs, no Controls, no times, errors of whatever type.
type least struct{ *stub }

func (least) CheckConference(cc.ConferenceID) error   { return nil }
func (least) CheckParticipant(cc.ParticipantID) error { return nil }

func newLeast() *stub {
	s := newStub()
	s.onListen = deaf
	s.room.Snapshot = cc.Snapshot{Participants: []cc.Participant{{ID: "1", State: off}, {ID: "2", State: off}}}
	s.onSnapshot = func(context.Context, int) (provider.Snapshot, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.room, nil
	}
	s.onParticipant = func(context.Context, int) (cc.Participant, cc.ConferenceID, error) {
		return cc.Participant{}, "", fmt.Errorf("no such read: %w", cc.ErrUnsupported)
	}
	return s
}

func lonely(t *testing.T, s *stub, o provider.Options, test func(t *testing.T, c cc.Client, conf cc.Conference)) {
	t.Helper()
	bubble(t, s, o, func(t *testing.T, _ cc.Client, _ cc.Conference) {
		c, err := provider.New(least{s}, o)
		require.NoError(t, err)
		defer func() { require.NoError(t, c.Close()) }()
		test(t, c, c.Conference(room))
	})
}

// Whatever a driver's grammar lets pass: what could mean somebody else is never sent.
func TestNoGrammarLetsThesePass(t *testing.T) {
	for _, id := range []string{
		"", " ", "\t", " 1", "1 ", "all", "All", "participants", "LAST", "non_moderator", "1,2", "1/2", "/", ".", "..", "...",
		"1\n", "1\x00", "1\x7f", "1\u0085",
	} {
		s := newLeast()
		lonely(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
			bad := c.Conference(cc.ConferenceID(id))
			_, err := bad.Snapshot(t.Context())
			errs := []error{
				err, bad.End(t.Context()), bad.RemoveParticipant(t.Context(), "1"), bad.SetParticipantState(t.Context(), "1", mute),
				conf.RemoveParticipant(t.Context(), cc.ParticipantID(id)), conf.SetParticipantState(t.Context(), cc.ParticipantID(id), mute),
			}
			for _, err := range bad.Events(t.Context()) {
				errs = append(errs, err)
			}
			require.Len(t, errs, 7)
			for _, err := range errs {
				require.Equal(t, cc.ErrInvalid, cc.KindOf(err), "%q", id)
			}
			require.Empty(t, s.made(), "%q", id)
		})
	}
	s := newLeast()
	lonely(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
		for _, id := range []cc.ConferenceID{"uuid:1", "run 7", "+15550100", "a@b?c=d", "caf\u00e9", "10#f"} {
			_, err := c.Conference(id).Snapshot(t.Context())
			require.NoError(t, err, "%q is for the driver to judge", id)
		}
	})
}

// What a driver leaves out of a snapshot is filled in, and what does not belong there is taken out.
func TestLeastSnapshot(t *testing.T) {
	s := newLeast()
	s.room.Controls = cc.CanEnd | cc.CanWatch | cc.CanMute
	lonely(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		began := time.Now()
		got, err := conf.Snapshot(t.Context())
		require.NoError(t, err)
		require.Equal(t, cc.Snapshot{
			Conference: room, Instance: room, At: began.UTC(), Controls: cc.CanEnd,
			Participants: []cc.Participant{{ID: "1", State: off}, {ID: "2", State: off}},
		}, got)
	})
}

// A room whose name would be refused is told by its Instance, as in a list.
func TestSnapshotOfARoomWithoutAName(t *testing.T) {
	s := newLeast()
	s.room.Conference, s.room.Instance = "all", first
	lonely(t, s, provider.Options{}, func(t *testing.T, c cc.Client, _ cc.Conference) {
		got, err := c.Conference(first).Snapshot(t.Context())
		require.NoError(t, err)
		require.Equal(t, first, got.Conference)
		require.Equal(t, first, got.Instance)
	})
}

// What a driver does not tell of what may be done forbids nothing: what is so is so.
func TestLeastAlreadySo(t *testing.T) {
	s := newLeast()
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, refused() }
	lonely(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute), "refused, and so already")
		require.Equal(t, "set snapshot", kinds(s.made()))
		s.forget()
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", unmute), "and by now it is remembered")
		require.Equal(t, "snapshot", kinds(s.made()))
	})
}

// Plain errors: of a command its outcome is not known, of a read that it failed. What they wrap is found.
func TestLeastErrors(t *testing.T) {
	boom := errors.New("boom 15550100")
	s := newLeast()
	s.onSet = func(context.Context, int, cc.Change) (provider.Result, error) { return provider.Result{}, boom }
	s.onRemove = func(context.Context, int) (provider.Result, error) {
		return provider.Result{}, fmt.Errorf("%w: %w", cc.ErrForbidden, boom)
	}
	s.onCheck = func(context.Context) error { return boom }
	lonely(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		for want, err := range map[cc.Kind]error{
			cc.ErrUncertain:   conf.SetParticipantState(t.Context(), "1", mute),
			cc.ErrForbidden:   conf.RemoveParticipant(t.Context(), "1"),
			cc.ErrUnavailable: c.Check(t.Context()),
		} {
			var e *cc.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, want, e.Kind)
			require.ErrorIs(t, err, want)
			require.ErrorIs(t, err, boom)
			require.NotContains(t, err.Error(), "15550100")
		}
	})
}

// What a driver refuses without saying what lacks is what was asked for.
func TestMissingIsFilledIn(t *testing.T) {
	for _, kind := range []cc.Kind{cc.ErrUnsupported, cc.ErrForbidden, cc.ErrConflict, cc.ErrInvalid} {
		s := newStub()
		refuse := func() (provider.Result, error) { return provider.Result{}, &cc.Error{Kind: kind} }
		s.onRemove = func(context.Context, int) (provider.Result, error) { return refuse() }
		s.onEnd = func(context.Context, int) (provider.Result, error) { return refuse() }
		s.onSet = func(_ context.Context, _ int, change cc.Change) (provider.Result, error) {
			if change.Hold == cc.Unset {
				s.apply("1", change)
				return provider.Result{}, nil
			}
			return refuse()
		}
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			for want, err := range map[cc.Controls]error{
				cc.CanRemove: conf.RemoveParticipant(t.Context(), "1"),
				cc.CanEnd:    conf.End(t.Context()),
				cc.CanHold:   conf.SetParticipantState(t.Context(), "1", cc.Change{Mute: cc.On, Hold: cc.On}),
			} {
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, kind, e.Kind)
				if kind == cc.ErrInvalid {
					want = 0
				}
				require.Equal(t, want, e.Missing)
			}
		})
	}
}

// Two whom the vendor gives one ID are listed, and neither can be commanded, by whichever id they are
// told under: nothing is sent.
func TestTwinsCannotBeCommanded(t *testing.T) {
	twins := func() *stub {
		s := newStub()
		s.join("1", "call-of-another")
		s.join("", "withheld")
		for i := range s.room.Participants {
			s.room.Participants[i].Controls = everything.Others
		}
		return s
	}
	for _, id := range []cc.ParticipantID{"1", "1#2", "#1"} {
		s := twins()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			seen, err := conf.Snapshot(t.Context())
			require.NoError(t, err)
			who, ok := seen.Participant(id)
			require.True(t, ok)
			require.Zero(t, who.Controls)
			for want, err := range map[cc.Controls]error{
				cc.CanRemove:             conf.RemoveParticipant(t.Context(), id),
				cc.CanMute:               conf.SetParticipantState(t.Context(), id, mute),
				cc.CanMute | cc.CanHold:  conf.SetParticipantState(t.Context(), id, cc.Change{Mute: cc.On, Hold: cc.Off}),
				cc.CanMute | cc.CanCoach: conf.SetParticipantState(t.Context(), id, cc.Change{Mute: cc.Off, Coach: cc.Off}),
			} {
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, cc.ErrConflict, e.Kind)
				require.Equal(t, want, e.Missing)
				require.Equal(t, id, e.Participant)
			}
			require.Empty(t, s.made("remove", "set"))
			require.NoError(t, conf.RemoveParticipant(t.Context(), "2"), "whom nobody can be taken for")

			// It is read each time: once there is but one, it is that one's id again.
			s.change(func(r *provider.Snapshot) { r.Participants = r.Participants[:1] })
			switch err := conf.RemoveParticipant(t.Context(), id); id {
			case "1":
				require.NoError(t, err)
			default:
				require.Equal(t, cc.ErrNotParticipant, cc.KindOf(err))
			}
		})
	}
	t.Run("an id of that form which nobody was told", func(t *testing.T) {
		s := newStub()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			for _, id := range []cc.ParticipantID{"1#2", "#1", "1#", "#", "1#x", "1#2#2"} {
				require.Equal(t, cc.ErrInvalid, cc.KindOf(conf.RemoveParticipant(t.Context(), id)), "%q", id)
			}
			require.Empty(t, s.made())
		})
	})
	t.Run("nor an id without form where there are twins", func(t *testing.T) {
		s := twins()
		bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			_, err := conf.Snapshot(t.Context())
			require.NoError(t, err)
			s.forget()
			for _, id := range []cc.ParticipantID{"1#", "#", "1#x", "a/b#2", "all#1", cc.ParticipantID(strings.Repeat("x", 129)) + "#1"} {
				require.Equal(t, cc.ErrInvalid, cc.KindOf(conf.RemoveParticipant(t.Context(), id)), "%q", id)
			}
			require.Empty(t, s.made())
			require.Equal(t, cc.ErrNotParticipant, cc.KindOf(conf.RemoveParticipant(t.Context(), "2#7")))
			require.Equal(t, "snapshot", kinds(s.made()))
		})
	})
}

// A twin who comes while a command is under way is not taken for whom it was for.
func TestTwinMeanwhile(t *testing.T) {
	for _, told := range []bool{true, false} { // whether call legs are
		s := newLeast()
		if told {
			s.room.Participants[0].CallID = "call-1"
		}
		s.onSet = func(_ context.Context, _ int, change cc.Change) (provider.Result, error) {
			s.change(func(r *provider.Snapshot) {
				r.Participants[0].State.Mute = change.Mute
				r.Participants = append(r.Participants, cc.Participant{ID: "1", CallID: "call-of-another", State: off})
			})
			return provider.Result{}, nil
		}
		lonely(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
			_, err := conf.Snapshot(t.Context())
			require.NoError(t, err)
			err = conf.SetParticipantState(t.Context(), "1", mute)
			if told {
				require.NoError(t, err, "the call leg tells who is who")
			} else {
				require.Equal(t, cc.ErrUncertain, cc.KindOf(err))
			}
		})
	}
}

// A nil context is a mistake, and not the end of the program.
func TestNoContext(t *testing.T) {
	var none context.Context
	s := newStub()
	var told []error
	o := provider.Options{Observer: observing(func(ctx context.Context, _ cc.Command) (context.Context, func(error)) {
		require.NotNil(t, ctx)
		return ctx, func(err error) { told = append(told, err) }
	})}
	bubble(t, s, o, func(t *testing.T, c cc.Client, conf cc.Conference) {
		_, snapshot := conf.Snapshot(none)
		_, list := list(none, c)
		var events error
		for _, events = range conf.Events(none) {
		}
		commands := []error{conf.End(none), conf.RemoveParticipant(none, "1"), conf.SetParticipantState(none, "1", mute)}
		for _, err := range append(commands, snapshot, list, events, c.Check(none)) {
			require.Equal(t, cc.ErrInvalid, cc.KindOf(err))
			require.ErrorContains(t, err, "the context is nil")
		}
		require.Equal(t, commands, told)
		require.Empty(t, s.made())
	})
}

type observing func(context.Context, cc.Command) (context.Context, func(error))

func (f observing) Command(ctx context.Context, cmd cc.Command) (context.Context, func(error)) {
	return f(ctx, cmd)
}

// An observer may leave the context alone by giving none.
func TestObserverWithoutContext(t *testing.T) {
	s := newStub()
	o := provider.Options{Observer: observing(func(context.Context, cc.Command) (context.Context, func(error)) { return nil, nil })}
	bubble(t, s, o, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
	})
}
