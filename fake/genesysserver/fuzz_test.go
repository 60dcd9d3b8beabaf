package genesysserver

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// A body that is let in is a JSON object with a name that is not blank; whatever comes, nothing panics.
func FuzzParseBody(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `null`, `[]`, `{"operationName":"Hold"}`, `{"operationName":null}`, `{"operationName":["Hold"]}`,
		`{"operationName":"RemoveParticipantFromConference","participant":"15001"}`,
		`{"operationName":"Dial","destination":{"phoneNumber":"15001"},"userData":{"a":{"b":1}}}`,
		"{\"operationName\":\"\xff\"}", `{"operationName":"a","operationName":"b"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		name, fields, bad := parseBody(body)
		if bad != "" {
			require.Empty(t, name)
			return
		}
		require.True(t, utf8.Valid(body))
		require.True(t, json.Valid(body))
		require.NotEmpty(t, strings.TrimSpace(string(name)))
		require.Contains(t, fields, "operationName")
		for k := range fields {
			require.NotEqual(t, "null", string(fields[k]))
			if n, ok := fields.number(k); ok {
				require.NotEmpty(t, n)
				require.LessOrEqual(t, len(n), maxNumber)
			}
			if o, ok := fields.object(k); ok {
				require.NotNil(t, o)
			}
			_, _ = fields.text(k)
		}
		_, _ = fields.destination()
		_ = last(string(body))
	})
}

// A route never finds a resource under an id that is empty, and dots and slashes in it are its own.
func FuzzRoute(f *testing.F) {
	for _, s := range []string{"/api/v2/me", "/api/v2/me/calls/a%2Fb", "/api/v2/me/calls/../x", "/api/v2/me/calls//", "//", "", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		switch got := route(path); got.place {
		case placeCall, placeDevice, placeDeviceCalls:
			require.NotEmpty(t, got.id)
		default:
			require.Empty(t, got.id)
		}
	})
}
