package genesysserver

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
)

// The values of statusCode that this server says by itself. Source: "Return Values".
const (
	codeOK              = 0
	codeMissing         = 1  // a required parameter is missing
	codeState           = 2  // a parameter is not valid in the current state
	codeForbidden       = 3  // the operation is forbidden
	codeInternal        = 4  // an internal error here or in a server behind
	codePermission      = 5  // the user lacks permission
	codeNotFound        = 6  // the resource is not found
	codePartial         = 7  // partial success of a bulk operation
	codeRange           = 10 // a value is out of its range
	codeUnauthenticated = 20 // not authenticated
)

// A reply is an answer before it is sent.
type reply struct {
	status int
	header http.Header // own ones; nil: none
	body   []byte
}

// object is a JSON object to be.
type object map[string]any

const typeJSON = "application/json"

// answer is a JSON answer.
func answer(status int, v any) reply {
	return reply{status: status, header: http.Header{"Content-Type": {typeJSON}}, body: encode(v)}
}

// ok is 200 with statusCode 0 and these fields.
func ok(fields object) reply {
	if fields == nil {
		fields = object{}
	}
	fields["statusCode"] = codeOK
	return answer(http.StatusOK, fields)
}

// failed is an error answer: two fields and no other ("Return Values").
func failed(status, code int, text string) reply {
	return answer(status, object{"statusCode": code, "statusMessage": text})
}

// refuse is failed with the status that the options have for the code.
func (s *Server) refuse(code int, text string) *reply {
	status, known := s.options.Statuses[code]
	if !known {
		status = http.StatusInternalServerError
	}
	r := failed(status, code, text)
	return &r
}

// plain is an answer with a text that is not JSON.
func plain(status int, text string) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text)}
}

// html is what a servlet container answers by itself.
func html(status int) reply {
	return reply{
		status: status, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		body: fmt.Appendf(nil, "<html><head><title>Error %d</title></head><body><h2>HTTP ERROR %[1]d</h2><p>%s</p></body></html>\n",
			status, http.StatusText(status)),
	}
}

// encode returns v as JSON. It is made of what JSON can say.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Appendf(nil, `{"statusCode":4,"statusMessage":%q}`, err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
