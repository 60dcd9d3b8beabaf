package plivo_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// Half a million callbacks leave no more behind than two hundred thousand.
//
// Measured is runtime.MemStats.HeapAlloc after two forced collections, after every 50,000 callbacks from
// the 200,000th to the 500,000th; the greatest of the seven may be 2 MiB above the least. The callbacks
// go into the handler of a client in fake time, 1,000 in a second, so that the memory of nonces is full from
// the 100,000th on, loses the oldest for each new one, and, after the 500,000th, all to time. They
// are of 3,000 rooms in turn, and every fifth of one that is watched. A reader of raw events that never
// comes back and a Notified that takes a second for each conference are there all the while, so their
// bounds are measured, too.
//
// Reads of the room that is watched are counted: one snapshot, the room and then its page, for each
// debounce of 100 ms at most, and no read of any other room.
//
// With the race detector, and unless CALLCONTROL_HOSTILE says that all of them are wanted, there are a
// tenth as many callbacks, the figures are of the 20,000th to the 50,000th, and they may be 4 MiB apart,
// since the memory of nonces still grows then.
func TestHalfAMillionCallbacks(t *testing.T) {
	const rate = 1000                                 // in a second
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // fewer collections beside the forced ones
	total, apart := 500_000, uint64(2<<20)
	if raceDetector || os.Getenv("CALLCONTROL_HOSTILE") != "full" {
		total, apart = total/10, 2*apart
	}
	synctest.Test(t, func(t *testing.T) {
		wire := &quietRoom{}
		var told atomic.Uint64
		o := options(wire)
		o.Rate = 100_000 // so that nothing but the debounce holds reads back
		o.PublicURL, o.Notified = public, func(cc.ConferenceID) { told.Add(1); time.Sleep(time.Second) }
		c := client(t, plivo.NewMPC, o)
		r, _ := cc.As[*plivo.Receiver](c)
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		story := tellOf(ctx, c.Conference("watched"))
		go func() {
			for range r.RawEvents(ctx) {
				<-ctx.Done()
			}
		}()
		require.Equal(t, "synced", story.words())
		time.Sleep(time.Second)
		wire.rooms.Store(0)
		wire.pages.Store(0)

		forms := make([]*mould, 0, 3001)
		for i := range 3000 {
			forms = append(forms, newMould(t, mpcEvent("MPCStart", fmt.Sprint("room ", i), runB)))
		}
		watched := newMould(t, mpcEvent("MPCStart", "watched", runA))
		w := &sink{header: http.Header{}}
		began := time.Now()
		least, most := ^uint64(0), uint64(0)
		for i := range total {
			m := forms[i%len(forms)]
			if i%5 == 0 {
				m = watched
			}
			w.status = 0
			r.ServeHTTP(w, m.request(strconv.Itoa(i)))
			if w.status != http.StatusOK {
				require.Equal(t, http.StatusOK, w.status)
			}
			if i%(rate/10) == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			if n := i + 1; n >= total*2/5 && n%(total/10) == 0 {
				h := heap()
				least, most = min(least, h), max(most, h)
			}
		}
		took := time.Since(began)
		t.Logf("live heap from %d to %d bytes, %d apart; %d snapshots in %v", least, most, most-least, wire.rooms.Load(), took)
		require.Less(t, most-least, apart)
		require.LessOrEqual(t, wire.rooms.Load(), int64(took/(100*time.Millisecond))+1)
		require.GreaterOrEqual(t, wire.rooms.Load(), int64(took/(200*time.Millisecond)))
		require.Equal(t, wire.rooms.Load(), wire.pages.Load())
		require.Zero(t, wire.others.Load())
		require.Equal(t, "", story.words())

		s := r.Stats()
		require.Equal(t, uint64(total), s.Rung)
		require.Equal(t, uint64(total), s.Accepted)
		require.Zero(t, s.Unknown+s.Repeated+s.Refused)
		require.Equal(t, uint64(total-1-256), s.Unread)
		require.Greater(t, s.Dropped, uint64(total/4))
		require.Greater(t, told.Load(), uint64(0))

		time.Sleep(10 * time.Minute)
		r.ServeHTTP(w, watched.request(strconv.Itoa(total-1)))
		require.Equal(t, uint64(total+1), r.Stats().Accepted, "nobody knows it any more")
		cancel()
	})
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A mould makes requests of one form, one at a time, each signed for a nonce of its own. The text is
// that of plivo.SignV3, made once.
type mould struct {
	text      string
	body      strings.Reader
	form      string
	mac       hash.Hash
	q         *http.Request
	nonce     []string
	signature []string
}

func newMould(t *testing.T, form url.Values) *mould {
	t.Helper()
	m := &mould{
		form: form.Encode(), text: public + "/plivo/mpc?", mac: hmac.New(sha256.New, []byte(authToken)),
		nonce: []string{""}, signature: []string{""},
	}
	m.q = &http.Request{
		Method: "POST", URL: &url.URL{Path: "/plivo/mpc"}, RequestURI: "/plivo/mpc", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {formType}, plivo.HeaderNonceV3: m.nonce, plivo.HeaderSignatureV3: m.signature},
		Body:   io.NopCloser(&m.body), ContentLength: int64(len(m.form)),
	}
	for _, key := range []string{"EventName", "EventTimestamp", "MPCName", "MPCUUID"} {
		m.text += key + form.Get(key)
	}
	want, err := plivo.SignV3(plivo.NewSecret(authToken), "POST", public+"/plivo/mpc", form, "1")
	require.NoError(t, err)
	require.Equal(t, want, m.request("1").Header.Get(plivo.HeaderSignatureV3))
	return m
}

func (m *mould) request(nonce string) *http.Request {
	m.mac.Reset()
	_, _ = io.WriteString(m.mac, m.text+"."+nonce)
	m.nonce[0], m.signature[0] = nonce, base64.StdEncoding.EncodeToString(m.mac.Sum(nil))
	m.body.Reset(m.form)
	return m.q
}

// A sink is a writer of answers that nobody reads.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

func (s *sink) SetReadDeadline(time.Time) error { return nil }

// A quietRoom is Plivo with one room, in which nothing happens.
type quietRoom struct{ rooms, pages, others atomic.Int64 }

func (q *quietRoom) RoundTrip(r *http.Request) (*http.Response, error) {
	body, status := `{"api_id":"x","error":"not found"}`, http.StatusNotFound
	switch strings.TrimPrefix(r.URL.Path, account) {
	case "/MultiPartyCall/name_watched/":
		q.rooms.Add(1)
		body, status = `{"mpc_uuid":"`+runA+`","friendly_name":"watched","status":"Active"}`, http.StatusOK
	case "/MultiPartyCall/uuid_" + runA + "/Participant/":
		q.pages.Add(1)
		body, status = `{"meta":{"count":1,"limit":20,"offset":0,"next":null},"objects":[{"member_id":"42","mpc_uuid":"`+runA+`","call_uuid":"`+callA+`","role":"agent"}]}`, http.StatusOK
	default:
		q.others.Add(1)
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}
