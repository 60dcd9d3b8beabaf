package genesys_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/genesys"
)

var owner = []string{"Hold", "Hangup", "MuteCall", "RemoveParticipantFromConference", "ClearCall"}

func TestSnapshot(t *testing.T) {
	d := &desk{call: callWith("Established", "Internal", owner, "15001", "15002")}
	s, err := d.driver(t).Snapshot(background, callID)
	require.NoError(t, err)
	require.Equal(t, cc.Snapshot{
		Conference: callID, Instance: "uuid:" + callID, Controls: cc.CanEnd,
		Participants: []cc.Participant{
			{
				ID: "15000", Address: "15000", Self: true, State: cc.ParticipantState{Mute: cc.Off, Hold: cc.Off},
				Controls: cc.CanRemove | cc.CanMute | cc.CanHold,
			},
			{ID: "15001", Address: "15001", Controls: cc.CanRemove},
			{ID: "15002", Address: "15002", Controls: cc.CanRemove},
		},
	}, s.Snapshot)
	require.Equal(t, []string{
		"GET me?subresources=features%2Cdevices", "GET me/calls/" + callID,
	}, d.lines(), "the login, and one read")
}

func TestWhatIsNoConference(t *testing.T) {
	for name, call := range map[string]string{
		"none":         "",
		"ringing":      callWith("Ringing", "Internal", owner, "15001"),
		"dialing":      callWith("Dialing", "Internal", owner, "15001"),
		"released":     callWith("Released", "Internal", nil, "15001"),
		"preview":      callWith("Preview", "Outbound", owner, "15001"),
		"consultation": callWith("Established", "Consult", owner, "15001"),
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{call: call}
			driver := d.driver(t)
			for _, id := range []cc.ConferenceID{callID, "uuid:" + callID} {
				_, err := driver.Snapshot(background, id)
				require.ErrorIs(t, err, cc.ErrNotFound)
				_, err = driver.Remove(background, id, "15001")
				require.ErrorIs(t, err, cc.ErrNotFound)
				_, err = driver.SetState(background, id, ownDN, cc.Change{Mute: cc.On})
				require.ErrorIs(t, err, cc.ErrNotFound)
				_, err = driver.End(background, id)
				require.ErrorIs(t, err, cc.ErrNotFound)
			}
			for s, err := range driver.Conferences(background) {
				require.NoError(t, err)
				require.Fail(t, "listed", "%v", s)
			}
			require.Empty(t, d.sent())
		})
	}
}

func TestTwinsAndTheWithheld(t *testing.T) {
	d := &desk{call: callWith("Established", "Inbound", owner, "15001", "15001", "", "+1 555 0100", "15003")}
	client, err := genesys.New(d.options())
	require.NoError(t, err)
	defer client.Close()
	s, err := client.Conference(callID).Snapshot(background)
	require.NoError(t, err)
	require.Equal(t, []string{"#1", "#2", "15000", "15001", "15001#2", "15003"}, ids(s.Participants))
	for _, p := range s.Participants {
		switch p.ID {
		case "15000":
			require.True(t, p.Self)
		case "15003":
			require.Equal(t, cc.CanRemove, p.Controls)
		default:
			require.Zero(t, p.Controls, "%v", p)
		}
	}
	driver := d.driver(t) // which has read nothing
	for _, id := range []cc.ParticipantID{"15001", "15001#2", "#1", "#2"} {
		_, err := driver.Remove(background, callID, id)
		require.ErrorIs(t, err, cc.ErrConflict, "%s", id)
	}
	for _, id := range []cc.ParticipantID{"15001#3", "#3", "15003#1", "15003#2", "1500", "150001"} {
		_, err := driver.Remove(background, callID, id)
		require.ErrorIs(t, err, cc.ErrNotParticipant, "%s", id)
	}
	require.Empty(t, d.sent())
	_, err = driver.Remove(background, callID, "15003")
	require.NoError(t, err)
	require.Equal(t, []string{`{"operationName":"RemoveParticipantFromConference","participant":"15003"}`}, d.sent())
}

func TestANumberInAnotherForm(t *testing.T) {
	d := &desk{call: `{"id":"` + callID + `","connId":"1","state":"Established","capabilities":["RemoveParticipantFromConference"],
		"deviceUri":"` + deviceID + `","participants":[{"phoneNumber":"9001","digits":"7102"},{"phoneNumber":"7102","digits":"7102"}]}`}
	driver := d.driver(t)
	_, err := driver.Remove(background, callID, "7102")
	require.ErrorIs(t, err, cc.ErrConflict)
	require.Empty(t, d.sent())
	_, err = driver.Remove(background, callID, "9001")
	require.NoError(t, err)
}

