package plivo_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// sayings gives what of a well-formed URL is signed, in a form of the test's own.
func sayings(t *testing.T, rawURL string) []string {
	t.Helper()
	rawURL, _, _ = strings.Cut(rawURL, "#")
	address, query, _ := strings.Cut(rawURL, "?")
	list := []string{}
	for one := range strings.SplitSeq(query, "&") {
		if one == "" {
			continue
		}
		if !strings.Contains(one, "=") {
			one += "="
		}
		decoded, err := url.QueryUnescape(one)
		require.NoError(t, err)
		list = append(list, decoded)
	}
	slices.Sort(list)
	return append([]string{address}, list...)
}

// changeAt changes one byte of s, wherever position points, and reports whether it could.
func changeAt(s string, position uint16, way byte) (string, bool) {
	if s == "" || way == 0 {
		return s, false
	}
	b := []byte(s)
	b[int(position)%len(b)] ^= way
	return string(b), true
}

// What is signed is verified, and with any byte of it changed it is refused.
func FuzzSign(f *testing.F) {
	for _, x := range vectorsV3 {
		f.Add(x.method == "POST", x.url, x.form.Encode(), x.token, x.nonce, uint16(40), byte(1))
		f.Add(x.method == "POST", x.url, x.form.Encode(), x.token, x.nonce, uint16(len(x.url)-1), byte('a'^'A'))
	}
	for _, x := range unsignable {
		if len(x.url) < 1000 && len(x.form.Encode()) < 1000 {
			f.Add(x.method == "POST", x.url, x.form.Encode(), tokenTwo, nonceTwo, uint16(7), byte(4))
		}
	}
	f.Add(true, "https://h?a=&b&&c", "a=1&a=.&=&b", "t", "1.2", uint16(12), byte('='^'&'))
	f.Fuzz(func(t *testing.T, post bool, rawURL, body, word, nonce string, position uint16, way byte) {
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		token := plivo.NewSecret(word)
		signature, err := plivo.SignV3(token, method, rawURL, form, nonce)
		weak, weakErr := plivo.SignV2(token, rawURL, nonce)
		if err != nil {
			require.ErrorIs(t, err, cc.ErrInvalid)
			require.Empty(t, signature)
			return
		}
		require.NoError(t, weakErr, "V2 signs less")
		v := verifier(t, word)
		genuine, genuineV2 := headersV3(nonce, signature), headersV2(nonce, weak)
		require.NoError(t, v.VerifyV3(method, rawURL, form, genuine))
		require.NoError(t, v.VerifyV2(rawURL, genuineV2))

		if changed, ok := changeAt(signature, position, way); ok {
			require.ErrorIs(t, v.VerifyV3(method, rawURL, form, headersV3(nonce, changed)), cc.ErrUnauthenticated)
		}
		if changed, ok := changeAt(nonce, position, way); ok {
			require.ErrorIs(t, v.VerifyV3(method, rawURL, form, headersV3(changed, signature)), cc.ErrUnauthenticated)
			require.ErrorIs(t, v.VerifyV2(rawURL, headersV2(changed, weak)), cc.ErrUnauthenticated)
		}
		if changed, ok := changeAt(word, position, way); ok {
			if other, err := plivo.NewVerifier(plivo.NewSecret(changed)); err == nil {
				require.ErrorIs(t, other.VerifyV3(method, rawURL, form, genuine), cc.ErrUnauthenticated)
			}
		}
		if changed, ok := changeAt(rawURL, position, way); ok {
			if err := v.VerifyV3(method, changed, form, genuine); err == nil {
				require.Equal(t, sayings(t, rawURL), sayings(t, changed), "accepted with another URL")
			}
			if err := v.VerifyV2(changed, genuineV2); err == nil {
				require.Equal(t, sayings(t, rawURL)[0], strings.FieldsFunc(changed, func(r rune) bool { return r == '?' || r == '#' })[0])
			}
		}
		for _, key := range slices.Sorted(maps.Keys(form)) {
			if changed, ok := changeAt(key, position, way); ok {
				other := maps.Clone(form)
				delete(other, key)
				other[changed] = slices.Concat(other[changed], form[key])
				require.Error(t, v.VerifyV3(method, rawURL, other, genuine))
			}
			for i, value := range form[key] {
				if changed, ok := changeAt(value, position, way); ok {
					other := maps.Clone(form)
					other[key] = slices.Clone(form[key])
					other[key][i] = changed
					require.Error(t, v.VerifyV3(method, rawURL, other, genuine))
				}
			}
		}
	})
}

// Whatever the headers hold, what is accepted has the signature among them.
func FuzzVerify(f *testing.F) {
	for _, x := range vectorsV3 {
		f.Add(x.method, x.url, x.form.Encode(), x.nonce, x.signature, "")
		f.Add(x.method, x.url, x.form.Encode(), x.nonce, "?,"+x.signature+" ,", x.signature)
	}
	for _, nonce := range badNonces[:len(badNonces)-2] {
		f.Add("GET", hooks, "", nonce, answerSum, strings.Repeat(",", 20))
	}
	v := verifier(f, tokenOne, tokenTwo)
	f.Fuzz(func(t *testing.T, method, rawURL, body, nonce, sub, main string) {
		form, _ := url.ParseQuery(body) // and of a broken one what could be read
		h := headersV3(nonce, sub)
		h.Set(plivo.HeaderMainSignatureV3, main)
		err := v.VerifyV3(method, rawURL, form, h)
		var e *cc.Error
		if err != nil {
			require.ErrorAs(t, err, &e)
			require.Contains(t, []cc.Kind{cc.ErrUnauthenticated, cc.ErrInvalid}, e.Kind)
			return
		}
		var signed []string
		for _, token := range secrets(tokenOne, tokenTwo) {
			signature, err := plivo.SignV3(token, method, rawURL, form, nonce)
			require.NoError(t, err)
			_, err = base64.StdEncoding.DecodeString(signature)
			require.NoError(t, err)
			signed = append(signed, signature)
		}
		require.True(t, slices.ContainsFunc(signed, func(s string) bool { return strings.Contains(sub+","+main, s) }))
	})
}
