package callcontrol

import (
	"bytes"
	"encoding/json"
)

// isNull reports whether data is the JSON null, which by convention changes nothing.
func isNull(data []byte) bool { return bytes.Equal(data, []byte("null")) }

// These types stand for the exported ones inside encoding/json, without their methods.
type (
	plainParticipant Participant
	plainSnapshot    Snapshot
	plainSummary     Summary
	plainEvent       Event
)

// MarshalJSON writes the participant in full, its time in UTC.
func (p Participant) MarshalJSON() ([]byte, error) {
	p.JoinedAt = p.JoinedAt.UTC()
	return json.Marshal(plainParticipant(p))
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (p *Participant) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var got plainParticipant
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	got.JoinedAt = got.JoinedAt.UTC()
	*p = Participant(got)
	return nil
}

// MarshalJSON writes the snapshot in full, its times in UTC, and a list of participants even where
// there are none.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	s.At = s.At.UTC()
	if s.Participants == nil {
		s.Participants = []Participant{}
	}
	return json.Marshal(plainSnapshot(s))
}

// UnmarshalJSON is the inverse of MarshalJSON; an empty list is read as nil.
func (s *Snapshot) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var got plainSnapshot
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	got.At = got.At.UTC()
	if len(got.Participants) == 0 {
		got.Participants = nil
	}
	*s = Snapshot(got)
	return nil
}

// A summaryJSON leaves out a count that is not told.
type summaryJSON struct {
	plainSummary
	Participants *int `json:"participants,omitempty"`
}

// MarshalJSON writes the summary in full, its time in UTC. A negative count, which is one that is
// not told, is left out.
func (s Summary) MarshalJSON() ([]byte, error) {
	s.StartedAt = s.StartedAt.UTC()
	out := summaryJSON{plainSummary: plainSummary(s)}
	if s.Participants >= 0 {
		out.Participants = &s.Participants
	}
	return json.Marshal(out)
}

// UnmarshalJSON is the inverse of MarshalJSON: without a count, Participants is -1.
func (s *Summary) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var got summaryJSON
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	got.StartedAt = got.StartedAt.UTC()
	*s = Summary(got.plainSummary)
	s.Participants = -1
	if got.Participants != nil {
		s.Participants = *got.Participants
	}
	return nil
}

// An eventJSON has the masked form of an event's error.
type eventJSON struct {
	plainEvent
	Err *Error `json:"error,omitempty"`
}

// MarshalJSON writes the event in full but for Err, which is written as an [Error] writes itself.
// Times are in UTC.
func (e Event) MarshalJSON() ([]byte, error) {
	e.At = e.At.UTC()
	out := eventJSON{plainEvent: plainEvent(e)}
	if e.Err != nil {
		out.Err = asError(e.Err)
	}
	return json.Marshal(out)
}

// UnmarshalJSON is the inverse of MarshalJSON. Err is an *[Error] with what its masked form holds.
func (e *Event) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var got eventJSON
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	got.At = got.At.UTC()
	*e = Event(got.plainEvent)
	if got.Err != nil {
		e.Err = got.Err
	}
	return nil
}
