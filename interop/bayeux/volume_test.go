package interop_test

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

// burst is how many events there are to a reset.
const burst = 1000

// How many bursts a way is tried with.
const (
	manyBursts = 100 // where every one has to come
	someBursts = 20  // where those that do not come have to be told
)

// volume publishes events, burst after burst, and resets the connection once in each. In every other
// burst that is inside the message of an event, and so inside a body or an unfinished batch; in the
// others while a request is held, at the moment when the server begins to publish. With
// acknowledgements every event has to come once; without, where one has not come, the next one must be
// marked and the reset told with a gap, and none may come twice.
func volume(x *trial) tally {
	bursts := someBursts
	if x.ack {
		bursts = manyBursts
	}
	p := through(x.T, x.server.addr())
	s := x.open(p.addr())
	v := x.channel("volume")
	got := newRecord()
	s.subscribe(v, got)
	defer func() {
		if x.Failed() {
			told := s.life.told()
			x.Logf("%s, %+v, %v", s.session.State(), s.session.Stats(), told[max(0, len(told)-6):])
		}
	}()
	chance := rand.New(rand.NewPCG(4, 5))
	resets := tally{}
	last := 0
	for i := range bursts {
		first := last + 1
		last += burst
		before := len(s.life.told())
		if i%2 == 0 {
			cut := p.cutInside(1+chance.IntN(burst-1), chance.IntN(100))
			x.publish(v, first, last, 10)
			within(x.T, patience, "the cut", cut)
			resets.inside++
		} else {
			var publishing sync.WaitGroup
			publishing.Go(func() { x.publish(v, first, last, 10) })
			if x.transport == polling || x.ack {
				p.resetHeld(x.T)
			} else { // events do not end the request
				require.NotZero(x, p.reset())
			}
			publishing.Wait()
			resets.held++
		}
		if x.ack {
			got.must(x.T, last)
		} else {
			last = x.sentinel(v, got, last+1)
		}
		told := s.life.after(x.T, before, settled)
		require.Equalf(x, moment{"resumed", !x.ack}, told[len(told)-1], "%v", told)
		if !x.ack {
			resets.gaps++
		}
	}
	c := got.count(last)
	c.published = bursts * burst // without the sentinels
	c.inside, c.held, c.gaps = resets.inside, resets.held, resets.gaps
	require.Zerof(x, c.repeated, "%+v", c)
	require.Zerof(x, c.untold, "%+v", c)
	if x.ack {
		require.Zerof(x, c.lost, "%+v", c)
		require.Empty(x, got.marked)
		require.Zero(x, s.life.gaps())
	}
	return c
}

// sentinel has events published, with numbers from first, until one comes, and returns its number: then
// what was published before it has come, or does not come any more.
func (x *trial) sentinel(channel string, got *record, first int) int {
	x.Helper()
	begun := time.Now()
	for n := first; time.Since(begun) < patience; n++ {
		x.publish(channel, n, n, 1)
		if got.await(n, 250*time.Millisecond) {
			return n
		}
	}
	require.FailNow(x, "no event comes any more")
	return 0
}

// receives proves that a session receives what is published now, and so that what was published before
// on this server has come.
func (x *trial) receives(s *subject, channel string) {
	x.Helper()
	got := newRecord()
	s.subscribe(channel, got)
	x.publish(channel, 1, 1, 1)
	got.must(x.T, 1)
}
