package hostile_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/plivo"
)

// about says what a peer is.
var about = map[string]struct{ client, version, api string }{
	plivo.MPC:              {"this module's `" + plivo.MPC + "`", "this one", "Plivo, Multiparty Call"},
	plivo.Conference:       {"this module's `" + plivo.Conference + "`", "this one", "Plivo, Conference"},
	"plivo-go, MPC":        {"github.com/plivo/plivo-go/v7", "v7.60.2", "Plivo, Multiparty Call"},
	"plivo-go, Conference": {"github.com/plivo/plivo-go/v7", "v7.60.2", "Plivo, Conference"},
	"twilio-go":            {"github.com/twilio/twilio-go", "v1.31.0", "Twilio, Conference and Participant"},
	"go-retryablehttp":     {"github.com/hashicorp/go-retryablehttp", "v0.7.8", "Plivo, Conference"},
}

// The versions are those that are played.
func TestVersions(t *testing.T) {
	for _, p := range peers() {
		a := about[p.Name]
		require.NotEmpty(t, a.client, p.Name)
		if p.Exact {
			continue
		}
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", a.client).Output()
		require.NoError(t, err)
		require.Equal(t, a.version, strings.TrimSpace(string(out)))
	}
}
