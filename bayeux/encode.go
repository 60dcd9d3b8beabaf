package bayeux

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// encode makes the array of a batch. A goroutine of the link calls it, so that hooks may take a
// little time.
func (s *Session) encode(b *Batch) ([]byte, error) {
	size := 2
	for _, r := range b.requests {
		size += 160 + len(r.name) + len(r.data)
	}
	out := append(make([]byte, 0, size), '[')
	var failed []*request
	var cause error
	for _, r := range b.requests {
		from := len(out)
		if from > 1 {
			out = append(out, ',')
		}
		next, err := s.appendMessage(out, b, r)
		if err != nil {
			out, failed, cause = out[:from], append(failed, r), err
			continue
		}
		out = next
	}
	if len(failed) == len(b.requests) {
		return nil, cause
	}
	if len(failed) > 0 { // the others go
		s.mu.Lock()
		s.failRequests(failed, asError("", cause))
		s.unlock(false)
	}
	out = append(out, ']')
	s.count(&s.stats.bytesOut, BytesOut, int64(len(out)))
	return out, nil
}

// appendMessage encodes one message.
func (s *Session) appendMessage(out []byte, b *Batch, r *request) ([]byte, error) {
	ext, data := r.ext, r.data
	if len(s.opts.Extensions) > 0 {
		m := &Outgoing{Channel: r.channel(), ID: r.id, Data: data, Ext: maps.Clone(ext)}
		if pattern := r.subscription(); pattern != "" {
			m.Subscription = []string{pattern}
		}
		if err := s.outgoing(m); err != nil {
			return nil, err
		}
		ext, data = m.Ext, m.Data
	}
	out = append(out, `{"id":"`...)
	out = append(out, r.id...)
	out = append(out, `","channel":`...)
	out = appendString(out, r.channel())
	if r.op == opHandshake {
		out = append(out, `,"version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":[`...)
		for i, t := range s.rules.transports {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendString(out, t)
		}
		out = append(out, ']')
		if s.rules.ack {
			ext = maps.Clone(ext)
			if ext == nil {
				ext = make(map[string]any, 1)
			}
			if _, set := ext["ack"]; !set {
				ext["ack"] = true
			}
		}
	} else {
		out = append(out, `,"clientId":`...)
		out = appendString(out, b.clientID)
	}
	ack := int64(-1)
	switch r.op {
	case opConnect:
		out = append(out, `,"connectionType":`...)
		out = appendString(out, b.transport)
		if r.now {
			out = append(out, `,"advice":{"timeout":0}`...)
		}
		ack = r.ack
	case opSubscribe, opUnsubscribe:
		out = append(out, `,"subscription":`...)
		out = appendString(out, r.name)
	case opPublish, opCall:
		if len(s.opts.Extensions) > 0 && !json.Valid(data) {
			return nil, &Error{Kind: ErrHook, Detail: "an extension made data that is not valid JSON"}
		}
		out = append(out, `,"data":`...)
		out = append(out, data...)
	}
	if ack < 0 && len(ext) == 0 {
		return append(out, '}'), nil
	}
	return appendExt(out, ext, ack)
}

// appendExt encodes the ext field and the end of the message.
func appendExt(out []byte, ext map[string]any, ack int64) ([]byte, error) {
	out = append(out, `,"ext":{`...)
	comma := false
	if ack >= 0 {
		out = append(out, `"ack":`...)
		out = appendInt(out, ack)
		comma = true
	}
	for _, k := range slices.Sorted(maps.Keys(ext)) {
		if k == "ack" && ack >= 0 {
			continue
		}
		v, err := json.Marshal(ext[k])
		if err != nil {
			return nil, &Error{Kind: ErrHook, Detail: "a value of ext cannot be encoded", Err: err}
		}
		if comma {
			out = append(out, ',')
		}
		comma = true
		out = appendString(out, k)
		out = append(out, ':')
		out = append(out, v...)
	}
	return append(out, "}}"...), nil
}

// appendString encodes a string.
func appendString(out []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			b, _ := json.Marshal(s) // a string can always be encoded
			return append(out, b...)
		}
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"')
}

func appendInt(out []byte, n int64) []byte { return strconv.AppendInt(out, n, 10) }
