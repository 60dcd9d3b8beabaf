package provider

import (
	"fmt"
	"io"
	"log/slog"
)

// What applications and drivers hold of this package shows no id, no name and no number in a log value
// or in what %#v prints; clients and handles, which remember people, and Options show none in any verb.

// print writes a text whatever the verb is, so that no verb reaches the fields behind it.
func print(f fmt.State, text string) { _, _ = io.WriteString(f, text) }

// String names the provider.
func (c *client) String() string { return "client of " + c.provider }

// Format writes String for every verb.
func (c *client) Format(f fmt.State, _ rune) { print(f, c.String()) }

// LogValue is String.
func (c *client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String names the provider, and not the conference.
func (h *conference) String() string { return "conference of " + h.client.provider }

// Format writes String for every verb.
func (h *conference) Format(f fmt.State, _ rune) { print(f, h.String()) }

// LogValue is String.
func (h *conference) LogValue() slog.Value { return slog.StringValue(h.String()) }

// String shows what a driver has told of itself, and of the configuration what that shows.
func (o Options) String() string {
	return fmt.Sprintf("{Config:%v Timeout:%v Poll:%v Serial:%v Whole:%v Unconfirmed:%v}",
		o.Config, o.Timeout, o.Poll, o.Serial, o.Whole, o.Unconfirmed)
}

// Format writes String for every verb.
func (o Options) Format(f fmt.State, _ rune) { print(f, o.String()) }

// LogValue is String.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// GoString hides the run.
func (r Result) GoString() string { return fmt.Sprintf("provider.Result{Done:%v}", r.Done) }

// LogValue hides the run.
func (r Result) LogValue() slog.Value { return slog.StringValue(r.GoString()) }

// GoString hides the conference and what the failure is.
func (u Update) GoString() string {
	return fmt.Sprintf("provider.Update{Gap:%v, Failure:%v}", u.Gap, u.Failure != nil)
}

// LogValue hides the conference, and of the failure what an error hides.
func (u Update) LogValue() slog.Value {
	list := []slog.Attr{slog.Bool("gap", u.Gap)}
	if u.Failure != nil {
		list = append(list, logError(u.Failure))
	}
	return slog.GroupValue(list...)
}

// GoString hides who it was.
func (d Departure) GoString() string { return "provider.Departure{(hidden)}" }

// LogValue hides who it was.
func (d Departure) LogValue() slog.Value { return slog.StringValue(d.GoString()) }

// GoString hides who is there and who has left, and which conference it is.
func (s Snapshot) GoString() string {
	return fmt.Sprintf("provider.Snapshot{Participants:%d, RunTime:%v, Departed:%d}",
		len(s.Participants), s.RunTime, len(s.Departed))
}

// LogValue hides who is there and who has left, and which conference it is.
func (s Snapshot) LogValue() slog.Value { return slog.StringValue(s.GoString()) }
