package interop_test

import (
	"net/http/cookiejar"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/bayeux"
)

// A client that may use everything takes what the server has: WebSocket, or else long polling, and
// acknowledgements if they are wanted and to be had.
func negotiation(x *trial) {
	s := x.dial(x.server.addr(), func(o *bayeux.Options) {
		o.Transports = nil
		if x.transport == polling {
			o.Transports = []bayeux.Transport{bayeux.LongPolling{}, bayeux.WebSocket{}}
		}
	})
	want := x.transport
	if !x.server.product.sockets {
		want = polling
	}
	require.Equal(x, want, s.session.Transport())
	require.Equal(x, x.ack, s.session.Acknowledged())
	x.receives(s, x.channel("a"))
	require.Equal(x, []moment{{"connected", false}}, s.life.told())

	if !x.ack && !x.server.product.acks { // a server may not have what is wanted
		s := x.dial(x.server.addr(), func(o *bayeux.Options) { o.NoAck = false })
		require.False(x, s.session.Acknowledged())
		x.receives(s, x.channel("b"))
	}
	if !x.server.product.sockets { // or have only what is not preferred
		s := x.dial(x.server.addr(), func(o *bayeux.Options) { o.Transports = nil })
		require.Equal(x, polling, s.session.Transport())
		x.receives(s, x.channel("c"))
	}
}

// Servers do not mind where the path tells the type of a message.
func typedPath(x *trial) {
	s := x.dial(x.server.addr(), func(o *bayeux.Options) {
		o.Transports = []bayeux.Transport{bayeux.LongPolling{MessageType: true}}
	})
	x.receives(s, x.channel("a"))
	s.publish(x.channel("b"), 1)
}

// Two sessions with one jar of cookies are taken for two windows of one browser, of which one may poll.
// That is told. When it is over, which servers do not say, events come at once again.
func sharedJar(x *trial) {
	jar, err := cookiejar.New(nil)
	require.NoError(x, err)
	share := func(o *bayeux.Options) { o.Jar = jar }
	p := through(x.T, x.server.addr())
	first := x.dial(p.addr(), share)
	p.held(x.T)
	second := x.dial(p.addr(), share)
	second.life.after(x.T, 0, func(m moment) bool { return m.what == "multiple clients" })
	x.receives(first, x.channel("a"))
	x.receives(second, x.channel("b"))

	require.NoError(x, first.session.Close())
	c := x.channel("c")
	got := newRecord()
	second.subscribe(c, got)
	for n := 1; n <= 2; n++ { // for which it may be early
		x.publish(c, n, n, 1)
		got.must(x.T, n)
	}
	begun := time.Now()
	for n := 3; n <= 10; n++ {
		x.publish(c, n, n, 1)
		got.must(x.T, n)
	}
	require.Less(x, time.Since(begun), hold*time.Millisecond)
}
