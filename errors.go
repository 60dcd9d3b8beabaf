package callcontrol

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// An Error is how everything in this module fails. Match it with errors.Is and a [Kind], or take it
// out with errors.As.
//
// Its fields are for the program. Its text, in every verb and encoding, and its log value are safe
// to write anywhere: they have the operation, client, provider, kind and figures, and neither
// Conference, Participant and Message nor the text of Err, which may hold personal data. Of Err, and of
// what it wraps, they tell the text of a [Detail] or another *Error, of well-known errors the class
// ("context canceled", "timeout", "connection refused"), and of others nothing.
type Error struct {
	Op          string        // one of the Op constants, or a provider's own operation
	Client      string        // Client.Name
	Provider    string        // Client.Provider
	Conference  ConferenceID  // as the caller gave it
	Participant ParticipantID // as the caller gave it
	Kind        Kind
	Missing     Controls      // unsupported, forbidden, conflict: what lacks
	Code        string        // the provider's own code, verbatim
	Status      int           // of HTTP, where there was an answer
	RequestID   string        // the provider's, for its support desk
	RetryAfter  time.Duration // how long the provider asks to wait
	Applied     Change        // of a change that failed half-way: what was confirmed
	Message     string        // the provider's words; may hold personal data
	Err         error         // the cause; its text may hold personal data
}

// A Detail is the cause of an [Error] in a programmer's own words, which the text of the Error may
// therefore repeat. Never build one from anything that a provider, a caller or the network said,
// unless that cannot hold a secret, a number, a name or an id. Where something led to it, wrap both:
//
//	Err: fmt.Errorf("%w: %w", callcontrol.Detail("the answer was cut off"), err)
type Detail string

// Error gives the words.
func (d Detail) Error() string { return string(d) }

// Error says what failed, where, of which kind, and what is known of it; never who it was about.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	return e.text()
}

func (e Error) text() string {
	var b strings.Builder
	b.WriteString(label(e.Op, "callcontrol"))
	switch {
	case e.Client != "" && e.Client != e.Provider && e.Provider != "":
		b.WriteString(" (" + label(e.Provider, "") + ", " + label(e.Client, "") + ")")
	case e.Provider != "" || e.Client != "":
		b.WriteString(" (" + label(e.Provider, label(e.Client, "")) + ")")
	}
	b.WriteString(": " + e.Kind.Error())
	for i, a := range e.figures() {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(strings.ReplaceAll(a.Key, "_", " ") + " " + a.Value.String())
	}
	if cause := e.cause(); cause != "" {
		b.WriteString(": " + cause)
	}
	return b.String()
}

// figures is what is known beside operation, place and kind.
func (e Error) figures() []slog.Attr {
	var list []slog.Attr
	if e.Missing != 0 {
		list = append(list, slog.String("missing", e.Missing.String()))
	}
	if e.Code != "" {
		list = append(list, slog.String("code", code(e.Code)))
	}
	if e.Status != 0 {
		list = append(list, slog.Int("status", e.Status))
	}
	if e.RequestID != "" {
		list = append(list, slog.String("request_id", token(e.RequestID)))
	}
	if e.RetryAfter != 0 {
		list = append(list, slog.Duration("retry_after", e.RetryAfter))
	}
	if !e.Applied.IsZero() {
		list = append(list, slog.String("applied", e.Applied.String()))
	}
	return list
}

// cause is what can safely be said of Err, unless that is only the kind again.
func (e Error) cause() string {
	if s := safeText(e.Err); s != e.Kind.Error() {
		return s
	}
	return ""
}

// Unwrap gives the Kind and the cause. The cause answers errors.Is and errors.As as Err does, but
// for kinds: an Error has one kind, whatever it wraps. Err itself is the field.
func (e *Error) Unwrap() []error {
	if e == nil {
		return nil
	}
	var list []error
	if e.Kind != 0 {
		list = append(list, e.Kind)
	}
	if e.Err != nil {
		list = append(list, kindless{e.Err})
	}
	return list
}

// kindless is an error without the kinds in it.
type kindless struct{ err error }

func (k kindless) Error() string { return safeText(k.err) }

