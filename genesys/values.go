package genesys

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// A text is a JSON value read as words: servers of different age write some numbers as text. What is
// neither text nor a number is empty.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil
	}
	switch c := b[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case c == '-' || c >= '0' && c <= '9':
		*t = text(b)
	}
	return nil
}

// A flag is a boolean that may be missing, or be written in words. What is not true is false.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), "\" \t\r\n")) {
	case "true", "on", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// Words is a list of words. What is no list is empty, and what in it is no word is left out.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	*w = nil
	var list []text
	if json.Unmarshal(b, &list) != nil {
		return nil
	}
	for _, t := range list {
		if t != "" {
			*w = append(*w, string(t))
		}
	}
	return nil
}

// lastSegment is what a reference names: the hosts and prefixes of a server differ from what was
// dialled, and the last segment does not.
func lastSegment(ref string) string {
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		ref = ref[:i]
	}
	ref = strings.TrimRight(ref, "/")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

// A Code is a statusCode as it came; ok is false where there is none.
type statusCode struct {
	n  int
	ok bool
}

func (s *statusCode) UnmarshalJSON(b []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(b), "\" \t\r\n"))
	*s = statusCode{n, err == nil}
	return nil
}

// clip bounds the server's words and makes them valid UTF-8.
func clip(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// maxMessage bounds what is kept of the server's words.
const maxMessage = 4 << 10
