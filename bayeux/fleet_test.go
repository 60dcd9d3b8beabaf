package bayeux_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"encoding/json"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
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

// R8, T6: a fleet that lost one server does not come back in step, and not faster than allowed.
func TestScenario17ServerRestartWithAThousandSessions(t *testing.T) {
	const sessions = 1000
	const every = 5 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		network := pipenet.NewBuffered(16 << 10)
		f := &fleetServer{}
		serve := func() (stop func()) {
			l, err := network.Listen("bayeux.test:80")
			require.NoError(t, err)
			server := &http.Server{Handler: f}
			done := make(chan struct{})
			go func() { defer close(done); _ = server.Serve(l) }()
			return func() { _ = server.Close(); <-done }
		}
		stop := serve()
		transport := network.Transport()
		transport.MaxIdleConnsPerHost = 2 * sessions
		limiter := bayeux.NewLimiter(every, 10)
		all := make([]*bayeux.Session, sessions)
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				session, err := bayeux.Dial(t.Context(), address, bayeux.Options{
					Transports: []bayeux.Transport{bayeux.LongPolling{}},
					HTTPClient: &http.Client{Transport: transport}, Limiter: limiter,
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
		stop = serve()
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
		transport.CloseIdleConnections()
		stop()
		_ = network.Close()
	})
}
