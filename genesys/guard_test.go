package genesys_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
	"github.com/callcontrol-go/callcontrol/provider"
)

// splitLater loses the cookie from some moment on.
type splitLater struct {
	next http.RoundTripper
	on   atomic.Bool
}

func (s *splitLater) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.on.Load() {
		return loseBrowser{s.next}.RoundTrip(r)
	}
	return s.next.RoundTrip(r)
}

// A jar that is split while the client works is no tight loop either.
func TestCookiesLostLater(t *testing.T) {
	split := &splitLater{}
	onSite(t, genesysserver.Options{}, func(o *genesys.Options) {
		split.next = o.Transport
		o.Transport = split
	}, func(s *site) {
		s.ready()
		split.on.Store(true)
		s.server.ForgetBrowser(user)
		count := s.since()
		time.Sleep(5 * time.Minute)
		require.Less(t, count().CometD, 300)
		require.Zero(t, count().Sessions)
		require.NoError(t, s.conf.SetParticipantState(s.t.Context(), ownDN, cc.Change{Mute: cc.On}))
	})
}

// An order that was refused, and of which no message told, does not swallow the failure of the next.
func TestFailureAfterARefusal(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		s.ready()
		s.inject(genesysserver.Fault{On: removal, Times: 1, Answer: genesysserver.Code(409, 2, "not now")})
		require.ErrorIs(t, s.conf.RemoveParticipant(s.t.Context(), "15001"), cc.ErrConflict)
		s.inject(genesysserver.Fault{On: removal, Times: 1, Answer: genesysserver.Done(), Failure: &genesysserver.Failure{}})
		began := time.Now()
		require.ErrorIs(t, s.conf.RemoveParticipant(s.t.Context(), "15001"), cc.ErrUnavailable)
		require.Less(t, time.Since(began), time.Second)
	})
}

// Whatever tells of messages that may be lost is told on, also where it came before the subscription
// stood.
func TestEventsWithAGap(t *testing.T) {
	gap := provider.Update{Gap: true}
	for _, kind := range []bayeux.EventKind{bayeux.EventGap, bayeux.EventResumed, bayeux.EventReestablished} {
		lost := []bayeux.Event{{Kind: kind, PossibleGap: true}}
		require.Equal(t, []provider.Update{{}, gap}, genesys.ToldOf(nil, lost), "%v", kind)
		require.Equal(t, []provider.Update{gap}, genesys.ToldOf(lost, nil), "%v", kind)
		require.Equal(t, []provider.Update{{}}, genesys.ToldOf([]bayeux.Event{{Kind: kind}}, nil), "%v", kind)
	}
	require.Equal(t, []provider.Update{{}, {}}, genesys.ToldOf(nil, []bayeux.Event{{Kind: bayeux.EventBroken}}))
	require.Equal(t, []provider.Update{{}}, genesys.ToldOf(nil, []bayeux.Event{{Kind: bayeux.EventConnected}}))
}

// noAck is a way to a server without acknowledgements, on which the answer to the first subscription
// gets lost.
type noAck struct {
	next http.RoundTripper
	lost atomic.Bool
}

func (n *noAck) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/notifications") {
		return n.next.RoundTrip(r)
	}
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(asked))
	resp, err := n.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(asked, []byte("/meta/subscribe")) && !n.lost.Swap(true) {
		_ = resp.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	if bytes.Contains(asked, []byte("/meta/handshake")) {
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		_ = resp.Body.Close()
		answer = bytes.ReplaceAll(answer, []byte(`"ack":true`), []byte(`"ack":false`))
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(answer)), int64(len(answer))
		resp.Header.Del("Content-Length")
	}
	return resp, nil
}

// listening has a driver of its own listen for a while.
func (s *site) listening(transport http.RoundTripper, do func()) (told []provider.Update, err error) {
	d, err := genesys.NewDriver(genesys.Options{
		Endpoint: s.endpoint.URL(), Insecure: true, User: user, Password: genesys.NewSecret(password), Transport: transport,
	})
	require.NoError(s.t, err)
	var mu sync.Mutex
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error)
	go func() {
		done <- d.Listen(ctx, func(u provider.Update) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, u)
		})
	}()
	time.Sleep(2 * time.Second)
	do()
	time.Sleep(time.Second)
	cancel()
	err = <-done
	require.NoError(s.t, d.Close())
	return told, err
}

