package plivo

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A text is a JSON value read as words, whatever its type: Plivo writes identifiers and counts as
// text, as numbers and, in some answers, as lists of one. What is none of these is empty.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil
	}
	switch b[0] {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case '[':
		var list []text
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		if len(list) == 1 {
			*t = list[0]
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		*t = text(b)
	}
	return nil
}

// number reads t as a whole number that is not negative; -1 where it is none.
func (t text) number() int {
	s := strings.TrimSpace(string(t))
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f <= 1<<31 {
		return int(f)
	}
	return -1
}

// seconds reads t as a length of time; zero where it is none or is longer than a year.
func (t text) seconds() time.Duration {
	f, err := strconv.ParseFloat(strings.TrimSpace(string(t)), 64)
	if err != nil || !(f > 0 && f <= 366*24*3600) {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// A flag is a tri-state boolean: Plivo writes true, false and null, and some of its libraries write
// the words. What is none of these is unset.
type flag cc.Toggle

func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(bytes.ToLower(bytes.Trim(b, "\" \t\r\n"))) {
	case "true", "1":
		*f = flag(cc.On)
	case "false", "0":
		*f = flag(cc.Off)
	default:
		*f = flag(cc.Unset)
	}
	return nil
}

func (f flag) toggle() cc.Toggle { return cc.Toggle(f) }

// onOff is what Plivo takes for a toggle that is set.
func onOff(t cc.Toggle) *bool {
	switch t {
	case cc.On, cc.Off:
		b := t == cc.On
		return &b
	}
	return nil
}

// The forms in which Plivo has been seen to write an instant. Go reads a fraction of a second after
// each of them. A form without a zone is UTC.
var timeForms = []string{
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02 15:04:05-0700",
	"2006-01-02 15:04:05-07",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 +0000 UTC",
	"2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04",
	time.RFC3339,
	"2006-01-02T15:04:05-0700",
	"2006-01-02T15:04:05",
}

// parseTime reads an instant of Plivo's, in UTC. It is zero for what is no instant and for one
// that is long before the service existed: a recorded answer holds a creation in 1975.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return time.Time{}
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			if t = t.UTC(); t.Year() < 1990 || t.Year() > 9000 {
				return time.Time{}
			}
			return t
		}
	}
	return time.Time{}
}
