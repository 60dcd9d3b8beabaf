package plivoserver_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// A hit is a request that reached the application.
type hit struct {
	method, url, body string // the URL as it was asked for, fields of a GET included
	header            http.Header
	fields            url.Values // of the body; of the query for GET
}

// text is the fields in order, readable.
func (h hit) text() string { return fieldsText(h.fields) }

func fieldsText(fields url.Values) string {
	var parts []string
	for k, values := range fields {
		for _, v := range values {
			parts = append(parts, k+"="+v)
		}
	}
	sort.Strings(parts)
	return strings.Join(parts, "|")
}

// An app is somebody's application, who is told of callbacks over a pipe.
type app struct {
	t       *testing.T
	url     string
	network *pipenet.Network
	server  *http.Server
	client  *http.Transport
	done    sync.WaitGroup

	mu     sync.Mutex
	hits   []hit
	answer func(http.ResponseWriter, *http.Request) // nil: 200 and nothing
}

// newApp listens until close.
func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{t: t, network: pipenet.New()}
	ln, err := a.network.Listen("127.0.0.1:0")
	require.NoError(t, err)
	a.url = "http://" + ln.Addr().String()
	a.client = a.network.Transport()
	a.server = &http.Server{Handler: a}
	a.done.Go(func() { _ = a.server.Serve(ln) })
	return a
}

func (a *app) close() {
	a.client.CloseIdleConnections()
	_ = a.server.Close()
	_ = a.network.Close()
	a.done.Wait()
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h := hit{method: r.Method, url: "http://" + r.Host + r.RequestURI, body: string(body), header: r.Header}
	if r.Method == "POST" {
		h.fields, _ = url.ParseQuery(h.body)
	} else {
		h.fields = r.URL.Query()
	}
	a.mu.Lock()
	a.hits = append(a.hits, h)
	answer := a.answer
	a.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

// respond has the app answer so from now on.
func (a *app) respond(f func(http.ResponseWriter, *http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

// take returns the hits since it was last called.
func (a *app) take() []hit {
	a.mu.Lock()
	defer a.mu.Unlock()
	hits := a.hits
	a.hits = nil
	return hits
}

// names returns one field of each hit since the last call.
func (a *app) names(field string) []string {
	names := []string{}
	for _, h := range a.take() {
		names = append(names, h.fields.Get(field))
	}
	return names
}

// told runs f in fake time with a site, an app, and a sender of callbacks that is closed at the end.
func told(t *testing.T, sw fake.Options, o plivoserver.CallbackOptions, f func(t *testing.T, s *site, a *app, sender *plivoserver.Sender)) {
	t.Helper()
	bubble(t, sw, plivoserver.Options{}, func(t *testing.T, s *site) {
		a := newApp(t)
		defer a.close()
		if o.Transport == nil {
			o.Transport = a.client
		}
		sender, err := s.server.SendCallbacks(o)
		require.NoError(t, err)
		defer func() { require.NoError(t, sender.Close()) }()
		f(t, s, a, sender)
	})
}

// flush waits until everything is sent.
func flush(t *testing.T, sender *plivoserver.Sender) {
	t.Helper()
	require.NoError(t, sender.Flush(t.Context()))
}

// verify is a receiver's check of signature V3, written from its description, apart from the code
// that signs.
func verify(token, method, rawURL, body, nonce string) string {
	place, query, _ := strings.Cut(rawURL, "?")
	text := place
	type pair struct{ k, v string }
	pairs := func(s string) []pair {
		var list []pair
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '&' }) {
			k, v, _ := strings.Cut(part, "=")
			k, _ = url.QueryUnescape(k)
			v, _ = url.QueryUnescape(v)
			list = append(list, pair{k, v})
		}
		sort.Slice(list, func(i, j int) bool {
			return list[i].k < list[j].k || list[i].k == list[j].k && list[i].v < list[j].v
		})
		return list
	}
	q := pairs(query)
	for i, p := range q {
		text += map[bool]string{true: "?", false: "&"}[i == 0] + p.k + "=" + p.v
	}
	if b := pairs(body); method == "POST" && len(b) > 0 {
		text += map[bool]string{true: "?", false: "."}[len(q) == 0]
		for _, p := range b {
			text += p.k + p.v
		}
	}
	h := hmac.New(sha256.New, []byte(token))
	_, _ = io.WriteString(h, text+"."+nonce)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signed is what a hit's V3 signature has to be.
func (h hit) signed(token string) string {
	return verify(token, h.method, h.url, h.body, h.header.Get("X-Plivo-Signature-V3-Nonce"))
}

// The check agrees with the published vectors.
func TestVerifyByVectors(t *testing.T) {
	const (
		call   = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
		t1, n1 = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4", "31627761595286130198"
		t2, n2 = "cc_test_token_0f3b7a", "90210443318"
		hook   = "https://hooks.example.net/plivo/mpc"
		xml    = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml"
	)
	p := url.Values{
		"Direction": {"outbound"}, "From": {"19792014278"}, "BillRate": {"0.002"}, "CallStatus": {"in-progress"},
		"Event": {"StartApp"}, "ParentAuthID": {"MANWVLYTK4ZWU1YTY4QA"}, "SessionStart": {"2020-04-08 11:34:33.238707"},
		"ALegUUID": {call}, "ALegRequestUUID": {call}, "CallUUID": {call}, "RequestUUID": {call},
		"To":       {"sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com"},
		"SIP-H-To": {"<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1"},
	}.Encode()
	const j = "EventName=ParticipantJoin&MPCName=room-7&MPCUUID=5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11" +
		"&MemberID=42&ParticipantRole=agent&SequenceNumber=3"
	for _, c := range [][7]string{
		{"S3", t1, "POST", xml + "/?a=b&c=d", p, n1, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="},
		{"S4", t1, "GET", xml + "?" + p, "", n1, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="},
		{"S5", t2, "POST", hook, j, n2, "Ynnwa+vbUeZXhUv03sZqWtjyNuAUzBAx55WgfHp2g6A="},
		{"S6", t2, "POST", hook + "?tenant=t9&b=1", j, n2, "lzacXRf0WqD5pAnaPkrD9S3UO2y84erqdWM7sIEdj/Q="},
		{"S7", t2, "GET", hook + "?" + j, "", n2, "0zKjP/6w//QvTE1/4zEwtW0oS+crGldkzVGqOH6GWig="},
		{"S8", t2, "GET", hook, "", n2, "1HWrv9vgHZVNyBVnhfPgPZWp3vWps98D7Qjfa/vH8Z8="},
		{"S8", t2, "POST", hook, "", n2, "1HWrv9vgHZVNyBVnhfPgPZWp3vWps98D7Qjfa/vH8Z8="},
		{"S9", t2, "POST", hook + "?name=a%20b&x=%2B1", "MemberID=1", n2, "oqQ/ljrjmeMUnF4JG/vnuFBrUoHaXfNMsnWUyGMl8aQ="},
	} {
		require.Equal(t, c[6], verify(c[1], c[2], c[3], c[4], c[5]), c[0])
	}
}

// v2 is a receiver's check of signature V2.
func v2(token, place, nonce string) string {
	h := hmac.New(sha256.New, []byte(token))
	_, _ = io.WriteString(h, place+nonce)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// blockedDial connects to nothing, and gives that up after a while.
func blockedDial(context.Context, string, string) (net.Conn, error) {
	time.Sleep(30 * time.Second)
	return nil, errors.New("nobody there")
}

// newTCPServer listens on the loopback interface until the end of the test.
func newTCPServer(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}
