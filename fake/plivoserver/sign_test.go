package plivoserver

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors of the official libraries' tests (S1 to S4), and those that three of the libraries
// agree on (S5 to S9).
func TestSignatureVectors(t *testing.T) {
	const (
		t1, n1 = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4", "31627761595286130198"
		t2, n2 = "cc_test_token_0f3b7a", "90210443318"
		call   = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
		hook   = "https://hooks.example.net/plivo/mpc"
	)
	p := url.Values{
		"Direction": {"outbound"}, "From": {"19792014278"}, "BillRate": {"0.002"}, "CallStatus": {"in-progress"},
		"Event": {"StartApp"}, "ParentAuthID": {"MANWVLYTK4ZWU1YTY4QA"}, "SessionStart": {"2020-04-08 11:34:33.238707"},
		"ALegUUID": {call}, "ALegRequestUUID": {call}, "CallUUID": {call}, "RequestUUID": {call},
		"To":       {"sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com"},
		"SIP-H-To": {"<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1"},
	}
	j := url.Values{
		"EventName": {"ParticipantJoin"}, "MPCName": {"room-7"}, "MPCUUID": {"5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"},
		"MemberID": {"42"}, "ParticipantRole": {"agent"}, "SequenceNumber": {"3"},
	}
	require.Equal(t, "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=", signV2("my_auth_token", "https://answer.url", "12345"), "S1")
	require.NotEqual(t, signV2("my_auth_token", "https://answer.url", "12345"), signV2("my_auth_tokens", "https://answer.url", "12345"), "S2")
	require.NotEqual(t, signV2("my_auth_token", "https://answer.url", "12345"), signV2("my_auth_token", "https://answer.url", "123456"), "S2")
	require.Equal(t, signV2("my_auth_token", "https://answer.url", "12345"), signV2("my_auth_token", "https://answer.url?a=b#c", "12345"))
	for _, c := range []struct {
		id, token, url string
		body           url.Values
		nonce, want    string
	}{
		{"S3", t1, "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml/?a=b&c=d", p, n1, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="},
		{"S4", t1, withQuery("https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml", p), nil, n1, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="},
		{"S5", t2, hook, j, n2, "Ynnwa+vbUeZXhUv03sZqWtjyNuAUzBAx55WgfHp2g6A="},
		{"S6", t2, hook + "?tenant=t9&b=1", j, n2, "lzacXRf0WqD5pAnaPkrD9S3UO2y84erqdWM7sIEdj/Q="},
		{"S7", t2, withQuery(hook, j), nil, n2, "0zKjP/6w//QvTE1/4zEwtW0oS+crGldkzVGqOH6GWig="},
		{"S8", t2, hook, nil, n2, "1HWrv9vgHZVNyBVnhfPgPZWp3vWps98D7Qjfa/vH8Z8="},
		{"S8, fragment", t2, hook + "#rc=2", nil, n2, "1HWrv9vgHZVNyBVnhfPgPZWp3vWps98D7Qjfa/vH8Z8="},
		{"S9", t2, hook + "?name=a%20b&x=%2B1", url.Values{"MemberID": {"1"}}, n2, "oqQ/ljrjmeMUnF4JG/vnuFBrUoHaXfNMsnWUyGMl8aQ="},
	} {
		require.Equal(t, c.want, signV3(c.token, c.url, c.body, c.nonce), c.id)
	}
}

// What is signed where the rules have corners.
func TestSignatureBase(t *testing.T) {
	for _, c := range []struct {
		url  string
		body url.Values
		want string
	}{
		{"https://h:443/a%2Fb", nil, "https://h:443/a%2Fb"},
		{"https://h", nil, "https://h"},
		{"https://h?b=2&a=1&a=0", nil, "https://h?a=0&a=1&b=2"},
		{"https://h/?a=&B=1", nil, "https://h/?B=1&a="},
		{"https://h/", url.Values{"b": {"2", "1"}, "a": {"x."}}, "https://h/?ax.b1b2"},
		{"https://h/?q=+%41", url.Values{"a": {"1."}}, "https://h/?q= A.a1."},
		{"https://h/?", url.Values{"a": {""}}, "https://h/?a"},
	} {
		require.Equal(t, c.want, baseV3(c.url, c.body), c.url)
	}
	require.Regexp(t, `^[1-9][0-9]{19}$`, newNonce())
	require.NotEqual(t, newNonce(), newNonce())
}
