package bayeux_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
	"github.com/gorilla/websocket"
)

// payload is the data of an event, about 1.1 KB.
var payload = fmt.Sprintf(`{"call":{"id":"0123456789","state":"Established","participants":[{"number":"5551234"},{"number":"5555678"}],"capabilities":["Hold","Mute","Transfer"],"userData":{"k":"%s"}},"notificationType":"StatusChange"}`, strings.Repeat("value ", 150))

// A benchServer answers without looking closely. Its CPU is part of what is measured, for both sides
// alike; bench/ has it in a process of its own.
type benchServer struct {
	perPoll int
	start   chan struct{} // closed when events may go
	left    atomic.Int64
	frame   []byte
}

func (b *benchServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		b.socket(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	out := b.answer(body, r.Context().Done())
	if out == nil {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(out)
}

func between(body []byte, from string) string {
	_, rest, _ := strings.Cut(string(body), from)
	s, _, _ := strings.Cut(rest, `"`)
	return s
}

func (b *benchServer) answer(body []byte, gone <-chan struct{}) []byte {
	id, channel := between(body, `"id":"`), between(body, `"channel":"`)
	reply := fmt.Sprintf(`{"channel":%q,"id":%q,"successful":true`, channel, id)
	switch {
	case channel == "/meta/handshake":
		return []byte("[" + reply + `,"clientId":"c","supportedConnectionTypes":["websocket","long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":600000}}]`)
	case channel != "/meta/connect" || bytes.Contains(body, []byte(`"timeout":0`)):
		return []byte("[" + reply + "}]")
	}
	select {
	case <-b.start:
	case <-gone:
		return nil
	}
	if b.left.Add(-int64(b.perPoll)) < 0 {
		return nil
	}
	out := append(make([]byte, 0, 16<<10), '[')
	for range b.perPoll {
		out = append(append(append(out, `{"data":`...), payload...), `,"channel":"/v2/me/calls"},`...)
	}
	return append(append(out, reply...), "}]"...)
}

func (b *benchServer) socket(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	var writing sync.Mutex
	for {
		_, body, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if bytes.Contains(body, []byte("/meta/connect")) && !bytes.Contains(body, []byte(`"timeout":0`)) {
			go func() {
				select {
				case <-b.start:
				case <-r.Context().Done():
				}
				for b.left.Add(-1) >= 0 {
					writing.Lock()
					err := conn.WriteMessage(websocket.TextMessage, b.frame)
					writing.Unlock()
					if err != nil {
						return
					}
				}
			}()
			continue
		}
		writing.Lock()
		_ = conn.WriteMessage(websocket.TextMessage, b.answer(body, nil))
		writing.Unlock()
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func measureCPU(b *testing.B, run func()) {
	from := cpu()
	b.ResetTimer()
	run()
	b.StopTimer()
	b.ReportMetric(float64(cpu()-from)/float64(b.N), "cpu-ns/event")
}

// subscribed is a session that closes done when n events have reached its handler.
func subscribed(b *testing.B, server *benchServer, url string, n int64, t bayeux.Transport) (run, stop func()) {
	session, err := bayeux.Dial(b.Context(), url, bayeux.Options{Transports: []bayeux.Transport{t}})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	got := int64(0)
	if _, err := session.Subscribe(b.Context(), "/v2/me/calls", bayeux.Delivery{Handler: func(bayeux.Message) {
		if got++; got == n {
			close(done)
		}
	}}); err != nil {
		b.Fatal(err)
	}
	return func() { close(server.start); <-done }, func() { _ = session.Close() }
}

func BenchmarkLongPolling(b *testing.B) {
	for _, per := range []int{1, 10, 100} {
		for _, side := range []string{"session", "floor"} {
			b.Run(fmt.Sprintf("%s/%d", side, per), func(b *testing.B) {
				b.ReportAllocs()
				n := int64(b.N+per-1) / int64(per) * int64(per)
				server := &benchServer{perPoll: per, start: make(chan struct{})}
				server.left.Store(n)
				h := httptest.NewServer(server)
				defer h.Close()
				if side == "session" {
					run, stop := subscribed(b, server, h.URL, n, bayeux.LongPolling{})
					measureCPU(b, run)
					stop()
					return
				}
				close(server.start)
				tr := &http.Transport{ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10}
				client := &http.Client{Transport: tr}
				measureCPU(b, func() {
					for got := int64(0); got < n; {
						body := `[{"id":"1","channel":"/meta/connect","clientId":"c","connectionType":"long-polling"}]`
						resp, err := client.Post(h.URL, "application/json", strings.NewReader(body))
						if err != nil {
							b.Fatal(err)
						}
						raw, err := io.ReadAll(resp.Body)
						if err != nil {
							b.Fatal(err)
						}
						resp.Body.Close()
						got += int64(floorDecode(b, raw))
					}
				})
				tr.CloseIdleConnections()
			})
		}
	}
}

type floorMessage struct {
	Channel, ID, ClientID, Error string
	Successful                   *bool
	Data, Ext, Advice            json.RawMessage
}

func floorDecode(b *testing.B, raw []byte) (n int) {
	var list []floorMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		b.Fatal(err)
	}
	for i := range list {
		if list[i].Data != nil {
			n++
		}
	}
	return n
}

func BenchmarkWebSocket(b *testing.B) {
	frame := []byte(`[{"data":` + payload + `,"channel":"/v2/me/calls"}]`)
	b.Run("session", func(b *testing.B) {
		b.ReportAllocs()
		server := &benchServer{frame: frame, start: make(chan struct{})}
		h := httptest.NewServer(server)
		defer h.Close()
		server.left.Store(int64(b.N))
		run, stop := subscribed(b, server, h.URL, int64(b.N), bayeux.WebSocket{})
		measureCPU(b, run)
		stop()
	})
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		server := &benchServer{frame: frame, start: make(chan struct{})}
		close(server.start)
		h := httptest.NewServer(server)
		defer h.Close()
		server.left.Store(int64(b.N))
		conn, _, err := (&websocket.Dialer{ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10}).Dial("ws"+strings.TrimPrefix(h.URL, "http"), nil)
		if err != nil {
			b.Fatal(err)
		}
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`[{"channel":"/meta/connect"}]`))
		measureCPU(b, func() {
			for n := 0; n < b.N; {
				_, raw, err := conn.ReadMessage()
				if err != nil {
					b.Fatal(err)
				}
				n += floorDecode(b, raw)
			}
		})
		_ = conn.Close()
	})
}

