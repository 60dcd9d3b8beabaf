package plivo_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

func page(objects ...string) answer {
	return ok(fmt.Sprintf(`{"api_id":"a","meta":{"count":%d,"limit":20,"offset":0,"previous":null,"next":null},"objects":[%s]}`,
		len(objects), strings.Join(objects, ",")))
}

const (
	roomPath = "GET /MultiPartyCall/name_standup/"
	listPath = "GET /MultiPartyCall/uuid_" + runA + "/Participant/"
)

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2024-05-01 "+clock)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Plivo's pages "The Multiparty Object" and "Retrieve all participant details", and the fixtures of
// plivo-go.
func TestSnapshotOfARoom(t *testing.T) {
	w := newWire().on(roomPath, ok(activeRoom)).on(listPath, page(boss12, gone11, agent10))
	d := mpcDriver(t, w)
	s, err := d.Snapshot(background, "standup")
	require.NoError(t, err)
	others := cc.CanRemove | cc.CanMute | cc.CanHold
	require.Equal(t, provider.Snapshot{
		Snapshot: cc.Snapshot{
			Conference: "standup", Instance: instanceA, Controls: cc.CanEnd,
			Participants: []cc.Participant{
				{ID: "12", CallID: "aaaa-12", Address: "sip:boss@phone.example.test", Role: cc.RoleSupervisor,
					State:    cc.ParticipantState{Mute: cc.On, Hold: cc.Off, Coach: cc.On},
					Controls: others | cc.CanCoach, JoinedAt: at("10:00:10")},
				{ID: "10", CallID: "aaaa-10", Address: "15550101", Role: cc.RoleAgent,
					State:    cc.ParticipantState{Mute: cc.Off, Hold: cc.Off},
					Controls: others, JoinedAt: at("10:00:05")},
			},
		},
		Departed: []provider.Departure{{ID: "11", CallID: "aaaa-11", Reason: cc.ReasonHungUp,
			Code: "Participant Call Hangup", At: at("10:01:00")}},
	}, s)
	require.Equal(t, []string{roomPath, listPath + "?limit=20&offset=0"}, w.lines())
}

func TestSnapshotByInstance(t *testing.T) {
	for name, want := range map[string]cc.ConferenceID{
		"standup": "standup", "": instanceA, "a / b": instanceA, "Besprechung ä": instanceA, "all": instanceA,
	} {
		room := strings.Replace(activeRoom, `"friendly_name":"standup"`, `"friendly_name":"`+name+`"`, 1)
		w := newWire().on("GET /MultiPartyCall/uuid_"+runA+"/", ok(room)).on(listPath, page())
		s, err := mpcDriver(t, w).Snapshot(background, instanceA)
		require.NoError(t, err)
		require.Equal(t, want, s.Conference)
		require.Equal(t, instanceA, s.Instance)
		require.Empty(t, s.Participants)
	}
}

// The page "The Multiparty Object", and a fixture of plivo-go in lower case. Plivo still tells about an
// ended room by its mpc_uuid.
func TestWhichRoomsAreLive(t *testing.T) {
	for status, live := range map[string]bool{
		`"Initialized"`: true, `"initialized"`: true, `"Active"`: true, `"ACTIVE"`: true,
		`"Ended"`: false, `"ended"`: false, `" ended "`: false, `null`: true, `"Parked"`: true,
	} {
		room := strings.Replace(activeRoom, `"status":"Active"`, `"status":`+status, 1)
		w := newWire().on(roomPath, ok(room)).on(listPath, page())
		_, err := mpcDriver(t, w).Snapshot(background, "standup")
		if live {
			require.NoError(t, err, status)
			continue
		}
		require.ErrorIs(t, err, cc.ErrNotFound, status)
		require.NotErrorIs(t, err, cc.ErrNotParticipant, status)
		require.Equal(t, []string{roomPath}, w.lines())
	}
	room := strings.NewReplacer(`"status":"Active",`, ``, `"end_time":null`, `"end_time":"2024-05-01 11:00:00+00:00"`).Replace(activeRoom)
	_, err := mpcDriver(t, newWire().on(roomPath, ok(room))).Snapshot(background, "standup")
	require.ErrorIs(t, err, cc.ErrNotFound)
}

