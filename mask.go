package callcontrol

import (
	"fmt"
	"log/slog"
)

// LogValue hides the id.
func (ConferenceID) LogValue() slog.Value { return slog.StringValue(hidden) }

// GoString hides the id.
func (ConferenceID) GoString() string { return "callcontrol.ConferenceID" + hidden }

// LogValue hides the id.
func (ParticipantID) LogValue() slog.Value { return slog.StringValue(hidden) }

// GoString hides the id.
func (ParticipantID) GoString() string { return "callcontrol.ParticipantID" + hidden }

// LogValue gives role, state and controls, and hides who it is.
func (p Participant) LogValue() slog.Value {
	list := make([]slog.Attr, 0, 5)
	if p.Role != "" {
		list = append(list, slog.String("role", word(string(p.Role))))
	}
	if p.Self {
		list = append(list, slog.Bool("self", true))
	}
	list = append(list, slog.String("state", p.State.String()), slog.String("controls", p.Controls.String()))
	if !p.JoinedAt.IsZero() {
		list = append(list, slog.Time("joined_at", p.JoinedAt.UTC()))
	}
	return slog.GroupValue(list...)
}

// GoString hides who it is.
func (p Participant) GoString() string {
	return fmt.Sprintf("callcontrol.Participant{Role:%q, State:%v, Controls:%v}", word(string(p.Role)), p.State, p.Controls)
}

// LogValue gives how many are there and what can be done, and hides who and which conference.
func (s Snapshot) LogValue() slog.Value {
	list := []slog.Attr{
		slog.Int("participants", len(s.Participants)),
		slog.String("controls", s.Controls.String()),
	}
	if !s.At.IsZero() {
		list = append(list, slog.Time("at", s.At.UTC()))
	}
	return slog.GroupValue(list...)
}

// GoString hides who is there and which conference it is.
func (s Snapshot) GoString() string {
	return fmt.Sprintf("callcontrol.Snapshot{Participants:%d, Controls:%v}", len(s.Participants), s.Controls)
}

// LogValue gives the count and the start, and hides which conference it is.
func (s Summary) LogValue() slog.Value {
	var list []slog.Attr
	if s.Participants >= 0 {
		list = append(list, slog.Int("participants", s.Participants))
	}
	if !s.StartedAt.IsZero() {
		list = append(list, slog.Time("started_at", s.StartedAt.UTC()))
	}
	return slog.GroupValue(list...)
}

// GoString hides which conference it is.
func (s Summary) GoString() string {
	return fmt.Sprintf("callcontrol.Summary{Participants:%d}", s.Participants)
}

// LogValue gives what happened, and hides to whom.
func (e Event) LogValue() slog.Value {
	list := []slog.Attr{slog.String("type", word(string(e.Type)))}
	if e.Gap {
		list = append(list, slog.Bool("gap", true))
	}
	if e.Type == Joined || e.Type == Changed || e.Type == Left {
		list = append(list, slog.Any("participant", e.Participant))
	}
	if e.Before != (ParticipantState{}) {
		list = append(list, slog.String("before", e.Before.String()))
	}
	if e.Reason != "" {
		list = append(list, slog.String("reason", word(string(e.Reason))))
	}
	if e.Code != "" {
		list = append(list, slog.String("code", code(e.Code)))
	}
	if e.Err != nil {
		list = append(list, slog.Any("error", asError(e.Err)))
	}
	list = append(list, slog.Any("snapshot", e.Snapshot))
	return slog.GroupValue(list...)
}

// GoString hides to whom it happened.
func (e Event) GoString() string {
	return fmt.Sprintf("callcontrol.Event{Type:%q, Reason:%q, Participant:%#v, Snapshot:%#v}",
		word(string(e.Type)), word(string(e.Reason)), e.Participant, e.Snapshot)
}

// LogValue gives the operation and the change, and hides whom it is about.
func (c Command) LogValue() slog.Value {
	list := []slog.Attr{slog.String("op", label(c.Op, "")), slog.String("client", label(c.Client, ""))}
	if !c.Change.IsZero() {
		list = append(list, slog.String("change", c.Change.String()))
	}
	return slog.GroupValue(list...)
}

// GoString hides whom it is about.
func (c Command) GoString() string {
	return fmt.Sprintf("callcontrol.Command{Op:%q, Client:%q, Change:%v}", label(c.Op, ""), label(c.Client, ""), c.Change)
}
