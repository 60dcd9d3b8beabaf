package worlds_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/conformance"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// What the harnesses with callbacks judge really is told by callbacks: at once, while they come, and at
// the next reconcile while they do not.
func TestCallbacksReachTheClient(t *testing.T) {
	for _, h := range []conformance.Harness{worlds.PlivoMPCCallbacks(), worlds.PlivoConferenceCallbacks()} {
		t.Run(h.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site, err := h.Open(t.Context())
				require.NoError(t, err)
				defer site.Close()
				defer func() { require.NoError(t, site.Client.Close()) }()
				receiver, ok := cc.As[*plivo.Receiver](site.Client)
				require.True(t, ok)
				id, _, err := site.World.Start(2)
				require.NoError(t, err)

				joined := make(chan time.Time, 10)
				go func() {
					for e := range site.Client.Conference(id).Events(t.Context()) {
						if e.Type == cc.Joined {
							joined <- time.Now()
						}
					}
				}()
				time.Sleep(time.Second)
				began := time.Now()
				_, err = site.World.Join(id, "")
				require.NoError(t, err)
				require.Equal(t, began, <-joined)
				stats := receiver.Stats()
				require.Positive(t, stats.Rung)
				require.Equal(t, plivo.ReceiverStats{Accepted: stats.Rung, Rung: stats.Rung}, stats)

				lift, err := site.Faults.Inject(conformance.Fault{Op: conformance.OpListen, What: conformance.Silent})
				require.NoError(t, err)
				defer lift()
				time.Sleep(time.Second)
				_, err = site.World.Join(id, "")
				require.NoError(t, err)
				// Several callbacks of one instant may have made a second read, a debounce after the first.
				require.Contains(t, []time.Duration{30 * time.Second, 30*time.Second + 100*time.Millisecond}, (<-joined).Sub(began))
				require.Equal(t, stats, receiver.Stats())
			})
		})
	}
}
