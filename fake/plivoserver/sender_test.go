package plivoserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// Several tokens, the main account's, and the older signature.
func TestTokens(t *testing.T) {
	for _, c := range []struct {
		account string
		o       plivoserver.CallbackOptions
		v3      []string
		main    string
	}{
		{"", plivoserver.CallbackOptions{}, []string{"t0"}, "t0"},
		{"", plivoserver.CallbackOptions{Tokens: []string{"t1", "t2"}, MainToken: "t3", V2: true}, []string{"t1", "t2"}, "t3"},
		{"SAXXXXXXXXXXXXXXXXXX", plivoserver.CallbackOptions{V2: true}, []string{"t0"}, ""},
		{"SAXXXXXXXXXXXXXXXXXX", plivoserver.CallbackOptions{MainToken: "t3"}, []string{"t0"}, "t3"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp(t)
			defer a.close()
			sw := fake.NewSwitch(fake.Options{})
			server, err := plivoserver.New(sw, plivoserver.Options{AuthID: c.account, AuthToken: "t0", Callbacks: plivoserver.Callbacks{URL: a.url + "/?q=1"}})
			require.NoError(t, err)
			c.o.Transport = a.client
			sender, err := server.SendCallbacks(c.o)
			require.NoError(t, err)
			defer sender.Close()
			_, err = sw.Join("room-7", fake.Leg{})
			require.NoError(t, err)
			flush(t, sender)
			for _, h := range a.take() {
				var want []string
				for _, token := range c.v3 {
					want = append(want, h.signed(token))
				}
				require.Equal(t, strings.Join(want, ","), h.header.Get("X-Plivo-Signature-V3"))
				if c.main == "" {
					require.Empty(t, h.header.Values("X-Plivo-Signature-Ma-V3"))
					require.Empty(t, h.header.Values("X-Plivo-Signature-Ma-V2"))
				} else {
					require.Equal(t, h.signed(c.main), h.header.Get("X-Plivo-Signature-Ma-V3"))
				}
				nonce := h.header.Get("X-Plivo-Signature-V2-Nonce")
				if !c.o.V2 {
					require.Empty(t, nonce)
					require.Empty(t, h.header.Values("X-Plivo-Signature-V2"))
					continue
				}
				// V2 is V3 of a URL without query and body, but for the dot before the nonce.
				require.NotEmpty(t, nonce)
				require.Equal(t, v2(c.v3[0], a.url+"/", nonce), h.header.Get("X-Plivo-Signature-V2"))
				if c.main != "" {
					require.Equal(t, v2(c.main, a.url+"/", nonce), h.header.Get("X-Plivo-Signature-Ma-V2"))
				}
			}
		})
	}
}

// The queue and the log are bounded, and what is lost is counted.
func TestQueueIsBounded(t *testing.T) {
	o := plivoserver.CallbackOptions{QueueSize: 10, LogSize: 3}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		release := make(chan struct{})
		a.respond(func(http.ResponseWriter, *http.Request) { <-release })
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url}))
		m := s.join("room-7", fake.Leg{})
		for i := range 40 {
			s.set(m, cc.Change{Mute: []cc.Toggle{cc.On, cc.Off}[i%2]})
			synctest.Wait()
		}
		counts := sender.Counts()
		require.Equal(t, 43, counts.Made)
		require.Equal(t, 33, counts.Overflowed)
		close(release)
		flush(t, sender)
		require.Len(t, a.take(), 10)
		sent := sender.Sent()
		require.Len(t, sent, 3)
		require.Equal(t, "10", sent[2].Fields.Get("SequenceNumber"))

		// So is the news: what finds no room before it is read is counted as missed.
		for i := range 40 {
			s.set(m, cc.Change{Mute: []cc.Toggle{cc.On, cc.Off}[i%2]})
		}
		flush(t, sender)
		require.LessOrEqual(t, len(a.take()), 40)
		after := sender.Counts()
		require.Equal(t, after.Made-counts.Made < 40, after.Missed > 0)
	})
}

