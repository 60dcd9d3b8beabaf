package plivoserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strings"
)

// The headers of a signed callback ("Signature validation V3", "Validating Requests").
const (
	headerV3      = "X-Plivo-Signature-V3"
	headerMainV3  = "X-Plivo-Signature-Ma-V3"
	headerNonceV3 = "X-Plivo-Signature-V3-Nonce"
	headerV2      = "X-Plivo-Signature-V2"
	headerMainV2  = "X-Plivo-Signature-Ma-V2"
	headerNonceV2 = "X-Plivo-Signature-V2-Nonce"
)

// signV3 signs a request with these pairs in its body; none for GET, whose pairs are all in the URL.
// The URL is taken as it is written: nothing is decoded in its path, no slash is added, a port that
// stands there stays.
func signV3(token, rawURL string, body url.Values, nonce string) string {
	return mac(token, baseV3(rawURL, body)+"."+nonce)
}

// baseV3 is what is signed, but for the nonce.
func baseV3(rawURL string, body url.Values) string {
	place, query := cutURL(rawURL)
	// What cannot be decoded is left out, as the receiving end's parser leaves it out.
	pairs, _ := url.ParseQuery(query)
	q, b := join(pairs, "=", "&"), join(body, "", "")
	switch {
	case len(body) > 0 && q != "":
		return place + "?" + q + "." + b
	case len(body) > 0:
		return place + "?" + b
	case q != "":
		return place + "?" + q
	}
	return place
}

// signV2 signs the place alone.
func signV2(token, rawURL, nonce string) string {
	place, _ := cutURL(rawURL)
	return mac(token, place+nonce)
}

// cutURL is a URL up to its query, and its query.
func cutURL(rawURL string) (place, query string) {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	place, query, _ = strings.Cut(rawURL, "?")
	return place, query
}

// join is pairs in order of their keys, and of their values where keys are repeated.
func join(pairs url.Values, equals, and string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		for _, v := range slices.Sorted(slices.Values(pairs[k])) {
			parts = append(parts, k+equals+v)
		}
	}
	return strings.Join(parts, and)
}

func mac(token, text string) string {
	h := hmac.New(sha256.New, []byte(token))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// newNonce is a number of 20 digits.
func newNonce() string {
	const least = "10000000000000000000"
	low, _ := new(big.Int).SetString(least, 10)
	n, _ := rand.Int(rand.Reader, new(big.Int).Mul(low, big.NewInt(9))) // never fails
	return n.Add(n, low).String()
}
