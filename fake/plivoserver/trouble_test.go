package plivoserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// plans decides by the order in which callbacks are made: what is not in the list goes its way.
func plans(list ...plivoserver.Plan) func(plivoserver.Callback) plivoserver.Plan {
	var n atomic.Int64
	return func(plivoserver.Callback) plivoserver.Plan {
		if i := int(n.Add(1)) - 1; i < len(list) {
			return list[i]
		}
		return plivoserver.Plan{}
	}
}

// five makes MPCInitialized, MPCStart, ParticipantJoin, ParticipantExit and MPCEnd, numbered 1 to 5.
func five(t *testing.T, s *site, a *app) {
	t.Helper()
	require.NoError(t, s.server.Callback("room-7", plivoserver.Callbacks{URL: a.url + "/mpc"}))
	s.join("room-7", fake.Leg{}).HangUp()
}

// What a Plan does to callbacks, as it is seen by whoever receives them and in the counts.
func TestPlans(t *testing.T) {
	const s, h = time.Second, time.Hour
	for name, c := range map[string]struct {
		plans []plivoserver.Plan
		want  string // the numbers in order of arrival
		took  time.Duration
		count plivoserver.CallbackCounts
	}{
		"nothing": {nil, "1 2 3 4 5", 0, plivoserver.CallbackCounts{Sent: 5}},
		"drop":    {[]plivoserver.Plan{{}, {Drop: true, Copies: 3, Delay: h}}, "1 3 4 5", 0, plivoserver.CallbackCounts{Sent: 4, Dropped: 1}},
		"delay":   {[]plivoserver.Plan{{Delay: 2 * s}, {Delay: s}}, "3 4 5 2 1", 2 * s, plivoserver.CallbackCounts{Sent: 5, Delayed: 2}},
		"double":  {[]plivoserver.Plan{{}, {Copies: 2}}, "1 2 2 2 3 4 5", 0, plivoserver.CallbackCounts{Sent: 7, Doubled: 2}},
		"double later": {[]plivoserver.Plan{{Copies: 2, Apart: s, Delay: s}}, "2 3 4 5 1 1 1", 3 * s,
			plivoserver.CallbackCounts{Sent: 7, Doubled: 2, Delayed: 1}},
		"reorder":           {[]plivoserver.Plan{{After: 2}}, "2 3 1 4 5", 0, plivoserver.CallbackCounts{Sent: 5, Reordered: 1}},
		"reorder two":       {[]plivoserver.Plan{{After: 3}, {After: 1}}, "3 2 4 5 1", 0, plivoserver.CallbackCounts{Sent: 5, Reordered: 2}},
		"a dropped one":     {[]plivoserver.Plan{{After: 1}, {Drop: true}}, "3 1 4 5", 0, plivoserver.CallbackCounts{Sent: 4, Reordered: 1, Dropped: 1}},
		"reorder and delay": {[]plivoserver.Plan{{After: 1, Delay: s}}, "2 3 4 5 1", s, plivoserver.CallbackCounts{Sent: 5, Reordered: 1, Delayed: 1}},
		"flushed":           {[]plivoserver.Plan{{After: 9, Hold: h}, {After: 8}}, "3 4 5 1 2", 0, plivoserver.CallbackCounts{Sent: 5, Reordered: 2}},
		"nonsense":          {[]plivoserver.Plan{{Delay: -1, Drop: true}, {Forge: "x"}}, "1 2 3 4 5", 0, plivoserver.CallbackCounts{Sent: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			told(t, fake.Options{}, plivoserver.CallbackOptions{Decide: plans(c.plans...)}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
				start := time.Now()
				five(t, s, a)
				flush(t, sender)
				require.Equal(t, c.want, strings.Join(a.names("SequenceNumber"), " "))
				require.Equal(t, c.took, time.Since(start))
				c.count.Made, c.count.Answered = 5, c.count.Sent
				require.Equal(t, c.count, sender.Counts())
				require.Len(t, sender.Sent(), c.count.Sent+c.count.Dropped)
			})
		})
	}
}

