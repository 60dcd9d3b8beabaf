package genesys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/genesys"
)

// The sample of the vendor's page "RemoveParticipantFromConference", as the data of a notification.
const sample = `{"notificationType":"ParticipantsUpdated","call":{"id":"01RCC3N118B1V0SL8O7GK2LAES00000O",
"state":"Established","callUuid":"01RCC3N118B1V0SL8O7GK2LAES00000O","connId":"0071027198180018",
"deviceUri":"http://127.0.0.1:8080/api/v2/devices/631608b3-ceb1-472b-ba05-2ae39555b0d1",
"participants":[{"e164Number":"","formattedPhoneNumber":"15002","phoneNumber":"15002","digits":"15002"}],
"dnis":"15001","callType":"Internal","capabilities":["UpdateUserData","SendDtmf","Hold","Hangup"],
"duration":"43","mute":"Off","supervisorListeningIn":false,"monitoredUserMuted":false,"monitoring":false,
"uri":"http://127.0.0.1:8080/api/v2/me/calls/01RCC3N118B1V0SL8O7GK2LAES00000O",
"path":"/calls/01RCC3N118B1V0SL8O7GK2LAES00000O"},"phoneNumber":"15000","extensions":{"BusinessCall":0},
"messageType":"CallStateChangeMessage"}`

func TestSampleNotification(t *testing.T) {
	h := genesys.Hear([]byte(sample))
	require.Equal(t, cc.ConferenceID(callID), h.Conference)
	require.Nil(t, h.Failure)
	r := *h.Record
	require.True(t, r.Live())
	require.True(t, r.HasMembership())
	require.False(t, r.Monitored())
	require.Equal(t, []genesys.PartyRecord{{PhoneNumber: "15002", Digits: "15002", FormattedPhoneNumber: "15002"}}, r.Participants)
	require.Equal(t, "Established", r.State)
	require.Equal(t, deviceID, r.DeviceID)
	require.Equal(t, "43", r.Duration)
	require.False(t, r.Mute)
	require.True(t, r.Offers("Hold"))
	require.False(t, r.Offers("RemoveParticipantFromConference"), "two are left")
}

func TestCallRecords(t *testing.T) {
	party := func(n string) genesys.PartyRecord { return genesys.PartyRecord{PhoneNumber: n} }
	for name, c := range map[string]struct {
		in    string
		want  []genesys.PartyRecord
		whole bool
	}{
		"objects":          {`{"participants":[{"phoneNumber":"1"},{"phoneNumber":"2"}]}`, []genesys.PartyRecord{party("1"), party("2")}, true},
		"numbers of old":   {`{"participants":["1","2"]}`, []genesys.PartyRecord{party("1"), party("2")}, true},
		"with information": {`{"participants":["1"],"participantsInfo":[{"phoneNumber":"1","digits":"01"}]}`, []genesys.PartyRecord{{PhoneNumber: "1", Digits: "01"}}, true},
		"information of another": {
			`{"participants":["1"],"participantsInfo":[{"phoneNumber":"9","digits":"9"}]}`, []genesys.PartyRecord{party("1")}, true,
		},
		"too little information": {`{"participants":["1","2"],"participantsInfo":[{"phoneNumber":"1"}]}`, []genesys.PartyRecord{party("1"), party("2")}, true},
		"odd information":        {`{"participants":["1"],"participantsInfo":7}`, []genesys.PartyRecord{party("1")}, true},
		"figures":                {`{"participants":[15001]}`, []genesys.PartyRecord{party("15001")}, true},
		"withheld":               {`{"participants":[null,{},{"phoneNumber":null}]}`, []genesys.PartyRecord{{}, {}, {}}, true},
		"nobody":                 {`{"participants":[]}`, []genesys.PartyRecord{}, true},
		"no list":                {`{}`, nil, false},
		"null for a list":        {`{"participants":null}`, nil, false},
		"an object for a list":   {`{"participants":{"1":"2"}}`, nil, false},
		"a list in the list":     {`{"participants":[["1"]]}`, nil, false},
		"a truth in the list":    {`{"participants":["1",true]}`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var r genesys.CallRecord
			require.NoError(t, r.UnmarshalJSON([]byte(c.in)))
			require.Equal(t, c.whole, r.HasMembership())
			require.Equal(t, c.want, r.Participants)
		})
	}
	var r genesys.CallRecord
	for _, bad := range []string{``, `null`, `[]`, `"call"`, `7`, `{"id"`} {
		require.Error(t, r.UnmarshalJSON([]byte(bad)), "%s", bad)
	}
	require.NoError(t, r.UnmarshalJSON([]byte(`{"id":7,"mute":true,"monitoring":"true","capabilities":"none","duration":43,
		"deviceUri":"/devices/d1/","parentCallPath":"calls/p1?x=/9","case":[],"userData":[1]}`)))
	require.Equal(t, "7", r.ID)
	require.True(t, r.Mute)
	require.True(t, r.Monitored())
	require.Empty(t, r.Capabilities)
	require.Equal(t, "d1", r.DeviceID)
	require.Equal(t, "p1", r.ParentID)
}

