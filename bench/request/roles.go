package request

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

// The roles of this measurement.
const (
	ServerRole = "request-server"
	ClientRole = "request-client"
)

// serverAsk is what the server's process can be asked; one field is set.
type serverAsk struct {
	Open  *place
	Count *string // the URL of a place
	Close *string
}

// A place is something to listen at.
type place struct {
	TLS         bool
	Certificate string // files
	Key         string
	Delay       time.Duration
	Together    int64 // that many first requests wait for each other; 0 or 1: none
	Awake       bool
}

// serverRole keeps servers, by their URLs.
type serverRole struct{ servers map[string]*server }

// NewServer is the role of the server.
func NewServer() func(json.RawMessage) (any, error) {
	r := &serverRole{servers: make(map[string]*server)}
	return r.answer
}

func (r *serverRole) answer(raw json.RawMessage) (any, error) {
	var ask serverAsk
	if err := json.Unmarshal(raw, &ask); err != nil {
		return nil, err
	}
	switch {
	case ask.Open != nil:
		return r.open(*ask.Open)
	case ask.Count != nil && r.servers[*ask.Count] != nil:
		return r.servers[*ask.Count].counts(), nil
	case ask.Close != nil && r.servers[*ask.Close] != nil:
		err := r.servers[*ask.Close].close()
		delete(r.servers, *ask.Close)
		return nil, err
	}
	return nil, errors.New("the server does not know that")
}

func (r *serverRole) open(p place) (url string, err error) {
	var certificate *tls.Certificate
	scheme := "http://"
	if p.TLS {
		c, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			return "", err
		}
		certificate, scheme = &c, "https://"
	}
	s, err := newServer(manner{certificate, p.Delay, p.Together, p.Awake})
	if err != nil {
		return "", err
	}
	url = scheme + s.listener.Addr().String()
	r.servers[url] = s
	return url, nil
}

// clientAsk is what a client's process can be asked; one field is set.
type clientAsk struct {
	Open   *start
	Closed *load
	Stream *stream
	Shut   bool
}

// A start is what a client begins with.
type start struct {
	Contender string
	Exchange  exchange
	Profile   string // a file for a profile of its CPU, until it is shut; empty: none
	opening
}

// clientRole is one contender in a process of its own.
type clientRole struct {
	contender  contender
	exchange   exchange
	work       map[int]func() error // by member
	goroutines int                  // before there was a contender
	profile    *os.File
}

// NewClient is the role of a client.
func NewClient() func(json.RawMessage) (any, error) {
	r := &clientRole{work: make(map[int]func() error)}
	return r.answer
}

func (r *clientRole) answer(raw json.RawMessage) (any, error) {
	var ask clientAsk
	if err := json.Unmarshal(raw, &ask); err != nil {
		return nil, err
	}
	switch {
	case ask.Open != nil:
		return nil, r.open(*ask.Open)
	case r.contender == nil:
		return nil, errors.New("the client is not open")
	case ask.Closed != nil:
		return r.closed(*ask.Closed)
	case ask.Stream != nil:
		return r.stream(*ask.Stream)
	case ask.Shut:
		return r.shut()
	}
	return nil, errors.New("the client does not know that")
}

func (r *clientRole) open(s start) error {
	if r.contender != nil {
		return errors.New("the client is open already")
	}
	k, err := kindOf(s.Contender)
	if err != nil {
		return err
	}
	if s.Profile != "" {
		if r.profile, err = os.Create(s.Profile); err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(r.profile); err != nil {
			return err
		}
	}
	r.goroutines, r.exchange = runtime.NumGoroutine(), s.Exchange
	r.contender, err = k.open(s.opening)
	return err
}

// worker is what the worker of a member does; each has one for its life.
func (r *clientRole) worker(member int) (func() error, error) {
	if r.work[member] == nil {
		call, err := r.contender.prepare(r.exchange, member)
		if err != nil {
			return nil, err
		}
		r.work[member] = call
	}
	return r.work[member], nil
}

func (r *clientRole) workers(n int) (list []func() error, err error) {
	if n < 1 || n > maxWorkers {
		return nil, fmt.Errorf("%d workers are not between 1 and %d", n, maxWorkers)
	}
	list = make([]func() error, n)
	for i := range list {
		if list[i], err = r.worker(firstMember + i); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *clientRole) closed(l load) (any, error) {
	work, err := r.workers(l.Workers)
	if err != nil {
		return nil, err
	}
	var fails func() error
	if l.Failing {
		if fails, err = r.worker(failing); err != nil {
			return nil, err
		}
	}
	return closed(l, work, fails)
}

func (r *clientRole) stream(s stream) (any, error) {
	work, err := r.workers(s.Workers)
	if err != nil {
		return nil, err
	}
	return flowing(arrivals(s), work)
}

// arrivals are moments that know nothing of each other, the same for everybody of one seed.
func arrivals(s stream) []time.Duration {
	random := rand.New(rand.NewPCG(s.Seed, s.Seed))
	list := make([]time.Duration, s.Calls)
	at := 0.0
	for i := range list {
		at += random.ExpFloat64() / s.Rate
		list[i] = time.Duration(at * float64(time.Second))
	}
	return list
}

// left is what remains after a client was closed.
type left struct{ Goroutines int }

// shut closes the contender, and gives what it has begun two seconds to end.
func (r *clientRole) shut() (any, error) {
	if r.profile != nil {
		pprof.StopCPUProfile()
		if err := r.profile.Close(); err != nil {
			return nil, err
		}
		r.goroutines--
	}
	if err := r.contender.close(); err != nil {
		return nil, err
	}
	const step = 5 * time.Millisecond
	for waited := time.Duration(0); waited < 2*time.Second && runtime.NumGoroutine() > r.goroutines; waited += step {
		time.Sleep(step)
	}
	return left{runtime.NumGoroutine() - r.goroutines}, nil
}
