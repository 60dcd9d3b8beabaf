package httpclient_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// TestNew holds what is refused at once, in one clear sentence that never quotes a password.
func TestNew(t *testing.T) {
	for _, tc := range []struct {
		base     string
		insecure bool
		want     string
	}{
		{"https://api.test", false, ""},
		{"https://api.test:8443/a/b/", false, ""},
		{"https://[::1]/", false, ""},
		{"http://127.0.0.1:8080", true, ""},
		{"http://127.9.9.9", true, ""},
		{"http://[::1]:80", true, ""},
		{"http://localhost", true, ""},
		{"http://LOCALHOST/", true, ""},
		{"", false, "httpclient: Base is empty"},
		{"api.test", false, "httpclient: Base is not a URL with a host"},
		{"https:api.test", false, "httpclient: Base is not a URL with a host"},
		{"https:///x", false, "httpclient: Base is not a URL with a host"},
		{"https://:443", false, "httpclient: Base is not a URL with a host"},
		{"https://u:sesame@a b/", false, "httpclient: Base is not a URL with a host"},
		{"https://u:sesame@api.test", false, "httpclient: Base holds a user or a password"},
		{"https://u@api.test", false, "httpclient: Base holds a user or a password"},
		{"https://api.test?x=1", false, "httpclient: Base holds a query or a fragment"},
		{"https://api.test?", false, "httpclient: Base holds a query or a fragment"},
		{"https://api.test#", false, "httpclient: Base holds a query or a fragment"},
		{"https://api.test/a//b", false, "httpclient: the path of Base holds an empty or dotted segment, or a control character"},
		{"https://api.test//", false, "httpclient: the path of Base holds an empty or dotted segment, or a control character"},
		{"https://api.test/a/../b", false, "httpclient: the path of Base holds an empty or dotted segment, or a control character"},
		{"https://api.test/%2e%2e/b", false, "httpclient: the path of Base holds an empty or dotted segment, or a control character"},
		{"ftp://api.test", false, "httpclient: Base is neither https nor http"},
		{"http://api.test", true, "httpclient: plain http is for loopback addresses only"},
		{"http://127.1", true, "httpclient: plain http is for loopback addresses only"},
		{"http://localhost.api.test", true, "httpclient: plain http is for loopback addresses only"},
		{"http://10.0.0.1", true, "httpclient: plain http is for loopback addresses only"},
		{"http://127.0.0.1", false, "httpclient: plain http needs insecure"},
	} {
		c, err := httpclient.New(httpclient.Options{Base: tc.base, Insecure: tc.insecure, Provider: "p", Name: "n"})
		if tc.want == "" {
			require.NoError(t, err, tc.base)
			require.NoError(t, c.Close())
			continue
		}
		e := failure(t, err)
		require.Equal(t, cc.ErrInvalid, e.Kind)
		require.EqualError(t, e.Err, tc.want, tc.base)
	}
	_, err := httpclient.New(httpclient.Options{Base: "https://api.test", Attempt: -1})
	require.EqualError(t, failure(t, err).Err, "httpclient: Attempt is negative")
	_, err = httpclient.New(httpclient.Options{Base: "https://api.test", MaxBody: -1})
	require.EqualError(t, failure(t, err).Err, "httpclient: MaxBody is negative")
}

// TestInvalidRequests shows what is not sent.
func TestInvalidRequests(t *testing.T) {
	w := play(status(204))
	c := newClient(t, httpclient.Options{Transport: w})
	for name, spoil := range map[string]func(*httpclient.Request){
		"no class":        func(r *httpclient.Request) { r.Class = 0 },
		"odd class":       func(r *httpclient.Request) { r.Class = 4 },
		"no method":       func(r *httpclient.Request) { r.Method = "" },
		"odd method":      func(r *httpclient.Request) { r.Method = "GET /" },
		"lower case":      func(r *httpclient.Request) { r.Method = "post" },
		"command by GET":  func(r *httpclient.Request) { r.Method = "GET" },
		"command by HEAD": func(r *httpclient.Request) { r.Method = "HEAD" },
		"no segment":      func(r *httpclient.Request) { r.Path = []string{""} },
		"no JSON":         func(r *httpclient.Request) { r.Body = math.Inf(1) },
		"a channel":       func(r *httpclient.Request) { r.Body = make(chan int) },
		"long body":       func(r *httpclient.Request) { r.Body = strings.Repeat("a", 64<<10) },
	} {
		req := request(absolute)
		spoil(&req)
		answer, err := c.Do(t.Context(), req, nil)
		require.ErrorIs(t, err, cc.ErrInvalid, name)
		require.Zero(t, answer)
	}
	var none context.Context
	_, err := c.Do(none, request(absolute), nil)
	require.ErrorIs(t, err, cc.ErrInvalid)
	require.Zero(t, w.requests())
	require.Equal(t, int64(500), httpclient.Budget(c))

	req := request(absolute)
	req.Body = strings.Repeat("a", 64<<10-2)
	_, err = c.Do(t.Context(), req, nil)
	require.NoError(t, err)
	require.Equal(t, int64(64<<10), w.seen[0].ContentLength)
}

