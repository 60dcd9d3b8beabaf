package plivo_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	safety "github.com/callcontrol-go/callcontrol/internal/hostile"
	"github.com/callcontrol-go/callcontrol/internal/hostile/ours"
)

// Every case of package hostile, on both drivers: with a transport that they are given, over pipes in
// fake time, but for the case that is about what the drivers' own transport does.
func TestHostileServers(t *testing.T) {
	cases := safety.Cases()
	require.Len(t, cases, 43)
	for _, p := range ours.Peers() {
		t.Run(p.Name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.ID, func(t *testing.T) {
					if c.Own {
						judge(t, c, p, safety.Own())
						return
					}
					synctest.Test(t, func(t *testing.T) { judge(t, c, p, onPipes()) })
				})
			}
		})
	}
}

// The same with the drivers' own transport, over sockets, for the cases in which
// nobody waits and there is no host but one.
func TestHostileServersOwnTransport(t *testing.T) {
	played := 0
	for _, p := range ours.Peers() {
		t.Run(p.Name, func(t *testing.T) {
			for _, c := range safety.Cases() {
				if c.Names || c.Clock || c.Own {
					continue
				}
				t.Run(c.ID, func(t *testing.T) { judge(t, c, p, safety.Own()) })
				played++
			}
		})
	}
	require.Equal(t, 2*26, played)
}

func judge(t *testing.T, c safety.Case, p safety.Peer, on safety.Stage) {
	t.Helper()
	v, err := c.Play(p, on)
	require.NoError(t, err)
	require.Empty(t, v.Why, "the server: %s; expected: %s", c.Does, c.Expected)
}

// onPipes is a stage of pipes.
func onPipes() safety.Stage {
	n := pipenet.New()
	return safety.Stage{
		Listen: func(addr string) (net.Listener, error) { return n.Listen(addr) },
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return n.DialContext(ctx, network, addr)
		},
	}
}
