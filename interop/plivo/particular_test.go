package interop_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/plivo/plivo-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// particular asserts what is wrong with one library and has not shown yet.
func (b *book) particular(t *testing.T, lib *library, d driver) {
	for name, f := range map[string]map[string]func(*testing.T, *library, driver){
		"Go":     {string(goExits): b.goExits, string(goEmptyWords): b.goEmptyWords},
		"Node":   {string(nodeArguments): b.nodeArguments, string(nodeText): b.nodeText, string(nodeOneWay): b.nodeOneWay, "node-207": b.nodeMultiStatus, "node-interceptors": b.nodeInterceptors},
		"Python": {string(pythonRetries): b.pythonRetries, string(pythonTuple): b.pythonTuple, string(pythonLeaks): b.pythonLeaks, string(pythonOneWay): b.pythonOneWay},
		"Java":   {string(javaCount): b.javaCount},
	} {
		if name != lib.column {
			continue
		}
		for word, f := range f {
			t.Run(word, func(t *testing.T) { f(t, lib, d) })
		}
	}
	t.Run(string(rawNames), func(t *testing.T) { b.rawNames(t, lib, d) })
}

// none is a fault that meets nothing that is sent here.
var none = server.Fault{On: server.HangUpCall, Answer: server.Status(500)}

const exiting = "CALLCONTROL_INTEROP_EXIT"

// TestMain lets a copy of the test do what ends a process.
func TestMain(m *testing.M) {
	if os.Getenv(exiting) != "" {
		client, err := plivo.NewClient("MAAAAAAAAAAAAAAAAAAA", "none", &plivo.ClientOptions{})
		if err == nil {
			_, _ = client.MultiPartyCall.AddParticipant(plivo.MultiPartyCallBasicParams{FriendlyName: oneRoom},
				plivo.MultiPartyCallAddParticipantParams{Role: "agent", From: "15550100"})
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func (b *book) goExits(t *testing.T, lib *library, _ driver) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), exiting+"=1")
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "the defect %s is gone: %v", goExits, err)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(out), "specify (from, to) when not adding an existing call_uuid")
	b.found(lib, addParticipant, goExits)
}

func (b *book) goEmptyWords(t *testing.T, lib *library, d driver) {
	for op, body := range map[string]string{
		startRoomRecording: `{"record_track_type": ""}`,
		startRecording:     `{"record_track_type": ""}`,
		startSpeak:         `{"text": "` + aText + `", "voice": "", "language": "", "mix": false}`,
	} {
		r, q := b.misbehaved(t, lib, d, op, none)
		require.True(t, r.ask(q).OK)
		require.JSONEq(t, body, r.requests()[0].Body, "the defect %s is gone", goEmptyWords)
		b.found(lib, op, goEmptyWords)
	}
}

func (b *book) nodeArguments(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, updateParticipant, none)
	rep := r.ask(q)
	r.once(202)
	require.Equal(t, []any{[]any{q.member, map[string]any{"mute": true, "isVoiceRequest": "true"}}}, rep.Args,
		"the defect %s is gone", nodeArguments)
	b.found(lib, updateParticipant, nodeArguments)
}

func (b *book) nodeText(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, addParticipant, none)
	q.role, q.from, q.to = "agent", "15550100", []string{"15550101"}
	r.ask(q)
	sent := r.once(201)
	require.Contains(t, sent.Body, `"mute":"false"`, "the defect %s is gone", nodeText)
	b.found(lib, addParticipant, nodeText)
}

func (b *book) nodeOneWay(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, stopSpeakMember, server.Fault{Answer: server.Status(503)})
	require.False(t, r.ask(q).OK)
	require.Len(t, r.requests(), 1, "the defect %s is gone", nodeOneWay)
	b.found(lib, stopSpeakMember, nodeOneWay)
}

// nodeMultiStatus: 207 stands in the library's list of errors, and counts as success all the same.
func (b *book) nodeMultiStatus(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{Answer: server.JSON(207, `{"friendly_name":"standup"}`)})
	rep := r.ask(q)
	require.True(t, rep.OK, rep.Error)
	require.Equal(t, map[string]any{"friendlyName": "standup"}, rep.Result)
}

// nodeInterceptors: a former defect, by which each call added another retry to the next ones.
func (b *book) nodeInterceptors(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{Answer: server.Status(503)})
	for range 4 {
		r.ask(q)
		require.Len(t, r.requests(), 3)
	}
}

