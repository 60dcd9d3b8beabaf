package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
)

const gib = 1 << 30

// bodies are the cases in which an answer is too big or odd.
func bodies() []Case {
	const (
		bounded = "an error, and at most 64 MiB held"
		defined = "an error or a defined value, no panic"
	)
	return []Case{
		{ID: "json-1gib", Does: "200 with 1 GiB of JSON, always", Expected: bounded, play: func(t *trial) {
			t.huge(1<<20, func(x *exchange) { x.stream(200, jsonType, `{"message":"`, `"}`, gib) })
		}},
		{ID: "error-1gib", Does: "500 with 1 GiB of HTML, always", Expected: bounded, play: func(t *trial) {
			t.huge(1<<20, func(x *exchange) { x.stream(500, htmlType, "<!DOCTYPE html><p>", "</p>", gib) })
		}},
		{ID: "gzip-1gib", Does: "200 with 1 GiB of JSON in 1 MiB of gzip, always", Expected: bounded, play: func(t *trial) {
			t.huge(1<<10, packed)
		}},
		{ID: "headers-8mib", Does: "200 with 8 MiB of headers, always", Expected: "an error", Own: true, play: func(t *trial) {
			t.begin()
			t.meet(func(x *exchange) {
				for range 2 << 10 {
					x.w.Header().Add("X-Padding", strings.Repeat("a", 4<<10))
				}
				x.answer(200, jsonType, x.site.vendor.Sample(`["10"]`))
			})
			t.failed(t.command(t.peer.Posts), true)
		}},
		odd("json-deep", "JSON nested 100,000 deep", defined, strings.Repeat(`{"message":[`, 50_000)+strings.Repeat(`]}`, 50_000)),
		odd("json-long-string", "JSON with a string of 1 MiB", defined, `{"message":"`+strings.Repeat("a", 1<<20)+`"}`),
		odd("json-duplicate-keys", "JSON with duplicate keys", defined,
			`{"message":"a","message":["b"],"api_id":"1","api_id":"2","member_id":"1","member_id":["2"],"members":7,"members":"none","sid":"1","sid":"2"}`),
		odd("json-wrong-types", "JSON with wrong types", defined,
			`{"api_id":7,"message":{"a":1},"member_id":{"a":1},"members":"none","objects":{"a":1},"meta":[1],"mute":[],"sid":7,"muted":"x","status":{}}`),
		odd("json-invalid-utf8", "JSON that is not UTF-8", defined, "{\"api_id\":\"\xff\xfe\",\"message\":\"\xc3\x28\",\"sid\":\"\xff\"}"),
	}
}

// huge has the server answer with too much, and looks at memory each time that step bytes have come.
func (t *trial) huge(step int, act func(*exchange)) {
	t.begin()
	t.meet(act)
	t.bound(step)
	t.failed(t.command(t.peer.Posts), true)
}

// packed sends 1 GiB of JSON in 1 MiB, as gzip members, which are one body to readers.
func packed(x *exchange) {
	x.w.Header().Set("Content-Type", jsonType)
	x.w.Header().Set("Content-Encoding", "gzip")
	x.w.WriteHeader(http.StatusOK)
	middle := pack(bytes.Repeat([]byte("0"), 1<<20))
	_, err := x.w.Write(pack([]byte(`{"message":"`)))
	for range gib >> 20 {
		if err != nil {
			return
		}
		_, err = x.w.Write(middle)
	}
	_, _ = x.w.Write(pack([]byte(`"}`)))
}

// pack is b as one gzip member.
func pack(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // into memory: never fails
	_ = z.Close()
	return out.Bytes()
}

// odd is a case in which every answer is 200 with an odd body, to commands and to reads.
// That is all that a command's answer has to be, so that who confirms commands goes on to look.
func odd(id, what, expected, body string) Case {
	return Case{ID: id, Does: "200 with " + what + ", always", Expected: expected, Clock: true, play: func(t *trial) {
		t.begin()
		t.meet(func(x *exchange) { x.answer(200, jsonType, body) })
		t.bound(64 << 10)
		t.command(t.peer.Posts)
		t.do(Snapshot, t.site.vendor.Room, "")
		t.inBounds()
	}}
}

// bound has memory looked at from now on: each time that the client has read step bytes, or, where its
// connections are its own, all the time.
func (t *trial) bound(step int) {
	t.bounds = true
	t.site.meter.start(step)
	if t.stage.Own {
		t.site.busy.Go(func() { t.site.meter.watch(t.site.gone) })
	}
}

// inBounds demands that memory has been.
func (t *trial) inBounds() {
	if t.site.meter.over() {
		panic(lost(fmt.Sprintf("holds more than %d MiB", limit>>20)))
	}
}
