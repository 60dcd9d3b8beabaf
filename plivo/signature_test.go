package plivo_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// What the vectors are made of. Plivo's libraries have set P in their tests.
const (
	tokenOne = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"
	nonceOne = "31627761595286130198"
	tokenTwo = "cc_test_token_0f3b7a"
	nonceTwo = "90210443318"
	oneCall  = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
	validate = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml"
	hooks    = "https://hooks.example.net/plivo/mpc"
)

func setP() url.Values {
	return url.Values{
		"Direction": {"outbound"}, "From": {"19792014278"}, "BillRate": {"0.002"}, "CallStatus": {"in-progress"},
		"Event": {"StartApp"}, "ParentAuthID": {"MANWVLYTK4ZWU1YTY4QA"}, "SessionStart": {"2020-04-08 11:34:33.238707"},
		"ALegUUID": {oneCall}, "ALegRequestUUID": {oneCall}, "CallUUID": {oneCall}, "RequestUUID": {oneCall},
		"To":       {"sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com"},
		"SIP-H-To": {"<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1"},
	}
}

func setJ() url.Values {
	return url.Values{
		"EventName": {"ParticipantJoin"}, "MPCName": {"room-7"}, "MPCUUID": {"5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"},
		"MemberID": {"42"}, "ParticipantRole": {"agent"}, "SequenceNumber": {"3"},
	}
}

// A signedRequest is one with its signature.
type signedRequest struct {
	name, method, url string
	form              url.Values
	token, nonce      string
	signature         string
}

