package plivo_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// A product is one of the two drivers behind the public API, and what it is on the wire.
type product struct {
	name              string
	open              func(plivo.Options) (cc.Client, error)
	remove, mute, end plivoserver.Operation
}

var products = []product{
	{plivo.MPC, plivo.NewMPC, plivoserver.KickParticipant, plivoserver.UpdateParticipant, plivoserver.EndRoom},
	{plivo.Conference, plivo.NewConference, plivoserver.KickMember, plivoserver.MuteMember, plivoserver.EndConference},
}

// A deed is a command of the public API on the rig's conference and, if it is about somebody, on anna.
type deed struct {
	name string
	do   func(ctx context.Context, c cc.Conference, r *rig) error
	done func(r *rig) bool
}

var deeds = []deed{
	{"remove",
		func(ctx context.Context, c cc.Conference, r *rig) error {
			return c.RemoveParticipant(ctx, r.anna.ID())
		},
		func(r *rig) bool { return !r.anna.Present() && r.bob.Present() }},
	{"mute",
		func(ctx context.Context, c cc.Conference, r *rig) error {
			return c.SetParticipantState(ctx, r.anna.ID(), cc.Change{Mute: cc.On})
		},
		func(r *rig) bool { return r.anna.State().Mute == cc.On && r.bob.State().Mute == cc.Off }},
	{"end",
		func(ctx context.Context, c cc.Conference, r *rig) error { return c.End(ctx) },
		func(r *rig) bool { return !r.anna.Present() && !r.bob.Present() }},
}

// eachDeed runs a test for each command of each product, in a bubble of fake time of its own.
func eachDeed(t *testing.T, f func(t *testing.T, p product, d deed)) {
	t.Helper()
	for _, p := range products {
		for _, d := range deeds {
			t.Run(p.name+"/"+d.name, inFakeTime(func(t *testing.T) { f(t, p, d) }))
		}
	}
}

// A rig is a conference of two at a fake Plivo that a client of the public API reaches over a line
// that can be broken anywhere.
type rig struct {
	t         *testing.T
	product   product
	sw        *fake.Switch
	server    *plivoserver.Server
	line      *line
	url       string // of the API
	client    cc.Client
	conf      cc.Conference
	anna, bob *fake.Member
	began     time.Time
}

const rigRoom = "stand up"

func newRig(t *testing.T, p product, change ...func(*fake.Options, *plivo.Options)) *rig {
	t.Helper()
	var so fake.Options
	o := plivo.Options{Insecure: true}
	for _, f := range change {
		f(&so, &o)
	}
	r := &rig{t: t, product: p, sw: fake.NewSwitch(so)}
	var err error
	r.server, err = plivoserver.New(r.sw, plivoserver.Options{})
	require.NoError(t, err)
	endpoint, err := r.server.Start(plivoserver.Pipe)
	require.NoError(t, err)
	r.url, r.line = endpoint.URL(), newLine(endpoint.Transport())
	t.Cleanup(func() { // after everything that uses it
		require.NoError(t, endpoint.Close())
		require.NoError(t, r.sw.Close())
	})
	o.AuthID, o.AuthToken = r.server.AuthID(), plivo.NewSecret(r.server.AuthToken())
	o.Transport = r.line.transport
	if o.Endpoint == "" {
		o.Endpoint = endpoint.URL()
	}
	r.client, err = p.open(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, r.client.Close())
		r.quiet()
	})
	r.conf = r.client.Conference(rigRoom)
	r.anna, r.bob = r.join(fake.Leg{Role: cc.RoleAgent}), r.join(fake.Leg{Role: cc.RoleCustomer})
	r.began = time.Now()
	return r
}

// join brings somebody into the room. Who begins it makes it one whose numbers begin at 20970101, so
// that a second run has the same numbers as the first.
func (r *rig) join(leg fake.Leg) *fake.Member {
	r.t.Helper()
	leg.Rules = &fake.Rules{FirstMember: 20970101}
	m, err := r.sw.Join(rigRoom, leg)
	require.NoError(r.t, err)
	return m
}

// restart ends the run and begins another of the same name and the same numbers.
func (r *rig) restart(legs ...fake.Leg) (second []*fake.Member) {
	r.t.Helper()
	r.anna.HangUp()
	r.bob.HangUp()
	if len(legs) == 0 {
		legs = []fake.Leg{{Role: cc.RoleAgent}, {Role: cc.RoleCustomer}}
	}
	for _, leg := range legs {
		second = append(second, r.join(leg))
	}
	require.Equal(r.t, r.anna.ID(), second[0].ID())
	return second
}

