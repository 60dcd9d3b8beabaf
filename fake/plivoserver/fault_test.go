package plivoserver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

type (
	fault = plivoserver.Fault
	wire  = plivoserver.Wire
)

func (s *site) inject(f fault) (lift func()) {
	s.t.Helper()
	lift, err := s.server.Inject(f)
	require.NoError(s.t, err)
	return lift
}

const (
	mutePath = "/MultiPartyCall/name_room-7/Participant/1/"
	muteBody = `{"mute":true}`
)

// Answers in place of the operation, without its effect, for every class of status.
func TestFaultAnswers(t *testing.T) {
	for _, code := range []int{200, 202, 204, 301, 307, 400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504} {
		for name, a := range map[string]*plivoserver.Answer{
			"status": plivoserver.Status(code), "nested": plivoserver.NestedError(code), "empty": plivoserver.Empty(code),
			"html": plivoserver.HTML(code), "truncated": plivoserver.Truncated(code), "json": plivoserver.JSON(code, "[]"),
		} {
			bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
				m := s.join("room-7", fake.Leg{})
				s.inject(fault{On: plivoserver.UpdateParticipant, Answer: a})
				got := s.call("POST", mutePath, muteBody)
				require.Equal(t, code, got.status)
				if code == 204 {
					require.Empty(t, got.text) // the client does not look for one
				} else {
					require.Equal(t, a.Body, got.text, name)
					require.Equal(t, a.ContentType, got.header.Get("Content-Type"))
				}
				require.Equal(t, cc.Off, m.State().Mute)
				require.Equal(t, 200, s.call("GET", mutePath, "").status)
				log := s.server.Requests()
				require.Equal(t, []any{code, true, 200, false}, []any{log[0].Status, log[0].Fault, log[1].Status, log[1].Fault})
			})
		}
	}
}

// The bodies of those answers.
func TestFaultAnswerBodies(t *testing.T) {
	require.Regexp(t, `^{"api_id":"[0-9a-f-]{36}","error":"service unavailable"}$`, plivoserver.Status(503).Body)
	require.Regexp(t, `^{"api_id":"[0-9a-f-]{36}","error":{"error":"it went wrong"}}$`, plivoserver.NestedError(400).Body)
	require.Regexp(t, `^<html>.*502 Bad Gateway.*</html>\n$`, plivoserver.HTML(502).Body)
	require.NotContains(t, plivoserver.Truncated(200).Body, "}")
	require.Empty(t, plivoserver.Empty(500).Body)
	require.Empty(t, plivoserver.TooMany("").Header)
}

func TestTooMany(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		s.inject(fault{On: plivoserver.Commands, Answer: plivoserver.TooMany("1"), Times: 2})
		for range 2 {
			a := s.call("POST", mutePath, muteBody)
			require.Equal(t, 429, a.status)
			require.Equal(t, "1", a.header.Get("Retry-After"))
		}
		require.Equal(t, cc.Off, m.State().Mute)
		require.Equal(t, 202, s.call("POST", mutePath, muteBody).status)
		require.Equal(t, cc.On, m.State().Mute)
	})
}

// Nobody follows; the stranger is told nothing.
func TestRedirect(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		s.inject(fault{Answer: plivoserver.Redirect(307, "https://stranger.example.test/")})
		a := s.call("POST", mutePath, muteBody)
		require.Equal(t, 307, a.status)
		require.Equal(t, "https://stranger.example.test/", a.header.Get("Location"))
	})
}

