package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call runs the command and gives its status and what it wrote.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}} {
		status, stdout, stderr := call(t, args...)
		require.Zero(t, status)
		require.Empty(t, stderr)
		for _, command := range []string{"demo", "conformance", "capabilities"} {
			require.Contains(t, stdout, "\n  "+command+" ")
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"sing"}, statusUsage, "sing"},
		{[]string{"demo", "--loud"}, statusUsage, "--loud"},
		{[]string{"demo", "extra"}, statusUsage, "extra"},
		{[]string{"demo", "--timeout", "soon"}, statusUsage, "soon"},
		{[]string{"demo", "--provider", "acme"}, statusBad, "there are: fake, fake-genesys, plivo-mpc, plivo-conference, genesys"},
		{[]string{"conformance", "--driver", "acme"}, statusBad, "fake-everything"},
	} {
		status, stdout, stderr := call(t, c.args...)
		require.Equal(t, c.status, status, c.args)
		require.Empty(t, stdout, c.args)
		require.Contains(t, stderr, c.says)
	}
}
