package plivo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// The answer stands before anything is done about a callback, and a function that does not return holds
// up nobody: each conference waits once.
func TestAnswerFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answered, calls atomic.Int32
		var at []int32
		var told []cc.ConferenceID
		block := make(chan struct{})
		r := receiver(t, func(o *plivo.ReceiverOptions) {
			o.Notify = func(c cc.ConferenceID) {
				require.Equal(t, int32(1), calls.Add(1), "one call at a time")
				at, told = append(at, answered.Load()), append(told, c)
				<-block
				calls.Add(-1)
			}
		})
		send := func(room string) {
			w := &watchedWriter{ResponseRecorder: httptest.NewRecorder(), written: func() { answered.Add(1) }}
			r.ServeHTTP(w, delivery{form: mpcEvent("MPCStart", room, runA)}.request(t))
			require.Equal(t, http.StatusOK, w.Code)
		}
		send("a")
		synctest.Wait()
		require.Equal(t, []cc.ConferenceID{"a"}, told)
		require.Equal(t, []int32{2}, at, "status and body were written before")
		for range 100 {
			send("b")
			send("a")
			send("c")
		}
		block <- struct{}{}
		synctest.Wait()
		require.Equal(t, []cc.ConferenceID{"a", "b"}, told)
		send("b") // while it is being told of: it may have changed since
		for range 4 {
			block <- struct{}{}
		}
		synctest.Wait()
		require.Equal(t, []cc.ConferenceID{"a", "b", "a", "c", "b"}, told)
		require.Zero(t, r.Stats().Dropped)

		// Beyond what can wait they are dropped, and counted.
		send("first")
		synctest.Wait()
		for i := range 1100 {
			send(fmt.Sprint("room ", i))
		}
		require.Equal(t, uint64(1100-1024), r.Stats().Dropped)
		told = nil
		for range 1025 {
			block <- struct{}{}
		}
		synctest.Wait()
		require.Len(t, told, 1024)
		require.Equal(t, cc.ConferenceID("room 1023"), told[1023])
		require.Equal(t, uint64(1+300+1+1+1100), r.Stats().Rung)
	})
}

type watchedWriter struct {
	*httptest.ResponseRecorder
	written func()
}

func (w *watchedWriter) WriteHeader(code int) { w.written(); w.ResponseRecorder.WriteHeader(code) }
func (w *watchedWriter) Write(b []byte) (int, error) {
	w.written()
	return w.ResponseRecorder.Write(b)
}

func (w *watchedWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// Close waits for a call under way, and not for ever. What waits is dropped.
func TestCloseWaitsForNotify(t *testing.T) {
	for _, takes := range []time.Duration{0, time.Second, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			notify := func(cc.ConferenceID) {
				calls++
				time.Sleep(takes)
			}
			o := receiverOptions()
			o.Notify = notify
			r, err := plivo.NewReceiver(o)
			require.NoError(t, err)
			for _, open := range []func(plivo.Options) (cc.Client, error){nil, plivo.NewMPC} {
				var close func() error
				if open == nil {
					close = r.Close
				} else {
					co := options(letsNobodyIn{})
					co.PublicURL, co.Notified = public, notify
					c, err := open(co)
					require.NoError(t, err)
					r, _ = cc.As[*plivo.Receiver](c)
					close = c.Close
				}
				calls = 0
				deliver(t, r, mpcEvent("MPCStart", "a", runA))
				deliver(t, r, mpcEvent("MPCStart", "b", runA))
				if takes > 0 {
					synctest.Wait()
					deliver(t, r, mpcEvent("MPCStart", "b", runA))
				}
				began := time.Now()
				err := close()
				if takes > 2*time.Second {
					require.ErrorIs(t, err, cc.ErrUnavailable)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, min(takes, 2*time.Second), time.Since(began))
				require.Equal(t, http.StatusServiceUnavailable, serve(t, r, delivery{}.request(t)))
				time.Sleep(time.Minute)
				if takes > 0 {
					require.Equal(t, 1, calls)
					require.Equal(t, uint64(1), r.Stats().Dropped)
				}
				require.NoError(t, close())
			}
		})
	}
}

