package plivo_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

// Answers with invented values. The names and the types of their fields are those of Plivo's pages
// and of the fixtures of its client libraries.
const (
	activeRoom = `{"api_id":"a","mpc_uuid":"` + runA + `","friendly_name":"standup","status":"Active",
		"creation_time":"2024-05-01 10:00:00+00:00","start_time":"2024-05-01 10:00:05+00:00","end_time":null,
		"duration":null,"billed_duration":null,"billed_amount":null,"recording":"not-recording","stay_alone":true,
		"sub_account":null,"termination_cause":null,"termination_cause_code":null,
		"participants":"/v1/x/","resource_uri":"/v1/y/"}`
	agent10 = `{"member_id":"10","mpc_uuid":"` + runA + `","call_uuid":"aaaa-10","role":"agent","mute":false,"hold":false,
		"coach_mode":false,"start_mpc_on_enter":true,"end_mpc_on_exit":false,"join_time":"2024-05-01 10:00:05+00:00",
		"exit_time":null,"duration":null,"billed_duration":null,"billed_amount":null,"exit_cause":null,
		"member_address":"15550101","resource_uri":"/v1/z/"}`
	boss12 = `{"member_id":"12","mpc_uuid":"` + runA + `","call_uuid":"aaaa-12","role":"Supervisor","mute":true,"hold":false,
		"coach_mode":true,"join_time":"2024-05-01 15:30:10+05:30","exit_time":null,"exit_cause":null,
		"member_address":"sip:boss@phone.example.test"}`
	gone11 = `{"member_id":"11","mpc_uuid":"` + runA + `","call_uuid":"aaaa-11","role":"customer","mute":null,"hold":null,
		"coach_mode":null,"join_time":"2024-05-01 10:00:06+00:00","exit_time":"2024-05-01 10:01:00+00:00",
		"exit_cause":"Participant Call Hangup","member_address":"15550102"}`
	roomA = `{"api_id":"b","conference_name":"room a","conference_run_time":"73","conference_member_count":"2",
		"members":[{"member_id":"17","call_uuid":"ac-17","muted":false,"deaf":true,"from":"15550100","to":"15550101",
		"caller_name":"Joe%20Doe","direction":"inbound","join_time":"73"},
		{"member_id":"18","call_uuid":"ac-18","muted":true,"deaf":false,"from":"15550100","to":"15550102",
		"caller_name":"15550100","direction":"outbound","join_time":"70"}]}`
)

const instanceA = cc.ConferenceID("uuid:" + runA)

// The wire form of each operation: Plivo's pages "Multiparty Calls", "Update participant state", "Kick
// Out a Participant", "End a multiparty call", "Conference API" and "Kick or disconnect a member from
// a conference".
func TestEachOperationIsOnTheWireAsPlivoWantsIt(t *testing.T) {
	type do = func(context.Context, provider.Driver) error
	remove := func(c cc.ConferenceID, p cc.ParticipantID) do {
		return func(ctx context.Context, d provider.Driver) error { _, err := d.Remove(ctx, c, p); return err }
	}
	set := func(c cc.ConferenceID, p cc.ParticipantID, change cc.Change) do {
		return func(ctx context.Context, d provider.Driver) error {
			_, err := d.SetState(ctx, c, p, change)
			return err
		}
	}
	end := func(c cc.ConferenceID) do {
		return func(ctx context.Context, d provider.Driver) error { _, err := d.End(ctx, c); return err }
	}
	for _, c := range []struct {
		name       string
		conference bool
		hangUp     bool
		do         do
		answers    map[string]answer
		want       []string
	}{
		{name: "mpc mute by name", do: set("stand up", "10", cc.Change{Mute: cc.On}),
			want: []string{`POST /MultiPartyCall/name_stand%20up/Participant/10/ {"mute":true}`}},
		{name: "mpc unmute by instance", do: set(instanceA, "10", cc.Change{Mute: cc.Off}),
			want: []string{`POST /MultiPartyCall/uuid_` + runA + `/Participant/10/ {"mute":false}`}},
		{name: "mpc hold", do: set("a", "10", cc.Change{Hold: cc.On}),
			want: []string{`POST /MultiPartyCall/name_a/Participant/10/ {"hold":true}`}},
		{name: "mpc mute and unhold", do: set("a", "10", cc.Change{Mute: cc.On, Hold: cc.Off}),
			want: []string{`POST /MultiPartyCall/name_a/Participant/10/ {"mute":true,"hold":false}`}},
		{name: "mpc coach of a supervisor goes to the run that was read", do: set("a", "12", cc.Change{Coach: cc.Off}),
			answers: map[string]answer{"GET /MultiPartyCall/name_a/Participant/12/": ok(boss12)},
			want: []string{`GET /MultiPartyCall/name_a/Participant/12/`,
				`POST /MultiPartyCall/uuid_` + runA + `/Participant/12/ {"coach_mode":false}`}},
		{name: "mpc everything at once", do: set(instanceA, "12", cc.Change{Mute: cc.On, Hold: cc.On, Coach: cc.On}),
			answers: map[string]answer{"GET /MultiPartyCall/uuid_" + runA + "/Participant/12/": ok(boss12)},
			want: []string{`GET /MultiPartyCall/uuid_` + runA + `/Participant/12/`,
				`POST /MultiPartyCall/uuid_` + runA + `/Participant/12/ {"mute":true,"hold":true,"coach_mode":true}`}},
		{name: "mpc remove", do: remove("a", "10"), want: []string{`DELETE /MultiPartyCall/name_a/Participant/10/`}},
		{name: "mpc remove and hang up", hangUp: true, do: remove("a", "10"),
			answers: map[string]answer{"GET /MultiPartyCall/name_a/Participant/10/": ok(agent10)},
			want:    []string{`GET /MultiPartyCall/name_a/Participant/10/`, `DELETE /Call/aaaa-10/`}},
		{name: "mpc remove and hang up a call that Plivo does not know any more", hangUp: true, do: remove("a", "10"),
			answers: map[string]answer{
				"GET /MultiPartyCall/name_a/Participant/10/": ok(agent10),
				"DELETE /Call/aaaa-10/":                      status(404, `{}`),
			},
			want: []string{`GET /MultiPartyCall/name_a/Participant/10/`, `DELETE /Call/aaaa-10/`,
				`DELETE /MultiPartyCall/uuid_` + runA + `/Participant/10/`}},
		{name: "mpc remove and hang up without a call id", hangUp: true, do: remove("a", "10"),
			answers: map[string]answer{"GET /MultiPartyCall/name_a/Participant/10/": ok(`{"member_id":"10"}`)},
			want:    []string{`GET /MultiPartyCall/name_a/Participant/10/`, `DELETE /MultiPartyCall/name_a/Participant/10/`}},
		{name: "mpc end by name", do: end("a"), want: []string{`DELETE /MultiPartyCall/name_a/`}},
		{name: "mpc end by instance", do: end(instanceA), want: []string{`DELETE /MultiPartyCall/uuid_` + runA + `/`}},
		{name: "mpc check", do: func(ctx context.Context, d provider.Driver) error { return d.Check(ctx) },
			answers: map[string]answer{"GET /MultiPartyCall/?limit=1": page()},
			want:    []string{`GET /MultiPartyCall/?limit=1`}},

		{name: "conference mute", conference: true, do: set("room a", "17", cc.Change{Mute: cc.On}),
			want: []string{`POST /Conference/room%20a/Member/17/Mute/ {}`}},
		{name: "conference unmute", conference: true, do: set("room a", "17", cc.Change{Mute: cc.Off}),
			want: []string{`DELETE /Conference/room%20a/Member/17/Mute/`}},
		{name: "conference deaf", conference: true, do: set("room a", "17", cc.Change{Deaf: cc.On}),
			want: []string{`POST /Conference/room%20a/Member/17/Deaf/ {}`}},
		{name: "conference undeaf", conference: true, do: set("room a", "17", cc.Change{Deaf: cc.Off}),
			want: []string{`DELETE /Conference/room%20a/Member/17/Deaf/`}},
		{name: "conference restricts before it releases", conference: true, do: set("r", "17", cc.Change{Mute: cc.Off, Deaf: cc.On}),
			want: []string{`POST /Conference/r/Member/17/Deaf/ {}`, `DELETE /Conference/r/Member/17/Mute/`}},
		{name: "conference kick", conference: true, do: remove("room a", "17"),
			want: []string{`POST /Conference/room%20a/Member/17/Kick/ {}`}},
		{name: "conference hang up", conference: true, hangUp: true, do: remove("room a", "17"),
			want: []string{`DELETE /Conference/room%20a/Member/17/`}},
		{name: "conference end", conference: true, do: end("room a"), want: []string{`DELETE /Conference/room%20a/`}},
		{name: "conference check", conference: true, do: func(ctx context.Context, d provider.Driver) error { return d.Check(ctx) },
			want: []string{`GET /Conference/`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire()
			w.otherise = status(202, `{"api_id":"a","message":"anything"}`)
			for line, a := range c.answers {
				w.on(line, a)
			}
			var change []func(*plivo.Options)
			if c.hangUp {
				change = append(change, hangUp)
			}
			open := mpcDriver
			if c.conference {
				open = conferenceDriver
			}
			require.NoError(t, c.do(background, open(t, w, change...)))
			require.Equal(t, c.want, w.lines())
			for _, r := range w.requests {
				require.Equal(t, account, r.Path[:len(account)])
				require.Equal(t, basic, r.Header.Get("Authorization"))
				if r.Body != "" {
					require.Equal(t, "application/json", r.Header.Get("Content-Type"))
				}
			}
		})
	}
}

// The answers to an update and to a member action in the pages "Update participant state" and
// "Conference API", and in the fixtures of plivo-go, plivo-python and plivo-java.
func TestWhatAnAcceptedCommandSaysIsNotRead(t *testing.T) {
	for _, body := range []string{
		"", "{}", "null", `"ok"`, `[]`,
		`{"api_id":"a","mute":"MPC: room-7 mute/unmute member(s) succeded"}`,
		`{"api_id":"a","message":{"mute":"MPC: room-7 mute/unmute member(s) succeeded"}}`,
		`{"api_id":"a","message":"muted","member_id":["10"]}`,
		`{"api_id":"a","message":"muted","member_id":"[u'12', u'11']"}`,
	} {
		w := newWire()
		w.otherise = status(202, body)
		_, err := mpcDriver(t, w).SetState(background, "a", "10", cc.Change{Mute: cc.On})
		require.NoError(t, err, body)
		_, err = conferenceDriver(t, w).SetState(background, "a", "10", cc.Change{Mute: cc.On})
		require.NoError(t, err, body)
		require.Len(t, w.lines(), 2)
	}
}

func TestAnUnreadableAnswerToACommandIsAnUnknownOutcome(t *testing.T) {
	for _, body := range []string{"<html>ok</html>", `{"api_id":"a","mess`, `{"a":1}}`} {
		w := newWire()
		w.otherise = status(202, body)
		_, err := mpcDriver(t, w).SetState(background, "a", "10", cc.Change{Mute: cc.On})
		require.ErrorIs(t, err, cc.ErrUncertain, body)
		_, err = conferenceDriver(t, w).Remove(background, "a", "10")
		require.ErrorIs(t, err, cc.ErrUncertain, body)
		require.Len(t, w.lines(), 2)
	}
}

// Plivo's page "Update participant state": coach_mode has effect for a supervisor only.
func TestCoachIsRefusedForWhomItDoesNothing(t *testing.T) {
	for _, who := range []string{agent10, `{"member_id":"10","role":null}`, `{"member_id":"10"}`} {
		w := newWire().on("GET /MultiPartyCall/name_a/Participant/10/", ok(who))
		_, err := mpcDriver(t, w).SetState(background, "a", "10", cc.Change{Mute: cc.On, Coach: cc.On})
		require.ErrorIs(t, err, cc.ErrUnsupported)
		require.Equal(t, cc.CanCoach, problem(t, err).Missing)
		require.Equal(t, []string{"GET /MultiPartyCall/name_a/Participant/10/"}, w.lines())
	}
}

