package genesysserver

import (
	"cmp"
	"fmt"
	"net/http"
	"time"
)

// An Answer is what a Fault has the server say. The functions that return one cover the pairs of HTTP
// status and statusCode that are known of the vendor, and what stands before such servers.
type Answer struct {
	Status      int // 200 to 599
	Header      http.Header
	ContentType string // left out where empty
	Body        string // as it stands
}

// Done is success: 200 with statusCode 0.
func Done() *Answer { return JSON(http.StatusOK, `{"statusCode":0}`) }

// Code is an answer with any pair, and with a statusMessage. Source: "Return Values".
func Code(status, code int, message string) *Answer {
	return JSON(status, string(encode(object{"statusCode": code, "statusMessage": message})))
}

// Partial is a partial success of StartContactCenterSession, with voice started or not. Source:
// "StartContactCenterSession", and a trace of 8.5.202.96.
func Partial(voice bool) *Answer {
	started, broken := "voice", "multimedia"
	if !voice {
		started, broken = broken, started
	}
	return JSON(http.StatusOK, string(encode(partial([]string{started}, []string{broken}))))
}

// Unauthenticated is 403 with statusCode 20. Source: a trace of 8.5.202.96.
func Unauthenticated() *Answer {
	return Code(http.StatusForbidden, codeUnauthenticated, "Access is denied")
}

// CSRF is 403 with a text. Source: "Cross-Site Request Forgery protection".
func CSRF() *Answer {
	return &Answer{Status: http.StatusForbidden, ContentType: "text/plain; charset=utf-8", Body: "CSRF token is missing or invalid\n"}
}

// NotRegistered is 500 with statusCode 4: the device is not registered with the telephony server.
// Source: a trace of 8.5.202.96.
func NotRegistered() *Answer {
	return Code(http.StatusInternalServerError, codeInternal, notRegistered)
}

// VoiceDown is 503 with statusCode 4: there is no connection to the telephony server. Source: "Error
// handling".
func VoiceDown() *Answer { return Code(http.StatusServiceUnavailable, codeInternal, voiceDown) }

const (
	notRegistered = "The device is not registered"
	voiceDown     = "The connection to the telephony server is down"
)

// JSON is an answer with that body, which may be anything, announced as JSON.
func JSON(status int, body string) *Answer {
	return &Answer{Status: status, ContentType: typeJSON, Body: body}
}

// Empty is an answer without a body.
func Empty(status int) *Answer { return &Answer{Status: status} }

// HTML is the error page of a servlet container or a proxy.
func HTML(status int) *Answer {
	return &Answer{Status: status, ContentType: "text/html; charset=utf-8", Body: string(html(status).body)}
}

// Truncated is JSON that breaks off, in an answer that is whole for HTTP.
func Truncated(status int) *Answer { return JSON(status, `{"statusCode": 0, "statusMess`) }

func (a *Answer) check() error {
	if a.Status < 200 || a.Status > 599 {
		return fmt.Errorf("genesysserver: fault answers with status %d", a.Status)
	}
	return nil
}

func (a *Answer) reply() reply {
	r := reply{status: a.Status, header: http.Header{}, body: []byte(a.Body)}
	if a.ContentType != "" {
		r.header.Set("Content-Type", a.ContentType)
	}
	for name, values := range a.Header {
		r.header[http.CanonicalHeaderKey(name)] = values
	}
	return r
}

// partial is the body of a partial success.
func partial(started, broken []string) object {
	list := func(channels []string, code int, text string) []object {
		all := []object{}
		for _, c := range channels {
			if c == "chat" {
				c = "multimedia" // so it was told by 8.5.202.96
			}
			o := object{"statusCode": code, "channel": c}
			if text != "" {
				o["statusMessage"] = text
			}
			all = append(all, o)
		}
		return all
	}
	return object{
		"statusCode": codePartial,
		"failed":     list(broken, codeInternal, "The channel cannot be started"),
		"succeeded":  list(started, codeOK, ""),
	}
}

// A Failure is an ErrorMessage: news that something accepted was not done. Source: "Error handling",
// and a trace of 8.5.202.96.
type Failure struct {
	Text string // errorMessage; empty: none
	Code int    // errorCode; 0: none
	// Device publishes it on /v2/me/devices with a reference to the device, and not on /v2/me/calls
	// with one to the call. Without a call it always is so.
	Device bool
	// Nameless leaves the reference out.
	Nameless bool
	// Before publishes it before the answer; else after it. Delay is how long before or after; 0: 20 ms.
	Before bool
	Delay  time.Duration
}

const failureDelay = 20 * time.Millisecond

func (f Failure) delay() time.Duration { return cmp.Or(f.Delay, failureDelay) }