// What is held back goes on after a time of its own.
func TestHold(t *testing.T) {
	for _, hold := range []time.Duration{0, 7 * time.Second} {
		told(t, fake.Options{}, plivoserver.CallbackOptions{Decide: plans(plivoserver.Plan{After: 9, Hold: hold})}, func(t *testing.T, s *site, a *app, _ *plivoserver.Sender) {
			five(t, s, a)
			synctest.Wait()
			require.Equal(t, []string{"2", "3", "4", "5"}, a.names("SequenceNumber"))
			time.Sleep(max(hold, time.Second) - 1)
			synctest.Wait()
			require.Empty(t, a.take())
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			require.Equal(t, []string{"1"}, a.names("SequenceNumber"))
		})
	}
}

// Copies are signed anew, or are the same; extra headers go along and replace nothing.
func TestCopiesAndHeaders(t *testing.T) {
	o := plivoserver.CallbackOptions{
		Decide: plans(plivoserver.Plan{Copies: 1}, plivoserver.Plan{Copies: 1, SameNonce: true},
			plivoserver.Plan{Header: http.Header{"X-Plan": {"p"}, "X-All": {"mine"}, "Content-Type": {"text/plain"}}}),
		Header: http.Header{"X-All": {"1", "2"}, "X-Plivo-Signature-V3": {"x"}, "Host": {"elsewhere"}},
	}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		five(t, s, a)
		flush(t, sender)
		hits, sent := a.take(), sender.Sent()
		require.Len(t, hits, 7)
		for i, h := range hits {
			require.Equal(t, []string{h.signed(s.server.AuthToken())}, h.header.Values("X-Plivo-Signature-V3"))
			require.Equal(t, h.header.Get("X-Plivo-Signature-V3-Nonce"), sent[i].Nonce)
			require.Equal(t, h.header.Get("X-Plivo-Signature-V3"), sent[i].Header.Get("X-Plivo-Signature-V3"))
			require.Equal(t, "application/x-www-form-urlencoded", h.header.Get("Content-Type"))
			require.Equal(t, h.text(), fieldsText(sent[i].Fields))
			require.True(t, strings.HasPrefix(h.url, a.url))
		}
		require.NotEqual(t, sent[0].Nonce, sent[1].Nonce)
		require.Equal(t, sent[2].Nonce, sent[3].Nonce)
		require.Equal(t, []int{0, 1, 0, 1, 0, 0, 0}, func() (c []int) {
			for _, d := range sent {
				c = append(c, d.Copy)
			}
			return c
		}())
		require.Equal(t, []string{"1", "2"}, hits[0].header.Values("X-All"))
		require.Equal(t, []string{"mine"}, hits[4].header.Values("X-All"))
		require.Equal(t, "p", hits[4].header.Get("X-Plan"))
		require.Empty(t, hits[5].header.Get("X-Plan"))
	})
}

// Forgeries beside what happened, and on demand.
func TestForgeries(t *testing.T) {
	o := plivoserver.CallbackOptions{Decide: plans(plivoserver.Plan{Forge: plivoserver.WrongToken}, plivoserver.Plan{Forge: plivoserver.Unsigned},
		plivoserver.Plan{Forge: plivoserver.Altered}, plivoserver.Plan{Forge: plivoserver.Lie}, plivoserver.Plan{Drop: true, Forge: plivoserver.Lie})}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		five(t, s, a)
		flush(t, sender)
		var got []string
		for _, h := range a.take() {
			valid := h.signed(s.server.AuthToken()) == h.header.Get("X-Plivo-Signature-V3")
			got = append(got, fmt.Sprint(h.fields.Get("EventName"), " ", h.fields.Get("SequenceNumber"), " ", valid, " ",
				h.header.Get("X-Plivo-Signature-V3") != ""))
		}
		var forged []plivoserver.Forgery
		for _, d := range sender.Sent() {
			if d.Dropped {
				require.Equal(t, "MPCEnd", d.Event)
				continue
			}
			forged = append(forged, d.Forged)
		}
		require.Equal(t, []plivoserver.Forgery{"", "wrong-token", "", "unsigned", "", "altered", "", "lie", "lie"}, forged)
		require.Equal(t, []string{
			"MPCInitialized 1 true true", "MPCEnd 1 false true",
			"MPCStart 2 true true", "MPCEnd 2 false false",
			"ParticipantJoin 3 true true", "ParticipantExit 3 false true",
			"ParticipantExit 4 true true", "ParticipantJoin 4 true true",
			"MPCStart 5 true true",
		}, got)
		require.Equal(t, plivoserver.CallbackCounts{Made: 5, Sent: 9, Answered: 9, Dropped: 1, Forged: 5}, sender.Counts())

		c := sender.Sent()[0].Callback
		for _, method := range []string{"POST", "GET"} {
			c.Method = method
			for how, want := range map[plivoserver.Forgery]bool{
				plivoserver.Genuine: true, plivoserver.Lie: true, plivoserver.WrongToken: false, plivoserver.Unsigned: false, plivoserver.Altered: false,
			} {
				require.NoError(t, sender.Forge(c, how))
				flush(t, sender)
				hits := a.take()
				require.Len(t, hits, 1)
				require.Equal(t, fieldsText(c.Fields), hits[0].text())
				require.Equal(t, want, hits[0].signed(s.server.AuthToken()) == hits[0].header.Get("X-Plivo-Signature-V3"), "%s %s", method, how)
			}
		}
		require.Error(t, sender.Forge(c, "x"))
		require.ErrorIs(t, sender.Forge(plivoserver.Callback{URL: "x", Method: "GET"}, plivoserver.Lie), cc.ErrInvalid)
		require.ErrorIs(t, sender.Forge(plivoserver.Callback{URL: a.url, Method: "PUT"}, plivoserver.Lie), cc.ErrInvalid)
	})
}