// On, Match, Skip, Times, lift, and the order of several faults.
func TestFaultSelection(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		three(s)
		get := func() int { return s.call("GET", "/Conference/", "").status }
		one := func() int { return s.call("GET", "/Conference/room-7/", "").status }
		mute := func() int { return s.call("POST", "/Conference/room-7/Member/1/Mute/", "").status }
		unknown := func() int { return s.call("DELETE", "/nothing/", "").status }
		all := func() [4]int { return [4]int{get(), one(), mute(), unknown()} }

		lift := s.inject(fault{On: plivoserver.Any, Answer: plivoserver.Status(500)})
		require.Equal(t, [4]int{500, 500, 500, 500}, all())
		lift()
		lift()
		require.Equal(t, [4]int{200, 200, 202, 404}, all())

		lift = s.inject(fault{On: plivoserver.Reads, Answer: plivoserver.Status(500)})
		require.Equal(t, [4]int{500, 500, 202, 404}, all())
		lift()
		lift = s.inject(fault{On: plivoserver.Commands, Answer: plivoserver.Status(500)})
		require.Equal(t, [4]int{200, 200, 500, 500}, all())
		lift()
		lift = s.inject(fault{On: plivoserver.GetConference, Answer: plivoserver.Status(500)})
		require.Equal(t, [4]int{200, 500, 202, 404}, all())
		lift()
		lift = s.inject(fault{Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/Mute/") }, Answer: plivoserver.Status(500)})
		require.Equal(t, [4]int{200, 200, 500, 404}, all())
		lift()

		s.inject(fault{On: plivoserver.ListConferences, Skip: 1, Times: 2, Answer: plivoserver.Status(500)})
		s.inject(fault{On: plivoserver.ListConferences, Times: 2, Answer: plivoserver.Status(502)})
		require.Equal(t, []int{502, 500, 500, 502, 200}, []int{get(), get(), get(), get(), get()})

		// Before authentication, as the edge does.
		s.inject(fault{Times: 1, Answer: plivoserver.Status(503)})
		r := s.request("GET", "/Conference/", "")
		r.Header.Del("Authorization")
		require.Equal(t, 503, s.do(r).status)
		require.Equal(t, 401, s.do(r).status)
	})
}

// A lost reply: the connection ends before the first byte, or after some, and the effect is there or
// not as asked for.
func TestLostReply(t *testing.T) {
	type lost struct {
		name   string
		fault  fault
		effect bool
	}
	cases := []lost{
		{"reset before the effect", fault{Wire: wire{Mode: plivoserver.Reset}}, false},
		{"cut before the effect", fault{Wire: wire{Mode: plivoserver.Cut}}, false},
		{"reset after the effect", fault{Effect: true, Wire: wire{Mode: plivoserver.Reset}}, true},
		{"cut after the effect", fault{Effect: true, Wire: wire{Mode: plivoserver.Cut}}, true},
		{"cut in the header", fault{Effect: true, Wire: wire{Mode: plivoserver.Cut, After: 20}}, true},
		{"cut in the body", fault{Effect: true, Wire: wire{Mode: plivoserver.Cut, After: 10, Body: true}}, true},
		{"cut in another answer's body", fault{Answer: plivoserver.Status(500), Wire: wire{Mode: plivoserver.Cut, After: 10, Body: true}}, false},
	}
	for _, n := range []plivoserver.Network{plivoserver.Pipe, plivoserver.TCP, plivoserver.TLS} {
		for _, c := range cases {
			run := func(t *testing.T) {
				s, done := open(t, n, fake.Options{FirstMember: 1}, plivoserver.Options{})
				defer done()
				m := s.join("room-7", fake.Leg{})
				c.fault.On, c.fault.Times = plivoserver.UpdateParticipant, 1
				s.inject(c.fault)
				resp, err := s.client.Do(s.request("POST", mutePath, muteBody))
				if c.fault.Wire.Body {
					require.NoError(t, err)
					var b []byte
					b, err = io.ReadAll(resp.Body)
					require.NoError(t, resp.Body.Close())
					require.Len(t, b, 10)
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				}
				require.Error(t, err)
				if c.fault.Wire.Mode == plivoserver.Reset && n != plivoserver.TLS {
					require.ErrorIs(t, err, syscall.ECONNRESET)
				}
				require.Equal(t, c.effect, m.State().Mute == cc.On)
				require.Equal(t, 202, s.call("POST", mutePath, muteBody).status)
				log := s.server.Requests()
				require.Equal(t, []any{0, true, 202, false}, []any{log[0].Status, log[0].Fault, log[1].Status, log[1].Fault})
			}
			t.Run(c.name, func(t *testing.T) {
				if n == plivoserver.Pipe {
					synctest.Test(t, run)
					return
				}
				run(t)
			})
		}
	}
}

// A hung reply is held until the client gives up, and the request is in the log all the while.
func TestHang(t *testing.T) {
	for name, c := range map[string]struct {
		fault  fault
		header bool // arrives
	}{
		"before the effect": {fault{Wire: wire{Mode: plivoserver.Hang}}, false},
		"after the effect":  {fault{Effect: true, Wire: wire{Mode: plivoserver.Hang}}, false},
		"in the header":     {fault{Effect: true, Wire: wire{Mode: plivoserver.Hang, After: 5}}, false},
		"in the body":       {fault{Effect: true, Wire: wire{Mode: plivoserver.Hang, After: 5, Body: true}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
				m := s.join("room-7", fake.Leg{})
				s.inject(c.fault)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				start := time.Now()
				resp, err := s.client.Do(s.request("POST", mutePath, muteBody).WithContext(ctx))
				if c.header {
					require.NoError(t, err)
					_, err = io.ReadAll(resp.Body)
					require.NoError(t, resp.Body.Close())
				}
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 3*time.Second, time.Since(start))
				require.Equal(t, c.fault.Effect, m.State().Mute == cc.On)
				require.Equal(t, plivoserver.Counts{Commands: 1}, s.server.Counts())
				require.Zero(t, s.server.Requests()[0].Status)
			})
		})
	}
}

