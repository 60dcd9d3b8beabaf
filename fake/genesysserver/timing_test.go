package genesysserver_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// watch holds a connect, and returns when it was answered, and what was told.
func (c *client) watch() <-chan timed {
	got := make(chan timed, 1)
	c.poll.Go(func() {
		_, _ = c.bayeux(`[{"id":"4","channel":"/meta/connect","clientId":"` + c.id + `","connectionType":"long-polling"}]`)
		c.mu.Lock()
		defer c.mu.Unlock()
		got <- timed{time.Now(), lines(c.news)}
		c.news = nil
	})
	synctest.Wait()
	return got
}

type timed struct {
	at   time.Time
	told []string
}

// Facts 0, 8.7 and 14.3: notifications before and after the answer, and late ones.
func TestTiming(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		timing      genesysserver.Timing
		lag         fake.Options
		reply, told time.Duration // after the request
	}{
		"at once":                  {genesysserver.Timing{}, fake.Options{}, 0, 0},
		"answer held back":         {genesysserver.Timing{Reply: 20 * ms}, fake.Options{}, 20 * ms, 0},
		"before":                   {genesysserver.Timing{Order: genesysserver.BeforeReply, Reply: 20 * ms}, fake.Options{}, 20 * ms, 0},
		"before, late":             {genesysserver.Timing{Order: genesysserver.BeforeReply, Min: 50 * ms, Max: 50 * ms}, fake.Options{}, 50 * ms, 50 * ms},
		"before, the bridge lags":  {genesysserver.Timing{Order: genesysserver.BeforeReply, Reply: 30 * ms}, fake.Options{Lag: 30 * ms}, 30 * ms, 30 * ms},
		"after":                    {genesysserver.Timing{Order: genesysserver.AfterReply, Reply: 20 * ms}, fake.Options{}, 20 * ms, 20 * ms},
		"after, late":              {genesysserver.Timing{Order: genesysserver.AfterReply, Reply: 20 * ms, Min: 180 * ms, Max: 180 * ms}, fake.Options{}, 20 * ms, 200 * ms},
		"the bridge lags":          {genesysserver.Timing{}, fake.Options{Lag: 500 * ms}, 0, 500 * ms},
		"the bridge shows it late": {genesysserver.Timing{}, fake.Options{ReadLag: 300 * ms}, 0, 300 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, c.lag, byName, func(t *testing.T, s *site) {
				require.NoError(t, s.server.SetTiming(genesysserver.Timing{}))
				ana := s.add(genesysserver.AgentOptions{User: "ana"})
				_, err := ana.Join("c")
				require.NoError(t, err)
				s.join("c", "15001")
				time.Sleep(time.Second)
				cl := s.login(ana).listen()
				cl.take()
				require.NoError(t, s.server.SetTiming(c.timing))
				got := cl.watch()
				start := time.Now()
				require.Equal(t, 0, cl.op("c", "Hold").code())
				replied := time.Since(start)
				news := <-got
				cl.poll.Wait()
				require.Equal(t, []string{"StatusChange Held 15001"}, news.told)
				require.Equal(t, c.reply, replied)
				require.Equal(t, c.told, news.at.Sub(start))
			})
		})
	}
}

// Facts 14.3: a delay between 0 and 500 ms. What is told to one agent stays in order.
func TestDelaysKeepTheOrder(t *testing.T) {
	o := byName
	o.Timing = genesysserver.Timing{Max: 500 * time.Millisecond, Seed: 7}
	bubble(t, fake.Options{}, o, func(t *testing.T, s *site) {
		ana := s.add(genesysserver.AgentOptions{User: "ana"})
		m, err := ana.Join("c")
		require.NoError(t, err)
		s.join("c", "15001")
		c := s.login(ana).listen()
		c.take()
		start := time.Now()
		var want []string
		for range 10 {
			s.change(m, hold)
			s.change(m, unhold)
			want = append(want, "StatusChange Held 15001", "StatusChange Established 15001")
		}
		require.Equal(t, want, lines(c.take()))
		require.Greater(t, time.Since(start), 100*time.Millisecond)
		require.LessOrEqual(t, time.Since(start), 500*time.Millisecond)
		require.Error(t, s.server.SetTiming(genesysserver.Timing{Min: 2, Max: 1}))
	})
}

// What waits when the server is closed is given up, and Close does not wait for it.
func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := byName
		o.Timing = genesysserver.Timing{Min: time.Hour, Max: time.Hour}
		o.AnswerAfter = time.Hour
		s, done := open(t, genesysserver.Pipe, fake.Options{}, o)
		ana := s.add(genesysserver.AgentOptions{User: "ana"})
		_, err := ana.Join("c")
		require.NoError(t, err)
		c := s.login(ana).listen()
		require.Equal(t, 0, c.op("c", "SingleStepConference", `"destination":{"phoneNumber":"15001"}`).code())
		start := time.Now()
		done()
		require.NoError(t, s.server.Close())
		require.NoError(t, s.server.Quiet(t.Context()))
		require.Zero(t, time.Since(start))
	})
}

// A Switch that is closed first does no harm.
func TestTheSwitchIsClosedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, done := open(t, genesysserver.Pipe, fake.Options{}, byName)
		require.NoError(t, s.sw.Close())
		synctest.Wait()
		require.NoError(t, s.server.Quiet(t.Context()))
		done()
	})
}
