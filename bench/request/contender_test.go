package request

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// open has a contender at a server of its own.
func open(t *testing.T, k kind) (contender, *server) {
	t.Helper()
	s, err := newServer(manner{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	c, err := k.open(opening{URL: "http://" + s.listener.Addr().String(), Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close()) })
	return c, s
}

// Every contender does what it is measured for: one command a call, and what confirms it.
func TestCalls(t *testing.T) {
	for _, k := range kinds {
		for _, e := range k.exchanges {
			t.Run(k.Name+"/"+string(e), func(t *testing.T) {
				c, s := open(t, k)
				call, err := c.prepare(e, firstMember+1)
				require.NoError(t, err)
				const n = 6
				for range n {
					require.NoError(t, call())
				}
				seen := s.counts()
				require.Equal(t, counts{Accepted: 1, Open: 1, Requests: n * k.requests, Commands: n}, seen)
				require.False(t, s.muted[0].Load())
			})
		}
	}
}

// What the driver confirms is what the server keeps.
func TestConfirmed(t *testing.T) {
	for _, name := range []string{oursName, olderName} {
		k, err := kindOf(name + ", confirmed")
		require.NoError(t, err)
		c, s := open(t, k)
		call, err := c.prepare(withJSON, firstMember+2)
		require.NoError(t, err)
		for _, want := range []bool{true, false, true} {
			require.NoError(t, call())
			require.Equal(t, want, s.muted[2].Load())
		}
		_, err = c.prepare(without, firstMember)
		require.Error(t, err)
	}
}

// The member that always fails does, and costs the others no connection where that is promised.
func TestFailing(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.Name, func(t *testing.T) {
			c, s := open(t, k)
			call, err := c.prepare(withJSON, failing)
			require.NoError(t, err)
			err = call()
			if k.Name == "plivo-go v7.60.2" {
				require.NoError(t, err) // it takes three answers of 500 for success
			} else {
				require.Error(t, err)
			}
			require.Positive(t, s.counts().Commands)
			if k.ours() {
				require.Equal(t, counts{Accepted: 1, Open: 1, Requests: 2, Commands: 1}, s.counts(), "one send, and the read that settles")
			}
		})
	}
	_, err := kindOf("nobody")
	require.Error(t, err)
}
