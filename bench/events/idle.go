package events

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// A Rest is what sessions of one kind hold that wait.
type Rest struct {
	rest
	Rows []RestRow // the floor first
}

// A RestRow is one contender in it.
type RestRow struct {
	kind
	weights []weight // of all sessions, one a round
	Seen    counts   // of all rounds
	Total   total    // likewise
}

// A trial is one process of sessions that wait.
type trial struct {
	at, row int // in the list of rests
	client  *client
	weight  weight
	seen    counts
	total   total
	err     error
}

// rest has all processes of all rounds wait at the same time: what they hold does not depend on
// what others do meanwhile.
func (r *run) rest(list []rest, p plan) (result []Rest, notes []string, err error) {
	rate := p.rate
	for _, x := range list {
		var note string
		if rate, note, err = pace(x.Sessions, rate, int(files(1<<20))); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", x, err)
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	var trials []*trial
	var servers []*procs.Process
	defer func() {
		for _, t := range trials {
			if t.client != nil {
				err = errors.Join(err, t.client.proc.Close())
			}
		}
		for _, server := range servers {
			err = errors.Join(err, server.Close())
		}
	}()
	for at, x := range list {
		one := Rest{rest: x}
		for _, name := range x.Names {
			k, err := kindOf(name, x.Way)
			if err != nil {
				return nil, nil, err
			}
			one.Rows = append(one.Rows, RestRow{kind: k})
		}
		result = append(result, one)
		for range x.Rounds {
			for row := range one.Rows {
				// A server of its own: it needs as many files as its client.
				server, err := procs.Start(ServerRole, r.Layout.Server, nil, r.Log)
				if err != nil {
					return nil, nil, err
				}
				servers = append(servers, server)
				t := &trial{at: at, row: row}
				trials = append(trials, t)
				if t.client, err = r.begin(one.Rows[row].kind, server, place{Hold: p.hold}, true); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	var group sync.WaitGroup
	for _, t := range trials {
		group.Go(func() { t.run(list[t.at].Sessions, rate, p.age) })
	}
	group.Wait()
	for _, t := range trials {
		if t.err != nil {
			return nil, nil, fmt.Errorf("%s: %s: %w", list[t.at], t.client.kind.Name, t.err)
		}
		row := &result[t.at].Rows[t.row]
		row.weights = append(row.weights, t.weight)
		row.Seen = row.Seen.plus(t.seen)
		row.Total = row.Total.plus(t.total)
	}
	return result, notes, nil
}

// pace is how many sessions may be opened a second, if a process may have so many files: a session has
// two connections until the one for commands has not been used for some time.
func pace(sessions, rate, allowed int) (slower int, note string, err error) {
	const besides, least = 200, 20
	most := (allowed - besides - sessions) / int(idle/time.Second+3)
	switch {
	case most >= rate:
		return rate, "", nil
	case most < least:
		return 0, "", fmt.Errorf("the system allows no more than %d open files a process", allowed)
	}
	return most, fmt.Sprintf("The system allows no more than %d open files a process, so that only %d sessions are opened a second.", allowed, most), nil
}

// run opens sessions, lets them wait, and weighs them. Then each gets an event, to see that they live.
func (t *trial) run(sessions, rate int, age time.Duration) {
	var base weight
	ask := func(a clientAsk, value any) {
		if t.err == nil {
			t.err = t.client.proc.Ask(a, value)
		}
	}
	ask(clientAsk{Weigh: true}, &base)
	ask(clientAsk{Sessions: &gathering{N: sessions, Rate: rate}}, nil)
	if t.err != nil {
		return
	}
	time.Sleep(age)
	ask(clientAsk{Weigh: true}, &t.weight)
	t.weight = t.weight.minus(base)
	var s sample
	ask(clientAsk{Begin: &expectation{Events: int64(sessions)}}, nil)
	if t.err == nil {
		t.err = t.client.server.Ask(serverAsk{URL: t.client.url, Flow: &flow{Events: int64(sessions), PerPoll: 1}}, &t.seen)
	}
	ask(clientAsk{End: true}, &s)
	ask(clientAsk{Total: true}, &t.total)
}

func (c counts) plus(o counts) counts {
	return counts{
		Accepted: c.Accepted + o.Accepted, Open: c.Open + o.Open, Sessions: c.Sessions + o.Sessions,
		Connects: c.Connects + o.Connects, Events: c.Events + o.Events, Refused: c.Refused + o.Refused,
	}
}

func (t total) plus(o total) total {
	return total{Events: t.Events + o.Events, Lost: t.Lost + o.Lost, Repeated: t.Repeated + o.Repeated, Broken: t.Broken + o.Broken}
}
