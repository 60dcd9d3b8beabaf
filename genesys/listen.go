package genesys

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/callcontrol-go/callcontrol/provider"
)

const (
	dialPatience  = 4 * time.Second  // for the subscription to stand
	breakPatience = 10 * time.Second // for a connection to come back
	closePatience = time.Second
	maxLosses     = 3    // sessions that the server forgets before the first one works
	maxQueued     = 1024 // notifications
)

// The channels of one agent's calls and devices.
const (
	channelCalls   = "/v2/me/calls"
	channelDevices = "/v2/me/devices"
)

// Listen keeps a CometD session: it logs in, shakes hands, subscribes to both channels and waits for
// both replies, begins the session of the contact center where that was chosen, and reads the
// baseline. A connection that breaks, and a session that the server forgets, come back by themselves,
// with a gap marked; what does not within a while is an error, and New polls until it is begun anew.
func (d *driver) Listen(ctx context.Context, report func(provider.Update)) error {
	standing := d.api.subscribes()
	defer standing()
	l := &listener{d: d, report: report, changed: make(chan struct{}, 1)}
	session, err := l.subscribe(ctx)
	if session != nil {
		defer l.end(session)
	}
	if err != nil {
		return err
	}
	if err := d.api.begin(ctx); err != nil {
		return err
	}
	standing()
	if err := d.baseline(ctx); err != nil {
		return err
	}
	l.stand()
	return l.wait(ctx, session)
}

// subscribes tells those who use the session that a subscription is being made, until it stands or has
// failed.
func (a *api) subscribes() (standing func()) {
	done := make(chan struct{})
	a.mu.Lock()
	a.subscribing = done
	a.mu.Unlock()
	return sync.OnceFunc(func() {
		a.mu.Lock()
		a.subscribing = nil
		a.mu.Unlock()
		close(done)
	})
}

// baseline reads what there is once notifications cannot be missed any more.
func (d *driver) baseline(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.api.timeout)
	defer cancel()
	raw, err := d.api.do(ctx, get("Baseline", url.Values{"subresources": {"devices,calls"}}, "me"))
	if err != nil {
		return err
	}
	devices, _, err := d.api.user(raw)
	if err != nil {
		return err
	}
	d.api.mu.Lock()
	d.api.session.devices = devices
	d.api.mu.Unlock()
	return nil
}

// A listener is one Listen.
type listener struct {
	d       *driver
	report  func(provider.Update)
	wire    *wire
	changed chan struct{} // has room for one

	mu      sync.Mutex
	stands  bool
	gap     bool              // something was missed before it stood
	queued  []provider.Update // before it stood
	down    time.Time         // since when the connection is broken; zero: it is not
	refused error             // a subscription was, anew
}

// stand reports that the subscription stands, and then what has waited for that.
func (l *listener) stand() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stands = true
	l.report(provider.Update{Gap: l.gap})
	for _, u := range l.queued {
		l.report(u)
	}
	l.queued = nil
}

// tell reports, in order, what has come since the subscription was made.
func (l *listener) tell(u provider.Update) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.stands:
		l.report(u)
	case u.Failure != nil && len(l.queued) < maxQueued:
		l.queued = append(l.queued, u) // bells are covered by the first report
	default:
		l.gap = l.gap || u.Gap
	}
}

// subscribe gives a session with both subscriptions. Where the error is not nil there may be a session
// all the same, to be closed.
func (l *listener) subscribe(ctx context.Context) (*bayeux.Session, error) {
	a := l.d.api
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	stop := context.AfterFunc(a.closed, cancel)
	defer stop()
	if err := a.ready(ctx, false); err != nil {
		return nil, err
	}
	count := &losses{cancel: cancel}
	l.wire = newWire(a)
	session, err := bayeux.Dial(ctx, a.notifications.String(), bayeux.Options{
		Transports: []bayeux.Transport{bayeux.LongPolling{}},
		HTTPClient: &http.Client{Transport: l.wire},
		Jar:        a.jar, Authenticate: a.handshake, OnEvent: l.event, Logger: a.log, Metrics: count, CloseDelay: closePatience,
	})
	if err != nil {
		l.wire.CloseIdleConnections()
		if count.looped() {
			return nil, a.fail(cc.ErrUnavailable, "the server forgets each notification session at once, as it does where cookies are lost")
		}
		return nil, a.notNews(err)
	}
	count.settle()
	for _, channel := range []string{channelCalls, channelDevices} {
		how := bayeux.Delivery{Handler: l.heard, Buffer: maxQueued, Policy: bayeux.Block}
		if _, err := session.Subscribe(ctx, channel, how); err != nil {
			return session, a.notNews(err)
		}
	}
	return session, nil
}

