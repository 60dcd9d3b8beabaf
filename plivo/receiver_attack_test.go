package plivo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// Programs that print Plivo's status callbacks read fields of one event from all of them, so a
// callback may have every field there is, and those that do not apply are empty. It rings all the same:
// an empty field says nothing. One that the event has to have is not optional.
func TestFieldsThatDoNotApplyAreEmpty(t *testing.T) {
	fields := map[string][]string{
		plivo.MPC: {
			"SequenceNumber", "MPCFriendlyName", "MPCDuration", "MPCBilledDuration", "MPCBilledAmount", "MPCTerminationCause",
			"MPCTerminationCauseCode", "MemberID", "ParticipantCallUUID", "ParticipantRole", "ParticipantCoachMode", "MemberAddress",
			"ParticipantCallFrom", "ParticipantCallTo", "ParticipantCallDirection", "ParticipantJoinTime", "ParticipantEndTime",
			"DigitInput", "AddParticipantAPIRequestOutcome", "RecordingUUID", "RecordingURL", "RecordingFormat", "RecordingDuration",
			"RecordingStartTime", "RecordingEndTime", "CallUUID",
		},
		plivo.Conference: {"ConferenceDigitsMatch", "RecordUrl", "RecordingID", "RecordingDuration", "RecordingDurationMs", "RecordingStartMs", "RecordingEndMs"},
	}
	for _, e := range knownEvents {
		r := receiver(t)
		form := eventOf(e.provider, e.name, "room-7")
		all := merge(form, nil)
		for _, key := range fields[e.provider] {
			if !all.Has(key) {
				all[key] = []string{""}
			}
		}
		want := plivo.ReceiverStats{Accepted: 1}
		if e.rings {
			want.Rung = 1
		}
		deliver(t, r, all)
		require.Equal(t, want, r.Stats(), e.name)

		// Twice is twice, also of nothing.
		for key, values := range all {
			if values[0] != "" {
				continue
			}
			r := receiver(t)
			deliver(t, r, merge(all, url.Values{key: {"", ""}}))
			require.Equal(t, plivo.ReceiverStats{Accepted: 1, Unknown: 1}, r.Stats(), "%s with %s", e.name, key)
		}
	}
}

// The forms in which an instant with its zone is usually written.
func TestFormsOfAnInstant(t *testing.T) {
	want := time.Date(2026, 3, 1, 10, 0, 5, 0, time.UTC)
	for _, s := range []string{
		"2026-03-01 10:00:05", "2026-03-01 10:00:05+00:00", "2026-03-01 10:00:05+00", "2026-03-01 10:00:05 +0000",
		"2026-03-01 10:00:05 +0000 UTC", "2026-03-01 10:00:05 UTC", "2026-03-01T10:00:05Z", "2026-03-01T10:00:05+0000",
		"2026-03-01T10:00:05", "2026-03-01 15:30:05+05:30", "2026-03-01T15:30:05+05:30", "2026-03-01T05:00:05-0500", "2026-03-01 05:00:05-05",
	} {
		for _, fraction := range []string{"", ".5", ".123456", ".123456789"} {
			at := s[:19] + fraction + s[19:]
			length, err := time.ParseDuration("0" + fraction + "s")
			require.NoError(t, err)
			require.Equal(t, want.Add(length), plivo.ParseTime(at), at)
			r := receiver(t)
			deliver(t, r, merge(mpcEvent("MPCStart", "room-7", runA), url.Values{"EventTimestamp": {at}}))
			require.Equal(t, plivo.ReceiverStats{Accepted: 1, Rung: 1}, r.Stats(), at)
		}
	}
	for _, s := range []string{"2026-03-01 10:00:05 IST", "2026-03-01 10:00:05 +0530 UTC", "2026-03-01 10:00:05 UTCx"} {
		require.Zero(t, plivo.ParseTime(s), s)
	}
}