// An answer that lacks what it is about is no proof that nobody is there.
func TestAnAnswerWithoutItsSubjectIsNoSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, body := range []string{``, `{}`, `null`, `[]`, `"x"`, `{"api_id":"a"}`, `{"mpc_uuid":""}`, `{"mpc_uuid":"../x"}`, `<html>`, `{"mpc_uuid":`} {
			_, err := mpcDriver(t, newWire().on(roomPath, ok(body))).Snapshot(background, "standup")
			require.ErrorIs(t, err, cc.ErrUnavailable, body)
		}
		for _, body := range []string{``, `{}`, `null`, `[]`, `{"meta":{"count":1}}`, `{"objects":null}`, `{"objects":[1]}`, `{"objects":[null]}`, `{"meta":{}}`, `<html>`} {
			w := newWire().on(roomPath, ok(activeRoom)).on(listPath, ok(body))
			_, err := mpcDriver(t, w).Snapshot(background, "standup")
			require.ErrorIs(t, err, cc.ErrUnavailable, body)
		}
		for _, body := range []string{``, `{}`, `null`, `[]`, `{"conference_name":"r"}`, `{"members":null}`,
			`{"conference_member_count":"1","members":[]}`, `{"conference_member_count":"2"}`, `{"members":[7]}`, `<html>`} {
			_, err := conferenceDriver(t, newWire().on("GET /Conference/r/", ok(body))).Snapshot(background, "r")
			require.ErrorIs(t, err, cc.ErrUnavailable, body)
		}
		other := strings.Replace(activeRoom, runA, runB, 1)
		_, err := mpcDriver(t, newWire().on("GET /MultiPartyCall/uuid_"+runA+"/", ok(other))).Snapshot(background, instanceA)
		require.ErrorIs(t, err, cc.ErrUnavailable)
	})
}

func TestARoomOrConferenceThatIsNotThere(t *testing.T) {
	for _, body := range []string{``, `{}`, `{"api_id":"a","error":"not found"}`, `<html>not found</html>`} {
		w := newWire()
		w.otherise = status(404, body)
		_, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err), body)
		_, err = conferenceDriver(t, w).Snapshot(background, "standup")
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err), body)
		_, _, err = mpcDriver(t, w).Participant(background, "standup", "10")
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err), body)
	}
}

// A room that ends between its two reads: the second is by mpc_uuid, so it cannot be of another, and
// that everybody has departed is looked into.
func TestARoomThatEndsWhileItIsRead(t *testing.T) {
	over := strings.Replace(activeRoom, `"status":"Active"`, `"status":"Ended"`, 1)
	w := newWire().on(roomPath, ok(activeRoom), ok(over)).on(listPath, page(gone11))
	_, err := mpcDriver(t, w).Snapshot(background, "standup")
	require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
	require.Len(t, w.lines(), 3)

	another := strings.ReplaceAll(activeRoom, runA, runB)
	w = newWire().on(roomPath, ok(activeRoom), ok(another)).on(listPath, page(gone11)).
		on(strings.Replace(listPath, runA, runB, 1), page(agent10))
	s, err := mpcDriver(t, w).Snapshot(background, "standup")
	require.NoError(t, err)
	require.Equal(t, cc.ConferenceID("uuid:"+runB), s.Instance, "the run that has the name now")
	require.Len(t, s.Participants, 1)

	w = newWire().on(roomPath, ok(activeRoom), ok(another)).on(listPath, page(gone11)).
		on(strings.Replace(listPath, runA, runB, 1), page(gone11))
	_, err = mpcDriver(t, w).Snapshot(background, "standup")
	require.Equal(t, cc.ErrUnavailable, cc.KindOf(err), "nobody can say who is there")

	w = newWire().on(roomPath, ok(activeRoom)).on(listPath, page(gone11))
	s, err = mpcDriver(t, w).Snapshot(background, "standup")
	require.NoError(t, err, "somebody rings, and keeps it")
	require.Empty(t, s.Participants)
	require.Len(t, s.Departed, 1)
}