// end ends the CometD session, and with it nothing else: the agent stays logged in.
func (l *listener) end(session *bayeux.Session) {
	_ = session.Close()
	_ = session.Wait(context.Background())
	l.wire.CloseIdleConnections()
}

// wait waits until the subscription is lost or ctx ends.
func (l *listener) wait(ctx context.Context, session *bayeux.Session) error {
	a := l.d.api
	var patience <-chan time.Time
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return a.ended(ctx.Err())
		case <-a.closed.Done():
			return a.fail(cc.ErrClosed, "the client was closed")
		case <-session.Done():
			return a.notNews(session.Err())
		case <-patience:
			return a.fail(cc.ErrUnavailable, "the connection for notifications is broken and does not come back")
		case <-l.changed:
		}
		l.mu.Lock()
		down, refused := l.down, l.refused
		l.mu.Unlock()
		switch {
		case refused != nil:
			return a.notNews(refused)
		case down.IsZero():
			patience = nil
		case patience == nil:
			timer = time.NewTimer(time.Until(down.Add(breakPatience)))
			patience = timer.C
		}
	}
}

// event is told what happens to the CometD session.
func (l *listener) event(e bayeux.Event) {
	l.mu.Lock()
	switch e.Kind {
	case bayeux.EventBroken:
		if l.down.IsZero() {
			l.down = time.Now()
		}
	case bayeux.EventConnected, bayeux.EventResumed, bayeux.EventReestablished:
		l.down = time.Time{}
	case bayeux.EventRefused:
		l.refused = e.Err
	}
	l.mu.Unlock()
	switch e.Kind {
	case bayeux.EventBroken:
		l.tell(provider.Update{}) // whoever watches reads, and says so where it cannot
	case bayeux.EventResumed, bayeux.EventReestablished, bayeux.EventGap:
		l.tell(provider.Update{Gap: e.PossibleGap})
	case bayeux.EventMultipleClients:
		l.d.api.log.Warn("the server takes this client and another one for one: they share a cookie jar")
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// heard is told every notification.
func (l *listener) heard(got bayeux.Message) {
	m := decodeMessage(got.Data)
	d := l.d
	if m.record != nil {
		d.api.learn(m.record)
	}
	if m.device != nil && d.api.moved(*m.device) {
		d.api.forgetDevices()
	}
	u := provider.Update{Conference: m.conference()}
	if m.failure {
		err := m.err()
		err.Message, err.Code = d.api.mask(err.Message), d.api.mask(err.Code)
		if handle, ok := d.failures.told(m.call, m.about, err); ok {
			u.Failure = err
			if handle != "" {
				u.Conference = handle
			}
		}
	}
	d.failures.ring()
	l.tell(u)
}

// moved reports whether a device has another number than the one that was read.
func (a *api) moved(d DeviceRecord) bool {
	s := a.current()
	if s.devices == nil || d.PhoneNumber == "" {
		return false
	}
	number, ok := numberOf(s.devices, d.ID)
	return !ok || number != d.PhoneNumber
}

// handshake sees to the HTTP session before each handshake. It logs in where the session is over, and
// does not where somebody else has.
func (a *api) handshake(ctx context.Context, _ *bayeux.Authentication) error {
	err := a.ready(ctx, false)
	if err != nil && cc.KindOf(err) == cc.ErrUnauthenticated {
		return &bayeux.Error{Kind: bayeux.ErrUnauthorized, Op: "handshake", Detail: "the login was refused", Err: err}
	}
	return err
}

// notNews says why there are no notifications.
func (a *api) notNews(err error) error {
	var said *cc.Error
	if errors.As(err, &said) {
		return said
	}
	e := a.fail(cc.ErrUnavailable, "no notifications")
	e.Err = err
	var b *bayeux.Error
	if !errors.As(err, &b) {
		return e
	}
	e.Status, e.RetryAfter, e.Message = b.Status, b.RetryAfter, a.mask(clip(b.Text))
	switch {
	case errors.Is(err, bayeux.ErrUnauthorized):
		e.Kind = cc.ErrUnauthenticated
	case b.Status == http.StatusNotFound:
		e.Err = cc.Detail("there is no CometD service at the path of the option Notifications")
	}
	return e
}

// losses counts the sessions that the server forgets before the first one works, and gives up after a
// few: it would go on like that.
type losses struct {
	cancel context.CancelFunc

	mu      sync.Mutex
	n       int64
	settled bool
}

func (l *losses) Count(c bayeux.Counter, n int64) {
	if c != bayeux.Losses {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n += n
	if l.n >= maxLosses && !l.settled {
		l.cancel()
	}
}

func (l *losses) Observe(bayeux.Measure, float64) {}

func (l *losses) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled = true
}

func (l *losses) looped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n >= maxLosses
}
