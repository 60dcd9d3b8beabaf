package plivoserver

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// A reply is an answer before it is sent.
type reply struct {
	status int
	header http.Header // own ones; nil: none
	body   []byte
	stream func(io.Writer) // writes the body in place of body, until writing fails
}

// object is a JSON object to be.
type object map[string]any

const typeJSON = "application/json"

// answer returns a JSON answer with an api_id of its own. A 204 has no body, whatever the fields:
// some of the vendor's pages show one, and HTTP forbids it.
func answer(status int, fields object) reply {
	if status == http.StatusNoContent {
		return reply{status: status}
	}
	if fields == nil {
		fields = object{}
	}
	fields["api_id"] = newUUID()
	return raw(status, fields)
}

// raw is answer without an api_id.
func raw(status int, v any) reply {
	return reply{
		status: status,
		header: http.Header{"Content-Type": {typeJSON}},
		body:   encode(v),
	}
}

// encode returns v, which is made of strings, numbers, booleans, nil, lists and objects, as JSON.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Appendf(nil, "{%q:%q}", "error", err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// failed is the vendor's ordinary error answer: {"api_id": ..., "error": ...}.
func failed(status int, text string) reply { return answer(status, object{"error": text}) }

// invalid is a 400 with one of the vendor's sentences.
func invalid(format string, args ...any) reply {
	return failed(http.StatusBadRequest, fmt.Sprintf(format, args...))
}

// notFound is the answer to whatever is not there.
func notFound() reply { return failed(http.StatusNotFound, "not found") }

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