// lift lets go of what hangs, and lets later requests through.
func TestLiftOfHang(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		lift := s.inject(fault{On: plivoserver.Commands, Wire: wire{Mode: plivoserver.Hang}})
		time.AfterFunc(time.Minute, lift)
		start := time.Now()
		_, err := s.client.Do(s.request("POST", mutePath, muteBody))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.Equal(t, time.Minute, time.Since(start))
		require.Equal(t, cc.Off, m.State().Mute)
		require.Equal(t, 202, s.call("POST", mutePath, muteBody).status)
		lift()
	})
}

// A Match that waits learns when the client has gone.
func TestMatchThatWaits(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		var waited time.Duration
		s.inject(fault{Answer: plivoserver.Status(500), Match: func(r *http.Request) bool {
			start := time.Now()
			<-r.Context().Done()
			waited = time.Since(start)
			return true
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.client.Do(s.request("POST", mutePath, muteBody).WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, time.Second, waited)
		require.Equal(t, cc.Off, m.State().Mute)
	})
}

// Close ends what a fault holds, on every network, and waits for it.
func TestCloseWhileHeld(t *testing.T) {
	for _, n := range []plivoserver.Network{plivoserver.Pipe, plivoserver.TCP, plivoserver.TLS} {
		for _, w := range []wire{{Mode: plivoserver.Hang}, {Mode: plivoserver.Drip, Pace: time.Hour}} {
			run := func(t *testing.T) {
				s, done := open(t, n, fake.Options{}, plivoserver.Options{})
				defer done()
				arrived := make(chan struct{}, 1)
				s.inject(fault{Effect: true, Wire: w, Match: func(*http.Request) bool { arrived <- struct{}{}; return true }})
				var wg sync.WaitGroup
				r := s.request("GET", "/Conference/", "")
				var err error
				wg.Go(func() { _, err = s.client.Do(r) })
				<-arrived
				require.NoError(t, s.endpoint.Close())
				wg.Wait()
				require.Error(t, err)
				require.NoError(t, s.endpoint.Close()) // once more does nothing
			}
			if n == plivoserver.Pipe {
				synctest.Test(t, run)
			} else {
				run(t)
			}
		}
	}
}

// One byte each 100 ms, in the header or in the body, to the end or until the client gives up.
func TestDrip(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{NoRequestID: true}, func(t *testing.T, s *site) {
		lift := s.inject(fault{Effect: true, Wire: wire{Mode: plivoserver.Drip, Body: true}})
		start := time.Now()
		a := s.call("GET", "/Conference/", "")
		require.Equal(t, 200, a.status)
		require.Equal(t, time.Duration(len(a.text))*100*time.Millisecond, time.Since(start))
		s.like(a, `{"conferences":[]}`)
		require.Equal(t, 200, s.server.Requests()[0].Status)
		lift()

		lift = s.inject(fault{Effect: true, Wire: wire{Mode: plivoserver.Drip, After: 10, Pace: time.Second}})
		start = time.Now()
		a = s.call("DELETE", "/Conference/", "")
		require.Equal(t, 204, a.status)
		head := "HTTP/1.1 204 No Content\r\nConnection: close\r\nDate: Sat, 01 Jan 2000 00:00:07 GMT\r\n\r\n"
		require.Equal(t, time.Duration(len(head)-10)*time.Second, time.Since(start))
		lift()

		s.inject(fault{Effect: true, Wire: wire{Mode: plivoserver.Drip}})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start = time.Now()
		_, err := s.client.Do(s.request("GET", "/Conference/", "").WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 300*time.Millisecond, time.Since(start))
		synctest.Wait()
		require.Zero(t, s.server.Requests()[2].Status)
	})
}

