package plivo

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// A Recording is what Plivo answered to the start of a recording. A field that Plivo's answer did not
// tell is empty: the recording was begun all the same, and its callback tells of it.
//
// Whoever has the URL may be able to listen, once there is a file behind it: it is printed and encoded
// in full, and left out of a log line.
type Recording struct {
	APIID string
	ID    string // Plivo's recording_id
	URL   string // where the file will be
}

// RecordingOptions say how a multiparty call is recorded: the parameters of Plivo's page "Start
// recording" and of its client libraries. The zero value of every field leaves the parameter out, so
// that Plivo's default holds.
type RecordingOptions struct {
	FileFormat string   // "mp3" or "wav"; mp3
	Callback   Callback // told of the recording and of what becomes of it; POST where Method is empty, and always sent
	// Where the transcription goes, and whether there is one. The address is as that of a Callback.
	TranscriptionURL string
	Transcript       cc.Toggle
	// Whose voices the recording of one participant has: "participant" for his own, or "all" or "both";
	// all. The recording of a whole room has none, so there it is ErrInvalid.
	TrackType string
}

// ConferenceRecordingOptions say how a conference of the older API is recorded: the parameters of
// Plivo's page "Conference API". The zero value of every field leaves the parameter out, so that
// Plivo's default holds.
type ConferenceRecordingOptions struct {
	TimeLimit  time.Duration // 1 to 86,400 whole seconds
	FileFormat string        // "mp3" or "wav"; mp3
	// "auto", the only type that Plivo's pages name; or another of Plivo's words.
	TranscriptionType string
	Transcription     Callback // where the transcription goes; POST where Method is empty, and always sent
	Callback          Callback // told of the file when it is there; POST where Method is empty, and always sent
}

// StartRecording has the whole room recorded (Plivo's page "Start recording"). What becomes of a
// recording that runs already is Plivo's to say.
//
// Plivo knows no idempotency key, and each request may begin a recording: it is sent once, and an
// unknown outcome is ErrUncertain. A room that is not live is ErrNotFound, and options that break
// Plivo's rules, or those of [Callback], are ErrInvalid; then nothing is sent.
func (r *Room) StartRecording(ctx context.Context, options RecordingOptions) (Recording, error) {
	const op = "Room.StartRecording"
	var recording Recording
	err := r.h.run(ctx, op, func(ctx context.Context) (err error) {
		recording, err = r.h.record(ctx, op, options.body(false), "MultiPartyCall", roomKey(r.h.id), "Record")
		return err
	})
	return recording, err
}

// PauseRecording has the recording of the whole room wait. Like the two methods after it, and those of
// one participant, it is sent once; an unknown outcome is ErrUncertain, and without a recording, or a
// room, it is the error that Plivo answers with.
func (r *Room) PauseRecording(ctx context.Context) error {
	return r.recording(ctx, "Room.PauseRecording", http.MethodPost, "Record", "Pause")
}

// ResumeRecording has the recording of the whole room go on.
func (r *Room) ResumeRecording(ctx context.Context) error {
	return r.recording(ctx, "Room.ResumeRecording", http.MethodPost, "Record", "Resume")
}

// StopRecording ends the recording of the whole room. Recordings of single participants are others.
func (r *Room) StopRecording(ctx context.Context) error {
	return r.recording(ctx, "Room.StopRecording", http.MethodDelete, "Record")
}

func (r *Room) recording(ctx context.Context, op, method string, path ...string) error {
	return r.h.run(ctx, op, func(ctx context.Context) error {
		return r.h.once(ctx, op, method, nil, append([]string{"MultiPartyCall", roomKey(r.h.id)}, path...)...)
	})
}

// StartParticipantRecording is [Room.StartRecording] for one participant, with a file of his own
// (Plivo's page "Start participant recording"). ErrNotFound leaves open whether it is the room or the
// participant that is not there. A participant that is no member id, such as "all" or a list, is
// ErrInvalid, and nothing is sent.
func (r *Room) StartParticipantRecording(ctx context.Context, participant cc.ParticipantID, options RecordingOptions) (Recording, error) {
	const op = "Room.StartParticipantRecording"
	var recording Recording
	err := r.h.runFor(ctx, op, participant, func(ctx context.Context) (err error) {
		recording, err = r.h.record(ctx, op, options.body(true),
			"MultiPartyCall", roomKey(r.h.id), "Participant", string(participant), "Record")
		return err
	})
	return recording, err
}

// PauseParticipantRecording has the recording of one participant wait.
func (r *Room) PauseParticipantRecording(ctx context.Context, participant cc.ParticipantID) error {
	return r.recordingOf(ctx, "Room.PauseParticipantRecording", participant, http.MethodPost, "Record", "Pause")
}

// ResumeParticipantRecording has the recording of one participant go on.
func (r *Room) ResumeParticipantRecording(ctx context.Context, participant cc.ParticipantID) error {
	return r.recordingOf(ctx, "Room.ResumeParticipantRecording", participant, http.MethodPost, "Record", "Resume")
}

// StopParticipantRecording ends the recording of one participant. That of the room goes on.
func (r *Room) StopParticipantRecording(ctx context.Context, participant cc.ParticipantID) error {
	return r.recordingOf(ctx, "Room.StopParticipantRecording", participant, http.MethodDelete, "Record")
}

