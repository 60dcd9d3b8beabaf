package callcontrol_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

var kinds = []cc.Kind{
	cc.ErrUnsupported, cc.ErrInvalid, cc.ErrNotFound, cc.ErrNotParticipant, cc.ErrConflict, cc.ErrForbidden,
	cc.ErrUnauthenticated, cc.ErrRateLimited, cc.ErrUnavailable, cc.ErrUncertain, cc.ErrCanceled, cc.ErrClosed,
}

func TestKindsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kinds {
		require.False(t, seen[k.Error()], k.Error())
		seen[k.Error()] = true
		for _, other := range kinds {
			want := k == other || k == cc.ErrNotParticipant && other == cc.ErrNotFound
			require.Equal(t, want, errors.Is(k, other), "%v is %v", k, other)
			require.Equal(t, want, errors.Is(&cc.Error{Kind: k}, other), "an Error of %v is %v", k, other)
		}
	}
	require.Equal(t, "unknown", cc.Kind(0).Error())
	require.Equal(t, "unknown", cc.Kind(200).Error())
}

func TestAnErrorHasOneKind(t *testing.T) {
	for _, inner := range kinds {
		for name, err := range map[string]error{
			"kind":    inner,
			"error":   &cc.Error{Kind: inner},
			"wrapped": fmt.Errorf("over: %w", &cc.Error{Kind: inner}),
			"joined":  errors.Join(io.EOF, inner),
			"twice":   &cc.Error{Kind: cc.ErrForbidden, Err: &cc.Error{Kind: inner}},
		} {
			outer := fmt.Errorf("outside: %w", &cc.Error{Kind: cc.ErrUncertain, Err: err})
			require.Equal(t, cc.ErrUncertain, cc.KindOf(outer), name)
			for _, k := range kinds {
				require.Equal(t, k == cc.ErrUncertain, errors.Is(outer, k), "%s: %v inside, asked for %v", name, inner, k)
			}
			var k cc.Kind
			require.True(t, errors.As(outer, &k))
			require.Equal(t, cc.ErrUncertain, k)
			var e *cc.Error
			require.True(t, errors.As(outer, &e))
			require.Equal(t, cc.ErrUncertain, e.Kind)
		}
	}
	none := &cc.Error{Err: &cc.Error{Kind: cc.ErrConflict}}
	require.Equal(t, cc.Kind(0), cc.KindOf(none))
	require.NotErrorIs(t, none, cc.ErrConflict)
	require.False(t, errors.As(error(none), new(cc.Kind)), "a kind from inside")
}

func TestCausesAreFound(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	inner := &cc.Error{Kind: cc.ErrUnavailable, Err: errors.Join(context.Canceled, dial, io.EOF)}
	err := error(&cc.Error{Kind: cc.ErrUncertain, Err: fmt.Errorf("settling: %w", inner)})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.ErrorIs(t, err, io.EOF)
	require.ErrorIs(t, err, inner)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	require.Same(t, dial, op)
	var dns *net.DNSError
	require.False(t, errors.As(err, &dns))
	require.Empty(t, (&cc.Error{}).Unwrap())
	require.Equal(t, []error{cc.ErrClosed}, (&cc.Error{Kind: cc.ErrClosed}).Unwrap())
}

func TestKindOf(t *testing.T) {
	var none *cc.Error
	for name, c := range map[string]struct {
		err  error
		want cc.Kind
	}{
		"nil":        {nil, 0},
		"nil error":  {none, 0},
		"foreign":    {io.EOF, 0},
		"kind":       {cc.ErrConflict, cc.ErrConflict},
		"wrapped":    {fmt.Errorf("a: %w", cc.ErrConflict), cc.ErrConflict},
		"error":      {&cc.Error{Kind: cc.ErrNotParticipant}, cc.ErrNotParticipant},
		"joined":     {errors.Join(io.EOF, &cc.Error{Kind: cc.ErrClosed}), cc.ErrClosed},
		"over inner": {&cc.Error{Kind: cc.ErrForbidden, Err: cc.ErrConflict}, cc.ErrForbidden},
	} {
		require.Equal(t, c.want, cc.KindOf(c.err), name)
	}
	require.Equal(t, "<nil>", none.Error())
	require.Empty(t, none.Unwrap())
	require.Equal(t, "<nil>", fmt.Sprint(none))
}

