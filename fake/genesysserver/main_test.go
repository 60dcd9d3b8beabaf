package genesysserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A site is a switch with a server in front of it.
type site struct {
	t        *testing.T
	sw       *fake.Switch
	server   *genesysserver.Server
	endpoint *genesysserver.Endpoint
}

// open makes a site, which done closes.
func open(t *testing.T, n genesysserver.Network, sw fake.Options, o genesysserver.Options) (s *site, done func()) {
	t.Helper()
	s = &site{t: t, sw: fake.NewSwitch(sw)}
	var err error
	s.server, err = genesysserver.New(s.sw, o)
	require.NoError(t, err)
	s.endpoint, err = s.server.Start(n)
	require.NoError(t, err)
	return s, func() {
		require.NoError(t, s.endpoint.Close())
		require.NoError(t, s.server.Close())
		require.NoError(t, s.sw.Close())
	}
}

// bubble runs f with a site on a pipe in fake time.
func bubble(t *testing.T, sw fake.Options, o genesysserver.Options, f func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, done := open(t, genesysserver.Pipe, sw, o)
		defer done()
		f(t, s)
	})
}

// quiet waits until nothing is under way.
func (s *site) quiet() {
	s.t.Helper()
	require.NoError(s.t, s.server.Quiet(s.t.Context()))
	synctest.Wait()
}

// A client is one of an agent's, with a cookie jar of its own.
type client struct {
	*site
	agent *genesysserver.Agent
	http  *http.Client
	csrf  string

	id   string // of the CometD session
	poll sync.WaitGroup
	mu   sync.Mutex
	news []message
}

// A message is a notification.
type message struct {
	Channel string         `json:"channel"`
	Data    map[string]any `json:"data"`
}

// add adds an agent.
func (s *site) add(o genesysserver.AgentOptions) *genesysserver.Agent {
	s.t.Helper()
	a, err := s.server.AddAgent(o)
	require.NoError(s.t, err)
	return a
}

// join brings numbers into a conference.
func (s *site) join(room string, numbers ...string) (members []*fake.Member) {
	s.t.Helper()
	for _, n := range numbers {
		m, err := s.sw.Join(room, fake.Leg{Address: n})
		require.NoError(s.t, err)
		members = append(members, m)
	}
	return members
}

// client makes one that has not spoken yet.
func (s *site) client(a *genesysserver.Agent) *client {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &client{site: s, agent: a, http: &http.Client{Transport: s.endpoint.Transport(), Jar: jar}}
}

// login makes a client with a session.
func (s *site) login(a *genesysserver.Agent) *client {
	s.t.Helper()
	c := s.client(a)
	got := c.get("/api/v2/me")
	require.Equal(s.t, 200, got.status, got.text)
	return c
}

// An answer is a response, read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil: no JSON object
}

// code is the statusCode; -1 where there is none.
func (a answer) code() int {
	if n, ok := a.body["statusCode"].(float64); ok {
		return int(n)
	}
	return -1
}

// send makes a request with the credentials of the agent on a GET, and the CSRF token.
func (c *client) send(method, path, body string) answer {
	c.t.Helper()
	return c.do(c.request(method, path, body))
}

