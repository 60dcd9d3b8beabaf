package bayeux

import (
	"encoding/binary"
	"encoding/json"
	"errors"
)

// maxDepth bounds how deep the values of a message may be nested. encoding/json has 10,000.
const maxDepth = 512

var errSyntax = errors.New("not valid JSON")
var errDepth = errors.New("JSON nested too deep")

// A span is a range of bytes of a body. The empty span stands for what is absent.
type span struct{ from, to uint32 }

func (s span) present() bool         { return s.to > s.from }
func (s span) of(body []byte) []byte { return body[s.from:s.to:s.to] }

// stops tells of a byte whether it ends the plain run of a string: the quote, the backslash and
// the control characters, which JSON does not allow there.
var stops = func() (t [256]bool) {
	for i := range 0x20 {
		t[i] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// space skips white space from i.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// text skips the string whose opening quote is at i, and tells whether it is plain: ASCII without
// escapes. The result is -1 if the string is not valid JSON.
func text(b []byte, i int) (end int, plain bool) {
	plain = true
	i++
	for {
		// Eight bytes at once while none of them is a quote, a backslash or below 0x20.
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			q, s := w^(ones*'"'), w^(ones*'\\')
			if ((w-ones*0x20)&^w|(q-ones)&^q|(s-ones)&^s)&highs != 0 {
				break
			}
			if w&highs != 0 {
				plain = false
			}
			i += 8
		}
		for i < len(b) && !stops[b[i]] {
			if b[i] >= 0x80 {
				plain = false
			}
			i++
		}
		if i >= len(b) {
			return -1, false
		}
		switch b[i] {
		case '"':
			return i + 1, plain
		case '\\':
			plain = false
			if i+1 >= len(b) {
				return -1, false
			}
			switch b[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				if i+6 > len(b) || !hex4(b[i+2:i+6]) {
					return -1, false
				}
				i += 6
			default:
				return -1, false
			}
		default:
			return -1, false
		}
	}
}

func hex4(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// number skips the number at i, or returns -1.
func number(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return -1
	case b[i] == '0':
		i++
	case '1' <= b[i] && b[i] <= '9':
		i = digits(b, i)
	default:
		return -1
	}
	if i < len(b) && b[i] == '.' {
		next := digits(b, i+1)
		if next == i+1 {
			return -1
		}
		i = next
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		next := digits(b, i)
		if next == i {
			return -1
		}
		i = next
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

// word skips a literal at i, or returns -1.
func word(b []byte, i int, w string) int {
	if len(b)-i < len(w) || string(b[i:i+len(w)]) != w {
		return -1
	}
	return i + len(w)
}

// value skips the value at i, which is not white space, and checks it completely.
func value(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return 0, errSyntax
	}
	end := -1
	switch b[i] {
	case '"':
		end, _ = text(b, i)
	case '{':
		return object(b, i, depth, nil)
	case '[':
		return array(b, i, depth, nil)
	case 't':
		end = word(b, i, "true")
	case 'f':
		end = word(b, i, "false")
	case 'n':
		end = word(b, i, "null")
	default:
		end = number(b, i)
	}
	if end < 0 {
		return 0, errSyntax
	}
	return end, nil
}

// object skips the object that begins at i and calls field, unless it is nil, with every key, quotes
// included, and value. An error of field ends the walk.
func object(b []byte, i, depth int, field func(key, value span, plain bool) error) (int, error) {
	if depth >= maxDepth {
		return 0, errDepth
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return 0, errSyntax
		}
		key := i
		end, plain := text(b, i)
		if end < 0 {
			return 0, errSyntax
		}
		i = space(b, end)
		if i >= len(b) || b[i] != ':' {
			return 0, errSyntax
		}
		from := space(b, i+1)
		to, err := value(b, from, depth+1)
		if err != nil {
			return 0, err
		}
		if field != nil {
			if err := field(span{uint32(key), uint32(end)}, span{uint32(from), uint32(to)}, plain); err != nil {
				return 0, err
			}
		}
		i = space(b, to)
		switch {
		case i >= len(b):
			return 0, errSyntax
		case b[i] == '}':
			return i + 1, nil
		case b[i] != ',':
			return 0, errSyntax
		}
		i = space(b, i+1)
	}
}

// array skips the array that begins at i and calls element, unless it is nil, with every value.
func array(b []byte, i, depth int, element func(value span) error) (int, error) {
	if depth >= maxDepth {
		return 0, errDepth
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		to, err := value(b, i, depth+1)
		if err != nil {
			return 0, err
		}
		if element != nil {
			if err := element(span{uint32(i), uint32(to)}); err != nil {
				return 0, err
			}
		}
		i = space(b, to)
		switch {
		case i >= len(b):
			return 0, errSyntax
		case b[i] == ']':
			return i + 1, nil
		case b[i] != ',':
			return 0, errSyntax
		}
		i = space(b, i+1)
	}
}

// unquote returns what the string literal b, which is valid JSON, stands for.
func unquote(b []byte) string {
	if end, plain := text(b, 0); plain && end == len(b) {
		return string(b[1 : len(b)-1])
	}
	var s string
	_ = json.Unmarshal(b, &s) // it is a valid string
	return s
}

// fields calls f with every member of the object raw, if it is one.
func fields(raw []byte, f func(key string, value []byte)) {
	if len(raw) == 0 || raw[0] != '{' {
		return
	}
	_, _ = object(raw, 0, 0, func(key, value span, plain bool) error {
		if plain {
			f(string(raw[key.from+1:key.to-1]), value.of(raw))
		} else {
			f(unquote(key.of(raw)), value.of(raw))
		}
		return nil
	})
}
