package bayeux

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference decodes with encoding/json what decode does without it. ok tells whether body is an array
// of messages, or one, of which the fields have the types that this package insists on.
func reference(body []byte) (list []map[string]json.RawMessage, ok bool) {
	if !json.Valid(body) {
		return nil, false
	}
	if bytes.TrimSpace(body)[0] == '{' {
		var one map[string]json.RawMessage
		if json.Unmarshal(body, &one) != nil {
			return nil, false
		}
		list = append(list, one)
	} else {
		var raw []json.RawMessage
		if bytes.TrimSpace(body)[0] != '[' || json.Unmarshal(body, &raw) != nil {
			return nil, false
		}
		for _, r := range raw {
			var one map[string]json.RawMessage
			if r[0] != '{' || json.Unmarshal(r, &one) != nil {
				return nil, false
			}
			list = append(list, one)
		}
	}
	return list, true
}

func compare(t *testing.T, body []byte) {
	t.Helper()
	got, err := decode(body, nil)
	want, ok := reference(body)
	if !ok {
		require.Error(t, err, "%q", body)
		return
	}
	if err == errDepth || err == errMany {
		return
	}
	if err == errShape { // a duplicate key of the wrong type is refused wherever it stands
		for _, m := range want {
			for _, k := range []string{"channel", "clientId", "error"} {
				if v := m[k]; v != nil && v[0] != '"' && v[0] != 'n' {
					return
				}
			}
			if v := m["successful"]; v != nil && v[0] != 't' && v[0] != 'f' && v[0] != 'n' {
				return
			}
			if v := m["id"]; v != nil && strings.IndexByte(`{[tf`, v[0]) >= 0 {
				return
			}
		}
		if twice(body) {
			return
		}
	}
	require.NoError(t, err, "%q", body)
	require.Len(t, got, len(want))
	for i, e := range got {
		same := func(key string, s span) {
			v := want[i][key]
			if key != "data" && string(v) == "null" {
				v = nil
			}
			require.Equal(t, string(v), string(s.of(body)), "%s of %q", key, body)
		}
		same("data", e.data)
		same("ext", e.ext)
		same("advice", e.advice)
		same("subscription", e.subscription)
		same("supportedConnectionTypes", e.types)
		same("id", e.id)
		for key, s := range map[string]span{"channel": e.channel, "clientId": e.clientID, "error": e.errorText} {
			var v string
			if raw := want[i][key]; raw != nil {
				require.NoError(t, json.Unmarshal(raw, &v))
			}
			require.Equal(t, v, s.str(body), "%s of %q", key, body)
		}
		require.Equal(t, map[string]truth{"": absent, "null": absent, "true": yes, "false": no}[string(want[i]["successful"])], e.success)
		// What is done with the rest must not panic either.
		parseAdvice(e.advice.of(body), "long-polling")
		parseAck(e.ext.of(body))
		stringsOf(e.types.of(body))
		_ = e.reply(body)
		_ = e.identity(body)
	}
}

// twice reports whether a message has some key more than once.
func twice(body []byte) bool {
	found := false
	var list []json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		list = []json.RawMessage{body}
	}
	for _, m := range list {
		seen := map[string]bool{}
		fields(bytes.TrimSpace(m), func(key string, _ []byte) {
			found = found || seen[key]
			seen[key] = true
		})
	}
	return found
}

