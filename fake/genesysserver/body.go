package genesysserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const (
	maxBody   = 1 << 20
	maxNumber = 128 // bytes in a telephone number
)

// readBody reads a request's body. ok is false when it is too long or breaks off.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	return body, err == nil
}

// fields are the members of a JSON object that are not null.
type fields map[string]json.RawMessage

// parseBody reads the body of an operation. The text tells what is wrong with it; empty: nothing.
func parseBody(body []byte) (name Operation, f fields, bad string) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return "", nil, "the body is empty"
	}
	if !utf8.Valid(body) {
		return "", nil, "the body is not UTF-8"
	}
	if err := json.Unmarshal(body, &f); err != nil || f == nil {
		return "", nil, "the body is not a JSON object"
	}
	for k, v := range f {
		if string(v) == "null" {
			delete(f, k)
		}
	}
	if _, has := f["operationName"]; !has {
		return "", f, "operationName is missing"
	}
	text, ok := f.text("operationName")
	if !ok {
		return "", f, "operationName is not a text"
	}
	return Operation(text), f, ""
}

// text returns a member that is a text and not blank.
func (f fields) text(name string) (string, bool) {
	var s string
	if json.Unmarshal(f[name], &s) != nil || strings.TrimSpace(s) == "" {
		return "", false
	}
	return s, true
}

// number returns a member that is a telephone number.
func (f fields) number(name string) (string, bool) {
	s, ok := f.text(name)
	return s, ok && len(s) <= maxNumber
}

// object returns a member that is an object.
func (f fields) object(name string) (map[string]any, bool) {
	var m map[string]any
	return m, json.Unmarshal(f[name], &m) == nil && m != nil
}

// destination returns the number in {"destination": {"phoneNumber": ...}}.
func (f fields) destination() (string, bool) {
	var d fields
	if json.Unmarshal(f["destination"], &d) != nil {
		return "", false
	}
	return d.number("phoneNumber")
}

// last returns the last segment of a uri or path: how resources are referred to.
func last(uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	uri = strings.TrimSuffix(uri, "/")
	s, err := url.PathUnescape(uri[strings.LastIndexByte(uri, '/')+1:])
	if err != nil {
		return ""
	}
	return s
}
