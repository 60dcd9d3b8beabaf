package genesys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// basic makes the header of a login, and tells what of it must never be shown.
func basic(user, password string) (header, secrets []string) {
	word := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return []string{"Basic " + word}, []string{word, password}
}

// mask takes secrets out of the server's words, and the beginning of one where they were cut within it.
func (a *api) mask(message string) string {
	cut := len(message) > maxMessage/2 // less, where blanks stood in front
	message = strings.TrimSuffix(message, "\uFFFD")
	for _, s := range a.secrets {
		message = strings.ReplaceAll(message, s, redacted)
	}
	for _, s := range a.secrets {
		for n := len(s) - 1; cut && n >= 1; n-- {
			if head, ok := strings.CutSuffix(message, s[:n]); ok {
				return head + redacted
			}
		}
	}
	return message
}

func (a *api) explain(status int, h http.Header, body []byte) (kind cc.Kind, code, message string) {
	kind, code, message = explain(status, h, body)
	return kind, code, a.mask(message)
}

// share does something once for all who want it at the same time. Where runs in *at; need, asked with
// a.mu held, tells whether there is still anything to do.
func (a *api) share(ctx context.Context, at **flight, need func() bool, do func(context.Context) error) error {
	for {
		a.mu.Lock()
		if !need() {
			a.mu.Unlock()
			return nil
		}
		f := *at
		if f == nil {
			f = &flight{done: make(chan struct{})}
			*at = f
			a.mu.Unlock()
			f.err = do(ctx)
			f.gave = f.err != nil && ctx.Err() != nil
			a.mu.Lock()
			*at = nil
			a.mu.Unlock()
			close(f.done)
			return f.err
		}
		a.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return a.ended(ctx.Err())
		}
		if f.err != nil && !f.gave {
			return f.err
		}
	}
}

// ready sees to a session with the server; with begun set also to that of the contact center, where
// that was chosen.
func (a *api) ready(ctx context.Context, begun bool) error {
	if a.closed.Err() != nil {
		return a.fail(cc.ErrClosed, "the client was closed")
	}
	if err := a.signIn(ctx); err != nil || !begun || a.start == nil {
		return kindly(err)
	}
	// Who asks while the subscription is being made waits for it: the session is begun after it.
	a.mu.Lock()
	wait, started := a.subscribing, a.started
	a.mu.Unlock()
	if wait != nil && !started {
		select {
		case <-wait:
		case <-ctx.Done():
			return a.ended(ctx.Err())
		}
	}
	return kindly(a.begin(ctx))
}

func (a *api) signIn(ctx context.Context) error {
	return a.share(ctx, &a.login, func() bool { return !a.session.live }, a.authenticate)
}

// lose notes that the session of that login is over. Whoever else notices it later does no harm to the
// next one.
func (a *api) lose(generation uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session.generation == generation {
		a.session.live = false
	}
}

// authenticate is the one request that carries the credentials. It tells the cookies, the CSRF token,
// and whose devices these are.
func (a *api) authenticate(ctx context.Context) error {
	r := get("Login", url.Values{"subresources": {"features,devices"}}, "me")
	before := a.current()
	raw, answer, err := a.exchange(context.WithValue(ctx, loginKey{}, true), r)
	if err != nil {
		if foreign(answer.Status, answer.Body) {
			err = asUnauthenticated(err)
		}
		return err
	}
	devices, _, err := a.user(raw)
	if err != nil {
		return err
	}
	// Nobody may use the session before its cookies and its token are there.
	next := session{generation: before.generation + 1, live: true, version: before.version + 1, devices: devices}
	next.header, next.token = guardOf(answer.Header)
	a.store(answer.Header)
	a.mu.Lock()
	a.session = next
	a.mu.Unlock()
	a.notice(ctx, devices)
	return nil
}

// asUnauthenticated is the error of a login that was refused without a code.
func asUnauthenticated(err error) error {
	var e *cc.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Kind = cc.ErrUnauthenticated
	return &told
}

// notice says in the log that a device cannot be used.
func (a *api) notice(ctx context.Context, devices []DeviceRecord) {
	for _, d := range devices {
		if strings.EqualFold(d.DeviceState, "Inactive") || strings.EqualFold(d.UserState, "LoggedOut") {
			a.log.WarnContext(ctx, "the agent's device is not logged in: commands will be refused")
			return
		}
	}
}