// A kept connection that dies: the answer is whole, what is sent on the connection after it is lost,
// and never counted.
func TestAbandon(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		s.inject(fault{On: plivoserver.Reads, Effect: true, Wire: wire{Mode: plivoserver.Abandon, Pace: 5 * time.Millisecond}})
		require.Equal(t, 200, s.call("GET", "/Conference/", "").status)
		start := time.Now()
		_, err := s.client.Do(s.request("POST", mutePath, muteBody)) // no method to repeat by itself
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, 5*time.Millisecond, time.Since(start))
		require.Equal(t, cc.Off, m.State().Mute)
		require.Equal(t, plivoserver.Counts{Reads: 1}, s.server.Counts())

		require.Equal(t, 200, s.call("GET", "/Conference/", "").status)
		time.Sleep(5 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, 202, s.call("POST", mutePath, muteBody).status) // the client saw it close in time
		log := s.server.Requests()
		require.Equal(t, []int{200, 200, 202}, []int{log[0].Status, log[1].Status, log[2].Status})
	})
}

// A body of a size is sent as it goes: one JSON object of exactly that size, packed or not.
func TestHugeBody(t *testing.T) {
	const size = 2<<20 + 17
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		for _, n := range []int64{12, 13, 1 << 20, 1<<20 + 12, size} {
			lift := s.inject(fault{Answer: plivoserver.Huge(200, n)})
			a := s.call("GET", "/Conference/", "")
			require.Len(t, a.text, int(n))
			require.NotNil(t, a.body)
			lift()
		}

		s.inject(fault{Answer: plivoserver.Bomb(200, size)})
		r := s.request("GET", "/Conference/", "")
		r.Header.Set("Accept-Encoding", "gzip") // the transport leaves it alone then
		packed := s.do(r)
		require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
		require.Less(t, len(packed.text), size/200)
		z, err := gzip.NewReader(strings.NewReader(packed.text))
		require.NoError(t, err)
		b, err := io.ReadAll(z)
		require.NoError(t, err)
		require.Len(t, b, size)
		require.Equal(t, []byte(`"}`), b[size-2:])
		require.True(t, bytes.HasPrefix(b, []byte(`{"error":"aaa`)))
	})
}

// A gigabyte costs the server nothing when the client stops reading, nor when it unpacks a part.
func TestGigabyte(t *testing.T) {
	for _, a := range []*plivoserver.Answer{plivoserver.Huge(200, 1<<30), plivoserver.Huge(500, 1<<30), plivoserver.Bomb(200, 1<<30)} {
		bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
			s.inject(fault{Answer: a})
			resp, err := s.client.Do(s.request("GET", "/Conference/", ""))
			require.NoError(t, err)
			n, err := io.CopyN(io.Discard, resp.Body, 1<<20)
			require.NoError(t, err)
			require.EqualValues(t, 1<<20, n)
			require.NoError(t, resp.Body.Close())
		})
	}
}

func TestHugeHeader(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		s.inject(fault{Answer: plivoserver.HugeHeader(500, 1<<20+5)})
		a := s.call("GET", "/Conference/", "")
		require.Len(t, strings.Join(a.header.Values("X-Padding"), ""), 1<<20+5)
		strict := s.endpoint.Transport().Clone()
		strict.MaxResponseHeaderBytes = 64 << 10
		defer strict.CloseIdleConnections()
		_, err := (&http.Client{Transport: strict}).Do(s.request("GET", "/Conference/", ""))
		require.ErrorContains(t, err, "exceeded")
	})
}

// An effect with another answer: the truth is hidden, or its status is kept and its body spoiled.
func TestEffectAndAnswer(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		s.inject(fault{On: plivoserver.UpdateParticipant, Times: 1, Effect: true, Answer: plivoserver.HTML(504)})
		require.Equal(t, 504, s.call("POST", mutePath, muteBody).status)
		require.Equal(t, cc.On, m.State().Mute)
		s.inject(fault{On: plivoserver.UpdateParticipant, Times: 1, Effect: true, Answer: plivoserver.Truncated(0)})
		a := s.call("POST", mutePath, `{"mute":false}`)
		require.Equal(t, 202, a.status)
		require.Nil(t, a.body)
		require.NotEmpty(t, a.text)
		require.Equal(t, cc.Off, m.State().Mute)

		// A body with 204 is put on the wire as it is; the next request has a connection of its own.
		s.inject(fault{On: plivoserver.EndRoom, Times: 1, Effect: true, Answer: plivoserver.JSON(0, `{"message":"ended"}`)})
		a = s.call("DELETE", "/MultiPartyCall/name_room-7/", "")
		require.Equal(t, 204, a.status)
		require.False(t, m.Present())
		require.Equal(t, 200, s.call("GET", "/MultiPartyCall/", "").status)
	})
}