func TestNotifications(t *testing.T) {
	for name, c := range map[string]struct {
		in      string
		about   cc.ConferenceID
		failure bool
		code    string
		text    string
		device  string
	}{
		"nothing":           {in: ``},
		"not an object":     {in: `[1]`},
		"empty":             {in: `{}`},
		"unknown":           {in: `{"messageType":"Weather"}`},
		"device":            {in: `{"messageType":"DeviceStateChangeMessage","device":{"id":"d"}}`},
		"id is empty":       {in: `{"call":{"id":"","callUuid":"u-1","uri":"x/me/calls/other"}}`, about: "uuid:u-1"},
		"id cannot be one":  {in: `{"call":{"id":"a/b","callUuid":"u-1"}}`, about: "uuid:u-1"},
		"nothing can be":    {in: `{"call":{"id":"a/b","callUuid":"all"}}`},
		"bare failure":      {in: `{"messageType":"ErrorMessage","deviceUri":"http://x/devices/d1","devicePath":"/devices/d1","metrics":{}}`, failure: true, device: "d1"},
		"failure of a call": {in: `{"messageType":"ErrorMessage","callUri":"http://x/api/v2/me/calls/c1","errorMessage":"no","errorCode":57}`, about: "c1", failure: true, code: "57", text: "no"},
		"by path":           {in: `{"messageType":"ErrorMessage","callPath":"calls/c1"}`, about: "c1", failure: true},
		"with the call":     {in: `{"messageType":"ErrorMessage","call":{"id":"c1"}}`, about: "c1", failure: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := genesys.Hear([]byte(c.in))
			require.Equal(t, c.about, h.Conference)
			require.Equal(t, c.device, h.Device)
			require.Equal(t, c.failure, h.Failure != nil)
			if c.failure {
				require.Equal(t, cc.ErrUnavailable, h.Failure.Kind)
				require.Equal(t, c.code, h.Failure.Code)
				require.Equal(t, c.text, h.Failure.Message)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status        int
		body          string
		kind          cc.Kind
		code, message string
		foreign, over bool
	}{
		{status: 403, body: `{"statusCode":20,"statusMessage":"denied"}`, kind: cc.ErrUnauthenticated, code: "20", message: "denied", over: true},
		{status: 403, body: `{"statusCode":"20"}`, kind: cc.ErrUnauthenticated, code: "20", over: true},
		{status: 401, body: ``, over: true},
		{status: 403, body: `CSRF token is missing`, message: "CSRF token is missing", foreign: true},
		{status: 403, body: ``, foreign: true},
		{status: 403, body: `{"statusCode":5}`, kind: cc.ErrForbidden, code: "5"},
		{status: 500, body: `{"statusCode":4,"statusMessage":"x` + string(make([]byte, 5000)), kind: cc.ErrUnavailable, code: "4"},
		{status: 500, body: `<html>`, message: "<html>"},
		{status: 500, body: `{"statusCode":0}`, message: `{"statusCode":0}`},
		{status: 409, body: `{"statusCode":99}`, code: "99"},
	} {
		kind, code, message := genesys.Explain(c.status, []byte(c.body))
		require.Equal(t, c.kind, kind, "%.60s", c.body)
		require.Equal(t, c.code, code, "%.60s", c.body)
		require.Equal(t, c.message, message, "%.60s", c.body)
		require.Equal(t, c.foreign, genesys.Foreign(c.status, []byte(c.body)), "%.60s", c.body)
		require.Equal(t, c.over, genesys.Over(c.status, []byte(c.body)), "%.60s", c.body)
	}
	require.NoError(t, genesys.Refused([]byte(`{"statusCode":0}`), false))
	require.NoError(t, genesys.Refused([]byte(`{}`), false))
	require.NoError(t, genesys.Refused(nil, false))
	require.ErrorIs(t, genesys.Refused([]byte(`{"statusCode":9}`), false), cc.ErrUncertain)
	require.ErrorIs(t, genesys.Refused([]byte(`{"statusCode":9}`), true), cc.ErrUnavailable)
	require.ErrorIs(t, genesys.Refused([]byte(`{"statusCode":99}`), false), cc.ErrUncertain)
}

func FuzzRecords(f *testing.F) {
	for _, s := range []string{sample, `{}`, `[]`, `{"participants":["1",null,{"digits":1}]}`, `{"call":{"id":1e9}}`, `{"statusCode":"x"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h := genesys.Hear(b)
		if h.Conference != "" {
			d, err := genesys.NewDriver(genesys.Options{Endpoint: "https://x.test", User: "u", Password: genesys.NewSecret("p")})
			require.NoError(t, err)
			require.NoError(t, d.CheckConference(h.Conference))
			require.NoError(t, d.Close())
		}
		var r genesys.CallRecord
		if r.UnmarshalJSON(b) == nil && r.HasMembership() {
			require.NotNil(t, r.Participants)
		}
		var dev genesys.DeviceRecord
		_ = dev.UnmarshalJSON(b)
		_, _, message := genesys.Explain(500, b)
		require.LessOrEqual(t, len(message), 3*4096)
		_ = genesys.Refused(b, true)
	})
}
