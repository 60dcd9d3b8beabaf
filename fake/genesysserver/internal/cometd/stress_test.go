package cometd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
)

// numbers takes the data of the events out of an answer.
func numbers(t *testing.T, text string) (list []int, ok bool) {
	var all []struct {
		Channel    string
		Data       *int
		Successful bool
	}
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	for _, m := range all {
		if m.Data != nil {
			list = append(list, *m.Data)
		}
		ok = ok || m.Channel == "/meta/connect" && m.Successful
	}
	return list, ok
}

// TestNothingLost has several users told at once while their clients connect, subscribe and are told by
// either: each gets everything, once and in order.
func TestNothingLost(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		const users, n = 8, 300
		var all sync.WaitGroup
		for u := range users {
			user := fmt.Sprintf("user%d", u)
			c := s.open(user, "/v2/me/*")
			var (
				mu  sync.Mutex
				got []int
			)
			ctx, cancel := context.WithCancel(t.Context())
			take := func(a answer) {
				list, _ := numbers(t, a.text)
				mu.Lock()
				defer mu.Unlock()
				if got = append(got, list...); len(got) == n {
					cancel()
				}
			}
			all.Go(func() {
				for ctx.Err() == nil {
					if a := c.post(ctx, c.fill(connecting)); a.err == nil {
						take(a)
					}
				}
			})
			all.Go(func() {
				for i := range n {
					if err := s.Publish(user, "/v2/me/calls", i); err != nil {
						t.Error(err)
					}
					if i%7 == u%7 {
						time.Sleep(time.Millisecond)
					}
				}
			})
			t.Cleanup(func() {
				require.Len(t, got, n)
				for i, v := range got {
					require.Equal(t, i, v)
				}
			})
		}
		all.Wait()
	})
}

// TestAnythingAtOnce does everything that can be done from outside while clients are at it, for the race
// detector, and then looks whether anything stays behind.
func TestAnythingAtOnce(t *testing.T) {
	bubble(t, cometd.Options{WebSocket: true, Ack: true, Hold: 50 * time.Millisecond}, func(t *testing.T, s *site) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		for u := range 6 {
			user := fmt.Sprintf("user%d", u%3)
			c := s.client(user)
			all.Go(func() {
				for ctx.Err() == nil {
					a := c.post(ctx, strings.Replace(shaking, `"id"`, `"ext":{"ack":true},"id"`, u%2))
					if a.err != nil || len(a.list) != 1 {
						continue
					}
					c.id, _ = a.list[0]["clientId"].(string)
					c.post(ctx, c.fill(subscribing))
					for ctx.Err() == nil {
						time.Sleep(time.Millisecond) // nothing is acknowledged: no connect may be held
						a := c.post(ctx, c.fill(connecting))
						if a.err != nil {
							continue
						}
						if a.status != 200 {
							break
						}
						if _, ok := numbers(t, a.text); !ok {
							break
						}
					}
				}
			})
		}
		every := func(d time.Duration, f func()) {
			all.Go(func() {
				for ctx.Err() == nil {
					time.Sleep(d)
					f()
				}
			})
		}
		every(3*time.Millisecond, func() { _ = s.Publish("", "/a", 1) })
		every(31*time.Millisecond, func() { s.DropSessions("user0", true) })
		every(47*time.Millisecond, func() { s.DropSessions("user1", false) })
		every(53*time.Millisecond, func() { s.Forget("user2") })
		every(61*time.Millisecond, func() { s.Disconnect("") })
		every(17*time.Millisecond, func() { _ = s.Counters() })
		every(40*time.Millisecond, func() {
			k := s.dial("user1")
			k.say(shaking)
			var list []map[string]any
			if err := json.Unmarshal([]byte(<-k.frames), &list); err != nil {
				t.Error(err)
			} else if k.id, _ = list[0]["clientId"].(string); k.id == "" {
				t.Error("no session")
			}
			k.say(subscribing)
			k.say(connecting)
			time.Sleep(7 * time.Millisecond)
			_ = k.conn.Close()
			for range k.frames { // until its reader has ended
			}
		})
		all.Wait()
		sleep(20 * time.Second)
		got := s.Counters()
		require.Zero(t, got.Sessions, "%+v", got)
		require.Zero(t, got.Held)
		require.Zero(t, got.Sockets)
		require.NotZero(t, got.Unknown)
	})
}

// TestThousand looks at what 1,000 sessions that wait cost: one goroutine of a request each, besides
// what net/http has.
func TestThousand(t *testing.T) {
	bubble(t, cometd.Options{}, func(t *testing.T, s *site) {
		const n = 1000
		clients := make([]*client, n)
		held := make([]<-chan answer, n)
		for i := range clients {
			clients[i] = s.open(fmt.Sprintf("user%d", i), "/v2/me/*")
		}
		before := runtime.NumGoroutine()
		for i, c := range clients {
			done := make(chan answer, 1)
			held[i] = done
			go func() { done <- c.post(t.Context(), c.fill(connecting)) }()
		}
		synctest.Wait()
		require.Equal(t, n, s.Counters().Held)
		// The goroutine above, and the one by which net/http notices that a client goes away.
		require.LessOrEqual(t, runtime.NumGoroutine()-before, 2*n+20)
		require.NoError(t, s.Publish("", "/v2/me/calls", 1))
		synctest.Wait()
		for i, c := range clients {
			c.expect(held[i], event("/v2/me/calls", "1"), connected)
		}
		require.Equal(t, int64(n), s.Counters().Events)
	})
}
