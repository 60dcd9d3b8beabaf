// Package request measures the request path: what a command costs through the drivers of this library
// beside net/http alone, go-retryablehttp, and the client libraries of two vendors.
//
// Every contender runs in a process of its own, on one CPU, against a server on another one. A round is
// one slice of each of them, one after the other; what is told are medians, over the rounds, of the ratio
// to the floor's slice of the same round, so that what disturbs a round disturbs both sides of a ratio.
package request

import (
	"fmt"
	"io"
	"math"
	"os"
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
	dir    string
	server *procs.Process
	env    []string
	rate   map[exchange]float64 // calls a second of the floor, at 64 concurrent
}

// Run measures everything and reports it. It needs some minutes, or about one if it is quick.
func Run(o Options) (report *Report, err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := &run{Options: o, dir: dir, rate: make(map[exchange]float64)}
	if err := certify(r.certificate(), r.key()); err != nil {
		return nil, err
	}
	// Contenders check the server's certificate as they would the vendor's.
	r.env = []string{"SSL_CERT_FILE=" + r.certificate(), "SSL_CERT_DIR=" + dir}
	if r.server, err = procs.Start(ServerRole, o.Layout.Server, nil, o.Log); err != nil {
		return nil, err
	}
	quiet := procs.Watch()
	defer func() {
		if closing := r.server.Close(); err == nil {
			err = closing
		}
		if report != nil { // what a process has used is known when it has ended
			report.Others = quiet.Others()
		}
	}()

	p := full()
	if o.Quick {
		p = quick()
	}
	report = &Report{Quick: o.Quick, Layout: o.Layout, Counted: p.counted, Partial: o.Only != ""}
	for i, c := range p.cells {
		if !strings.Contains(c.String(), o.Only) {
			continue
		}
		fmt.Fprintf(o.Log, "%2d of %d: %s\n", i+1, len(p.cells)+len(p.counts), c)
		result, err := r.compare(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c, err)
		}
		report.Comparisons = append(report.Comparisons, result)
	}
	for i, c := range p.counts {
		if name := "connections: " + c.String(); strings.Contains(name, o.Only) {
			fmt.Fprintf(o.Log, "%2d of %d: %s\n", len(p.cells)+i+1, len(p.cells)+len(p.counts), name)
			for _, name := range p.counting {
				result, err := r.count(name, c, p.counted)
				if err != nil {
					return nil, fmt.Errorf("%s: %s: %w", c, name, err)
				}
				report.Connections = append(report.Connections, result)
			}
		}
	}
	return report, nil
}

func (r *run) certificate() string { return filepath.Join(r.dir, "certificate.pem") }
func (r *run) key() string         { return filepath.Join(r.dir, "key.pem") }

// A client is a contender's process, and the place at the server that is its alone.
type client struct {
	kind kind
	proc *procs.Process
	url  string
	run  *run
}

// begin starts a contender.
func (r *run) begin(k kind, e exchange, p place, fast bool) (*client, error) {
	c := &client{kind: k, run: r}
	p.Certificate, p.Key = r.certificate(), r.key()
	err := r.server.Ask(serverAsk{Open: &p}, &c.url)
	if err != nil {
		return nil, err
	}
	// go-retryablehttp writes two lines a call to its standard error, which is read by nobody.
	if c.proc, err = procs.Start(ClientRole, r.Layout.Client, r.env, nil); err != nil {
		return nil, err
	}
	s := start{Contender: k.Name, Exchange: e, opening: opening{URL: c.url, Fast: fast}}
	if r.Profile != "" {
		name := strings.NewReplacer(" ", "-", ",", "", "/", "-").Replace(fmt.Sprintf("%s_%s_%v", k.Name, e, p.TLS))
		s.Profile = filepath.Join(r.Profile, name+"_"+strconv.FormatInt(time.Now().UnixNano(), 36)+".pprof")
	}
	if err := c.proc.Ask(clientAsk{Open: &s}, nil); err != nil {
		_, _ = c.proc.Close(), r.server.Ask(serverAsk{Close: &c.url}, nil)
		return nil, err
	}
	return c, nil
}