var vectorsV3 = []signedRequest{
	{"S3", "POST", validate + "/?a=b&c=d", setP(), tokenOne, nonceOne, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="},
	{"S4", "GET", validate, setP(), tokenOne, nonceOne, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="},
	{"S4 in the URL", "GET", validate + "?" + setP().Encode(), nil, tokenOne, nonceOne, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="},
	{"S5", "POST", hooks, setJ(), tokenTwo, nonceTwo, "Ynnwa+vbUeZXhUv03sZqWtjyNuAUzBAx55WgfHp2g6A="},
	{"S6", "POST", hooks + "?tenant=t9&b=1", setJ(), tokenTwo, nonceTwo, "lzacXRf0WqD5pAnaPkrD9S3UO2y84erqdWM7sIEdj/Q="},
	{"S7", "GET", hooks + "?" + setJ().Encode(), nil, tokenTwo, nonceTwo, "0zKjP/6w//QvTE1/4zEwtW0oS+crGldkzVGqOH6GWig="},
	{"S8 GET", "GET", hooks, nil, tokenTwo, nonceTwo, "1HWrv9vgHZVNyBVnhfPgPZWp3vWps98D7Qjfa/vH8Z8="},
	{"S8 POST", "POST", hooks, url.Values{}, tokenTwo, nonceTwo, "1HWrv9vgHZVNyBVnhfPgPZWp3vWps98D7Qjfa/vH8Z8="},
	{"S9", "POST", hooks + "?name=a%20b&x=%2B1", url.Values{"MemberID": {"1"}}, tokenTwo, nonceTwo, "oqQ/ljrjmeMUnF4JG/vnuFBrUoHaXfNMsnWUyGMl8aQ="},
}

const (
	answerURL = "https://answer.url"
	answerSum = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="
)

func secrets(words ...string) []plivo.Secret {
	list := make([]plivo.Secret, 0, len(words))
	for _, w := range words {
		list = append(list, plivo.NewSecret(w))
	}
	return list
}

func verifier(t testing.TB, words ...string) *plivo.Verifier {
	t.Helper()
	v, err := plivo.NewVerifier(secrets(words...)...)
	require.NoError(t, err)
	return v
}

func headersV3(nonce string, signatures ...string) http.Header {
	return http.Header{plivo.HeaderNonceV3: {nonce}, plivo.HeaderSignatureV3: signatures}
}

func headersV2(nonce string, signatures ...string) http.Header {
	return http.Header{plivo.HeaderNonceV2: {nonce}, plivo.HeaderSignatureV2: signatures}
}

// requireRefused requires an error of one kind that has nothing of a request in it.
func requireRefused(t testing.TB, err error, kind cc.Kind) {
	t.Helper()
	var e *cc.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, kind)
	for _, word := range []string{tokenOne, tokenTwo, nonceOne, nonceTwo, "example.net", "plivops", "room-7"} {
		require.NotContains(t, err.Error(), word)
	}
}

func TestVectorsV3(t *testing.T) {
	for _, x := range vectorsV3 {
		got, err := plivo.SignV3(plivo.NewSecret(x.token), x.method, x.url, x.form, x.nonce)
		require.NoError(t, err, x.name)
		require.Equal(t, x.signature, got, x.name)

		v := verifier(t, x.token)
		require.NoError(t, v.VerifyV3(x.method, x.url, x.form, headersV3(x.nonce, got)), x.name)
		requireRefused(t, verifier(t, x.token+"s").VerifyV3(x.method, x.url, x.form, headersV3(x.nonce, got)), cc.ErrUnauthenticated)
		requireRefused(t, v.VerifyV3(x.method, x.url, x.form, headersV3(x.nonce+"6", got)), cc.ErrUnauthenticated)
		requireRefused(t, v.VerifyV3(x.method, x.url, x.form, headersV2(x.nonce, got)), cc.ErrUnauthenticated)
	}
}

func TestVectorsV2(t *testing.T) {
	got, err := plivo.SignV2(plivo.NewSecret("my_auth_token"), answerURL, "12345")
	require.NoError(t, err)
	require.Equal(t, answerSum, got)

	v := verifier(t, "my_auth_token")
	require.NoError(t, v.VerifyV2(answerURL, headersV2("12345", answerSum)))
	require.NoError(t, v.VerifyV2(answerURL+"?forged=%zz#x", headersV2("12345", answerSum)), "V2 signs no query")
	require.NoError(t, v.VerifyV2("https://answer.ur", headersV2("l12345", answerSum)), "V2 has no end of the path")
	main := http.Header{plivo.HeaderNonceV2: {"12345"}, plivo.HeaderMainSignatureV2: {answerSum}}
	require.NoError(t, v.VerifyV2(answerURL, main))

	requireRefused(t, verifier(t, "my_auth_tokens").VerifyV2(answerURL, headersV2("12345", answerSum)), cc.ErrUnauthenticated)
	requireRefused(t, v.VerifyV2(answerURL, headersV2("123456", answerSum)), cc.ErrUnauthenticated)
	requireRefused(t, v.VerifyV2(answerURL+"/", headersV2("12345", answerSum)), cc.ErrUnauthenticated)
	requireRefused(t, v.VerifyV2(answerURL, headersV3("12345", answerSum)), cc.ErrUnauthenticated)
	requireRefused(t, v.VerifyV2("answer.url", headersV2("12345", answerSum)), cc.ErrInvalid)
	for c := range changed(answerURL, allWays) {
		require.Error(t, v.VerifyV2(c, headersV2("12345", answerSum)), "%q", c)
	}
	for c := range changed("12345", allWays) {
		require.Error(t, v.VerifyV2(answerURL, headersV2(c, answerSum)), "%q", c)
	}
	for c := range changed(answerSum, allWays) {
		require.Error(t, v.VerifyV2(answerURL, headersV2("12345", c)), "%q", c)
	}
}

// changed gives s with one byte of it changed, every byte in every one of some ways: the bits of the
// byte that are turned over.
func changed(s string, ways []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		b := []byte(s)
		for i, old := range b {
			for _, way := range ways {
				if b[i] = old ^ way; !yield(string(b)) {
					return
				}
			}
			b[i] = old
		}
	}
}

// allWays are to every other byte, oneBit to those that differ in a bit.
var allWays, oneBit = func() (all, bit []byte) {
	for way := 1; way < 256; way++ {
		all = append(all, byte(way))
		if way&(way-1) == 0 {
			bit = append(bit, byte(way))
		}
	}
	return all, bit
}()

func TestEachChangedByteIsRefused(t *testing.T) {
	for _, x := range vectorsV3 {
		t.Run(x.name, func(t *testing.T) {
			ways := allWays
			if x.token == tokenOne { // these are long
				ways = oneBit
			}
			v := verifier(t, x.token)
			genuine := headersV3(x.nonce, x.signature)
			require.NoError(t, v.VerifyV3(x.method, x.url, x.form, genuine))
			tried, respelled := 0, 0
			refused := func(url string, form url.Values, header http.Header, change string) {
				tried++
				if v.VerifyV3(x.method, url, form, header) == nil {
					require.Fail(t, "accepted", "%q", change)
				}
			}
			for u := range changed(x.url, ways) {
				if sameEscapes(u, x.url) {
					respelled++
					require.NoError(t, v.VerifyV3(x.method, u, x.form, genuine), "%q", u)
					continue
				}
				refused(u, x.form, genuine, u)
			}
			// Such as %2B and %2b: other bytes that mean the same.
			require.Equal(t, hexLetters(x.url), respelled)
			bytes := len(x.url) + len(x.nonce) + len(x.signature)
			for nonce := range changed(x.nonce, ways) {
				refused(x.url, x.form, headersV3(nonce, x.signature), nonce)
			}
			for signature := range changed(x.signature, ways) {
				refused(x.url, x.form, headersV3(x.nonce, signature), signature)
			}
			for key, values := range x.form {
				bytes += len(key) + len(values[0])
				for k := range changed(key, ways) {
					form := maps.Clone(x.form)
					delete(form, key)
					form[k] = slices.Concat(form[k], values)
					refused(x.url, form, genuine, k)
				}
				form := maps.Clone(x.form)
				for value := range changed(values[0], ways) {
					form[key] = []string{value}
					refused(x.url, form, genuine, value)
				}
			}
			require.Equal(t, len(ways)*bytes, tried+respelled)
		})
	}
}

// sameEscapes reports whether two URLs differ in the case of an escape's letters in the query alone.
func sameEscapes(a, b string) bool {
	beforeA, a, _ := strings.Cut(a, "?")
	beforeB, b, _ := strings.Cut(b, "?")
	return beforeA == beforeB && upperEscapes(a) == upperEscapes(b)
}

func upperEscapes(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '%' && i+2 < len(b) {
			copy(b[i:], strings.ToUpper(string(b[i:i+3])))
		}
	}
	return string(b)
}

