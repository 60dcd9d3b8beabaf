package hostile

import (
	"context"
	"net/http"
	"time"
)

// answers are the cases in which the server answers with another status, or another body, than it
// should.
func answers() []Case {
	always := func(status int, body bool) func(*exchange) {
		return func(x *exchange) {
			if body {
				x.refuse(status)
			} else {
				x.answer(status, "", "")
			}
		}
	}
	const once = "an error, one mutating request, at most one read"
	return []Case{
		{ID: "500-delete", Does: "500 with a body, always, to a DELETE", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(always(500, true))
			t.failed(t.command(t.peer.Deletes), true)
			t.sent(1, 1)
		}},
		{ID: "500-post", Does: "500 with a body, always, to a POST", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(always(500, true))
			t.failed(t.command(t.peer.Posts), true)
			t.sent(1, 1)
		}},
		{ID: "401-empty", Does: "401 with an empty body, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(always(401, false))
			t.failed(t.command(t.peer.Posts), false)
			t.sent(1, 1)
		}},
		{ID: "404-empty", Does: "404 with an empty body, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(always(404, false))
			t.failed(t.command(t.peer.Posts), false)
			t.sent(1, 1)
		}},
		{ID: "500-empty", Does: "500 with an empty body, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(always(500, false))
			t.failed(t.command(t.peer.Posts), true)
			t.sent(1, 1)
		}},
		{ID: "503-once", Does: "503 to a POST, then all is well",
			Expected: "an error and one mutating request, or a second one only after a read", play: playOnce503},
		{ID: "429-wait", Does: "429 with `Retry-After: 1`, then all is well",
			Expected: "success, two mutating requests, at least 1 s apart", Clock: true, play: playThrottled},
		{ID: "429-too-long", Does: "429 with `Retry-After: 3600`, always; the deadline is in 3 s",
			Expected: "an error that has the 429, within 100 ms", play: func(t *trial) {
				t.begin()
				t.meet(func(x *exchange) { x.refuse(429, "Retry-After", "3600") })
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				defer cancel()
				t.ctx = ctx
				o := t.command(t.peer.Posts)
				t.failed(o, false)
				t.within(o, 100*time.Millisecond)
				t.status(o, 429)
				t.sent(1, 0)
			}},
		{ID: "200-html", Does: "200 with HTML, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(func(x *exchange) { x.answer(200, htmlType, page) })
			t.failed(t.command(t.peer.Posts), true)
			t.sent(1, 1)
		}},
		{ID: "200-truncated", Does: "200 with JSON that breaks off, always", Expected: once, play: func(t *trial) {
			t.begin()
			t.meet(func(x *exchange) { x.answer(200, jsonType, `{"api_id":"7d0f2a60","message":"mem`) })
			t.failed(t.command(t.peer.Posts), true)
			t.sent(1, 1)
		}},
		sample("member-id-text", "`member_id` as text", `"10"`),
		sample("member-id-list", "`member_id` as a list", `["10"]`),
	}
}

// status demands that an error has the status of the answer.
func (t *trial) status(o outcome, want int) {
	if o.told.Status != want {
		panic(lost("the status is lost"))
	}
}

func playOnce503(t *trial) {
	t.begin()
	t.meet(func(x *exchange) {
		if x.command && x.nth == 1 {
			x.refuse(503)
			return
		}
		x.pass()
	})
	o := t.command(t.peer.Posts)
	commands, looked := 0, false
	for _, q := range t.site.requests() {
		switch {
		case !q.command():
			looked = true
		case commands > 0 && !looked:
			panic(lost("sent again without a look"))
		default:
			commands, looked = commands+1, false
		}
	}
	switch {
	case commands > 2:
		panic(lost(plural(commands, "mutating request")))
	case commands == 1:
		t.failed(o, true)
	default:
		t.succeeded(o)
	}
}

func playThrottled(t *trial) {
	t.begin()
	t.meet(func(x *exchange) {
		if x.command && x.nth == 1 {
			x.refuse(429, "Retry-After", "1")
			return
		}
		x.pass()
	})
	o := t.command(t.peer.Posts)
	t.succeeded(o)
	var at []time.Time
	for _, q := range t.site.requests() {
		if q.command() {
			at = append(at, q.at)
		}
	}
	if len(at) != 2 {
		panic(lost(plural(len(at), "mutating request")))
	}
	if at[1].Sub(at[0]) < time.Second {
		panic(lost("does not wait"))
	}
}

// sample is a case in which the vendor does as asked and answers with one of its documented samples.
func sample(id, what, memberID string) Case {
	return Case{ID: id, Does: "the documented answer, with " + what, Expected: "success", play: func(t *trial) {
		t.begin()
		t.meet(func(x *exchange) {
			if !x.command {
				x.pass()
				return
			}
			x.effect()
			x.answer(http.StatusAccepted, jsonType, x.site.vendor.Sample(memberID))
		})
		t.succeeded(t.command(t.peer.Posts))
		t.sent(1, 2)
	}}
}
