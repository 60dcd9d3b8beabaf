package genesys

import (
	"fmt"
	"log/slog"
)

// What the server tells of calls and people is for the program. %v and %+v write it in full; %#v and
// log values hide it.

// GoString hides whose call it is.
func (c CallRecord) GoString() string { return "genesys.CallRecord{...}" }

// LogValue hides whose call it is, and tells how it stands.
func (c CallRecord) LogValue() slog.Value {
	return slog.GroupValue(slog.String("call", word(c.State)), slog.Int("others", len(c.Participants)))
}

// GoString hides who it is.
func (p PartyRecord) GoString() string { return "genesys.PartyRecord{...}" }

// LogValue hides who it is.
func (p PartyRecord) LogValue() slog.Value { return slog.StringValue("party") }

// GoString hides whose device it is.
func (d DeviceRecord) GoString() string { return "genesys.DeviceRecord{...}" }

// LogValue hides whose device it is, and tells how it stands.
func (d DeviceRecord) LogValue() slog.Value {
	return slog.GroupValue(slog.String("device", word(d.DeviceState)), slog.String("user", word(d.UserState)))
}

// GoString hides who it is.
func (t Target) GoString() string { return "genesys.Target{...}" }

// LogValue hides who it is.
func (t Target) LogValue() slog.Value { return slog.StringValue("target") }

// String names no call.
func (c *Call) String() string { return "genesys.Call" }

// GoString names no call.
func (c *Call) GoString() string { return c.String() }

// Format writes String for every verb.
func (c *Call) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// LogValue names no call.
func (c *Call) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String shows what the client is called, and neither the agent nor the place.
func (o Options) String() string { return "genesys.Options{Name: " + word(o.clientName()) + "}" }

// GoString is String.
func (o Options) GoString() string { return o.String() }

// Format writes String for every verb.
func (o Options) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(o.String())) }

// LogValue is String.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// word is a word of the server's if it is one: it cannot be a number, a name or anything else then.
func word(s string) string {
	if s == "" || len(s) > 32 {
		return "other"
	}
	for i := range len(s) {
		if b := s[i]; !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-') {
			return "other"
		}
	}
	return s
}
