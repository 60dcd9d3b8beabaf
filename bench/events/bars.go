package events

import (
	"fmt"
	"strings"

	"github.com/callcontrol-go/callcontrol/bench/internal/figures"
)

// The bars: what package bayeux may cost.
const (
	mostPollCPU   = 0.60 // of the floor's, 10 events a poll
	mostSocketCPU = 0.75 // of the floor's, one event a frame
	leastYield    = 0.80 // of the floor's events a CPU second, one event a poll, many sessions
	mostP99       = 1.5  // of the floor's, at half of what the floor can do
	mostPollRest  = 1.15 // of the floor's memory
	mostRest      = 1.5  // of the floor's memory, sockets
	mostGoPoll    = 4    // goroutines a session
	mostGoSocket  = 2

	mostNoise   = 0.05 // that the floor may differ from itself by, where CPU or memory is judged
	mostWobble  = 0.20 // the same of its p99
	mostByOther = 0.10 // of the machine
)

// A verdict on one bar.
type verdict uint8

const (
	holds verdict = iota
	fails
	notJudged // there was too much noise for it
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

// A limit is how a figure may stand to the floor's.
type limit struct {
	most  float64
	least float64 // in place of most
}

func (l limit) String() string {
	if l.least > 0 {
		return fmt.Sprintf("at least %.2f of the floor", l.least)
	}
	return fmt.Sprintf("at most %.2f of the floor", l.most)
}

// allows reports whether a ratio keeps the limit. One that is unknown does not.
func (l limit) allows(ratio float64) bool {
	if l.least > 0 {
		return ratio >= l.least
	}
	return ratio <= l.most
}

func judged(what string, s figures.Spread, l limit, why string) Bar {
	b := Bar{What: what, Limit: l.String(), Measured: s.String(), Why: why}
	switch {
	case why != "":
		b.Verdict = notJudged
	case !l.allows(s.Median):
		b.Verdict = fails
	}
	return b
}

// differs tells whether the floor differs from itself by more than allowed.
func differs(control figures.Spread, most float64) (why string) {
	if off := control.Median - 1; off > most || off < -most {
		return fmt.Sprintf("the floor differed from itself by %+.0f%%", 100*off)
	}
	return ""
}

// quiet tells whether a comparison of times meant something, and if not, why.
func (r *Report) quiet(c Comparison, of func(sample) float64, most float64) (why string) {
	switch {
	case r.Quick:
		return "a quick run does not judge times"
	case r.Layout.Problem != "":
		return "client and server were not apart"
	case c.Others > mostByOther:
		return fmt.Sprintf("others used %.0f%% of the machine", 100*c.Others)
	}
	for i, row := range c.Rows {
		if row.Name == controlName {
			return differs(c.ratio(i, of), most)
		}
	}
	return ""
}

// of is what a cell is judged by, if it is.
func (c cell) of() (name string, of func(sample) float64, l limit, noise float64) {
	switch {
	case c.Flowing:
		return "p99", p99, limit{most: mostP99}, mostWobble
	case c.Way == socket:
		return "client CPU an event", cpu, limit{most: mostSocketCPU}, mostNoise
	case c.PerPoll == 10:
		return "client CPU an event", cpu, limit{most: mostPollCPU}, mostNoise
	case c.Sessions > 1:
		return "events a CPU second", perCPUSecond, limit{least: leastYield}, mostNoise
	}
	return "", nil, limit{}, 0
}

// Bars judges what was measured.
func (r *Report) Bars() []Bar {
	var bars []Bar
	for _, c := range r.Comparisons {
		name, of, l, noise := c.of()
		for i, row := range c.Rows {
			if row.ours() && name != "" {
				bars = append(bars, judged(fmt.Sprintf("%s: %s", c, name), c.ratio(i, of), l, r.quiet(c, of, noise)))
			}
		}
	}
	for _, x := range r.Rests {
		for i, row := range x.Rows {
			if row.ours() && !x.Reported {
				bars = append(bars, r.resting(x, i)...)
			}
		}
	}
	return append(bars, r.delivered()...)
}

// resting judges sessions that wait.
func (r *Report) resting(x Rest, i int) []Bar {
	memory, goroutines := limit{most: mostPollRest}, float64(mostGoPoll)
	if x.Way == socket {
		memory, goroutines = limit{most: mostRest}, mostGoSocket
	}
	why := ""
	if r.Quick {
		why = "a quick run does not judge memory"
	}
	for at, row := range x.Rows {
		if row.Name == controlName && why == "" {
			why = differs(x.ratio(at, 0, inUse), mostNoise)
		}
	}
	most := figures.Quantile(x.values(i, running), 1) / float64(x.Sessions)
	what := fmt.Sprintf("%s: %s", x.Rows[i].Name, x)
	count := Bar{What: what + ": goroutines a session", Limit: fmt.Sprintf("at most %.0f", goroutines), Measured: fmt.Sprintf("%.2f", most)}
	if !(most <= goroutines) {
		count.Verdict = fails
	}
	b := judged(what+": memory", x.ratio(i, x.row(x.Rows[i].floor), inUse), memory, why)
	if x.Rows[i].floor == eachFloorName {
		b.Limit += ", of which sessions have a transport each"
	}
	return []Bar{b, count}
}

// delivered judges that all events came once.
func (r *Report) delivered() []Bar {
	var bars []Bar
	for _, w := range []way{polling, socket} {
		sent, refused, got, measured := int64(0), int64(0), total{}, false
		add := func(k kind, seen counts, t total) {
			if k.ours() && k.way == w {
				sent, refused, got, measured = sent+seen.Events, refused+seen.Refused, got.plus(t), true
			}
		}
		for _, c := range r.Comparisons {
			for _, row := range c.Rows {
				add(row.kind, row.Seen, row.Total)
			}
		}
		for _, x := range r.Rests {
			for _, row := range x.Rows {
				add(row.kind, row.Seen, row.Total)
			}
		}
		if !measured {
			continue
		}
		b := Bar{
			What: fmt.Sprintf("%s: lost and repeated of all %d events", w, sent), Limit: "0 and 0",
			Measured: fmt.Sprintf("%d and %d", max(sent-got.Events, got.Lost), got.Repeated),
		}
		if got.Events != sent || got.Lost+got.Repeated+got.Broken+refused > 0 || sent == 0 {
			b.Verdict = fails
		}
		bars = append(bars, b)
	}
	return bars
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