func TestLostAnswerToASubscription(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		lossy := &noAck{next: s.endpoint.Transport()}
		told, err := s.listening(lossy, func() {})
		require.ErrorIs(t, err, cc.ErrCanceled)
		require.True(t, lossy.lost.Load())
		// It is told with the first report or right behind it: the two come by ways of their own.
		require.True(t, slices.ContainsFunc(told, func(u provider.Update) bool { return u.Gap }), "%v", told)
	})
}

// However many notifications come in one answer, none is passed over.
func TestManyNotificationsAtOnce(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		const many = 5000
		told, err := s.listening(s.endpoint.Transport(), func() {
			for i := range many {
				require.NoError(t, s.server.Publish(user, "/v2/me/calls", map[string]any{
					"messageType": "CallStateChangeMessage", "call": map[string]any{"id": "c" + strconv.Itoa(i)},
				}))
			}
		})
		require.ErrorIs(t, err, cc.ErrCanceled)
		seen := map[cc.ConferenceID]bool{}
		for _, u := range told {
			seen[u.Conference] = true
		}
		for i := range many {
			require.True(t, seen[cc.ConferenceID("c"+strconv.Itoa(i))], i)
		}
	})
}

// slowJar takes its time to store cookies.
type slowJar struct{ *cookiejar.Jar }

func (j slowJar) SetCookies(u *url.URL, c []*http.Cookie) {
	time.Sleep(time.Second)
	j.Jar.SetCookies(u, c)
}

// Who comes while a login is being noted uses the whole session, and not one without its cookies or its
// token.
func TestSessionIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{call: callWith("Established", "Internal", owner, "15001", "15002")}
		o := d.options()
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		o.Jar, o.Start = slowJar{jar}, true
		driver, err := genesys.NewDriver(o)
		require.NoError(t, err)
		defer driver.Close()
		for range 2 {
			var all sync.WaitGroup
			for i := range 60 {
				all.Go(func() {
					time.Sleep(time.Duration(i) * 50 * time.Millisecond)
					_, err := driver.Remove(background, callID, "15001")
					require.NoError(t, err)
				})
			}
			all.Wait()
			d.mu.Lock()
			for _, line := range d.requests {
				require.NotEqual(t, "GET me", line, "a token was read anew")
			}
			d.session = 0
			d.mu.Unlock()
		}
		require.Equal(t, 2, d.logins)
		require.Len(t, d.sent(), 121, "the start, and the removals")
	})
}

// A canceled order of a handle is uncertain once it was sent, and tells that it was canceled.
func TestHandleCanceled(t *testing.T) {
	onSite(t, genesysserver.Options{}, nil, func(s *site) {
		s.ready()
		call := handle(t, s.conf)
		s.inject(genesysserver.Fault{On: "SingleStepConference", Answer: genesysserver.Done()})
		ctx, cancel := context.WithCancel(s.t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		err := call.AddParty(ctx, "15003")
		require.ErrorIs(t, err, cc.ErrUncertain)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 300*time.Millisecond, time.Since(began))
		count := s.since()
		require.ErrorIs(t, call.AddParty(ctx, "15003"), cc.ErrCanceled)
		require.Zero(t, count().Posts)
	})
}

func TestSecretsInTheWordsOfTheServer(t *testing.T) {
	const word = "correct-horse-battery"
	require.Equal(t, "user [redacted] refused", genesys.Mask("ana", word, "user "+word+" refused"))
	for n := 1; n <= len(word); n++ { // the words are cut within the secret
		message := genesys.Mask("ana", word, strings.Repeat(".", 4096-n)+word+" and more")
		require.NotContains(t, message, ".c")
		require.True(t, strings.HasSuffix(message, ".[redacted]"), n)
	}
	require.Equal(t, "short c", genesys.Mask("ana", word, "short c"))
}

// What is remembered of monitored calls is bounded, and forgotten with the call.
func TestMonitoredCallsAreForgotten(t *testing.T) {
	call := func(uuid, state string, monitoring bool) genesys.CallRecord {
		return genesys.CallRecord{CallUUID: uuid, State: state, Monitoring: monitoring}
	}
	known, kept := genesys.Learnt(
		call("u1", "Established", true), call("u1", "Held", false), call("u1", "Released", false), call("u1", "Established", false))
	require.Equal(t, []bool{true, true, false, false}, known)
	require.Zero(t, kept)
	_, kept = genesys.Learnt(call(strings.Repeat("u", 1<<20), "Established", true))
	require.Zero(t, kept, "no name is as long as that")
	var many []genesys.CallRecord
	for i := range 1000 {
		many = append(many, call("u"+strconv.Itoa(i), "Established", true))
	}
	_, kept = genesys.Learnt(many...)
	require.LessOrEqual(t, kept, 256)
}