// A conference that waits to be told of keeps nothing of its callback but its name.
func TestAWaitingNameHoldsNothingElse(t *testing.T) {
	for name, parsed := range map[string]bool{"read here": false, "read before": true} {
		t.Run(name, func(t *testing.T) {
			told := make(chan cc.ConferenceID)
			r := receiver(t, func(o *plivo.ReceiverOptions) { o.Notify = func(c cc.ConferenceID) { told <- c } })
			extra := url.Values{"Extra": {strings.Repeat("x", 60<<10)}}
			before := heap()
			for i := range 200 {
				q := delivery{form: merge(mpcEvent("MPCStart", fmt.Sprint("room-", i), runA), extra)}.request(t)
				if parsed {
					require.NoError(t, q.ParseForm())
				}
				r.ServeHTTP(&sink{header: http.Header{}}, q)
			}
			require.Less(t, int64(heap())-int64(before), int64(4<<20))
			require.Equal(t, uint64(200), r.Stats().Rung)
			for range 200 {
				<-told
			}
		})
	}
}

// What waits for a slow reader is of 1 MiB in all, also where a field has many values.
func TestRawEventsOfManyValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver(t)
		ctx, cancel := context.WithCancel(background)
		go func() {
			for range r.RawEvents(ctx) {
				<-ctx.Done()
			}
		}()
		synctest.Wait()
		deliver(t, r, nil)
		synctest.Wait()
		q := delivery{form: url.Values{"a": make([]string, 990), "b": {""}}, target: "/cb?" + strings.Repeat("c&", 990)}
		before := heap()
		for range 256 {
			r.ServeHTTP(&sink{header: http.Header{}}, q.request(t))
		}
		grown := int64(heap()) - int64(before)
		require.Equal(t, uint64(257), r.Stats().Accepted)
		require.Greater(t, r.Stats().Unread, uint64(0))
		cancel()
		require.Less(t, grown, int64(2<<20))
	})
}

// A POST without a body has none to hurry: what comes after the receiver keeps its context.
func TestNoDeadlineWithoutABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var after error
		s := newSite(t, func(s *http.Server) {
			inner := s.Handler
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				inner.ServeHTTP(w, q)
				time.Sleep(time.Minute)
				after = q.Context().Err()
			})
		})
		answer := status1(t, s.send(t, head(t, nil, 0), strings.NewReader("")))
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, after)
	})
}

// A Notify that ends its goroutine, as a failed test does, ends that one alone.
func TestNotifyThatExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []cc.ConferenceID
		r := receiver(t, func(o *plivo.ReceiverOptions) {
			o.Notify = func(c cc.ConferenceID) {
				told = append(told, c)
				time.Sleep(time.Second)
				if len(told)%2 == 1 {
					runtime.Goexit()
				}
			}
		})
		var want []cc.ConferenceID
		for i := range 5 {
			want = append(want, cc.ConferenceID(fmt.Sprint("room-", i)))
			deliver(t, r, mpcEvent("MPCStart", string(want[i]), runA))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, want, told)
		deliver(t, r, mpcEvent("MPCStart", "final", runA))
		synctest.Wait()
		require.NoError(t, r.Close(), "which waits for the call under way")
		synctest.Wait()
		require.Equal(t, append(want, "final"), told)
	})
}

// A Notify that closes what it is called by waits for itself no longer than anybody would.
func TestNotifyThatCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(letsNobodyIn{})
		o.PublicURL = public
		var c cc.Client
		calls := 0
		o.Notified = func(id cc.ConferenceID) {
			calls++
			c.Notify(id)
			require.Error(t, c.Close())
			c.Notify(id)
		}
		c, err := plivo.NewMPC(o)
		require.NoError(t, err)
		r, _ := cc.As[*plivo.Receiver](c)
		deliver(t, r, mpcEvent("MPCStart", "room-7", runA))
		synctest.Wait()
		require.Equal(t, http.StatusServiceUnavailable, serve(t, r, delivery{form: mpcEvent("MPCStart", "room-8", runA)}.request(t)))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, calls)
		again, ok := cc.As[*plivo.Receiver](c)
		require.True(t, ok)
		require.Same(t, r, again)
		require.Equal(t, http.StatusServiceUnavailable, serve(t, r, delivery{}.request(t)))
		require.NoError(t, c.Close())
	})
}

// Whoever sends callbacks without end while a command waits for its effect does not have it read without
// end.
func TestAFloodDuringACommand(t *testing.T) {
	eachProduct(t, func(t *testing.T, p product) {
		const lag = 3 * time.Second
		r := newRig(t, p, reachable, lagging(lag, 0))
		h := r.receiver()
		time.Sleep(time.Minute)
		r.began = time.Now()
		muted := r.begin(func() error {
			return r.conf.SetParticipantState(background, r.anna.ID(), cc.Change{Mute: cc.On})
		})
		for range lag / ms {
			r.callback(h, "ParticipantMute", "enter", r.bob)
			time.Sleep(ms)
		}
		require.NoError(t, muted.wait(t).err)
		_, reads := r.seen()
		require.LessOrEqual(t, len(reads), 80)
		require.LessOrEqual(t, r.clock(), lag+100*ms, "the bell brings the next read forward")
	})
}