func (b *book) pythonRetries(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{Answer: server.Status(503)})
	r.ask(q)
	require.Len(t, r.requests(), 3)
	r.ask(q)
	require.Len(t, r.requests(), 1, "the defect %s is gone", pythonRetries)
	b.found(lib, getRoom, pythonRetries)
}

func (b *book) pythonTuple(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, activateRoom, none)
	r.ask(q)
	sent := r.once(204)
	require.JSONEq(t, `{"status": ["active"]}`, sent.Body, "the defect %s is gone", pythonTuple)
	b.found(lib, activateRoom, pythonTuple)
}

func (b *book) pythonLeaks(t *testing.T, lib *library, d driver) {
	for op, body := range map[string]string{
		endRoom:             `{"friendly_name": "standup"}`,
		kickParticipant:     `{"friendly_name": "standup", "participant_id": "101"}`,
		kickMember:          `{"conference_name": "standup", "member_id": "101"}`,
		muteMember:          `{"conference_name": "standup", "member_id": "101"}`,
		unmuteMember:        `{"conference_name": "standup", "member_id": "101"}`,
		deafMember:          `{"conference_name": "standup", "member_id": "101"}`,
		undeafMember:        `{"conference_name": "standup", "member_id": "101"}`,
		stopRoomRecording:   `{"friendly_name": "standup"}`,
		pauseRoomRecording:  `{"friendly_name": "standup"}`,
		resumeRoomRecording: `{"friendly_name": "standup"}`,
		stopRecording:       `{"friendly_name": "standup", "participant_id": "101", "record_track_type": "all"}`,
		pauseRecording:      `{"friendly_name": "standup", "participant_id": "101", "record_track_type": "all"}`,
		resumeRecording:     `{"friendly_name": "standup", "participant_id": "101", "record_track_type": "all"}`,
		startPlay:           `{"friendly_name": "standup", "participant_id": "101", "url": "` + anAudio + `"}`,
		playMember:          `{"conference_name": "standup", "member_id": "101", "url": "` + anAudio + `"}`,
		speakMember:         `{"conference_name": "standup", "member_id": "101", "text": "` + aText + `"}`,
	} {
		r, q := b.misbehaved(t, lib, d, op, none)
		switch op {
		case stopRoomRecording, pauseRoomRecording, resumeRoomRecording:
			r.order(startRoomRecording, q, "{}")
		case stopRecording, pauseRecording, resumeRecording:
			r.order(startRecording, q, "{}")
		}
		require.True(t, r.ask(q).OK, op)
		require.JSONEq(t, body, r.requests()[0].Body, "the defect %s is gone", pythonLeaks)
		b.found(lib, op, pythonLeaks)
	}
}

func (b *book) pythonOneWay(t *testing.T, lib *library, d driver) {
	r, q := b.misbehaved(t, lib, d, activateRoom, server.Fault{Answer: server.Status(503)})
	require.False(t, r.ask(q).OK)
	require.Len(t, r.requests(), 1, "the defect %s is gone", pythonOneWay)
	b.found(lib, activateRoom, pythonOneWay)
}

func (b *book) javaCount(t *testing.T, lib *library, d driver) {
	for _, total := range []bool{false, true} {
		r := b.begin(t, lib, d, server.Options{Quirks: server.Quirks{TotalCount: total}})
		r.join(oneRoom, fake.Leg{})
		r.way = way{op: listRooms, steps: func(query) []step {
			return []step{{"class": "MultiPartyCall"}, call("lister"), call("get")}
		}}
		rep := r.ask(query{})
		require.True(t, rep.OK, rep.Error)
		if total {
			require.Equal(t, 1.0, rep.Result)
			continue
		}
		require.Nil(t, rep.Result, "the defect %s is gone", javaCount)
	}
	b.found(lib, listRooms, javaCount)
	b.found(lib, listParticipants, javaCount)
}

// rawNames: which names of rooms arrive whole.
func (b *book) rawNames(t *testing.T, lib *library, d driver) {
	whole := map[string][]string{
		"R&D":  {"Go", "Node", "Python", "Java"},
		"50%":  {"Go", "Python", "Java"},
		"who?": {"Go", "Java"},
		"#1":   {"Go", "Java"},
		"a/b":  {"Java"},
	}
	for name, columns := range whole {
		r := b.begin(t, lib, d, server.Options{})
		r.way = firstWay(lib, getRoom)
		r.join(name, fake.Leg{})
		rep := r.ask(query{name: name})
		want := false
		for _, c := range columns {
			want = want || c == lib.column
		}
		require.Equal(t, want, rep.OK, "%q: %s: %v", name, rep.Error, r.requests())
		if !want {
			b.found(lib, getRoom, rawNames)
		}
	}
}
