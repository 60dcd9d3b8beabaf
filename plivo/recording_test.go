package plivo_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A media operation is one of recording, playing and speaking, on a room or on somebody in it.
type mediaOperation struct {
	name   string
	ofOne  bool
	do     func(ctx context.Context, r *plivo.Room, c *plivo.ConferenceRoom, p cc.ParticipantID) error
	older  bool // of the Conference API
	starts bool // has arguments, or an answer
}

func mediaOperations() []mediaOperation {
	var list []mediaOperation
	mpc := func(name string, ofOne, starts bool, do func(context.Context, *plivo.Room, cc.ParticipantID) error) {
		list = append(list, mediaOperation{name, ofOne, func(ctx context.Context, r *plivo.Room, _ *plivo.ConferenceRoom, p cc.ParticipantID) error {
			return do(ctx, r, p)
		}, false, starts})
	}
	older := func(name string, ofOne, starts bool, do func(context.Context, *plivo.ConferenceRoom, cc.ParticipantID) error) {
		list = append(list, mediaOperation{name, ofOne, func(ctx context.Context, _ *plivo.Room, c *plivo.ConferenceRoom, p cc.ParticipantID) error {
			return do(ctx, c, p)
		}, true, starts})
	}
	mpc("Room.StartRecording", false, true, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error {
		_, err := r.StartRecording(ctx, plivo.RecordingOptions{})
		return err
	})
	mpc("Room.PauseRecording", false, false, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error { return r.PauseRecording(ctx) })
	mpc("Room.ResumeRecording", false, false, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error { return r.ResumeRecording(ctx) })
	mpc("Room.StopRecording", false, false, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error { return r.StopRecording(ctx) })
	mpc("Room.StartParticipantRecording", true, true, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error {
		_, err := r.StartParticipantRecording(ctx, p, plivo.RecordingOptions{})
		return err
	})
	mpc("Room.PauseParticipantRecording", true, false, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error {
		return r.PauseParticipantRecording(ctx, p)
	})
	mpc("Room.ResumeParticipantRecording", true, false, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error {
		return r.ResumeParticipantRecording(ctx, p)
	})
	mpc("Room.StopParticipantRecording", true, false, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error {
		return r.StopParticipantRecording(ctx, p)
	})
	mpc("Room.Play", true, true, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error { return r.Play(ctx, p, audio) })
	mpc("Room.PlayAll", false, true, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error { return r.PlayAll(ctx, audio) })
	mpc("Room.StopPlay", true, false, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error { return r.StopPlay(ctx, p) })
	mpc("Room.StopPlayAll", false, false, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error { return r.StopPlayAll(ctx) })
	mpc("Room.Speak", true, true, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error {
		return r.Speak(ctx, p, plivo.Speech{Text: "hello"})
	})
	mpc("Room.SpeakAll", false, true, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error {
		return r.SpeakAll(ctx, plivo.Speech{Text: "hello"})
	})
	mpc("Room.StopSpeak", true, false, func(ctx context.Context, r *plivo.Room, p cc.ParticipantID) error { return r.StopSpeak(ctx, p) })
	mpc("Room.StopSpeakAll", false, false, func(ctx context.Context, r *plivo.Room, _ cc.ParticipantID) error { return r.StopSpeakAll(ctx) })

	older("ConferenceRoom.StartRecording", false, true, func(ctx context.Context, c *plivo.ConferenceRoom, _ cc.ParticipantID) error {
		_, err := c.StartRecording(ctx, plivo.ConferenceRecordingOptions{})
		return err
	})
	older("ConferenceRoom.StopRecording", false, false, func(ctx context.Context, c *plivo.ConferenceRoom, _ cc.ParticipantID) error {
		return c.StopRecording(ctx)
	})
	older("ConferenceRoom.Play", true, true, func(ctx context.Context, c *plivo.ConferenceRoom, p cc.ParticipantID) error {
		return c.Play(ctx, p, audio)
	})
	older("ConferenceRoom.PlayAll", false, true, func(ctx context.Context, c *plivo.ConferenceRoom, _ cc.ParticipantID) error {
		return c.PlayAll(ctx, audio)
	})
	older("ConferenceRoom.StopPlay", true, false, func(ctx context.Context, c *plivo.ConferenceRoom, p cc.ParticipantID) error {
		return c.StopPlay(ctx, p)
	})
	older("ConferenceRoom.StopPlayAll", false, false, func(ctx context.Context, c *plivo.ConferenceRoom, _ cc.ParticipantID) error {
		return c.StopPlayAll(ctx)
	})
	older("ConferenceRoom.Speak", true, true, func(ctx context.Context, c *plivo.ConferenceRoom, p cc.ParticipantID) error {
		return c.Speak(ctx, p, plivo.ConferenceSpeech{Text: "hello"})
	})
	older("ConferenceRoom.SpeakAll", false, true, func(ctx context.Context, c *plivo.ConferenceRoom, _ cc.ParticipantID) error {
		return c.SpeakAll(ctx, plivo.ConferenceSpeech{Text: "hello"})
	})
	older("ConferenceRoom.StopSpeak", true, false, func(ctx context.Context, c *plivo.ConferenceRoom, p cc.ParticipantID) error {
		return c.StopSpeak(ctx, p)
	})
	older("ConferenceRoom.StopSpeakAll", false, false, func(ctx context.Context, c *plivo.ConferenceRoom, _ cc.ParticipantID) error {
		return c.StopSpeakAll(ctx)
	})
	return list
}