// What one can do to a request on its way, knowing a genuine one: none of it rings for anybody.
func TestOddRequests(t *testing.T) {
	form := mpcEvent("MPCStart", "room-7", runA)
	body := form.Encode()
	genuine := head(t, form, len(body))
	lines := strings.SplitAfter(strings.TrimSuffix(genuine, "\r\n"), "\r\n")
	signature := lines[len(lines)-3]
	require.Contains(t, signature, "V3: ")
	change := func(from, to string) string {
		require.Contains(t, genuine, from)
		return strings.Replace(genuine, from, to, 1)
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(body), body)
	for name, c := range map[string]struct {
		raw    string
		status int
		rings  uint64
	}{
		"as it is":                     {genuine + body, 200, 1},
		"in chunks":                    {change(length, "Transfer-Encoding: chunked\r\n") + chunked + "\r\n", 200, 1},
		"waiting to be let in":         {change(length, length+"Expect: 100-continue\r\n") + body, 200, 1},
		"in small letters":             {strings.ReplaceAll(genuine, "X-Plivo", "x-plivo") + body, 200, 1},
		"with another override":        {change(length, length+"X-HTTP-Method-Override: DELETE\r\n") + body, 200, 1},
		"its form as a query":          {change("POST /plivo/mpc ", "GET /plivo/mpc?"+body+" ") + body, 403, 0},
		"its form as a query, posted":  {change("POST /plivo/mpc ", "POST /plivo/mpc?"+body+" ") + body, 403, 0},
		"a GET with the form":          {change("POST ", "GET ") + body, 403, 0},
		"another path":                 {change("/plivo/mpc ", "//plivo/mpc ") + body, 403, 0},
		"a path of parameters":         {change("/plivo/mpc ", "/plivo/mpc;a=b ") + body, 403, 0},
		"a NUL":                        {change("/plivo/mpc ", "/plivo/mpc%00 ") + body, 403, 0},
		"another escape":               {change("/plivo/mpc ", "/plivo/%6dpc ") + body, 403, 0},
		"a query of nothing":           {change("/plivo/mpc ", "/plivo/mpc?&& ") + body, 200, 1},
		"an absolute target":           {change("/plivo/mpc ", public+"/plivo/mpc ") + body, 400, 0},
		"an absolute one of a liar":    {change("/plivo/mpc ", "http://evil.example/plivo/mpc ") + body, 400, 0},
		"a second nonce":               {change(length, length+"X-Plivo-Signature-V3-Nonce: 1\r\n") + body, 403, 0},
		"a nonce of two":               {change("Nonce: ", "Nonce: 1, ") + body, 403, 0},
		"the signature as a trailer":   {strings.Replace(change(length, "Transfer-Encoding: chunked\r\nTrailer: X-Plivo-Signature-V3\r\n"), signature, "", 1) + chunked + signature + "\r\n", 403, 0},
		"the signature of the main":    {strings.Replace(genuine, "Signature-V3: ", "Signature-Ma-V3: ", 1) + body, 200, 1},
		"the signature as one of V2":   {strings.NewReplacer("Signature-V3: ", "Signature-V2: ", "V3-Nonce: ", "V2-Nonce: ").Replace(genuine) + body, 403, 0},
		"compressed, it says":          {change(length, length+"Content-Encoding: gzip\r\n") + body, 200, 1},
		"semicolons":                   {genuine + strings.Replace(body, "&", ";", 1), 403, 0},
		"a NUL in a field":             {change(length, fmt.Sprintf("Content-Length: %d\r\n", len(body)+3)) + body + "%00", 403, 0},
		"a field that is no text":      {change(length, fmt.Sprintf("Content-Length: %d\r\n", len(body)+6)) + body + "&a=%ff", 400, 0},
		"a broken escape":              {change(length, fmt.Sprintf("Content-Length: %d\r\n", len(body)+4)) + body + "&a=%", 400, 0},
		"multipart":                    {change(formType, "multipart/form-data; boundary=x") + body, 415, 0},
		"two types":                    {change(length, length+"Content-Type: text/plain\r\n") + body, 200, 1},
		"a form in another script":     {change(formType, formType+"; charset=utf-16") + body, 200, 1},
		"the second of two on one way": {genuine + body + genuine + body, 200, 1},
	} {
		t.Run(name, inFakeTime(func(t *testing.T) {
			s := newSite(t)
			answer := status1(t, s.send(t, c.raw, strings.NewReader("")))
			if answer.StatusCode == http.StatusContinue {
				require.Equal(t, "waiting to be let in", name)
			} else {
				require.Equal(t, c.status, answer.StatusCode)
			}
			synctest.Wait()
			got := s.r.Stats()
			require.Equal(t, c.rings, got.Rung)
			require.LessOrEqual(t, got.Accepted+got.Refused, uint64(1))
		}))
	}
}