func (c *client) request(method, path, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.endpoint.URL()+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if method == http.MethodGet && c.agent != nil {
		r.SetBasicAuth(c.agent.User(), c.agent.Password())
	}
	if c.csrf != "" {
		r.Header.Set("X-CSRF-TOKEN", c.csrf)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (c *client) do(r *http.Request) answer {
	c.t.Helper()
	resp, err := c.http.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(b)}
	_ = json.Unmarshal(b, &a.body)
	if name := resp.Header.Get("X-CSRF-HEADER"); name != "" {
		c.csrf = resp.Header.Get(name)
	}
	return a
}

func (c *client) get(path string) answer {
	c.t.Helper()
	return c.send(http.MethodGet, path, "")
}

func (c *client) post(path, body string) answer {
	c.t.Helper()
	return c.send(http.MethodPost, path, body)
}

// op posts an operation to a call, given further members of the body.
func (c *client) op(id, name string, more ...string) answer {
	c.t.Helper()
	return c.post("/api/v2/me/calls/"+id, operation(name, more...))
}

func operation(name string, more ...string) string {
	return `{"operationName":"` + name + `"` + strings.Join(append([]string{""}, more...), ",") + `}`
}

// calls is the agent's calls as a listing shows them.
func (c *client) calls() []map[string]any {
	c.t.Helper()
	got := c.get("/api/v2/me/calls?fields=*")
	require.Equal(c.t, 200, got.status, got.text)
	list := []map[string]any{}
	for _, one := range got.body["calls"].([]any) {
		list = append(list, one.(map[string]any))
	}
	return list
}

// call is the agent's one call.
func (c *client) call() map[string]any {
	c.t.Helper()
	calls := c.calls()
	require.Len(c.t, calls, 1)
	return calls[0]
}

// numbers is the participants of a call in either dialect.
func numbers(call map[string]any) []string {
	list := []string{}
	for _, p := range call["participants"].([]any) {
		if o, ok := p.(map[string]any); ok {
			p = o["phoneNumber"]
		}
		list = append(list, p.(string))
	}
	return list
}

// words is a list of texts.
func words(v any) []string {
	list := []string{}
	for _, w := range v.([]any) {
		list = append(list, w.(string))
	}
	return list
}

// bayeux sends messages to the CometD endpoint, and returns the replies; what is news is kept.
func (c *client) bayeux(body string) (status int, replies []map[string]any) {
	c.t.Helper()
	got := c.post("/api/v2/notifications", body)
	var all []map[string]any
	if json.Unmarshal([]byte(got.text), &all) != nil {
		return got.status, nil
	}
	for _, m := range all {
		if data, ok := m["data"].(map[string]any); ok {
			c.mu.Lock()
			c.news = append(c.news, message{m["channel"].(string), data})
			c.mu.Unlock()
			continue
		}
		replies = append(replies, m)
	}
	return got.status, replies
}

// listen shakes hands and subscribes.
func (c *client) listen() *client {
	c.t.Helper()
	_, r := c.bayeux(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`)
	require.Len(c.t, r, 1)
	require.Equal(c.t, true, r[0]["successful"], r)
	c.id = r[0]["clientId"].(string)
	_, r = c.bayeux(`[{"id":"2","channel":"/meta/subscribe","clientId":"` + c.id + `","subscription":["/v2/me/*","/notifications/services"]}]`)
	require.Equal(c.t, true, r[0]["successful"], r)
	return c
}

// take returns the news since the last call of it.
func (c *client) take() []message {
	c.t.Helper()
	c.quiet()
	status, r := c.bayeux(`[{"id":"3","channel":"/meta/connect","clientId":"` + c.id + `","connectionType":"long-polling","advice":{"timeout":0}}]`)
	require.Equal(c.t, 200, status)
	require.Len(c.t, r, 1)
	require.Equal(c.t, true, r[0]["successful"], r)
	c.mu.Lock()
	defer c.mu.Unlock()
	news := c.news
	c.news = nil
	return news
}

// told is what a notification about a call tells, in one line.
func (m message) told() string {
	call, ok := m.Data["call"].(map[string]any)
	if !ok {
		return m.Data["messageType"].(string)
	}
	line := m.Data["notificationType"].(string) + " " + call["state"].(string) + " " + strings.Join(numbers(call), "+")
	if call["mute"] == "On" {
		line += " muted"
	}
	if call["monitoredUserMuted"] == true {
		line += " user-muted"
	}
	return line
}

// lines is what news tell.
func lines(news []message) []string {
	list := []string{}
	for _, m := range news {
		list = append(list, m.told())
	}
	return list
}

// text is a value as JSON.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

var (
	hold   = cc.Change{Hold: cc.On}
	unhold = cc.Change{Hold: cc.Off}
	mute   = cc.Change{Mute: cc.On}
)

// change changes a leg on the Switch.
func (s *site) change(m *fake.Member, c cc.Change) {
	s.t.Helper()
	_, err := s.sw.Set(m.Instance(), m.ID(), c)
	require.NoError(s.t, err)
}

// object is a JSON object; nil where the text is none.
func object(text string) (o map[string]any) {
	_ = json.Unmarshal([]byte(text), &o)
	return o
}
