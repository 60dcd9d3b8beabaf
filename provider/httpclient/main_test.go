package httpclient_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// localhost is where the tests' servers are, on whatever network.
const localhost = "http://127.0.0.1"

// newClient makes a client of localhost that is closed with the test. Unless o says otherwise, its
// random waits are as long as they can be.
func newClient(t testing.TB, o httpclient.Options) *httpclient.Client {
	t.Helper()
	if o.Base == "" {
		o.Base, o.Insecure = localhost, true
	}
	c, err := httpclient.New(o)
	require.NoError(t, err)
	httpclient.SetRandom(c, longest)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// silent is a logger of net/http servers.
var silent = log.New(io.Discard, "", 0)

func longest(n int64) int64 { return n - 1 }

// request is a minimal request of a class.
func request(class httpclient.Class) httpclient.Request {
	r := httpclient.Request{Op: "test", Class: class, Method: http.MethodPost, Path: []string{"x"}}
	if class == httpclient.Read {
		r.Method = http.MethodGet
	}
	return r
}

var classes = []httpclient.Class{httpclient.Read, httpclient.Absolute, httpclient.Once}

// failure returns err as the *cc.Error that it has to be.
func failure(t testing.TB, err error) *cc.Error {
	t.Helper()
	var e *cc.Error
	require.ErrorAs(t, err, &e)
	return e
}

// A script is a RoundTripper that plays one step after the other and notes when it was asked. The
// last step is repeated.
type script struct {
	mu    sync.Mutex
	steps []step
	start time.Time
	at    []time.Duration
	seen  []*http.Request
}

type step func(*http.Request) (*http.Response, error)

func play(steps ...step) *script { return &script{steps: steps, start: time.Now()} }

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.at = append(s.at, time.Since(s.start))
	s.seen = append(s.seen, r)
	do := s.steps[min(len(s.at), len(s.steps))-1]
	s.mu.Unlock()
	return do(r)
}

func (s *script) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at)
}

// status answers with a status, headers in pairs, and no body.
func status(code int, headers ...string) step {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Add(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: http.NoBody, Request: r}, nil
	}
}

// fails answers with an error.
func fails(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// hangs answers nothing until the attempt is given up.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

func opError(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }
