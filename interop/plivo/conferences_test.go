package interop_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

var conferenceLists = []scenario{
	{name: "two", form: byName, run: func(r *run) {
		r.join(oneRoom, fake.Leg{})
		r.join(blankRoom, fake.Leg{})
		r.succeeds(r.ask(query{}), 200, object{"api_id": something{}, "conferences": []any{oneRoom, blankRoom}})
	}},
	{name: "none", form: byName, run: func(r *run) {
		r.succeeds(r.ask(query{}), 200, object{"api_id": something{}, "conferences": []any{}})
	}},
	{name: "none, and no key for them", form: byName, quirks: server.Quirks{NoConferencesKey: true}, run: func(r *run) {
		rep := r.ask(query{})
		if r.lib.column != "Node" {
			r.succeeds(rep, 200, object{"api_id": something{}})
			return
		}
		r.once(200)
		r.book.found(r.lib, r.op.id, nodeEmptyList)
		require.Equal(r, "TypeError", rep.Type, "the defect %s is gone", nodeEmptyList)
	}},
}

var allEnds = []scenario{
	{name: "two", form: byName, run: func(r *run) {
		a, b := r.join(oneRoom, fake.Leg{}), r.join(blankRoom, fake.Leg{})
		r.done(r.ask(query{}))
		require.Equal(r, fake.Ended, r.look(a).Status)
		require.Equal(r, fake.Ended, r.look(b).Status)
		require.False(r, a.Up() || b.Up())
	}},
	{name: "none", form: byName, run: func(r *run) { r.done(r.ask(query{})) }},
}

var conferenceReads = []scenario{
	{name: "two members", form: byName, run: func(r *run) {
		in := r.join(blankRoom, fake.Leg{Address: "15550107", Called: "15550100", Name: "Joe Doe", Mute: true})
		out := r.join(blankRoom, fake.Leg{Address: "15550108", Called: "15550100", Entry: fake.EntryCommand, Deaf: true})
		member := func(m *fake.Member, from, to, name, direction string) object {
			return object{
				"member_id": string(m.ID()), "call_uuid": m.CallID(), "muted": m.Info().Mute, "deaf": m.Info().Deaf,
				"from": from, "to": to, "caller_name": name, "direction": direction, "join_time": seconds{},
			}
		}
		r.succeeds(r.ask(query{name: blankRoom}), 200, object{
			"api_id": something{}, "conference_name": blankRoom, "conference_run_time": seconds{}, "conference_member_count": "2",
			"members": []any{
				member(in, "15550107", "15550100", "Joe%20Doe", "inbound"),
				member(out, "15550100", "15550108", "", "outbound"),
			},
		})
	}},
	unknownConference(),
}

var conferenceEnds = []scenario{
	{name: "with two in it", form: byName, run: func(r *run) {
		a, b, sibling := r.join(blankRoom, fake.Leg{}), r.join(blankRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{})
		r.done(r.ask(query{name: blankRoom}))
		require.Equal(r, fake.Ended, r.look(a).Status)
		require.False(r, a.Up() || b.Up())
		require.True(r, sibling.Present())
	}},
	unknownConference(),
}

// unknownConference is one that there never was.
func unknownConference() scenario {
	return scenario{name: "unknown", form: byName, unlisted: true, run: func(r *run) {
		r.fails(r.ask(query{name: noRoom, member: "101"}), 404, "not found")
	}}
}

var callEnds = []scenario{
	{name: "in a conference", form: byName, run: func(r *run) {
		m, other := r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{})
		r.done(r.ask(query{call: m.CallID()}))
		require.False(r, m.Up() || m.Present())
		require.True(r, other.Present())
	}},
	{name: "ringing", form: byName, run: func(r *run) {
		dialled, err := r.bridge.Dial(oneRoom, fake.Leg{})
		require.NoError(r, err)
		r.done(r.ask(query{call: dialled[0].CallID()}))
		require.False(r, dialled[0].Ringing())
	}},
	{name: "unknown", form: byName, run: func(r *run) {
		r.fails(r.ask(query{call: "5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"}), 404, "not found")
	}},
}

// An action is what is done to members.
type action struct {
	status  int
	message string
	list    bool // several may be named with commas
	// before is a leg to which it can be done; did tells whether it was.
	before fake.Leg
	did    func(r *run, m *fake.Member) bool
	// begin does to somebody, or to several as they will be named, what is to be undone; nil: before does.
	begin func(r *run, conference string, member cc.ParticipantID)
}