func TestParticipant(t *testing.T) {
	path := "GET /MultiPartyCall/name_standup/Participant/10/"
	d := mpcDriver(t, newWire().on(path, ok(agent10)))
	p, run, err := d.Participant(background, "standup", "10")
	require.NoError(t, err)
	require.Equal(t, instanceA, run)
	require.Equal(t, cc.ParticipantID("10"), p.ID)
	require.Equal(t, cc.ParticipantState{Mute: cc.Off, Hold: cc.Off}, p.State)

	d = mpcDriver(t, newWire().on("GET /MultiPartyCall/name_standup/Participant/11/", ok(gone11)))
	_, _, err = d.Participant(background, "standup", "11")
	require.Equal(t, cc.ErrNotParticipant, cc.KindOf(err))

	// A record without an mpc_uuid tells no run by name, and the one that was asked for by Instance.
	bare := ok(`{"member_id":10,"role":"agent"}`)
	_, run, err = mpcDriver(t, newWire().on(path, bare)).Participant(background, "standup", "10")
	require.NoError(t, err)
	require.Empty(t, run)
	byRun := "GET /MultiPartyCall/uuid_" + runA + "/Participant/10/"
	_, run, err = mpcDriver(t, newWire().on(byRun, bare)).Participant(background, instanceA, "10")
	require.NoError(t, err)
	require.Equal(t, instanceA, run)

	other := ok(strings.ReplaceAll(agent10, runA, runB))
	_, _, err = mpcDriver(t, newWire().on(byRun, other)).Participant(background, instanceA, "10")
	require.ErrorIs(t, err, cc.ErrUnavailable)

	_, _, err = conferenceDriver(t, newWire()).Participant(background, "room a", "17")
	require.ErrorIs(t, err, cc.ErrUnsupported)
}

// Plivo's page "Conference API" and the fixtures of plivo-go.
func TestSnapshotOfAConference(t *testing.T) {
	w := newWire().on("GET /Conference/room%20a/", ok(roomA))
	s, err := conferenceDriver(t, w).Snapshot(background, "room a")
	require.NoError(t, err)
	others := cc.CanRemove | cc.CanMute | cc.CanDeaf
	require.Equal(t, provider.Snapshot{
		Snapshot: cc.Snapshot{
			Conference: "room a", Instance: "room a", Controls: cc.CanEnd,
			Participants: []cc.Participant{
				{ID: "17", CallID: "ac-17", Address: "15550100", Name: "Joe Doe",
					State: cc.ParticipantState{Mute: cc.Off, Deaf: cc.On}, Controls: others},
				{ID: "18", CallID: "ac-18", Address: "15550102", Name: "15550100",
					State: cc.ParticipantState{Mute: cc.On, Deaf: cc.Off}, Controls: others},
			},
		},
		RunTime: 73 * time.Second,
	}, s)
}