// Raw events are those of all callbacks that are genuine and new, with copies for each reader.
func TestRawEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver(t, func(o *plivo.ReceiverOptions) { o.Provider = plivo.MPC })
		deliver(t, r, mpcEvent("MPCStart", "before", runA))
		ctx, cancel := context.WithCancel(background)
		first, second := readRaw(ctx, r), readRaw(ctx, r)
		time.Sleep(time.Hour)

		digits := merge(mpcEvent("ParticipantDigitInput", "room-7", runA), url.Values{"DigitInput": {"12#"}})
		unknown := url.Values{"EventName": {"ParticipantAudioLost"}, "MPCUUID": {runA}}
		forms := []url.Values{
			mpcEvent("ParticipantJoin", "room-7", runA), digits, mpcEvent("MPCStart", "Zoë / 7", runA),
			memberEvent("enter", "room-8"), memberEvent("floor", "Zoë"), unknown, nil,
		}
		for _, form := range forms {
			d := delivery{form: form, target: "/plivo/mpc?tenant=t9", nonce: freshNonce()}
			require.Equal(t, http.StatusOK, serve(t, r, d.request(t)))
			require.Equal(t, http.StatusOK, serve(t, r, d.request(t)), "again")
			d.token = "stranger"
			require.Equal(t, http.StatusForbidden, serve(t, r, d.request(t)))
		}
		require.Equal(t, http.StatusOK, serve(t, r, delivery{method: "GET", target: "/x/y?tenant=t9", form: digits}.request(t)))
		synctest.Wait()

		at := time.Now().UTC()
		query := url.Values{"tenant": {"t9"}}
		event := func(name, provider string, known bool, conference, instance cc.ConferenceID, fields url.Values) plivo.RawEvent {
			if fields == nil {
				fields = url.Values{}
			}
			return plivo.RawEvent{
				Event: name, Provider: provider, Known: known, Conference: conference, Instance: instance,
				Fields: fields, Query: query, Path: "/plivo/mpc", At: at,
			}
		}
		got := event("ParticipantDigitInput", plivo.MPC, true, "room-7", "uuid:"+runA, merge(digits, query))
		got.Query, got.Path = nil, "/x/y"
		want := []plivo.RawEvent{
			event("ParticipantJoin", plivo.MPC, true, "room-7", "uuid:"+runA, forms[0]),
			event("ParticipantDigitInput", plivo.MPC, true, "room-7", "uuid:"+runA, digits),
			event("MPCStart", plivo.MPC, true, "uuid:"+runA, "uuid:"+runA, forms[2]),
			event("enter", plivo.Conference, true, "room-8", "room-8", forms[3]),
			event("floor", plivo.Conference, true, "", "", forms[4]),
			event("ParticipantAudioLost", "", false, "", "", unknown),
			event("", "", false, "", "", nil),
			got,
		}
		require.Equal(t, want, first())
		require.Equal(t, want, second())
		require.Equal(t, plivo.ReceiverStats{Accepted: 9, Rung: 3, Unknown: 2, Repeated: 7, Refused: 7}, r.Stats())

		// Copies: what one reader does with them is its own business.
		deliver(t, r, forms[0])
		synctest.Wait()
		a, b := first(), second()
		a[0].Fields.Set("MPCName", "mine")
		a[0].Fields["MemberID"][0] = "mine"
		require.Equal(t, forms[0], b[0].Fields)
		cancel()
		synctest.Wait()
		deliver(t, r, forms[0])
		synctest.Wait()
		require.Empty(t, first())
		var none context.Context
		for range r.RawEvents(none) {
			require.Fail(t, "nobody could end that")
		}
	})
}

// readRaw reads raw events, and tells those that came since it was asked last.
func readRaw(ctx context.Context, r *plivo.Receiver) func() []plivo.RawEvent {
	var mu sync.Mutex
	var list []plivo.RawEvent
	go func() {
		for e := range r.RawEvents(ctx) {
			mu.Lock()
			list = append(list, e)
			mu.Unlock()
		}
	}()
	synctest.Wait()
	return func() []plivo.RawEvent {
		mu.Lock()
		defer mu.Unlock()
		defer func() { list = nil }()
		return list
	}
}

// For a slow reader some wait; then the oldest go, and it is told how many.
func TestASlowReaderMissesTheOldest(t *testing.T) {
	form := func(i int) url.Values { return mpcEvent("MPCStart", fmt.Sprint("room ", i), runA) }
	for name, c := range map[string]struct {
		form func(int) url.Values
		kept int
	}{
		"by number": {form, 256},
		"by size": {func(i int) url.Values {
			return merge(form(i), url.Values{"Long": {string(slices.Repeat([]byte("x"), 60<<10))}})
		}, 16},
	} {
		t.Run(name, inFakeTime(func(t *testing.T) {
			r := receiver(t)
			seen := make(chan plivo.RawEvent)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for e := range r.RawEvents(background) {
					seen <- e
				}
			}()
			synctest.Wait()
			deliver(t, r, c.form(0)) // the reader has it, and waits for us
			synctest.Wait()
			last := c.kept + 100
			for i := range last {
				deliver(t, r, c.form(i+1))
			}
			require.Equal(t, uint64(100), r.Stats().Unread)
			require.Equal(t, cc.ConferenceID("room 0"), (<-seen).Conference)
			for n := range c.kept {
				e := <-seen
				require.Equal(t, cc.ConferenceID(fmt.Sprint("room ", 101+n)), e.Conference)
				require.Equal(t, map[bool]int{true: 100}[n == 0], e.Missed)
			}
			require.NoError(t, r.Close())
			<-done
		}))
	}
}

// A reader that stops by itself, or that panics, leaves nothing behind.
func TestReadersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver(t)
		for _, panics := range []bool{false, true} {
			gone := make(chan any)
			go func() {
				defer func() { gone <- recover() }()
				for range r.RawEvents(background) {
					if panics {
						panic("of the caller")
					}
					break
				}
			}()
			synctest.Wait()
			deliver(t, r, mpcEvent("MPCStart", "a", runA))
			require.Equal(t, map[bool]any{true: "of the caller"}[panics], <-gone)
		}
		for range 1000 {
			deliver(t, r, mpcEvent("MPCStart", "a", runA))
		}
		require.Zero(t, r.Stats().Unread, "nobody is waited for")
	})
}
