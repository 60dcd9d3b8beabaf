package httpclient_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

const prefix = "/v1/Account/MA1"

// held reports what is wrong with what was sent for segments, if anything.
func held(uri string, segments []string, slash bool) string {
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return "not a request target"
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Host != "" {
		return "more than a path"
	}
	path := u.EscapedPath()
	if path != uri {
		return "not what net/url reads"
	}
	rest, ok := strings.CutPrefix(path, prefix)
	if !ok {
		return "another prefix"
	}
	if slash {
		if rest, ok = strings.CutSuffix(rest, "/"); !ok {
			return "no slash at the end"
		}
	}
	parts := strings.Split(rest, "/")[1:]
	if len(parts) != len(segments) {
		return "another number of segments"
	}
	for i, p := range parts {
		if got, err := url.PathUnescape(p); err != nil || got != segments[i] {
			return "a segment that decodes to something else"
		}
		if p == "" || p == "." || p == ".." || strings.ContainsAny(p, "?#;\\") {
			return "a step in the path"
		}
	}
	return ""
}

// hostile are the identifiers that have led other clients astray.
var hostile = []string{
	"", ".", "..", "...", " ", "../../x", "a/../../b", "name with space/%2F", "10?x=1", "10#f", "%2e%2e%2f", "%2e%2e", "..%2f",
	"a\r\nb", "a\x00b", "\x7f", "\t", "Zoë", "東京", "\xff\xfe", "all", "10,11", "10<11", "*", "a;b=c", "a+b", "a@b:80", "//", "/", "\\", "..\\",
	"a%", "%zz", "%", "~", "$&'()*+,;=", "[::1]", "{x}", "|", "`", "\"", "^", "\u202e", "\ufeff", "．．", "user:pass@host", "http://x/", strings.Repeat("a", 4096),
}

// TestHostileSegments sends each of them in each place, or shows that nothing is sent.
func TestHostileSegments(t *testing.T) {
	refused := []string{"", ".", "..", "a\r\nb", "a\x00b", "\x7f", "\t"}
	w := play(status(204))
	c := newClient(t, httpclient.Options{Base: "https://api.test" + prefix + "/", Transport: w})
	for _, id := range hostile {
		for _, path := range [][]string{{id}, {id, "Participant"}, {"MultiPartyCall", id, "Participant", "15001"}, {"MultiPartyCall", "name_x", "Participant", id}} {
			for _, slash := range []bool{false, true} {
				for _, class := range classes {
					before := w.requests()
					req := request(class)
					req.Path, req.Slash = path, slash
					_, err := c.Do(t.Context(), req, nil)
					if slices.Contains(refused, id) {
						require.ErrorIs(t, err, cc.ErrInvalid, "%q", id)
						require.Equal(t, before, w.requests())
						require.NotContains(t, err.Error(), "\r")
						continue
					}
					require.NoError(t, err, "%q", id)
					require.Equal(t, before+1, w.requests())
					r := w.seen[before]
					require.Empty(t, held(r.URL.RequestURI(), path, slash), "%q: %s", id, r.URL.RequestURI())
					require.Equal(t, "api.test", r.URL.Host)
				}
			}
		}
	}
}

// TestPaths shows targets as they are sent.
func TestPaths(t *testing.T) {
	for _, tc := range []struct {
		base     string
		segments []string
		slash    bool
		want     string
	}{
		{"https://api.test", nil, false, "/"},
		{"https://api.test/", nil, true, "/"},
		{"https://api.test/v1", nil, false, "/v1"},
		{"https://api.test/v1/", nil, true, "/v1/"},
		{"https://api.test/v1/", []string{"a", "b"}, false, "/v1/a/b"},
		{"https://api.test/v1", []string{"a", "b"}, true, "/v1/a/b/"},
		{"https://api.test/a%2Fb", []string{"c"}, false, "/a%2Fb/c"},
		{"https://api.test/a b", []string{"c d"}, false, "/a%20b/c%20d"},
		{"https://api.test/a@b", []string{"c"}, false, "/a%40b/c"},
	} {
		c := newClient(t, httpclient.Options{Base: tc.base, Transport: play(status(204))})
		uri, ok := httpclient.URL(c, tc.segments, tc.slash)
		require.True(t, ok)
		require.Equal(t, tc.want, uri)
	}
}

// FuzzPath holds that a segment never becomes anything but a segment.
func FuzzPath(f *testing.F) {
	for i, id := range hostile {
		f.Add(id, hostile[len(hostile)-1-i], i%2 == 0)
	}
	c, err := httpclient.New(httpclient.Options{Base: "https://api.test" + prefix, Transport: http.DefaultTransport})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, a, b string, slash bool) {
		for _, segments := range [][]string{{a}, {"MultiPartyCall", a, "Participant", b}, {b, a}} {
			uri, ok := httpclient.URL(c, segments, slash)
			if !ok {
				for _, s := range segments {
					if s == "" || s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
						return
					}
				}
				t.Fatalf("%q refused without a reason", segments)
			}
			if problem := held(uri, segments, slash); problem != "" {
				t.Fatalf("%q became %q: %s", segments, uri, problem)
			}
		}
	})
}
