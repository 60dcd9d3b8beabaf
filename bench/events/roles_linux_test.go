package events

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// asker asks a role as a process would be asked.
func asker(t *testing.T, role func(json.RawMessage) (any, error)) func(ask, value any) error {
	return func(ask, value any) error {
		raw, err := json.Marshal(ask)
		require.NoError(t, err)
		answer, err := role(raw)
		if err != nil {
			return err
		}
		raw, err = json.Marshal(answer)
		require.NoError(t, err)
		return json.Unmarshal(raw, value)
	}
}

func TestRoles(t *testing.T) {
	r := &serverRole{}
	server, client := asker(t, r.answer), asker(t, NewClient())
	var none any
	require.Error(t, server(serverAsk{URL: "nowhere"}, &none))
	var url string
	require.NoError(t, server(serverAsk{Open: &place{}}, &url))
	defer func() { require.NoError(t, r.server.close()) }()
	require.Error(t, server(serverAsk{Open: &place{Awake: true}}, &url), "it sleeps")
	require.Error(t, server(serverAsk{URL: "nowhere"}, &none))
	require.Error(t, server(serverAsk{URL: "nowhere", Flow: &flow{Events: 1, PerPoll: 1}}, &none))
	require.Error(t, server("what?", &none))

	require.Error(t, client(clientAsk{Weigh: true}, &none), "it is not open")
	require.Error(t, client(clientAsk{Open: &start{Contender: "nobody", Way: polling}}, &none))
	open := clientAsk{Open: &start{Contender: oursName, Way: polling, opening: opening{URL: url}}}
	require.NoError(t, client(open, &none))
	require.Error(t, client(open, &none), "it is")
	require.Error(t, client(clientAsk{}, &none))

	var base, w weight
	require.NoError(t, client(clientAsk{Weigh: true}, &base))
	require.NoError(t, client(clientAsk{Sessions: &gathering{N: 20, Rate: 1000}}, &none))
	require.NoError(t, client(clientAsk{Begin: &expectation{Events: 50}}, &none))
	var seen counts
	require.NoError(t, server(serverAsk{URL: url, Flow: &flow{Events: 50, PerPoll: 1}}, &seen))
	require.EqualValues(t, 50, seen.Events)
	var s sample
	require.NoError(t, client(clientAsk{End: true}, &s))
	require.EqualValues(t, 50, s.Events)
	require.Zero(t, s.Missing)
	require.Positive(t, s.Allocs)
	var all total
	require.NoError(t, client(clientAsk{Total: true}, &all))
	require.Equal(t, total{Events: 50}, all)
	require.NoError(t, client(clientAsk{Weigh: true}, &w))
	require.GreaterOrEqual(t, w.minus(base).Goroutines, 20)
	require.Positive(t, w.minus(base).Heap)
	require.NoError(t, server(serverAsk{URL: url}, &seen))
	require.EqualValues(t, 20, seen.Sessions)
	require.NoError(t, client(clientAsk{Shut: true}, &none))
	require.NoError(t, server(serverAsk{URL: url}, &seen))
	require.Zero(t, seen.Sessions)
	require.Zero(t, seen.Refused)
}
