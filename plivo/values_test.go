package plivo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// The forms of the fixtures, an account's time zone and a nonsense creation time among them.
func TestTimes(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2024-05-01 10:00:05+00:00":        at("10:00:05"),
		"2024-05-01 15:30:05+05:30":        at("10:00:05"),
		"2024-05-01 10:00:05":              at("10:00:05"),
		"2024-05-01 10:00":                 at("10:00:00"),
		"2024-05-01 10:00:05.250000":       at("10:00:05").Add(250 * time.Millisecond),
		"2024-05-01 10:00:05.25+00:00":     at("10:00:05").Add(250 * time.Millisecond),
		"2024-05-01 10:00:05Z":             at("10:00:05"),
		"2024-05-01 02:00:05 -0800":        at("10:00:05"),
		"2024-05-01 02:00:05-0800":         at("10:00:05"),
		"2024-05-01 02:00:05 -08:00":       at("10:00:05"),
		"2024-05-01T10:00:05Z":             at("10:00:05"),
		"2024-05-01T12:00:05+02:00":        at("10:00:05"),
		"2024-05-01T10:00:05":              at("10:00:05"),
		"  2024-05-01 10:00:05+00:00 ":     at("10:00:05"),
		"1975-01-01 00:00:00+00:00":        {},
		"0001-01-01 00:00:00+00:00":        {},
		"9999-12-31 23:59:59-12:00":        {},
		"":                                 {},
		"null":                             {},
		"590":                              {},
		"2024-13-01 10:00:05":              {},
		"01/05/2024 10:00":                 {},
		"2024-05-01 10:00:05 GMT+1 and on": {},
	} {
		got := plivo.ParseTime(text)
		require.Equal(t, want, got, text)
		require.Equal(t, time.UTC, got.Location(), text)
	}
}

// Counts and times are numeric text in the fixtures, member ids text, numbers or lists.
func TestTexts(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "a", `""`: "", `17`: "17", `-1`: "-1", `1.50`: "1.50", `["17"]`: "17", `[17]`: "17", `[]`: "", `["1","2"]`: "",
		`[["17"]]`: "17", `null`: "", `true`: "", `{"a":1}`: "", `12345678901234567890`: "12345678901234567890", `"\u00e4"`: "ä",
	} {
		got, err := plivo.Text([]byte(raw))
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
	for s, want := range map[string]int{"0": 0, "590": 590, " 7 ": 7, "1.5": 1, "-1": -1, "": -1, "x": -1, "NaN": -1, "1e3": 1000, "1e99": -1} {
		require.Equal(t, want, plivo.Number(s), s)
	}
	for s, want := range map[string]time.Duration{"0": 0, "590": 590 * time.Second, "1.5": 1500 * time.Millisecond, "-1": 0, "": 0,
		"x": 0, "NaN": 0, "Inf": 0, "1e99": 0} {
		require.Equal(t, want, plivo.Seconds(s), s)
	}
}

// Flags are booleans, and null after the exit; those of plivo-node are words.
func TestFlags(t *testing.T) {
	for raw, want := range map[string]cc.Toggle{
		`true`: cc.On, `false`: cc.Off, `null`: cc.Unset, `"true"`: cc.On, `"False"`: cc.Off, `1`: cc.On, `0`: cc.Off,
		`""`: cc.Unset, `"yes"`: cc.Unset, `[true]`: cc.Unset, `{}`: cc.Unset, `2`: cc.Unset,
	} {
		got, err := plivo.Flag([]byte(raw))
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
}

func TestCallerNames(t *testing.T) {
	for s, want := range map[string]string{
		"Joe%20Doe": "Joe Doe", "Joe Doe": "Joe Doe", "100%": "100%", "a+b": "a+b", "%41%zz": "%41%zz", "%ff": "\uFFFD", "": "", "%C3%A4": "ä",
	} {
		require.Equal(t, want, plivo.CallerName(s))
	}
}
