package httpclient_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"crypto/tls"
	"crypto/x509"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

const (
	read     = httpclient.Read
	absolute = httpclient.Absolute
	once     = httpclient.Once

	ms = time.Millisecond
	s  = time.Second
)

var (
	reset       = opError("read", syscall.ECONNRESET)
	refusedDial = opError("dial", syscall.ECONNREFUSED)
	noHost      = opError("dial", &net.DNSError{Err: "no such host", Name: "api.test", IsNotFound: true})
	slowDNS     = opError("dial", &net.DNSError{Err: "timeout", Name: "api.test", IsTimeout: true})
	badDNS      = opError("dial", &net.DNSError{Err: "server misbehaving", Name: "api.test", IsTemporary: true})
	oddDNS      = opError("dial", &net.DNSError{Err: "invalid name", Name: "-"})
	badCert     = opError("dial", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}})
)

// A vector is one call in fake time: what the vendor does, and what becomes of it.
type vector struct {
	name     string
	classes  []httpclient.Class
	steps    []step
	deadline time.Duration // of ctx; 0: none
	purpose  provider.Purpose
	budget   int64 // before; 0 means full, -1 means empty
	zero     bool  // the random waits are zero, not the longest

	at     []time.Duration // of the requests
	end    time.Duration   // when the call returned
	kind   cc.Kind         // 0: nil
	status int
	after  time.Duration
	is     error
	left   int64 // of the budget; 0 means full, -1 means empty
}

func budgetOf(n int64) int64 {
	switch n {
	case 0:
		return 500
	case -1:
		return 0
	}
	return n
}

var date = func(after time.Duration) step {
	return func(r *http.Request) (*http.Response, error) {
		return status(429, "Retry-After", time.Now().Add(after).UTC().Format(http.TimeFormat))(r)
	}
}

