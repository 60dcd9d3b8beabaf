package request

import (
	"fmt"
	"strings"

	"github.com/callcontrol-go/callcontrol/bench/internal/figures"
)

// The bars: what the drivers of this library may cost.
const (
	mostCPU     = 1.20 // of the floor
	mostP99     = 1.5  // of the floor's, at half of what the floor can do
	mostNoise   = 0.05 // that the floor may differ from itself by, where CPU is judged
	mostWobble  = 0.20 // the same of its p99
	mostByOther = 0.10 // of the machine
)

// A verdict on one bar.
type verdict uint8

const (
	holds verdict = iota
	fails
	notJudged // it is about time, and there was too much noise
)

func (v verdict) String() string {
	return [...]string{"holds", "**FAILS**", "not judged"}[v]
}

// A Bar is one promise about cost, and what became of it.
type Bar struct {
	What, Limit, Measured string
	Verdict               verdict
	Why                   string // it was not judged
}

// quiet tells whether a comparison of times meant something, and if not, why.
func (r *Report) quiet(c Comparison, of func(sample) float64, most float64) (why string) {
	switch {
	case r.Quick:
		return "a quick run does not judge times"
	case r.Layout.Problem != "":
		return "client and server were not apart"
	case r.Others > mostByOther:
		return fmt.Sprintf("others used %.0f%% of the machine", 100*r.Others)
	}
	for i, row := range c.Rows {
		if off := c.ratio(i, of).Median - 1; row.Name == controlName && (off > most || off < -most) {
			return fmt.Sprintf("the floor differed from itself by %+.0f%%", 100*off)
		}
	}
	return ""
}

func (r *Report) quietness() string {
	if r.Others < 0 {
		return "How much others used the machine meanwhile is not known."
	}
	return fmt.Sprintf("Others used %.1f%% of the machine meanwhile.", 100*r.Others)
}

// Bars judges what was measured.
func (r *Report) Bars() []Bar {
	var bars []Bar
	for _, c := range r.Comparisons {
		for i, row := range c.Rows {
			if row.Errors == 0 && row.Seen.Commands*row.requests != row.Seen.Requests || row.Seen.Commands != row.Calls && row.ours() {
				bars = append(bars, Bar{What: fmt.Sprintf("%s: requests of a call (%s)", row.Name, c), Limit: fmt.Sprint(row.requests),
					Measured: fmt.Sprintf("%d commands and %d requests for %d calls", row.Seen.Commands, row.Seen.Requests, row.Calls), Verdict: fails})
			}
			if !row.ours() {
				continue
			}
			name, of, limit, noise := "client CPU", cpu, mostCPU, mostNoise
			if c.Flowing {
				name, of, limit, noise = "p99", p99, mostP99, mostWobble
			}
			bars = append(bars, judged(fmt.Sprintf("%s: %s, %s, %d concurrent, %s", row.Name, name, c.Exchange, c.Workers, c.Line),
				c.ratio(i, of), limit, r.quiet(c, of, noise)))
		}
	}
	left := map[string]int64{}
	var names []string
	for _, c := range r.Connections {
		if !c.ours() {
			continue
		}
		if _, known := left[c.Name]; !known {
			names = append(names, c.Name)
		}
		left[c.Name] += int64(c.Goroutines) + c.Open
		if !c.Cold {
			bars = append(bars, exactly(fmt.Sprintf("%s: connections for %d calls, %s", c.Name, r.Counted, c.count), concurrency, c.Opened))
		}
	}
	for _, name := range names {
		bars = append(bars, exactly(name+": goroutines and connections left after Close, in all of these", 0, left[name]))
	}
	return bars
}

func judged(what string, s figures.Spread, limit float64, why string) Bar {
	b := Bar{What: what, Limit: fmt.Sprintf("at most %.2f of the floor", limit), Measured: s.String(), Why: why}
	switch {
	case why != "":
		b.Verdict = notJudged
	case !(s.Median <= limit):
		b.Verdict = fails
	}
	return b
}

func exactly(what string, want, got int64) Bar {
	b := Bar{What: what, Limit: fmt.Sprint(want), Measured: fmt.Sprint(got)}
	if got != want {
		b.Verdict = fails
	}
	return b
}

// Failed reports whether a bar does not hold.
func (r *Report) Failed() bool {
	for _, b := range r.Bars() {
		if b.Verdict == fails {
			return true
		}
	}
	return false
}

func (r *Report) bars(b *strings.Builder) {
	b.WriteString("\n| bar | limit | measured | |\n|---|---|---|---|\n")
	for _, bar := range r.Bars() {
		verdict := bar.Verdict.String()
		if bar.Why != "" {
			verdict += ": " + bar.Why
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", bar.What, bar.Limit, bar.Measured, verdict)
	}
}
