package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"
)

// The roles of this measurement.
const (
	ServerRole = "events-server"
	ClientRole = "events-client"
)

// serverAsk is what the server's process can be asked.
type serverAsk struct {
	Open *place // alone; it answers with the URL

	URL  string
	Flow *flow // nil: to count
}

type serverRole struct {
	server *server
	awake  bool
}

// NewServer is the role of the server.
func NewServer() func(json.RawMessage) (any, error) {
	r := &serverRole{}
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
	case r.server == nil:
		return nil, errors.New("the server is not open")
	case ask.Flow != nil:
		return r.server.flow(ask.URL, *ask.Flow)
	}
	return r.server.count(ask.URL)
}

func (r *serverRole) open(p place) (url string, err error) {
	if r.server == nil {
		if r.server, err = newServer(p.Awake); err != nil {
			return "", err
		}
		r.awake = p.Awake
	}
	if p.Awake != r.awake {
		return "", errors.New("a server is awake in all its places or in none")
	}
	return r.server.open(p)
}

// clientAsk is what a client's process can be asked; one field is set.
type clientAsk struct {
	Open     *start
	Sessions *gathering
	Begin    *expectation
	End      bool
	Weigh    bool
	Total    bool
	Shut     bool
}

// A start is what a client begins with.
type start struct {
	Contender string
	Way       way
	Profile   string // a file for a profile of its CPU, until it is shut; empty: none
	opening
}

// A gathering is sessions that are to be opened.
type gathering struct {
	N    int
	Rate int // a second, at most
}

// An expectation is the events of a slice.
type expectation struct {
	Events int64
	Timed  bool
}

// A total is what has come of all events.
type total struct {
	Events, Lost, Repeated, Broken int64
}

// clientRole is one contender in a process of its own.
type clientRole struct {
	contender contender
	tally     tally
	profile   *os.File
}

// NewClient is the role of a client.
func NewClient() func(json.RawMessage) (any, error) {
	r := &clientRole{}
	return r.answer
}

func (r *clientRole) answer(raw json.RawMessage) (any, error) {
	var ask clientAsk
	if err := json.Unmarshal(raw, &ask); err != nil {
		return nil, err
	}
	if r.contender == nil && ask.Open == nil {
		return nil, errors.New("the client is not open")
	}
	switch {
	case ask.Open != nil:
		return nil, r.open(*ask.Open)
	case ask.Sessions != nil:
		return nil, r.gather(*ask.Sessions)
	case ask.Begin != nil:
		return nil, r.tally.begin(ask.Begin.Events, ask.Begin.Timed)
	case ask.End:
		return r.tally.end(patience)
	case ask.Weigh:
		return weigh()
	case ask.Total:
		return r.tally.total(), nil
	case ask.Shut:
		return nil, r.shut()
	}
	return nil, errors.New("the client does not know that")
}

func (r *clientRole) open(s start) error {
	if r.contender != nil {
		return errors.New("the client is open already")
	}
	k, err := kindOf(s.Contender, s.Way)
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
	r.contender, err = k.open(s.opening)
	return err
}

// openers is how many sessions are being opened at once.
const openers = 16

// gather opens sessions, not faster than is allowed.
func (r *clientRole) gather(g gathering) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	list := make([]*counter, g.N)
	for i := range list {
		list[i] = r.tally.session()
	}
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, openers)
	began := time.Now()
	for worker := range errs {
		group.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(g.N) || ctx.Err() != nil {
					return
				}
				time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(g.Rate))))
				if err := r.contender.session(ctx, list[i].deliver); err != nil {
					errs[worker] = fmt.Errorf("session %d of %d: %w", i+1, g.N, err)
					cancel()
					return
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return ctx.Err()
}

func (r *clientRole) shut() error {
	if r.profile != nil {
		pprof.StopCPUProfile()
		if err := r.profile.Close(); err != nil {
			return err
		}
	}
	return r.contender.close()
}
