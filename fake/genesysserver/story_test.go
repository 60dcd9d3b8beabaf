package genesysserver_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/genesysserver"
)

// Whatever happens on the bridge, the last notification about each call is what a read shows, and a
// call that no read shows has been told as Released.
func TestTheLatestNotificationIsTheTruth(t *testing.T) {
	for name, c := range map[string]struct {
		lag    fake.Options
		timing genesysserver.Timing
		rules  fake.Rules
	}{
		"at once":   {},
		"with lags": {lag: fake.Options{Lag: 20 * time.Millisecond, ReadLag: 30 * time.Millisecond}},
		"delayed":   {timing: genesysserver.Timing{Max: 500 * time.Millisecond}},
		"ends":      {rules: fake.Rules{EndAlone: true}},
	} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				o := byName
				o.Timing = c.timing
				c.lag.Rules = c.rules
				bubble(t, c.lag, o, func(t *testing.T, s *site) { story(t, s, rand.New(rand.NewPCG(seed, 1))) })
			})
		}
	}
}

func story(t *testing.T, s *site, r *rand.Rand) {
	var clients []*client
	for i := range 4 {
		a := s.add(genesysserver.AgentOptions{User: fmt.Sprint("agent", i), AutoAnswer: i%2 == 0})
		clients = append(clients, s.login(a).listen())
	}
	said := map[*client]map[string]string{}
	for _, c := range clients {
		said[c] = map[string]string{}
	}
	hear := func(c *client) {
		for _, m := range c.take() {
			call, ok := m.Data["call"].(map[string]any)
			if !ok {
				continue
			}
			delete(call, "duration")
			if said[c][call["id"].(string)] = text(call); call["state"] == "Released" {
				require.Empty(t, call["capabilities"])
				delete(said[c], call["id"].(string))
			}
		}
	}
	some := func(list []*fake.Member) *fake.Member {
		if len(list) == 0 {
			return nil
		}
		return list[r.IntN(len(list))]
	}
	for range 120 {
		room := fmt.Sprint("room", r.IntN(3))
		c := clients[r.IntN(len(clients))]
		change := []cc.Change{{Mute: cc.On}, {Mute: cc.Off}, {Hold: cc.On}, {Hold: cc.Off}}[r.IntN(4)]
		switch r.IntN(8) {
		case 0, 1:
			_, _ = s.sw.Join(room, fake.Leg{Address: fmt.Sprint(15000 + r.IntN(9))})
		case 2:
			if _, has := c.agent.Conference(room); !has {
				_, _ = c.agent.Join(room)
			}
		case 3:
			if _, has := c.agent.Conference(room); !has {
				_, _ = c.agent.Monitor(room, []genesysserver.Mode{genesysserver.ListenIn, genesysserver.Coach, genesysserver.BargeIn}[r.IntN(3)])
			}
		case 4:
			if m := some(s.sw.Members(cc.ConferenceID(room))); m != nil {
				m.HangUp()
			}
		case 5:
			if m := some(s.sw.Members(cc.ConferenceID(room))); m != nil {
				_, _ = s.sw.Set(m.Instance(), m.ID(), change)
			}
		case 6:
			if calls := c.calls(); len(calls) > 0 {
				call := calls[r.IntN(len(calls))]
				can := words(call["capabilities"])
				more := []string{`"destination":{"phoneNumber":"` + clients[r.IntN(4)].agent.DN() + `"}`, `"userData":{"k":"v"}`, `"digits":"1"`, `"key":"k"`}
				if n := numbers(call); len(n) > 0 {
					more = append(more, `"participant":"`+n[r.IntN(len(n))]+`"`)
				}
				if len(can) > 0 {
					c.op(call["id"].(string), can[r.IntN(len(can))], more...)
				}
			}
		case 7:
			time.Sleep(time.Duration(r.IntN(50)) * time.Millisecond)
		}
		if r.IntN(5) == 0 {
			hear(c)
		}
		if r.IntN(20) == 0 {
			for _, c := range clients {
				hear(c)
			}
		}
	}
	time.Sleep(5 * time.Second)
	for _, c := range clients {
		hear(c)
		shown := map[string]string{}
		for _, call := range c.calls() {
			delete(call, "duration")
			shown[call["id"].(string)] = text(call)
		}
		require.Equal(t, shown, said[c])
	}
}
