package plivo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	authID    = "MAXXXXXXXXXXXXXXXXXX"
	authToken = "tokentokentokentokentoken"
	basic     = "Basic TUFYWFhYWFhYWFhYWFhYWFhYWFg6dG9rZW50b2tlbnRva2VudG9rZW50b2tlbg=="
	account   = "/v1/Account/" + authID
	runA      = "5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"
	runB      = "77777777-9a0b-4c55-8f57-0d2b1f6a7c11"
)

// A sent is one request as it was on the wire.
type sent struct {
	Method, Path, Query, Body string // Path as escaped
	Header                    http.Header
}

func (s sent) line() string {
	line := s.Method + " " + strings.TrimPrefix(s.Path, account)
	if s.Query != "" {
		q, _ := url.QueryUnescape(s.Query)
		line += "?" + q
	}
	if s.Body != "" {
		line += " " + s.Body
	}
	return line
}

// An answer is what the wire answers.
type answer struct {
	status int
	body   string
	header http.Header
	err    error
}

// A wire answers requests in memory. Each answer is for a request's method and path, and the last
// one given for it holds from then on.
type wire struct {
	mu       sync.Mutex
	answers  map[string][]answer
	requests []sent
	otherise answer
}

func newWire() *wire {
	return &wire{answers: make(map[string][]answer), otherise: answer{status: 404, body: `{"api_id":"x","error":"not found"}`}}
}

// on answers the requests whose line begins with what is given ("GET /Conference/").
func (w *wire) on(line string, list ...answer) *wire {
	w.answers[line] = list
	return w
}

func ok(body string) answer { return answer{status: 200, body: body} }

func status(code int, body string) answer { return answer{status: code, body: body} }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s := sent{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Body: string(body), Header: r.Header.Clone()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, s)
	a, line := w.otherise, s.line()
	for _, key := range []string{line, s.Method + " " + strings.TrimPrefix(s.Path, account)} {
		if list := w.answers[key]; len(list) > 0 {
			a = list[0]
			if len(list) > 1 {
				w.answers[key] = list[1:]
			}
			break
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	for k, v := range a.header {
		h[k] = v
	}
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h,
		Body: io.NopCloser(bytes.NewReader([]byte(a.body))), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

// lines are the requests so far, each as method, path below the account, query and body.
func (w *wire) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := []string{}
	for _, s := range w.requests {
		lines = append(lines, s.line())
	}
	return lines
}

func (w *wire) last(t *testing.T) sent {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NotEmpty(t, w.requests)
	return w.requests[len(w.requests)-1]
}

func options(w http.RoundTripper) plivo.Options {
	return plivo.Options{AuthID: authID, AuthToken: plivo.NewSecret(authToken), Transport: w}
}

func mpcDriver(t *testing.T, w *wire, change ...func(*plivo.Options)) provider.Driver {
	t.Helper()
	return driver(t, plivo.NewMPCDriver, options(w), change...)
}

func conferenceDriver(t *testing.T, w *wire, change ...func(*plivo.Options)) provider.Driver {
	t.Helper()
	return driver(t, plivo.NewConferenceDriver, options(w), change...)
}

func driver(t *testing.T, open func(plivo.Options) (provider.Driver, error), o plivo.Options, change ...func(*plivo.Options)) provider.Driver {
	t.Helper()
	for _, f := range change {
		f(&o)
	}
	d, err := open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func hangUp(o *plivo.Options) { o.Remove = plivo.RemoveHangUp }

func client(t *testing.T, open func(plivo.Options) (cc.Client, error), o plivo.Options) cc.Client {
	t.Helper()
	c, err := open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func problem(t *testing.T, err error) *cc.Error {
	t.Helper()
	var e *cc.Error
	require.True(t, errors.As(err, &e), "%v is not a *callcontrol.Error", err)
	return e
}

func all[V any](t *testing.T, seq func(func(V, error) bool)) []V {
	t.Helper()
	var list []V
	for v, err := range seq {
		require.NoError(t, err)
		list = append(list, v)
	}
	return list
}

var background = context.Background()

// inFakeTime runs a test whose retries wait.
func inFakeTime(f func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, f) }
}
