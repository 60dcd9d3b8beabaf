package plivo

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// An api is the thin client under both drivers: it knows one account's place and Plivo's paths, and
// leaves every judgement about an exchange to httpclient.
type api struct {
	http     *httpclient.Client
	log      *slog.Logger
	name     string // of the client, for errors of its own
	provider string
	root     []string // v1, Account, the auth id
	insecure bool
	receiver *Receiver       // nil: callbacks cannot come here
	timeout  time.Duration   // of what has no deadline
	closed   context.Context // done once the driver is closed
	close    context.CancelFunc
}

func newAPI(provider string, o Options) (*api, error) {
	if err := o.check(); err != nil {
		return nil, asOpen(err, provider, o)
	}
	endpoint, err := o.endpoint()
	if err != nil {
		return nil, asOpen(err, provider, o)
	}
	receiver, err := o.receiver(provider)
	if err != nil {
		return nil, asOpen(err, provider, o)
	}
	limiter := o.Limiter
	if limiter == nil {
		limiter = NewLimiter(o.Rate)
	}
	token := base64.StdEncoding.EncodeToString([]byte(o.AuthID + ":" + o.AuthToken.word()))
	authorization := []string{"Basic " + token} // for all requests; headers are replaced, and never written into
	client, err := httpclient.New(httpclient.Options{
		Base:      endpoint,
		Insecure:  o.Insecure,
		Provider:  provider,
		Name:      o.clientName(provider),
		Transport: o.Transport,
		Limiter:   limiter,
		Logger:    o.Logger,
		Explain:   explainer(token, o.AuthToken.word()),
		Authorize: func(_ context.Context, h http.Header) error {
			h["Authorization"] = authorization
			return nil
		},
	})
	if err != nil {
		return nil, asOpen(err, provider, o)
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a := &api{
		http: client, log: log, name: o.clientName(provider), provider: provider, insecure: o.Insecure,
		root: []string{"v1", "Account", o.AuthID}, receiver: receiver, timeout: o.Timeout,
	}
	if a.timeout <= 0 {
		a.timeout = defaultTimeout
	}
	a.closed, a.close = context.WithCancel(context.Background())
	return a, nil
}

// A call is one exchange under the account.
type call struct {
	op     string
	class  httpclient.Class
	method string
	path   []string
	query  url.Values
	body   any
	into   any
}

// do sends one exchange. A path with an empty segment would name something larger than was meant
// (DELETE of /Conference/ ends every conference of the account), so it is refused here once more.
func (a *api) do(ctx context.Context, c call) error {
	if len(c.path) == 0 || slices.Contains(c.path, "") {
		return a.fail(cc.ErrInvalid, cc.Detail("an identifier is empty"))
	}
	path := make([]string, 0, len(a.root)+len(c.path))
	path = append(append(path, a.root...), c.path...)
	answer, err := a.http.Do(ctx, httpclient.Request{
		Op: c.op, Class: c.class, Method: c.method, Path: path, Slash: true, Query: c.query, Body: c.body,
	}, c.into)
	if err == nil {
		return nil
	}
	var e *cc.Error
	if errors.As(err, &e) && e.RequestID == "" {
		e.RequestID = apiID(answer.Body)
	}
	return err
}

// apiID is the id that Plivo gives to an answer, for errors whose answer had no request id in its
// header. It is empty where there is none of the form of Plivo's.
func apiID(body []byte) string {
	var w struct {
		APIID text `json:"api_id"`
	}
	if object(body, &w) != nil || !checkUUID(string(w.APIID)) {
		return ""
	}
	return string(w.APIID)
}

// get reads one resource into into.
func (a *api) get(ctx context.Context, op string, query url.Values, into any, path ...string) error {
	return a.do(ctx, call{op: op, class: httpclient.Read, method: http.MethodGet, path: path, query: query, into: into})
}

// post and remove set a final condition; what Plivo answers to them is never read.
func (a *api) post(ctx context.Context, op string, body any, path ...string) error {
	return a.do(ctx, call{op: op, class: httpclient.Absolute, method: http.MethodPost, path: path, body: body})
}

func (a *api) remove(ctx context.Context, op string, path ...string) error {
	return a.do(ctx, call{op: op, class: httpclient.Absolute, method: http.MethodDelete, path: path})
}

// limit gives ctx a deadline where it has none.
func (a *api) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, a.timeout)
}

func (a *api) shut() error {
	a.close()
	err := a.http.Close()
	if a.receiver != nil {
		if late := a.receiver.Close(); err == nil {
			err = late
		}
	}
	return err
}

// fail is an error of this package's own.
func (a *api) fail(kind cc.Kind, err cc.Detail) *cc.Error {
	return &cc.Error{Provider: a.provider, Client: a.name, Kind: kind, Err: err}
}

// unreadable is a read that was answered with a 2xx and told nothing that can be relied upon. It is
// an error and never an empty answer, since absence in an answer is taken as proof.
func (a *api) unreadable(what string) *cc.Error {
	e := a.fail(cc.ErrUnavailable, cc.Detail("unreadable answer: "+what))
	e.Status = http.StatusOK
	return e
}

const (
	rateWindow     = 5 * time.Second
	defaultTimeout = 10 * time.Second
)
