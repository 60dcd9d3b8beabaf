package plivo_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// The cases that a receiver of signed webhooks has to pass, through the handler. One that is known from
// elsewhere cannot be had: Plivo signs no time, so there is no timestamp that could be too old; what was
// seen is known by its nonce.
func TestWebhookCases(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"genuine, GET and POST, with and without query and port, several signatures in one header: accepted", genuineAccepted},
		{"each single byte of URL, nonce, parameters and signature changed: refused", changedBytesRefused},
		{"comparison in constant time over decoded bytes", comparedInConstantTime},
		{"same bytes, other parameter boundary: rings nothing", otherBoundaryRingsNothing},
		{"same nonce twice: rings nothing", repeatedNonceRingsNothing},
		{"empty secret: no receiver", emptySecretRefused},
		{"malformed URL, 1 MiB header, 10,000 signatures, 1 GiB body: refused at once", excessRefused},
		{"public URL behind a proxy, with lying Host and forwarded headers", publicURLFromConfiguration},
		{"duplicate parameter: rings nothing", duplicateParameterRingsNothing},
	} {
		t.Run(c.name, c.run)
	}
}

func genuineAccepted(t *testing.T) {
	form := mpcEvent("ParticipantJoin", "room-7", runA)
	for _, base := range []string{"https://hooks.example.net", "https://hooks.example.net:8443", "https://Hooks.Example.net:443/", "https://hooks.example.net/other/path"} {
		for _, method := range []string{"GET", "POST"} {
			for _, target := range []string{"/plivo/mpc", "/plivo/mpc?tenant=t9&b=1", "/", "/a%20b/%2F?x=%2B1&x=%C3%A9&e", "//plivo/../mpc"} {
				for _, several := range []bool{false, true} {
					r, rung := bells(t)
					if base != public {
						r, rung = bellsAt(t, base)
					}
					origin := regexp.MustCompile(`^https://[^/]*`).FindString(base)
					q := signedAt(t, origin, method, target, form)
					if several {
						own := q.Header.Get(plivo.HeaderSignatureV3)
						stranger := signedAt(t, "https://other.example.net", method, target, form).Header.Get(plivo.HeaderSignatureV3)
						q.Header.Set(plivo.HeaderSignatureV3, stranger+", "+own+","+stranger)
					}
					require.Equal(t, http.StatusOK, serve(t, r, q))
					if base == public {
						require.Equal(t, []cc.ConferenceID{"room-7"}, rung(), "%s %s %s", base, method, target)
					}
					require.Equal(t, uint64(0), r.Stats().Refused)
					require.Equal(t, uint64(0), r.Stats().Unknown)
				}
			}
		}
	}

	// By the token of the main account, and by an old one.
	r, rung := bells(t, func(o *plivo.ReceiverOptions) { o.Tokens = append(o.Tokens, secrets("main", "old")...) })
	require.Equal(t, http.StatusOK, serve(t, r, delivery{form: form, token: "main", header: plivo.HeaderMainSignatureV3}.request(t)))
	require.Equal(t, http.StatusOK, serve(t, r, delivery{form: form, token: "old"}.request(t)))
	require.Equal(t, http.StatusForbidden, serve(t, r, delivery{form: form, token: "stranger"}.request(t)))
	require.Subset(t, []cc.ConferenceID{"room-7", "room-7"}, rung())
}

func bellsAt(t *testing.T, base string) (*plivo.Receiver, func() []cc.ConferenceID) {
	return receiver(t, func(o *plivo.ReceiverOptions) { o.PublicURL = base }), nil
}

func signedAt(t *testing.T, origin, method, target string, form url.Values) *http.Request {
	t.Helper()
	body, signed := form.Encode(), form
	if method == "GET" {
		if strings.Contains(target, "?") {
			target += "&" + body
		} else {
			target += "?" + body
		}
		body, signed = "", nil
	}
	nonce := freshNonce()
	signature, err := plivo.SignV3(plivo.NewSecret(authToken), method, origin+target, signed, nonce)
	require.NoError(t, err)
	q := httptest.NewRequest(method, "/", strings.NewReader(body))
	q.RequestURI = target
	q.Header.Set("Content-Type", formType)
	q.Header.Set(plivo.HeaderNonceV3, nonce)
	q.Header.Set(plivo.HeaderSignatureV3, signature)
	return q
}

