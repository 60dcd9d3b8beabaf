package httpclient

import (
	"net/netip"
	"net/url"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// A base is Options.Base, taken apart once.
type base struct {
	scheme, host string
	prefix       string // decoded; empty, or "/a/b"
	rawPrefix    string // the same, escaped
}

// parseBase checks a base URL. The problem never quotes it: it may hold a password by mistake.
func parseBase(s string, insecure bool) (b base, problem cc.Detail) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return b, "httpclient: Base is empty"
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return b, "httpclient: Base is not a URL with a host"
	case u.User != nil:
		return b, "httpclient: Base holds a user or a password"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return b, "httpclient: Base holds a query or a fragment"
	}
	switch u.Scheme {
	case "https":
	case "http":
		if !loopback(u.Hostname()) {
			return b, "httpclient: plain http is for loopback addresses only"
		}
		if !insecure {
			return b, "httpclient: plain http needs insecure"
		}
	default:
		return b, "httpclient: Base is neither https nor http"
	}
	b.scheme, b.host = u.Scheme, u.Host
	if raw := strings.TrimSuffix(u.EscapedPath(), "/"); raw != "" {
		var segments []string
		for part := range strings.SplitSeq(raw[1:], "/") {
			seg, err := url.PathUnescape(part)
			if err != nil {
				return b, "httpclient: the path of Base is not well escaped"
			}
			segments = append(segments, seg)
		}
		var ok bool
		if b.prefix, b.rawPrefix, ok = (base{}).join(segments, false); !ok {
			return b, "httpclient: the path of Base holds an empty or dotted segment, or a control character"
		}
		if b.rawPrefix == "" {
			b.rawPrefix = b.prefix
		}
	}
	return b, ""
}

// loopback reports whether a host is this machine beyond doubt.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// url builds the URL of a request; ok is false if a segment cannot be sent.
func (b base) url(segments []string, slash bool, query url.Values) (*url.URL, bool) {
	path, raw, ok := b.join(segments, slash)
	if !ok {
		return nil, false
	}
	u := &url.URL{Scheme: b.scheme, Host: b.host, Path: path, RawPath: raw}
	if len(query) > 0 {
		u.RawQuery = query.Encode()
	}
	if raw == "" {
		return u, true // letters, digits, "-_.~" and slashes, which every reader takes as they are
	}
	// What net/http will write is asked of net/url itself, and must be what was built here.
	return u, u.EscapedPath() == raw
}

// join makes a path of segments; raw is empty where nothing needed escaping. A segment that is empty, a
// step in the path, or holds a control character cannot be sent.
func (b base) join(segments []string, slash bool) (path, raw string, ok bool) {
	size, escaped := len(b.prefix)+1, 0
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", "", false // no segment, or a step in the path
		}
		size += 1 + len(s)
		for i := range len(s) {
			switch c := s[i]; {
			case unreserved(c):
			case c < 0x20 || c == 0x7f:
				return "", "", false
			default:
				escaped++
			}
		}
	}
	if len(segments) == 0 && b.prefix == "" {
		slash = true
	}
	var w strings.Builder
	w.Grow(size)
	w.WriteString(b.prefix)
	for _, s := range segments {
		w.WriteByte('/')
		w.WriteString(s)
	}
	if slash {
		w.WriteByte('/')
	}
	path = w.String()
	if escaped == 0 && b.prefix == b.rawPrefix {
		return path, "", true
	}
	w = strings.Builder{}
	w.Grow(size + len(b.rawPrefix) - len(b.prefix) + 2*escaped)
	w.WriteString(b.rawPrefix)
	for _, s := range segments {
		w.WriteByte('/')
		escape(&w, s)
	}
	if slash {
		w.WriteByte('/')
	}
	return path, w.String(), true
}

// unreserved are the characters that mean themselves anywhere in a URL (RFC 3986 section 2.3).
// Everything else is escaped: some servers give a meaning even to what RFC 3986 allows in a segment.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

func escape(w *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			w.WriteByte(c)
		} else {
			w.WriteByte('%')
			w.WriteByte(hex[c>>4])
			w.WriteByte(hex[c&15])
		}
	}
}