func TestOddSpellingsOfAConference(t *testing.T) {
	for _, c := range []struct {
		body string
		run  time.Duration
		want []cc.Participant
	}{
		{`{"conference_member_count":"0"}`, 0, []cc.Participant{}},
		{`{"conference_member_count":0,"members":null}`, 0, []cc.Participant{}},
		{`{"members":[],"conference_run_time":90}`, 90 * time.Second, []cc.Participant{}},
		{`{"members":[{"member_id":17,"muted":"true","deaf":null,"from":15550100}],"conference_run_time":"1.5"}`, 1500 * time.Millisecond,
			[]cc.Participant{{ID: "17", Address: "15550100", State: cc.ParticipantState{Mute: cc.On}, Controls: cc.CanRemove | cc.CanMute | cc.CanDeaf}}},
		{`{"members":[{"member_id":["17"],"caller_name":"100%","from":"a","to":"b","direction":"OUTBOUND"}],"conference_run_time":"x"}`, 0,
			[]cc.Participant{{ID: "17", Address: "b", Name: "100%", Controls: cc.CanRemove | cc.CanMute | cc.CanDeaf}}},
		{`{"members":[{"member_id":"all"},{"member_id":""}]}`, 0, []cc.Participant{{ID: "all"}, {}}},
	} {
		s, err := conferenceDriver(t, newWire().on("GET /Conference/r/", ok(c.body))).Snapshot(background, "r")
		require.NoError(t, err, c.body)
		require.Equal(t, c.want, s.Participants, c.body)
		require.Equal(t, c.run, s.RunTime, c.body)
	}
}

// The exit causes of the page "Retrieve all participant details", under both names of the field.
func TestExitCauses(t *testing.T) {
	for _, field := range []string{"exit_cause", "participant_exit_cause"} {
		for cause, want := range map[string]cc.Reason{
			"Participant Call Hangup":       cc.ReasonHungUp,
			"Kicked Out of Multiparty Call": cc.ReasonRemoved,
			"Kicked Out Of Multiparty Call": cc.ReasonRemoved,
			"Multiparty Call Ended":         cc.ReasonEnded,
			"Participant Call Transferred":  "",
			"Something New":                 "",
		} {
			gone := fmt.Sprintf(`{"member_id":"11","exit_time":"2024-05-01 10:01:00+00:00","%s":"%s"}`, field, cause)
			w := newWire().on(roomPath, ok(activeRoom)).on(listPath, page(gone))
			s, err := mpcDriver(t, w).Snapshot(background, "standup")
			require.NoError(t, err)
			require.Equal(t, []provider.Departure{{ID: "11", Reason: want, Code: cause, At: at("10:01:00")}}, s.Departed)
		}
	}
}

func TestWhoHasDeparted(t *testing.T) {
	for body, gone := range map[string]bool{
		`{"member_id":"11","exit_time":null,"exit_cause":null}`: false,
		`{"member_id":"11"}`: false,
		`{"member_id":"11","exit_time":"","exit_cause":""}`:         false,
		`{"member_id":"11","exit_time":"garbage"}`:                  true,
		`{"member_id":"11","exit_cause":"Participant Call Hangup"}`: true,
	} {
		w := newWire().on(roomPath, ok(activeRoom)).on(listPath, page(body))
		s, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.NoError(t, err)
		require.Equal(t, gone, len(s.Departed) == 1, body)
		require.Equal(t, gone, len(s.Participants) == 0, body)
	}
}

// The page "Supervisor coaching use case": coach_mode is stored for everybody and is a supervisor's alone; the flags are null
// after the exit, and true, false or null before it.
func TestCoachIsUnsetForAnyoneButSupervisors(t *testing.T) {
	for _, c := range []struct {
		role, coach string
		want        cc.Toggle
		can         bool
	}{
		{`"supervisor"`, "true", cc.On, true}, {`"Supervisor"`, "false", cc.Off, true}, {`"SUPERVISOR"`, "null", cc.Unset, true},
		{`"agent"`, "false", cc.Unset, false}, {`"customer"`, "true", cc.Unset, false}, {`"ai-agent"`, "true", cc.Unset, false},
		{`null`, "true", cc.Unset, false},
	} {
		body := `{"member_id":"10","role":` + c.role + `,"coach_mode":` + c.coach + `}`
		w := newWire().on("GET /MultiPartyCall/name_r/Participant/10/", ok(body))
		p, _, err := mpcDriver(t, w).Participant(background, "r", "10")
		require.NoError(t, err)
		require.Equal(t, c.want, p.State.Coach, body)
		require.Equal(t, c.can, p.Controls&cc.CanCoach != 0, body)
	}
}