func changedBytesRefused(t *testing.T) {
	form := mpcEvent("MPCStart", "room-7", runA)
	for _, method := range []string{"GET", "POST"} {
		r := receiver(t)
		genuine := signedAt(t, public, method, "/plivo/mpc?tenant=t9", form)
		body, err := io.ReadAll(genuine.Body)
		require.NoError(t, err)
		refused := uint64(0)
		try := func(uri, nonce, signature string, body []byte) {
			q := genuine.Clone(background)
			q.RequestURI, q.Body, q.ContentLength = uri, io.NopCloser(bytes.NewReader(body)), int64(len(body))
			q.Header.Set(plivo.HeaderNonceV3, nonce)
			q.Header.Set(plivo.HeaderSignatureV3, signature)
			status := serve(t, r, q)
			require.Contains(t, []int{http.StatusForbidden, http.StatusBadRequest}, status, "%s %s %s %s", uri, nonce, signature, body)
			refused++
		}
		uri, nonce, signature := genuine.RequestURI, genuine.Header.Get(plivo.HeaderNonceV3), genuine.Header.Get(plivo.HeaderSignatureV3)
		same := signed(t, uri)
		for _, how := range []func(byte) byte{func(b byte) byte { return b ^ 1 }, func(b byte) byte { return b ^ 0x20 }, func(b byte) byte { return b ^ 0x80 }} {
			for i := range len(uri) {
				other := uri[:i] + string([]byte{how(uri[i])}) + uri[i+1:]
				if signed(t, other) != same { // such as "+" for "%20", which says the same
					try(other, nonce, signature, body)
				}
			}
			for i := range len(nonce) {
				try(uri, nonce[:i]+string([]byte{how(nonce[i])})+nonce[i+1:], signature, body)
			}
			for i := range len(signature) {
				try(uri, nonce, signature[:i]+string([]byte{how(signature[i])})+signature[i+1:], body)
			}
			for i := range body {
				other := bytes.Clone(body)
				other[i] = how(other[i])
				if signed(t, "/?"+string(other)) != signed(t, "/?"+string(body)) {
					try(uri, nonce, signature, other)
				}
			}
		}
		require.Equal(t, refused, r.Stats().Refused)
		require.Greater(t, refused, uint64(3*100))
		genuine.Body = io.NopCloser(bytes.NewReader(body))
		require.Equal(t, http.StatusOK, serve(t, r, genuine))
	}
}

// signed is what a URI says, or nothing where it says nothing.
func signed(t *testing.T, uri string) string {
	t.Helper()
	if !strings.HasPrefix(uri, "/") {
		return ""
	}
	s, err := plivo.SignV3(plivo.NewSecret("x"), "GET", public+uri, nil, "1")
	if err != nil {
		return ""
	}
	return s
}

// No == ever touches a signature. In every file that has to do with signatures, what is compared is
// looked at: nothing of it may be of the words by which the code calls them.
func comparedInConstantTime(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	tender := regexp.MustCompile(`(?i)signature|^sums?$|^got$|^want$|^mac$|hmac|digest|^decoded$`)
	constant, looked := 0, 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		words := func(n ast.Node) (found []string) {
			ast.Inspect(n, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "len" {
						return false // how many there are is no secret
					}
				case *ast.Ident:
					if tender.MatchString(n.Name) {
						found = append(found, n.Name)
					}
				}
				return true
			})
			return found
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op != token.EQL && n.Op != token.NEQ {
					break
				}
				looked++
				// What says in words what is wrong with one, the presence of a header, and the choice of the
				// scheme compare no signature.
				if text := words(n); len(text) > 0 && !isPresence(n) {
					require.Fail(t, "compared by ==", "%s: %v", name, text)
				}
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					break
				}
				of, _ := f.X.(*ast.Ident)
				switch {
				case of != nil && of.Name == "hmac" && f.Sel.Name == "Equal":
					constant++
				case f.Sel.Name == "Equal" || f.Sel.Name == "Compare" || f.Sel.Name == "EqualFold" || f.Sel.Name == "Contains" || f.Sel.Name == "DeepEqual":
					for _, arg := range n.Args {
						require.Empty(t, words(arg), "%s: compared by %s", name, f.Sel.Name)
					}
				}
			}
			return true
		})
	}
	require.Equal(t, 1, constant, "there is one place where signatures are compared")
	require.Greater(t, looked, 100)
}

