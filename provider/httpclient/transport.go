package httpclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// newTransport returns the transport of one client. HTTP/1.1 only: what may have left can be told to
// the byte, and one broken connection leaves one command in doubt, not all that shared it.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		Protocols:              &protocols,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    256,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
	connect(t, dialer.DialContext)
	return t
}
