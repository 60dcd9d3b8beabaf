package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	errBusy     = cc.Detail("the rate limit leaves no time for this before the deadline")
	errBudget   = cc.Detail("the retry budget is spent")
	errSpent    = cc.Detail("the attempts of this command are spent")
	errTooLong  = cc.Detail("the answer is too long")
	errEmpty    = cc.Detail("the answer is empty")
	errNotJSON  = cc.Detail("the answer is not JSON")
	errRedirect = cc.Detail("the answer is a redirect; none is followed")
	errNoAnswer = cc.Detail("the transport returned no answer")
)

// A wireError says in words of our own what went wrong. The errors beside them are for errors.Is and
// errors.As; their texts, which may quote a URL or what the vendor sent, are not in its own.
type wireError struct {
	what cc.Detail
	why  []error
}

func (e *wireError) Error() string { return string(e.what) }

// Unwrap gives the words, and then what led to them.
func (e *wireError) Unwrap() []error { return append([]error{e.what}, e.why...) }

// describe makes an error that is fit for a log out of a transport's. late is the limit of the
// attempt if it has passed.
func describe(err error, sent bool, late time.Duration) error {
	for {
		var u *url.Error // its text holds the URL
		if !errors.As(err, &u) {
			break
		}
		err = u.Err
	}
	what := cc.Detail("the exchange broke off")
	switch {
	case late > 0:
		what = cc.Detail("no complete answer within " + late.String())
	case !sent:
		what = "no connection was made"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		what = "the connection was closed before the answer was complete"
	}
	return &wireError{what: what, why: []error{err}}
}

// shapeError tells where JSON had another shape than expected, without the value that was there.
func shapeError(err error) error {
	text := "the answer has an unexpected shape"
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		what, _, _ := strings.Cut(t.Value, " ")
		text += ": " + what
		if t.Field != "" {
			text += " at " + t.Field
		}
	}
	return cc.Detail(text)
}

// dialFailed reports whether err itself proves that no connection was made.
func dialFailed(err error) bool {
	var (
		dns *net.DNSError
		op  *net.OpError
	)
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// hopeless reports whether connecting would fail again: the certificate, the name, the protocol.
func hopeless(err error) bool {
	var (
		dns       *net.DNSError
		addr      *net.AddrError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		op        *net.OpError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &dns):
		return dns.IsNotFound || !dns.IsTimeout && !dns.IsTemporary
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert of the server
		return true
	}
	return errors.As(err, &addr) || errors.As(err, &cert) || errors.As(err, &authority) || errors.As(err, &host) ||
		errors.As(err, &invalid) || errors.As(err, &record) || errors.As(err, &alert)
}