func TestFieldsThatTheAPIDoesNotHaveAreRefused(t *testing.T) {
	w := newWire()
	_, err := mpcDriver(t, w).SetState(background, "a", "10", cc.Change{Deaf: cc.On})
	require.ErrorIs(t, err, cc.ErrUnsupported)
	require.Equal(t, cc.CanDeaf, problem(t, err).Missing)
	_, err = conferenceDriver(t, w).SetState(background, "a", "10", cc.Change{Mute: cc.On, Hold: cc.On, Coach: cc.Off})
	require.ErrorIs(t, err, cc.ErrUnsupported)
	require.Equal(t, cc.CanHold|cc.CanCoach, problem(t, err).Missing)
	require.Empty(t, w.lines())
}

// The read that a command needs is not the command: whatever becomes of it, nothing was sent.
func TestAReadThatFailsBeforeACommandLeavesNothingUncertain(t *testing.T) {
	for _, c := range []struct {
		name string
		a    answer
		kind cc.Kind
	}{
		{"departed", ok(gone11), cc.ErrNotFound},
		{"not found", status(404, `{}`), cc.ErrNotFound},
		{"broken", status(500, ``), cc.ErrUnavailable},
		{"unreadable", ok(`{"mem`), cc.ErrUnavailable},
		{"empty object", ok(`{}`), cc.ErrUnavailable},
		{"somebody else", ok(agent10), cc.ErrUnavailable},
	} {
		t.Run(c.name, inFakeTime(func(t *testing.T) {
			w := newWire().on("GET /MultiPartyCall/name_a/Participant/11/", c.a)
			_, err := mpcDriver(t, w, hangUp).Remove(background, "a", "11")
			require.Equal(t, c.kind, cc.KindOf(err), "%v", err)
			_, err = mpcDriver(t, w).SetState(background, "a", "11", cc.Change{Coach: cc.On})
			require.Equal(t, c.kind, cc.KindOf(err), "%v", err)
			for _, line := range w.lines() {
				require.Equal(t, "GET /MultiPartyCall/name_a/Participant/11/", line)
			}
		}))
	}
}

func TestAResultNamesTheRunWhereItIsKnown(t *testing.T) {
	w := newWire().on("GET /MultiPartyCall/name_a/Participant/12/", ok(boss12))
	w.otherise = status(204, "")
	d := mpcDriver(t, w)
	r, err := d.SetState(background, "a", "12", cc.Change{Coach: cc.On})
	require.NoError(t, err)
	require.Equal(t, provider.Result{Instance: instanceA}, r)
	r, err = d.Remove(background, "a", "10")
	require.NoError(t, err)
	require.Equal(t, provider.Result{}, r)
	r, err = d.End(background, instanceA)
	require.NoError(t, err)
	require.Equal(t, provider.Result{Instance: instanceA}, r)
}

func TestCapabilities(t *testing.T) {
	room := cc.CanEnd | cc.CanList | cc.CanWatch
	mpc := cc.Capabilities{
		Conference: room, Others: cc.CanRemove | cc.CanMute | cc.CanHold | cc.CanCoach,
		Removed: cc.FateDepends, Ended: cc.FateDepends,
	}
	conference := cc.Capabilities{
		Conference: room, Others: cc.CanRemove | cc.CanMute | cc.CanDeaf,
		Removed: cc.FateContinues, Ended: cc.FateUnknown,
	}
	require.Equal(t, mpc, mpcDriver(t, newWire()).Capabilities())
	require.Equal(t, conference, conferenceDriver(t, newWire()).Capabilities())
	mpc.Removed, conference.Removed = cc.FateHangsUp, cc.FateHangsUp
	require.Equal(t, mpc, mpcDriver(t, newWire(), hangUp).Capabilities())
	require.Equal(t, conference, conferenceDriver(t, newWire(), hangUp).Capabilities())
}
