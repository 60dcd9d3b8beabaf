package genesys

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
)

// The status codes of Web Services that the driver itself acts upon; the vendor's page is "Return
// Values".
const (
	codeSuccess         = 0
	codePartial         = 7
	codePassword        = 8
	codeUnauthenticated = 20
)

// kindOfCode is what a status code means; 0 where it means nothing that is known.
func kindOfCode(code int) cc.Kind {
	switch code {
	case 1, 10, 11: // a parameter is missing or out of range, a property is read-only
		return cc.ErrInvalid
	case 2, 16, 17, 18, 19: // not in this state, cannot be (un)assigned, exists already, is in use
		return cc.ErrConflict
	case 3, 5: // forbidden, no permission
		return cc.ErrForbidden
	case 6:
		return cc.ErrNotFound
	case 4, 12, 13, 14, 15: // a server behind this one failed; nothing was done
		return cc.ErrUnavailable
	case codePassword, codeUnauthenticated:
		return cc.ErrUnauthenticated
	case codePartial, 9: // done in part, not finished: a read decides
		return cc.ErrUncertain
	}
	return 0
}

// A verdict is what the envelope of an answer says.
type verdict struct {
	code    statusCode
	message string
}

// judge reads the envelope of an answer as far as it goes: the body of an error may have been cut.
func judge(body []byte) verdict {
	var v verdict
	var w struct {
		Code    statusCode `json:"statusCode"`
		Message text       `json:"statusMessage"`
	}
	if json.Unmarshal(body, &w) == nil {
		return verdict{w.Code, clip(string(w.Message))}
	}
	in := json.NewDecoder(bytes.NewReader(body))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return v
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return v
		}
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return v
		}
		switch key {
		case "statusCode":
			_ = v.code.UnmarshalJSON(value)
		case "statusMessage":
			var s text
			_ = s.UnmarshalJSON(value)
			v.message = clip(string(s))
		}
	}
	return v
}

// explain reads the server's own words out of an answer that is not 2xx. Without a status code, as in
// the text about a missing CSRF token, the HTTP status decides.
func explain(_ int, _ http.Header, body []byte) (kind cc.Kind, code, message string) {
	v := judge(body)
	if !v.code.ok || v.code.n == codeSuccess {
		if v.message == "" {
			v.message = clip(string(bytes.TrimSpace(body)))
		}
		return 0, "", v.message
	}
	return kindOfCode(v.code.n), strconv.Itoa(v.code.n), v.message
}

// refused is the error of a 2xx that says that it is none; nil where it says nothing of the kind. With
// read set it is the answer to a read, which cannot be in doubt.
func (v verdict) refused(read bool) *cc.Error {
	if !v.code.ok || v.code.n == codeSuccess {
		return nil
	}
	kind := kindOfCode(v.code.n)
	switch {
	case read && (kind == cc.ErrUncertain || kind == 0):
		kind = cc.ErrUnavailable
	case kind == 0:
		kind = cc.ErrUncertain
	}
	return &cc.Error{Kind: kind, Code: strconv.Itoa(v.code.n), Status: http.StatusOK, Message: v.message}
}

// foreign reports whether an answer of 403 is not in the language of the service: that is how a
// missing or outdated CSRF token is told, as a sentence.
func foreign(status int, body []byte) bool {
	return status == http.StatusForbidden && !judge(body).code.ok
}

// over reports whether an answer says that the HTTP session is over, or that there never was one.
func over(status int, body []byte) bool {
	if status == http.StatusUnauthorized {
		return true
	}
	v := judge(body)
	return v.code.ok && v.code.n == codeUnauthenticated
}
