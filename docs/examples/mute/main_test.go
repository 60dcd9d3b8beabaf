package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol"
)

func TestMute(t *testing.T) {
	for url, want := range map[string]callcontrol.Kind{
		"fake:":                 callcontrol.ErrNotFound,    // a bridge of its own, with nobody on it
		"fake:?profile=genesys": callcontrol.ErrUnsupported, // which can mute its own leg alone
		"acme:":                 callcontrol.ErrInvalid,
		"":                      callcontrol.ErrInvalid,
	} {
		t.Setenv("CALLCONTROL_URL", url)
		require.ErrorIs(t, mute(t.Context(), "standup", "15"), want, url)
	}
}
