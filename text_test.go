package callcontrol_test

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

var update = flag.Bool("update", false, "write the golden files")

// east is a zone that is not UTC, so that what is written must have been converted.
var east = time.FixedZone("east", 3*60*60)

func instant(s int) time.Time { return time.Date(2026, 3, 1, 15, 4, s, 250_000_000, east) }

var golden = func() map[string]any {
	jane := cc.Participant{
		ID: "15", CallID: "c0a8", Address: "+15550100", Name: "Jane", Role: cc.RoleSupervisor, Self: true,
		State:    cc.ParticipantState{Mute: cc.On, Deaf: cc.Off, Hold: cc.Off, Coach: cc.On},
		Controls: cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach, JoinedAt: instant(5),
	}
	bob := cc.Participant{ID: "16", State: cc.ParticipantState{Mute: cc.Off}}
	room := cc.Snapshot{
		Conference: "standup", Instance: "uuid:1", Participants: []cc.Participant{jane, bob},
		Controls: cc.CanEnd, At: instant(6),
	}
	empty := cc.Snapshot{Conference: "standup", At: instant(7)}
	failure := &cc.Error{
		Op: cc.OpSetParticipantState, Client: "support", Provider: "plivo-mpc", Kind: cc.ErrConflict,
		Missing: cc.CanHold, Code: "busy", Status: 409, RequestID: "0d4e-1", RetryAfter: 1500 * time.Millisecond,
		Applied: cc.Change{Mute: cc.On}, Err: cc.Detail("on hold elsewhere"),
	}
	return map[string]any{
		"participant":       jane,
		"participant_least": bob,
		"state_unset":       cc.ParticipantState{},
		"change":            cc.Change{Mute: cc.On, Hold: cc.Off},
		"snapshot":          room,
		"snapshot_empty":    empty,
		"summary":           cc.Summary{Conference: "standup", Instance: "uuid:1", Participants: 2, StartedAt: instant(4)},
		"summary_none":      cc.Summary{Conference: "standup"},
		"summary_least":     cc.Summary{Conference: "standup", Participants: -1},
		"capabilities": cc.Capabilities{
			Conference: cc.CanEnd | cc.CanList | cc.CanWatch, Others: cc.CanRemove, SessionOnly: true,
			Removed: cc.FateDepends, Ended: cc.FateHangsUp,
		},
		"capabilities_none": cc.Capabilities{Removed: cc.FateContinues},
		"event_synced":      cc.Event{Type: cc.Synced, At: instant(8), Gap: true, Snapshot: room},
		"event_joined":      cc.Event{Type: cc.Joined, At: instant(8), Participant: bob, Snapshot: room},
		"event_changed": cc.Event{
			Type: cc.Changed, At: instant(8), Participant: bob, Before: cc.ParticipantState{Mute: cc.On}, Snapshot: room,
		},
		"event_controls": cc.Event{Type: cc.Changed, At: instant(8), Participant: cc.Participant{Controls: cc.CanEnd}, Snapshot: empty},
		"event_left":     cc.Event{Type: cc.Left, At: instant(8), Participant: bob, Reason: cc.ReasonHungUp, Code: "4000", Snapshot: empty},
		"event_stale":    cc.Event{Type: cc.Stale, At: instant(9), Err: failure, Snapshot: empty},
		"event_ended":    cc.Event{Type: cc.Ended, At: instant(9), Reason: cc.ReasonEnded, Snapshot: empty},
		"error":          *failure,
		"error_least":    cc.Error{Kind: cc.ErrNotParticipant},
		"command":        cc.Command{Op: cc.OpSetParticipantState, Client: "support", Conference: "standup", Participant: "15", Change: cc.Change{Coach: cc.Off}},
		"command_end":    cc.Command{Op: cc.OpEnd, Client: "support", Conference: "standup"},
		"config": cc.Config{
			Name: "support", Provider: "plivo-mpc", Endpoint: "https://api.example.test", PublicURL: "https://us.example.test/calls",
			Settings: map[string]string{"remove": "hangup"}, Secrets: map[string]string{"PLIVO_AUTH_TOKEN": "SUPPORT_TOKEN"},
		},
		"config_least": cc.Config{Provider: "fake"},
	}
}()

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	if !*update {
		require.Len(t, files, len(golden), "one file for each value")
	}
	for name, value := range golden {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".json")
			got, err := json.MarshalIndent(value, "", "  ")
			require.NoError(t, err)
			got = append(got, '\n')
			if *update {
				require.NoError(t, os.WriteFile(file, got, 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))

			back := reflect.New(reflect.TypeOf(value))
			require.NoError(t, json.Unmarshal(want, back.Interface()))
			require.Equal(t, inUTC(value), back.Elem().Interface(), "the inverse")

			before := reflect.New(reflect.TypeOf(value))
			before.Elem().Set(reflect.ValueOf(value))
			require.NoError(t, json.Unmarshal([]byte("null"), before.Interface()))
			require.Equal(t, value, before.Elem().Interface(), "null changes nothing")
			require.Error(t, json.Unmarshal([]byte(`"x"`), before.Interface()))
			require.Equal(t, value, before.Elem().Interface(), "nor does what cannot be read")
		})
	}
}

