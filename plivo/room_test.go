package plivo_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

func room(t *testing.T, w *wire, id cc.ConferenceID) *plivo.Room {
	t.Helper()
	r, ok := cc.As[*plivo.Room](client(t, plivo.NewMPC, options(w)).Conference(id))
	require.True(t, ok)
	return r
}

func conferenceRoom(t *testing.T, w *wire, id cc.ConferenceID, change ...func(*plivo.Options)) *plivo.ConferenceRoom {
	t.Helper()
	o := options(w)
	for _, f := range change {
		f(&o)
	}
	r, ok := cc.As[*plivo.ConferenceRoom](client(t, plivo.NewConference, o).Conference(id))
	require.True(t, ok)
	return r
}

func TestARoomIsHadThroughAs(t *testing.T) {
	mpc, conference := client(t, plivo.NewMPC, options(newWire())), client(t, plivo.NewConference, options(newWire()))
	_, ok := cc.As[*plivo.ConferenceRoom](mpc.Conference("a"))
	require.False(t, ok)
	_, ok = cc.As[*plivo.Room](conference.Conference("a"))
	require.False(t, ok)
	_, ok = cc.As[*plivo.Room](mpc)
	require.False(t, ok)
	require.False(t, mpc.Conference("a").As(nil))
	require.False(t, mpc.Conference("a").As((**plivo.Room)(nil)))
	require.False(t, conference.Conference("a").As((**plivo.ConferenceRoom)(nil)))
}

// Plivo's pages "Multiparty Calls", "Update participant state" and "Kick or disconnect a member from a
// conference".
func TestWhatARoomSends(t *testing.T) {
	w := newWire()
	w.otherise = status(202, "{}")
	byName, byRun := room(t, w, "stand up"), room(t, w, instanceA)
	require.NoError(t, byName.Activate(background))
	require.NoError(t, byRun.RemoveAll(background))
	require.NoError(t, byName.SetAll(background, cc.Change{Mute: cc.On, Hold: cc.Off}))
	require.NoError(t, byRun.SetAll(background, cc.Change{Mute: cc.Off}))
	c := conferenceRoom(t, w, "room a")
	require.NoError(t, c.RemoveAll(background))
	require.NoError(t, conferenceRoom(t, w, "room a", hangUp).RemoveAll(background))
	require.NoError(t, c.SetAll(background, cc.Change{Mute: cc.Off, Deaf: cc.On}))
	require.Equal(t, []string{
		`POST /MultiPartyCall/name_stand%20up/ {"status":"active"}`,
		`DELETE /MultiPartyCall/uuid_` + runA + `/Participant/all/`,
		`POST /MultiPartyCall/name_stand%20up/Participant/all/ {"mute":true,"hold":false}`,
		`POST /MultiPartyCall/uuid_` + runA + `/Participant/all/ {"mute":false}`,
		`POST /Conference/room%20a/Member/all/Kick/ {}`,
		`DELETE /Conference/room%20a/Member/all/`,
		`POST /Conference/room%20a/Member/all/Deaf/ {}`,
		`DELETE /Conference/room%20a/Member/all/Mute/`,
	}, w.lines())
}

func TestWhatARoomRefuses(t *testing.T) {
	w := newWire()
	r, c := room(t, w, "a"), conferenceRoom(t, w, "a")
	for _, x := range []struct {
		err     error
		kind    cc.Kind
		missing cc.Controls
	}{
		{r.SetAll(background, cc.Change{Mute: cc.On, Coach: cc.On}), cc.ErrUnsupported, cc.CanCoach},
		{r.SetAll(background, cc.Change{Deaf: cc.On}), cc.ErrUnsupported, cc.CanDeaf},
		{r.SetAll(background, cc.Change{}), cc.ErrInvalid, 0},
		{c.SetAll(background, cc.Change{Mute: cc.On, Hold: cc.On, Coach: cc.Off}), cc.ErrUnsupported, cc.CanHold | cc.CanCoach},
		{c.SetAll(background, cc.Change{}), cc.ErrInvalid, 0},
	} {
		e := problem(t, x.err)
		require.Equal(t, x.kind, e.Kind)
		require.Equal(t, x.missing, e.Missing)
		require.Equal(t, cc.ConferenceID("a"), e.Conference)
	}
	for _, id := range []cc.ConferenceID{"", "all", "..", "a/b", "uuid:", "uuid:..", "uuid:a/b", "uuid:all", " a"} {
		r := room(t, w, id)
		_, err := r.AddParticipant(background, plivo.Invitation{Role: cc.RoleAgent, From: "1", To: []string{"2"}})
		_, err2 := r.Record(background)
		_, err3 := r.Participants(background)
		for _, err := range []error{r.Activate(background), r.RemoveAll(background), r.SetAll(background, cc.Change{Mute: cc.On}), err, err2, err3} {
			require.ErrorIs(t, err, cc.ErrInvalid, "%q", string(id))
		}
		c := conferenceRoom(t, w, id)
		_, err = c.Record(background)
		for _, err := range []error{c.RemoveAll(background), c.SetAll(background, cc.Change{Mute: cc.On}), err} {
			require.ErrorIs(t, err, cc.ErrInvalid, "%q", string(id))
		}
	}
	require.Empty(t, w.lines())
}

func TestAConferenceRoomTellsWhatWasAccepted(t *testing.T) {
	w := newWire().on("DELETE /Conference/r/Member/all/Mute/", status(404, "{}"))
	w.otherise = status(202, "")
	err := conferenceRoom(t, w, "r").SetAll(background, cc.Change{Mute: cc.Off, Deaf: cc.On})
	require.ErrorIs(t, err, cc.ErrNotFound)
	require.Equal(t, cc.Change{Deaf: cc.On}, problem(t, err).Applied)
}

func TestRecordsOfARoom(t *testing.T) {
	ended := `{"mpc_uuid":"` + runA + `","friendly_name":"odd / name","status":"Ended","creation_time":"2024-05-01 10:00:00+00:00",
		"start_time":"2024-05-01 10:00:05+00:00","end_time":"2024-05-01 11:00:00+00:00","duration":3600,"billed_duration":7200,
		"billed_amount":0.6,"recording":null,"stay_alone":false,"sub_account":"/v1/Account/SA/","termination_cause":"Hangup API Triggered",
		"termination_cause_code":3000,"max_participants":10}`
	w := newWire().on("GET /MultiPartyCall/uuid_"+runA+"/", ok(ended)).on(listPath, page(boss12, gone11))
	r := room(t, w, instanceA)
	got, err := r.Record(background)
	require.NoError(t, err)
	require.JSONEq(t, ended, string(got.Raw))
	require.False(t, got.Live())
	got.Raw = nil
	require.Equal(t, plivo.RoomRecord{
		MPCUUID: runA, FriendlyName: "odd / name", Status: "Ended",
		CreationTime: at("10:00:00"), StartTime: at("10:00:05"), EndTime: at("11:00:00"),
		Duration: time.Hour, BilledDuration: 2 * time.Hour, BilledAmount: "0.6", StayAlone: cc.Off, SubAccount: "/v1/Account/SA/",
		TerminationCause: "Hangup API Triggered", TerminationCauseCode: 3000,
	}, got)

	people, err := r.Participants(background)
	require.NoError(t, err)
	require.Len(t, people, 2)
	require.Equal(t, []bool{false, true}, []bool{people[0].Departed, people[1].Departed})
	require.Equal(t, cc.Unset, people[1].Mute)
	require.Equal(t, "Participant Call Hangup", people[1].ExitCause)
	require.JSONEq(t, gone11, string(people[1].Raw))

	// By name the list is of the run that the name meant.
	w.on(roomPath, ok(activeRoom))
	_, err = room(t, w, "standup").Participants(background)
	require.NoError(t, err)
	require.Equal(t, []string{roomPath, listPath + "?limit=20&offset=0"}, w.lines()[2:])

	w.on("GET /Conference/room%20a/", ok(roomA))
	raw, err := conferenceRoom(t, w, "room a").Record(background)
	require.NoError(t, err)
	require.JSONEq(t, roomA, string(raw))
}