// BenchmarkIdle reports what a session costs that waits, server excluded. Run one of its cases in a process:
// what one leaves behind is counted for the next.
func BenchmarkIdle(b *testing.B) {
	for _, c := range []struct {
		name string
		open func(url string) func()
	}{
		{"session/long-polling", func(url string) func() { return idleSession(b, url, bayeux.LongPolling{}) }},
		{"floor/long-polling", func(url string) func() { return idleFloor(b, url) }},
		{"session/websocket", func(url string) func() { return idleSession(b, url, bayeux.WebSocket{}) }},
		{"floor/websocket", func(url string) func() { return idleSocket(b, url) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			const n = 300
			for b.Loop() {
				url, stop := idleServer(b)
				goroutines, heap := footprint()
				var closers []func()
				for range n {
					closers = append(closers, c.open(url))
				}
				time.Sleep(16 * time.Second) // the connection for commands has gone
				g, h := footprint()
				b.ReportMetric(float64(g-goroutines)/n, "goroutines/session")
				b.ReportMetric(float64(h-heap)/n/1024, "KiB/session")
				var wg sync.WaitGroup
				for _, c := range closers {
					wg.Go(c)
				}
				stop()
				wg.Wait()
			}
		})
	}
}

func footprint() (goroutines int, bytes int64) {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int64(m.HeapInuse + m.StackInuse)
}

func idleSession(b *testing.B, url string, t bayeux.Transport) func() {
	s, err := bayeux.Dial(context.Background(), url, bayeux.Options{Transports: []bayeux.Transport{t}})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Subscribe(context.Background(), "/a", bayeux.Delivery{}); err != nil {
		b.Fatal(err)
	}
	return func() { _ = s.Close() }
}

// idleFloor does what a session does, with net/http alone.
func idleFloor(b *testing.B, url string) func() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	tr := &http.Transport{ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, IdleConnTimeout: 15 * time.Second}
	client := &http.Client{Transport: tr, Jar: jar}
	ctx, cancel := context.WithCancel(context.Background())
	post := func(body string) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	post(`[{"id":"1","channel":"/meta/handshake"}]`)
	post(`[{"id":"2","channel":"/meta/connect","advice":{"timeout":0}}]`)
	done := make(chan struct{})
	go func() {
		defer close(done)
		post(`[{"id":"3","channel":"/meta/connect","clientId":"c","connectionType":"long-polling"}]`)
	}()
	post(`[{"id":"4","channel":"/meta/subscribe","subscription":"/a"}]`)
	return func() { cancel(); <-done; tr.CloseIdleConnections() }
}

func idleSocket(b *testing.B, url string) func() {
	conn, _, err := (&websocket.Dialer{ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, WriteBufferPool: new(sync.Pool)}).Dial("ws"+strings.TrimPrefix(url, "http"), nil)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	return func() { _ = conn.Close(); <-done }
}

// idleServer starts this binary once more as a server, which answers until the session is connected and
// then nothing.
func idleServer(b *testing.B) (url string, stop func()) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), idleVariable+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line), func() { _ = in.Close(); _ = cmd.Wait() }
}