// inUTC gives a value with its times in UTC.
func inUTC(value any) any {
	switch v := value.(type) {
	case cc.Participant:
		v.JoinedAt = v.JoinedAt.UTC()
		return v
	case cc.Summary:
		v.StartedAt = v.StartedAt.UTC()
		return v
	case cc.Snapshot:
		return snapshotInUTC(v)
	case cc.Event:
		v.At = v.At.UTC()
		v.Snapshot = snapshotInUTC(v.Snapshot)
		return v
	}
	return value
}

func snapshotInUTC(s cc.Snapshot) cc.Snapshot {
	s.At = s.At.UTC()
	list := s.Participants
	s.Participants = nil
	for _, p := range list {
		s.Participants = append(s.Participants, inUTC(p).(cc.Participant))
	}
	return s
}

func TestReadTimesAreUTC(t *testing.T) {
	var e cc.Event
	require.NoError(t, json.Unmarshal([]byte(`{"type":"joined","at":"2026-03-01T15:04:05+03:00",
		"participant":{"id":"1","joined_at":"2026-03-01T15:04:05+03:00"},
		"snapshot":{"at":"2026-03-01T15:04:05+03:00","participants":[]}}`), &e))
	want := time.Date(2026, 3, 1, 12, 4, 5, 0, time.UTC)
	require.Equal(t, cc.Event{
		Type: cc.Joined, At: want, Participant: cc.Participant{ID: "1", JoinedAt: want}, Snapshot: cc.Snapshot{At: want},
	}, e)
}

func TestWords(t *testing.T) {
	check := func(t *testing.T, value any, word string) {
		t.Helper()
		got, err := value.(encoding.TextMarshaler).MarshalText()
		require.NoError(t, err)
		require.Equal(t, word, string(got))
		back := reflect.New(reflect.TypeOf(value))
		require.NoError(t, back.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(word)))
		require.Equal(t, value, back.Elem().Interface())
		for _, wrong := range []string{word + "x", strings.ToUpper(word) + " ", "true", "0"} {
			require.Error(t, back.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(wrong)), wrong)
			require.Equal(t, value, back.Elem().Interface(), "unchanged")
		}
	}
	for word, value := range map[string]any{"": cc.Unset, "on": cc.On, "off": cc.Off} {
		check(t, value, word)
	}
	for word, value := range map[string]any{
		"unknown": cc.FateUnknown, "hangs-up": cc.FateHangsUp, "continues": cc.FateContinues, "depends": cc.FateDepends,
	} {
		check(t, value, word)
	}
	for word, value := range map[string]any{
		"": cc.Kind(0), "unsupported": cc.ErrUnsupported, "invalid": cc.ErrInvalid, "not-found": cc.ErrNotFound,
		"not-participant": cc.ErrNotParticipant, "conflict": cc.ErrConflict, "forbidden": cc.ErrForbidden,
		"unauthenticated": cc.ErrUnauthenticated, "rate-limited": cc.ErrRateLimited, "unavailable": cc.ErrUnavailable,
		"uncertain": cc.ErrUncertain, "canceled": cc.ErrCanceled, "closed": cc.ErrClosed,
	} {
		check(t, value, word)
	}
	for word, value := range map[string]any{
		"": cc.Controls(0), "remove": cc.CanRemove, "mute": cc.CanMute, "deaf": cc.CanDeaf, "hold": cc.CanHold,
		"coach": cc.CanCoach, "end": cc.CanEnd, "list": cc.CanList, "watch": cc.CanWatch,
		"remove,mute,deaf,hold,coach,end,list,watch": cc.Controls(255),
	} {
		check(t, value, word)
	}
	for _, value := range []encoding.TextMarshaler{cc.Toggle(3), cc.Fate(4), cc.ErrClosed + 1, cc.Controls(256)} {
		_, err := value.MarshalText()
		require.Error(t, err, "%T", value)
		_, err = json.Marshal(value)
		require.Error(t, err, "%T", value)
	}
}

