package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := call(t, "demo")
	require.Empty(t, stderr)
	_, table, found := strings.Cut(stdout, "Provider by step\n================\n")
	require.True(t, found)
	require.Contains(t, table, "\n50 of 50 steps were as the contract says.\n")
	require.Zero(t, status)
	require.Contains(t, read(t, "../../README.md"), "\n```"+table+"```\n", "README.md shows another table")

	// What the story shows on the way, once for each provider that can do it.
	require.Equal(t, 4, strings.Count(stdout, "muted, on hold, heard by nobody"))
	require.Equal(t, 2, strings.Count(stdout, "Sue: coaching, heard by Ada\n"))
	require.Equal(t, 5, strings.Count(stdout, "ended    ended\n"))
	require.NotContains(t, stdout, "WRONG")
	require.NotContains(t, stdout, "fake-auth-token")
	require.NotContains(t, stdout, "fake-agent-password")
	require.NotContains(t, stdout, "1555")
}

// read gives the text of a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	require.NoError(t, err)
	return string(text)
}

func TestDemoOfOneProvider(t *testing.T) {
	t.Parallel()
	status, stdout, _ := call(t, "demo", "--provider", "fake")
	require.Zero(t, status)
	require.Contains(t, stdout, "10 of 10 steps were as the contract says.")
	require.NotContains(t, stdout, "plivo")
}

func TestDemoObeysItsTimeout(t *testing.T) {
	status, stdout, stderr := call(t, "demo", "--provider", "fake", "--timeout", "1ns")
	require.Equal(t, statusBad, status)
	require.NotContains(t, stdout, "verdict")
	require.Contains(t, stderr, "could not be opened")
}

// A liar is a client of the fake with something wrong.
type liar struct {
	name string
	// instead is done in place of a command.
	instead func(s *stage, cmd cc.Command, next func() error) error
	wrong   []string // the scenes that must be told to be wrong
}

var liars = []liar{
	{
		name:    "honest",
		instead: func(_ *stage, _ cc.Command, next func() error) error { return next() },
	}, {
		name: "says yes and does nothing",
		instead: func(_ *stage, cmd cc.Command, next func() error) error {
			if cmd.Change.Mute == cc.On {
				return nil
			}
			return next()
		},
		wrong: []string{"one is muted"},
	}, {
		name: "says no and does it",
		instead: func(_ *stage, cmd cc.Command, next func() error) error {
			err := next()
			if cmd.Change.Coach == cc.On {
				return cc.ErrConflict
			}
			return err
		},
		wrong: []string{"a supervisor coaches"},
	}, {
		name: "mutes the neighbour as well",
		instead: func(s *stage, cmd cc.Command, next func() error) error {
			if cmd.Change.Mute == cc.On {
				for _, m := range s.bridge.Members(room) {
					if _, err := s.bridge.Set(room, m.ID(), cmd.Change); err != nil {
						return err
					}
				}
			}
			return next()
		},
		wrong: []string{"one is muted"},
	}, {
		name: "unmutes when resuming",
		instead: func(s *stage, cmd cc.Command, next func() error) error {
			err := next()
			if cmd.Change.Hold == cc.Off {
				unmuted := cmd
				unmuted.Change = cc.Change{Mute: cc.Off}
				return s.client.Conference(cmd.Conference).SetParticipantState(context.Background(), cmd.Participant, unmuted.Change)
			}
			return err
		},
		wrong: []string{"is resumed, still muted"},
	}, {
		name: "calls a stranger gone",
		instead: func(_ *stage, _ cc.Command, next func() error) error {
			return cc.IgnoreNotFound(next())
		},
		wrong: []string{"a stranger is refused", "an order after the end"},
	}, {
		name: "takes a reserved word for somebody who is not there",
		instead: func(_ *stage, cmd cc.Command, next func() error) error {
			if cmd.Participant == "all" {
				return cc.ErrNotParticipant
			}
			return next()
		},
		wrong: []string{`the id "all" is refused`},
	}, {
		name: "removing ends the conference",
		instead: func(s *stage, cmd cc.Command, next func() error) error {
			if cmd.Op == cc.OpRemoveParticipant && cmd.Participant == "102" {
				return s.client.Conference(cmd.Conference).End(context.Background())
			}
			return next()
		},
		wrong: []string{"one is removed", "the conference ends"},
	},
}

// impatience is enough for what happens in this process, and does not hold the tests up.
const impatience = time.Second

