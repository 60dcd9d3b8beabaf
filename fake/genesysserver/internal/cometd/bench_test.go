package cometd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/genesysserver/internal/cometd"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
)

// BenchmarkPoll is one event published and fetched by a connect, without the network.
func BenchmarkPoll(b *testing.B) {
	s := cometd.New(cometd.Options{})
	defer s.Close()
	var cookie string
	post := func(body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, url, strings.NewReader(body))
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	w := post(shaking)
	cookie, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
	var list []map[string]any
	require.NoError(b, json.Unmarshal(w.Body.Bytes(), &list))
	id, _ := list[0]["clientId"].(string)
	post(strings.ReplaceAll(subscribing, "$id", id))
	body := strings.ReplaceAll(connecting, "$id", id)
	data := json.RawMessage(`{"messageType":"CallStateChangeMessage","call":{"participants":[]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Publish("", "/a", data); err != nil {
			b.Fatal(err)
		}
		if w := post(body); w.Body.Len() < 100 {
			b.Fatal(w.Body.String())
		}
	}
}

// BenchmarkThousand is one event to one of 1,000 sessions, whose clients poll over net/http in the same
// process. KB/session is what server, client and both ends of the pipe hold for a session that waits.
func BenchmarkThousand(b *testing.B) {
	const n = 1000
	s := cometd.New(cometd.Options{
		MaxQueue: 1 << 20,
		Admit:    func(r *http.Request) (string, func(http.ResponseWriter)) { return r.Header.Get("User"), nil },
	})
	network := pipenet.New()
	l, err := network.Listen("gws.test:80")
	require.NoError(b, err)
	h := &http.Server{Handler: s}
	go func() { _ = h.Serve(l) }()
	client := &http.Client{Transport: network.Transport()}
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = n
	post := func(ctx context.Context, user, cookie, body string) (*http.Response, []byte) {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
		r.Header.Set("User", user)
		r.Header.Set("Cookie", cookie)
		res, err := client.Do(r)
		if err != nil {
			return nil, nil
		}
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(res.Body)
		return res, text
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := heap()
	ctx, cancel := context.WithCancel(context.Background())
	var (
		all  sync.WaitGroup
		left atomic.Int64
		done = make(chan struct{})
	)
	left.Store(int64(b.N))
	users := make([]string, n)
	for i := range users {
		user := fmt.Sprintf("user%d", i)
		users[i] = user
		res, text := post(ctx, user, "", shaking)
		cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
		var list []map[string]any
		require.NoError(b, json.Unmarshal(text, &list))
		id, _ := list[0]["clientId"].(string)
		post(ctx, user, cookie, strings.ReplaceAll(connecting, "$id", id))
		post(ctx, user, cookie, strings.ReplaceAll(subscribing, "$id", id))
		all.Go(func() {
			body := strings.ReplaceAll(connecting, "$id", id)
			for ctx.Err() == nil {
				_, text := post(ctx, user, cookie, body)
				if k := int64(bytes.Count(text, []byte(`"data":`))); k > 0 && left.Add(-k) == 0 {
					close(done)
				}
			}
		})
	}
	for s.Counters().Held < n {
		runtime.Gosched()
	}
	size := float64(heap()-before) / n / 1024
	data := json.RawMessage(`{"messageType":"CallStateChangeMessage","call":{"participants":[]}}`)
	b.ResetTimer()
	for i := range b.N {
		if err := s.Publish(users[i%n], "/a", data); err != nil {
			b.Fatal(err)
		}
	}
	<-done
	b.StopTimer()
	b.ReportMetric(size, "KB/session")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	cancel()
	all.Wait()
	s.Close()
	_ = h.Close()
	_ = network.Close()
}