// TestOwnTransport holds the figures of the transport that a client makes for itself.
func TestOwnTransport(t *testing.T) {
	tr := httpclient.OwnTransport(newClient(t, httpclient.Options{}))
	require.Equal(t, uint16(tls.VersionTLS12), tr.TLSClientConfig.MinVersion)
	require.False(t, tr.TLSClientConfig.InsecureSkipVerify)
	require.Equal(t, 5*time.Second, tr.TLSHandshakeTimeout)
	require.Equal(t, 30*time.Second, tr.IdleConnTimeout)
	require.GreaterOrEqual(t, tr.MaxIdleConnsPerHost, 64)
	require.Equal(t, int64(64<<10), tr.MaxResponseHeaderBytes)
	require.True(t, tr.DisableCompression)
}

// TestGivenTransport shows that a client never closes connections that are not its own.
func TestGivenTransport(t *testing.T) {
	g := &given{script: *play(status(503))}
	c := newClient(t, httpclient.Options{Transport: g})
	httpclient.SetRandom(c, func(int64) int64 { return 0 })
	_, err := c.Do(t.Context(), request(read), nil)
	require.ErrorIs(t, err, cc.ErrUnavailable)
	require.NoError(t, c.Close())
	require.Zero(t, g.closed.Load())
}

type given struct {
	script
	closed atomic.Int64
}

func (g *given) CloseIdleConnections() { g.closed.Add(1) }

// TestTLS is the one test over sockets: a good certificate, one that is not trusted, a server of an
// old protocol, and one that speaks no TLS.
func TestTLS(t *testing.T) {
	var requests atomic.Int64
	newServer := func(max uint16) *httptest.Server {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			w.WriteHeader(http.StatusNoContent)
		}))
		server.Config.ErrorLog = silent
		if max == 0 {
			server.Start()
		} else {
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: max}
			server.StartTLS()
		}
		t.Cleanup(server.Close)
		return server
	}
	for name, tc := range map[string]struct {
		max   uint16
		trust bool
		kind  cc.Kind
	}{
		"TLS 1.3":     {tls.VersionTLS13, true, 0},
		"TLS 1.2":     {tls.VersionTLS12, true, 0},
		"TLS 1.1":     {tls.VersionTLS11, true, cc.ErrUnavailable},
		"not trusted": {tls.VersionTLS13, false, cc.ErrUnavailable},
		"plain":       {0, false, cc.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(tc.max)
			c := newClient(t, httpclient.Options{Base: "https" + server.URL[strings.Index(server.URL, ":"):]})
			httpclient.SetRandom(c, func(int64) int64 { return 0 })
			if tc.trust {
				roots := x509.NewCertPool()
				roots.AddCert(server.Certificate())
				httpclient.TrustRoots(c, roots)
			}
			requests.Store(0)
			answer, err := c.Do(t.Context(), request(absolute), nil)
			require.Equal(t, tc.kind, cc.KindOf(err), "%v", err)
			require.Equal(t, 1, answer.Attempts, "these do not pass")
			if tc.kind != 0 {
				require.Zero(t, requests.Load())
				require.NotEmpty(t, failure(t, err).Err.Error())
				return
			}
			require.Equal(t, int64(1), requests.Load())
		})
	}
}

// TestRefusedConnection is what a closed port looks like.
func TestRefusedConnection(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	c := newClient(t, httpclient.Options{Base: server.URL, Insecure: true})
	server.Close()
	httpclient.SetRandom(c, func(int64) int64 { return 0 })
	for _, class := range classes {
		answer, err := c.Do(context.Background(), request(class), nil)
		require.ErrorIs(t, err, cc.ErrUnavailable)
		require.Equal(t, 3, answer.Attempts)
	}
}