// The same seed and the same events come to the same harm, and each rate harms its part.
func TestTrouble(t *testing.T) {
	run := func(trouble plivoserver.Trouble) (order string, counts plivoserver.CallbackCounts) {
		told(t, fake.Options{}, plivoserver.CallbackOptions{Trouble: trouble, QueueSize: 1 << 16}, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
			for range 40 {
				five(t, s, a)
				time.Sleep(time.Second)
			}
			flush(t, sender)
			for _, h := range a.take() {
				order += h.fields.Get("EventName") + h.fields.Get("SequenceNumber") + " "
			}
			counts = sender.Counts()
			require.Equal(t, 200, counts.Made)
			require.Equal(t, counts.Sent, counts.Answered)
			require.Equal(t, counts.Made-counts.Dropped+counts.Doubled+counts.Forged, counts.Sent)
		})
		return order, counts
	}
	all := plivoserver.Trouble{Seed: 7, Drop: .2, Double: .2, Delay: .2, Reorder: .2, Forge: .2}
	order, counts := run(all)
	again, same := run(all)
	require.Equal(t, order, again)
	require.Equal(t, counts, same)
	for _, n := range []int{counts.Dropped, counts.Forged} {
		require.InDelta(t, 40, n, 20)
	}
	for _, n := range []int{counts.Doubled, counts.Delayed, counts.Reordered} { // of those that are not dropped
		require.InDelta(t, 32, n, 20)
	}
	all.Seed = 8
	other, _ := run(all)
	require.NotEqual(t, order, other)
	for _, c := range []struct {
		trouble plivoserver.Trouble
		want    plivoserver.CallbackCounts
	}{
		{plivoserver.Trouble{Drop: 1}, plivoserver.CallbackCounts{Dropped: 200}},
		{plivoserver.Trouble{Double: 1, MaxDelay: time.Millisecond}, plivoserver.CallbackCounts{Sent: 400, Doubled: 200}},
		{plivoserver.Trouble{Delay: 1}, plivoserver.CallbackCounts{Sent: 200, Delayed: 200}},
		{plivoserver.Trouble{Reorder: 1}, plivoserver.CallbackCounts{Sent: 200, Reordered: 200}},
		{plivoserver.Trouble{Forge: 1}, plivoserver.CallbackCounts{Sent: 400, Forged: 200}},
	} {
		_, counts := run(c.trouble)
		c.want.Made, c.want.Answered = 200, c.want.Sent
		require.Equal(t, c.want, counts)
	}
}

// Trouble leaves what asks for XML alone.
func TestTroubleAndExitActions(t *testing.T) {
	o := plivoserver.CallbackOptions{Trouble: plivoserver.Trouble{Drop: 1, Double: 1}}
	told(t, fake.Options{}, o, func(t *testing.T, s *site, a *app, sender *plivoserver.Sender) {
		s.join("room-7", fake.Leg{ExitAction: a.url}).Leave()
		flush(t, sender)
		require.Len(t, a.take(), 1)
	})
}