func TestIgnore(t *testing.T) {
	require.NoError(t, cc.IgnoreNotFound(nil))
	require.NoError(t, cc.IgnoreNotParticipant(nil))
	for _, k := range kinds {
		err := fmt.Errorf("x: %w", &cc.Error{Kind: k})
		gone := k == cc.ErrNotFound || k == cc.ErrNotParticipant
		require.Equal(t, gone, cc.IgnoreNotFound(err) == nil, k)
		require.Equal(t, k == cc.ErrNotParticipant, cc.IgnoreNotParticipant(err) == nil, k)
		if !gone {
			require.Same(t, err, cc.IgnoreNotFound(err))
		}
		buried := &cc.Error{Kind: cc.ErrUncertain, Err: err}
		require.Error(t, cc.IgnoreNotFound(buried), "something inside was not found, the whole is uncertain")
		require.Error(t, cc.IgnoreNotParticipant(buried))
	}
	require.ErrorIs(t, cc.IgnoreNotFound(io.EOF), io.EOF)
}

func TestErrorText(t *testing.T) {
	full := &cc.Error{
		Op: cc.OpSetParticipantState, Client: "support", Provider: "plivo-mpc", Conference: "room", Participant: "15551234567",
		Kind: cc.ErrConflict, Missing: cc.CanHold | cc.CanMute, Code: "busy-2", Status: 409, RequestID: "0d4e-1",
		RetryAfter: 1500 * time.Millisecond, Applied: cc.Change{Mute: cc.On}, Message: "Jane is busy", Err: context.DeadlineExceeded,
	}
	const text = "SetParticipantState (plivo-mpc, support): conflict: missing mute,hold, code busy-2, status 409, " +
		"request id 0d4e-1, retry after 1.5s, applied mute=on: context deadline exceeded"
	require.Equal(t, text, full.Error())
	require.Equal(t, text, fmt.Sprint(full))
	require.Equal(t, text, fmt.Sprintf("%+v", *full))
	require.Equal(t, text, fmt.Sprintf("%d", full), "any verb")
	require.Equal(t, `callcontrol.Error{"`+text+`"}`, full.GoString())
	require.Equal(t, full.GoString(), fmt.Sprintf("%#v", full))
	require.Equal(t, `"callcontrol: closed"`, fmt.Sprintf("%q", &cc.Error{Kind: cc.ErrClosed}))
	require.Equal(t, "      callcontrol: closed|", fmt.Sprintf("%25v|", &cc.Error{Kind: cc.ErrClosed}))
	require.Equal(t, "call      |", fmt.Sprintf("%-10.4s|", &cc.Error{Kind: cc.ErrClosed}))

	for want, e := range map[string]*cc.Error{
		"End (plivo-mpc): not found":               {Op: cc.OpEnd, Client: "plivo-mpc", Provider: "plivo-mpc", Kind: cc.ErrNotFound},
		"End (support): not found":                 {Op: cc.OpEnd, Client: "support", Kind: cc.ErrNotFound},
		"callcontrol: unknown":                     {},
		"callcontrol: closed":                      {Kind: cc.ErrClosed, Err: cc.ErrClosed},
		"callcontrol: closed: not found":           {Kind: cc.ErrClosed, Err: cc.ErrNotFound},
		"(hidden): closed":                         {Op: "a\nb", Kind: cc.ErrClosed},
		"callcontrol: closed: code (hidden)":       {Kind: cc.ErrClosed, Code: "+15551234567"},
		"callcontrol: closed: code user busy":      {Kind: cc.ErrClosed, Code: "user busy"},
		"callcontrol: invalid: no such room":       {Kind: cc.ErrInvalid, Err: fmt.Errorf("x: %w", cc.Detail("no such room"))},
		"callcontrol: uncertain: End: closed":      {Kind: cc.ErrUncertain, Err: &cc.Error{Op: "End", Kind: cc.ErrClosed, Message: "Jane"}},
		"callcontrol: closed: request id (hidden)": {Kind: cc.ErrClosed, RequestID: "Jane Doe"},
	} {
		require.Equal(t, want, e.Error())
	}
}

