package plivoserver

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/fake"
)

// A roomFilter is what a list of rooms is narrowed by ("Retrieve all multiparty calls"). Parameters
// that are not known are ignored, as the vendor seems to.
type roomFilter struct {
	name    string
	named   bool
	status  string
	code    int
	coded   bool
	nobody  bool // of a sub-account: the fake has none
	created span
	ended   span
	liveToo bool // no end time is asked for
}

// A span is a stretch of time. Zero times are open ends.
type span struct {
	from, to         time.Time
	withFrom, withTo bool
}

// The windows of a list by end time: with none asked for, and with one end only.
const (
	defaultWindow = 7 * 24 * time.Hour
	halfWindow    = 30 * 24 * time.Hour
)

func parseRoomFilter(query url.Values, now time.Time) (roomFilter, *reply) {
	f := roomFilter{
		name: query.Get("friendly_name"), named: query.Has("friendly_name"),
		status: strings.ToLower(query.Get("status")), nobody: query.Has("sub_account"),
	}
	if query.Has("status") {
		switch fake.Status(f.status) {
		case fake.Initialized, fake.Active, fake.Ended:
		default:
			return f, wrongValue("status")
		}
	}
	if query.Has("termination_cause_code") {
		n, err := strconv.Atoi(query.Get("termination_cause_code"))
		if err != nil {
			return f, wrongType("termination_cause_code", "integer")
		}
		f.code, f.coded = n, true
	}
	var bad *reply
	if f.created, bad = parseSpan(query, "creation_time"); bad != nil {
		return f, bad
	}
	if f.ended, bad = parseSpan(query, "end_time"); bad != nil {
		return f, bad
	}
	switch from, to := f.ended.from, f.ended.to; {
	case from.IsZero() && to.IsZero():
		f.liveToo, f.ended.from, f.ended.withFrom = true, now.Add(-defaultWindow), true
	case from.IsZero():
		f.ended.from, f.ended.withFrom = to.Add(-halfWindow), true
	case to.IsZero():
		f.ended.to, f.ended.withTo = from.Add(halfWindow), true
	}
	return f, nil
}

func parseSpan(query url.Values, name string) (span, *reply) {
	var s span
	for _, x := range []struct {
		suffix string
		at     *time.Time
		with   *bool
		closed bool
	}{
		{"__gt", &s.from, &s.withFrom, false}, {"__gte", &s.from, &s.withFrom, true},
		{"__lt", &s.to, &s.withTo, false}, {"__lte", &s.to, &s.withTo, true},
	} {
		if !query.Has(name + x.suffix) {
			continue
		}
		t, ok := parseTime(query.Get(name + x.suffix))
		if !ok {
			return s, wrongType(name+x.suffix, "date-time")
		}
		*x.at, *x.with = t, x.closed
	}
	return s, nil
}

var timeForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$`)

// parseTime reads a date-time as list filters have it, in UTC.
func parseTime(s string) (time.Time, bool) {
	if !timeForm.MatchString(s) {
		return time.Time{}, false
	}
	layout := time.DateTime // takes a fraction too
	if strings.Count(s, ":") == 1 {
		layout = "2006-01-02 15:04"
	}
	t, err := time.Parse(layout, s)
	return t, err == nil
}

// holds reports whether t is in the span.
func (s span) holds(t time.Time) bool {
	if !s.from.IsZero() && (t.Before(s.from) || !s.withFrom && t.Equal(s.from)) {
		return false
	}
	return s.to.IsZero() || t.Before(s.to) || s.withTo && t.Equal(s.to)
}

// admits reports whether a room is in the list.
func (f roomFilter) admits(r fake.RoomInfo) bool {
	switch {
	case f.nobody,
		f.named && r.Name != f.name,
		f.status != "" && string(r.Status) != f.status,
		f.coded && (r.Status != fake.Ended || terminations[r.Cause].code != f.code),
		!f.created.holds(r.CreatedAt):
		return false
	case r.Status != fake.Ended:
		return f.liveToo
	}
	return f.ended.holds(r.EndedAt)
}
