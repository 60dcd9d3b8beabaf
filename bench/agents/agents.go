package agents

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// Options are how to measure.
type Options struct {
	Quick  bool
	Log    io.Writer
	Layout procs.Layout
}

// A Step is one rate of changes on the bridge.
type Step struct {
	Rate      int
	Made      float64 // changes a second that were really made
	Caught    time.Duration
	Wrong     int // agents whose story was not the truth when patience ended
	Usage     usage
	Changes   int
	Sustained bool
}

// A Report is what was measured.
type Report struct {
	Agents  int
	Layout  procs.Layout
	Others  float64
	Weight  weight
	Opening time.Duration
	Steps   []Step
}

const (
	patience = 15 * time.Second // for the stories to be what the bridge is
	soon     = time.Second      // within which they have to be where a rate is called sustained
)

// Run serves the agents and has ever more change until it is too much.
func Run(o Options) (report *Report, err error) {
	agents, seconds, rates := 1000, 10, []int{100, 500, 1000, 2000, 4000, 6000, 8000, 12_000, 16_000, 24_000}
	if o.Quick {
		agents, seconds, rates = 50, 2, []int{100}
	}
	report = &Report{Agents: agents, Layout: o.Layout}
	quiet := procs.Watch()
	defer func() { report.Others = quiet.Others() }() // when the processes have ended
	server, err := procs.Start(ServerRole, o.Layout.Server, nil, o.Log)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	client, err := procs.Start(ClientRole, o.Layout.Client, nil, o.Log)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	var url string
	if err := server.Ask(serverAsk{Open: agents}, &url); err != nil {
		return report, err
	}
	began := time.Now()
	if err := client.Ask(clientAsk{Open: &gathering{URL: url, Agents: agents}}, &report.Weight); err != nil {
		return report, err
	}
	report.Opening = time.Since(began)
	for i, rate := range rates {
		fmt.Fprintf(o.Log, "%d of at most %d: %d changes a second\n", i+1, len(rates), rate)
		step, err := measure(server, client, pace{Rate: rate, Seconds: seconds, Seed: uint64(i)})
		if err != nil {
			return report, err
		}
		report.Steps = append(report.Steps, step)
		if !step.Sustained {
			break
		}
	}
	return report, client.Ask(clientAsk{Shut: true}, nil)
}

// measure makes changes at one rate, and waits until every story tells the truth.
func measure(server, client *procs.Process, p pace) (s Step, err error) {
	s.Rate = p.Rate
	if err := client.Ask(clientAsk{Begin: true}, nil); err != nil {
		return s, err
	}
	var made spell
	if err := server.Ask(serverAsk{Change: &p}, &made); err != nil {
		return s, err
	}
	s.Changes, s.Made = made.Changes, float64(made.Changes)/made.Seconds
	ended := time.Now()
	var truth, stories []string
	if err := server.Ask(serverAsk{Truth: true}, &truth); err != nil {
		return s, err
	}
	for {
		if err := client.Ask(clientAsk{Stories: true}, &stories); err != nil {
			return s, err
		}
		s.Wrong = 0
		for n := range truth {
			if stories[n] != truth[n] {
				s.Wrong++
			}
		}
		if s.Caught = time.Since(ended); s.Wrong == 0 || s.Caught > patience {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	err = client.Ask(clientAsk{Used: true}, &s.Usage)
	s.Sustained = s.Wrong == 0 && s.Caught <= soon && s.Made >= 0.97*float64(p.Rate) && s.Usage.Gaps == 0 && s.Usage.Stale == 0
	return s, err
}
