package callcontrol

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// hidden stands where something is not shown.
const hidden = "(hidden)"

// label gives a name that was configured or written by a programmer, otherwise for an empty one, and
// hidden for one that is too long or not printable.
func label(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	if len(s) > 64 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return hidden
	}
	return s
}

// token gives an identifier of a request as it is, unless it has another form than such ids have.
func token(s string) string {
	if len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool { return !isWordRune(r) && !strings.ContainsRune(".:/=", r) }) {
		return hidden
	}
	return s
}

// code gives a provider's code as it is, unless it could be a phone number or an address.
func code(s string) string {
	digits := 0
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case !isWordRune(r) && !strings.ContainsRune(".:/ ", r):
			return hidden
		}
	}
	if len(s) > 64 || digits > 6 {
		return hidden
	}
	return s
}

// word gives a word of an open vocabulary, such as a role, unless it could be something else.
func word(s string) string {
	if len(s) > 32 || strings.ContainsFunc(s, func(r rune) bool { return !isWordRune(r) || '0' <= r && r <= '9' }) {
		return hidden
	}
	return s
}

func isWordRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}

// safeText says of err what cannot hold personal data or secrets: the words of a Detail, the text of
// an Error, or the class of a well-known error; of an error that wraps several, what can be said of
// each; of others, nothing.
func safeText(err error) string {
	switch e := err.(type) {
	case nil:
		return ""
	case *Error:
		if e == nil {
			return ""
		}
		return e.text()
	case Detail:
		return string(e)
	case Kind:
		return e.Error()
	case kindless:
		return safeText(e.err)
	case interface{ Unwrap() []error }:
		var parts []string
		for _, part := range e.Unwrap() {
			if text := safeText(part); text != "" && !slices.Contains(parts, text) {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, ": ")
	case interface{ Unwrap() error }:
		if text := safeText(e.Unwrap()); text != "" {
			return text
		}
	}
	return classOf(err)
}

// classOf names a well-known error by its class.
func classOf(err error) string {
	var (
		errno  syscall.Errno
		netErr net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "context canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "context deadline exceeded"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected EOF"
	case errors.Is(err, io.EOF):
		return "EOF"
	case errors.Is(err, net.ErrClosed), errors.Is(err, http.ErrServerClosed):
		return "connection closed"
	case isCertificate(err):
		return "certificate not accepted"
	case isName(err):
		return "host name not resolved"
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	case isJSON(err):
		return "malformed JSON"
	}
	return ""
}

func isCertificate(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		certificate  x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &certificate)
}

func isName(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && !dns.IsTimeout
}

func isJSON(err error) bool {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	return errors.As(err, &syntax) || errors.As(err, &kind)
}

// format writes text under any verb, and goText under %#v, with flags, width and precision obeyed.
func format(f fmt.State, verb rune, text, goText string) {
	switch verb {
	case 'v':
		if f.Flag('#') {
			text = goText
		}
		verb = 's'
	case 's', 'q', 'x', 'X':
	default:
		verb = 's'
	}
	directive := "%"
	for _, flag := range "-0 " {
		if f.Flag(int(flag)) {
			directive += string(flag)
		}
	}
	if width, ok := f.Width(); ok {
		directive += strconv.Itoa(width)
	}
	if precision, ok := f.Precision(); ok {
		directive += "." + strconv.Itoa(precision)
	}
	fmt.Fprintf(f, directive+string(verb), text)
}