func hexLetters(s string) int {
	_, query, _ := strings.Cut(s, "?")
	n := 0
	for i := range len(query) {
		if query[i] == '%' {
			n += strings.Count(strings.Map(func(r rune) rune {
				if r >= 'A' && r <= 'F' {
					return 'x'
				}
				return r
			}, query[i+1:i+3]), "x")
		}
	}
	return n
}

func TestBadTokens(t *testing.T) {
	good := plivo.NewSecret(tokenTwo)
	bad := append(secrets("", " ", "a b", tokenTwo+"\n", "\x00", "ö", strings.Repeat("a", 513)), plivo.Secret{})
	for _, token := range bad {
		_, err := plivo.NewVerifier(token)
		requireRefused(t, err, cc.ErrInvalid)
		_, err = plivo.NewVerifier(good, token)
		requireRefused(t, err, cc.ErrInvalid)
		_, err = plivo.SignV3(token, "GET", hooks, nil, nonceTwo)
		requireRefused(t, err, cc.ErrInvalid)
		_, err = plivo.SignV2(token, hooks, nonceTwo)
		requireRefused(t, err, cc.ErrInvalid)
	}
	_, err := plivo.NewVerifier()
	requireRefused(t, err, cc.ErrInvalid)
	_, err = plivo.NewVerifier(slices.Repeat(secrets(tokenTwo), 17)...)
	requireRefused(t, err, cc.ErrInvalid)
	_, err = plivo.NewVerifier(slices.Repeat(secrets(tokenTwo), 16)...)
	require.NoError(t, err)

	x := vectorsV3[3]
	requireRefused(t, new(plivo.Verifier).VerifyV3(x.method, x.url, x.form, headersV3(x.nonce, x.signature)), cc.ErrUnauthenticated)
	requireRefused(t, new(plivo.Verifier).VerifyV2(answerURL, headersV2("12345", answerSum)), cc.ErrUnauthenticated)
}

