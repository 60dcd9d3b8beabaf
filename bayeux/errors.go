package bayeux

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Kind says what sort of thing went wrong. It is an error itself, so that
//
//	errors.Is(err, bayeux.ErrSessionLost)
//
// tells whether err is, or wraps, an *Error of that kind.
type Kind uint8

// The kinds of errors.
const (
	// ErrClosed: the session was closed by Close, or the subscription by Unsubscribe.
	ErrClosed Kind = iota + 1
	// ErrInvalid: an argument was refused before anything was sent.
	ErrInvalid
	// ErrCanceled: the caller's context ended. The context's error is wrapped too.
	ErrCanceled
	// ErrDenied: the server understood and refused, with a Bayeux error, or told the client to stop.
	ErrDenied
	// ErrUnauthorized: the server answered HTTP 401 or 403, and authentication could not mend it.
	ErrUnauthorized
	// ErrSessionLost: the server does not know the session any more.
	ErrSessionLost
	// ErrDisconnected: the server ended the session of its own accord.
	ErrDisconnected
	// ErrTransport: the network or the HTTP server failed.
	ErrTransport
	// ErrTimeout: no answer came in time.
	ErrTimeout
	// ErrProtocol: an answer was not what Bayeux prescribes.
	ErrProtocol
	// ErrTooLarge: a message was longer than the limit.
	ErrTooLarge
	// ErrNoTransport: client and server have no transport in common.
	ErrNoTransport
	// ErrOverflow: a bounded queue was full.
	ErrOverflow
	// ErrHook: a hook of the application failed.
	ErrHook
)

var kindText = [...]string{
	ErrClosed: "closed", ErrInvalid: "invalid argument", ErrCanceled: "canceled", ErrDenied: "refused by the server",
	ErrUnauthorized: "not authorized", ErrSessionLost: "session lost", ErrDisconnected: "disconnected by the server",
	ErrTransport: "transport failed", ErrTimeout: "timed out", ErrProtocol: "protocol violated",
	ErrTooLarge: "too large", ErrNoTransport: "no common transport", ErrOverflow: "queue full", ErrHook: "hook failed",
}

// Error returns the kind in words.
func (k Kind) Error() string {
	if k == 0 || int(k) >= len(kindText) {
		return "error of kind " + strconv.Itoa(int(k))
	}
	return "bayeux: " + kindText[k]
}

// An Error is what every error of this package is or wraps. Its text has no session id, no header,
// no payload, no URL and none of the server's words, which may name channels, sessions and people.
type Error struct {
	// Kind says what sort of error it is.
	Kind Kind
	// Op is what was attempted: "handshake", "connect", "subscribe", "publish" and so on.
	Op string
	// Code, Args and Text are the parts of a Bayeux error, "403:arg1,arg2:text". Code is 0 if the
	// server sent no error, or one without a code. The session id, which some servers put into the
	// error, is replaced by "*". Args and Text are the server's words, of which the first kilobyte is
	// kept: they do not appear in the text of the Error, because they may hold personal data.
	Code int
	Args []string
	Text string
	// Status is the HTTP status if that is what failed, and 0 otherwise.
	Status int
	// RetryAfter is the pause that the HTTP server asked for, or 0.
	RetryAfter time.Duration
	// Sent tells of a failed request whether it may have reached the server all the same.
	Sent bool
	// Detail is an explanation in this package's own words.
	Detail string
	// Err is the cause, if there is one. It does not appear in the text except as a class, such as
	// "connection refused".
	Err error
}

// Error describes the error in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("bayeux: ")
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	if int(e.Kind) < len(kindText) {
		b.WriteString(kindText[e.Kind])
	}
	if e.Code != 0 {
		fmt.Fprintf(&b, " (error %d)", e.Code)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP status %d)", e.Status)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.Err != nil {
		b.WriteString(": " + describe(e.Err))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// GoString is the text, so that %#v shows no more than %v.
func (e *Error) GoString() string { return "&bayeux.Error{" + strconv.Quote(e.Error()) + "}" }

// maxErrorText bounds how much of a server's error is kept.
const maxErrorText = 1 << 10

// describe gives the class of a cause without the addresses, names and contents that it may hold.
func describe(err error) string {
	var own *Error
	var kind Kind
	var ne net.Error
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &own):
		return strings.TrimPrefix(own.Error(), "bayeux: ")
	case errors.As(err, &kind):
		return strings.TrimPrefix(kind.Error(), "bayeux: ")
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "deadline passed"
	case errors.As(err, &dns):
		return "name not resolved"
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &record):
		return "TLS failed"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, net.ErrClosed):
		return "connection closed"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection ended early"
	case errors.As(err, &ne) && ne.Timeout():
		return "timed out"
	}
	return "failed"
}

// refusal reports whether e is an HTTP status that says that the request itself is wrong, so that to make it
// again is of no use.
func (e *Error) refusal() bool {
	return e.Status >= 400 && e.Status < 500 && e.Status != 408 && e.Status != 429
}

// asError makes err an *Error for op; what is one already stays what it is.
func asError(op string, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		if own.Op == "" {
			c := *own
			c.Op = op
			return &c
		}
		return own
	}
	e := &Error{Kind: ErrTransport, Op: op, Err: err}
	var ne net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		e.Kind = ErrTimeout
	}
	return e
}

// canceled is the error of a call whose context ended.
func canceled(ctx context.Context, op string, sent bool) *Error {
	return &Error{Kind: ErrCanceled, Op: op, Sent: sent, Err: context.Cause(ctx)}
}

// replyError makes an Error of the error field of an unsuccessful reply. The session id is taken out.
func replyError(op, text, clientID string) *Error {
	if clientID != "" {
		text = strings.ReplaceAll(text, clientID, "*")
	}
	if len(text) > maxErrorText {
		text = strings.Clone(text[:maxErrorText])
	}
	e := &Error{Kind: ErrDenied, Op: op}
	e.Code, e.Args, e.Text = parseError(text)
	if lostBy(e) {
		e.Kind = ErrSessionLost
	}
	return e
}

// parseError takes "code:arguments:text" apart. What has another form is all text.
func parseError(s string) (code int, args []string, text string) {
	head, rest, ok := strings.Cut(s, ":")
	if !ok || len(head) != 3 {
		return 0, nil, s
	}
	for _, c := range []byte(head) {
		if c < '0' || c > '9' {
			return 0, nil, s
		}
		code = code*10 + int(c-'0')
	}
	arguments, text, ok := strings.Cut(rest, ":")
	if !ok {
		return code, nil, rest
	}
	if arguments != "" {
		args = strings.Split(arguments, ",")
	}
	return code, args, text
}

// lostBy reports whether a reply's error says that the session is unknown to the server. The codes
// differ between servers, and one of them uses 402 for a missing parameter.
func lostBy(e *Error) bool {
	switch e.Code {
	case 402:
		return !strings.Contains(e.Text, "Missing required parameter")
	case 401, 403:
		return strings.Contains(strings.ToLower(e.Text), "unknown client")
	}
	return false
}