// Plivo's pages "Start recording", "Play audio on a MPC call" and "Conference API", and
// multipartycall.go of plivo-go.
func TestWhatMediaOperationsSend(t *testing.T) {
	want := map[string]string{
		"Room.StartRecording":             `POST /MultiPartyCall/name_stand%20up/Record/ {}`,
		"Room.PauseRecording":             `POST /MultiPartyCall/name_stand%20up/Record/Pause/ {}`,
		"Room.ResumeRecording":            `POST /MultiPartyCall/name_stand%20up/Record/Resume/ {}`,
		"Room.StopRecording":              `DELETE /MultiPartyCall/name_stand%20up/Record/`,
		"Room.StartParticipantRecording":  `POST /MultiPartyCall/name_stand%20up/Participant/17/Record/ {}`,
		"Room.PauseParticipantRecording":  `POST /MultiPartyCall/name_stand%20up/Participant/17/Record/Pause/ {}`,
		"Room.ResumeParticipantRecording": `POST /MultiPartyCall/name_stand%20up/Participant/17/Record/Resume/ {}`,
		"Room.StopParticipantRecording":   `DELETE /MultiPartyCall/name_stand%20up/Participant/17/Record/`,
		"Room.Play":                       `POST /MultiPartyCall/name_stand%20up/Member/17/Play/ {"url":"` + audio + `"}`,
		"Room.PlayAll":                    `POST /MultiPartyCall/name_stand%20up/Member/all/Play/ {"url":"` + audio + `"}`,
		"Room.StopPlay":                   `DELETE /MultiPartyCall/name_stand%20up/Member/17/Play/`,
		"Room.StopPlayAll":                `DELETE /MultiPartyCall/name_stand%20up/Member/all/Play/`,
		"Room.Speak":                      `POST /MultiPartyCall/name_stand%20up/Member/17/Speak/ {"text":"hello"}`,
		"Room.SpeakAll":                   `POST /MultiPartyCall/name_stand%20up/Member/all/Speak/ {"text":"hello"}`,
		"Room.StopSpeak":                  `DELETE /MultiPartyCall/name_stand%20up/Member/17/Speak/`,
		"Room.StopSpeakAll":               `DELETE /MultiPartyCall/name_stand%20up/Member/all/Speak/`,
		"ConferenceRoom.StartRecording":   `POST /Conference/stand%20up/Record/ {}`,
		"ConferenceRoom.StopRecording":    `DELETE /Conference/stand%20up/Record/`,
		"ConferenceRoom.Play":             `POST /Conference/stand%20up/Member/17/Play/ {"url":"` + audio + `"}`,
		"ConferenceRoom.PlayAll":          `POST /Conference/stand%20up/Member/all/Play/ {"url":"` + audio + `"}`,
		"ConferenceRoom.StopPlay":         `DELETE /Conference/stand%20up/Member/17/Play/`,
		"ConferenceRoom.StopPlayAll":      `DELETE /Conference/stand%20up/Member/all/Play/`,
		"ConferenceRoom.Speak":            `POST /Conference/stand%20up/Member/17/Speak/ {"text":"hello"}`,
		"ConferenceRoom.SpeakAll":         `POST /Conference/stand%20up/Member/all/Speak/ {"text":"hello"}`,
		"ConferenceRoom.StopSpeak":        `DELETE /Conference/stand%20up/Member/17/Speak/`,
		"ConferenceRoom.StopSpeakAll":     `DELETE /Conference/stand%20up/Member/all/Speak/`,
	}
	operations := mediaOperations()
	require.Len(t, operations, len(want))
	for _, op := range operations {
		// Whatever a 2xx holds was accepted.
		for _, body := range []string{`{"message":"x"}`, ``, `[]`, `null`, `"x"`} {
			w := newWire()
			w.otherise = status(202, body)
			require.NoError(t, op.do(background, room(t, w, "stand up"), conferenceRoom(t, w, "stand up"), "17"), op.name)
			require.Equal(t, []string{want[op.name]}, w.lines())
		}
	}
	w := newWire()
	w.otherise = status(202, "{}")
	require.NoError(t, room(t, w, instanceA).StopParticipantRecording(background, "17"))
	require.Equal(t, []string{`DELETE /MultiPartyCall/uuid_` + runA + `/Participant/17/Record/`}, w.lines())
}