// A Verifier keeps its tokens, whatever becomes of the slice.
func TestTokensAreCopied(t *testing.T) {
	tokens := secrets(tokenTwo)
	v, err := plivo.NewVerifier(tokens...)
	require.NoError(t, err)
	tokens[0] = plivo.NewSecret("another")
	x := vectorsV3[3]
	require.NoError(t, v.VerifyV3(x.method, x.url, x.form, headersV3(x.nonce, x.signature)))
	requireHidden(t, v, tokenTwo)
	requireHidden(t, *v, tokenTwo)
}

var badNonces = []string{
	"", " ", "1 2", " 1", "1\n", "1.2", ".", "1.", "ö", "\x00", "1\x7f", "1, 2", strings.Repeat("1", 257), strings.Repeat("1", 1<<20),
}

func TestBadNonces(t *testing.T) {
	v := verifier(t, tokenTwo)
	x := vectorsV3[3]
	for _, nonce := range badNonces {
		_, err := plivo.SignV3(plivo.NewSecret(tokenTwo), "GET", hooks, nil, nonce)
		requireRefused(t, err, cc.ErrInvalid)
		_, err = plivo.SignV2(plivo.NewSecret(tokenTwo), hooks, nonce)
		requireRefused(t, err, cc.ErrInvalid)
		requireRefused(t, v.VerifyV3(x.method, x.url, x.form, headersV3(nonce, x.signature)), cc.ErrUnauthenticated)
		requireRefused(t, v.VerifyV2(x.url, headersV2(nonce, x.signature)), cc.ErrUnauthenticated)
	}
	two := headersV3(x.nonce, x.signature)
	two.Add(plivo.HeaderNonceV3, x.nonce)
	requireRefused(t, v.VerifyV3(x.method, x.url, x.form, two), cc.ErrUnauthenticated)
	two.Del(plivo.HeaderNonceV3)
	requireRefused(t, v.VerifyV3(x.method, x.url, x.form, two), cc.ErrUnauthenticated)
	requireRefused(t, v.VerifyV3(x.method, x.url, x.form, nil), cc.ErrUnauthenticated)
}

// The end of a form cannot be had for the beginning of a nonce, which would make a request new.
func TestANonceTakesNothingOfTheForm(t *testing.T) {
	form := url.Values{"BillRate": {"0.002"}}
	signature, err := plivo.SignV3(plivo.NewSecret(tokenTwo), "POST", hooks, form, nonceTwo)
	require.NoError(t, err)
	forged := url.Values{"BillRate": {"0"}}
	err = verifier(t, tokenTwo).VerifyV3("POST", hooks, forged, headersV3("002."+nonceTwo, signature))
	requireRefused(t, err, cc.ErrUnauthenticated)
}