// isPresence tells a comparison with nil, "" or a constant of this package's configuration.
func isPresence(n *ast.BinaryExpr) bool {
	for _, side := range []ast.Expr{n.X, n.Y} {
		switch side := side.(type) {
		case *ast.Ident:
			if side.Name == "nil" {
				return true
			}
		case *ast.BasicLit:
			if side.Value == `"v2"` || side.Value == `"v3"` {
				return true
			}
		}
	}
	return false
}

func otherBoundaryRingsNothing(t *testing.T) {
	type split struct {
		name            string
		genuine, forged url.Values
		method          string
	}
	join, start := mpcEvent("ParticipantJoin", "room-7", runA), mpcEvent("MPCStart", "a", runA)
	for _, s := range []split{
		{"a letter moves from a value to a name", join,
			merge(join, url.Values{"ParticipantRole": nil, "ParticipantRolea": {"gent"}}), "POST"},
		{"a letter moves from a name to a value", join,
			merge(join, url.Values{"MemberID": nil, "Member": {"ID42"}}), "POST"},
		{"two fields become one", join,
			merge(join, url.Values{"MPCName": {"room-7MPCUUID" + runA}, "MPCUUID": nil}), "POST"},
		{"a field becomes the end of the one before", join,
			merge(join, url.Values{"ParticipantCallUUID": {callA + "ParticipantCoachModetrue"}, "ParticipantCoachMode": nil}), "POST"},
		{"what stands in a name becomes a field", mpcEvent("MPCStart", "aMPCUUID"+runB, runA),
			merge(start, url.Values{"MPCUUID": {runB + "MPCUUID" + runA}}), "POST"},
		{"what stands in a name becomes a field of its own", mpcEvent("MPCStart", "aMPCUUID"+runA, runB),
			merge(start, url.Values{"MPCUUID": {runA, runB}}), "POST"},
		{"an escaped & becomes one", mpcEvent("MPCStart", "a&MPCUUID="+runA, runB),
			merge(start, url.Values{"MPCUUID": {runA, runB}}), "GET"},
		{"an & becomes an escaped one", start,
			merge(start, url.Values{"MPCName": {"a&MPCUUID=" + runA}, "MPCUUID": nil}), "GET"},
	} {
		t.Run(s.name, func(t *testing.T) {
			nonce := freshNonce()
			d := delivery{method: s.method, form: s.genuine, nonce: nonce}
			want := d.request(t).Header.Get(plivo.HeaderSignatureV3)
			d.form = s.forged
			q := d.request(t)
			require.Equal(t, want, q.Header.Get(plivo.HeaderSignatureV3), "the scheme signs both alike")
			r, rung := bells(t)
			require.Equal(t, http.StatusOK, serve(t, r, q))
			require.Empty(t, rung())
			require.Equal(t, uint64(1), r.Stats().Unknown)
		})
	}
}

func repeatedNonceRingsNothing(t *testing.T) {
	r, rung := bells(t)
	d := delivery{form: mpcEvent("MPCStart", "room-7", runA), nonce: freshNonce()}
	for range 3 {
		require.Equal(t, http.StatusOK, serve(t, r, d.request(t)))
	}
	d.form = mpcEvent("MPCStart", "room-8", runB) // signed anew, for the same nonce
	require.Equal(t, http.StatusOK, serve(t, r, d.request(t)))
	s := r.Stats()
	require.Equal(t, plivo.ReceiverStats{Accepted: 1, Rung: 1, Repeated: 3}, s)
	require.Equal(t, []cc.ConferenceID{"room-7"}, rung())
}

func emptySecretRefused(t *testing.T) {
	for _, tokens := range [][]plivo.Secret{nil, {{}}, {plivo.NewSecret("")}, {plivo.NewSecret(authToken), plivo.NewSecret(" ")}} {
		_, err := plivo.NewReceiver(plivo.ReceiverOptions{PublicURL: public, Tokens: tokens})
		require.ErrorIs(t, err, cc.ErrInvalid)
		o := options(letsNobodyIn{})
		o.PublicURL, o.Tokens = public, tokens
		if len(tokens) > 0 {
			_, err = plivo.NewMPC(o)
			require.ErrorIs(t, err, cc.ErrInvalid)
		}
	}
}

func excessRefused(t *testing.T) {
	r := receiver(t)
	genuine := delivery{form: mpcEvent("MPCStart", "room-7", runA)}.request(t)
	signature := genuine.Header.Get(plivo.HeaderSignatureV3)
	change := func(f func(*http.Request)) *http.Request {
		q := genuine.Clone(background)
		q.Body = io.NopCloser(strings.NewReader(""))
		f(q)
		return q
	}
	gib := &endless{left: 1 << 30}
	for name, c := range map[string]struct {
		status int
		make   func() *http.Request
	}{
		"no URL":              {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = "" }) }},
		"a broken escape":     {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = "/%zz" }) }},
		"one in the query":    {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = "/?a=%zz" }) }},
		"a control character": {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = "/\x00" }) }},
		"absolute":            {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = public + "/plivo/mpc" }) }},
		"a fragment":          {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = "/plivo/mpc#x" }) }},
		"asterisk":            {400, func() *http.Request { return change(func(q *http.Request) { q.RequestURI = "*" }) }},
		"1 MiB of URL": {400, func() *http.Request {
			return change(func(q *http.Request) { q.RequestURI = "/" + strings.Repeat("a", 1<<20) })
		}},
		"1 MiB header": {403, func() *http.Request {
			return change(func(q *http.Request) { q.Header.Set(plivo.HeaderSignatureV3, strings.Repeat("A", 1<<20)) })
		}},
		"1 MiB nonce": {403, func() *http.Request {
			return change(func(q *http.Request) { q.Header.Set(plivo.HeaderNonceV3, strings.Repeat("1", 1<<20)) })
		}},
		"10,000 signatures": {403, func() *http.Request {
			return change(func(q *http.Request) { q.Header.Set(plivo.HeaderSignatureV3, strings.Repeat(signature+",", 10_000)) })
		}},
		"10,000 lines": {403, func() *http.Request {
			return change(func(q *http.Request) {
				q.Header[plivo.HeaderSignatureV3] = strings.Split(strings.Repeat(signature+",", 10_000), ",")
			})
		}},
		"no signature": {403, func() *http.Request { return change(func(q *http.Request) { q.Header.Del(plivo.HeaderSignatureV3) }) }},
		"1 GiB, length told": {413, func() *http.Request {
			return change(func(q *http.Request) { q.Body, q.ContentLength = gib.again(), 1<<30 })
		}},
		"1 GiB, length not told": {413, func() *http.Request {
			return change(func(q *http.Request) { q.Body, q.ContentLength = gib.again(), -1 })
		}},
		"65,537 bytes": {413, func() *http.Request {
			return change(func(q *http.Request) { q.Body, q.ContentLength = &endless{left: 65_537}, -1 })
		}},
		"cut": {400, func() *http.Request {
			return change(func(q *http.Request) { q.Body, q.ContentLength = io.NopCloser(brokenReader{}), -1 })
		}},
		"no form": {415, func() *http.Request {
			return change(func(q *http.Request) { q.Header.Set("Content-Type", "application/json") })
		}},
		"of no type": {415, func() *http.Request { return change(func(q *http.Request) { q.Header.Del("Content-Type") }) }},
		"a broken form": {400, func() *http.Request {
			return change(func(q *http.Request) { q.Body = io.NopCloser(strings.NewReader("a=%zz")) })
		}},
		"1,001 fields": {400, func() *http.Request {
			return change(func(q *http.Request) { q.Body = io.NopCloser(strings.NewReader(strings.Repeat("a&", 1001))) })
		}},
		"another method": {405, func() *http.Request { return change(func(q *http.Request) { q.Method = "PUT" }) }},
		"HEAD":           {405, func() *http.Request { return change(func(q *http.Request) { q.Method = "HEAD" }) }},
	} {
		t.Run(name, func(t *testing.T) {
			gib.read = 0
			fastest, least := time.Hour, uint64(math.MaxUint64)
			for range 5 { // the machine may be busy with something else
				q := c.make()
				w := httptest.NewRecorder()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				began := time.Now()
				r.ServeHTTP(w, q)
				fastest = min(fastest, time.Since(began))
				runtime.ReadMemStats(&after)
				least = min(least, after.TotalAlloc-before.TotalAlloc)
				require.Equal(t, c.status, w.Code)
				if c.status == http.StatusMethodNotAllowed {
					require.Equal(t, "GET, POST", w.Header().Get("Allow"))
				}
			}
			require.Less(t, fastest, 10*time.Millisecond)
			require.Less(t, least, uint64(1<<20))
			require.LessOrEqual(t, gib.read, 5*(64<<10+1))
			if strings.HasSuffix(name, ", length told") {
				require.LessOrEqual(t, gib.read, 5)
			}
		})
	}
	require.Zero(t, r.Stats().Accepted)
	require.Equal(t, uint64(5*23), r.Stats().Refused)
}

// endless is a body that counts what is read of it.
type endless struct{ left, read int }

func (e *endless) again() *endless { e.left = 1 << 30; return e }

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.left)
	if n == 0 {
		return 0, io.EOF
	}
	for i := range p[:n] {
		p[i] = 'a'
	}
	e.left -= n
	e.read += n
	return n, nil
}

func (e *endless) Close() error { return nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func publicURLFromConfiguration(t *testing.T) {
	form := mpcEvent("MPCStart", "room-7", runA)
	lie := func(q *http.Request) *http.Request {
		q.Host = "evil.example"
		for _, key := range []string{"X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "X-Host"} {
			q.Header.Set(key, "evil.example")
		}
		q.Header.Set("X-Forwarded-Proto", "http")
		q.Header.Set("X-Forwarded-Port", "80")
		q.Header.Set("X-Forwarded-Prefix", "/evil")
		q.Header.Set("X-Original-Url", "/evil")
		q.Header.Set("Forwarded", "for=192.0.2.1;host=evil.example;proto=http")
		return q
	}
	r, rung := bells(t)
	require.Equal(t, http.StatusOK, serve(t, r, lie(delivery{form: form}.request(t))))
	require.Equal(t, []cc.ConferenceID{"room-7"}, rung())

	// What is signed for the place that the liar names is not for us.
	for _, origin := range []string{"http://evil.example", "https://evil.example", "http://evil.example:80", "http://hooks.example.net:8443", "https://hooks.example.net"} {
		require.Equal(t, http.StatusForbidden, serve(t, r, lie(signedAt(t, origin, "POST", "/plivo/mpc", form))), origin)
	}

	// A handler in front that takes the path apart changes what it hands on, and not what was requested.
	mux := http.NewServeMux()
	mux.Handle("/plivo/", http.StripPrefix("/plivo", r))
	require.Equal(t, http.StatusOK, serve(t, mux, delivery{form: form, target: "/plivo/mpc?tenant=t9"}.request(t)))
	require.Equal(t, []cc.ConferenceID{"room-7"}, rung())

	// And one that has parsed the form.
	q := delivery{form: form, target: "/plivo/mpc?tenant=t9"}.request(t)
	require.Equal(t, "t9", q.FormValue("tenant"))
	require.Equal(t, http.StatusOK, serve(t, r, q))
	require.Equal(t, []cc.ConferenceID{"room-7"}, rung())
}

func duplicateParameterRingsNothing(t *testing.T) {
	r, rung := bells(t)
	for _, event := range []url.Values{mpcEvent("ParticipantJoin", "room-7", runA), mpcEvent("MPCEnd", "room-7", runA), memberEvent("enter", "room-7")} {
		for key, values := range event {
			if strings.Contains(" From To Direction CallStatus Event ", " "+key+" ") {
				continue // of the call, and nothing is made of them
			}
			for _, other := range []string{values[0], "", "1"} {
				for _, method := range []string{"GET", "POST"} {
					form := merge(event, url.Values{key: {values[0], other}})
					require.Equal(t, http.StatusOK, serve(t, r, delivery{method: method, form: form}.request(t)), key)
				}
			}
		}
	}
	s := r.Stats()
	require.Equal(t, s.Accepted, s.Unknown)
	require.Zero(t, s.Rung)
	require.Empty(t, rung())
}
