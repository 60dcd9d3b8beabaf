package interop_test

import (
	"net/url"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
)

const (
	oneRoom   = "standup"
	blankRoom = "Team room 7"
	noRoom    = "nowhere"
)

// threeRooms are one that has not begun, one that has, and one that is over, in this order.
func (r *run) threeRooms() (waiting, active, ended fake.RoomInfo) {
	r.Helper()
	a := r.join("lobby", fake.Leg{Waits: true, Rules: &fake.Rules{EndAlone: true}})
	b := r.join(oneRoom, fake.Leg{})
	c := r.join("yesterday", fake.Leg{})
	r.join("yesterday", fake.Leg{})
	_, err := r.bridge.End("yesterday", fake.HangUp)
	require.NoError(r, err)
	return r.look(a), r.look(b), r.look(c)
}

// listed is a scenario of a list of rooms that is narrowed.
func listed(name string, f filter, want func(r *run, waiting, active, ended fake.RoomInfo) object) scenario {
	return scenario{name: name, form: byName, run: func(r *run) {
		a, b, c := r.threeRooms()
		rep := r.ask(query{filter: f})
		r.succeeds(rep, 200, want(r, a, b, c))
	}}
}

var roomLists = []scenario{
	listed("all of them", filter{}, func(r *run, a, b, c fake.RoomInfo) object {
		return list(3, 20, 0, nil, nil, r.room(c, false), r.room(b, false), r.room(a, false))
	}),
	listed("by name", filter{name: oneRoom}, func(r *run, _, b, _ fake.RoomInfo) object {
		return list(1, 20, 0, nil, nil, r.room(b, false))
	}),
	listed("by status", filter{status: "initialized"}, func(r *run, a, _, _ fake.RoomInfo) object {
		return list(1, 20, 0, nil, nil, r.room(a, false))
	}),
	listed("by cause", filter{code: 3000}, func(r *run, _, _, c fake.RoomInfo) object {
		return list(1, 20, 0, nil, nil, r.room(c, false))
	}),
	{name: "one page", form: byName, run: func(r *run) {
		_, b, c := r.threeRooms()
		path := r.root() + "MultiPartyCall/?limit=1&offset="
		rep := r.ask(query{filter: filter{limit: 1, offset: 1}})
		if r.lib.column == "Node" {
			require.Empty(r, r.requests(), "the defect %s is gone", nodeOffset)
			require.Contains(r, rep.Error, "bound")
			r.book.found(r.lib, r.op.id, nodeOffset)
			rep = r.ask(query{filter: filter{limit: 1}})
			r.succeeds(rep, 200, list(3, 1, 0, path+"1", nil, r.room(c, false)))
			return
		}
		r.succeeds(rep, 200, list(3, 1, 1, path+"2", path+"0", r.room(b, false)))
	}},
	listed("nothing", filter{name: noRoom}, func(*run, fake.RoomInfo, fake.RoomInfo, fake.RoomInfo) object {
		return list(0, 20, 0, nil, nil)
	}),
	listed("by end", filter{ended: tomorrow()}, func(*run, fake.RoomInfo, fake.RoomInfo, fake.RoomInfo) object {
		return list(0, 20, 0, nil, nil)
	}),
	{name: "by creation", form: byName, run: func(r *run) {
		a, b, c := r.threeRooms()
		rep := r.ask(query{filter: filter{created: tomorrow()}})
		want := list(0, 20, 0, nil, nil)
		if r.lib.column == "Node" {
			sent, err := url.ParseQuery(r.requests()[0].Query)
			require.NoError(r, err)
			require.True(r, sent.Has("creation_time_gt"), "the defect %s is gone", nodeCreationTime)
			r.book.found(r.lib, r.op.id, nodeCreationTime)
			want = list(3, 20, 0, nil, nil, r.room(c, false), r.room(b, false), r.room(a, false))
		}
		r.succeeds(rep, 200, want)
	}},
}

// tomorrow is as a filter has it.
func tomorrow() string { return time.Now().UTC().Add(24 * time.Hour).Format("2006-01-02 15:04:05") }

var roomReads = []scenario{
	{name: "active", run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		rep := r.ask(r.about(m))
		want := r.room(r.look(m), r.about(m).byUUID)
		want["api_id"] = something{}
		r.succeeds(rep, 200, want)
	}},
	{name: "with a blank in its name", run: func(r *run) {
		m := r.join(blankRoom, fake.Leg{Waits: true, Rules: &fake.Rules{EndAlone: true}})
		rep := r.ask(r.about(m))
		r.succeeds(rep, 200, r.room(r.look(m), r.about(m).byUUID))
	}},
	{name: "ended", form: byUUID, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		_, err := r.bridge.End(oneRoom, fake.HangUp)
		require.NoError(r, err)
		rep := r.ask(r.about(m))
		r.succeeds(rep, 200, r.room(r.look(m), true))
	}},
	{name: "ended, by its name", form: byName, unlisted: true, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		_, err := r.bridge.End(oneRoom, fake.HangUp)
		require.NoError(r, err)
		r.fails(r.ask(r.about(m)), 404, "not found")
	}},
	unknownRoom(),
}

var activations = []scenario{
	{name: "one that waits", run: func(r *run) {
		m := r.join(blankRoom, fake.Leg{Waits: true})
		require.Equal(r, fake.Initialized, r.look(m).Status)
		r.done(r.ask(r.about(m)))
		require.Equal(r, fake.Active, r.look(m).Status)
	}},
	unknownRoom(),
}

var roomEnds = []scenario{
	{name: "with two in it", run: func(r *run) {
		m, other := r.join(blankRoom, fake.Leg{}), r.join(blankRoom, fake.Leg{})
		sibling := r.join(oneRoom, fake.Leg{})
		r.done(r.ask(r.about(m)))
		info := r.look(m)
		require.Equal(r, fake.Ended, info.Status)
		require.Equal(r, fake.EndCommand, info.Cause)
		require.False(r, m.Present() || other.Present())
		require.True(r, sibling.Present())
	}},
	unknownRoom(),
}

// unknownRoom is a room that there never was.
func unknownRoom() scenario {
	return scenario{name: "unknown", unlisted: true, run: func(r *run) {
		q := query{name: noRoom, uuid: "5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11", byUUID: r.byUUID, member: "101"}
		q.mute = new(true)
		q.role, q.from, q.to = "agent", "15550100", []string{"15550101"}
		r.fails(r.ask(q), 404, "not found")
	}}
}