var bodies = []string{
	`[]`, `{}`, `[{}]`, ` [ { } , { } ] `, `null`, `1`, `"x"`, ``, ` `, `[`, `[{`, `[{}`, `[{},]`, `[{}]x`, `[1]`, `[null]`, `[[]]`,
	`[{"channel":"/a","data":1}]`, `[{"data":null,"channel":"/a"}]`, `[{"channel":null,"id":null,"ext":null}]`,
	`[{"channel":"/\u0061\n","id":17,"clientId":"\ud83d\ude00","error":"é"}]`, `[{"channel":1}]`, `[{"successful":"true"}]`,
	`[{"successful":true},{"successful":false},{"successful":null}]`, `[{"id":{}}]`, `[{"id":-1.5e+3}]`, `[{"id":01}]`,
	`[{"data":{"a":[1,2,{"b":"c\\\"d"}],"e":1e9,"f":-0.0}}]`, `[{"data":"` + "\x01" + `"}]`, `[{"data":"` + "\xff\xfe" + `","channel":"` + "\xff" + `"}]`,
	`[{"data":tru}]`, `[{"data":1.}]`, `[{"data":.5}]`, `[{"data":"\x"}]`, `[{"data":"\u12g4"}]`, `[{"a":1,"a":2,"data":1,"data":2}]`,
	`[{"ch\u0061nnel":"/a"}]`, `[{"Channel":"/a"}]`, `[{"advice":{"interval":"100","timeout":1e99,"reconnect":"retry","long-polling":{"interval":-1}}}]`,
	`[{"ext":{"ack":{"enabled":true,"batch":"7","size":-2}}}]`, `[{"supportedConnectionTypes":["a",1,"b"],"subscription":"x"}]`,
	`[{"data":"0123456789abcdef\"","channel":"/0123456789abcdef"}]`, `[{"data":"0123456"}]`, `[{"data":"01234567"}]`,
}

func TestDecodeLikeEncodingJSON(t *testing.T) {
	for _, b := range bodies {
		compare(t, []byte(b))
		for i := range b { // and every beginning of it
			compare(t, []byte(b[:i]))
		}
	}
	for _, depth := range []int{10, maxDepth - 3, maxDepth + 3, 9000} {
		compare(t, []byte(`[{"data":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}]`))
	}
}

// A10, A9.
func FuzzDecode(f *testing.F) {
	for _, b := range bodies {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		compare(t, body)
		require.Equal(t, before, body)
	})
}

func TestDecodeBounds(t *testing.T) {
	_, err := decode([]byte("["+strings.Repeat("{},", maxMessages)+"{}]"), nil)
	require.Equal(t, errMany, err)
	_, err = decode([]byte(`[{"data":`+strings.Repeat(`{"a":`, 1_000_000)), nil)
	require.Equal(t, errDepth, err)
}

// P3.
func TestWhatIsAReply(t *testing.T) {
	for body, want := range map[string]bool{
		`{"channel":"/a","data":1}`:                           false,
		`{"channel":"/a","data":null}`:                        false,
		`{"channel":"/a","data":1,"id":"1"}`:                  false,
		`{"channel":"/a","id":"1","successful":true}`:         true,
		`{"channel":"/a","id":"1"}`:                           true,
		`{"channel":"/meta/x","data":1}`:                      true,
		`{"successful":false,"error":"400::channel_missing"}`: true,
	} {
		list, err := decode([]byte(body), nil)
		require.NoError(t, err)
		require.Equal(t, want, list[0].reply([]byte(body)), body)
	}
}

// P8.
func TestParseError(t *testing.T) {
	for text, want := range map[string]Error{
		"402::Unknown client":                     {Kind: ErrSessionLost, Code: 402, Text: "Unknown client"},
		"402::session_unknown":                    {Kind: ErrSessionLost, Code: 402, Text: "session_unknown"},
		"402:clientId:Missing required parameter": {Kind: ErrDenied, Code: 402, Args: []string{"clientId"}, Text: "Missing required parameter"},
		"401:secret:Unknown client":               {Kind: ErrSessionLost, Code: 401, Args: []string{"*"}, Text: "Unknown client"},
		"401::Authentication invalid":             {Kind: ErrDenied, Code: 401, Text: "Authentication invalid"},
		"403::Unknown client":                     {Kind: ErrSessionLost, Code: 403, Text: "Unknown client"},
		"403:a,b:subscribe_denied":                {Kind: ErrDenied, Code: 403, Args: []string{"a", "b"}, Text: "subscribe_denied"},
		"something went wrong":                    {Kind: ErrDenied, Text: "something went wrong"},
		"":                                        {Kind: ErrDenied},
		"404":                                     {Kind: ErrDenied, Text: "404"},
		"404:x":                                   {Kind: ErrDenied, Code: 404, Text: "x"},
		"abc::x":                                  {Kind: ErrDenied, Text: "abc::x"},
		"403::a:b::c of secret":                   {Kind: ErrDenied, Code: 403, Text: "a:b::c of *"},
	} {
		got := replyError("connect", text, "secret")
		want.Op = "connect"
		require.Equal(t, want, *got, text)
		require.NotContains(t, got.Error(), "secret")
	}
}

