package request

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/figures"
	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// A Report is what a run has measured.
type Report struct {
	Quick       bool
	Partial     bool // not all of the plan
	Layout      procs.Layout
	Others      float64 // part of the machine that others used meanwhile; negative if not known
	Counted     int     // calls of which the connections were counted
	Comparisons []Comparison
	Connections []Connection
}

// A Comparison is what the rounds of one cell have shown, the floor first.
type Comparison struct {
	cell
	Rows []Row
}

// A Row is one contender in it.
type Row struct {
	kind
	samples []sample // one a round; zero where it took no part
	Calls   int64    // all of them, the warming up included
	Errors  int64
	Seen    counts
}

func (r *Row) note(s sample) {
	r.Calls += s.Calls
	r.Errors += s.Errors
}

func (r *Row) values(of func(sample) float64) []float64 { return r.among(r, of) }

// among are the figures of the rounds in which another contender took part.
func (r *Row) among(other *Row, of func(sample) float64) []float64 {
	list := make([]float64, 0, len(r.samples))
	for i, s := range r.samples {
		if i < len(other.samples) && other.samples[i] != (sample{}) {
			list = append(list, of(s))
		}
	}
	return list
}

func cpu(s sample) float64    { return s.CPU }
func allocs(s sample) float64 { return s.Allocs }
func p50(s sample) float64    { return float64(s.P50) }
func p99(s sample) float64    { return float64(s.P99) }

// ratio is the spread of a figure over the floor's of the same round.
func (c Comparison) ratio(row int, of func(sample) float64) figures.Spread {
	r := &c.Rows[row]
	return figures.SpreadOf(figures.Ratios(r.values(of), c.Rows[0].among(r, of)))
}

func (c Comparison) median(row int, of func(sample) float64) float64 {
	return figures.Quantile(c.Rows[row].values(of), 0.5)
}

// A Connection is what one contender has opened and left.
type Connection struct {
	count
	kind
	Opened, Open int64
	Goroutines   int // left after it was closed
	Errors       int64
}

// Write writes the tables as Markdown.
func (r *Report) Write(w io.Writer) {
	b := new(strings.Builder)
	fmt.Fprintf(b, "Processes: %s. %s\n", r.Layout, r.quietness())
	r.bars(b)
	group := ""
	for _, c := range r.Comparisons {
		how := "each worker begins a call when its last one has ended"
		if c.Flowing {
			how = "calls arrive by themselves, at random moments, at half of what the floor can do"
		}
		if title := fmt.Sprintf("%s: %s", c.Line, c.Exchange); title != group {
			group = title
			fmt.Fprintf(b, "\n### %s\n", title)
		}
		rounds := fmt.Sprintf("%d rounds", c.Rounds)
		if c.Seldom > 0 {
			rounds += fmt.Sprintf(", of which those that no bar is about took part in %d", (c.Rounds+c.Seldom-1)/c.Seldom)
		}
		fmt.Fprintf(b, "\n%d concurrent, %s; %s.\n\n", c.Workers, rounds, how)
		c.table(b)
	}
	if len(r.Connections) > 0 {
		fmt.Fprintf(b, "\n### Connections for %d calls at %d concurrent\n\n", r.Counted, concurrency)
		r.connections(b)
	}
	_, _ = io.WriteString(w, b.String())
}

func (c Comparison) table(b *strings.Builder) {
	b.WriteString("| contender | CPU a call | CPU / floor | allocations | p50 | p50 / floor | p99 | p99 / floor | connections / calls |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for i, row := range c.Rows {
		fmt.Fprintf(b, "| %s | %.1f µs | %s | %.0f | %s | %s | %s | %s | %d / %d |\n",
			row.Name, c.median(i, cpu)/1e3, c.against(i, cpu), c.median(i, allocs),
			duration(c.median(i, p50)), c.against(i, p50), duration(c.median(i, p99)), c.against(i, p99),
			row.Seen.Accepted, row.Calls)
		if row.Errors > 0 {
			fmt.Fprintf(b, "| %s | %d of its calls failed | | | | | | | |\n", row.Name, row.Errors)
		}
	}
}

// against is the ratio for a table; the floor's own is 1 and has no spread.
func (c Comparison) against(row int, of func(sample) float64) string {
	if row == 0 {
		return "1"
	}
	return c.ratio(row, of).String()
}

func duration(ns float64) string {
	switch d := time.Duration(ns); {
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", ns/1e6)
	case d >= time.Millisecond:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	}
	return fmt.Sprintf("%.0f µs", ns/1e3)
}

func (r *Report) connections(b *strings.Builder) {
	var columns []count
	var names []string
	cells := map[string]map[count]Connection{}
	for _, c := range r.Connections {
		if cells[c.Name] == nil {
			cells[c.Name] = map[count]Connection{}
			names = append(names, c.Name)
		}
		if len(columns) == 0 || columns[len(columns)-1] != c.count {
			columns = append(columns, c.count)
		}
		cells[c.Name][c.count] = c
	}
	b.WriteString("| contender |")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c)
	}
	b.WriteString(" left after Close |\n|---|" + strings.Repeat("---|", len(columns)+1) + "\n")
	for _, name := range names {
		fmt.Fprintf(b, "| %s |", name)
		goroutines, open, closes := 0, int64(0), true
		for _, column := range columns {
			c := cells[name][column]
			goroutines, open, closes = max(goroutines, c.Goroutines), max(open, c.Open), c.closes
			note := ""
			if c.Errors > 0 {
				note = fmt.Sprintf(" (%d calls failed)", c.Errors)
			}
			fmt.Fprintf(b, " %d%s |", c.Opened, note)
		}
		what := fmt.Sprintf("%d goroutines, %d connections", goroutines, open)
		if !closes {
			what = "it has none: " + what
		}
		fmt.Fprintf(b, " %s |\n", what)
	}
}