// Both shapes of the answer, of the page "Add a participant" and of what an integrator has seen
// (Easyfix_Backend, plivo-conference.service.js), and whatever else was accepted.
func TestWhatAddParticipantAnswers(t *testing.T) {
	for body, want := range map[string]plivo.Added{
		`{"api_id":"b","message":"add participant action initiated","request_uuid":"r1",
			"calls":[{"to":"sip:desk7@phone.example.test","from":"15550100","call_uuid":"c1"},{"to":"15550101","from":"15550100","call_uuid":"c2"}]}`: {
			APIID: "b", RequestUUID: "r1", Calls: []plivo.AddedCall{
				{CallUUID: "c1", From: "15550100", To: "sip:desk7@phone.example.test"}, {CallUUID: "c2", From: "15550100", To: "15550101"}}},
		`{"api_id":"b","call_uuid":"c1","member_id":"17","message":"x"}`: {APIID: "b", Calls: []plivo.AddedCall{{CallUUID: "c1"}}},
		`{"api_id":"b","calls":"odd"}`:                                   {APIID: "b"},
		`{"api_id":"b","calls":[1,null,{"call_uuid":"c1"}]}`:             {APIID: "b", Calls: []plivo.AddedCall{{CallUUID: "c1"}}},
		`{}`: {}, ``: {}, `[]`: {}, `null`: {}, `"x"`: {},
	} {
		w := newWire()
		w.otherise = status(201, body)
		got, err := room(t, w, "a").AddParticipant(background, plivo.Invitation{Role: "Agent", From: "15550100", To: []string{"15550101"}})
		require.NoError(t, err, body)
		require.Equal(t, want, got, body)
		require.Equal(t, []string{`POST /MultiPartyCall/name_a/Participant/ {"from":"15550100","role":"agent","to":"15550101"}`}, w.lines())
	}
}

// A repeated request rings a second telephone (plivo-node, pull request 177).
func TestAddParticipantIsNeverRepeated(t *testing.T) {
	for name, a := range map[string]answer{
		"500": status(500, ""), "502": status(502, "<html>"), "503": status(503, "{}"), "504": status(504, ""),
		"reset": {err: errors.New("reset")}, "truncated": status(201, `{"api_id"`), "HTML": status(201, `<html>`),
	} {
		t.Run(name, inFakeTime(func(t *testing.T) {
			w := newWire()
			w.otherise = a
			_, err := room(t, w, "a").AddParticipant(background, plivo.Invitation{Role: cc.RoleAgent, CallUUID: "c-1"})
			require.ErrorIs(t, err, cc.ErrUncertain)
			require.Equal(t, []string{`POST /MultiPartyCall/name_a/Participant/ {"call_uuid":"c-1","role":"agent"}`}, w.lines())
			requireDiscreet(t, err, "c-1")
		}))
	}
}

func TestARoomOfAnEndedClient(t *testing.T) {
	w := newWire()
	c, err := plivo.NewMPC(options(w))
	require.NoError(t, err)
	r, ok := cc.As[*plivo.Room](c.Conference("a"))
	require.True(t, ok)
	require.NoError(t, c.Close())
	require.ErrorIs(t, r.Activate(background), cc.ErrClosed)
	require.Empty(t, w.lines())
}

// A hung wire answers when the context ends.
type hung struct{ began chan struct{} }

func (h hung) RoundTrip(r *http.Request) (*http.Response, error) {
	close(h.began)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestCloseEndsWhatARoomDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, x := range []struct {
			do   func(*plivo.Room) error
			kind cc.Kind
		}{
			{func(r *plivo.Room) error { return r.Activate(background) }, cc.ErrUncertain},
			{func(r *plivo.Room) error { _, err := r.Record(background); return err }, cc.ErrClosed},
		} {
			h := hung{began: make(chan struct{})}
			c, err := plivo.NewMPC(options(h))
			require.NoError(t, err)
			r, _ := cc.As[*plivo.Room](c.Conference("a"))
			done := make(chan error)
			go func() { done <- x.do(r) }()
			<-h.began
			closing := time.Now()
			require.NoError(t, c.Close())
			require.Equal(t, x.kind, cc.KindOf(<-done))
			require.Zero(t, time.Since(closing))
		}
	})
}

func TestARoomHasADeadlineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(newWire())
		o.Timeout = 3 * time.Second
		o.Transport = hung{began: make(chan struct{})}
		r, _ := cc.As[*plivo.Room](client(t, plivo.NewMPC, o).Conference("a"))
		began := time.Now()
		err := r.Activate(background)
		require.ErrorIs(t, err, cc.ErrUncertain)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}