// An effect needs what it always needs.
func TestEffectNeedsCredentials(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		s.inject(fault{Effect: true, Wire: wire{Mode: plivoserver.Cut}, Times: 1})
		r := s.request("DELETE", "/MultiPartyCall/name_room-7/", "")
		r.Header.Del("Authorization")
		_, err := s.client.Do(r)
		require.Error(t, err)
		require.True(t, m.Present())
	})
}

func TestInjectRefuses(t *testing.T) {
	s, err := plivoserver.New(fake.NewSwitch(fake.Options{}), plivoserver.Options{})
	require.NoError(t, err)
	ok := plivoserver.Status(500)
	for _, f := range []fault{
		{}, {Effect: true}, {On: "nothing", Answer: ok}, {Answer: ok, Times: -1}, {Answer: ok, Skip: -1},
		{Answer: ok, Wire: wire{Mode: 9}}, {Answer: ok, Wire: wire{After: -1}}, {Answer: ok, Wire: wire{Pace: -1}},
		{Wire: wire{Mode: plivoserver.Drip}}, {Wire: wire{Mode: plivoserver.Abandon}}, {Wire: wire{Mode: plivoserver.Cut, After: 1}},
		{Answer: &plivoserver.Answer{}}, {Answer: plivoserver.Empty(199)}, {Answer: plivoserver.Empty(600)},
		{Answer: plivoserver.Empty(100), Effect: true},
		{Answer: plivoserver.Huge(200, 3)}, {Answer: plivoserver.Huge(200, -1)}, {Answer: plivoserver.Huge(204, 100)},
		{Answer: plivoserver.Huge(200, 100), Wire: wire{Mode: plivoserver.Cut}},
		{Answer: &plivoserver.Answer{Status: 200, Size: 100, Body: "x"}},
		{Answer: &plivoserver.Answer{Size: 100}, Effect: true}, // may turn out to be a 204
	} {
		_, err := s.Inject(f)
		require.Error(t, err, "%+v", f)
	}
}

// A fault's answer is its own: what the caller does to it later does nothing.
func TestInjectCopies(t *testing.T) {
	bubble(t, fake.Options{}, plivoserver.Options{}, func(t *testing.T, s *site) {
		a := plivoserver.TooMany("1")
		s.inject(fault{Answer: a})
		a.Status = 500
		a.Header.Set("Retry-After", "2")
		got := s.call("GET", "/Conference/", "")
		require.Equal(t, 429, got.status)
		require.Equal(t, "1", got.header.Get("Retry-After"))
	})
}

var errStop = errors.New("stop")

// A client that goes away while it sends changes nothing.
func TestHalfARequest(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{}, func(t *testing.T, s *site) {
		m := s.join("room-7", fake.Leg{})
		r := s.request("POST", mutePath, "")
		body, w := io.Pipe()
		r.Body, r.ContentLength = body, int64(len(muteBody)+1)
		r.Header.Set("Content-Type", "application/json")
		go func() {
			_, _ = io.WriteString(w, muteBody)
			synctest.Wait()
			_ = w.CloseWithError(errStop)
		}()
		_, err := s.client.Do(r)
		require.ErrorIs(t, err, errStop)
		synctest.Wait()
		require.Equal(t, cc.Off, m.State().Mute)
		require.Equal(t, plivoserver.Counts{Commands: 1}, s.server.Counts())
	})
}

// Many clients, with faults coming and going: every request is counted and in one piece.
func TestConcurrency(t *testing.T) {
	bubble(t, fake.Options{FirstMember: 1}, plivoserver.Options{LogSize: 10}, func(t *testing.T, s *site) {
		three(s)
		var wg sync.WaitGroup
		requests := make([]*http.Request, 16)
		for i := range requests {
			requests[i] = s.request("GET", "/Conference/room-7/", "")
		}
		errs := make([]error, len(requests))
		for i, r := range requests {
			wg.Go(func() {
				for range 10 {
					lift, err := s.server.Inject(fault{Times: 1, Answer: plivoserver.Status(500)})
					if err == nil {
						var resp *http.Response
						if resp, err = s.client.Do(r); err == nil {
							err = resp.Body.Close()
						}
						lift()
					}
					errs[i] = errors.Join(errs[i], err)
				}
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, plivoserver.Counts{Reads: 160}, s.server.Counts())
		require.Len(t, s.server.Requests(), 10)
		require.Equal(t, 200, s.call("GET", "/Conference/", "").status)
	})
}