// One request at a time unless there are more workers.
func TestWorkers(t *testing.T) {
	for _, workers := range []int{0, 3} {
		told(t, fake.Options{}, plivoserver.CallbackOptions{Workers: workers}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
			var now, most atomic.Int64
			a.respond(func(http.ResponseWriter, *http.Request) {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
			})
			start := time.Now()
			five(t, s, a)
			flush(t, sender)
			if workers == 0 {
				require.EqualValues(t, 1, most.Load())
				require.Equal(t, 5*time.Second, time.Since(start))
				return
			}
			require.EqualValues(t, 3, most.Load())
			require.Equal(t, 2*time.Second, time.Since(start))
		})
	}
}

// Sent once, whatever is answered: no retry, no redirect, no longer than the timeout.
func TestSentOnce(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"503": respondWith(503, "later"),
		"301": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		},
		"400": respondWith(400, strings.Repeat("x", 1<<20)),
		"cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"-":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
				require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url + "/#rc=5&rp=all", Events: "mpc-state-changes"}))
				a.respond(answer)
				s.join("room-7", fake.Leg{Waits: true})
				start := time.Now()
				flush(t, sender)
				require.Len(t, a.take(), 1)
				d := sender.Sent()[0]
				require.Equal(t, 1, d.Attempt)
				if name == "-" || name == "cut" {
					require.Error(t, d.Err)
					require.Equal(t, map[bool]time.Duration{true: 55 * time.Second}[name == "-"], time.Since(start))
					require.Equal(t, 1, sender.Counts().Failed)
					return
				}
				require.Equal(t, name, fmt.Sprint(d.Status))
				require.LessOrEqual(t, len(d.Body), 4<<10)
			})
		})
	}
}

// "Callback Configurations", where it is asked for.
func TestRetries(t *testing.T) {
	fail := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	never := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		fragment string
		answer   func(http.ResponseWriter, *http.Request)
		want     int
		took     time.Duration
	}{
		"fine":                    {"", respondWith(200, ""), 1, 0},
		"503, as a rule":          {"", respondWith(503, ""), 1, 0},
		"503":                     {"#rc=2&rp=ct,rt,5xx", respondWith(503, ""), 3, 0},
		"404":                     {"#rc=2&rp=5xx", respondWith(404, ""), 1, 0},
		"404, too":                {"#rp=4xx", respondWith(404, ""), 2, 0},
		"all":                     {"#rc=5&rp=all", respondWith(404, ""), 6, 0},
		"out of range":            {"#rc=6&rp=all", respondWith(404, ""), 2, 0},
		"never":                   {"#rc=0&rp=all", respondWith(503, ""), 1, 0},
		"a time out":              {"#rt=5000", never, 2, 10 * time.Second},
		"a time out, as a rule":   {"", never, 2, 55 * time.Second},
		"a time out, not meant":   {"#rt=5000&rp=5xx", never, 1, 5 * time.Second},
		"time out of everything":  {"#rt=5000&tt=12000&rc=5", never, 3, 12 * time.Second},
		"a failure is no timeout": {"#rc=5", fail, 1, 0},
		"a failure, all":          {"#rc=2&rp=all", fail, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			told(t, fake.Options{}, plivoserver.CallbackOptions{Retries: true}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
				require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url + "/" + c.fragment, Events: "mpc-state-changes"}))
				a.respond(c.answer)
				s.join("room-7", fake.Leg{Waits: true})
				start := time.Now()
				flush(t, sender)
				require.Equal(t, c.took, time.Since(start))
				require.Len(t, a.take(), c.want)
				sent := sender.Sent()
				require.Len(t, sent, c.want)
				for i, d := range sent {
					require.Equal(t, i+1, d.Attempt)
				}
				require.Equal(t, c.want-1, sender.Counts().Retried)
			})
		})
	}
}

// A connection that takes too long to come.
func TestConnectTimeout(t *testing.T) {
	o := plivoserver.CallbackOptions{Retries: true, Transport: &http.Transport{DialContext: blockedDial}}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url + "/#ct=700&rc=3", Events: "mpc-state-changes"}))
		s.join("room-7", fake.Leg{Waits: true})
		start := time.Now()
		flush(t, sender)
		require.Equal(t, 2800*time.Millisecond, time.Since(start))
		require.Len(t, sender.Sent(), 4)
		require.ErrorContains(t, sender.Sent()[3].Err, "connecting took too long")
		time.Sleep(time.Minute) // the transport's dials end
	})
}

