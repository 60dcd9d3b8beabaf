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
	duplex bool

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

func (c *carrier) Duplex() bool { return c.duplex }
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

// dial connects over the carrier.
func (c *carrier) dial(t *testing.T) *bayeux.Session {
	done := make(chan dialled, 1)
	go func() {
		s, err := bayeux.Dial(t.Context(), address, bayeux.Options{Transports: []bayeux.Transport{c}})
		done <- dialled{s, err}
	}()
	b, id := c.take(t, bayeux.HandshakeBatch)
	c.reply(b, id, strings.Replace(handshakeOK, `"websocket","long-polling"`, `"pigeon"`, 1))
	b, id = c.take(t, bayeux.ConnectBatch)
	c.reply(b, id, connectOK)
	d := <-done
	require.NoError(t, d.err)
	return d.session
}

// end closes the session.
func (c *carrier) end(t *testing.T, session *bayeux.Session) {
	go func() { _ = session.Close() }()
	b, id := c.take(t, bayeux.DisconnectBatch)
	c.reply(b, id, `[{"channel":"/meta/disconnect","id":"$0","successful":true}]`)
	<-session.Done()
}

// R6: what comes over a link that was given up is void too.
func TestLateMessagesOfAnOldLinkAreVoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &carrier{duplex: true}
		session := c.dial(t)
		c.take(t, bayeux.ConnectBatch)
		old := c.sink
		old.Fail(nil, bayeux.ErrTransport)
		b, id := c.take(t, bayeux.ConnectBatch)
		require.NotSame(t, old, c.sink)
		old.Receive(nil, []byte(`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"`+id+`","successful":true},{"channel":"/meta/disconnect"}]`))
		old.Fail(nil, bayeux.ErrTransport)
		require.Zero(t, session.Stats().Events)
		require.Equal(t, bayeux.Broken, session.State())
		c.reply(b, id, connectOK)
		require.Equal(t, bayeux.Connected, session.State())
		c.take(t, bayeux.ConnectBatch)
		c.end(t, session)
	})
}

// R6: the answer to a connect that was given up is void, with all that is in it.
func TestLateAnswerIsVoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(carrier)
		session := c.dial(t)
		late, lateID := c.take(t, bayeux.ConnectBatch)
		b, id := c.take(t, bayeux.ConnectBatch) // after 35 s
		require.Equal(t, []*bayeux.Batch{late}, c.gone)
		c.reply(late, lateID, `[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"$0","successful":true,"advice":{"reconnect":"none"}}]`)
		require.Zero(t, session.Stats().Events)
		require.Equal(t, bayeux.Broken, session.State())
		c.reply(b, id, fmt.Sprintf(`[{"channel":"/meta/connect","id":%q,"successful":true},{"channel":"/meta/connect","id":"$0","successful":true}]`, lateID))
		require.Equal(t, bayeux.Connected, session.State())
		c.take(t, bayeux.ConnectBatch)
		c.end(t, session)
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
	bubble(t, func(t *testing.T, s *script) { // over long polling likewise
		session := s.dial(s.options(), handshakeOK)
		s.now("/meta/connect") // held
		began := time.Now()
		done := make(chan struct{})
		go func() { defer close(done); _ = session.Close() }()
		s.next("/meta/disconnect").reset("")
		<-done
		require.Equal(t, began, time.Now())
	})
}
