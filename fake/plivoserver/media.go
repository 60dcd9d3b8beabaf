package plivoserver

import (
	"cmp"
	"slices"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A recording is one with what is needed to tell of it.
type recording struct {
	Recording
	pausedAt    time.Time
	url, method string // of its callback; an empty url: the room's
	conference  bool   // ordered through the Conference API
	apiID       string // of the answer to the order
	told        int    // callbacks
}

// The names of the callbacks of a recording ("Multiparty Calls").
const (
	recordingInitiated = "MPCRecordingInitiated"
	recordingPaused    = "MPCRecordingPaused"
	recordingResumed   = "MPCRecordingResumed"
	recordingCompleted = "MPCRecordingCompleted"
	recordingFailed    = "MPCRecordingFailed"
)

// mostRecordings is how many recordings that are over are remembered, and mostPlays how many plays
// there are at most.
const (
	mostRecordings = 1024
	mostPlays      = 1024
)

// media is what is recorded, played and spoken.
type media struct {
	mu         sync.Mutex // a leaf but for tell
	recordings []*recording
	plays      []Playing
	tell       func(event string, r recording, at time.Time) // to the sender of callbacks; nil: there is none
}

// say tells of a recording. The caller holds mu.
func (m *media) say(event string, r *recording, at time.Time) {
	r.told++
	if m.tell != nil {
		m.tell(event, *r, at)
	}
}

// of returns the recording of a room or of a participant that is not over. The caller holds mu.
func (m *media) of(run cc.ConferenceID, p cc.ParticipantID) *recording {
	for _, r := range m.recordings {
		if r.Instance == run && r.Participant == p && !r.State.Over() {
			return r
		}
	}
	return nil
}

// begin starts a recording, unless there is one of the same already.
func (m *media) begin(r recording) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of(r.Instance, r.Participant) != nil {
		return false
	}
	r.State = RecordingRuns
	m.recordings = append(m.recordings, &r)
	m.say(recordingInitiated, &r, r.StartedAt)
	return true
}

// finish ends a recording. The caller holds mu.
func (m *media) finish(r *recording, how RecordingState, at time.Time) {
	if r.State == RecordingPaused {
		r.Idle += at.Sub(r.pausedAt)
	}
	r.State, r.EndedAt = how, at
	event := recordingCompleted
	if how == RecordingFailed {
		event = recordingFailed
	}
	m.say(event, r, at)
}

// change does something to the recording of a room or of a participant, and reports whether there
// is one that is not over.
func (m *media) change(run cc.ConferenceID, p cc.ParticipantID, do func(*recording)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.of(run, p)
	if r == nil {
		return false
	}
	do(r)
	return true
}

// pause and resume find a recording that is as they would have it already well.
func (m *media) pause(r *recording, at time.Time) {
	if r.State == RecordingRuns {
		r.State, r.pausedAt = RecordingPaused, at
		m.say(recordingPaused, r, at)
	}
}

func (m *media) resume(r *recording, at time.Time) {
	if r.State == RecordingPaused {
		r.Idle += at.Sub(r.pausedAt)
		r.State = RecordingRuns
		m.say(recordingResumed, r, at)
	}
}

// roomState is what the room object says of recording.
func (m *media) roomState(room fake.RoomInfo) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.of(room.Instance, ""); r != nil {
		return string(r.State)
	}
	return "not-recording"
}

// follow ends what whoever has left, or a room that is over, takes along.
func (m *media) follow(room fake.RoomInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.recordings {
		if r.Instance == room.Instance && !r.State.Over() {
			if at, gone := left(room, r.Participant); gone {
				m.finish(r, RecordingDone, at)
			}
		}
	}
	m.plays = slices.DeleteFunc(m.plays, func(p Playing) bool {
		return p.Instance == room.Instance && p.over(room)
	})
	m.forget()
}

// tidy looks who is gone, where there are many recordings.
func (s *Server) tidy() {
	if s.media.crowded() {
		s.settle()
	}
}

// crowded tells whether it is time to look who is gone.
func (m *media) crowded() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.recordings) > mostRecordings
}

// forget drops the oldest of those that are over, where there are too many. The caller holds mu.
func (m *media) forget() {
	excess := -mostRecordings
	for _, r := range m.recordings {
		if r.State.Over() {
			excess++
		}
	}
	m.recordings = slices.DeleteFunc(m.recordings, func(r *recording) bool {
		if excess <= 0 || !r.State.Over() {
			return false
		}
		excess--
		return true
	})
}

// left tells whether somebody has left a room, and when; nobody: whether it is over.
func left(room fake.RoomInfo, p cc.ParticipantID) (time.Time, bool) {
	if p != "" {
		if _, ok := room.Member(p); ok {
			return time.Time{}, false
		}
		for _, m := range slices.Backward(room.Departed) {
			if m.ID == p {
				return m.ExitAt, true
			}
		}
		return orNow(room.EndedAt), true
	}
	return orNow(room.EndedAt), room.Status == fake.Ended
}

// orNow is t, or now where there is none.
func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

// settle lets every recording and play follow its room, as it is in truth.
func (s *Server) settle() {
	runs := map[cc.ConferenceID]string{}
	s.where.mu.Lock()
	for _, b := range s.where.bound {
		if b.order.record && !b.begun {
			runs[b.run] = b.name
		}
	}
	s.where.mu.Unlock()
	s.media.mu.Lock()
	for _, r := range s.media.recordings {
		if !r.State.Over() {
			runs[r.Instance] = r.Conference
		}
	}
	for _, p := range s.media.plays {
		runs[p.Instance] = p.Conference
	}
	s.media.mu.Unlock()
	for run, name := range runs {
		s.follow(run, name)
	}
}

// follow does for one run what settle does for all.
func (s *Server) follow(run cc.ConferenceID, name string) {
	room, err := s.bridge.Look(run)
	if err != nil { // forgotten, so it is over
		room = fake.RoomInfo{Name: name, Instance: run, Status: fake.Ended}
	}
	s.recordAsOrdered(room)
	s.media.follow(room)
}

// recordAsOrdered begins the recording that Add Participant ordered for a room, once it is active
// and enough people are in it. It begins when the last of them came in.
func (s *Server) recordAsOrdered(room fake.RoomInfo) {
	s.where.mu.Lock()
	b := s.where.binding(room.Instance)
	due := b != nil && b.order.record && !b.begun && room.Status == fake.Active && len(room.Members) >= b.order.least
	var format string
	var since time.Time
	if due {
		b.begun, format, since = true, b.order.format, room.StartedAt
		if last := room.Members[b.order.least-1].JoinedAt; last.After(since) {
			since = last
		}
	}
	s.where.mu.Unlock()
	if due {
		r := s.newRecording(room, "", format)
		r.StartedAt = since
		s.media.begin(r)
	}
}

// newRecording is a recording that is about to begin.
func (s *Server) newRecording(room fake.RoomInfo, p cc.ParticipantID, format string) recording {
	id := newUUID()
	format = cmp.Or(format, "mp3")
	return recording{Recording: Recording{
		ID: id, Conference: room.Name, Instance: room.Instance, Participant: p, Format: format,
		URL:       "https://media.plivo.com" + s.root() + "Recording/" + id + "." + format,
		StartedAt: time.Now(),
	}}
}
