package plivo_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

const (
	public   = "https://hooks.example.net:8443"
	callA    = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
	formType = "application/x-www-form-urlencoded"
)

// A delivery is a callback as Plivo sends it. The zero value of a field leaves the usual thing.
type delivery struct {
	method string     // POST
	target string     // "/plivo/mpc"
	form   url.Values // of a GET it is the query
	token  string     // authToken
	nonce  string     // one that was never used
	header string     // plivo.HeaderSignatureV3
}

var nonceCount atomic.Uint64

func freshNonce() string { return fmt.Sprint(90210000000 + nonceCount.Add(1)) }

// request signs a delivery and makes of it what a server makes of it.
func (d delivery) request(t testing.TB) *http.Request {
	t.Helper()
	if d.method == "" {
		d.method = http.MethodPost
	}
	if d.target == "" {
		d.target = "/plivo/mpc"
	}
	if d.token == "" {
		d.token = authToken
	}
	if d.nonce == "" {
		d.nonce = freshNonce()
	}
	if d.header == "" {
		d.header = plivo.HeaderSignatureV3
	}
	body := d.form.Encode()
	form := d.form
	if d.method == http.MethodGet {
		if body != "" && strings.Contains(d.target, "?") {
			d.target += "&" + body
		} else if body != "" {
			d.target += "?" + body
		}
		form, body = nil, ""
	}
	signature, err := plivo.SignV3(plivo.NewSecret(d.token), d.method, public+d.target, form, d.nonce)
	require.NoError(t, err)
	q := httptest.NewRequest(d.method, d.target, strings.NewReader(body))
	if d.method == http.MethodPost {
		q.Header.Set("Content-Type", formType)
	}
	q.Header.Set(plivo.HeaderNonceV3, d.nonce)
	q.Header.Set(d.header, signature)
	return q
}

// serve has a handler answer, and gives the status. No answer repeats anything.
func serve(t testing.TB, h http.Handler, q *http.Request) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	if w.Code == http.StatusOK {
		require.Equal(t, "<Response/>", w.Body.String())
		require.Equal(t, "text/xml; charset=utf-8", w.Header().Get("Content-Type"))
	} else {
		require.Equal(t, http.StatusText(w.Code)+"\n", w.Body.String())
	}
	return w.Code
}

func deliver(t testing.TB, h http.Handler, form url.Values) {
	t.Helper()
	require.Equal(t, http.StatusOK, serve(t, h, delivery{form: form}.request(t)))
}

func receiverOptions() plivo.ReceiverOptions {
	return plivo.ReceiverOptions{PublicURL: public, Tokens: []plivo.Secret{plivo.NewSecret(authToken)}}
}

func receiver(t testing.TB, change ...func(*plivo.ReceiverOptions)) *plivo.Receiver {
	t.Helper()
	o := receiverOptions()
	for _, f := range change {
		f(&o)
	}
	r, err := plivo.NewReceiver(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// bells is a receiver, and the conferences that its Notify was told of.
func bells(t testing.TB, change ...func(*plivo.ReceiverOptions)) (r *plivo.Receiver, rung func() []cc.ConferenceID) {
	t.Helper()
	told := make(chan cc.ConferenceID, 100)
	r = receiver(t, append(change, func(o *plivo.ReceiverOptions) { o.Notify = func(c cc.ConferenceID) { told <- c } })...)
	return r, func() []cc.ConferenceID {
		// What rings last is told last: when that has come everything has.
		last := "last " + freshNonce()
		deliver(t, r, mpcEvent("MPCStart", last, runB))
		deliver(t, r, memberEvent("enter", last))
		list := []cc.ConferenceID{}
		for c := range told {
			if c == cc.ConferenceID(last) {
				break
			}
			if !strings.HasPrefix(string(c), "last ") {
				list = append(list, c)
			}
		}
		return list
	}
}

// mpcEvent is an MPC status callback with every field that is documented for one of its kind.
func mpcEvent(name, room, uuid string) url.Values {
	v := url.Values{
		"EventName": {name}, "EventTimestamp": {"2026-03-01 10:00:05.123456+00:00"}, "MPCName": {room}, "MPCUUID": {uuid},
	}
	switch {
	case name == "MPCEnd":
		v["MPCDuration"], v["MPCBilledDuration"], v["MPCBilledAmount"] = []string{"73"}, []string{"120"}, []string{"0.01000"}
	case strings.HasPrefix(name, "Participant"):
		v["MemberID"], v["ParticipantCallUUID"] = []string{"42"}, []string{callA}
		v["ParticipantRole"], v["ParticipantCoachMode"] = []string{"agent"}, []string{"true"}
	case strings.HasPrefix(name, "MPCRecording"):
		v["RecordingUUID"] = []string{callA}
	}
	return v
}

// memberEvent is a Conference callback with every field that is documented for its action.
func memberEvent(action, name string) url.Values {
	v := url.Values{
		"ConferenceAction": {action}, "ConferenceName": {name}, "ConferenceUUID": {runA}, "ConferenceMemberID": {"17"}, "CallUUID": {callA},
		"From": {"15550100"}, "To": {"15550101"}, "Direction": {"inbound"}, "CallStatus": {"in-progress"}, "Event": {"Conference"},
	}
	switch action {
	case "digits":
		v["ConferenceDigitsMatch"] = []string{"*1"}
	case "record":
		maps.Copy(v, url.Values{
			"RecordUrl": {"https://media.example.net/a.mp3"}, "RecordingID": {callA}, "RecordingDuration": {"7"},
			"RecordingDurationMs": {"7012"}, "RecordingStartMs": {"1772359205123"}, "RecordingEndMs": {"1772359212135"},
		})
	}
	return v
}

// merge is a copy of a form with other values in it; nil takes a field out.
func merge(form, with url.Values) url.Values {
	form = maps.Clone(form)
	for key, values := range with {
		if form[key] = slices.Clone(values); values == nil {
			delete(form, key)
		}
	}
	return form
}

// busyReceiver is one that knows a number in every place.
func busyReceiver(t *testing.T, number string) *plivo.Receiver {
	t.Helper()
	block := make(chan struct{})
	t.Cleanup(func() { close(block) }) // before the receiver is closed
	o := receiverOptions()
	o.Notify = func(cc.ConferenceID) { <-block }
	r, err := plivo.NewReceiver(o)
	require.NoError(t, err)
	for _, name := range []string{number, number + "1"} {
		deliver(t, r, mpcEvent("MPCStart", name, runA))
	}
	return r
}