// News is told when reads show it, and faults on news are faults of the callbacks.
func TestNewsFaults(t *testing.T) {
	told(t, fake.Options{ReadLag: time.Second}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url}))
		m := s.join("room-7", fake.Leg{})
		flush(t, sender)
		require.Empty(t, a.take())
		time.Sleep(time.Second)
		flush(t, sender)
		require.Equal(t, []string{"MPCInitialized", "MPCStart", "ParticipantJoin"}, a.names("EventName"))
		s.sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Double, Times: 1})
		s.sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Gap, Times: 1})
		s.set(m, cc.Change{Mute: cc.On})
		s.set(m, cc.Change{Hold: cc.On})
		time.Sleep(time.Second)
		flush(t, sender)
		require.Equal(t, []string{"ParticipantMute", "ParticipantMute"}, a.names("EventName"))
		require.Equal(t, 1, sender.Counts().Missed)
	})
}

// Recording while reads lag behind: what is recorded is somebody whom no news has shown yet.
func TestRecordingAndLag(t *testing.T) {
	told(t, fake.Options{ReadLag: time.Second, FirstMember: 1}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		s.join("room-7", fake.Leg{})
		time.Sleep(900 * time.Millisecond)
		s.join("room-7", fake.Leg{})
		require.Equal(t, 200, s.call("POST", "/MultiPartyCall/name_room-7/Participant/2/Record/", "").status)
		time.Sleep(500 * time.Millisecond) // the news of the first one has come
		flush(t, sender)
		require.Equal(t, plivoserver.RecordingRuns, s.server.Recordings("")[0].State)
	})
}

// Flush obeys its context, and fails once the Sender is closed. Close breaks off what is under way,
// what is delayed and what is held, and may be called again and by several.
func TestFlushAndClose(t *testing.T) {
	o := plivoserver.CallbackOptions{Decide: plans(plivoserver.Plan{}, plivoserver.Plan{Delay: time.Hour}, plivoserver.Plan{After: 9, Hold: time.Hour})}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		a.respond(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		five(t, s, a)
		_, err := s.server.SendCallbacks(plivoserver.CallbackOptions{})
		require.ErrorContains(t, err, "already")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.ErrorIs(t, sender.Flush(ctx), context.DeadlineExceeded)
		waiting := make(chan error, 1)
		go func() { waiting <- sender.Flush(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		var closing sync.WaitGroup
		for range 3 {
			closing.Go(func() { require.NoError(t, sender.Close()) })
		}
		closing.Wait()
		require.Equal(t, start, time.Now())
		require.ErrorIs(t, <-waiting, cc.ErrClosed)
		require.ErrorIs(t, sender.Flush(t.Context()), cc.ErrClosed)
		require.ErrorIs(t, sender.Forge(sender.Sent()[0].Callback, plivoserver.Lie), cc.ErrClosed)
		require.Len(t, a.take(), 1)
		require.True(t, errors.Is(sender.Sent()[0].Err, context.Canceled))

		// Nothing is told to nobody, and another sender may follow.
		require.Equal(t, 202, func() int {
			s.join("room-7", fake.Leg{})
			return s.call("POST", "/MultiPartyCall/name_room-7/Record/", "").status
		}())
		a.respond(nil)
		next, err := s.server.SendCallbacks(plivoserver.CallbackOptions{Transport: a.client})
		require.NoError(t, err)
		defer next.Close()
		s.join("room-7", fake.Leg{}) // the first that this one sees
		flush(t, next)
		require.Equal(t, []string{"1"}, a.names("SequenceNumber"))
	})
}

// A closed Switch has no more to tell.
func TestSenderOfClosedSwitch(t *testing.T) {
	told(t, fake.Options{}, plivoserver.CallbackOptions{}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		five(t, s, a)
		require.NoError(t, s.sw.Close())
		flush(t, sender)
		require.Len(t, a.take(), 5)
	})
}

