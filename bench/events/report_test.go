package events

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// made is a report in which everything holds, barely, of the floor, the floor again, and ours.
func made(t *testing.T) *Report {
	t.Helper()
	r := &Report{Age: time.Minute, Hold: 25 * time.Second}
	compare := func(c cell, ours sample) {
		c.Rounds = 3
		result := Comparison{cell: c}
		for _, k := range kinds {
			if k.way != c.Way || k.rests {
				continue
			}
			s := sample{Events: 10, Wall: time.Second, CPU: 1000, P50: 50, P99: 100}
			switch k.Name {
			case controlName:
				s.CPU, s.P99 = 1010, 101
			case oursName:
				s.CPU, s.P50, s.P99 = ours.CPU, ours.P50, ours.P99
			}
			row := Row{kind: k, Seen: counts{Events: 30}, Total: total{Events: 30}, samples: []sample{s, s, s}}
			result.Rows = append(result.Rows, row)
		}
		r.Comparisons = append(r.Comparisons, result)
	}
	compare(cell{Way: polling, Sessions: 1, PerPoll: 1}, sample{CPU: 5000})
	compare(cell{Way: polling, Sessions: 1, PerPoll: 10}, sample{CPU: 600})
	compare(cell{Way: polling, Sessions: many, PerPoll: 1}, sample{CPU: 1250})
	compare(cell{Way: polling, Sessions: many, PerPoll: 1, Flowing: true}, sample{P50: 400, P99: 150, CPU: 5000})
	compare(cell{Way: socket, Sessions: 1, PerPoll: 1}, sample{CPU: 750})
	wait := func(x rest, floor, again, ours weight) {
		x.Rounds = 1
		result := Rest{rest: x}
		for _, k := range kinds {
			if k.way == x.Way {
				w := ours
				switch k.Name {
				case pollFloorName, socketFloorName:
					w = floor
				case controlName:
					w = again
				case eachFloorName:
					w = floor
					w.Heap++
				}
				result.Rows = append(result.Rows, RestRow{kind: k, weights: []weight{w}, Seen: counts{Events: 100}, Total: total{Events: 100}})
			}
		}
		r.Rests = append(r.Rests, result)
	}
	wait(rest{Way: polling, Sessions: 100}, weight{300, 9, 600, 400, 8}, weight{300, 9, 640, 400, 8}, weight{400, 9, 750, 400, 8})
	wait(rest{Way: socket, Sessions: 100}, weight{100, 9, 600, 400, 8}, weight{100, 9, 600, 400, 8}, weight{200, 9, 1000, 500, 8})
	wait(rest{Way: polling, Sessions: 10 * many, Reported: true}, weight{1, 9, 1, 1, 8}, weight{1, 9, 1, 1, 8}, weight{1 << 20, 9, 10, 10, 8})
	return r
}

func TestBarsHold(t *testing.T) {
	r := made(t)
	for _, b := range r.Bars() {
		require.Equal(t, holds, b.Verdict, b.What)
	}
	require.Len(t, r.Bars(), 12)
	require.False(t, r.Failed())
	var b strings.Builder
	r.Write(&b)
	require.Contains(t, b.String(), "\n| bayeux | 0.60 µs | 0.60 (0.60-0.60) | 1666667 | 1.67 (1.67-1.67) |")
	require.Contains(t, b.String(), "\n| 10,000, long polling | bayeux |")
	require.Contains(t, b.String(), "\n### Long polling, 1 event a poll, 1,000 sessions, as they come\n")
	require.NotContains(t, b.String(), "FAILS")
}

func TestBarsFail(t *testing.T) {
	slower := func(c Comparison, by float64) {
		for i := range c.Rows[2].samples {
			s := &c.Rows[2].samples[i]
			s.CPU, s.P99 = s.CPU*by, time.Duration(float64(s.P99)*by)
		}
	}
	for name, change := range map[string]func(r *Report){
		"10 events a poll":      func(r *Report) { slower(r.Comparisons[1], 1.02) },
		"many sessions":         func(r *Report) { slower(r.Comparisons[2], 1.02) },
		"p99":                   func(r *Report) { slower(r.Comparisons[3], 1.02) },
		"socket":                func(r *Report) { slower(r.Comparisons[4], 1.02) },
		"nothing was measured":  func(r *Report) { r.Comparisons[1].Rows[2].samples = nil },
		"memory":                func(r *Report) { r.Rests[0].Rows[4].weights[0].Stacks += 10 },
		"memory, shared":        func(r *Report) { r.Rests[0].Rows[3].weights[0].Heap += 10 },
		"memory of sockets":     func(r *Report) { r.Rests[1].Rows[2].weights[0].Heap += 10 },
		"goroutines":            func(r *Report) { r.Rests[0].Rows[4].weights[0].Goroutines++ },
		"goroutines of sockets": func(r *Report) { r.Rests[1].Rows[2].weights[0].Goroutines++ },
		"an event is missing":   func(r *Report) { r.Comparisons[0].Rows[2].Total.Events-- },
		"an event is too many":  func(r *Report) { r.Comparisons[0].Rows[2].Total.Events++ },
		"lost":                  func(r *Report) { r.Rests[0].Rows[4].Total.Lost++ },
		"repeated":              func(r *Report) { r.Comparisons[4].Rows[2].Total.Repeated++ },
		"broken":                func(r *Report) { r.Comparisons[4].Rows[2].Total.Broken++ },
		"refused":               func(r *Report) { r.Rests[2].Rows[4].Seen.Refused++ },
	} {
		r := made(t)
		change(r)
		failed := 0
		for _, b := range r.Bars() {
			if b.Verdict == fails {
				failed++
			}
		}
		require.Equal(t, 1, failed, name)
		require.True(t, r.Failed(), name)
	}
}

func TestBarsAreNotJudged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *Report)
		judged int
	}{
		"quick":  {func(r *Report) { r.Quick = true }, 5},
		"shared": {func(r *Report) { r.Layout.Problem = "one CPU" }, 8},
		"busy": {func(r *Report) {
			for i := range r.Comparisons {
				r.Comparisons[i].Others = 0.2
			}
		}, 8},
		"noisy": {func(r *Report) {
			for _, c := range r.Comparisons {
				for i := range c.Rows[1].samples {
					c.Rows[1].samples[i].CPU, c.Rows[1].samples[i].P99 = 900, 70
				}
			}
			for _, x := range r.Rests {
				x.Rows[1].weights[0].Heap -= 100
			}
		}, 5},
	} {
		r := made(t)
		c.change(r)
		for _, c := range r.Comparisons {
			for i := range c.Rows[2].samples {
				c.Rows[2].samples[i].CPU, c.Rows[2].samples[i].P99 = 50_000, 500
			}
		}
		if c.judged == 5 {
			r.Rests[0].Rows[3].weights[0].Heap *= 10
			r.Rests[0].Rows[4].weights[0].Heap *= 10
			r.Rests[1].Rows[2].weights[0].Heap *= 10
		}
		judged := 0
		for _, b := range r.Bars() {
			if b.Verdict != notJudged {
				judged++
			}
		}
		require.Equal(t, c.judged, judged, name)
		require.False(t, r.Failed(), name)
		r.Rests[0].Rows[4].weights[0].Goroutines++
		require.True(t, r.Failed(), "%s: what is counted is judged", name)
	}
}
