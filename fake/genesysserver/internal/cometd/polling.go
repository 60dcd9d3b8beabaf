package cometd

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
)

const cookieName = "BAYEUX_BROWSER"

// buffers are for bodies, in and out.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxKept = 64 << 10 // bytes of a buffer that is kept

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxKept {
		b.Reset()
		buffers.Put(b)
	}
}

// A body collects the events of an answer.
type body struct{ bytes.Buffer }

// event adds the inside of a frame. There is always room: what is added has waited in a bounded queue.
func (b *body) event(frame []byte) bool {
	if b.Len() > 0 {
		b.WriteByte(',')
	}
	b.Write(frame[1 : len(frame)-1])
	return true
}

// poll answers a request over long polling.
func (s *Server) poll(w http.ResponseWriter, r *http.Request, user string) {
	list, err := receive(w, r)
	if err != nil {
		http.Error(w, "Malformed Bayeux message", http.StatusBadRequest)
		return
	}
	if !acceptable(list) {
		http.Error(w, "Invalid Bayeux message", http.StatusInternalServerError)
		return
	}
	events := new(body)
	e := &exchange{server: s, request: r, user: user, events: events, alone: len(list) == 1}
	if c, err := r.Cookie(cookieName); err == nil {
		e.cookie = c.Value
	}
	replies := make([]reply, 0, len(list))
	for i := range list {
		answer, h := e.handle(&list[i])
		if h != nil {
			o, ok := e.session.await(e, h, r.Context().Done())
			switch {
			case !ok:
				return
			case o.status != 0:
				http.Error(w, http.StatusText(o.status), o.status)
				return
			}
			answer = o.reply
		}
		replies = append(replies, answer)
	}
	if e.session != nil && list[0].Channel != metaHandshake {
		e.session.leave(events)
	}
	if e.fresh {
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: e.cookie, Path: "/", HttpOnly: true})
	}
	s.answer(w, events, replies)
}

// leave has waiting events go with an answer that is no connect's.
func (x *session) leave(to sink) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.flush(to, false)
}

// receive reads the messages of a request.
func receive(w http.ResponseWriter, r *http.Request) ([]message, error) {
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	if _, err := io.Copy(b, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return nil, err
	}
	return parse(b.Bytes()) // which copies what it keeps
}

// answer sends events and replies in one array.
func (s *Server) answer(w http.ResponseWriter, events *body, replies []reply) {
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	b.WriteByte('[')
	if !s.options.EventsLast {
		b.Write(events.Bytes())
	}
	encoder := json.NewEncoder(b)
	for i := range replies {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		_ = encoder.Encode(&replies[i]) // what was decoded can be encoded
		b.Truncate(b.Len() - 1)         // the end of the line
	}
	if s.options.EventsLast && events.Len() > 0 {
		b.WriteByte(',')
		b.Write(events.Bytes())
	}
	b.WriteByte(']')
	header := w.Header()
	header.Set("Content-Type", "application/json;charset=UTF-8")
	header.Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = w.Write(b.Bytes()) // a client that is gone is no fault here
}