// A full stop, or any other odd thing, in a value of the query makes no other form of a genuine one.
func TestAQueryAndAFormAreTwo(t *testing.T) {
	form := mpcEvent("MPCStart", "room-7", runA)
	nonce := freshNonce()
	d := delivery{target: "/cb?tenant=t9", form: form, nonce: nonce}
	want := d.request(t).Header.Get(plivo.HeaderSignatureV3)
	text := ""
	for _, key := range []string{"EventName", "EventTimestamp", "MPCName", "MPCUUID"} {
		text += key + form.Get(key)
	}
	for name, target := range map[string]string{
		"all in the query":  "/cb?tenant=" + url.QueryEscape("t9."+text),
		"the end in a name": "/cb?" + url.QueryEscape("tenant=t9."+text),
	} {
		for _, method := range []string{"GET", "POST"} {
			r, rung := bells(t)
			q := delivery{method: method, target: target, nonce: nonce}.request(t)
			if name == "all in the query" {
				require.Equal(t, want, q.Header.Get(plivo.HeaderSignatureV3), "the scheme signs both alike")
			}
			q.Header.Set(plivo.HeaderSignatureV3, want)
			w := httptest.NewRecorder()
			r.ServeHTTP(w, q)
			require.Empty(t, rung())
		}
	}
}

// No character that a terminal or a log obeys is read out.
func TestSpeechHasNoControlCharacters(t *testing.T) {
	r := newRigOf(t)
	for _, c := range []rune{0, 7, '\r', 0x1b, 0x7f, 0x85, 0x9b} {
		err := r.SpeakAll(background, plivo.Speech{Text: "a" + string(c) + "b"})
		require.ErrorIs(t, err, cc.ErrInvalid, "%U", c)
	}
}

func newRigOf(t *testing.T) *plivo.Room {
	t.Helper()
	room, ok := cc.As[*plivo.Room](client(t, plivo.NewMPC, options(letsNobodyIn{})).Conference("room-7"))
	require.True(t, ok)
	return room
}

// When the answer is written nothing has been done about the request, and when its writer panics nothing
// is.
func TestTheAnswerIsWrittenFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		r := receiver(t, func(o *plivo.ReceiverOptions) { o.Notify = func(cc.ConferenceID) { told++ } })
		ctx, cancel := context.WithCancel(background)
		raw := readRaw(ctx, r)
		writes := 0
		w := &watchedWriter{ResponseRecorder: httptest.NewRecorder(), written: func() {
			writes++
			synctest.Wait() // for all that was begun before
			require.Zero(t, told)
			require.Empty(t, raw())
			require.Equal(t, plivo.ReceiverStats{}, r.Stats())
		}}
		r.ServeHTTP(w, delivery{form: mpcEvent("MPCStart", "room-7", runA)}.request(t))
		synctest.Wait()
		require.Equal(t, 2, writes)
		require.Equal(t, 1, told)
		require.Len(t, raw(), 1)
		require.Equal(t, plivo.ReceiverStats{Accepted: 1, Rung: 1}, r.Stats())

		w.written = func() { panic(http.ErrAbortHandler) }
		require.PanicsWithValue(t, http.ErrAbortHandler, func() {
			r.ServeHTTP(w, delivery{form: mpcEvent("MPCStart", "room-7", runA)}.request(t))
		})
		synctest.Wait()
		require.Equal(t, 1, told)
		cancel()
	})
}
