package bayeux_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// A carrier is a Transport of somebody else: T7. The test answers its batches, when it likes.
type carrier struct {
	mu   sync.Mutex
	sink bayeux.Sink
	sent []*bayeux.Batch
	gone []*bayeux.Batch
}

func (c *carrier) Type() string { return "pigeon" }

func (c *carrier) Open(_ context.Context, p bayeux.LinkParams) (bayeux.Link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sink = p.Sink
	return c, nil
}

func (c *carrier) Duplex() bool { return false }
func (c *carrier) Close(bool)   {}

func (c *carrier) Send(b *bayeux.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, b)
}

func (c *carrier) Abort(b *bayeux.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = append(c.gone, b)
}

// take waits for a batch, and returns it with the id of its first message.
func (c *carrier) take(t *testing.T, kind bayeux.BatchKind) (*bayeux.Batch, string) {
	for range 1000 {
		synctest.Wait()
		c.mu.Lock()
		if len(c.sent) > 0 {
			b := c.sent[0]
			c.sent = c.sent[1:]
			c.mu.Unlock()
			require.Equal(t, kind, b.Kind)
			body, err := b.Body()
			require.NoError(t, err)
			var list []struct{ ID string }
			require.NoError(t, json.Unmarshal(body, &list))
			return b, list[0].ID
		}
		c.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("nothing was sent")
	return nil, ""
}

func (c *carrier) reply(b *bayeux.Batch, id, body string) {
	c.sink.Receive(b, []byte(strings.ReplaceAll(body, "$0", id)))
}

// R6: the answer to a connect that was given up is void, with all that is in it.
func TestLateAnswerIsVoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(carrier)
		type result struct {
			s   *bayeux.Session
			err error
		}
		dialled := make(chan result, 1)
		go func() {
			s, err := bayeux.Dial(t.Context(), address, bayeux.Options{Transports: []bayeux.Transport{c}})
			dialled <- result{s, err}
		}()
		b, id := c.take(t, bayeux.HandshakeBatch)
		c.reply(b, id, strings.Replace(handshakeOK, `"websocket","long-polling"`, `"pigeon"`, 1))
		b, id = c.take(t, bayeux.ConnectBatch)
		c.reply(b, id, connectOK)
		d := <-dialled
		require.NoError(t, d.err)
		late, lateID := c.take(t, bayeux.ConnectBatch)
		b, id = c.take(t, bayeux.ConnectBatch) // after 40 s
		require.Equal(t, []*bayeux.Batch{late}, c.gone)
		c.reply(late, lateID, `[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"reconnect":"none"}}]`)
		require.Zero(t, d.s.Stats().Events)
		require.Equal(t, bayeux.Broken, d.s.State())
		c.reply(b, id, fmt.Sprintf(`[{"channel":"/meta/connect","id":%q,"successful":true},{"channel":"/meta/connect","id":"$0","successful":true}]`, lateID))
		require.Equal(t, bayeux.Connected, d.s.State())
		c.take(t, bayeux.ConnectBatch)
		go func() { _ = d.s.Close() }()
		b, id = c.take(t, bayeux.DisconnectBatch)
		c.reply(b, id, `[{"channel":"/meta/disconnect","id":"$0","successful":true}]`)
		<-d.s.Done()
	})
}

// A2: a server that hangs up instead of answering a disconnect is not waited for.
func TestSocketClosedInsteadOfAnAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, s *script) {
		session := s.dial(s.socketOptions(), handshakeOK)
		began := time.Now()
		done := make(chan struct{})
		go func() { defer close(done); _ = session.Close() }()
		x := s.next("/meta/disconnect")
		_ = x.socket.Close()
		<-done
		require.Less(t, time.Since(began), time.Second)
	})
}