func TestSendCallbacksRefuses(t *testing.T) {
	s, err := plivoserver.New(fake.NewSwitch(fake.Options{}), plivoserver.Options{})
	require.NoError(t, err)
	for _, o := range []plivoserver.CallbackOptions{
		{Timeout: -1}, {Workers: -1}, {QueueSize: -1}, {LogSize: -1}, {Tokens: []string{"x", " "}}, {MainToken: " "},
		{Decide: plans(), Trouble: plivoserver.Trouble{Seed: 1}},
		{Trouble: plivoserver.Trouble{Drop: -.1}}, {Trouble: plivoserver.Trouble{Forge: 1.1}}, {Trouble: plivoserver.Trouble{MaxDelay: -1}},
	} {
		_, err := s.SendCallbacks(o)
		require.Error(t, err)
	}
	sender, err := s.SendCallbacks(plivoserver.CallbackOptions{}) // none of those has left anything behind
	require.NoError(t, err)
	require.NoError(t, sender.Close())
}

// Over a port of the loopback interface, with a transport of the Sender's own.
func TestCallbacksTCP(t *testing.T) {
	s, done := open(t, plivoserver.TCP, fake.Options{}, plivoserver.Options{})
	defer done()
	got := make(chan string, 8)
	server := newTCPServer(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.FormValue("EventName") })
	sender, err := s.server.SendCallbacks(plivoserver.CallbackOptions{})
	require.NoError(t, err)
	require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: server}))
	s.join("room-7", fake.Leg{})
	flush(t, sender)
	require.NoError(t, sender.Close())
	require.Equal(t, []string{"MPCInitialized", "MPCStart", "ParticipantJoin"}, []string{<-got, <-got, <-got})
}

// Everything at once, for the race detector.
func TestSenderConcurrency(t *testing.T) {
	o := plivoserver.CallbackOptions{Workers: 4, Trouble: plivoserver.Trouble{Drop: .1, Double: .3, Delay: .3, Reorder: .3, Forge: .3, MaxDelay: time.Second}}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		var all sync.WaitGroup
		for i := range 8 {
			name := fmt.Sprint("room-", i)
			require.NoError(t, s.server.Callback(name, plivoserver.Callbacks{URL: a.url, ConferenceURL: a.url, RecordingURL: a.url, Events: allGroups}))
			all.Go(func() {
				for range 5 {
					m, err := s.sw.Join(name, fake.Leg{ExitAction: a.url})
					if err != nil {
						t.Error(err)
						return
					}
					s.call("POST", "/MultiPartyCall/name_"+name+"/Record/", "")
					_ = sender.Digits(m, "1")
					_ = sender.Flush(t.Context())
					_ = sender.Sent()
					s.call("GET", "/MultiPartyCall/name_"+name+"/", "")
					m.Leave()
				}
			})
		}
		all.Wait()
		flush(t, sender)
		counts := sender.Counts()
		require.Equal(t, counts.Sent, counts.Answered)
		require.Zero(t, counts.Overflowed)
	})
}

// Tokens are nowhere to be seen, and log values name nobody.
func TestNothingIsToldOfCallbacks(t *testing.T) {
	const token = "very-secret-token"
	o := plivoserver.CallbackOptions{Tokens: []string{token}, MainToken: token}
	s, err := plivoserver.New(fake.NewSwitch(fake.Options{}), plivoserver.Options{})
	require.NoError(t, err)
	sender, err := s.SendCallbacks(o)
	require.NoError(t, err)
	defer sender.Close()
	var text strings.Builder
	logger := slog.New(slog.NewTextHandler(&text, nil))
	for _, v := range []any{o, &o, sender} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&text, verb, v)
		}
		logger.Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "v", v)
	}
	asJSON, err := json.Marshal(o)
	require.NoError(t, err)
	text.Write(asJSON)
	c := plivoserver.Callback{Event: "ParticipantJoin", Conference: "secret-name", URL: "https://secret-name/", Fields: map[string][]string{"MPCName": {"secret-name"}}}
	for _, v := range []any{c, plivoserver.Delivery{Callback: c, Body: "secret-name"}} {
		logger.Info("x", "v", v)
		fmt.Fprintf(&text, "%#v", v)
	}
	require.NotContains(t, text.String(), token)
	require.NotContains(t, text.String(), fmt.Sprintf("%x", token))
	require.NotContains(t, text.String(), "secret-name")
	require.Contains(t, text.String(), "ParticipantJoin")
}
