package fake

import (
	"fmt"
	"io"
	"log/slog"
)

// People on a Switch are made up, but what is built on one is logged as it will be in production. So
// the verb %#v and log values hide people here as everywhere; %v and %+v show them.

// GoString tells the type alone.
func (l Leg) GoString() string { return "fake.Leg{...}" }

// LogValue tells how the leg came in, and nothing by which anybody could be known.
func (l Leg) LogValue() slog.Value {
	return slog.GroupValue(slog.String("entry", l.Entry.String()))
}

// GoString tells the type alone.
func (m MemberInfo) GoString() string { return "fake.MemberInfo{...}" }

// LogValue tells the flags and why the leg is gone, and nothing by which anybody could be known.
func (m MemberInfo) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("state", m.State().String())}
	if m.Cause != "" {
		attrs = append(attrs, slog.String("cause", string(m.Cause)))
	}
	return slog.GroupValue(attrs...)
}

// GoString tells the type alone.
func (r RoomInfo) GoString() string { return "fake.RoomInfo{...}" }

// LogValue tells where the run stands and how many are in it, and nothing by which it could be known.
func (r RoomInfo) LogValue() slog.Value {
	return slog.GroupValue(slog.String("status", string(r.Status)), slog.Int("members", len(r.Members)),
		slog.Int("ringing", len(r.Ringing)), slog.Int("departed", len(r.Departed)))
}

// GoString tells the type alone.
func (n News) GoString() string { return "fake.News{...}" }

// LogValue tells what happened, and nothing of whom.
func (n News) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(n.Kind)), slog.Uint64("seq", n.Seq))
}

// GoString tells the type alone.
func (r Request) GoString() string { return "fake.Request{...}" }

// LogValue tells what was asked for, and nothing of whom.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("op", string(r.Op)), slog.String("change", r.Change.String()))
}

// GoString tells the type alone.
func (f Fault) GoString() string { return "fake.Fault{...}" }

// LogValue tells what goes wrong, and nothing of whom.
func (f Fault) LogValue() slog.Value {
	return slog.GroupValue(slog.String("op", string(f.Op)), slog.String("what", string(f.What)))
}

// GoString tells the name alone.
func (p Profile) GoString() string { return fmt.Sprintf("fake.Profile{Name:%q}", p.Name) }

// LogValue tells the name alone.
func (p Profile) LogValue() slog.Value { return slog.GroupValue(slog.String("name", p.Name)) }

// Format writes a fixed word for every verb; Info is what can be printed.
func (m *Member) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "fake.Member{...}") }

// LogValue is that of Info.
func (m *Member) LogValue() slog.Value { return m.Info().LogValue() }

// Format writes a fixed word for every verb; Rooms, History and Look are what can be printed.
func (s *Switch) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "fake.Switch{...}") }

// LogValue tells how many conferences are live.
func (s *Switch) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("conferences", len(s.Rooms())))
}

// Format writes a fixed word for every verb.
func (f *Feed) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "fake.Feed{...}") }

// LogValue tells the type alone.
func (f *Feed) LogValue() slog.Value { return slog.StringValue("fake.Feed") }

// Format writes a fixed word for every verb.
func (t Timed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "fake.Timed{...}") }