// user reads the agent's devices and calls out of an answer about the agent.
func (a *api) user(raw json.RawMessage) (devices []DeviceRecord, calls []CallRecord, err error) {
	var w struct {
		User json.RawMessage `json:"user"`
	}
	var u struct {
		Devices []json.RawMessage `json:"devices"`
		Calls   []json.RawMessage `json:"calls"`
	}
	if object(raw, &w) != nil || object(w.User, &u) != nil {
		return nil, nil, a.unreadable("no user in it")
	}
	if devices, err = a.devicesOf(u.Devices); err != nil {
		return nil, nil, err
	}
	calls, err = a.callsOf(u.Calls)
	return devices, calls, err
}

func (a *api) devicesOf(list []json.RawMessage) ([]DeviceRecord, error) {
	devices := make([]DeviceRecord, 0, len(list))
	for _, raw := range list {
		var d DeviceRecord
		if d.UnmarshalJSON(raw) != nil {
			return nil, a.unreadable("a device that is not an object")
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// renew reads the CSRF token anew, unless somebody has since s. The request has no credentials: where
// the session is over as well, that is found out here.
func (a *api) renew(ctx context.Context, s session) error {
	need := func() bool {
		return a.session.live && a.session.generation == s.generation && a.session.version == s.version
	}
	return kindly(a.share(ctx, &a.renewal, need, func(ctx context.Context) error {
		_, answer, err := a.exchange(ctx, get("Token", nil, "me"))
		if over(answer.Status, answer.Body) {
			a.lose(s.generation)
			return nil // the next request logs in
		}
		if err == nil {
			a.mu.Lock()
			if a.session.generation == s.generation && a.session.version == s.version {
				a.session.version++ // read anew, and as it was
			}
			a.mu.Unlock()
		}
		return err
	}))
}

// begin starts the session of the contact center, once in the life of the client. A start of which
// nobody knows what became of it is not sent again before a later read has shown that the agent is not
// logged in.
func (a *api) begin(ctx context.Context) error {
	if a.start == nil {
		return nil
	}
	return a.share(ctx, &a.starting, func() bool { return !a.started }, func(ctx context.Context) error {
		a.mu.Lock()
		doubtful := a.doubtful
		a.mu.Unlock()
		if doubtful {
			in, err := a.loggedIn(ctx)
			if err != nil || in {
				return a.begun(err)
			}
		}
		r := post(opStart, *a.start, "me")
		r.class, r.early = httpclient.Once, true
		_, err := a.do(ctx, r)
		switch {
		case err == nil:
		case isPartial(err):
			err = a.voice(err)
		case errors.Is(err, cc.ErrUncertain):
			if in, unread := a.loggedIn(ctx); in && unread == nil {
				err = nil
			}
		}
		return a.begun(err)
	})
}

// begun notes what has become of a start, and hands err on.
func (a *api) begun(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.started = err == nil
	a.doubtful = a.doubtful && err != nil || errors.Is(err, cc.ErrUncertain)
	return err
}

// isPartial reports whether the server says that a part was done.
func isPartial(err error) bool {
	var e *cc.Error
	return errors.As(err, &e) && e.Code == strconv.Itoa(codePartial)
}

// A partialError is what an answer says that failed of what was asked for.
type partialError struct{ failed []json.RawMessage }

func (*partialError) Error() string { return "done in part" }

func partOf(raw json.RawMessage) error {
	var w struct {
		Failed []json.RawMessage `json:"failed"`
	}
	_ = object(raw, &w)
	return &partialError{w.Failed}
}

// voice judges a start of which a part was done: what counts is whether the voice channel was.
func (a *api) voice(err error) error {
	var p *partialError
	if !errors.As(err, &p) {
		return err
	}
	for _, raw := range p.failed {
		var w struct {
			Code    statusCode `json:"statusCode"`
			Message text       `json:"statusMessage"`
			Channel text       `json:"channel"`
		}
		if object(raw, &w) != nil || !strings.EqualFold(string(w.Channel), "voice") {
			continue
		}
		e := a.fail(cc.ErrUnavailable, "the voice channel was not started")
		e.Op, e.Status, e.Message = opStart, http.StatusOK, a.mask(clip(string(w.Message)))
		if w.Code.ok {
			e.Code = strconv.Itoa(w.Code.n)
			if kind := kindOfCode(w.Code.n); kind != 0 && kind != cc.ErrUncertain {
				e.Kind = kind
			}
		}
		return e
	}
	return nil
}

// loggedIn reads whether the server shows the agent as logged in on a device.
func (a *api) loggedIn(ctx context.Context) (bool, error) {
	r := get("Devices", url.Values{"fields": {"*"}}, "me", "devices")
	r.early = true
	devices, err := a.readDevices(ctx, r)
	if err != nil {
		return false, err
	}
	for _, d := range devices {
		if d.UserState != "" && !strings.EqualFold(d.UserState, "LoggedOut") {
			return true, nil
		}
	}
	return false, nil
}
