package interop_test

import (
	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// The scenarios that some libraries refuse themselves.
const (
	severalCustomers = "several customers"
	coachAll         = "coach of everybody"
	nothingSet       = "nothing"
)

// refused asks for what has to be refused: by the library, which then sends nothing, or by the
// server.
func (r *run) refused(scenario string, q query, text string) {
	r.Helper()
	rep := r.ask(q)
	typ, local := r.lib.refuses[scenario]
	if !local {
		r.fails(rep, 400, text)
		return
	}
	require.False(r, rep.OK)
	require.Equal(r, typ, rep.Type, rep.Error)
	require.Empty(r, r.requests())
}

// initiated is the answer to Add Participant.
func initiated(request any, calls ...any) object {
	return object{
		"api_id": something{}, "message": "add participant action initiated", "request_uuid": request, "calls": calls,
	}
}

var additions = []scenario{
	{name: "to a new room", form: byName, unlisted: true, run: func(r *run) {
		rep := r.ask(query{name: blankRoom, role: "customer", from: "15550100", to: []string{"sip:desk7@phone.example.test"}})
		ringing := r.bridge.Ringing(blankRoom)
		require.Len(r, ringing, 1)
		m := ringing[0]
		r.succeeds(rep, 201, initiated(m.CallID(),
			object{"to": "sip:desk7@phone.example.test", "from": "15550100", "call_uuid": m.CallID()}))
		leg := m.Info().Leg
		require.Equal(r, cc.RoleCustomer, leg.Role)
		require.Equal(r, "15550100", leg.Called)
		require.Equal(r, fake.EntryCommand, leg.Entry)
		require.NoError(r, m.Answer())
		require.True(r, m.Present())
		require.Equal(r, fake.Active, r.look(m).Status)
	}},
	{name: "to a live room", run: func(r *run) {
		there := r.join(oneRoom, fake.Leg{})
		q := r.about(there)
		q.role, q.from, q.to = "agent", "15550100", []string{"15550101"}
		rep := r.ask(q)
		ringing := r.bridge.Ringing(there.Instance())
		require.Len(r, ringing, 1)
		r.succeeds(rep, 201, initiated(ringing[0].CallID(),
			object{"to": "15550101", "from": "15550100", "call_uuid": ringing[0].CallID()}))
	}},
	{name: "several agents", run: func(r *run) {
		there := r.join(oneRoom, fake.Leg{})
		q := r.about(there)
		q.role, q.from, q.to = "agent", "15550100", []string{"15550101", "15550102"}
		q.more = map[string]any{"ring_timeout": "20<30", "delay_dial": "0<5"}
		rep := r.ask(q)
		ringing := r.bridge.Ringing(there.Instance())
		require.Len(r, ringing, 2)
		r.succeeds(rep, 201, initiated(something{},
			object{"to": "15550101", "from": "15550100", "call_uuid": ringing[0].CallID()},
			object{"to": "15550102", "from": "15550100", "call_uuid": ringing[1].CallID()}))
		require.NoError(r, ringing[1].Answer())
		require.True(r, ringing[1].Present())
		require.Equal(r, fake.ExitLostRace, ringing[0].Info().Cause)
	}},
	{name: "with everything set", form: byName, unlisted: true, run: func(r *run) {
		q := query{name: oneRoom, role: "supervisor", from: "15550100", to: []string{"15550101"}, more: map[string]any{
			"mute": true, "hold": true, "start_mpc_on_enter": false, "end_mpc_on_exit": true, "stay_alone": true,
			"coach_mode": false, "max_participants": 5, "max_duration": 3600, "caller_name": "Desk",
			"status_callback_url": "https://hooks.example.test/plivo", "status_callback_method": "POST",
			"status_callback_events": "mpc-state-changes,participant-state-changes,participant-speak-events",
			"on_exit_action_url":     "https://hooks.example.test/exit", "enter_sound": "none",
			"wait_music_url": anAudio, "record": true, "record_file_format": "wav",
		}}
		if r.lib.column == "Java" { // which takes a list there
			q.more["status_callback_events"] = []string{"mpc-state-changes", "participant-state-changes", "participant-speak-events"}
		}
		rep := r.ask(q)
		ringing := r.bridge.Ringing(oneRoom)
		require.Len(r, ringing, 1)
		m := ringing[0]
		r.succeeds(rep, 201, initiated(m.CallID(), object{"to": "15550101", "from": "15550100", "call_uuid": m.CallID()}))
		require.NoError(r, m.Answer())
		info := m.Info()
		require.True(r, info.Mute && info.Hold)
		require.True(r, info.Leg.Waits && info.Leg.EndOnExit)
		require.Equal(r, "https://hooks.example.test/exit", info.Leg.ExitAction)
		rules := r.look(m).Rules
		require.Equal(r, 5, rules.Capacity)
		require.Equal(r, 3600.0, rules.MaxDuration.Seconds())
		require.False(r, rules.EndAlone)
		lost := map[string]defect{"Go": goCoachFalse, "Node": nodeCoachFalse}[r.lib.column]
		r.book.found(r.lib, r.op.id, lost)
		require.Equal(r, lost != "", info.Coach, "the defect %s is gone, or there is a new one", lost)
	}},
	{name: "a live call", run: func(r *run) {
		there := r.join(oneRoom, fake.Leg{})
		caller := r.join("elsewhere", fake.Leg{Address: "15550107", Called: "15550100"})
		q := r.about(there)
		q.role, q.call = "customer", caller.CallID()
		rep := r.ask(q)
		r.succeeds(rep, 201, initiated(caller.CallID(),
			object{"to": "15550100", "from": "15550107", "call_uuid": caller.CallID()}))
		moved, ok := r.bridge.Find(caller.CallID())
		require.True(r, ok)
		require.Equal(r, there.Instance(), moved.Instance())
		require.Equal(r, cc.RoleCustomer, moved.Info().Leg.Role)
	}},
	{name: "a call that is not up", run: func(r *run) {
		there := r.join(oneRoom, fake.Leg{})
		q := r.about(there)
		q.role, q.call = "customer", "5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"
		r.fails(r.ask(q), 404, "not found")
	}},
	{name: severalCustomers, run: func(r *run) {
		q := r.about(r.join(oneRoom, fake.Leg{}))
		q.role, q.from, q.to = "customer", "15550100", []string{"15550101", "15550102"}
		r.refused(severalCustomers, q, "several destinations are for agents only")
		require.Empty(r, r.bridge.Ringing(oneRoom))
	}},
	{name: "unknown", form: byUUID, unlisted: true, run: unknownRoom().run},
}

var participantLists = []scenario{
	{name: "who is in it and who was", run: func(r *run) {
		gone := r.join(blankRoom, fake.Leg{Role: cc.RoleCustomer})
		there := r.join(blankRoom, fake.Leg{Role: cc.RoleSupervisor, Address: "sip:desk7@phone.example.test", Mute: true, Coach: cc.Off})
		gone.HangUp()
		rep := r.ask(r.about(there))
		info, uuid := r.look(there), r.about(there).byUUID
		want := list(2, 20, 0, nil, nil, r.participant(info, there.Info(), uuid), r.participant(info, gone.Info(), uuid))
		want["api_id"] = something{}
		r.succeeds(rep, 200, want)
	}},
	{name: "one by its call", run: func(r *run) {
		one := r.join(oneRoom, fake.Leg{Role: cc.RoleAgent})
		r.join(oneRoom, fake.Leg{})
		q := r.about(one)
		q.filter.call = one.CallID()
		r.succeeds(r.ask(q), 200, list(1, 20, 0, nil, nil, r.participant(r.look(one), one.Info(), q.byUUID)))
	}},
	unknownRoom(),
}

var participantReads = []scenario{
	{name: "present", run: func(r *run) {
		r.join(blankRoom, fake.Leg{})
		m := r.join(blankRoom, fake.Leg{Role: cc.RoleAgent, Hold: true, EndOnExit: true})
		want := r.participant(r.look(m), m.Info(), r.about(m).byUUID)
		want["api_id"] = something{}
		r.succeeds(r.ask(r.about(m)), 200, want)
	}},
	{name: "departed", run: func(r *run) {
		r.join(oneRoom, fake.Leg{})
		m := r.join(oneRoom, fake.Leg{Role: cc.RoleAgent})
		m.HangUp()
		r.succeeds(r.ask(r.about(m)), 200, r.participant(r.look(m), m.Info(), r.about(m).byUUID))
	}},
	{name: "unknown", several: true, run: func(r *run) {
		q := r.about(r.join(oneRoom, fake.Leg{}))
		q.member = "999"
		r.fails(r.ask(q), 404, "not found")
	}},
	unknownRoom(),
}

// The texts that answer a change.
func said(room string, flags ...string) object {
	texts := map[string]string{
		"mute": "mute/unmute member(s) succeeded", "hold": "hold/unhold member(s) succeeded",
		"coach_mode": "coach_mode enable/disable succeeded",
	}
	o := object{"api_id": something{}}
	for name, text := range texts {
		o[name] = nil
		for _, f := range flags {
			if f == name {
				o[name] = "MPC: " + room + " " + text
			}
		}
	}
	return o
}

// changed is a scenario that changes one participant and nobody else.
func changed(name string, leg fake.Leg, set func(*query), want cc.ParticipantState, flags ...string) scenario {
	return scenario{name: name, run: func(r *run) {
		other := r.join(blankRoom, fake.Leg{})
		was := other.State()
		m := r.join(blankRoom, leg)
		q := r.about(m)
		set(&q)
		r.succeeds(r.ask(q), 202, said(blankRoom, flags...))
		require.Equal(r, want, m.State())
		require.Equal(r, was, other.State())
	}}
}

var updates = []scenario{
	changed("mute", fake.Leg{}, func(q *query) { q.mute = new(true) },
		cc.ParticipantState{Mute: cc.On, Deaf: cc.Off, Hold: cc.Off}, "mute"),
	changed("hold", fake.Leg{Mute: true}, func(q *query) { q.hold = new(true) },
		cc.ParticipantState{Mute: cc.On, Deaf: cc.Off, Hold: cc.On}, "hold"),
	changed("unmute and unhold", fake.Leg{Mute: true, Hold: true}, func(q *query) { q.mute, q.hold = new(false), new(false) },
		cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off}, "mute", "hold"),
	changed("barge", fake.Leg{Role: cc.RoleSupervisor}, func(q *query) { q.coach = new(false) },
		cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off, Coach: cc.Off}, "coach_mode"),
	changed("coach", fake.Leg{Role: cc.RoleSupervisor, Coach: cc.Off}, func(q *query) { q.coach = new(true) },
		cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off, Coach: cc.On}, "coach_mode"),
	{name: "two of three", several: true, run: func(r *run) {
		a, b, c := r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{})
		q := r.about(a)
		q.member, q.mute = string(a.ID()+","+c.ID()), new(true)
		r.succeeds(r.ask(q), 202, said(oneRoom, "mute"))
		require.Equal(r, []bool{true, false, true}, []bool{a.Info().Mute, b.Info().Mute, c.Info().Mute})
	}},
	{name: "everybody", several: true, run: func(r *run) {
		a, b := r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{})
		q := r.about(a)
		q.member, q.hold = "all", new(true)
		r.succeeds(r.ask(q), 202, said(oneRoom, "hold"))
		require.True(r, a.Info().Hold && b.Info().Hold)
	}},
	{name: coachAll, several: true, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{Role: cc.RoleSupervisor})
		q := r.about(m)
		q.member, q.coach = "all", new(false)
		r.refused(coachAll, q, "coach_mode is for one participant at a time")
		require.True(r, m.Info().Coach)
	}},
	{name: nothingSet, run: func(r *run) {
		m := r.join(oneRoom, fake.Leg{})
		r.refused(nothingSet, r.about(m), "one of mute, hold and coach_mode is mandatory")
	}},
	{name: "unknown participant", several: true, run: func(r *run) {
		q := r.about(r.join(oneRoom, fake.Leg{}))
		q.member, q.mute = "999", new(true)
		r.fails(r.ask(q), 404, "not found")
	}},
	unknownRoom(),
}

