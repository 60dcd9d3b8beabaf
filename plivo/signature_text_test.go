package plivo_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// What is signed, where Plivo's libraries or a reader might differ: two requests sign alike or not.
func TestWhatIsSigned(t *testing.T) {
	type request struct {
		method, url string
		form        url.Values
	}
	get := func(u string) request { return request{"GET", u, nil} }
	post := func(u string, form url.Values) request { return request{"POST", u, form} }
	const h = "https://h.example"
	ab := url.Values{"A": {"1"}, "B": {"2"}}
	for name, x := range map[string]struct {
		a, b  request
		alike bool
	}{
		"all values of a repeated key of a form":   {post(h, url.Values{"a": {"1", "2"}}), post(h, url.Values{"a": {"1"}}), false},
		"values of a form by value":                {post(h, url.Values{"a": {"2", "10", "1"}}), post(h, url.Values{"a": {"1", "10", "2"}}), true},
		"values of a form not by arrival":          {post(h, url.Values{"a": {"2", "1"}}), post(h, url.Values{"a12": {""}}), false},
		"values of a form in byte order":           {post(h, url.Values{"a": {"2", "10"}}), post(h, url.Values{"a10a2": {""}}), true},
		"all values of a repeated key of a query":  {get(h + "?a=1&a=2"), get(h + "?a=1"), false},
		"values of a query by value":               {get(h + "?a=2&b=0&a=1"), get(h + "?a=1&a=2&b=0"), true},
		"keys in byte order":                       {post(h, url.Values{"b": {"1"}, "B": {"2"}}), post(h, url.Values{"B2b1": {""}}), true},
		"keys not in natural order":                {post(h, url.Values{"a9": {"x"}, "a10": {"y"}}), post(h, url.Values{"a10ya9x": {""}}), true},
		"the case of a key":                        {get(h + "?a=1"), get(h + "?A=1"), false},
		"a form's trailing full stop, with query":  {post(h+"?q=1", url.Values{"a": {"x."}}), post(h+"?q=1", url.Values{"a": {"x"}}), false},
		"full stops alone, with query":             {post(h+"?q=1", url.Values{"a": {"..."}}), post(h+"?q=1", url.Values{"a": {""}}), false},
		"an escape in the path":                    {get(h + "/a%2Fb"), get(h + "/a/b"), false},
		"an escape in the path, its case":          {get(h + "/a%2Fb"), get(h + "/a%2fb"), false},
		"a needless escape in the path":            {get(h + "/%61"), get(h + "/a"), false},
		"plus in the path":                         {get(h + "/a+b"), get(h + "/a%20b"), false},
		"dots in the path":                         {get(h + "/a/../b"), get(h + "/b"), false},
		"two slashes in the path":                  {get(h + "//a"), get(h + "/a"), false},
		"no slash is added":                        {get(h), get(h + "/"), false},
		"no slash is dropped":                      {post(h+"/?a=1", ab), post(h+"?a=1", ab), false},
		"the port":                                 {get(h + ":8443/x"), get(h + "/x"), false},
		"the usual port too":                       {get(h + ":443/x"), get(h + "/x"), false},
		"the case of the host":                     {get("https://H.example/x"), get(h + "/x"), false},
		"the scheme":                               {get("http://h.example/x"), get(h + "/x"), false},
		"the fragment, not":                        {get(h + "/x?a=1#ct=1500&rt=5000"), get(h + "/x?a=1"), true},
		"a fragment without a query":               {get(h + "/x#a?b=1"), get(h + "/x"), true},
		"a query's question mark, not when empty":  {get(h + "/x?"), get(h + "/x"), true},
		"a form's question mark":                   {post(h+"/x", url.Values{"A": {"1"}}), get(h + "/xA1"), false},
		"a form's question mark, where it is":      {post(h+"/x", url.Values{"A=1": {""}}), get(h + "/x?A=1"), true},
		"a form's question mark with an empty one": {post(h+"/x?", ab), post(h+"/x", ab), true},
		"a form of nothing":                        {post(h+"/x", url.Values{"": {""}}), post(h+"/x", nil), false},
		"a form with a key of no values":           {post(h+"/x", url.Values{"a": {}}), post(h+"/x", nil), true},
		"the full stop before a form":              {post(h+"?q=1", url.Values{"A": {"2"}}), get(h + "?q=1.A2"), true},
		"the method, not":                          {post(h+"?a=1", nil), get(h + "?a=1"), true},
		"a form in a GET is query":                 {request{"GET", h + "?b=2", url.Values{"a": {"1"}, "c": {"3"}}}, get(h + "?a=1&b=2&c=3"), true},
		"a form in a POST is not query":            {post(h+"?b=2", url.Values{"a": {"1"}}), get(h + "?a=1&b=2"), false},
		"plus in a query is a blank":               {get(h + "?a=x+y+z"), get(h + "?a=x%20y%20z"), true},
		"an escaped plus is a plus":                {get(h + "?a=x%2By"), get(h + "?a=x+y"), false},
		"a needless escape in a query":             {get(h + "?%61=%62"), get(h + "?a=b"), true},
		"a query is decoded once":                  {get(h + "?a=%2562"), get(h + "?a=b"), false},
		"a blank value is kept":                    {get(h + "?a=1&b="), get(h + "?a=1"), false},
		"a key without a value":                    {get(h + "?a&b"), get(h + "?a=&b="), true},
		"a value with an equals sign":              {get(h + "?a=b=c"), get(h + "?a=b%3Dc"), true},
		"pairs of nothing are dropped":             {get(h + "?&&a=1&"), get(h + "?a=1"), true},
		"a semicolon is no separator":              {get(h + "?a=1;b=2"), get(h + "?a=1%3Bb=2"), true},
		"UTF-8":                                    {get(h + "?a=%C3%B6"), get(h + "?a=ö"), true},
		"field boundaries of a form, not":          {post(h, url.Values{"A": {"1B2"}}), post(h, ab), true},
		"field boundaries of a query, not":         {get(h + "?A=1%26B=2"), get(h + "?A=1&B=2"), true},
		"digits read as another name":              {post(h, url.Values{"Digits": {"1234"}}), post(h, url.Values{"Dig": {"its1234"}}), true},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := plivo.SignV3(plivo.NewSecret(tokenTwo), x.a.method, x.a.url, x.a.form, nonceTwo)
			require.NoError(t, err)
			b, err := plivo.SignV3(plivo.NewSecret(tokenTwo), x.b.method, x.b.url, x.b.form, nonceTwo)
			require.NoError(t, err)
			require.Equal(t, x.alike, a == b)
			err = verifier(t, tokenTwo).VerifyV3(x.b.method, x.b.url, x.b.form, headersV3(nonceTwo, a))
			if x.alike {
				require.NoError(t, err)
			} else {
				requireRefused(t, err, cc.ErrUnauthenticated)
			}
		})
	}
}

// unsignable are requests that are not signed, and whose signature is not looked for.
var unsignable = map[string]struct {
	method, url string
	form        url.Values
}{
	"no URL":               {"GET", "", nil},
	"no scheme":            {"GET", "hooks.example.net/x", nil},
	"another scheme":       {"GET", "ftp://hooks.example.net/x", nil},
	"a scheme in capitals": {"GET", "HTTPS://hooks.example.net/x", nil},
	"no host":              {"GET", "https:///x", nil},
	"a port alone":         {"GET", "https://:443/x", nil},
	"a broken port":        {"GET", "https://hooks.example.net:https/x", nil},
	"a broken IPv6 host":   {"GET", "http://[::1", nil},
	"a user":               {"GET", "https://me:secret@hooks.example.net/x", nil},
	"an empty user":        {"GET", "https://@hooks.example.net/x", nil},
	"a broken escape":      {"GET", "https://hooks.example.net/%zz", nil},
	"one in the query":     {"GET", "https://hooks.example.net/?a=%z", nil},
	"one in a query's key": {"GET", "https://hooks.example.net/?%=1", nil},
	"a blank":              {"GET", "https://hooks.example.net/a b", nil},
	"a blank in the query": {"GET", "https://hooks.example.net/?a=x y", nil},
	"a line break":         {"GET", "https://hooks.example.net/\r\nX: y", nil},
	"a NUL":                {"GET", "https://hooks.example.net/\x00", nil},
	"a DEL":                {"GET", "https://hooks.example.net/\x7f", nil},
	"a DEL in the query":   {"GET", "https://hooks.example.net/?a=\x7f", nil},
	"not UTF-8":            {"GET", "https://hooks.example.net/\xff", nil},
	"not UTF-8, escaped":   {"GET", "https://hooks.example.net/?a=%ff", nil},
	"a form not of UTF-8":  {"POST", hooks, url.Values{"a": {"\xff"}}},
	"its key":              {"POST", hooks, url.Values{"\xff": {"a"}}},
	"a backslash":          {"GET", "https://hooks.example.net\\@evil.example/x", nil},
	"a long URL":           {"GET", hooks + "/" + strings.Repeat("a", 64<<10), nil},
	"a long form":          {"POST", hooks, url.Values{"a": {strings.Repeat("a", 64<<10)}}},
	"a wide query":         {"GET", hooks + "?" + strings.Repeat("a&", 1001), nil},
	"a wide form":          {"POST", hooks, url.Values{"a": make([]string, 1001)}},
	"no method":            {"", hooks, nil},
	"another method":       {"PUT", hooks, nil},
	"a method's case":      {"post", hooks, nil},
	"a key twice in a GET": {"GET", hooks + "?a=1", url.Values{"a": {"1"}}},
}

func TestWhatCannotBeSigned(t *testing.T) {
	looks := 0
	v, err := plivo.NewVerifier(plivo.NewCountedSecret(tokenTwo, &looks))
	require.NoError(t, err)
	looks = 0
	for name, x := range unsignable {
		_, err := plivo.SignV3(plivo.NewSecret(tokenTwo), x.method, x.url, x.form, nonceTwo)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		requireRefused(t, err, cc.ErrInvalid)
		err = v.VerifyV3(x.method, x.url, x.form, headersV3(nonceTwo, vectorsV3[0].signature))
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		requireRefused(t, err, cc.ErrInvalid)
	}
	require.Zero(t, looks, "an HMAC was computed for nothing")
	_, err = plivo.SignV2(plivo.NewSecret(tokenTwo), "https://me@hooks.example.net/x", nonceTwo)
	requireRefused(t, err, cc.ErrInvalid)

	// What is just within the limits is signed.
	for _, form := range []url.Values{{"a": {strings.Repeat("a", 64<<10-1)}}, {"a": make([]string, 1000)}} {
		u := hooks + "?" + strings.Repeat("a&", 1000)
		u += "#" + strings.Repeat("x", 64<<10-len(u)-1)
		signature, err := plivo.SignV3(plivo.NewSecret(tokenTwo), "POST", u, form, strings.Repeat("~", 256))
		require.NoError(t, err)
		require.NoError(t, v.VerifyV3("POST", u, form, headersV3(strings.Repeat("~", 256), signature)))
	}
}