func (k kindless) Format(f fmt.State, verb rune) { format(f, verb, k.Error(), k.Error()) }

func (k kindless) Is(target error) bool {
	if _, ok := target.(Kind); ok {
		return false
	}
	return errors.Is(k.err, target)
}

func (k kindless) As(target any) bool {
	switch target.(type) {
	case *Kind, **Error:
		return false
	}
	return errors.As(k.err, target)
}

// asError gives the outermost Error that err is or wraps, or one around err.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	return &Error{Kind: KindOf(err), Err: err}
}

// Format writes the text of the error, whatever the verb: %q quotes it, %x writes it in hexadecimal,
// and %#v is [Error.GoString].
func (e Error) Format(f fmt.State, verb rune) { format(f, verb, e.text(), e.GoString()) }

// GoString gives a Go expression of the kind and the text.
func (e Error) GoString() string {
	return "callcontrol.Error{" + strconv.Quote(e.text()) + "}"
}

// LogValue gives operation, client, provider, kind, figures and the class of the cause.
func (e Error) LogValue() slog.Value {
	var list []slog.Attr
	if e.Op != "" {
		list = append(list, slog.String("op", label(e.Op, "")))
	}
	if e.Client != "" {
		list = append(list, slog.String("client", label(e.Client, "")))
	}
	if e.Provider != "" {
		list = append(list, slog.String("provider", label(e.Provider, "")))
	}
	list = append(list, slog.String("kind", e.Kind.Error()))
	list = append(list, e.figures()...)
	if cause := e.cause(); cause != "" {
		list = append(list, slog.String("cause", cause))
	}
	return slog.GroupValue(list...)
}

// MarshalText gives the text of the error.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.text()), nil }

// An errorJSON is the masked form of an Error.
type errorJSON struct {
	Op         string   `json:"op,omitempty"`
	Client     string   `json:"client,omitempty"`
	Provider   string   `json:"provider,omitempty"`
	Kind       Kind     `json:"kind,omitempty"`
	Missing    Controls `json:"missing,omitempty"`
	Code       string   `json:"code,omitempty"`
	Status     int      `json:"status,omitempty"`
	RequestID  string   `json:"request_id,omitempty"`
	RetryAfter string   `json:"retry_after,omitempty"`
	Applied    Change   `json:"applied,omitzero"`
	Cause      Detail   `json:"cause,omitempty"`
}

// MarshalJSON writes what the text of the error has, and no more: no ids, no Message, and of Err
// what is safe, as "cause". RetryAfter is written as a duration such as "1.5s".
func (e Error) MarshalJSON() ([]byte, error) {
	out := errorJSON{
		Op: label(e.Op, ""), Client: label(e.Client, ""), Provider: label(e.Provider, ""),
		Kind: e.Kind, Missing: e.Missing, Status: e.Status, Applied: e.Applied, Cause: Detail(e.cause()),
	}
	if e.Code != "" {
		out.Code = code(e.Code)
	}
	if e.RequestID != "" {
		out.RequestID = token(e.RequestID)
	}
	if e.RetryAfter != 0 {
		out.RetryAfter = e.RetryAfter.String()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. Err is a [Detail] with the words of "cause".
func (e *Error) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var got errorJSON
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	out := Error{
		Op: got.Op, Client: got.Client, Provider: got.Provider, Kind: got.Kind, Missing: got.Missing,
		Code: got.Code, Status: got.Status, RequestID: got.RequestID, Applied: got.Applied,
	}
	if got.RetryAfter != "" {
		wait, err := time.ParseDuration(got.RetryAfter)
		if err != nil {
			return Detail("retry_after is a duration such as \"1.5s\"")
		}
		out.RetryAfter = wait
	}
	if got.Cause != "" {
		out.Err = got.Cause
	}
	*e = out
	return nil
}

// MarshalBinary gives the masked form that MarshalJSON gives, for encoding/gob and its like.
func (e Error) MarshalBinary() ([]byte, error) { return e.MarshalJSON() }

// UnmarshalBinary reads what MarshalBinary wrote.
func (e *Error) UnmarshalBinary(data []byte) error { return e.UnmarshalJSON(data) }