func TestControlsInJSON(t *testing.T) {
	b, err := json.Marshal(map[string]cc.Controls{"none": 0, "two": cc.CanEnd | cc.CanRemove})
	require.NoError(t, err)
	require.JSONEq(t, `{"none":[],"two":["remove","end"]}`, string(b))
	var c cc.Controls
	require.NoError(t, json.Unmarshal([]byte(`["end","remove","end"]`), &c))
	require.Equal(t, cc.CanEnd|cc.CanRemove, c)
	require.NoError(t, json.Unmarshal([]byte(`null`), &c))
	require.Equal(t, cc.CanEnd|cc.CanRemove, c, "null changes nothing")
	for _, wrong := range []string{`["fly"]`, `[1]`, `"end"`, `3`, `["end,mute"]`, `{}`} {
		require.Error(t, json.Unmarshal([]byte(wrong), &c), wrong)
		require.Equal(t, cc.CanEnd|cc.CanRemove, c)
	}
}

func TestStrings(t *testing.T) {
	for want, value := range map[string]interface{ String() string }{
		"unset":             cc.Unset,
		"on":                cc.On,
		"off":               cc.Off,
		"hangs-up":          cc.FateHangsUp,
		"none":              cc.Controls(0),
		"mute,end":          cc.CanMute | cc.CanEnd,
		"mute,invalid":      cc.CanMute | 1<<12,
		"mute=on,deaf=off":  cc.ParticipantState{Mute: cc.On, Deaf: cc.Off},
		"hold=off,coach=on": cc.Change{Hold: cc.Off, Coach: cc.On},
	} {
		require.Equal(t, want, value.String())
	}
	require.Equal(t, "unset", cc.Change{}.String())
	require.Equal(t, "invalid", cc.Toggle(9).String())
	require.Equal(t, "invalid", cc.Fate(9).String())
}

func TestChangeNeedsControls(t *testing.T) {
	require.True(t, cc.Change{}.IsZero())
	require.Zero(t, cc.Change{}.Controls())
	for c, want := range map[cc.Change]cc.Controls{
		{Mute: cc.On}:                cc.CanMute,
		{Deaf: cc.Off}:               cc.CanDeaf,
		{Hold: cc.On}:                cc.CanHold,
		{Coach: cc.Off}:              cc.CanCoach,
		{Mute: cc.Off, Coach: cc.On}: cc.CanMute | cc.CanCoach,
	} {
		require.False(t, c.IsZero())
		require.Equal(t, want, c.Controls())
	}
	require.True(t, (cc.CanMute | cc.CanEnd).Has(cc.CanEnd))
	require.False(t, cc.CanMute.Has(cc.CanMute|cc.CanEnd))
	require.True(t, cc.Controls(0).Has(0))
}

func TestParticipantOfSnapshot(t *testing.T) {
	s := people("1", "2")
	p, ok := s.Participant("2")
	require.True(t, ok)
	require.Equal(t, cc.ParticipantID("2"), p.ID)
	_, ok = s.Participant("3")
	require.False(t, ok)
}

// A stale event whose error is not an Error of this package is written by class.
func TestForeignErrorOfEvent(t *testing.T) {
	b, err := json.Marshal(cc.Event{Type: cc.Stale, Err: context.DeadlineExceeded})
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"stale","error":{"cause":"context deadline exceeded"}}`, string(b))
	var none *cc.Error
	b, err = json.Marshal(cc.Event{Type: cc.Stale, Err: none})
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"stale","error":{}}`, string(b))
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "on", "hangs-up", "not-found", "mute,end", "remove,remove", ",", "unknown"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, value := range []interface {
			encoding.TextUnmarshaler
			encoding.TextMarshaler
		}{new(cc.Toggle), new(cc.Fate), new(cc.Kind), new(cc.Controls)} {
			if value.UnmarshalText(text) != nil {
				continue
			}
			again, err := value.MarshalText()
			require.NoError(t, err)
			if _, ok := value.(*cc.Controls); !ok {
				require.Equal(t, string(text), string(again))
			}
		}
	})
}

func FuzzEventJSON(f *testing.F) {
	for name := range golden {
		if b, err := os.ReadFile("testdata/" + name + ".json"); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e cc.Event
		if json.Unmarshal(data, &e) != nil {
			return
		}
		first, err := json.Marshal(e)
		if err != nil {
			require.ErrorContains(t, err, "year", "only times can be read and not written")
			return
		}
		var again cc.Event
		require.NoError(t, json.Unmarshal(first, &again))
		second, err := json.Marshal(again)
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second), "%s\n%s", first, second)
	})
}
