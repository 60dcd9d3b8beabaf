package httpclient

import (
	"fmt"
	"io"
	"log/slog"
)

// print writes a text whatever the verb is, so that no verb reaches the fields behind it.
func print(f fmt.State, text string) { _, _ = io.WriteString(f, text) }

// String names the client; it shows no option.
func (c *Client) String() string { return "httpclient.Client(" + c.provider + ")" }

// Format writes String for every verb.
func (c *Client) Format(f fmt.State, _ rune) { print(f, c.String()) }

// LogValue is String.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String names provider and client; it shows neither Base nor what may hold credentials.
func (o Options) String() string { return "httpclient.Options(" + o.Provider + ", " + o.Name + ")" }

// Format writes String for every verb.
func (o Options) Format(f fmt.State, _ rune) { print(f, o.String()) }

// LogValue is String.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String shows the operation, not whom it is about.
func (r Request) String() string {
	return "httpclient.Request(" + r.Op + ", " + r.Class.String() + ", " + r.Method + ")"
}

// Format writes String for every verb.
func (r Request) Format(f fmt.State, _ rune) { print(f, r.String()) }

// LogValue is String.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String shows the status and the request id, not what the vendor said.
func (a Answer) String() string {
	return fmt.Sprintf("httpclient.Answer(%d, %s, %d bytes)", a.Status, a.RequestID, len(a.Body))
}

// Format writes String for every verb.
func (a Answer) Format(f fmt.State, _ rune) { print(f, a.String()) }

// LogValue is String.
func (a Answer) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Format writes Error for every verb.
func (e *wireError) Format(f fmt.State, _ rune) { print(f, e.Error()) }
