package request

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// made is a report in which everything holds, of the floor, the floor again, and one of ours.
func made() *Report {
	row := func(name string, cpu float64, p99 time.Duration) Row {
		k, err := kindOf(name)
		if err != nil {
			panic(err)
		}
		r := Row{kind: k, Calls: 30, Seen: counts{Accepted: 8, Requests: 30, Commands: 30}}
		for range 3 {
			r.samples = append(r.samples, sample{Calls: 10, Wall: time.Second, CPU: cpu, Allocs: 50, P50: p99 / 2, P99: p99})
		}
		return r
	}
	rows := func() []Row {
		return []Row{row(floorName, 1000, 100), row(controlName, 1010, 101), row(oursName, 1190, 149)}
	}
	k, _ := kindOf(oursName)
	return &Report{
		Counted: 10_000,
		Comparisons: []Comparison{
			{cell: cell{Line: plain, Exchange: withJSON, Workers: 8, Rounds: 3}, Rows: rows()},
			{cell: cell{Line: plain, Exchange: withJSON, Workers: 64, Rounds: 3, Flowing: true}, Rows: rows()},
		},
		Connections: []Connection{{count: count{Line: plain}, kind: k, Opened: 64}, {count: count{Line: plain, Cold: true}, kind: k, Opened: 70}},
	}
}

func TestBarsHold(t *testing.T) {
	r := made()
	for _, b := range r.Bars() {
		require.Equal(t, holds, b.Verdict, b.What)
	}
	require.Len(t, r.Bars(), 4)
	require.False(t, r.Failed())
	var b strings.Builder
	r.Write(&b)
	require.Contains(t, b.String(), "| plivo-mpc | 1.2 µs | 1.19 (1.19-1.19) | 50 |")
	require.NotContains(t, b.String(), "FAILS")
}

func TestBarsFail(t *testing.T) {
	for name, change := range map[string]func(r *Report){
		"CPU": func(r *Report) {
			r.Comparisons[0].Rows[2].samples[0].CPU, r.Comparisons[0].Rows[2].samples[1].CPU = 1300, 1300
		},
		"p99": func(r *Report) {
			r.Comparisons[1].Rows[2].samples[0].P99, r.Comparisons[1].Rows[2].samples[1].P99 = 151, 151
		},
		"connections":             func(r *Report) { r.Connections[0].Opened = 65 },
		"goroutines left":         func(r *Report) { r.Connections[1].Goroutines = 1 },
		"connections left":        func(r *Report) { r.Connections[1].Open = 1 },
		"more requests":           func(r *Report) { r.Comparisons[0].Rows[2].Seen.Requests++ },
		"more commands":           func(r *Report) { r.Comparisons[0].Rows[2].Seen.Commands++; r.Comparisons[0].Rows[2].Seen.Requests++ },
		"more of the floor's":     func(r *Report) { r.Comparisons[0].Rows[0].Seen.Requests++ },
		"nothing was measured":    func(r *Report) { r.Comparisons[0].Rows[2].samples = nil },
		"fewer connections in it": func(r *Report) { r.Connections[0].Opened = 63 },
	} {
		r := made()
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
	for name, change := range map[string]func(r *Report){
		"quick":  func(r *Report) { r.Quick = true },
		"busy":   func(r *Report) { r.Others = 0.2 },
		"shared": func(r *Report) { r.Layout.Problem = "one CPU" },
		"noisy": func(r *Report) {
			for _, c := range r.Comparisons {
				for i := range c.Rows[1].samples {
					c.Rows[1].samples[i].CPU, c.Rows[1].samples[i].P99 = 900, 70
				}
			}
		},
	} {
		r := made()
		change(r)
		for _, c := range r.Comparisons {
			for i := range c.Rows[2].samples {
				c.Rows[2].samples[i].CPU, c.Rows[2].samples[i].P99 = 5000, 500
			}
		}
		judged := 0
		for _, b := range r.Bars() {
			if b.Verdict != notJudged {
				judged++
			}
		}
		require.Equal(t, 2, judged, "%s: what is counted is", name)
		require.False(t, r.Failed(), name)
		r.Connections[0].Opened++
		require.True(t, r.Failed(), name)
	}
}

// Ratios are of the rounds in which both took part.
func TestRestsInSomeRounds(t *testing.T) {
	c := cell{Seldom: 2}
	require.False(t, c.rests(kinds[0], 1))
	require.False(t, c.rests(kind{Name: oursName}, 1))
	require.True(t, c.rests(kind{Name: "another"}, 1))
	require.False(t, c.rests(kind{Name: "another"}, 2))
	require.False(t, cell{}.rests(kind{Name: "another"}, 1))
	of := func(cpu float64) sample { return sample{Calls: 1, CPU: cpu} }
	compared := Comparison{Rows: []Row{{samples: []sample{of(10), of(1), of(20)}}, {samples: []sample{of(30), {}, of(60)}}}}
	require.Equal(t, 3.0, compared.ratio(1, cpu).Median)
	require.Equal(t, 45.0, compared.median(1, cpu))
}
