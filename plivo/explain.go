package plivo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// maxMessage bounds what is kept of an error answer.
const maxMessage = 4 << 10

// explainer reads Plivo's words out of an error answer. Plivo has no code of its own: the status
// decides the kind. Words that hold one of the secrets lose it.
func explainer(secrets ...string) func(int, http.Header, []byte) (cc.Kind, string, string) {
	return func(_ int, _ http.Header, body []byte) (cc.Kind, string, string) {
		message := words(body)
		for _, s := range secrets {
			if s != "" {
				message = strings.ReplaceAll(message, s, redacted)
			}
		}
		return 0, "", clip(message)
	}
}

// words finds the sentence of an error answer: the text under "error", in either case, at whatever
// depth Plivo put it; else the text under "message"; else the body as it is, for the edge answers
// in plain text and HTML. An empty body and an empty object say nothing.
func words(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return ""
	}
	if body[0] == '"' || body[0] == '{' {
		if s, ok := sentence(body, 4); ok {
			return s
		}
	}
	return string(body)
}

// sentence reads a JSON text, or the text under an object's error or message; ok is false for what
// is not JSON.
func sentence(raw json.RawMessage, depth int) (_ string, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", true
	}
	switch {
	case raw[0] == '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", false
		}
		return strings.TrimSpace(s), true
	case raw[0] == '{' && depth > 0:
		// The names are matched whatever their case: some products write "Error".
		var o struct {
			Error   json.RawMessage `json:"error"`
			Message json.RawMessage `json:"message"`
		}
		if json.Unmarshal(raw, &o) != nil {
			return "", false
		}
		for _, part := range []json.RawMessage{o.Error, o.Message} {
			if s, _ := sentence(part, depth-1); s != "" {
				return s, true
			}
		}
		if e := bytes.TrimSpace(o.Error); len(e) > 0 && (e[0] == '{' || e[0] == '[') {
			return string(e), true
		}
		return "", true
	}
	return string(raw), true
}

// clip bounds a message and makes it valid UTF-8.
func clip(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