func (r *Room) recordingOf(ctx context.Context, op string, p cc.ParticipantID, method string, path ...string) error {
	return r.h.runFor(ctx, op, p, func(ctx context.Context) error {
		return r.h.once(ctx, op, method, nil, append([]string{"MultiPartyCall", roomKey(r.h.id), "Participant", string(p)}, path...)...)
	})
}

// StartRecording has the conference recorded (Plivo's page "Conference API"), under the conditions of
// [Room.StartRecording].
func (r *ConferenceRoom) StartRecording(ctx context.Context, options ConferenceRecordingOptions) (Recording, error) {
	const op = "ConferenceRoom.StartRecording"
	var recording Recording
	err := r.h.run(ctx, op, func(ctx context.Context) (err error) {
		recording, err = r.h.record(ctx, op, options.body(), "Conference", string(r.h.id), "Record")
		return err
	})
	return recording, err
}

// StopRecording ends the recording of the conference. It is sent once; an unknown outcome is
// ErrUncertain.
func (r *ConferenceRoom) StopRecording(ctx context.Context) error {
	const op = "ConferenceRoom.StopRecording"
	return r.h.run(ctx, op, func(ctx context.Context) error {
		return r.h.once(ctx, op, http.MethodDelete, nil, "Conference", string(r.h.id), "Record")
	})
}

// A filling writes the parameters of a request.
type filling func(w *bodyWriter)

func (o RecordingOptions) body(ofParticipant bool) filling {
	return func(w *bodyWriter) {
		w.one("file_format", o.FileFormat, "mp3", "wav")
		w.delivery("recording_callback", o.Callback)
		w.deliveryAddress("transcription_url", o.TranscriptionURL)
		w.toggle("transcript", o.Transcript)
		if o.TrackType != "" && !ofParticipant {
			w.wrong("record_track_type", "is of a participant's recording")
		}
		w.one("record_track_type", o.TrackType, "participant", "all", "both")
	}
}

func (o ConferenceRecordingOptions) body() filling {
	return func(w *bodyWriter) {
		if d := o.TimeLimit; d != 0 {
			if d < time.Second || d > 24*time.Hour || d%time.Second != 0 {
				w.wrong("time_limit", "1 to 86,400 whole seconds")
			}
			w.body["time_limit"] = int(d / time.Second)
		}
		w.one("file_format", o.FileFormat, "mp3", "wav")
		w.word("transcription_type", o.TranscriptionType)
		w.delivery("transcription", o.Transcription)
		w.delivery("callback", o.Callback)
	}
}

// record begins a recording.
func (h *handle) record(ctx context.Context, op string, fill filling, path ...string) (Recording, error) {
	body, err := h.fill(fill)
	if err != nil {
		return Recording{}, err
	}
	var raw json.RawMessage
	err = h.api.do(ctx, call{op: op, class: httpclient.Once, method: http.MethodPost, path: path, body: body, into: &raw})
	if err != nil {
		return Recording{}, err
	}
	return readRecording(raw), nil
}

// readRecording reads the answers of both APIs. The request was accepted whatever they hold, so
// nothing odd in them is an error.
func readRecording(raw json.RawMessage) Recording {
	var w struct {
		APIID        text `json:"api_id"`
		RecordingID  text `json:"recording_id"`
		RecordingURL text `json:"recording_url"`
		URL          text `json:"url"` // of the Conference API
	}
	if object(raw, &w) != nil {
		return Recording{}
	}
	if w.RecordingURL == "" {
		w.RecordingURL = w.URL
	}
	return Recording{APIID: string(w.APIID), ID: string(w.RecordingID), URL: string(w.RecordingURL)}
}

// runFor is run for one participant.
func (h *handle) runFor(ctx context.Context, op string, p cc.ParticipantID, do func(context.Context) error) error {
	err := h.run(ctx, op, func(ctx context.Context) error {
		if err := checkMember(p); err != nil {
			return err
		}
		return do(ctx)
	})
	if e, ok := err.(*cc.Error); ok { // of this very call: see shape
		e.Participant = p
	}
	return err
}

// once sends a command that is never sent again after an unknown outcome, and reads no answer.
func (h *handle) once(ctx context.Context, op, method string, body any, path ...string) error {
	if body == nil && method == http.MethodPost {
		body = struct{}{}
	}
	return h.api.do(ctx, call{op: op, class: httpclient.Once, method: method, path: path, body: body})
}

// fill makes a body, or the error that says what is wrong with it.
func (h *handle) fill(fill filling) (map[string]any, error) {
	w := &bodyWriter{body: make(map[string]any), insecure: h.api.insecure}
	fill(w)
	if w.err != nil {
		return nil, h.invalid(w.err.Error())
	}
	return w.body, nil
}

// LogValue tells nothing by which anybody could be known or heard.
func (r Recording) LogValue() slog.Value { return slog.StringValue("recording") }

// GoString tells the type alone.
func (r Recording) GoString() string { return "plivo.Recording{...}" }

// LogValue tells nothing of the addresses.
func (o RecordingOptions) LogValue() slog.Value { return slog.StringValue("recording options") }

// GoString tells the type alone.
func (o RecordingOptions) GoString() string { return "plivo.RecordingOptions{...}" }

// LogValue tells nothing of the addresses.
func (o ConferenceRecordingOptions) LogValue() slog.Value {
	return slog.StringValue("recording options")
}

// GoString tells the type alone.
func (o ConferenceRecordingOptions) GoString() string { return "plivo.ConferenceRecordingOptions{...}" }
