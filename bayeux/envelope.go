package bayeux

import "errors"

// maxMessages bounds how many messages one body may have.
const maxMessages = 1 << 17

var (
	errShape = errors.New("not an array of messages")
	errMany  = errors.New("too many messages in one body")
)

// An envelope is one message of a body, of which the values are left where they are. A string is a
// span with its quotes.
type envelope struct {
	channel, id, clientID, errorText       span
	data, ext, advice, types, subscription span
	success                                truth
	bareID                                 bool // the id is a number
}

// A truth is a boolean that can be absent.
type truth uint8

const (
	absent truth = iota
	no
	yes
)

// reply reports whether the message answers a request: it is on a meta channel, or says whether it
// was successful, or has no data. The id says nothing, because the events of some servers carry that
// of their publisher.
func (e *envelope) reply(body []byte) bool {
	return e.success != absent || !e.data.present() || e.meta(body)
}

func (e *envelope) meta(body []byte) bool {
	const prefix = `"/meta/`
	c := e.channel.of(body)
	return len(c) > len(prefix) && string(c[:len(prefix)]) == prefix
}

// str decodes a string of the envelope; what is absent is empty.
func (s span) str(body []byte) string {
	if !s.present() {
		return ""
	}
	return unquote(s.of(body))
}

// identity is the id as a string, also where the server sent a number.
func (e *envelope) identity(body []byte) string {
	if e.bareID {
		return string(e.id.of(body))
	}
	return e.id.str(body)
}

// decode appends the messages of body to list. The body is an array of objects, or one object. It is
// looked at once, and all of it: if any of it is not valid JSON, or not a message, there is no
// message at all.
func decode(body []byte, list []envelope) ([]envelope, error) {
	i := space(body, 0)
	if i >= len(body) {
		return nil, errSyntax
	}
	if body[i] == '{' {
		var e envelope
		end, err := message(body, i, 0, &e)
		if err == nil && space(body, end) != len(body) {
			err = errSyntax
		}
		if err != nil {
			return nil, err
		}
		return append(list, e), nil
	}
	if body[i] != '[' {
		return nil, errShape
	}
	i = space(body, i+1)
	if i < len(body) && body[i] == ']' {
		i++
	} else {
		for n := 0; ; n++ {
			if i >= len(body) {
				return nil, errSyntax
			}
			if body[i] != '{' {
				return nil, errShape
			}
			if n == maxMessages {
				return nil, errMany
			}
			list = append(list, envelope{})
			end, err := message(body, i, 1, &list[len(list)-1])
			if err != nil {
				return nil, err
			}
			i = space(body, end)
			if i >= len(body) || body[i] != ',' && body[i] != ']' {
				return nil, errSyntax
			}
			if body[i] == ']' {
				i++
				break
			}
			i = space(body, i+1)
		}
	}
	if space(body, i) != len(body) {
		return nil, errSyntax
	}
	return list, nil
}

// message decodes the object at i. Of a key that comes twice the last counts, as in encoding/json.
func message(body []byte, i, depth int, e *envelope) (int, error) {
	return object(body, i, depth, func(key, value span, plain bool) error {
		var escaped string
		name := body[key.from+1 : key.to-1]
		if !plain {
			escaped = unquote(key.of(body))
			name = []byte(escaped)
		}
		if string(name) == "data" { // may be anything, null too
			e.data = value
			return nil
		}
		first := body[value.from]
		if first == 'n' {
			value = span{} // elsewhere null is as good as absent
		}
		var into *span
		switch string(name) {
		case "ext":
			e.ext = value
			return nil
		case "advice":
			e.advice = value
			return nil
		case "subscription":
			e.subscription = value
			return nil
		case "supportedConnectionTypes":
			e.types = value
			return nil
		case "successful":
			switch first {
			case 't':
				e.success = yes
			case 'f':
				e.success = no
			case 'n':
				e.success = absent
			default:
				return errShape
			}
			return nil
		case "id":
			e.id, e.bareID = value, first != '"'
			if first == '{' || first == '[' || first == 't' || first == 'f' {
				return errShape
			}
			return nil
		case "channel":
			into = &e.channel
		case "clientId":
			into = &e.clientID
		case "error":
			into = &e.errorText
		default:
			return nil
		}
		if first != '"' && first != 'n' {
			return errShape
		}
		*into = value
		return nil
	})
}

// maxStrings bounds how many strings of an array are looked at.
const maxStrings = 256

// stringsOf returns the elements of an array of strings, the first of them if there are very many, or
// the one string.
func stringsOf(raw []byte) []string {
	if len(raw) == 0 {
		return nil
	}
	if raw[0] == '"' {
		return []string{unquote(raw)}
	}
	if raw[0] != '[' {
		return nil
	}
	var list []string
	_, _ = array(raw, 0, 0, func(v span) error {
		if raw[v.from] == '"' && len(list) < maxStrings {
			list = append(list, unquote(v.of(raw)))
		}
		return nil
	})
	return list
}