// read has the client read the room, so that it knows the run and the legs.
func (r *rig) read() cc.Snapshot {
	r.t.Helper()
	s, err := r.conf.Snapshot(background)
	require.NoError(r.t, err)
	return s
}

// fault injects a fault of the wire.
func (r *rig) fault(f plivoserver.Fault) (lift func()) {
	r.t.Helper()
	lift, err := r.server.Inject(f)
	require.NoError(r.t, err)
	return lift
}

// ignore has the bridge accept commands and never do them.
func (r *rig) ignore() { r.sw.Inject(fake.Fault{Op: fake.OpCommand, What: fake.Ignore}) }

// clock is the time since the rig was ready.
func (r *rig) clock() time.Duration { return time.Since(r.began) }

// seen is what the server has received since the rig was ready: commands and reads by when they came.
func (r *rig) seen() (commands, reads []time.Duration) {
	for _, q := range r.server.Requests() {
		at := q.At.Sub(r.began)
		if at < 0 {
			continue
		}
		if q.Method == http.MethodGet {
			reads = append(reads, at)
		} else {
			commands = append(commands, at)
		}
	}
	return commands, reads
}

// fresh forgets what was received so far: the clock of the rig starts again. Connections that wait are
// closed, so that the next request has to dial.
func (r *rig) fresh() {
	r.line.transport.CloseIdleConnections()
	time.Sleep(time.Second)
	r.began = time.Now()
}

// quiet requires that no connection is left but those that wait for the next request, which it closes.
func (r *rig) quiet() {
	r.t.Helper()
	synctest.Wait()
	r.line.transport.CloseIdleConnections()
	synctest.Wait()
	require.Zero(r.t, r.line.count(), "connections that nobody waits for are left")
}

// begin runs f, and tells when it was over.
func (r *rig) begin(f func() error) *running {
	c := &running{over: make(chan struct{})}
	go func() {
		defer close(c.over)
		c.err = f()
		c.at = r.clock()
	}()
	return c
}

// A running call is over when the channel is closed; what it returned and when can be read then.
type running struct {
	over chan struct{}
	err  error
	at   time.Duration
}

func (c *running) wait(t *testing.T) *running {
	t.Helper()
	select {
	case <-c.over:
	case <-time.After(time.Hour):
		require.Fail(t, "the call does not come back")
	}
	return c
}

// A line is the way to a server, which can be broken before a byte has arrived there.
type line struct {
	transport *http.Transport

	mu   sync.Mutex
	mode lineMode
	open int
	all  int
}

type lineMode uint8

const (
	lineStands   lineMode = iota
	lineDialling          // connecting never ends
	lineMute              // nobody speaks at the other end: a TLS handshake never ends
	lineFull              // after 16 bytes nothing more goes through
	lineRefused           // nobody listens
)

func newLine(to *http.Transport) *line {
	l := &line{transport: to.Clone()}
	there := to.DialContext
	l.transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		l.mu.Lock()
		mode := l.mode
		l.all++
		l.mu.Unlock()
		dial := there
		switch mode {
		case lineDialling:
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		case lineMute, lineFull:
			n := pipenet.New()
			if mode == lineFull {
				n = pipenet.NewBuffered(16)
			}
			if _, err := n.Listen(addr); err != nil { // and nobody accepts
				return nil, err
			}
			dial = n.DialContext
		case lineRefused:
			dial = pipenet.New().DialContext
		}
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		l.open++
		l.mu.Unlock()
		return &lineConn{Conn: conn, closed: sync.OnceFunc(func() {
			l.mu.Lock()
			l.open--
			l.mu.Unlock()
		})}, nil
	}
	return l
}

func (l *line) is(m lineMode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mode = m
}

// count is how many connections are open.
func (l *line) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// dialled is how often a connection was wanted, to wherever.
func (l *line) dialled() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

type lineConn struct {
	net.Conn
	closed func()
}

func (c *lineConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// requireOutcome requires an error of a kind, or nil for 0.
func requireOutcome(t *testing.T, err error, kind cc.Kind) {
	t.Helper()
	if kind == 0 {
		require.NoError(t, err)
		return
	}
	var e *cc.Error
	require.True(t, errors.As(err, &e), "%v", err)
	require.Equal(t, kind, e.Kind, "%v", err)
}