type timeout struct{}

func (timeout) Error() string   { return "Jane did not answer" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

func TestCauseIsToldByClass(t *testing.T) {
	at := func(err error) error {
		return &url.Error{Op: "Post", URL: "https://x.test/Member/15551234567/", Err: err}
	}
	var syntax error = json.Unmarshal([]byte("{"), new(int))
	wrong := json.Unmarshal([]byte(`"15551234567"`), new(int))
	for _, c := range []struct {
		err  error
		want string
	}{
		{at(context.Canceled), "context canceled"},
		{at(context.DeadlineExceeded), "context deadline exceeded"},
		{at(io.EOF), "EOF"},
		{at(io.ErrUnexpectedEOF), "unexpected EOF"},
		{at(net.ErrClosed), "connection closed"},
		{at(http.ErrServerClosed), "connection closed"},
		{at(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), syscall.ECONNREFUSED.Error()},
		{at(&net.DNSError{Name: "x.test", Err: "no such host", IsNotFound: true}), "host name not resolved"},
		{at(&net.DNSError{Name: "x.test", Err: "slow", IsTimeout: true}), "timeout"},
		{at(x509.UnknownAuthorityError{}), "certificate not accepted"},
		{at(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}), "certificate not accepted"},
		{at(os.ErrDeadlineExceeded), "timeout"},
		{at(timeout{}), "timeout"},
		{syntax, "malformed JSON"},
		{wrong, "malformed JSON"},
		{fmt.Errorf("%w: %w", cc.Detail("it broke off"), at(io.EOF)), "it broke off: EOF"},
		{fmt.Errorf("Jane: %w", fmt.Errorf("%w, %w", cc.Detail("a"), errors.New("Jane"))), "a"},
		{errors.Join(io.EOF, at(io.EOF), context.Canceled), "EOF: context canceled"},
		{fmt.Errorf("Jane: %w", &cc.Error{Op: "Check", Kind: cc.ErrClosed, Message: "Jane"}), "Check: closed"},
		{at(errors.New("Jane")), ""},
		{errors.New("Jane"), ""},
	} {
		e := &cc.Error{Op: "End", Kind: cc.ErrUncertain, Err: c.err}
		want := "End: uncertain"
		if c.want != "" {
			want += ": " + c.want
		}
		require.Equal(t, want, e.Error())
		for _, part := range e.Unwrap() {
			require.NotContains(t, part.Error(), "15551234567", "the parts are safe too")
			require.NotContains(t, part.Error(), "Jane")
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %d", part, part, part, part), "Jane")
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %d", part, part, part, part), "15551234567")
		}
	}
}

func TestErrorEncodings(t *testing.T) {
	e := &cc.Error{Op: "End", Kind: cc.ErrUncertain, Conference: "15551234567", Message: "Jane", Status: 500, Err: errors.New("Jane")}
	for name, encode := range map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"xml":  xml.Marshal,
		"gob": func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
	} {
		for _, v := range []any{e, *e, []*cc.Error{e}} {
			b, err := encode(v)
			require.NoError(t, err, name)
			require.NotContains(t, string(b), "Jane", name)
			require.NotContains(t, string(b), "15551234567", name)
			require.Contains(t, string(b), "500", name)
		}
	}
	var b bytes.Buffer
	require.NoError(t, gob.NewEncoder(&b).Encode(e))
	var back cc.Error
	require.NoError(t, gob.NewDecoder(&b).Decode(&back))
	require.Equal(t, cc.Error{Op: "End", Kind: cc.ErrUncertain, Status: 500}, back)
}

func TestErrorJSONRefuses(t *testing.T) {
	e := cc.Error{Op: "End"}
	for _, wrong := range []string{`{"retry_after":"soon"}`, `{"retry_after":3}`, `{"kind":"odd"}`, `{"missing":["fly"]}`, `[]`} {
		require.Error(t, json.Unmarshal([]byte(wrong), &e), wrong)
		require.Equal(t, cc.Error{Op: "End"}, e)
	}
}
