package genesys_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
	"github.com/callcontrol-go/callcontrol/genesys"
)

const ms = time.Millisecond

// phases is where a use of the client can be when it is ended, and how it gets there.
var phases = []struct {
	name    string
	options func(*genesys.Options)
	fresh   bool // nothing was done before
	faults  []genesysserver.Fault
	at      time.Duration // 300 ms if zero
	sent    bool          // the order may have been done by then
	sends   int           // orders that have reached the server by then
	reads   bool          // a read can be there too
}{
	{name: "login", fresh: true, reads: true, faults: []genesysserver.Fault{{On: genesysserver.GetMe, Wire: genesysserver.Hang}}},
	{
		name: "handshake", fresh: true, options: starting,
		faults: []genesysserver.Fault{{On: genesysserver.CometDPost, Wire: genesysserver.Hang}},
	},
	{
		name: "start", fresh: true, reads: true, options: starting,
		faults: []genesysserver.Fault{{On: "StartContactCenterSession", Wire: genesysserver.Hang}},
	},
	{name: "read before the order", reads: true, faults: []genesysserver.Fault{{On: genesysserver.GetCall, Wire: genesysserver.Hang}}},
	{name: "answer to the order", sent: true, sends: 1, faults: []genesysserver.Fault{{On: removal, Wire: genesysserver.Hang}}},
	{name: "done, and its answer", sent: true, sends: 1, faults: []genesysserver.Fault{{On: removal, Effect: true, Wire: genesysserver.Hang}}},
	{
		name: "new token", sends: 1,
		faults: []genesysserver.Fault{
			{On: removal, Answer: &genesysserver.Answer{Status: 403, Body: "The CSRF token is missing or invalid."}},
			{On: genesysserver.GetMe, Wire: genesysserver.Hang},
		},
	},
	{name: "confirming wait", at: 1230 * ms, sent: true, sends: 1, faults: []genesysserver.Fault{{On: removal, Answer: genesysserver.Done()}}},
	{
		name: "confirming read", sent: true, sends: 1,
		faults: []genesysserver.Fault{
			{On: removal, Answer: genesysserver.Done()},
			{On: genesysserver.GetCall, Skip: 2, Wire: genesysserver.Hang},
		},
	},
}

// Whatever is being done ends at the instant it is canceled at, or the client closed, and says whether
// anything may have been done; nothing is sent afterwards.
func TestEndedInEveryPhase(t *testing.T) {
	for _, ph := range phases {
		for _, use := range []string{"command", "read"} {
			for _, end := range []string{"cancel", "close"} {
				if use == "read" && !ph.reads {
					continue
				}
				t.Run(ph.name+"/"+use+"/"+end, func(t *testing.T) {
					onSite(t, genesysserver.Options{}, ph.options, func(s *site) {
						if !ph.fresh {
							s.ready()
						}
						for _, f := range ph.faults {
							s.inject(f)
						}
						if ph.at == 0 {
							ph.at = 300 * ms
						}
						count := s.since()
						ctx, cancel := context.WithCancel(s.t.Context())
						defer cancel()
						began := time.Now()
						var err error
						var took time.Duration
						done := make(chan struct{})
						go func() {
							defer close(done)
							if use == "read" {
								_, err = s.conf.Snapshot(ctx)
							} else {
								err = s.conf.RemoveParticipant(ctx, "15001")
							}
							took = time.Since(began)
						}()
						time.Sleep(ph.at)
						kind := cc.ErrCanceled
						if end == "close" {
							kind = cc.ErrClosed
							require.NoError(t, s.client.Close())
							require.LessOrEqual(t, time.Since(began), ph.at+2*time.Second)
						} else {
							cancel()
						}
						<-done
						require.Equal(t, ph.at, took)
						if ph.sent {
							kind = cc.ErrUncertain
						}
						require.ErrorIs(t, err, kind)
						var e *cc.Error
						require.ErrorAs(t, err, &e)
						require.Equal(t, kind, e.Kind, "%v", err)
						if end == "cancel" {
							require.ErrorIs(t, err, context.Canceled)
						}
						synctest.Wait()
						require.Equal(t, ph.sends, count().CallPosts)
						time.Sleep(time.Minute)
						require.Equal(t, ph.sends, count().CallPosts, "sent after the end")
					})
				})
			}
		}
	}
}
