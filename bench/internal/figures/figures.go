// Package figures reduces what was measured to what is told: medians and quartiles, and ratios that
// are each taken within one round.
package figures

import (
	"fmt"
	"math"
	"slices"
)

// Quantile is the q-quantile of values, q between 0 and 1, in between where it falls between two of
// them. It is NaN for none. The values are left as they are.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}

// A Spread is a median between its quartiles.
type Spread struct{ Low, Median, High float64 }

// SpreadOf is the spread of values.
func SpreadOf(values []float64) Spread {
	return Spread{Low: Quantile(values, 0.25), Median: Quantile(values, 0.5), High: Quantile(values, 0.75)}
}

// String is the median and, in brackets, the quartiles, or a dash where there was nothing.
func (s Spread) String() string {
	if math.IsNaN(s.Median) {
		return "-"
	}
	return fmt.Sprintf("%s (%s-%s)", short(s.Median), short(s.Low), short(s.High))
}

// short writes a ratio with as many digits as mean something.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Ratios divides each value by the one of the floor in the same round. A round in which the floor has
// none, or none that is positive, is left out.
func Ratios(values, floor []float64) []float64 {
	out := make([]float64, 0, len(values))
	for i := range min(len(values), len(floor)) {
		if floor[i] > 0 {
			out = append(out, values[i]/floor[i])
		}
	}
	return out
}
