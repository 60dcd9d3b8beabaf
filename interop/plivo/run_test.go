package interop_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// What play and speak are asked with.
const (
	anAudio = "https://media.example.test/a.mp3"
	aText   = "One moment."
)

// A run is one scenario, for one method of one library, with a bridge and a server of its own.
type run struct {
	*testing.T
	lib    *library
	driver driver
	book   *book
	op     operation
	way    way
	byUUID bool

	bridge *fake.Switch
	server *server.Server
	before int // requests that had arrived before the last one that was asked for
}

// begin gives a run a bridge, a server, and a client that is redirected to it.
func (b *book) begin(t *testing.T, lib *library, d driver, o server.Options) *run {
	t.Helper()
	r := &run{T: t, lib: lib, driver: d, book: b}
	r.bridge = fake.NewSwitch(fake.Options{})
	t.Cleanup(func() { require.NoError(t, r.bridge.Close()) })
	var err error
	r.server, err = server.New(r.bridge, o)
	require.NoError(t, err)
	r.redirect(r.server.AuthToken())
	return r
}

// redirect gives the library a new client.
func (r *run) redirect(token string) {
	r.Helper()
	to, err := r.server.Start(r.lib.network)
	require.NoError(r, err)
	r.Cleanup(func() { require.NoError(r, to.Close()) })
	version := r.driver.redirect(r.T, to, r.server.AuthID(), token)
	require.Equal(r, r.lib.version, version, "the library's version")
}

// join brings a leg into a room.
func (r *run) join(name string, leg fake.Leg) *fake.Member {
	r.Helper()
	m, err := r.bridge.Join(name, leg)
	require.NoError(r, err)
	return m
}

// look is the truth about the room of a member.
func (r *run) look(m *fake.Member) fake.RoomInfo {
	r.Helper()
	info, err := r.bridge.Look(m.Instance())
	require.NoError(r, err)
	return info
}

// about is a query about the room of a member, and about that member.
func (r *run) about(m *fake.Member) query {
	r.Helper()
	info := r.look(m)
	return query{name: info.Name, uuid: info.UUID(), byUUID: r.byUUID || r.way.byObject, member: string(m.ID())}
}

// ask asks for the operation by the method of the run.
func (r *run) ask(q query) reply {
	r.Helper()
	r.before = len(r.server.Requests())
	rep := r.driver.ask(r.T, r.way.steps(q))
	r.book.called(r.lib, r.way.op, rep)
	return rep
}

// requests are those that the last call sent for the operation, without those by which it first got
// hold of an object.
func (r *run) requests() []server.Request {
	sent := r.server.Requests()[r.before:]
	return slices.DeleteFunc(sent, func(q server.Request) bool {
		id := string(q.Operation)
		reads := id == listRooms || id == listParticipants || id == getConference
		return reads && id != r.way.op
	})
}

// once demands that the last call sent one request for the operation, and what was answered.
func (r *run) once(status int) server.Request {
	r.Helper()
	sent := r.requests()
	require.Lenf(r, sent, 1, "%+v", sent)
	require.Equal(r, r.way.op, string(sent[0].Operation))
	require.Equal(r, status, sent[0].Status, "%s: %s", sent[0].Path, sent[0].Body)
	return sent[0]
}

// succeeds demands an answer of this status, and that the library decoded want from it.
func (r *run) succeeds(rep reply, status int, want any) {
	r.Helper()
	r.once(status)
	require.Truef(r, rep.OK, "%s: %s", rep.Type, rep.Error)
	r.decoded(want, rep.Result)
}

// done demands an answer of 204, and that the library made nothing of it.
func (r *run) done(rep reply) {
	r.Helper()
	r.once(204)
	require.Truef(r, rep.OK, "%s: %s", rep.Type, rep.Error)
	require.Equal(r, r.lib.nothing(r.way.op), rep.Result)
}

// fails demands that the library tells of an error answer with this text.
func (r *run) fails(rep reply, status int, text string) {
	r.Helper()
	r.once(status)
	r.told(rep, failed{op: r.op.id, method: r.op.method, status: status, text: text, body: text})
}

// told demands that the library made of an error answer what it makes of such.
func (r *run) told(rep reply, a failed) {
	r.Helper()
	want := r.lib.failure(a)
	r.book.found(r.lib, r.op.id, want.defect)
	if want.ok {
		require.Truef(r, rep.OK, "the defect %s is gone: %s: %s", want.defect, rep.Type, rep.Error)
		return
	}
	require.False(r, rep.OK)
	require.Equal(r, want.typ, rep.Type, rep.Error)
	require.Contains(r, rep.Error, want.text)
	require.Equal(r, want.status, rep.Status)
}

// decoded compares what a library decoded with the truth.
func (r *run) decoded(want, got any) {
	r.Helper()
	if diff := r.differ(r.op.id, "", want, got); diff != "" {
		require.Failf(r, "decoded wrongly", "%s\n%v", diff, got)
	}
}

// A something is any text that is not empty, and seconds are a number as text.
type (
	something struct{}
	seconds   struct{}
)

// differ tells the first difference between the truth and what a library decoded. Fields of which
// nothing is wanted may be anything.
func (r *run) differ(path, key string, want, got any) string {
	if r.lib.adapt != nil {
		want = r.lib.adapt(key, want)
	}
	wrong := func() string { return fmt.Sprintf("%s: want %v, got %v", path, want, got) }
	switch want := want.(type) {
	case something:
		if s, ok := got.(string); !ok || s == "" {
			return wrong()
		}
	case seconds:
		if s, ok := got.(string); !ok || s == "" || strings.Trim(s, "0123456789") != "" {
			return wrong()
		}
	case nil:
		zero := got == "" || got == 0.0 || got == false
		if got != nil && !(r.lib.zeroes && zero) {
			return wrong()
		}
	case int:
		if got != float64(want) {
			return wrong()
		}
	case []any:
		list, ok := got.([]any)
		if !ok && len(want) > 0 || len(list) != len(want) {
			return wrong()
		}
		for i := range want {
			if d := r.differ(path, key, want[i], list[i]); d != "" {
				return d
			}
		}
	case object:
		m, ok := got.(map[string]any)
		if !ok {
			return wrong()
		}
		if r.lib.keys != nil {
			m = rename(m, r.lib.keys)
		}
		for k, x := range want {
			p := path + "." + k
			if r.lib.keys != nil {
				k = r.lib.keys(k)
			}
			if slices.Contains(r.lib.lacks, p) {
				if v, there := m[k]; there && v != nil {
					return p + " is decoded after all"
				}
				continue
			}
			if d := r.differ(p, k, x, m[k]); d != "" {
				return d
			}
		}
	default:
		if got != want {
			return wrong()
		}
	}
	return ""
}

// path is that of a query's request, as it arrives.
func (o operation) pathOf(q query, id string) string {
	room := q.name
	if strings.HasPrefix(o.path, "MultiPartyCall") {
		room = "name_" + q.name
		if q.byUUID {
			room = "uuid_" + q.uuid
		}
	}
	path := strings.NewReplacer("{room}", url.PathEscape(room), "{member}", q.member).Replace(o.path)
	return "/v1/Account/" + id + "/" + path
}
