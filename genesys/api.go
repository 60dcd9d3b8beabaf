package genesys

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// An api is the thin client of Web Services: one agent's HTTP session, and the requests in it. What a
// single exchange means is left to httpclient.
type api struct {
	http          *httpclient.Client
	log           *slog.Logger
	name          string // of the client, for errors of its own
	base          *url.URL
	notifications *url.URL
	jar           http.CookieJar
	transport     http.RoundTripper // given, or nil
	authorization []string          // of the login; nil: the jar has the session
	start         *operation        // nil: attach only
	secrets       []string
	timeout       time.Duration   // of what has no deadline
	closed        context.Context // done once the driver is closed
	close         context.CancelFunc

	clears atomic.Bool // this server has offered ClearCall once

	mu          sync.Mutex // never held across a wait
	session     session
	login       *flight
	renewal     *flight
	starting    *flight
	subscribing chan struct{} // closed when the subscription under way stands or has failed; nil: none is
	started     bool
	doubtful    bool                // whether it was started is not known
	monitors    map[string]struct{} // UUIDs of calls that the agent monitors
}

// A session is the HTTP session with the server, as of the last login.
type session struct {
	generation uint64 // of logins; 0: there was none
	live       bool
	version    uint64 // of the token
	header     string // name of the CSRF header; empty: the server asks for none
	token      string
	devices    []DeviceRecord
}

// A flight is something that is done once for all who wait for it.
type flight struct {
	done chan struct{}
	err  error
	gave bool // up, because the context of who did it ended: the others try themselves
}

var apiPath = []string{"api", "v2"}