func TestMediaOperationsGoOnceOnly(t *testing.T) {
	for _, op := range mediaOperations() {
		for _, x := range []struct {
			name   string
			answer answer
			kind   cc.Kind
		}{
			{"500", status(500, `{"error":"x"}`), cc.ErrUncertain},
			{"503, empty", status(503, ""), cc.ErrUncertain},
			{"HTML", answer{status: 200, body: "<html>", header: http.Header{"Content-Type": {"text/html"}}}, cc.ErrUncertain},
			{"cut off", status(202, `{"recording_id":`), cc.ErrUncertain},
			{"reset", answer{err: errors.New("connection reset by peer")}, cc.ErrUncertain},
			{"404", status(404, `{"error":"not found"}`), cc.ErrNotFound},
			{"400", status(400, `{"error":"x"}`), cc.ErrInvalid},
			{"403", status(403, ``), cc.ErrForbidden},
		} {
			w := newWire()
			w.otherise = x.answer
			err := op.do(background, room(t, w, "stand up"), conferenceRoom(t, w, "stand up"), "17042")
			e := problem(t, err)
			require.Equal(t, x.kind, e.Kind, "%s: %s: %v", op.name, x.name, err)
			require.Len(t, w.lines(), 1, "%s: %s", op.name, x.name)
			require.Equal(t, op.name, e.Op)
			require.Equal(t, cc.ConferenceID("stand up"), e.Conference)
			require.Equal(t, op.ofOne, e.Participant == "17042")
			require.NotContains(t, err.Error(), "17042")
			require.NotContains(t, err.Error(), "stand up")
		}
	}
}

func TestMediaOperationsRefuseIds(t *testing.T) {
	w := newWire()
	for _, op := range mediaOperations() {
		for _, id := range []cc.ConferenceID{"", "all", "..", "a/b", " a", "uuid:..", "uuid:a/b"} {
			require.ErrorIs(t, op.do(background, room(t, w, id), conferenceRoom(t, w, id), "17"), cc.ErrInvalid, "%s %q", op.name, string(id))
		}
		if !op.ofOne {
			continue
		}
		for _, p := range []cc.ParticipantID{"", "all", "ALL", "12,15", "12<15", "..", "1/2", "1 2", "participants", "-1", "1e3", "١", "123456789012345678901"} {
			require.ErrorIs(t, op.do(background, room(t, w, "a"), conferenceRoom(t, w, "a"), p), cc.ErrInvalid, "%s %q", op.name, string(p))
		}
	}
	require.Empty(t, w.lines())
}

func TestMediaOperationsAfterClose(t *testing.T) {
	w := newWire()
	for _, op := range mediaOperations() {
		mpc, err := plivo.NewMPC(options(w))
		require.NoError(t, err)
		older, err := plivo.NewConference(options(w))
		require.NoError(t, err)
		r, _ := cc.As[*plivo.Room](mpc.Conference("a"))
		c, _ := cc.As[*plivo.ConferenceRoom](older.Conference("a"))
		require.NoError(t, mpc.Close())
		require.NoError(t, older.Close())
		require.ErrorIs(t, op.do(background, r, c, "17"), cc.ErrClosed, op.name)
	}
	require.Empty(t, w.lines())
}

func TestEveryOptionOfARecording(t *testing.T) {
	w := newWire()
	w.otherise = status(202, "{}")
	o := plivo.RecordingOptions{
		FileFormat: "WAV", Callback: plivo.Callback{URL: hook + "#ct=1500&rp=ct,5xx", Method: "get"},
		TranscriptionURL: hook, Transcript: cc.On, TrackType: "Both",
	}
	_, err := room(t, w, "a").StartParticipantRecording(background, "17", o)
	require.NoError(t, err)
	o.TrackType, o.Callback.Method, o.Transcript = "", "", cc.Off
	_, err = room(t, w, "a").StartRecording(background, o)
	require.NoError(t, err)
	_, err = conferenceRoom(t, w, "a").StartRecording(background, plivo.ConferenceRecordingOptions{
		TimeLimit: 2 * time.Minute, FileFormat: "mp3", TranscriptionType: "auto",
		Transcription: plivo.Callback{URL: hook}, Callback: plivo.Callback{URL: hook, Method: "GET"},
	})
	require.NoError(t, err)
	bodies := []string{
		`{"file_format":"wav","recording_callback_url":"` + hook + `#ct=1500&rp=ct,5xx","recording_callback_method":"GET",
			"transcription_url":"` + hook + `","transcript":true,"record_track_type":"both"}`,
		`{"file_format":"wav","recording_callback_url":"` + hook + `#ct=1500&rp=ct,5xx","recording_callback_method":"POST",
			"transcription_url":"` + hook + `","transcript":false}`,
		`{"time_limit":120,"file_format":"mp3","transcription_type":"auto","transcription_url":"` + hook + `","transcription_method":"POST",
			"callback_url":"` + hook + `","callback_method":"GET"}`,
	}
	for i, body := range bodies {
		require.JSONEq(t, body, w.requests[i].Body)
	}
}

func TestOptionsThatARecordingRefuses(t *testing.T) {
	w := newWire()
	w.otherise = status(202, "{}")
	for _, o := range []plivo.RecordingOptions{
		{FileFormat: "ogg"}, {TrackType: "caller"}, {Transcript: 9},
		{Callback: plivo.Callback{Method: "GET"}}, {Callback: plivo.Callback{URL: hook, Method: "PUT"}},
		{Callback: plivo.Callback{URL: "http://hooks.example.net/x"}}, {Callback: plivo.Callback{URL: hook + "#top"}},
		{TranscriptionURL: "https://10.0.0.1/"}, {TranscriptionURL: hook + "#"},
	} {
		_, err := room(t, w, "a").StartParticipantRecording(background, "17", o)
		require.ErrorIs(t, err, cc.ErrInvalid, "%+v", o)
		_, err = room(t, w, "a").StartRecording(background, o)
		require.ErrorIs(t, err, cc.ErrInvalid, "%+v", o)
	}
	_, err := room(t, w, "a").StartRecording(background, plivo.RecordingOptions{TrackType: "all"})
	require.ErrorIs(t, err, cc.ErrInvalid)
	for _, o := range []plivo.ConferenceRecordingOptions{
		{TimeLimit: -time.Second}, {TimeLimit: 1500 * time.Millisecond}, {TimeLimit: 25 * time.Hour}, {FileFormat: "ogg"},
		{TranscriptionType: "au to"}, {Transcription: plivo.Callback{URL: "https://localhost/"}}, {Callback: plivo.Callback{URL: "ftp://a.example/"}},
		{Callback: plivo.Callback{Method: "POST"}},
	} {
		_, err := conferenceRoom(t, w, "a").StartRecording(background, o)
		require.ErrorIs(t, err, cc.ErrInvalid, "%+v", o)
	}
	require.Empty(t, w.lines())
}

func TestWhatAStartedRecordingTells(t *testing.T) {
	for body, want := range map[string]plivo.Recording{
		`{"api_id":"c","message":"MPC: room-7 record started","recording_id":"r1","recording_url":"https://media.plivo.com/r1.mp3"}`: {
			APIID: "c", ID: "r1", URL: "https://media.plivo.com/r1.mp3"},
		`{"api_id":"c","message":"conference recording started","recording_id":"r1","url":"https://media.plivo.com/r1.mp3"}`: {
			APIID: "c", ID: "r1", URL: "https://media.plivo.com/r1.mp3"},
		`{"recording_id":["r1"],"recording_url":7}`: {ID: "r1", URL: "7"},
		`{"recording_id":{}}`:                       {}, ``: {}, `[]`: {}, `null`: {},
	} {
		w := newWire()
		w.otherise = status(202, body)
		for _, start := range []func() (plivo.Recording, error){
			func() (plivo.Recording, error) {
				return room(t, w, "a").StartRecording(background, plivo.RecordingOptions{})
			},
			func() (plivo.Recording, error) {
				return room(t, w, "a").StartParticipantRecording(background, "17", plivo.RecordingOptions{})
			},
			func() (plivo.Recording, error) {
				return conferenceRoom(t, w, "a").StartRecording(background, plivo.ConferenceRecordingOptions{})
			},
		} {
			got, err := start()
			require.NoError(t, err)
			require.Equal(t, want, got, body)
		}
	}
}

