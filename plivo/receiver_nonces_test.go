package plivo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/plivo"
)

// A nonce is known for ten minutes from when it was first seen, and among the 100,000 latest.
func TestNoncesAreForgottenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver(t)
		form := mpcEvent("MPCStart", "room-7", runA)
		seen := func(nonce string) bool {
			before := r.Stats().Repeated
			require.Equal(t, http.StatusOK, serve(t, r, delivery{form: form, nonce: nonce}.request(t)))
			return r.Stats().Repeated > before
		}
		require.False(t, seen("1"))
		time.Sleep(5 * time.Minute)
		require.False(t, seen("2"))
		require.True(t, seen("1"))
		time.Sleep(5*time.Minute - time.Nanosecond)
		require.True(t, seen("1"), "to the last moment, and being seen again makes it no younger")
		time.Sleep(time.Nanosecond)
		require.False(t, seen("1"))
		require.True(t, seen("2"))
		time.Sleep(10 * time.Minute)
		require.False(t, seen("2"))
	})
}

func TestNoncesAreForgottenByNumber(t *testing.T) {
	n := plivo.NewNonces()
	for i := range 250_000 {
		require.True(t, n.Add(fmt.Sprint(i)))
	}
	require.Equal(t, 100_000, n.Len())
	for i := 249_999; i >= 150_000; i -= 999 {
		require.False(t, n.Add(fmt.Sprint(i)))
	}
	require.True(t, n.Add("149999"), "the oldest that was forgotten")
	require.True(t, n.Add("150000"), "and the one that had to go for it")
	require.False(t, n.Add("150002"))
	require.Equal(t, 100_000, n.Len())
}

// Of many at once with the same nonce one is the first.
func TestOneOfManyIsTheFirst(t *testing.T) {
	r := receiver(t)
	var requests []*http.Request
	for i := range 64 {
		requests = append(requests, delivery{form: mpcEvent("MPCStart", "room-7", runA), nonce: fmt.Sprint(i % 4)}.request(t))
	}
	var good atomic.Int32
	var all sync.WaitGroup
	for _, q := range requests {
		all.Go(func() {
			w := httptest.NewRecorder()
			r.ServeHTTP(w, q)
			if w.Code == http.StatusOK {
				good.Add(1)
			}
		})
	}
	all.Wait()
	require.Equal(t, int32(64), good.Load())
	require.Equal(t, plivo.ReceiverStats{Accepted: 4, Rung: 4, Repeated: 60}, r.Stats())
}

// What is not genuine takes no place in the memory, and uses no nonce up.
func TestAStrangerUsesNoNonceUp(t *testing.T) {
	r := receiver(t)
	d := delivery{form: mpcEvent("MPCStart", "room-7", runA), nonce: freshNonce(), token: "stranger"}
	require.Equal(t, http.StatusForbidden, serve(t, r, d.request(t)))
	d.token = authToken
	require.Equal(t, http.StatusOK, serve(t, r, d.request(t)))
	require.Equal(t, plivo.ReceiverStats{Accepted: 1, Rung: 1, Refused: 1}, r.Stats())
}

// The weaker scheme is taken by choice alone, and never where there is anything of the other. What
// makes a request of it the same as another is its whole text, since that has no end of the path.
func TestTheWeakerSignature(t *testing.T) {
	form := mpcEvent("MPCStart", "room-7", runA)
	request := func(target, nonce, signature string, form url.Values) *http.Request {
		q := delivery{target: target, form: form}.request(t)
		q.Header.Del(plivo.HeaderNonceV3)
		q.Header.Del(plivo.HeaderSignatureV3)
		q.Header.Set(plivo.HeaderNonceV2, nonce)
		q.Header.Set(plivo.HeaderSignatureV2, signature)
		return q
	}
	signature, err := plivo.SignV2(plivo.NewSecret(authToken), public+"/cb", "12345")
	require.NoError(t, err)
	genuine := func() *http.Request { return request("/cb?tenant=1", "12345", signature, form) }

	r := receiver(t)
	require.Equal(t, http.StatusForbidden, serve(t, r, genuine()), "V3 only, where nothing else is said")
	r = receiver(t, func(o *plivo.ReceiverOptions) { o.AllowV2 = true })
	for _, header := range []string{plivo.HeaderNonceV3, plivo.HeaderSignatureV3, plivo.HeaderMainSignatureV3} {
		q := genuine()
		q.Header.Set(header, "1")
		require.Equal(t, http.StatusForbidden, serve(t, r, q), "V3 decides where there is any of it")
	}
	require.Equal(t, http.StatusForbidden, serve(t, r, request("/cc", "12345", signature, form)))
	require.Equal(t, http.StatusForbidden, serve(t, r, request("/cb", "12346", signature, form)))
	require.Equal(t, http.StatusOK, serve(t, r, genuine()))
	require.Equal(t, plivo.ReceiverStats{Accepted: 1, Rung: 1, Refused: 5}, r.Stats())
	require.Equal(t, http.StatusOK, serve(t, r, genuine()))
	require.Equal(t, http.StatusOK, serve(t, r, request("/cb1", "2345", signature, form)), "a letter moved from the nonce to the path")
	require.Equal(t, http.StatusOK, serve(t, r, request("/cb", "12345", signature, mpcEvent("MPCStart", "room-8", runB))), "V2 signs no form")
	require.Equal(t, plivo.ReceiverStats{Accepted: 1, Rung: 1, Refused: 5, Repeated: 3}, r.Stats())
	require.Equal(t, http.StatusOK, serve(t, r, delivery{form: form, nonce: "12345"}.request(t)), "V3 beside it")
	require.Equal(t, uint64(2), r.Stats().Accepted)
}
