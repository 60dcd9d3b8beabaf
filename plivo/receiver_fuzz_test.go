package plivo_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/plivo"
)

// Whatever is requested, nothing panics, nothing is repeated, and what rings is genuine and has each of
// the fields that a conference is known by once and in its form.
func FuzzReceiver(f *testing.F) {
	for _, e := range knownEvents {
		form := eventOf(e.provider, e.name, "room-7").Encode()
		f.Add("POST", "/plivo/mpc?tenant=t9", form, formType, "90210443318", "", true)
		f.Add("GET", "/plivo/mpc?"+form, "", "", "90210443318", "", true)
		f.Add("POST", "/plivo/mpc?"+form, form, formType+"; charset=utf-8", "1", "x,"+answerSum, false)
	}
	for _, uri := range []string{"", "*", "//x", "/#?EventName=MPCEnd", "/%zz", "http://x/", "/?%zz", "/a;b=c?d;e=f"} {
		f.Add("GET", uri, "", "", "1", answerSum, false)
		f.Add("POST", uri, "a=b;c&%zz", "text/plain", "1.2", answerSum, true)
	}
	f.Fuzz(func(t *testing.T, method, uri, body, contentType, nonce, other string, sign bool) {
		r := receiver(t)
		q := httptest.NewRequest("POST", "/", nil)
		q.Method, q.RequestURI = method, uri
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		q.Header = http.Header{"Content-Type": {contentType}, plivo.HeaderNonceV3: {nonce}, plivo.HeaderSignatureV3: {other}}

		// What Plivo would have signed, read by net/http where the receiver reads it itself.
		form, err := url.ParseQuery(body)
		readable := err == nil
		if method == "GET" {
			form = nil
		}
		want, err := plivo.SignV3(plivo.NewSecret(authToken), method, public+uri, form, nonce)
		readable = readable && err == nil
		if sign && readable {
			q.Header.Add(plivo.HeaderSignatureV3, want)
		}
		genuine := readable && slices.ContainsFunc(q.Header[plivo.HeaderSignatureV3], func(s string) bool { return strings.Contains(s, want) })

		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		s := r.Stats()
		require.Contains(t, []int{200, 400, 403, 405, 413, 415}, w.Code)
		require.Equal(t, uint64(1), s.Accepted+s.Refused)
		require.Equal(t, w.Code == http.StatusOK, s.Accepted == 1)
		require.Contains(t, []string{"<Response/>", http.StatusText(w.Code) + "\n"}, w.Body.String())
		if s.Rung == 0 {
			return
		}
		require.True(t, genuine, "it rings and is nobody's")
		fields := form
		if method == "GET" {
			u, err := url.ParseRequestURI(uri)
			require.NoError(t, err)
			fields = u.Query()
		}
		if strings.Contains(uri+body, ";") {
			return // which net/http reads in its own way
		}
		mpc := len(fields["EventName"]) == 1 && len(fields["MPCUUID"]) == 1 && len(fields["MPCUUID"][0]) == 36 &&
			len(fields["MPCName"]) == 1 && len(fields["EventTimestamp"]) == 1
		older := len(fields["ConferenceAction"]) == 1 && len(fields["ConferenceName"]) == 1 && len(fields["ConferenceUUID"]) == 1 &&
			len(fields["ConferenceMemberID"]) == 1 && len(fields["CallUUID"]) == 1
		require.True(t, mpc != older, "%v", fields)
	})
}
