package interop_test

import (
	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// outside calls a method that cannot do what it is for: it is broken, or asks for something else.
func (r *run) outside() {
	r.Helper()
	other := r.join(oneRoom, fake.Leg{Role: cc.RoleAgent})
	m := r.join(oneRoom, fake.Leg{Role: cc.RoleAgent})
	before := r.look(m)
	q := r.about(m)
	q.role, q.from, q.to = "agent", "15550100", []string{"15550101"}
	q.mute = new(true)
	if r.way.broken != nil {
		rep := r.ask(q)
		r.failsBroken(rep, r.requests(), q)
	} else {
		r.asksInstead(q)
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

// asksInstead demands that a method that is to resume a recording pauses it.
func (r *run) asksInstead(q query) {
	r.Helper()
	require.Equal(r, resumeRecording, r.op.id)
	r.order(startRecording, q, "{}")
	rep := r.ask(q)
	require.True(r, rep.OK, rep.Error)
	r.book.found(r.lib, r.op.id, r.way.instead.defect)
	sent := r.requests()
	require.Lenf(r, sent, 1, "%+v", sent)
	require.Equal(r, r.way.instead.op, string(sent[0].Operation), "the defect %s is gone", r.way.instead.defect)
	require.Equal(r, 204, sent[0].Status)
	require.Equal(r, server.RecordingPaused, r.recorded().State)
}