func vectors() []vector {
	all, reads, commands := classes, classes[:1], classes[1:]
	ok := status(204)
	return []vector{
		{name: "success at once", classes: all, steps: []step{ok}, at: at(0)},
		{name: "success gives 1 back", classes: all, steps: []step{ok}, budget: 400, at: at(0), left: 401},
		{name: "success after 1", classes: reads, steps: []step{status(503), ok}, at: at(0, 50*ms)},
		{name: "success after 1 returns its cost", classes: reads, steps: []step{status(503), ok}, budget: 100, at: at(0, 50*ms), left: 100},
		{name: "success after 2", classes: reads, steps: []step{status(500), status(502), ok}, at: at(0, 50*ms, 150*ms), left: 486},
		{name: "no wait is shorter than zero", classes: reads, steps: []step{status(500), status(502), ok}, zero: true, at: at(0, 0, 0), left: 486},
		{name: "attempts spent", classes: reads, steps: []step{status(503)}, at: at(0, 50*ms, 150*ms), kind: cc.ErrUnavailable, status: 503, left: 472},
		{name: "quota empties after one", classes: reads, steps: []step{status(500)}, budget: 14, at: at(0, 50*ms), kind: cc.ErrUnavailable, status: 500, left: -1},
		{name: "quota not enough for one", classes: reads, steps: []step{status(500)}, budget: 13, at: at(0), kind: cc.ErrUnavailable, status: 500, left: 13},
		{name: "quota zero at start", classes: reads, steps: []step{status(500)}, budget: -1, at: at(0), kind: cc.ErrUnavailable, status: 500, left: -1},
		{name: "quota zero, throttled", classes: all, steps: []step{status(429)}, budget: -1, at: at(0), kind: cc.ErrRateLimited, status: 429, left: -1},
		{name: "quota zero, not sent", classes: all, steps: []step{fails(refusedDial)}, budget: -1, at: at(0), kind: cc.ErrUnavailable, is: syscall.ECONNREFUSED, left: -1},
		{name: "a refusal is an answer", classes: all, steps: []step{status(404)}, budget: 100, at: at(0), kind: cc.ErrNotFound, status: 404, left: 101},

		{name: "Retry-After below the wait", classes: all, steps: []step{status(429, "Retry-After", "0"), ok}, at: at(0, 1*s)},
		{name: "Retry-After within the cap", classes: all, steps: []step{status(429, "Retry-After", "3"), ok}, zero: true, at: at(0, 3*s)},
		{name: "Retry-After at the cap", classes: all, steps: []step{status(429, "Retry-After", "20"), ok}, at: at(0, 20*s)},
		{name: "Retry-After above the cap", classes: all, steps: []step{status(429, "Retry-After", "21")}, at: at(0), kind: cc.ErrRateLimited, status: 429, after: 21 * s},
		{name: "Retry-After above the deadline", classes: all, steps: []step{status(429, "Retry-After", "3")}, deadline: 3 * s, at: at(0), kind: cc.ErrRateLimited, status: 429, after: 3 * s},
		{name: "Retry-After within the deadline", classes: all, steps: []step{status(429, "Retry-After", "3"), ok}, deadline: 3*s + 1, at: at(0, 3*s)},
		{name: "Retry-After 3600", classes: all, steps: []step{status(429, "Retry-After", "3600")}, deadline: 3 * s, at: at(0), kind: cc.ErrRateLimited, status: 429, after: time.Hour},
		{name: "Retry-After as a date", classes: all, steps: []step{date(7 * s), ok}, at: at(0, 7*s)},
		{name: "Retry-After as a date beyond the cap", classes: all, steps: []step{date(70 * s)}, at: at(0), kind: cc.ErrRateLimited, status: 429, after: 70 * s},
		{name: "Retry-After as a date of another clock", classes: all, steps: []step{func(r *http.Request) (*http.Response, error) {
			there := time.Now().Add(time.Hour).UTC()
			return status(429, "Date", there.Format(http.TimeFormat), "Retry-After", there.Add(7*s).Format(http.TimeFormat))(r)
		}, ok}, at: at(0, 7*s)},
		{name: "Retry-After in the past", classes: all, steps: []step{date(-7 * s), ok}, at: at(0, 1*s)},
		{name: "Retry-After garbage", classes: all, steps: []step{status(429, "Retry-After", "soon"), ok}, at: at(0, 1*s)},
		{name: "Retry-After a fraction", classes: all, steps: []step{status(429, "Retry-After", "1.5"), ok}, at: at(0, 1*s)},
		{name: "Retry-After negative", classes: all, steps: []step{status(429, "Retry-After", "-3"), ok}, at: at(0, 1*s)},
		{name: "Retry-After empty", classes: all, steps: []step{status(429, "Retry-After", ""), ok}, at: at(0, 1*s)},
		{name: "Retry-After 10^18", classes: all, steps: []step{status(429, "Retry-After", "1000000000000000000")}, at: at(0), kind: cc.ErrRateLimited, status: 429, after: 1<<63 - 1},
		{name: "Retry-After 10^30", classes: all, steps: []step{status(429, "Retry-After", "1000000000000000000000000000000")}, at: at(0), kind: cc.ErrRateLimited, status: 429, after: 1<<63 - 1},
		{name: "Retry-After of a 503", classes: reads, steps: []step{status(503, "Retry-After", "2"), ok}, at: at(0, 2*s)},
		{name: "Retry-After of a 503, too long", classes: reads, steps: []step{status(503, "Retry-After", "60")}, at: at(0), kind: cc.ErrUnavailable, status: 503, after: 60 * s},
		{name: "Retry-After of a command's 503", classes: commands, steps: []step{status(503, "Retry-After", "1")}, at: at(0), kind: cc.ErrUncertain, status: 503, after: 1 * s},

		{name: "429 then success", classes: all, steps: []step{status(429), ok}, budget: 100, at: at(0, 1*s), left: 100},
		{name: "429 twice then success", classes: all, steps: []step{status(429), status(429), ok}, at: at(0, 1*s, 3*s), left: 495},
		{name: "429 for ever", classes: all, steps: []step{status(429)}, at: at(0, 1*s, 3*s), kind: cc.ErrRateLimited, status: 429, left: 490},
		{name: "429 then 500", classes: commands, steps: []step{status(429), status(500)}, at: at(0, 1*s), kind: cc.ErrUncertain, status: 500, left: 495},
		{name: "429 then reset", classes: commands, steps: []step{status(429), fails(reset)}, at: at(0, 1*s), kind: cc.ErrUncertain, is: syscall.ECONNRESET, left: 495},
		{name: "429 then 404", classes: all, steps: []step{status(429), status(404)}, at: at(0, 1*s), kind: cc.ErrNotFound, status: 404},

		{name: "500", classes: reads, steps: []step{status(500)}, at: at(0, 50*ms, 150*ms), kind: cc.ErrUnavailable, status: 500, left: 472},
		{name: "500 to a command", classes: commands, steps: []step{status(500), ok}, at: at(0), kind: cc.ErrUncertain, status: 500},
		{name: "501 to a command", classes: commands, steps: []step{status(501), ok}, at: at(0), kind: cc.ErrUncertain, status: 501},
		{name: "503 to a command", classes: commands, steps: []step{status(503), ok}, at: at(0), kind: cc.ErrUncertain, status: 503},
		{name: "599 to a command", classes: commands, steps: []step{status(599), ok}, at: at(0), kind: cc.ErrUncertain, status: 599},
		{name: "408", classes: reads, steps: []step{status(408), ok}, at: at(0, 50*ms)},
		{name: "408 to a command", classes: commands, steps: []step{status(408), ok}, at: at(0), kind: cc.ErrUncertain, status: 408},

		{name: "reset", classes: reads, steps: []step{fails(reset), ok}, at: at(0, 50*ms)},
		{name: "reset for ever", classes: reads, steps: []step{fails(reset)}, at: at(0, 50*ms, 150*ms), kind: cc.ErrUnavailable, is: syscall.ECONNRESET, left: 472},
		{name: "reset of a command", classes: commands, steps: []step{fails(reset), ok}, at: at(0), kind: cc.ErrUncertain, is: syscall.ECONNRESET},
		{name: "no answer", classes: reads, steps: []step{hangs, ok}, at: at(0, 4*s+50*ms)},
		{name: "no answer for ever", classes: reads, steps: []step{hangs}, at: at(0, 4*s+50*ms, 8*s+150*ms), end: 12*s + 150*ms, kind: cc.ErrUnavailable, is: context.DeadlineExceeded, left: 472},
		{name: "no answer to a command", classes: commands, steps: []step{hangs, ok}, at: at(0), end: 4 * s, kind: cc.ErrUncertain, is: context.DeadlineExceeded},

		{name: "refused connection", classes: all, steps: []step{fails(refusedDial), ok}, at: at(0, 50*ms)},
		{name: "refused connection for ever", classes: all, steps: []step{fails(refusedDial)}, at: at(0, 50*ms, 150*ms), kind: cc.ErrUnavailable, is: syscall.ECONNREFUSED, left: 472},
		{name: "refused connection, then reset", classes: commands, steps: []step{fails(refusedDial), fails(reset)}, at: at(0, 50*ms), kind: cc.ErrUncertain, is: syscall.ECONNRESET, left: 486},
		{name: "slow name server", classes: all, steps: []step{fails(slowDNS), ok}, at: at(0, 50*ms)},
		{name: "failing name server", classes: all, steps: []step{fails(badDNS), ok}, at: at(0, 50*ms)},
		{name: "unknown host", classes: all, steps: []step{fails(noHost), ok}, budget: 100, at: at(0), kind: cc.ErrUnavailable, left: 100},
		{name: "name that no server can answer for", classes: all, steps: []step{fails(oddDNS), ok}, at: at(0), kind: cc.ErrUnavailable},
		{name: "certificate", classes: all, steps: []step{fails(badCert), ok}, at: at(0), kind: cc.ErrUnavailable},

		{name: "deadline shorter than the wait", classes: reads, steps: []step{status(503)}, deadline: 50 * ms, at: at(0), kind: cc.ErrUnavailable, status: 503},
		{name: "deadline shorter than the second wait", classes: reads, steps: []step{status(503)}, deadline: 149 * ms, at: at(0, 50*ms), kind: cc.ErrUnavailable, status: 503, left: 486},
		{name: "deadline shorter than the wait, throttled", classes: all, steps: []step{status(429)}, deadline: 900 * ms, at: at(0), kind: cc.ErrRateLimited, status: 429},
		{name: "deadline in an attempt", classes: reads, steps: []step{hangs}, deadline: 3 * s, at: at(0), end: 3 * s, kind: cc.ErrUnavailable, is: context.DeadlineExceeded},
		{name: "deadline in an attempt at a command", classes: commands, steps: []step{hangs}, deadline: 3 * s, at: at(0), end: 3 * s, kind: cc.ErrUncertain, is: context.DeadlineExceeded},
		{name: "deadline at the limit of an attempt", classes: commands, steps: []step{hangs}, deadline: 4 * s, at: at(0), end: 4 * s, kind: cc.ErrUncertain, is: context.DeadlineExceeded},
		{name: "deadline in the second attempt", classes: commands, steps: []step{status(429), hangs}, deadline: 3 * s, at: at(0, 1*s), end: 3 * s, kind: cc.ErrUncertain, is: context.DeadlineExceeded, left: 495},
		{name: "deadline has passed", classes: all, steps: []step{ok}, deadline: -1, at: at(), kind: cc.ErrCanceled, is: context.DeadlineExceeded},

		{name: "settling", classes: reads, steps: []step{ok}, purpose: provider.ForSettling, budget: 100, at: at(0), left: 100},
		{name: "settling with 404", classes: reads, steps: []step{status(404)}, purpose: provider.ForSettling, budget: 100, at: at(0), kind: cc.ErrNotFound, status: 404, left: 100},
		{name: "settling on the last budget", classes: reads, steps: []step{status(503)}, purpose: provider.ForSettling, budget: 14, at: at(0), kind: cc.ErrUnavailable, status: 503, left: -1},
		{name: "settling without budget", classes: reads, steps: []step{ok}, purpose: provider.ForSettling, budget: 13, at: at(), kind: cc.ErrUnavailable, left: 13},
		{name: "settling with an unknown host", classes: reads, steps: []step{fails(noHost)}, purpose: provider.ForSettling, budget: 100, at: at(0), kind: cc.ErrUnavailable, left: 86},
		{name: "settling after the deadline", classes: reads, steps: []step{ok}, purpose: provider.ForSettling, deadline: -1, at: at(), kind: cc.ErrCanceled},
		{name: "watching costs nothing", classes: reads, steps: []step{ok}, purpose: provider.ForWatching, budget: -1, at: at(0), left: 1},
	}
}

