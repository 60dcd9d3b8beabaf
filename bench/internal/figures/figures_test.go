package figures_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/bench/internal/figures"
)

func TestQuantile(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.75: 4, 1: 5, 0.125: 1.5} {
		require.InDelta(t, want, figures.Quantile(values, q), 1e-12, "%v", q)
	}
	require.Equal(t, []float64{5, 1, 4, 2, 3}, values)
	require.Equal(t, 7.0, figures.Quantile([]float64{7}, 0.99))
	require.True(t, math.IsNaN(figures.Quantile(nil, 0.5)))
}

func TestSpread(t *testing.T) {
	require.Equal(t, figures.Spread{Low: 2, Median: 3, High: 4}, figures.SpreadOf([]float64{5, 1, 4, 2, 3}))
	for s, want := range map[figures.Spread]string{
		{Low: 1.004, Median: 1.08, High: 1.116}: "1.08 (1.00-1.12)",
		{Low: 9.96, Median: 10.04, High: 123.4}: "10.0 (9.96-123)",
	} {
		require.Equal(t, want, s.String())
	}
	require.Equal(t, "-", figures.SpreadOf(nil).String())
}

func TestRatios(t *testing.T) {
	require.Equal(t, []float64{2, 0.5}, figures.Ratios([]float64{4, 9, 2}, []float64{2, 0, 4}))
	require.Equal(t, []float64{2}, figures.Ratios([]float64{4, 9}, []float64{2}))
	require.Empty(t, figures.Ratios(nil, []float64{1}))
}
