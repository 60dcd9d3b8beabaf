package plivo

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	maxSignedURL   = 64 << 10
	maxSignedForm  = 64 << 10 // bytes of keys and values
	maxSignedPairs = 1000     // of the query, and of the form
)

// textV3 is what a V3 signature is of, but for the full stop and the nonce at its end. It begins with
// the address; then, where there are any pairs, a question mark; the query as k=v joined by "&";
// between a query and a form a full stop; and the form as kv joined by nothing.
func textV3(method, rawURL string, form url.Values) (string, cc.Detail) {
	if method != http.MethodGet && method != http.MethodPost {
		return "", "the method is neither GET nor POST"
	}
	address, rawQuery, problem := splitURL(rawURL)
	if problem != "" {
		return "", problem
	}
	query, problem := queryPairs(rawQuery)
	if problem != "" {
		return "", problem
	}
	body, problem := formPairs(form)
	if problem != "" {
		return "", problem
	}
	if method == http.MethodGet {
		for _, p := range query {
			if len(form[p.key]) > 0 {
				return "", "a key is both in the URL and in the form of a GET"
			}
		}
		query, body = append(query, body...), nil
	}
	var b strings.Builder
	b.WriteString(address)
	if len(query)+len(body) > 0 {
		b.WriteByte('?')
	}
	writePairs(&b, query, "=", "&")
	if len(query) > 0 && len(body) > 0 {
		b.WriteByte('.')
	}
	writePairs(&b, body, "", "")
	return b.String(), ""
}

// textV2 is what a V2 signature is of, but for the nonce at its end.
func textV2(rawURL string) (string, cc.Detail) {
	address, _, problem := splitURL(rawURL)
	return address, problem
}

// splitURL cuts a URL into what is signed as it is written and its query, without the question mark,
// and drops the fragment. No part of it is repeated in what it finds wrong.
func splitURL(rawURL string) (address, query string, problem cc.Detail) {
	const form cc.Detail = "want a well-formed http or https URL"
	if len(rawURL) > maxSignedURL {
		return "", "", "the URL is longer than 64 KiB"
	}
	if !utf8.ValidString(rawURL) || strings.ContainsFunc(rawURL, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", "", form
	}
	if !strings.HasPrefix(rawURL, "https://") && !strings.HasPrefix(rawURL, "http://") {
		return "", "", "want a URL that begins with https:// or http://, in small letters"
	}
	rawURL, _, _ = strings.Cut(rawURL, "#")
	address, query, _ = strings.Cut(rawURL, "?")
	switch u, err := url.Parse(address); {
	case err != nil:
		return "", "", form
	case u.Hostname() == "":
		return "", "", "the URL has no host"
	case u.User != nil:
		return "", "", "the URL has a user"
	}
	return address, query, ""
}

// A pair is a parameter of a request, decoded.
type pair struct{ key, value string }

func (p pair) compare(q pair) int {
	return cmp.Or(strings.Compare(p.key, q.key), strings.Compare(p.value, q.value))
}

func (p pair) isText() bool { return utf8.ValidString(p.key) && utf8.ValidString(p.value) }

const (
	tooManyPairs cc.Detail = "more than 1,000 parameters"
	notText      cc.Detail = "a parameter is not UTF-8"
)

// queryPairs reads a query as Plivo's libraries for Python and Node do. Those of net/url know a
// semicolon as an error, and forget in part of their API the pairs that they cannot read.
func queryPairs(raw string) ([]pair, cc.Detail) {
	var list []pair
	for one := range strings.SplitSeq(raw, "&") {
		if one == "" {
			continue
		}
		key, value, _ := strings.Cut(one, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return nil, "the query of the URL has a broken escape"
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, "the query of the URL has a broken escape"
		}
		p := pair{key, value}
		if !p.isText() {
			return nil, notText
		}
		if list = append(list, p); len(list) > maxSignedPairs {
			return nil, tooManyPairs
		}
	}
	return list, ""
}

func formPairs(form url.Values) ([]pair, cc.Detail) {
	var list []pair
	length := 0
	for key, values := range form {
		for _, value := range values {
			p := pair{key, value}
			if length += len(key) + len(value); length > maxSignedForm {
				return nil, "the form is longer than 64 KiB"
			}
			if !p.isText() {
				return nil, notText
			}
			if list = append(list, p); len(list) > maxSignedPairs {
				return nil, tooManyPairs
			}
		}
	}
	return list, ""
}

// writePairs writes pairs by key and then by value, in the order of their bytes.
func writePairs(b *strings.Builder, list []pair, within, between string) {
	slices.SortFunc(list, pair.compare)
	for i, p := range list {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(p.key)
		b.WriteString(within)
		b.WriteString(p.value)
	}
}