func TestSeveralTokensAndSignatures(t *testing.T) {
	x := vectorsV3[3]
	sign := func(token string) string {
		s, err := plivo.SignV3(plivo.NewSecret(token), x.method, x.url, x.form, x.nonce)
		require.NoError(t, err)
		return s
	}
	sub, main, old, stranger := sign("sub"), sign("main"), sign("old"), sign("stranger")
	both := verifier(t, "sub", "main", "old")
	for name, c := range map[string]struct {
		sub, main []string
		by        *plivo.Verifier
		ok        bool
	}{
		"sub-account":              {[]string{sub}, nil, both, true},
		"main account":             {nil, []string{main}, both, true},
		"old token":                {[]string{old}, nil, both, true},
		"both":                     {[]string{sub}, []string{main}, both, true},
		"only the main is known":   {[]string{sub}, []string{main}, verifier(t, "main"), true},
		"only the sub is known":    {[]string{sub}, []string{main}, verifier(t, "sub"), true},
		"neither is known":         {[]string{sub}, []string{main}, verifier(t, "old"), false},
		"a stranger's":             {[]string{stranger}, []string{stranger}, both, false},
		"last of several":          {[]string{stranger + "," + stranger + "," + sub}, nil, both, true},
		"first of several":         {[]string{sub + "," + stranger}, nil, both, true},
		"blanks around":            {[]string{" " + stranger + " ,\t" + sub + " "}, nil, both, true},
		"in a second line":         {[]string{stranger, sub}, nil, both, true},
		"beside what is none":      {[]string{"?,," + sub[:43] + "," + sub}, nil, both, true},
		"16":                       {[]string{strings.Repeat(stranger+",", 14) + sub}, []string{stranger}, both, true},
		"17":                       {[]string{sub + strings.Repeat(","+stranger, 15)}, []string{main}, both, false},
		"17 of nothing":            {[]string{sub + strings.Repeat(",", 16)}, nil, both, false},
		"17 lines":                 {append([]string{sub}, make([]string, 16)...), nil, both, false},
		"more than 4 KiB":          {[]string{sub + "," + strings.Repeat("A", 4<<10)}, nil, both, false},
		"joined by a blank":        {[]string{sub + " " + sub}, nil, both, false},
		"cut":                      {[]string{sub[:43]}, nil, both, false},
		"without padding":          {[]string{strings.TrimRight(sub, "=")}, nil, both, false},
		"more padding":             {[]string{sub + "="}, nil, both, false},
		"line breaks in it":        {[]string{sub[:10] + "\r\n" + sub[10:]}, nil, both, false},
		"hexadecimal":              {[]string{fmt.Sprintf("%x", sub)}, nil, both, false},
		"nothing":                  {[]string{""}, []string{""}, both, false},
		"no header":                {nil, nil, both, false},
		"of 32 zeros":              {[]string{strings.Repeat("A", 43) + "="}, nil, both, false},
		"of no bytes":              {[]string{strings.Repeat("=", 44)}, nil, both, false},
		"URL-safe where it is not": {[]string{strings.NewReplacer("+", "-", "/", "_").Replace(x.signature)}, nil, verifier(t, x.token), false},
	} {
		h := http.Header{plivo.HeaderNonceV3: {x.nonce}, plivo.HeaderSignatureV3: c.sub, plivo.HeaderMainSignatureV3: c.main}
		err := c.by.VerifyV3(x.method, x.url, x.form, h)
		if c.ok {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, cc.ErrUnauthenticated, name)
		requireRefused(t, err, cc.ErrUnauthenticated)
	}
}