func at(d ...time.Duration) []time.Duration { return d }

func TestVectors(t *testing.T) {
	for _, v := range vectors() {
		for _, class := range v.classes {
			t.Run(v.name+"/"+class.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { v.run(t, class) })
			})
		}
	}
}

func (v vector) run(t *testing.T, class httpclient.Class) {
	w := play(v.steps...)
	c := newClient(t, httpclient.Options{Transport: w, Provider: "p", Name: "n"})
	httpclient.SetBudget(c, budgetOf(v.budget))
	if v.zero {
		httpclient.SetRandom(c, func(int64) int64 { return 0 })
	}
	ctx := t.Context()
	if v.deadline != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, time.Now().Add(v.deadline))
		defer cancel()
	}
	ctx = provider.WithPurpose(ctx, v.purpose)

	answer, err := c.Do(ctx, request(class), nil)

	end := v.end
	if end == 0 && len(v.at) > 0 {
		end = v.at[len(v.at)-1]
	}
	require.Equal(t, end, time.Since(w.start), "time of return")
	require.Equal(t, v.at, append(at(), w.at...), "times of the requests")
	require.Equal(t, len(v.at), answer.Attempts)
	require.Equal(t, budgetOf(v.left), httpclient.Budget(c), "budget")
	if v.kind == 0 {
		require.NoError(t, err)
		require.Equal(t, 204, answer.Status)
		return
	}
	e := failure(t, err)
	require.Equal(t, v.kind, e.Kind, "%v", e)
	require.Equal(t, v.status, e.Status)
	require.Equal(t, v.status, answer.Status)
	require.Equal(t, v.after, e.RetryAfter)
	require.Equal(t, []string{"test", "p", "n"}, []string{e.Op, e.Provider, e.Client})
	if v.is != nil {
		require.ErrorIs(t, err, v.is)
	}
	if errors.Is(err, context.DeadlineExceeded) && v.is != context.DeadlineExceeded && v.kind != cc.ErrCanceled {
		require.Fail(t, "the deadline was not the reason", "%v", err)
	}
}

