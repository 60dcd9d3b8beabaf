package worlds_test

import (
	"testing"

	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// TestGenesysConformance has the Genesys driver judged as each kind of session, before each kind of
// server.
func TestGenesysConformance(t *testing.T) {
	for _, h := range worlds.Genesys() {
		t.Run(h.Name, func(t *testing.T) {
			conformance.Run(t, h)
		})
	}
}