// Whatever the headers hold, there are no more HMACs than tokens, and what no genuine request has
// costs none.
func TestHeadersOfAnySizeCostLittle(t *testing.T) {
	looks := 0
	v, err := plivo.NewVerifier(slices.Repeat([]plivo.Secret{plivo.NewCountedSecret("other", &looks)}, 16)...)
	require.NoError(t, err)
	x := vectorsV3[3]
	lines := slices.Repeat([]string{x.signature}, 10_000)
	long := strings.Repeat("A", 1<<20)
	for name, c := range map[string]struct {
		header http.Header
		looks  int
	}{
		"one":                  {headersV3(x.nonce, x.signature), 16},
		"16":                   {headersV3(x.nonce, strings.Join(lines[:16], ",")), 16},
		"10,000 in a line":     {headersV3(x.nonce, strings.Join(lines, ",")), 0},
		"10,000 lines":         {headersV3(x.nonce, lines...), 0},
		"10,000 empty lines":   {headersV3(x.nonce, make([]string, 10_000)...), 0},
		"1 MiB":                {headersV3(x.nonce, long), 0},
		"1 MiB of commas":      {headersV3(x.nonce, strings.Repeat(",", 1<<20)), 0},
		"1 MiB of blanks":      {headersV3(x.nonce, strings.Repeat(" ", 1<<20)), 0},
		"a nonce of 1 MiB":     {headersV3(long, x.signature), 0},
		"10,000 nonces":        {http.Header{plivo.HeaderNonceV3: lines, plivo.HeaderSignatureV3: {x.signature}}, 0},
		"1 MiB of another key": {http.Header{plivo.HeaderNonceV3: {x.nonce}, plivo.HeaderMainSignatureV3: {long}}, 0},
	} {
		looks = 0
		requireRefused(t, v.VerifyV3(x.method, x.url, x.form, c.header), cc.ErrUnauthenticated)
		require.Equal(t, c.looks, looks, name)
		if c.looks == 0 {
			fastest, least := time.Hour, uint64(math.MaxUint64)
			for range 10 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				err = v.VerifyV3(x.method, x.url, x.form, c.header)
				fastest = min(fastest, time.Since(start))
				runtime.ReadMemStats(&after)
				least = min(least, after.TotalAlloc-before.TotalAlloc)
			}
			require.Less(t, fastest, 10*time.Millisecond, name)
			require.Less(t, least, uint64(8<<10), name)
		}
	}
	require.Error(t, err)
}

// A request that comes as Plivo sends it is verified by what net/http makes of it.
func TestRequestsAsTheyCome(t *testing.T) {
	v := verifier(t, tokenTwo)
	seen := 0
	for _, x := range vectorsV3 {
		target, ours := strings.CutPrefix(x.url, "https://hooks.example.net")
		if !ours {
			continue
		}
		seen++
		r := httptest.NewRequest(x.method, target, strings.NewReader(x.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("x-plivo-signature-v3", x.signature)
		r.Header.Set("x-plivo-signature-v3-nonce", x.nonce)
		r.Host = "evil.example"
		require.NoError(t, r.ParseForm())
		require.NoError(t, v.VerifyV3(r.Method, "https://hooks.example.net"+r.RequestURI, r.PostForm, r.Header), x.name)
		requireRefused(t, v.VerifyV3(r.Method, "https://"+r.Host+r.RequestURI, r.PostForm, r.Header), cc.ErrUnauthenticated)
	}
	require.Equal(t, 6, seen)
}

func ExampleVerifier() {
	v, err := plivo.NewVerifier(plivo.NewSecret("main-token"), plivo.NewSecret("sub-account-token"))
	if err != nil {
		fmt.Println(err)
		return
	}
	handle := func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if r.ParseForm() != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		// The origin is the one that Plivo was told, whatever the request says of its own.
		err := v.VerifyV3(r.Method, "https://hooks.example.net"+r.RequestURI, r.PostForm, r.Header)
		if errors.Is(err, cc.ErrUnauthenticated) || errors.Is(err, cc.ErrInvalid) {
			w.WriteHeader(http.StatusForbidden)
		}
	}

	body := url.Values{"EventName": {"ParticipantJoin"}, "MemberID": {"42"}}
	signature, err := plivo.SignV3(plivo.NewSecret("sub-account-token"), "POST", "https://hooks.example.net/mpc", body, "90210443318")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, nonce := range []string{"90210443318", "90210443319"} {
		r := httptest.NewRequest("POST", "/mpc", strings.NewReader(body.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(plivo.HeaderSignatureV3, signature)
		r.Header.Set(plivo.HeaderNonceV3, nonce)
		w := httptest.NewRecorder()
		handle(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 403
}
