package procs_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// This test is a role itself, when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == procs.Command {
		if err := procs.Serve(os.Stdin, os.Stdout, echo(os.Args[2])); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func echo(name string) procs.Role {
	return func(ask json.RawMessage) (any, error) {
		var text string
		if err := json.Unmarshal(ask, &text); err != nil {
			return nil, errors.New("not a text")
		}
		return name + " " + text + os.Getenv("BENCH_TEST"), nil
	}
}

func TestProcess(t *testing.T) {
	layout := procs.Apart()
	p, err := procs.Start("parrot", layout.Client, []string{"BENCH_TEST=!"}, nil)
	require.NoError(t, err)
	var said string
	require.NoError(t, p.Ask("hello", &said))
	require.Equal(t, "parrot hello!", said)
	require.EqualError(t, p.Ask(1, &said), "parrot: not a text")
	require.NoError(t, p.Ask("again", nil))
	require.NoError(t, p.Close())
	require.Error(t, p.Ask("gone", nil))
}

func TestServe(t *testing.T) {
	var out strings.Builder
	require.NoError(t, procs.Serve(strings.NewReader("\"a\"\n{}\n"), &out, echo("x")))
	require.Equal(t, "{\"value\":\"x a\"}\n{\"error\":\"not a text\"}\n", out.String())
	require.Error(t, procs.Serve(strings.NewReader("}"), &out, echo("x")))
}

func TestApart(t *testing.T) {
	l := procs.Apart()
	if l.Problem != "" {
		require.Empty(t, l.Server)
		require.Empty(t, l.Client)
		require.Contains(t, l.String(), "NOT PINNED")
		return
	}
	require.Len(t, l.Server, 1)
	require.Len(t, l.Client, 1)
	require.NotEqual(t, l.Server, l.Client)
}

func TestUsed(t *testing.T) {
	before, err := procs.Used()
	if err != nil {
		t.Log("not known on this system:", err)
		return
	}
	after := before
	for n := 0; after == before && n < 1<<30; n++ {
		after, err = procs.Used()
		require.NoError(t, err)
	}
	require.Greater(t, after, before)
}
