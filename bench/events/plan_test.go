package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlans(t *testing.T) {
	for name, p := range map[string]plan{"full": full(), "quick": quick()} {
		measured, judged := map[cell]bool{}, 0
		for _, c := range p.cells {
			if what, _, _, _ := c.of(); what != "" {
				judged++
			}
			require.True(t, !c.Flowing || measured[c.capacity()], "%s: what the floor can do comes first", name)
			measured[c.capacity()] = true
		}
		require.Equal(t, 4, judged, name)
		judged = 0
		for _, x := range p.rests {
			for i, n := range x.Names {
				k, err := kindOf(n, x.Way)
				require.NoError(t, err)
				require.Equal(t, i == 0, n == pollFloorName || n == socketFloorName, "the floor is first")
				if k.ours() && !x.Reported {
					judged++
					require.Contains(t, x.Names, k.floor)
				}
			}
		}
		require.Equal(t, 3, judged, name)
		require.Greater(t, p.age, idle, "connections that nobody needs are gone")
		require.NotZero(t, p.age%p.hold, "sessions are not weighed while they poll")
	}
	_, err := kindOf("nobody", polling)
	require.Error(t, err)
}