// scenarios are one, some and all members, in each form in which member_id has been seen.
func (a action) scenarios() []scenario {
	var all []scenario
	add := func(name string, quirks server.Quirks, pick func(ids []string) (member string, list []any), chosen ...bool) {
		all = append(all, scenario{name: name, form: byName, quirks: quirks, run: func(r *run) {
			members := make([]*fake.Member, len(chosen))
			ids := make([]string, len(chosen))
			for i := range members {
				members[i] = r.join(blankRoom, a.before)
				ids[i] = string(members[i].ID())
			}
			member, list := pick(ids)
			if a.begin != nil {
				a.begin(r, blankRoom, cc.ParticipantID(member))
				for i, c := range chosen {
					if !c {
						a.begin(r, blankRoom, members[i].ID())
					}
				}
			}
			rep := r.ask(query{name: blankRoom, member: member})
			a.answered(r, rep, member, list, quirks)
			for i, m := range members {
				require.Equal(r, chosen[i], a.did(r, m), "member %d", i)
			}
		}})
	}
	for _, q := range []struct {
		name   string
		quirks server.Quirks
	}{
		{"", server.Quirks{}}, {", told with 204", server.Quirks{MemberActions204: true}}, {", a list of ids", server.Quirks{MemberID: server.MemberIDList}},
		{", ids as Python text", server.Quirks{MemberID: server.MemberIDPythonText}},
	} {
		if a.status == 204 && q.name != "" {
			continue // there is no member_id
		}
		add("one"+q.name, q.quirks, func(ids []string) (string, []any) { return ids[1], []any{ids[1]} }, false, true, false)
		add("everybody"+q.name, q.quirks, func([]string) (string, []any) { return "all", []any{"all"} }, true, true)
		if a.list {
			add("two of three"+q.name, q.quirks, func(ids []string) (string, []any) {
				return ids[0] + "," + ids[2], []any{ids[0], ids[2]}
			}, true, false, true)
		}
	}
	return append(all, unknownConference(), scenario{name: "unknown member", form: byName, run: func(r *run) {
		m := r.join(oneRoom, a.before)
		if a.begin != nil {
			a.begin(r, oneRoom, m.ID())
		}
		r.fails(r.ask(query{name: oneRoom, member: "999"}), 404, "not found")
		require.False(r, a.did(r, m))
	}})
}

// answered compares the answer to an action with what was done.
func (a action) answered(r *run, rep reply, member string, list []any, quirks server.Quirks) {
	r.Helper()
	if a.status == 204 || quirks.MemberActions204 {
		r.done(rep)
		return
	}
	want := object{"api_id": something{}, "message": a.message, "member_id": any(member)}
	switch quirks.MemberID {
	case server.MemberIDList:
		want["member_id"] = list
	case server.MemberIDPythonText:
		ids := strings.Split(member, ",")
		want["member_id"] = "[u'" + strings.Join(ids, "', u'") + "']"
	}
	if text := r.lib.textMemberID; text.defect != "" && quirks.MemberID != server.MemberIDList {
		r.once(a.status)
		require.False(r, rep.OK, "the defect %s is gone", text.defect)
		require.Equal(r, text.typ, rep.Type, rep.Error)
		require.Contains(r, rep.Error, text.text)
		r.book.found(r.lib, r.op.id, text.defect)
		return
	}
	r.succeeds(rep, a.status, want)
}

var (
	hangUps     = action{status: 204, did: func(_ *run, m *fake.Member) bool { return !m.Up() && !m.Present() }}.scenarios()
	memberKicks = action{status: 202, message: "kicked", did: func(_ *run, m *fake.Member) bool { return m.Up() && !m.Present() }}.scenarios()

	mutes   = action{status: 202, message: "muted", list: true, did: func(_ *run, m *fake.Member) bool { return m.Info().Mute }}.scenarios()
	unmutes = action{status: 204, list: true, before: fake.Leg{Mute: true}, did: func(_ *run, m *fake.Member) bool { return !m.Info().Mute }}.scenarios()
	deafs   = action{status: 202, message: "deaf", list: true, did: func(_ *run, m *fake.Member) bool { return m.Info().Deaf }}.scenarios()
	undeafs = action{status: 204, list: true, before: fake.Leg{Deaf: true}, did: func(_ *run, m *fake.Member) bool { return !m.Info().Deaf }}.scenarios()
)
