package plivoserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody is the longest request body that is read.
const maxBody = 1 << 20

// readBody reads a request's body. ok is false when it is too long or breaks off.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	return body, err == nil
}

// fields are the members of a JSON object that are not null.
type fields map[string]json.RawMessage

// parseBody reads a body as the vendor does: JSON only ("API Overview"). Nothing, blanks and null
// are no fields, since the official libraries send each of them where nothing is to be said. A
// member that is null counts as absent.
func parseBody(contentType string, body []byte) (fields, *reply) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, nil
	}
	if bad := checkType(contentType); bad != nil {
		return nil, bad
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, refuse("the body is not valid JSON")
	}
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, refuse("the body is not a JSON object")
	}
	maps.DeleteFunc(f, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	return f, nil
}

// checkIgnored looks at a body that has nothing to say: it has to be JSON all the same.
func checkIgnored(contentType string, body []byte) *reply {
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] != '{' && json.Valid(body) {
		return checkType(contentType)
	}
	_, bad := parseBody(contentType, body)
	return bad
}

// checkType refuses every media type but JSON.
func checkType(contentType string) *reply {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != typeJSON {
		return refuse("the body must be application/json")
	}
	return nil
}

// refuse is invalid for a result that may be absent.
func refuse(format string, args ...any) *reply {
	r := invalid(format, args...)
	return &r
}

// only refuses a member that is not among those named. Names are compared exactly.
func (f fields) only(names ...string) *reply {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !slices.Contains(names, name) {
			return refuse("unknown parameter %q", name)
		}
	}
	return nil
}

// boolean reads a boolean, or the words "true" and "false" in any case, which plivo-node sends.
func (f fields) boolean(name string) (value, set bool, bad *reply) {
	v, ok := f[name]
	if !ok {
		return false, false, nil
	}
	switch s := string(v); {
	case s == "true":
		return true, true, nil
	case s == "false":
		return false, true, nil
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		switch {
		case strings.EqualFold(s, "true"):
			return true, true, nil
		case strings.EqualFold(s, "false"):
			return false, true, nil
		}
	}
	return false, false, wrongType(name, "boolean")
}

// text reads a string.
func (f fields) text(name string) (value string, set bool, bad *reply) {
	v, ok := f[name]
	if !ok {
		return "", false, nil
	}
	if err := json.Unmarshal(v, &value); err != nil {
		return "", false, wrongType(name, "string")
	}
	return value, true, nil
}

// textOrListOfOne reads a string, or a list that holds just one.
func (f fields) textOrListOfOne(name string) (value string, set bool, bad *reply) {
	v, ok := f[name]
	if !ok {
		return "", false, nil
	}
	var list []string
	if err := json.Unmarshal(v, &list); err == nil && len(list) == 1 {
		return list[0], true, nil
	}
	return f.text(name)
}

// integer reads a whole number.
func (f fields) integer(name string) (value int, set bool, bad *reply) {
	v, ok := f[name]
	if !ok {
		return 0, false, nil
	}
	value, err := strconv.Atoi(string(v))
	if err != nil {
		return 0, false, wrongType(name, "integer")
	}
	return value, true, nil
}

// wrongType has the wording of the published templates (plivo-python, pull request 87).
func wrongType(name, want string) *reply {
	article := "a"
	if strings.ContainsRune("aeiou", rune(want[0])) {
		article = "an"
	}
	return refuse("invalid value for %s, which expects %s %s", name, article, want)
}

func wrongValue(name string) *reply { return refuse("invalid value for %s", name) }

func missing(name string) *reply { return refuse("%s is mandatory", name) }

// quoteList is a list as Python 2 prints one, which some answers of the vendor carry as text.
func quoteList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = fmt.Sprintf("u'%s'", s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