func TestLiarsAreCaught(t *testing.T) {
	t.Parallel()
	for _, l := range liars {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			s, err := fakeStage("fake:")(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, s.close()) }()
			honest := *s
			s.client = cc.Intercept(s.client, func(ctx context.Context, cmd cc.Command, next func(context.Context) error) error {
				return l.instead(&honest, cmd, func() error { return next(ctx) })
			})
			var out bytes.Buffer
			cells, bad := perform(t.Context(), s, &page{&out}, impatience)
			var wrong []string
			for i, cell := range cells {
				if cell == "WRONG" {
					wrong = append(wrong, scenes[i].row)
				}
			}
			require.Equal(t, l.wrong, wrong, out.String())
			require.Equal(t, len(wrong), bad)
		})
	}
}

// A provider that declares what it does not do is caught too, and one that does what it does not
// declare.
func TestDeclarationsAreHeld(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(cc.Capabilities) cc.Capabilities{
		"too much": func(c cc.Capabilities) cc.Capabilities { c.Others |= cc.CanHold; return c },
		"too little": func(c cc.Capabilities) cc.Capabilities {
			c.Others &^= cc.CanMute
			return c
		},
		"another fate": func(c cc.Capabilities) cc.Capabilities { c.Removed = cc.FateHangsUp; return c },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := fakeStage("fake:?profile=plivo-conference")(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, s.close()) }()
			s.client = declaring{s.client, declare(s.client.Capabilities())}
			_, bad := perform(t.Context(), s, &page{&bytes.Buffer{}}, impatience)
			require.Positive(t, bad)
		})
	}
}

type declaring struct {
	cc.Client
	can cc.Capabilities
}

func (d declaring) Capabilities() cc.Capabilities { return d.can }

func TestEventsThatAreNotToldAreMissed(t *testing.T) {
	f := &follower{events: make(chan cc.Event), picture: map[cc.ParticipantID]cc.Participant{}}
	require.False(t, f.until(t.Context(), 1, func() bool { return false }))
}

func TestSecretsThatAreMissing(t *testing.T) {
	_, err := secrets{}.lookup(t.Context(), "PLIVO_AUTH_ID")
	require.Error(t, err)
}

func TestStageWithoutABridge(t *testing.T) {
	_, err := fakeStage("fake:?profile=nobody")(t.Context())
	require.ErrorIs(t, err, cc.ErrInvalid)
	_, err = plivoStage("fake")(t.Context())
	require.ErrorIs(t, err, cc.ErrInvalid)
	late, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = genesysStage(late)
	require.ErrorIs(t, err, cc.ErrCanceled)
}

func TestExpect(t *testing.T) {
	can := cc.Capabilities{
		Conference: cc.CanWatch, Others: cc.CanRemove | cc.CanMute, Self: cc.CanRemove | cc.CanHold, SessionOnly: true,
	}
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	member, err := sw.Join(room, fake.Leg{})
	require.NoError(t, err)
	other, own := person{member: member, id: "1"}, person{member: member, id: "2", self: true}
	set := func(whom person, c cc.Change) order {
		return order{op: cc.OpSetParticipantState, whom: whom, change: c}
	}
	never := []cc.Kind{cc.ErrUnsupported}
	notNow := []cc.Kind{cc.ErrUnsupported, cc.ErrForbidden, cc.ErrConflict}
	for name, c := range map[string]struct {
		order order
		want  verdict
	}{
		"another's mute":          {set(other, cc.Change{Mute: cc.On}), verdict{done: true}},
		"one's own mute":          {set(own, cc.Change{Mute: cc.On}), verdict{kinds: notNow, missing: cc.CanMute}},
		"one's own hold":          {set(own, cc.Change{Hold: cc.On}), verdict{done: true}},
		"another's hold":          {set(other, cc.Change{Hold: cc.On}), verdict{kinds: notNow, missing: cc.CanHold}},
		"coach, which nobody has": {set(other, cc.Change{Mute: cc.On, Coach: cc.On}), verdict{kinds: never, missing: cc.CanCoach, silent: true}},
		"end":                     {order{op: cc.OpEnd}, verdict{kinds: never, missing: cc.CanEnd, silent: true}},
		"a stranger":              {order{op: cc.OpRemoveParticipant, whom: person{id: "9"}}, verdict{kinds: []cc.Kind{cc.ErrNotParticipant}}},
		"everybody":               {order{op: cc.OpRemoveParticipant, whom: person{id: "all"}}, verdict{kinds: []cc.Kind{cc.ErrInvalid}, silent: true}},
		"after the end":           {order{op: cc.OpRemoveParticipant, whom: other, over: true}, verdict{kinds: []cc.Kind{cc.ErrNotFound}}},
	} {
		require.Equal(t, c.want, expect(can, c.order), name)
	}
}
