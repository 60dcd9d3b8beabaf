package plivoserver

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// An Answer is what a Fault has the server say. The functions that return one cover what hosted
// APIs and what stands before them are known to send; their result may be changed.
type Answer struct {
	// Status is 200 to 599. Zero is the operation's own, which needs Fault.Effect.
	Status int
	// Header is added to the server's own lines (X-Request-Id), or replaces them.
	Header http.Header
	// ContentType is left out where empty.
	ContentType string
	// Body is sent as it stands, also with a status that forbids one, as the vendor's 204 is told to
	// come with.
	Body string
	// Size, where above zero, sends a body of so many bytes instead of Body, as it goes and never
	// held in memory: one valid JSON object, {"error":"aaa..."}. Such a body travels Whole only, and
	// needs a Status.
	Size int64
	// Gzip packs the body and says so in Content-Encoding, whether the client asked for it or not.
	// With Size the body is packed about a thousandfold.
	Gzip bool
}

// Status is the vendor's error answer with that status: {"api_id": ..., "error": ...}.
func Status(code int) *Answer {
	text := strings.ToLower(http.StatusText(code))
	return &Answer{Status: code, ContentType: typeJSON, Body: string(failed(code, text).body)}
}

// JSON is an answer with that body, which may be anything, announced as JSON.
func JSON(code int, body string) *Answer {
	return &Answer{Status: code, ContentType: typeJSON, Body: body}
}

// NestedError is an error answer whose text is inside an object, as plivo-ruby handles it.
func NestedError(code int) *Answer {
	return JSON(code, string(answer(code, object{"error": object{"error": "it went wrong"}}).body))
}

// Empty is an answer with no body at all, as the edge sends for 401 and 5xx.
func Empty(code int) *Answer { return &Answer{Status: code} }

// HTML is a proxy's error page.
func HTML(code int) *Answer {
	return &Answer{
		Status: code, ContentType: "text/html; charset=utf-8",
		Body: fmt.Sprintf("<html><head><title>%d %s</title></head><body><h1>%[2]s</h1></body></html>\n",
			code, http.StatusText(code)),
	}
}

// Truncated is JSON that breaks off, in an answer that is whole for HTTP.
func Truncated(code int) *Answer {
	return JSON(code, `{"api_id": "7d0f2a60-1111-11ef-8f2e-0242ac110003", "mess`)
}

// TooMany is 429. retryAfter is the value of Retry-After as it stands, be it seconds, a date or
// nonsense; empty leaves the header out, as the vendor's documentation does.
func TooMany(retryAfter string) *Answer {
	a := Status(http.StatusTooManyRequests)
	if retryAfter != "" {
		a.Header = http.Header{"Retry-After": {retryAfter}}
	}
	return a
}

// Redirect sends the client elsewhere.
func Redirect(code int, location string) *Answer {
	return &Answer{Status: code, Header: http.Header{"Location": {location}}}
}

// Huge is a valid answer whose body has so many bytes.
func Huge(code int, size int64) *Answer {
	return &Answer{Status: code, ContentType: typeJSON, Size: size}
}

// Bomb is Huge, packed.
func Bomb(code int, size int64) *Answer {
	return &Answer{Status: code, ContentType: typeJSON, Size: size, Gzip: true}
}

// HugeHeader is the vendor's error answer with so many bytes of header lines on top.
func HugeHeader(code int, size int) *Answer {
	const line = 4 << 10
	a := Status(code)
	a.Header = http.Header{}
	for n := 0; n < size; n += line {
		a.Header.Add("X-Padding", strings.Repeat("a", min(line, size-n)))
	}
	return a
}

func (a *Answer) check(effect bool, w Wire) error {
	switch {
	case a.Status == 0 && !effect, a.Status != 0 && (a.Status < 200 || a.Status > 599):
		return fmt.Errorf("plivoserver: fault answers with status %d", a.Status)
	case a.Size < 0 || a.Size > 0 && a.Size < minSize:
		return fmt.Errorf("plivoserver: fault answers with a size of %d", a.Size)
	case a.Size > 0 && a.Body != "":
		return errors.New("plivoserver: fault answers with both a body and a size")
	case a.Size > 0 && (w.Mode != Whole || a.Status == 0 || bodyless(a.Status)):
		return errors.New("plivoserver: a body of a size travels whole, with a status of its own that has a body")
	}
	return nil
}

// reply is what is to be sent in place of own.
func (a *Answer) reply(own reply) reply {
	out := reply{status: a.Status, header: http.Header{}, body: []byte(a.Body)}
	if out.status == 0 {
		out.status = own.status
	}
	if a.ContentType != "" {
		out.header.Set("Content-Type", a.ContentType)
	}
	if a.Gzip {
		out.header.Set("Content-Encoding", "gzip")
		if a.Size == 0 {
			out.body = pack(out.body)
		}
	}
	if a.Size > 0 {
		out.body, out.stream = nil, padding(a.Size, a.Gzip)
	}
	for name, values := range a.Header {
		out.header[http.CanonicalHeaderKey(name)] = values
	}
	return out
}

// The text of a body of a size is open, a number of times "a", and shut.
const (
	open    = `{"error":"`
	shut    = `"}`
	minSize = int64(len(open) + len(shut))
	chunk   = 1 << 20
)

// padding returns a writer of a body of so many bytes. Packed, it is a row of gzip members, which
// readers take for one, so that the middle is packed only once.
func padding(size int64, packed bool) func(io.Writer) {
	same := func(b []byte) []byte { return b }
	if packed {
		same = pack
	}
	return func(w io.Writer) {
		middle := size - minSize
		whole := same(bytes.Repeat([]byte("a"), int(min(middle, chunk))))
		if _, err := w.Write(same([]byte(open))); err != nil {
			return
		}
		for ; middle >= chunk; middle -= chunk {
			if _, err := w.Write(whole); err != nil {
				return
			}
		}
		_, _ = w.Write(same([]byte(strings.Repeat("a", int(middle)) + shut)))
	}
}

// pack is b as one gzip member.
func pack(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // into memory: never fails
	_ = z.Close()
	return out.Bytes()
}
