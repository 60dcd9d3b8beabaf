package plivo_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A life is that of one conference at a fake Plivo whose callbacks come to harm, and of the programs
// that follow it.
type life struct {
	seed     uint64
	product  product
	sw       *fake.Switch
	feed     *fake.Feed // of all that happens
	server   *plivoserver.Server
	sender   *plivoserver.Sender
	receiver *plivo.Receiver // the first replica's
	replicas []*replica
	latency  time.Duration // of a request, at most
	closers  []func()

	mu       sync.Mutex
	calm     bool           // nothing happens any more
	present  []*fake.Member // who has come in, of the present run
	deeds    []*lifeDeed
	faults   []*lifeFault
	log      []string
	counts   map[string]int
	mistakes []string
}

const (
	lifeRoom = "stand up"
	hookPath = "/plivo/callbacks"
)

// newLife makes the bridge, the server, the way for callbacks, and one or two clients.
func newLife(seed uint64) (_ *life, err error) {
	l := &life{seed: seed, product: products[seed%2], sw: fake.NewSwitch(fake.Options{}), counts: map[string]int{}}
	l.closers = append(l.closers, func() { _ = l.sw.Close() })
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	l.feed = l.sw.Subscribe(100_000)
	rng := l.rng(0)
	if rng.IntN(2) == 0 {
		l.latency = time.Duration(1+rng.IntN(30)) * time.Millisecond
	}
	hooks := pipenet.New()
	listener, err := hooks.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, func() { _ = hooks.Close() })
	origin := "http://" + listener.Addr().String()
	to := plivoserver.Callbacks{ConferenceURL: origin + hookPath, Floor: true}
	if l.product.name == plivo.MPC {
		to = plivoserver.Callbacks{URL: origin + hookPath, Events: "mpc-state-changes, participant-state-changes, " +
			"participant-speak-events, participant-digit-input-events, add-participant-api-events"}
	}
	if rng.IntN(3) == 0 {
		to.Method, to.ConferenceMethod = "get", "get"
	}
	if l.server, err = plivoserver.New(l.sw, plivoserver.Options{Callbacks: to}); err != nil {
		return nil, err
	}
	endpoint, err := l.server.Start(plivoserver.Pipe)
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, func() { _ = endpoint.Close() })

	replicas := 1 + int(seed/2%2)
	for n := range replicas {
		p := &replica{life: l, n: n, below: endpoint.Transport(), rng: l.rng(10 + n)}
		l.replicas = append(l.replicas, p)
		p.client, err = l.product.open(plivo.Options{
			AuthID: l.server.AuthID(), AuthToken: plivo.NewSecret(l.server.AuthToken()), Insecure: true,
			Endpoint: endpoint.URL(), Transport: p, PublicURL: origin, Notified: l.notified,
		})
		if err != nil {
			return nil, err
		}
		l.closers = append(l.closers, func() { _ = p.client.Close() })
	}
	handler, _ := cc.As[http.Handler](l.replicas[0].client)
	var ok bool
	if l.receiver, ok = handler.(*plivo.Receiver); !ok {
		return nil, errors.New("the client has no receiver")
	}
	mux := http.NewServeMux()
	mux.Handle(hookPath, handler)
	web := &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = web.Serve(listener)
	}()
	l.closers = append(l.closers, func() { _ = web.Close(); <-served })
	transport := hooks.Transport()
	l.closers = append(l.closers, transport.CloseIdleConnections)
	l.sender, err = l.server.SendCallbacks(plivoserver.CallbackOptions{Transport: transport, Trouble: l.drawTrouble()})
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, func() { _ = l.sender.Close() })
	return l, nil
}

func (l *life) close() {
	for i := len(l.closers) - 1; i >= 0; i-- {
		l.closers[i]()
	}
}

func (l *life) rng(who int) *rand.Rand { return rand.New(rand.NewPCG(l.seed, uint64(who))) }

// notified passes on to the second replica what has rung at the first.
func (l *life) notified(c cc.ConferenceID) {
	for _, p := range l.replicas[1:] {
		p.heard()
		p.client.Notify(c)
	}
}

// heard notes that a bell rings now.
func (p *replica) heard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bells = append(p.bells, time.Now())
}

func (l *life) setCalm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calm = true
}

func (l *life) isCalm() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calm
}

// note writes down what happens, for whoever has to understand a failure.
func (l *life) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, lifeClock(time.Now())+" "+fmt.Sprintf(format, args...))
}

func lifeClock(t time.Time) string { return t.UTC().Format("04:05.000000") }

func (l *life) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%s, %d replicas, latency %v, seed %d\n  %s", l.product.name, len(l.replicas), l.latency, l.seed,
		strings.Join(l.log, "\n  "))
}

// A replica is one of the programs: its client, what that has asked for, and what it was told.
type replica struct {
	life   *life
	n      int
	client cc.Client
	below  http.RoundTripper

	mu     sync.Mutex
	rng    *rand.Rand
	asked  []*asking
	bells  []time.Time
	ranges []*lifeRange
}

// An asking is a request for a watcher.
type asking struct {
	at, over time.Time
	room     string // whose snapshot it begins, as the path has it; empty: it goes on with one
	failed   bool
}

// RoundTrip takes its time, and notes what is read for watchers.
func (p *replica) RoundTrip(r *http.Request) (*http.Response, error) {
	var a *asking
	if provider.PurposeOf(r.Context()) == provider.ForWatching {
		a = &asking{at: time.Now()}
		if path := strings.Split(strings.Trim(r.URL.Path, "/"), "/"); len(path) == 5 {
			a.room = path[4]
		}
		p.mu.Lock()
		p.asked = append(p.asked, a)
		p.mu.Unlock()
	}
	answer, err := p.exchange(r)
	if a != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		a.over = time.Now()
		a.failed = err != nil || answer.StatusCode != 200 && answer.StatusCode != 404 ||
			!strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json")
	}
	return answer, err
}

func (p *replica) exchange(r *http.Request) (*http.Response, error) {
	if err := p.delay(r); err != nil {
		return nil, err
	}
	answer, err := p.below.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := p.delay(r); err != nil {
		_ = answer.Body.Close()
		return nil, err
	}
	return answer, nil
}

func (p *replica) delay(r *http.Request) error {
	if p.life.latency == 0 {
		return nil
	}
	p.mu.Lock()
	d := time.Duration(p.rng.Int64N(int64(p.life.latency) / 2))
	p.mu.Unlock()
	return lifePause(r.Context(), d)
}
