package bayeux

import (
	"io"
	"sync"
)

// A buffer holds a body while it is looked at. Buffers are used again, unless they have become
// large, so that a session that waits holds none.
type buffer struct{ b []byte }

const (
	firstBuffer = 2 << 10
	keptBuffer  = 64 << 10
)

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func takeBuffer() *buffer {
	r := buffers.Get().(*buffer)
	r.b = r.b[:0]
	return r
}

func giveBuffer(r *buffer) {
	if cap(r.b) <= keptBuffer {
		buffers.Put(r)
	}
}

// grow makes room for n bytes in all.
func (r *buffer) grow(n int) {
	if n > cap(r.b) {
		b := make([]byte, len(r.b), n)
		copy(b, r.b)
		r.b = b
	}
}

// readFrom reads all of src, but no more than most bytes.
func (r *buffer) readFrom(src io.Reader, most int) error {
	for {
		if len(r.b) == cap(r.b) {
			r.grow(max(firstBuffer, min(2*cap(r.b), most+1)))
		}
		n, err := src.Read(r.b[len(r.b):min(cap(r.b), most+1)])
		r.b = r.b[:len(r.b)+n]
		switch {
		case len(r.b) > most:
			return errLong
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// envelopes are lists to decode into, used again likewise.
var envelopes = sync.Pool{New: func() any { return new([]envelope) }}

func takeEnvelopes() *[]envelope { return envelopes.Get().(*[]envelope) }

func giveEnvelopes(l *[]envelope) {
	if cap(*l) <= 512 {
		*l = (*l)[:0]
		envelopes.Put(l)
	}
}