func newAPI(o Options) (*api, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	endpoint, err := o.endpoint()
	if err != nil {
		return nil, err
	}
	path, err := o.notifications()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(endpoint + "/") // with a path, which cookies have
	if err != nil {
		return nil, cc.Detail("the endpoint is not a URL")
	}
	a := &api{
		log: o.Logger, name: o.clientName(), base: base.JoinPath("api", "v2", "me"), notifications: base.JoinPath(path...),
		jar: o.Jar, transport: o.Transport, timeout: o.Timeout, monitors: map[string]struct{}{},
	}
	if a.timeout == 0 {
		a.timeout = defaultTimeout
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.jar == nil {
		if a.jar, err = cookiejar.New(nil); err != nil {
			return nil, err
		}
	}
	if o.User != "" {
		a.authorization, a.secrets = basic(o.User, o.Password.word())
	}
	if o.Start {
		a.start = &operation{
			Name: opStart, Channels: []string{"voice"}, Place: o.Place, LoginCode: o.LoginCode, Queue: o.Queue, Device: o.Device,
		}
	}
	a.http, err = httpclient.New(httpclient.Options{
		Base: endpoint, Insecure: o.Insecure, Provider: Name, Name: a.name,
		Transport: o.Transport, Limiter: o.Limiter, Logger: o.Logger,
		Explain: a.explain, Authorize: a.authorize,
	})
	if err != nil {
		return nil, err
	}
	a.closed, a.close = context.WithCancel(context.Background())
	return a, nil
}

// A request is one exchange below /api/v2.
type request struct {
	op    string
	class httpclient.Class
	path  []string
	query url.Values
	body  any  // of a POST; nil: a GET
	early bool // before the contact-center session is begun
}

func get(op string, query url.Values, path ...string) request {
	return request{op: op, class: httpclient.Read, path: path, query: query}
}

func post(op string, body operation, path ...string) request {
	return request{op: op, class: httpclient.Absolute, path: path, body: body}
}

// do makes one exchange in the session: it logs in first where there is no session. A read is made once
// more where the server says that the session is over, after another login; an order is not, since what
// is refused is not repeated, and the read that every order begins with will have found out. A token
// that the server does not take is read anew, and the order sent once more: it was not even looked at.
func (a *api) do(ctx context.Context, r request) (json.RawMessage, error) {
	relogged, renewed := false, false
	for {
		if err := a.ready(ctx, !r.early); err != nil {
			return nil, err
		}
		s := a.current()
		raw, answer, err := a.exchange(ctx, r)
		switch {
		case err == nil:
			return raw, nil
		case over(answer.Status, answer.Body) && !relogged && r.class == httpclient.Read:
			a.lose(s.generation)
			relogged = true
		case over(answer.Status, answer.Body):
			a.lose(s.generation)
			return nil, err
		case foreign(answer.Status, answer.Body) && !renewed && r.body != nil:
			renewed = true
			if err := a.renew(ctx, s); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// exchange sends a request and judges its envelope.
func (a *api) exchange(ctx context.Context, r request) (json.RawMessage, httpclient.Answer, error) {
	if slices.Contains(r.path, "") {
		return nil, httpclient.Answer{}, a.fail(cc.ErrInvalid, "an identifier is empty")
	}
	s := a.current()
	var raw json.RawMessage
	method := http.MethodGet
	if r.body != nil {
		method = http.MethodPost
	}
	answer, err := a.http.Do(ctx, httpclient.Request{
		Op: r.op, Class: r.class, Method: method, Path: slices.Concat(apiPath, r.path), Query: r.query, Body: r.body,
	}, &raw)
	if err != nil {
		return nil, answer, err
	}
	v := judge(raw)
	if refused := v.refused(r.class == httpclient.Read); refused != nil {
		refused.Op, refused.Provider, refused.Client = r.op, Name, a.name
		refused.RequestID, refused.Message = answer.RequestID, a.mask(refused.Message)
		if v.code.n == codePartial {
			refused.Err = partOf(raw)
		}
		return nil, answer, refused
	}
	a.keep(s.generation, answer.Header)
	if r.class == httpclient.Read && !v.code.ok {
		return nil, answer, a.unreadable("without a status code")
	}
	return raw, answer, nil
}

type loginKey struct{}

// authorize sets the cookies and the token of the session, and the credentials of a login.
func (a *api) authorize(ctx context.Context, h http.Header) error {
	if ctx.Value(loginKey{}) != nil && a.authorization != nil {
		h["Authorization"] = a.authorization
	}
	carrier := http.Request{Header: h}
	for _, c := range a.jar.Cookies(a.base) {
		carrier.AddCookie(c)
	}
	a.guard(h)
	return nil
}

// guard sets the CSRF header.
func (a *api) guard(h http.Header) {
	if s := a.current(); s.header != "" {
		h[http.CanonicalHeaderKey(s.header)] = []string{s.token}
	}
}

func (a *api) current() session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session
}

// keep notes what an answer that was accepted says about the session: cookies, and the CSRF token.
// Those of a refusal are not kept, since servers give a session of its own to whom they refuse.
func (a *api) keep(generation uint64, h http.Header) {
	if s := a.current(); s.generation == generation && s.live { // not of a session before this one
		a.store(h)
	}
	name, token := guardOf(h)
	if name == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := &a.session; s.generation == generation && (s.header != name || s.token != token) {
		s.header, s.token = name, token
		s.version++
	}
}

// store puts the cookies of an answer into the jar.
func (a *api) store(h http.Header) {
	if len(h["Set-Cookie"]) > 0 {
		a.jar.SetCookies(a.base, (&http.Response{Header: h}).Cookies())
	}
}

// guardOf is the CSRF header that an answer tells, if any.
func guardOf(h http.Header) (name, token string) {
	name = h.Get("X-CSRF-HEADER")
	if name == "" || !isToken(name) {
		return "", ""
	}
	token = h.Get(name)
	if token == "" || len(token) > maxToken || !printable(token) {
		return "", ""
	}
	return name, token
}

const maxToken = 1 << 10

// isToken reports whether the server can have named a header of its own.
func isToken(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Cookie", "Host", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection",
		"Te", "Trailer", "Upgrade", "Expect", "Accept", "Accept-Encoding", "User-Agent", "Idempotency-Key", "X-Idempotency-Key":
		return false
	}
	for i := range len(name) {
		if b := name[i]; !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_') {
			return false
		}
	}
	return len(name) <= 64
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// limit gives ctx a deadline where it has none, and ends it with the driver.
func (a *api) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	var cancel context.CancelFunc
	if _, ok := ctx.Deadline(); ok {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithTimeout(ctx, a.timeout)
	}
	stop := context.AfterFunc(a.closed, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// fail is an error of this package's own.
func (a *api) fail(kind cc.Kind, why cc.Detail) *cc.Error {
	return &cc.Error{Provider: Name, Client: a.name, Kind: kind, Err: why}
}

// unreadable is a read that was answered and told nothing that can be relied upon. It is an error and
// never an empty answer, since absence in an answer is taken as proof.
func (a *api) unreadable(what string) *cc.Error {
	e := a.fail(cc.ErrUnavailable, cc.Detail("unreadable answer: "+what))
	e.Status = http.StatusOK
	return e
}

// ended is the error of a wait that ctx has ended, before anything was sent.
func (a *api) ended(err error) *cc.Error {
	return &cc.Error{Provider: Name, Client: a.name, Kind: cc.ErrCanceled, Err: err}
}

func (a *api) shut() error {
	a.close()
	return a.http.Close()
}

// kindly gives an error of the login the kind that a command has which was not sent because of it.
func kindly(err error) error {
	var e *cc.Error
	if errors.As(err, &e) && e.Kind == cc.ErrUncertain {
		told := *e
		told.Kind = cc.ErrUnavailable
		return &told
	}
	return err
}
