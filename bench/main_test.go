package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"nothing"}, {"request", "more"}, {"-update", "-quick"}, {"-update", "-only", "x"}, {"-such"}} {
		_, err := bench(args, io.Discard, io.Discard)
		require.Error(t, err, args)
	}
}