// TestWaitsGrow holds the waits below their bound and shows that the whole range is drawn from.
func TestWaitsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			code  int
			bound []int64
		}{
			{503, []int64{int64(50*ms) + 1, int64(100*ms) + 1}},
			{429, []int64{int64(1*s) + 1, int64(2*s) + 1}},
		} {
			c := newClient(t, httpclient.Options{Transport: play(status(tc.code))})
			var asked []int64
			httpclient.SetRandom(c, func(n int64) int64 { asked = append(asked, n); return 0 })
			_, err := c.Do(t.Context(), request(read), nil)
			require.Error(t, err)
			require.Equal(t, tc.bound, asked)
		}
	})
}

// TestBudgetRecovers shows that a client whose budget is spent repeats again after enough successes.
func TestBudgetRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := play(status(204))
		c := newClient(t, httpclient.Options{Transport: w})
		httpclient.SetBudget(c, 0)
		for range 14 {
			_, err := c.Do(t.Context(), request(absolute), nil)
			require.NoError(t, err)
		}
		require.Equal(t, int64(14), httpclient.Budget(c))
		w.steps = []step{status(503)}
		_, err := c.Do(t.Context(), request(read), nil)
		require.ErrorIs(t, err, cc.ErrUnavailable)
		require.Equal(t, 16, w.requests())
		require.Zero(t, httpclient.Budget(c))
	})
}

// TestOutage counts what 10,000 calls put on a vendor that is down.
func TestOutage(t *testing.T) {
	for _, tc := range []struct {
		name string
		step step
	}{{"500", status(500)}, {"reset", fails(reset)}} {
		for _, class := range classes {
			t.Run(tc.name+"/"+class.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const calls = 10_000
					w := play(tc.step)
					c := newClient(t, httpclient.Options{Transport: w})
					settling := provider.WithPurpose(t.Context(), provider.ForSettling)
					mutating := 0
					for range calls {
						before := w.requests()
						_, err := c.Do(t.Context(), request(class), nil)
						mutating += w.requests() - before
						if class == read {
							require.ErrorIs(t, err, cc.ErrUnavailable)
							continue
						}
						require.ErrorIs(t, err, cc.ErrUncertain)
						_, err = c.Do(settling, request(read), nil)
						require.ErrorIs(t, err, cc.ErrUnavailable)
					}
					require.LessOrEqual(t, w.requests(), calls*110/100)
					require.Equal(t, calls+500/14, w.requests(), "every repeat and every settling read costs 14 of 500")
					if class != read {
						require.Equal(t, calls, mutating)
					}
				})
			})
		}
	}
}
