package plivoserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A site is a switch with a server in front of it, and a client that is told everything.
type site struct {
	t        *testing.T
	sw       *fake.Switch
	server   *plivoserver.Server
	endpoint *plivoserver.Endpoint
	client   *http.Client
}

// open makes a site, which is closed at the end of the test or of its bubble by done.
func open(t *testing.T, n plivoserver.Network, sw fake.Options, o plivoserver.Options) (s *site, done func()) {
	t.Helper()
	s = &site{t: t, sw: fake.NewSwitch(sw)}
	var err error
	s.server, err = plivoserver.New(s.sw, o)
	require.NoError(t, err)
	s.endpoint, err = s.server.Start(n)
	require.NoError(t, err)
	s.client = &http.Client{
		Transport:     s.endpoint.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, func() {
		require.NoError(t, s.endpoint.Close())
		require.NoError(t, s.sw.Close())
	}
}

// bubble runs f with a site on a pipe in fake time.
func bubble(t *testing.T, sw fake.Options, o plivoserver.Options, f func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, done := open(t, plivoserver.Pipe, sw, o)
		defer done()
		f(t, s)
	})
}

// join brings a leg in.
func (s *site) join(room string, leg fake.Leg) *fake.Member {
	s.t.Helper()
	m, err := s.sw.Join(room, leg)
	require.NoError(s.t, err)
	return m
}

// request makes a request below the account, with its credentials, as a library would send it.
func (s *site) request(method, path, body string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(method, s.endpoint.URL()+"/v1/Account/"+s.server.AuthID()+path, strings.NewReader(body))
	require.NoError(s.t, err)
	r.SetBasicAuth(s.server.AuthID(), s.server.AuthToken())
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// An answer is a response, read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil: no JSON object
}

func (s *site) do(r *http.Request) answer {
	s.t.Helper()
	resp, err := s.client.Do(r)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(b)}
	_ = json.Unmarshal(b, &a.body)
	return a
}

// call is request and do.
func (s *site) call(method, path, body string) answer {
	s.t.Helper()
	return s.do(s.request(method, path, body))
}

// list returns the values of one key of the objects in an answer.
func (a answer) list(key string) []any {
	values := []any{}
	objects, _ := a.body["objects"].([]any)
	for _, o := range objects {
		values = append(values, o.(map[string]any)[key])
	}
	return values
}

// meta returns the meta of a listing.
func (a answer) meta() map[string]any {
	m, _ := a.body["meta"].(map[string]any)
	return m
}

// like asserts the JSON of an answer but for its api_id, which has to be a UUID.
func (s *site) like(a answer, want string) {
	s.t.Helper()
	require.NotNil(s.t, a.body, a.text)
	require.Regexp(s.t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, a.body["api_id"])
	delete(a.body, "api_id")
	got, err := json.Marshal(a.body)
	require.NoError(s.t, err)
	require.JSONEq(s.t, want, string(got))
}

// replace puts values in the place of words.
func replace(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }
