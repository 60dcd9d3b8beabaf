package plivo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// A fixedConn answers each request, which net/http writes at once, with the same bytes, and allocates
// nothing.
type fixedConn struct {
	answer      string
	asked, gone chan struct{}
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

// fixed is a transport without sockets.
func fixed(tb testing.TB, answer string) *http.Transport {
	t := &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return &fixedConn{answer: answer, asked: make(chan struct{}, 1), gone: make(chan struct{})}, nil
		},
		MaxIdleConnsPerHost: 256, DisableCompression: true,
	}
	tb.Cleanup(t.CloseIdleConnections)
	return t
}

// What a bare exchange costs over net/http used well and for nothing else: through the public interface,
// with all that is between it and the transport, and without sockets.
func BenchmarkBareExchange(b *testing.B) {
	const authID, authToken = "MA0000000000000000AA", "token"
	for _, tc := range []struct {
		name, answer, method string
		do                   func(ctx context.Context, c cc.Conference) error
	}{
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", http.MethodDelete,
			func(ctx context.Context, c cc.Conference) error { return c.RemoveParticipant(ctx, "15001") }},
		{"JSON", "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 53\r\n\r\n" +
			`{"api_id":"7d0f2a60-1111","message":"participant ok"}`, http.MethodPost,
			func(ctx context.Context, c cc.Conference) error {
				return c.SetParticipantState(ctx, "15001", cc.Change{Mute: cc.On})
			}},
	} {
		plain := &http.Client{Transport: fixed(b, tc.answer)}
		floor := func() error {
			var body io.Reader
			if tc.method == http.MethodPost {
				w, err := json.Marshal(struct {
					Mute bool `json:"mute"`
				}{true})
				if err != nil {
					return err
				}
				body = bytes.NewReader(w)
			}
			req, err := http.NewRequest(tc.method, "http://127.0.0.1/v1/Account/"+authID+"/MultiPartyCall/name_standup/Participant/15001/", body)
			if err != nil {
				return err
			}
			req.SetBasicAuth(authID, authToken)
			req.Header.Set("Accept", "application/json")
			if body != nil {
				req.Header.Set("Content-Type", "application/json")
			}
			resp, err := plain.Do(req)
			if err != nil {
				return err
			}
			if _, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
				return err
			}
			return resp.Body.Close()
		}
		client, err := plivo.NewMPC(plivo.Options{
			AuthID: authID, AuthToken: plivo.NewSecret(authToken), Endpoint: "http://127.0.0.1", Insecure: true,
			Transport: fixed(b, tc.answer), Limiter: httpclient.NewLimiter(4096, time.Millisecond), Unconfirmed: true,
		})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, client.Close()) })
		conference := client.Conference("standup")
		ours := func() error { return tc.do(context.Background(), conference) }
		for _, side := range []struct {
			name string
			do   func() error
		}{{"net-http", floor}, {"callcontrol", ours}} {
			b.Run(tc.name+"/"+side.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := side.do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
