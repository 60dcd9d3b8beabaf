package events

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/figures"
	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// A Report is what a run has measured.
type Report struct {
	Quick       bool
	Layout      procs.Layout
	Comparisons []Comparison
	Rests       []Rest
	Age, Hold   time.Duration // of sessions that wait, and of their polls
	Notes       []string
}

// A Comparison is what the rounds of one cell have shown, the floor first.
type Comparison struct {
	cell
	Rows   []Row
	Rate   float64 // events a second, if they come by themselves
	Others float64 // part of the machine that others used meanwhile; negative if not known
}

// A Row is one contender in it.
type Row struct {
	kind
	samples []sample // one a round
	Seen    counts   // all that was sent, the warming up included
	Total   total    // and what has come
}

func (r *Row) values(of func(sample) float64) []float64 {
	list := make([]float64, len(r.samples))
	for i, s := range r.samples {
		list[i] = of(s)
	}
	return list
}

func cpu(s sample) float64          { return s.CPU }
func perCPUSecond(s sample) float64 { return float64(time.Second) / s.CPU }
func perSecond(s sample) float64    { return float64(s.Events) / s.Wall.Seconds() }
func allocs(s sample) float64       { return s.Allocs }
func allocated(s sample) float64    { return s.Bytes }
func p50(s sample) float64          { return float64(s.P50) }
func p99(s sample) float64          { return float64(s.P99) }

// ratio is the spread of a figure over the floor's of the same round.
func (c Comparison) ratio(row int, of func(sample) float64) figures.Spread {
	return figures.SpreadOf(figures.Ratios(c.Rows[row].values(of), c.Rows[0].values(of)))
}

func (c Comparison) median(row int, of func(sample) float64) float64 {
	return figures.Quantile(c.Rows[row].values(of), 0.5)
}

func (x Rest) values(row int, of func(weight) float64) []float64 {
	list := make([]float64, len(x.Rows[row].weights))
	for i, w := range x.Rows[row].weights {
		list[i] = of(w)
	}
	return list
}

func inUse(w weight) float64    { return float64(w.Heap + w.Stacks) }
func onHeap(w weight) float64   { return float64(w.Heap) }
func inStacks(w weight) float64 { return float64(w.Stacks) }
func stands(w weight) float64   { return float64(w.Stands) }
func running(w weight) float64  { return float64(w.Goroutines) }

// ratio is the spread of a figure over that of another contender.
func (x Rest) ratio(row, to int, of func(weight) float64) figures.Spread {
	return figures.SpreadOf(figures.Ratios(x.values(row, of), x.values(to, of)))
}

// row finds a contender, or the floor.
func (x Rest) row(name string) int {
	return max(0, slices.IndexFunc(x.Rows, func(r RestRow) bool { return r.Name == name }))
}

func (x Rest) median(row int, of func(weight) float64) float64 {
	return figures.Quantile(x.values(row, of), 0.5)
}

// Write writes the tables as Markdown.
func (r *Report) Write(w io.Writer) {
	b := new(strings.Builder)
	fmt.Fprintf(b, "Processes: %s. An event is an object of %d bytes of JSON.\n", r.Layout, len(template))
	for _, note := range r.Notes {
		fmt.Fprintf(b, "%s\n", note)
	}
	r.bars(b)
	for _, c := range r.Comparisons {
		fmt.Fprintf(b, "\n### %s\n\n", strings.ToUpper(c.String()[:1])+c.String()[1:])
		quietness := "How much others used the machine meanwhile is not known."
		if c.Others >= 0 {
			quietness = fmt.Sprintf("Others used %.1f%% of the machine meanwhile.", 100*c.Others)
		}
		if c.Flowing {
			fmt.Fprintf(b, "%d rounds; %.0f events a second, which is half of what the floor can do. %s\n\n", c.Rounds, c.Rate, quietness)
			c.times(b)
			continue
		}
		fmt.Fprintf(b, "%d rounds; as fast as they are taken. %s\n\n", c.Rounds, quietness)
		c.costs(b)
	}
	if len(r.Rests) > 0 {
		fmt.Fprintf(b, "\n### Sessions that wait, %.0f s after they subscribed\n\nThe server holds a poll for %.0f s.\n\n", r.Age.Seconds(), r.Hold.Seconds())
		r.rests(b)
	}
	_, _ = io.WriteString(w, b.String())
}

func (c Comparison) costs(b *strings.Builder) {
	b.WriteString("| contender | CPU an event | CPU / floor | events a CPU second | / floor | allocations an event | bytes allocated |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	for i, row := range c.Rows {
		fmt.Fprintf(b, "| %s | %.2f µs | %s | %.0f | %s | %.1f | %.0f |\n",
			row.Name, c.median(i, cpu)/1e3, c.against(i, cpu), c.median(i, perCPUSecond), c.against(i, perCPUSecond),
			c.median(i, allocs), c.median(i, allocated))
	}
}

func (c Comparison) times(b *strings.Builder) {
	b.WriteString("| contender | p50 | p50 / floor | p99 | p99 / floor | CPU an event |\n|---|---|---|---|---|---|\n")
	for i, row := range c.Rows {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.2f µs |\n",
			row.Name, duration(c.median(i, p50)), c.against(i, p50), duration(c.median(i, p99)), c.against(i, p99), c.median(i, cpu)/1e3)
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

func (r *Report) rests(b *strings.Builder) {
	const kib, mib = 1 << 10, 1 << 20
	b.WriteString("| sessions | contender | goroutines each | heap each | stacks each | both / floor | resident each | all, resident |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|\n")
	for _, x := range r.Rests {
		n := float64(x.Sessions)
		for i, row := range x.Rows {
			ratio := "1"
			if i > 0 {
				ratio = x.ratio(i, 0, inUse).String()
			}
			fmt.Fprintf(b, "| %s, %s | %s | %.2f | %.1f KiB | %.1f KiB | %s | %.1f KiB | %.0f MiB |\n",
				thousands(x.Sessions), x.Way, row.Name, x.median(i, running)/n, x.median(i, onHeap)/n/kib,
				x.median(i, inStacks)/n/kib, ratio, x.median(i, stands)/n/kib, x.median(i, stands)/mib)
		}
	}
}
