package bayeux

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"sync"
)

// Bounds of what a server can make a session keep in cookies.
const (
	maxCookies = 256
	maxCookie  = 8 << 10 // bytes of name and value; browsers take 4 KiB
)

// A jar is the cookie jar of a session that was given none. It is empty, and small, until there is a
// cookie: over WebSocket few servers set one. What is too long, and what comes after very many others, is
// ignored.
type jar struct {
	mu     sync.Mutex
	filled *cookiejar.Jar
	known  []string // of cookies, what tells them apart
}

// SetCookies keeps cookies.
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := make([]*http.Cookie, 0, min(len(cookies), maxCookies))
	for _, c := range cookies {
		if len(c.Name)+len(c.Value)+len(c.Domain)+len(c.Path) <= maxCookie && j.room(c) {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return
	}
	if j.filled == nil {
		j.filled, _ = cookiejar.New(nil) // without options there is no error
	}
	j.filled.SetCookies(u, kept)
}

// room reports whether c replaces a cookie or there is room for it.
func (j *jar) room(c *http.Cookie) bool {
	key := c.Name + ";" + c.Domain + ";" + c.Path
	if slices.Contains(j.known, key) {
		return true
	}
	if len(j.known) == maxCookies {
		return false
	}
	j.known = append(j.known, key)
	return true
}

// Cookies returns the cookies for u.
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	j.mu.Lock()
	filled := j.filled
	j.mu.Unlock()
	if filled == nil {
		return nil
	}
	return filled.Cookies(u)
}