// P5.
func TestChannels(t *testing.T) {
	for name, ok := range map[string]bool{
		"/a": true, "/a/b-c_d!~()$@/1": true, "/a/*": true, "/a/**": true, "/*": true, "/**": true,
		"": false, "a": false, "/": false, "/a/": false, "//a": false, "/a//b": false, "/a/*/b": false, "/a*": false, "/a/***": false,
		"/a b": false, "/é": false, "/a/{x}": false, "/" + strings.Repeat("a", maxChannel): false,
	} {
		require.Equal(t, ok, checkChannel(name, true) == "", "%q: %s", name, checkChannel(name, true))
		require.Equal(t, ok && !strings.Contains(name, "*"), checkChannel(name, false) == "", name)
	}
	for _, c := range []struct {
		pattern, channel string
		want             bool
	}{
		{"/a/*", "/a/b", true}, {"/a/*", "/a", false}, {"/a/*", "/a/b/c", false}, {"/a/**", "/a/b", true},
		{"/a/**", "/a/b/c", true}, {"/a/**", "/a", false}, {"/**", "/a", true}, {"/*", "/a", true}, {"/a", "/a", true}, {"/a", "/b", false},
		{"/a/*", "/ab/c", false},
	} {
		require.Equal(t, c.want, Match(c.pattern, c.channel), c)
		var found []string
		eachPattern(c.channel, maxChannel, func(p []byte) { found = append(found, string(p)) })
		if isPattern(c.pattern) {
			require.Equal(t, c.want, contains(found, c.pattern), "%v in %v", c, found)
		}
	}
	for most, want := range map[int][]string{
		maxChannel: {"/a/b/*", "/a/b/**", "/a/**", "/**"}, 7: {"/a/b/*", "/a/b/**", "/a/**", "/**"},
		6: {"/a/b/*", "/a/**", "/**"}, 5: {"/a/**", "/**"}, 4: {"/**"}, 3: {"/**"}, 2: nil, 0: nil,
	} {
		var found []string
		eachPattern("/a/b/c", most, func(p []byte) { found = append(found, string(p)) })
		require.Equal(t, want, found, most)
	}
	calls := 0 // a channel of nothing but slashes takes no time
	eachPattern(strings.Repeat("/", 16<<20), 20, func([]byte) { calls++ })
	require.LessOrEqual(t, calls, 20)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`[` + strings.Repeat(`{"data":{"id":"0123456789","state":"Established","text":"`+strings.Repeat("value ", 150)+`"},"channel":"/v2/me/calls"},`, 10) +
		`{"channel":"/meta/connect","id":"1","successful":true}]`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var list []envelope
	for b.Loop() {
		list, _ = decode(body, list[:0])
	}
}

// A9: one message that somebody keeps does not hold a long body in memory.
func TestAMessageHoldsOnlyItself(t *testing.T) {
	var kept []delivery
	var before, after runtime.MemStats
	body := []byte(`[{"channel":"/a","data":1},{"channel":"/b","data":"` + strings.Repeat("x", 1<<20) + `"}]`)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 8 {
		list, err := decode(body, nil)
		require.NoError(t, err)
		all := events(body, list, nil, nil)
		require.Len(t, all, 2)
		require.Len(t, all[1].message.Data, 1<<20+2)
		kept = append(kept, all[0])
		clear(all)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(4<<20))
	for _, d := range kept {
		require.Equal(t, "1", string(d.message.Data))
	}
}

// R4: a batch that is never finished ends the session when it has too many messages, however short.
func TestABatchHasOnlySoManyMessages(t *testing.T) {
	s := &Session{opts: &Options{MaxMessage: mostMaxMessage}, st: newState(fuzzRules(0))}
	s.st.phase = Connected
	x := receipt{s: s}
	s.held = make([]delivery, maxMessages-1)
	x.hold(make([]delivery, 1))
	require.Equal(t, Connected, s.State())
	x.hold(make([]delivery, 1))
	require.Equal(t, Closed, s.State())
	require.ErrorIs(t, s.Err(), ErrTooLarge)
}
