package genesys_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/genesys"
)

// Servers may keep numbers and truth values as text; nothing else counts as the same.
func TestSameData(t *testing.T) {
	type object = map[string]any
	for _, c := range []struct {
		have, want any
		same       bool
	}{
		{"7", "7", true},
		{"7", json.Number("7"), true},
		{json.Number("7"), json.Number("7"), true},
		{"true", true, true},
		{object{"a": "1"}, object{"a": json.Number("1")}, true},
		{[]any{"a"}, []any{"a"}, true},
		{nil, nil, true},
		{"8", json.Number("7"), false},
		{"false", true, false},
		{nil, "", false},
		{"", nil, false},
		{"[a]", []any{"a"}, false},
		{"map[a:1]", object{"a": "1"}, false},
		{object{"a": "1", "b": "2"}, object{"a": "1"}, false},
		{object{"b": "1"}, object{"a": "1"}, false},
		{object{"a": "2"}, object{"a": "1"}, false},
	} {
		require.Equal(t, c.same, genesys.SameData(c.have, c.want), "%v, %v", c.have, c.want)
	}
}
