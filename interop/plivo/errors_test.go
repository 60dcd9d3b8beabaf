package interop_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// misbehaved makes a run for the first method of an operation, on a server with one fault.
func (b *book) misbehaved(t *testing.T, lib *library, d driver, id string, f server.Fault) (*run, query) {
	t.Helper()
	r := b.begin(t, lib, d, server.Options{})
	for _, o := range operations() {
		if o.id == id {
			r.op = o
		}
	}
	r.way = firstWay(lib, id)
	_, err := r.server.Inject(f)
	require.NoError(t, err)
	q := r.about(r.join(oneRoom, fake.Leg{}))
	q.mute = new(true)
	return r, q
}

// firstWay is a library's plainest method for an operation.
func firstWay(lib *library, id string) way {
	for _, w := range lib.ways {
		if w.op == id {
			return w
		}
	}
	return way{}
}

// tries is how many requests an answer leads to: each is sent three times in all while the answer is
// 5xx, with any method.
func tries(status int) int {
	if status >= 500 {
		return 3
	}
	return 1
}

// errors gives each error answer to a library.
func (b *book) errors(t *testing.T, lib *library, d driver) {
	for _, op := range []server.Operation{server.ListRooms, server.GetRoom, server.UpdateParticipant, server.EndRoom} {
		for _, status := range []int{400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504} {
			t.Run(fmt.Sprintf("%s %d", op, status), func(t *testing.T) {
				r, q := b.misbehaved(t, lib, d, string(op), server.Fault{On: op, Answer: server.Status(status)})
				rep := r.ask(q)
				require.Len(r, r.requests(), tries(status))
				text := strings.ToLower(http.StatusText(status))
				r.told(rep, failed{op: r.op.id, method: r.op.method, status: status, text: text, body: text})
			})
		}
	}
	for _, status := range []int{404, 503} {
		t.Run(fmt.Sprintf("empty %d", status), func(t *testing.T) {
			r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{Answer: server.Empty(status)})
			rep := r.ask(q)
			want := tries(status)
			if lib.column == "Go" {
				want = 1
			}
			require.Len(r, r.requests(), want)
			r.told(rep, failed{op: r.op.id, method: r.op.method, status: status, plain: true})
		})
	}
	t.Run("HTML", func(t *testing.T) {
		r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{Answer: server.HTML(502)})
		rep := r.ask(q)
		require.Len(r, r.requests(), 3)
		r.told(rep, failed{op: r.op.id, method: r.op.method, status: 502, text: "Bad Gateway", body: "Bad Gateway", plain: true})
	})
	t.Run("credentials", func(t *testing.T) {
		r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{On: server.HangUpCall, Answer: server.Status(500)})
		r.redirect("another token")
		r.fails(r.ask(q), 401, "authentication credentials invalid")
	})
	t.Run("once", func(t *testing.T) {
		r, q := b.misbehaved(t, lib, d, getRoom, server.Fault{Answer: server.Status(503), Times: 1})
		rep := r.ask(q)
		require.Len(r, r.requests(), 2)
		require.True(r, rep.OK, rep.Error)
		info, err := r.bridge.Look(oneRoom)
		require.NoError(r, err)
		r.decoded(r.room(info, false), rep.Result)
		if lib.column == "Python" {
			require.Equal(r, "ResponseObject", rep.Type, "the defect %s is gone", pythonUntyped)
			r.book.found(lib, getRoom, pythonUntyped)
		}
	})
}