// end closes the contender and tells what is left of it, then ends its process.
func (c *client) end() (goroutines int, seen counts, err error) {
	var l left
	err = c.proc.Ask(clientAsk{Shut: true}, &l)
	for range 200 { // until the server has noticed
		if err == nil {
			err = c.run.server.Ask(serverAsk{Count: &c.url}, &seen)
		}
		if err != nil || seen.Open == 0 || !c.kind.closes {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if closing := c.proc.Close(); err == nil {
		err = closing
	}
	if closing := c.run.server.Ask(serverAsk{Close: &c.url}, nil); err == nil {
		err = closing
	}
	return l.Goroutines, seen, err
}

func (c *client) counts() (seen counts, err error) {
	return seen, c.run.server.Ask(serverAsk{Count: &c.url}, &seen)
}

// compare runs the rounds of a cell.
func (r *run) compare(c cell) (result Comparison, err error) {
	result = Comparison{cell: c}
	var clients []*client
	defer func() {
		for _, cl := range clients {
			if _, _, closing := cl.end(); err == nil {
				err = closing
			}
		}
	}()
	for _, k := range kinds {
		if !has(k.exchanges, c.Exchange) {
			continue
		}
		cl, err := r.begin(k, c.Exchange, c.Line.place(), false)
		if err != nil {
			return result, fmt.Errorf("%s: %w", k.Name, err)
		}
		clients = append(clients, cl)
		result.Rows = append(result.Rows, Row{kind: k})
	}
	warm := cell{Workers: c.Workers, Calls: 20_000, Limit: max(c.Limit, 50*time.Millisecond)}
	for i, cl := range clients {
		s, err := r.slice(cl, warm, 0)
		if err != nil {
			return result, err
		}
		result.Rows[i].note(s)
	}
	for round := range c.Rounds {
		for i := range clients {
			at := (i + round) % len(clients) // nobody is always first
			if c.rests(clients[at].kind, round) {
				result.Rows[at].samples = append(result.Rows[at].samples, sample{})
				continue
			}
			s, err := r.slice(clients[at], c, round)
			if err != nil {
				return result, err
			}
			result.Rows[at].note(s)
			result.Rows[at].samples = append(result.Rows[at].samples, s)
		}
	}
	for i, cl := range clients {
		if result.Rows[i].Seen, err = cl.counts(); err != nil {
			return result, err
		}
	}
	if c.Line == plain && c.Workers == concurrency && !c.Flowing {
		r.rate[c.Exchange] = figures.Quantile(result.Rows[0].values(func(s sample) float64 { return float64(s.Calls) / s.Wall.Seconds() }), 0.5)
	}
	return result, nil
}

func has(list []exchange, e exchange) bool {
	for _, x := range list {
		if x == e {
			return true
		}
	}
	return false
}

// slice has one contender work.
func (r *run) slice(cl *client, c cell, round int) (s sample, err error) {
	ask := clientAsk{Closed: &load{Workers: c.Workers, Calls: c.Calls, Limit: c.Limit}}
	if c.Flowing {
		rate := r.rate[c.Exchange] / 2
		if !(rate > 0) || math.IsInf(rate, 0) {
			return s, fmt.Errorf("what the floor can do has not been measured before")
		}
		ask = clientAsk{Stream: &stream{Workers: c.Workers, Calls: c.Calls, Rate: rate, Seed: uint64(round) + 1}}
	}
	if err := cl.proc.Ask(ask, &s); err != nil {
		return s, fmt.Errorf("%s: %w", cl.kind.Name, err)
	}
	if s.Errors > 0 && cl.kind.ours() {
		return s, fmt.Errorf("%s: %d of %d calls failed, the first: %s", cl.kind.Name, s.Errors, s.Calls, s.FirstError)
	}
	return s, nil
}

// count makes that many calls from a cold start, and counts the connections.
func (r *run) count(name string, c count, calls int) (result Connection, err error) {
	k, err := kindOf(name)
	if err != nil {
		return result, err
	}
	cl, err := r.begin(k, withJSON, c.place(), c.Failing)
	if err != nil {
		return result, err
	}
	l := load{Workers: concurrency, Calls: calls, Failing: c.Failing}
	if c.Failing {
		l.Workers-- // the one that fails is one of them
	}
	var s sample
	err = cl.proc.Ask(clientAsk{Closed: &l}, &s)
	goroutines, seen, ending := cl.end()
	if err == nil {
		err = ending
	}
	if err == nil && s.Errors > 0 && k.ours() {
		err = fmt.Errorf("%d of %d calls failed, the first: %s", s.Errors, s.Calls, s.FirstError)
	}
	return Connection{count: c, kind: k, Opened: seen.Accepted, Open: seen.Open, Goroutines: goroutines, Errors: s.Errors}, err
}
