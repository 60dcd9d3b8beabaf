package httpclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// A fixedConn answers each request, which net/http writes at once, with the same bytes, and allocates
// nothing.
type fixedConn struct {
	answer []byte
	asked  chan struct{}
	gone   chan struct{}
}

func newFixedConn(answer string) *fixedConn {
	return &fixedConn{answer: []byte(answer), asked: make(chan struct{}, 1), gone: make(chan struct{})}
}

func (c *fixedConn) Write(p []byte) (int, error) {
	c.asked <- struct{}{}
	return len(p), nil
}

func (c *fixedConn) Read(p []byte) (int, error) {
	select {
	case <-c.asked:
		return copy(p, c.answer), nil
	case <-c.gone:
		return 0, io.EOF
	}
}

func (c *fixedConn) Close() error                     { close(c.gone); return nil }
func (c *fixedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *fixedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *fixedConn) SetDeadline(time.Time) error      { return nil }
func (c *fixedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *fixedConn) SetWriteDeadline(time.Time) error { return nil }

const (
	answer204  = "HTTP/1.1 204 No Content\r\nX-Request-Id: 7d0f2a60\r\n\r\n"
	answerJSON = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nX-Request-Id: 7d0f2a60\r\n" +
		"Content-Length: 53\r\n\r\n" + `{"api_id":"7d0f2a60-1111","message":"participant ok"}`
)

type order struct {
	Mute bool `json:"mute"`
}

type reply struct {
	APIID   string `json:"api_id"`
	Message string `json:"message"`
}

// exchanges returns the same exchange twice: by a plain, well-tuned net/http client, and by this
// package. The command has a deadline, as every command has.
func exchanges(tb testing.TB, answer, method string, withJSON bool) (floor, ours func()) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	tb.Cleanup(cancel)
	dial := func(context.Context, string, string) (net.Conn, error) { return newFixedConn(answer), nil }

	plain := &http.Client{Transport: &http.Transport{
		DialContext: dial, MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second,
		DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
	}}
	tb.Cleanup(plain.CloseIdleConnections)
	floor = func() {
		var body io.Reader
		if withJSON {
			b, err := json.Marshal(order{Mute: true})
			if err != nil {
				tb.Fatal(err)
			}
			body = bytes.NewReader(b)
		}
		req, err := http.NewRequestWithContext(ctx, method,
			"http://127.0.0.1/v1/Account/MA1/MultiPartyCall/name_standup/Participant/15001/", body)
		if err != nil {
			tb.Fatal(err)
		}
		req.Header.Set("Authorization", "Basic TUExOnRva2Vu")
		req.Header.Set("Accept", "application/json")
		if withJSON {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := plain.Do(req)
		if err != nil {
			tb.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			tb.Fatal(err)
		}
		resp.Body.Close()
		if withJSON {
			var into reply
			if json.Unmarshal(got, &into) != nil || into.APIID == "" {
				tb.Fatal("no answer")
			}
		}
	}

	c, err := httpclient.New(httpclient.Options{
		Base: "http://127.0.0.1", Insecure: true,
		Authorize: func(_ context.Context, h http.Header) error {
			h.Set("Authorization", "Basic TUExOnRva2Vu")
			return nil
		},
		Limiter: httpclient.NewLimiter(1<<20, time.Hour),
	})
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	httpclient.SetDial(c, dial)
	ours = func() {
		req := httpclient.Request{
			Op: "mute", Class: httpclient.Absolute, Method: method, Slash: true,
			Path: []string{"v1", "Account", "MA1", "MultiPartyCall", "name_standup", "Participant", "15001"},
		}
		if !withJSON {
			if _, err := c.Do(ctx, req, nil); err != nil {
				tb.Fatal(err)
			}
			return
		}
		var into reply
		req.Body = order{Mute: true}
		if _, err := c.Do(ctx, req, &into); err != nil || into.APIID == "" {
			tb.Fatal(err)
		}
	}
	return floor, ours
}

// TestAllocations holds the price of the transport: what it allocates over net/http alone.
func TestAllocations(t *testing.T) {
	for _, tc := range []struct {
		name, answer, method string
		json                 bool
		over                 float64
	}{
		{"204", answer204, http.MethodDelete, false, 12},
		{"JSON both ways", answerJSON, http.MethodPost, true, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			floor, ours := exchanges(t, tc.answer, tc.method, tc.json)
			runtime.GC()
			want := testing.AllocsPerRun(300, floor)
			got := testing.AllocsPerRun(300, ours)
			t.Logf("net/http %v, httpclient %v: %+v", want, got, got-want)
			if !raceEnabled { // the race detector allocates on its own
				require.LessOrEqual(t, got-want, tc.over)
			}
		})
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, tc := range []struct {
		name, answer, method string
		json                 bool
	}{
		{"204", answer204, http.MethodDelete, false},
		{"JSON", answerJSON, http.MethodPost, true},
	} {
		floor, ours := exchanges(b, tc.answer, tc.method, tc.json)
		b.Run(tc.name+"/net-http", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				floor()
			}
		})
		b.Run(tc.name+"/httpclient", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ours()
			}
		})
	}
}
