// Package events measures the event path: what package bayeux costs beside net/http, or
// gorilla/websocket, with encoding/json.
//
// Every contender runs in a process of its own, on one CPU, against a server on another one. A round is
// one slice of each of them, one after the other; what is told are medians, over the rounds, of the ratio
// to the floor's slice of the same round, so that what disturbs a round disturbs both sides of a ratio.
package events

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/figures"
	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// Options of a run.
type Options struct {
	Quick   bool
	Only    string    // cells with this in their names; empty: all
	Profile string    // a folder for CPU profiles; empty: none
	Log     io.Writer // how far the run is
	Layout  procs.Layout
}

// A run is under way.
type run struct {
	Options
	rate map[cell]float64 // events a second of the floor, by the cell without what differs
}

// Run measures everything and reports it. It needs some minutes, or half a one if it is quick.
func Run(o Options) (*Report, error) {
	r := &run{Options: o, rate: make(map[cell]float64)}
	p := full()
	if o.Quick {
		p = quick()
	}
	report := &Report{Quick: o.Quick, Layout: o.Layout, Age: p.age, Hold: p.hold}
	for i, c := range p.cells {
		if !strings.Contains(c.String(), o.Only) {
			continue
		}
		fmt.Fprintf(o.Log, "%d of %d: %s\n", i+1, len(p.cells)+1, c)
		result, err := r.compare(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c, err)
		}
		report.Comparisons = append(report.Comparisons, result)
	}
	var rests []rest
	for _, x := range p.rests {
		if strings.Contains(x.String(), o.Only) {
			rests = append(rests, x)
		}
	}
	if len(rests) > 0 {
		fmt.Fprintf(o.Log, "%d of %d: sessions that wait, for %v\n", len(p.cells)+1, len(p.cells)+1, p.age)
		var err error
		if report.Rests, report.Notes, err = r.rest(rests, p); err != nil {
			return nil, fmt.Errorf("idle: %w", err)
		}
	}
	return report, nil
}

// A client is a contender's process, and the place at the server that is its alone.
type client struct {
	kind   kind
	proc   *procs.Process
	server *procs.Process
	url    string
}

// begin starts a contender.
func (r *run) begin(k kind, server *procs.Process, p place, small bool) (*client, error) {
	c := &client{kind: k, server: server}
	err := server.Ask(serverAsk{Open: &p}, &c.url)
	if err != nil {
		return nil, err
	}
	if c.proc, err = procs.Start(ClientRole, r.Layout.Client, nil, r.Log); err != nil {
		return nil, err
	}
	s := start{Contender: k.Name, Way: k.way, opening: opening{URL: c.url, Small: small}}
	if r.Profile != "" {
		name := strings.NewReplacer(" ", "-", ",", "", "/", "-").Replace(fmt.Sprintf("%s_%s", k.Name, k.way))
		s.Profile = filepath.Join(r.Profile, name+"_"+strconv.FormatInt(time.Now().UnixNano(), 36)+".pprof")
	}
	if err := c.proc.Ask(clientAsk{Open: &s}, nil); err != nil {
		return nil, errors.Join(err, c.proc.Close())
	}
	return c, nil
}

// compare runs the rounds of a cell.
func (r *run) compare(c cell) (result Comparison, err error) {
	result = Comparison{cell: c}
	quiet := procs.Watch()
	clients, err := r.rounds(c, &result)
	for _, cl := range clients {
		if r.Profile != "" {
			err = errors.Join(err, cl.proc.Ask(clientAsk{Shut: true}, nil))
		}
		err = errors.Join(err, cl.proc.Close())
	}
	result.Others = quiet.Others()
	return result, err
}

// rounds starts a server of its own and the contenders, and lets them work. The contenders are left to the
// caller.
func (r *run) rounds(c cell, result *Comparison) (clients []*client, err error) {
	server, err := procs.Start(ServerRole, r.Layout.Server, nil, r.Log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	for _, k := range kinds {
		if k.way != c.Way || k.rests {
			continue
		}
		cl, err := r.begin(k, server, place{Awake: true}, false)
		if err != nil {
			return clients, fmt.Errorf("%s: %w", k.Name, err)
		}
		clients = append(clients, cl)
		result.Rows = append(result.Rows, Row{kind: k})
		if err := cl.proc.Ask(clientAsk{Sessions: &gathering{N: c.Sessions, Rate: 1 << 20}}, nil); err != nil {
			return clients, fmt.Errorf("%s: %w", k.Name, err)
		}
	}

	// The floor's second slice, when all is warm, tells how long the others have to be.
	f := flow{Events: int64(max(2000, 20*c.PerPoll, 4*c.Sessions)), PerPoll: c.PerPoll}
	var rate float64
	for range 2 {
		for i, cl := range clients {
			s, err := cl.slice(f, false)
			if err != nil {
				return clients, err
			}
			if i == 0 {
				rate = float64(s.Events) / s.Wall.Seconds()
			}
		}
	}
	if c.Flowing {
		rate = r.rate[c.capacity()] / 2
		if !(rate > 0) {
			return clients, errors.New("what the floor can do has not been measured before")
		}
		f.Rate, result.Rate = rate, rate
	}
	f.Events = max(int64(rate*c.Slice.Seconds()), int64(c.PerPoll))
	for round := range c.Rounds {
		f.Seed = uint64(round) + 1
		for i := range clients {
			at := (i + round) % len(clients) // nobody is always first
			s, err := clients[at].slice(f, c.Flowing)
			if err != nil {
				return clients, err
			}
			result.Rows[at].samples = append(result.Rows[at].samples, s)
		}
	}
	for i, cl := range clients {
		if err := cl.proc.Ask(clientAsk{Total: true}, &result.Rows[i].Total); err != nil {
			return clients, err
		}
		if err := server.Ask(serverAsk{URL: cl.url}, &result.Rows[i].Seen); err != nil {
			return clients, err
		}
	}
	if !c.Flowing {
		r.rate[c.capacity()] = figures.Quantile(result.Rows[0].values(perSecond), 0.5)
	}
	return clients, nil
}

// capacity is what cells have in common of which the floor can do the same.
func (c cell) capacity() cell { return cell{Way: c.Way, Sessions: c.Sessions, PerPoll: c.PerPoll} }

// slice has one contender work.
func (cl *client) slice(f flow, timed bool) (s sample, err error) {
	if err := cl.proc.Ask(clientAsk{Begin: &expectation{Events: f.Events, Timed: timed}}, nil); err != nil {
		return s, err
	}
	if err := cl.server.Ask(serverAsk{URL: cl.url, Flow: &f}, nil); err != nil {
		return s, fmt.Errorf("%s: %w", cl.kind.Name, err)
	}
	if err := cl.proc.Ask(clientAsk{End: true}, &s); err != nil {
		return s, err
	}
	return s, nil
}
