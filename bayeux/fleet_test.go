package bayeux_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/stretchr/testify/require"
)

// A fleetServer knows sessions until it is restarted.
type fleetServer struct {
	mu         sync.Mutex
	epoch      int
	last       int
	handshakes []time.Time
	renewed    int
}

func (f *fleetServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var list []struct {
		ID, Channel, ClientID string
		Advice                *struct{ Timeout int }
	}
	if json.Unmarshal(body, &list) != nil || len(list) == 0 {
		w.WriteHeader(400)
		return
	}
	f.mu.Lock()
	known := strings.HasPrefix(list[0].ClientID, fmt.Sprintf("e%d-", f.epoch))
	id := ""
	if list[0].Channel == "/meta/handshake" {
		f.last++
		id = fmt.Sprintf("e%d-%d", f.epoch, f.last)
		f.handshakes = append(f.handshakes, time.Now())
		known = true
	}
	f.mu.Unlock()
	held := list[0].Channel == "/meta/connect" && known && list[0].Advice == nil
	if held {
		select {
		case <-time.After(30 * time.Second):
		case <-r.Context().Done():
			return
		}
	}
	var out []string
	for _, m := range list {
		switch {
		case !known:
			out = append(out, fmt.Sprintf(`{"channel":%q,"id":%q,"successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}`, m.Channel, m.ID))
		case id != "":
			out = append(out, fmt.Sprintf(`{"channel":%q,"id":%q,"successful":true,"clientId":%q,"supportedConnectionTypes":["long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":30000}}`, m.Channel, m.ID, id))
		default:
			if m.Channel == "/meta/subscribe" {
				f.mu.Lock()
				f.renewed++
				f.mu.Unlock()
			}
			out = append(out, fmt.Sprintf(`{"channel":%q,"id":%q,"successful":true}`, m.Channel, m.ID))
		}
	}
	_, _ = io.WriteString(w, "["+strings.Join(out, ",")+"]")
}

// A fleetNetwork carries requests to the server while it is up, without the work of HTTP: what is looked
// at is when requests are made, by a thousand sessions.
type fleetNetwork struct {
	f *fleetServer

	mu   sync.Mutex
	up   context.Context // nil while the server is down
	stop context.CancelFunc
}

// start lets the server be up. All that is under way breaks at the instant at which stop is called.
func (n *fleetNetwork) start() (stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up, n.stop = context.WithCancel(context.Background())
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.stop()
		n.up = nil
	}
}

func (n *fleetNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	up := n.up
	n.mu.Unlock()
	if up == nil {
		return nil, syscall.ECONNREFUSED
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(up, cancel)()
	w := httptest.NewRecorder()
	n.f.ServeHTTP(w, r.WithContext(ctx))
	switch {
	case up.Err() != nil:
		return nil, syscall.ECONNRESET
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return w.Result(), nil
}

// R8, T6: a fleet that lost one server does not come back in step, and not faster than allowed.
func TestScenario17ServerRestartWithAThousandSessions(t *testing.T) {
	const sessions = 1000
	const every = 5 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		f := &fleetServer{}
		network := &fleetNetwork{f: f}
		stop := network.start()
		limiter := bayeux.NewLimiter(every, 10)
		all := make([]*bayeux.Session, sessions)
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				session, err := bayeux.Dial(t.Context(), address, bayeux.Options{
					Transports: []bayeux.Transport{bayeux.LongPolling{}},
					HTTPClient: &http.Client{Transport: network}, Limiter: limiter,
				})
				if err != nil {
					t.Error(err)
					return
				}
				all[i] = session
				if _, err := session.Subscribe(t.Context(), "/a", bayeux.Delivery{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.False(t, t.Failed())
		stop() // all connections break at one instant
		time.Sleep(3 * time.Second)
		f.mu.Lock()
		f.epoch, f.handshakes, f.renewed = 1, nil, 0
		f.mu.Unlock()
		back := time.Now()
		stop = network.start()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		for _, session := range all {
			require.Equal(t, bayeux.Connected, session.State())
		}
		f.mu.Lock()
		require.Len(t, f.handshakes, sessions) // none more than needed
		require.Equal(t, sessions, f.renewed)
		slices.SortFunc(f.handshakes, time.Time.Compare)
		first, median, last := f.handshakes[0].Sub(back), f.handshakes[sessions/2].Sub(back), f.handshakes[sessions-1].Sub(back)
		most := 0
		for i, at := range f.handshakes {
			n := 0
			for _, other := range f.handshakes[i:] {
				if other.Sub(at) >= time.Second {
					break
				}
				n++
			}
			most = max(most, n)
		}
		f.mu.Unlock()
		t.Logf("1,000 sessions: handshakes from %v to %v after the server was back, median %v, at most %d in a second, 200 allowed and 10 at once",
			first, last, median, most)
		require.LessOrEqual(t, most, int(time.Second/every)+10)
		require.GreaterOrEqual(t, last-first, 4*time.Second)
		for _, session := range all {
			wg.Go(func() { _ = session.Close() })
		}
		wg.Wait()
		stop()
	})
}
