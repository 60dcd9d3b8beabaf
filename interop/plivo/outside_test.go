package interop_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// outside calls a method that cannot do what it is for: it is broken, or asks for something else, or
// what it asks for is not served yet.
func (r *run) outside() {
	r.Helper()
	other := r.join(oneRoom, fake.Leg{Role: cc.RoleAgent})
	m := r.join(oneRoom, fake.Leg{Role: cc.RoleAgent})
	before := r.look(m)
	q := r.about(m)
	q.role, q.from, q.to = "agent", "15550100", []string{"15550101"}
	q.mute = new(true)
	rep := r.ask(q)
	sent := r.requests()
	switch {
	case r.way.broken != nil:
		r.failsBroken(rep, sent, q)
	case r.way.instead != nil:
		r.book.found(r.lib, r.op.id, r.way.instead.defect)
		for _, o := range operations() {
			if o.id == r.way.instead.op {
				r.unserved(rep, sent, o, q)
			}
		}
	default:
		r.unserved(rep, sent, r.op, q)
	}
	require.True(r, other.Present())
	require.Equal(r, before, r.look(m), "nothing may have changed")
}

// failsBroken demands the one way in which a method fails.
func (r *run) failsBroken(rep reply, sent []server.Request, q query) {
	r.Helper()
	b := r.way.broken
	r.book.found(r.lib, r.op.id, b.defect)
	require.Falsef(r, rep.OK, "the defect %s is gone", b.defect)
	require.Equal(r, b.typ, rep.Type, rep.Error)
	require.Contains(r, rep.Error, b.text)
	if !b.sends {
		require.Empty(r, sent)
		return
	}
	require.Len(r, sent, 1)
	require.Contains(r, sent[0].Path, "/MultiPartyCall/"+q.uuid)
	require.Equal(r, 404, sent[0].Status)
}

// unserved demands that a library asked as documented for what the server does not know, and told
// that it is not found.
func (r *run) unserved(rep reply, sent []server.Request, o operation, q query) {
	r.Helper()
	require.Lenf(r, sent, 1, "%+v", sent)
	require.Equal(r, o.method, sent[0].Method)
	require.Equal(r, strings.TrimSuffix(o.pathOf(q, r.server.AuthID()), "/"), strings.TrimSuffix(sent[0].Path, "/"))
	require.Equalf(r, 404, sent[0].Status, "the server knows %s now: it needs scenarios in operations()", o.id)
	r.told(rep, failed{op: o.id, method: o.method, status: 404, text: "not found", body: "not found"})
}