// TestRecordingAtAFake records at a server that knows nothing of this package.
func TestRecordingAtAFake(t *testing.T) {
	t.Run("mpc", inFakeTime(func(t *testing.T) {
		r := newRig(t, products[0])
		room, ok := cc.As[*plivo.Room](r.conf)
		require.True(t, ok)
		require.ErrorIs(t, room.PauseRecording(background), cc.ErrNotFound)
		whole, err := room.StartRecording(background, plivo.RecordingOptions{FileFormat: "wav"})
		require.NoError(t, err)
		one, err := room.StartParticipantRecording(background, r.anna.ID(), plivo.RecordingOptions{TrackType: "participant"})
		require.NoError(t, err)
		require.NotEqual(t, whole.ID, one.ID)
		requireRecordings(t, r, map[string]plivoserver.RecordingState{whole.ID: plivoserver.RecordingRuns, one.ID: plivoserver.RecordingRuns})
		for _, x := range r.server.Recordings("") {
			switch x.ID {
			case whole.ID:
				require.Equal(t, whole.URL, x.URL)
				require.Equal(t, "wav", x.Format)
				require.Empty(t, x.Participant)
			case one.ID:
				require.Equal(t, one.URL, x.URL)
				require.Equal(t, "participant", x.Track)
				require.Equal(t, r.anna.ID(), x.Participant)
			}
		}
		require.NoError(t, room.PauseRecording(background))
		requireRecordings(t, r, map[string]plivoserver.RecordingState{whole.ID: plivoserver.RecordingPaused, one.ID: plivoserver.RecordingRuns})
		require.NoError(t, room.PauseParticipantRecording(background, r.anna.ID()))
		require.NoError(t, room.ResumeRecording(background))
		requireRecordings(t, r, map[string]plivoserver.RecordingState{whole.ID: plivoserver.RecordingRuns, one.ID: plivoserver.RecordingPaused})
		require.NoError(t, room.ResumeParticipantRecording(background, r.anna.ID()))
		require.NoError(t, room.StopRecording(background))
		requireRecordings(t, r, map[string]plivoserver.RecordingState{whole.ID: plivoserver.RecordingDone, one.ID: plivoserver.RecordingRuns})
		require.NoError(t, room.StopParticipantRecording(background, r.anna.ID()))
		requireRecordings(t, r, map[string]plivoserver.RecordingState{whole.ID: plivoserver.RecordingDone, one.ID: plivoserver.RecordingDone})
		require.ErrorIs(t, room.StopParticipantRecording(background, r.bob.ID()), cc.ErrNotFound)
	}))
	t.Run("conference", inFakeTime(func(t *testing.T) {
		r := newRig(t, products[1])
		room, ok := cc.As[*plivo.ConferenceRoom](r.conf)
		require.True(t, ok)
		got, err := room.StartRecording(background, plivo.ConferenceRecordingOptions{TimeLimit: time.Minute})
		require.NoError(t, err)
		require.NotEmpty(t, got.URL)
		requireRecordings(t, r, map[string]plivoserver.RecordingState{got.ID: plivoserver.RecordingRuns})
		require.NoError(t, room.StopRecording(background))
		requireRecordings(t, r, map[string]plivoserver.RecordingState{got.ID: plivoserver.RecordingDone})
	}))
}

func requireRecordings(t *testing.T, r *rig, want map[string]plivoserver.RecordingState) {
	t.Helper()
	got := map[string]plivoserver.RecordingState{}
	for _, x := range r.server.Recordings("") {
		got[x.ID] = x.State
	}
	require.Equal(t, want, got)
}

// TestAMediaOperationIsNotRepeated: an answer is lost after the effect, and there is one effect.
func TestAMediaOperationIsNotRepeated(t *testing.T) {
	inFakeTime(func(t *testing.T) {
		r := newRig(t, products[0])
		room, _ := cc.As[*plivo.Room](r.conf)
		r.fault(plivoserver.Fault{On: plivoserver.StartPlay, Effect: true, Answer: plivoserver.Status(502)})
		require.ErrorIs(t, room.PlayAll(background, audio), cc.ErrUncertain)
		require.Len(t, r.server.Playing(""), 1)
		commands, reads := r.seen()
		require.Len(t, slices.Concat(commands, reads), 1)
	})(t)
}
