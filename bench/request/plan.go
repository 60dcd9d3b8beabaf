package request

import (
	"fmt"
	"time"
)

// A line is what lies between client and server.
type line string

const (
	plain line = "plain HTTP/1.1, answered at once"
	slow  line = "TLS, HTTP/1.1, answered after 20 ms"
)

func (l line) place() place {
	if l == slow {
		return place{TLS: true, Delay: 20 * time.Millisecond}
	}
	return place{Awake: true}
}

// A cell is one comparison: rounds of slices, one slice of each contender a round.
type cell struct {
	Line     line
	Exchange exchange
	Workers  int
	Rounds   int
	Seldom   int           // those that no bar is about take part in one round of so many; 0: in each
	Calls    int           // of a slice, at most
	Limit    time.Duration // of a slice
	Flowing  bool          // calls arrive by themselves, at half of what the floor could do
}

func (c cell) String() string {
	how := "one after the other"
	if c.Flowing {
		how = "as they come"
	}
	return fmt.Sprintf("%s, %s, %d concurrent, %s", c.Line, c.Exchange, c.Workers, how)
}

// rests tells whether a contender takes no part in a round.
func (c cell) rests(k kind, round int) bool {
	return c.Seldom > 0 && round%c.Seldom != 0 && !k.ours() && k.Name != floorName && k.Name != controlName
}

// A plan is what a run measures.
type plan struct {
	cells    []cell
	counted  int      // calls of which the connections are counted
	counts   []count  // how
	counting []string // by whom
}

// A count is a way to count connections.
type count struct {
	Line    line
	Failing bool // one of the workers always fails
	Cold    bool // and the first calls are not held until all have come
}

func (c count) String() string {
	switch {
	case c.Failing:
		return string(c.Line) + ", one worker always failing"
	case c.Cold:
		return string(c.Line) + ", first calls not held"
	}
	return string(c.Line)
}

// place is one where the first calls of all workers meet. A request that waits for a connection of its
// own takes one that becomes free meanwhile, and then net/http has one more than there are workers; so
// in the first milliseconds the number of connections is a matter of luck, for the floor as well.
func (c count) place() place {
	p := c.Line.place()
	if !c.Cold {
		p.Together = concurrency
	}
	return p
}

const concurrency = 64 // of everything that is counted

var allCounts = []count{{Line: plain}, {Line: plain, Failing: true}, {Line: slow}, {Line: plain, Cold: true}}

// full is what docs/benchmarks.md shows.
func full() plan {
	p := plan{counted: 10_000, counts: allCounts}
	for _, k := range kinds {
		if k.Name != controlName {
			p.counting = append(p.counting, k.Name)
		}
	}
	for _, e := range both {
		for _, workers := range []int{1, 8, concurrency} {
			p.cells = append(p.cells, cell{Line: plain, Exchange: e, Workers: workers, Rounds: 200, Seldom: 10, Calls: 20_000, Limit: 100 * time.Millisecond})
		}
		p.cells = append(p.cells, cell{Line: plain, Exchange: e, Workers: concurrency, Rounds: 15, Calls: 4_000, Flowing: true})
	}
	for _, c := range []cell{
		{Workers: 1, Limit: 450 * time.Millisecond, Rounds: 45, Seldom: 5}, // which is 20 calls
		{Workers: 8, Limit: 250 * time.Millisecond, Rounds: 240, Seldom: 24},
		{Workers: concurrency, Limit: 250 * time.Millisecond, Rounds: 240, Seldom: 24},
	} {
		c.Line, c.Exchange, c.Calls = slow, withJSON, 20_000
		p.cells = append(p.cells, c)
	}
	return p
}

// quick is enough to see whether what is counted holds, and to have an idea of the rest.
func quick() plan {
	p := plan{counted: 10_000, counts: allCounts, counting: []string{floorName}}
	for _, k := range kinds {
		if k.requests == 1 && k.ours() {
			p.counting = append(p.counting, k.Name)
		}
	}
	for _, workers := range []int{1, 8, concurrency} {
		p.cells = append(p.cells, cell{Line: plain, Exchange: withJSON, Workers: workers, Rounds: 5, Calls: 20_000, Limit: 40 * time.Millisecond})
	}
	p.cells = append(p.cells,
		cell{Line: plain, Exchange: without, Workers: concurrency, Rounds: 5, Calls: 20_000, Limit: 40 * time.Millisecond},
		cell{Line: plain, Exchange: withJSON, Workers: concurrency, Rounds: 5, Calls: 1_000, Flowing: true},
		cell{Line: slow, Exchange: withJSON, Workers: concurrency, Rounds: 3, Calls: 20_000, Limit: 100 * time.Millisecond})
	return p
}