func TestOrders(t *testing.T) {
	for _, c := range []struct {
		name   string
		offers []string
		state  string
		do     string
		change cc.Change
		who    cc.ParticipantID
		want   string
		kind   cc.Kind
		lacks  cc.Controls
	}{
		{name: "remove another", offers: owner, do: "remove", who: "15001", want: `{"operationName":"RemoveParticipantFromConference","participant":"15001"}`},
		{name: "remove oneself", offers: owner, do: "remove", who: ownDN, want: `{"operationName":"Hangup"}`},
		{name: "remove as a guest", offers: []string{"Hangup"}, do: "remove", who: "15001", kind: cc.ErrForbidden, lacks: cc.CanRemove},
		{name: "mute oneself", offers: owner, do: "set", who: ownDN, change: cc.Change{Mute: cc.On}, want: `{"operationName":"MuteCall"}`},
		{name: "unmute, and is", offers: owner, do: "set", who: ownDN, change: cc.Change{Mute: cc.Off}},
		{name: "mute where the switch does not", offers: []string{"Hangup"}, do: "set", who: ownDN, change: cc.Change{Mute: cc.On}, kind: cc.ErrForbidden, lacks: cc.CanMute},
		{name: "mute another", offers: owner, do: "set", who: "15001", change: cc.Change{Mute: cc.On}, kind: cc.ErrUnsupported, lacks: cc.CanMute},
		{name: "hold another", offers: owner, do: "set", who: "15001", change: cc.Change{Hold: cc.Off}, kind: cc.ErrUnsupported, lacks: cc.CanHold},
		{name: "hold oneself", offers: owner, do: "set", who: ownDN, change: cc.Change{Hold: cc.On}, want: `{"operationName":"Hold"}`},
		{name: "retrieve", offers: []string{"Retrieve"}, state: "Held", do: "set", who: ownDN, change: cc.Change{Hold: cc.Off}, want: `{"operationName":"Retrieve"}`},
		{name: "mute on hold", offers: []string{"Retrieve", "Hangup"}, state: "Held", do: "set", who: ownDN, change: cc.Change{Mute: cc.On}, kind: cc.ErrConflict, lacks: cc.CanMute},
		{name: "deafen", offers: owner, do: "set", who: ownDN, change: cc.Change{Deaf: cc.On}, kind: cc.ErrUnsupported, lacks: cc.CanDeaf},
		{name: "mute a monitored call", offers: append([]string{"SwitchToBargeIn"}, owner...), do: "set", who: ownDN, change: cc.Change{Mute: cc.On}, kind: cc.ErrUnsupported, lacks: cc.CanMute},
		{name: "end", offers: owner, do: "end", want: `{"operationName":"ClearCall"}`},
		{name: "end where it was never offered", offers: []string{"Hangup"}, do: "end", want: `{"operationName":"ClearCall"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.state == "" {
				c.state = "Established"
			}
			d := &desk{call: callWith(c.state, "Internal", c.offers, "15001", "15002")}
			driver := d.driver(t)
			var err error
			switch c.do {
			case "remove":
				_, err = driver.Remove(background, callID, c.who)
			case "set":
				_, err = driver.SetState(background, callID, c.who, c.change)
			default:
				_, err = driver.End(background, callID)
			}
			if c.kind == 0 {
				require.NoError(t, err)
			} else {
				var e *cc.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.kind, e.Kind)
				require.Equal(t, c.lacks, e.Missing)
			}
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			require.Equal(t, want, d.sent())
		})
	}
}

// A server that has offered ClearCall once, and does not for this call, is not asked.
func TestEndThatIsNotOffered(t *testing.T) {
	d := &desk{call: callWith("Established", "Internal", owner, "15001", "15002")}
	driver := d.driver(t)
	_, err := driver.Snapshot(background, callID)
	require.NoError(t, err)
	d.call = callWith("Established", "Internal", []string{"Hangup"}, "15001", "15002")
	_, err = driver.End(background, callID)
	var e *cc.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, cc.ErrForbidden, e.Kind)
	require.Equal(t, cc.CanEnd, e.Missing)
	require.Empty(t, d.sent())
}

// Whatever number of goroutines finds that the session is over, one of them logs in.
func TestOneLoginForOneLostSession(t *testing.T) {
	d := &desk{call: callWith("Established", "Internal", owner, "15001", "15002")}
	driver := d.driver(t)
	for round := 1; round <= 5; round++ {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := driver.Snapshot(background, callID)
				require.NoError(t, err)
			})
		}
		all.Wait()
		d.mu.Lock()
		require.Equal(t, round, d.logins)
		d.session = 0
		d.mu.Unlock()
	}
}

func TestTokenIsReadAnewOnce(t *testing.T) {
	d := &desk{call: callWith("Established", "Internal", owner, "15001", "15002")}
	driver := d.driver(t)
	_, err := driver.Snapshot(background, callID)
	require.NoError(t, err)
	d.mu.Lock()
	d.token, d.requests = 7, nil
	d.mu.Unlock()
	_, err = driver.Remove(background, callID, "15001")
	require.NoError(t, err, "the read before it brings the new token")
	require.Equal(t, 1, d.logins)

	d.answer = func(r *http.Request, _ string) (int, string, bool) {
		return 403, "The CSRF token is missing or invalid.", r.Method == http.MethodPost
	}
	d.requests = nil
	_, err = driver.Remove(background, callID, "15002")
	require.ErrorIs(t, err, cc.ErrForbidden)
	body := ` {"operationName":"RemoveParticipantFromConference","participant":"15002"}`
	require.Equal(t, []string{
		"GET me/calls/" + callID, "POST me/calls/" + callID + body, "GET me", "POST me/calls/" + callID + body,
	}, d.lines())
	require.Equal(t, 1, d.logins)
}

func TestWrongPassword(t *testing.T) {
	d := &desk{}
	o := d.options()
	o.Password = genesys.NewSecret("wrong")
	client, err := genesys.New(o)
	require.NoError(t, err)
	defer client.Close()
	err = client.Check(background)
	var e *cc.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, cc.ErrUnauthenticated, e.Kind)
	require.Equal(t, "20", e.Code)
	require.Len(t, d.lines(), 1)
}

// A session that does not hold, as where cookies are lost, is not begun again and again.
func TestSessionThatDoesNotHold(t *testing.T) {
	d := &desk{}
	d.answer = func(r *http.Request, _ string) (int, string, bool) {
		return 403, `{"statusCode":20}`, r.Header.Get("Authorization") == ""
	}
	_, err := d.driver(t).Snapshot(background, callID)
	require.ErrorIs(t, err, cc.ErrUnauthenticated)
	require.Equal(t, 2, d.logins)
	require.Len(t, d.lines(), 4)
}
