package plivoserver

import (
	"fmt"
	"log/slog"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A RecordingState is where a recording stands. The first two are what the vendor's room object
// says of a room.
type RecordingState string

const (
	RecordingRuns   RecordingState = "recording"
	RecordingPaused RecordingState = "paused"
	RecordingDone   RecordingState = "completed" // stopped, or whom it was of has left, or the room has ended
	RecordingFailed RecordingState = "failed"    // FailRecording
)

// Over tells whether nothing is recorded any more.
func (s RecordingState) Over() bool { return s == RecordingDone || s == RecordingFailed }

// A Recording is one recording that a request ordered. There is no sound in it, and nothing at its
// URL. It is for tests, so it holds the names and ids as they are; its LogValue and the verb %#v
// leave them out.
type Recording struct {
	ID          string
	Conference  string           // the room's name
	Instance    cc.ConferenceID  // of the run
	Participant cc.ParticipantID // empty: the whole room
	Format      string           // mp3 or wav
	Track       string           // of a participant: participant, all or both; empty: of a room
	URL         string
	State       RecordingState
	StartedAt   time.Time
	EndedAt     time.Time     // zero until it is over
	Idle        time.Duration // how long it was paused; of the pause that it is in, nothing
}

// Duration is how much has been recorded, pauses left out, of a recording that is over.
func (r Recording) Duration() time.Duration {
	return max(r.EndedAt.Sub(r.StartedAt)-r.Idle, 0)
}

// GoString tells the state, and of whom nothing.
func (r Recording) GoString() string {
	return fmt.Sprintf("plivoserver.Recording{State:%q, Format:%q, Track:%q}", r.State, r.Format, r.Track)
}

// LogValue tells the state, and of whom nothing.
func (r Recording) LogValue() slog.Value {
	return slog.GroupValue(slog.String("state", string(r.State)), slog.String("format", r.Format), slog.String("track", r.Track))
}

// Recordings returns the recordings of a conference, which is named by its name (all its runs) or by
// an Instance; of all of them where c is empty. They are in order of starting. Those that are over
// are remembered, the latest 1,024 of the server.
func (s *Server) Recordings(c cc.ConferenceID) []Recording {
	s.settle()
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	list := []Recording{}
	for _, r := range s.media.recordings {
		if c == "" || c == r.Instance || c == cc.ConferenceID(r.Conference) {
			list = append(list, r.Recording)
		}
	}
	return list
}

// FailRecording ends a recording as one that failed, and reports whether it was there and not over.
func (s *Server) FailRecording(id string) bool {
	s.settle()
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	for _, r := range s.media.recordings {
		if r.ID == id && !r.State.Over() {
			s.media.finish(r, RecordingFailed, time.Now())
			return true
		}
	}
	return false
}
