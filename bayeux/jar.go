package bayeux

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync/atomic"
)

// A jar is the cookie jar of a session that was given none. It is empty, and small, until there is a
// cookie: over WebSocket few servers set one.
type jar struct {
	filled atomic.Pointer[cookiejar.Jar]
}

// SetCookies keeps cookies.
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	if len(cookies) == 0 {
		return
	}
	if j.filled.Load() == nil {
		made, _ := cookiejar.New(nil) // without options there is no error
		j.filled.CompareAndSwap(nil, made)
	}
	j.filled.Load().SetCookies(u, cookies)
}

// Cookies returns the cookies for u.
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	if filled := j.filled.Load(); filled != nil {
		return filled.Cookies(u)
	}
	return nil
}