var kicks = []scenario{
	{name: "one", run: func(r *run) {
		other := r.join(blankRoom, fake.Leg{})
		m := r.join(blankRoom, fake.Leg{})
		r.done(r.ask(r.about(m)))
		require.Equal(r, fake.ExitRemoved, m.Info().Cause)
		require.True(r, m.Up(), "a leg that came in by its own call goes on")
		require.True(r, other.Present())
	}},
	{name: "two of three", several: true, run: func(r *run) {
		a, b, c := r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{})
		q := r.about(a)
		q.member = string(a.ID() + "," + c.ID())
		r.done(r.ask(q))
		require.Equal(r, []bool{false, true, false}, []bool{a.Present(), b.Present(), c.Present()})
	}},
	{name: "everybody", several: true, run: func(r *run) {
		a, b := r.join(oneRoom, fake.Leg{}), r.join(oneRoom, fake.Leg{})
		q := r.about(a)
		q.member = "all"
		r.done(r.ask(q))
		require.False(r, a.Present() || b.Present())
	}},
	{name: "unknown participant", several: true, run: func(r *run) {
		q := r.about(r.join(oneRoom, fake.Leg{}))
		q.member = "999"
		r.fails(r.ask(q), 404, "not found")
	}},
	unknownRoom(),
}
