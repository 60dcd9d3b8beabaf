package events

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

var (
	endOfHead   = []byte("\r\n\r\n")
	endOfLine   = []byte("\r\n")
	postLine    = []byte("POST /cometd HTTP/1.1\r\n")
	upgradeLine = []byte("GET /cometd HTTP/1.1\r\n")
	length      = []byte("\r\nContent-Length: ")
	key         = []byte("\r\nSec-WebSocket-Key: ")
)

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // of RFC 6455

// request answers the request at the beginning of b, and tells how long it is: 0 if it is not whole.
func (s *server) request(c *conn, b []byte) (size int) {
	head := bytes.Index(b, endOfHead)
	if head < 0 {
		return 0
	}
	head += len(endOfHead)
	if bytes.HasPrefix(b, upgradeLine) {
		s.upgrade(c, b[:head])
		return head
	}
	body, err := strconv.Atoi(string(after(b[:head], length, endOfLine)))
	if err != nil || body < 0 || !bytes.HasPrefix(b, postLine) {
		s.refuse(c)
		return 0
	}
	if len(b) < head+body {
		return 0
	}
	s.message(c, b[:head], b[head:head+body])
	return head + body
}

// after is what is in b between from and to.
func after(b, from, to []byte) []byte {
	_, rest, _ := bytes.Cut(b, from)
	found, _, ok := bytes.Cut(rest, to)
	if !ok {
		return nil
	}
	return found
}

func (s *server) upgrade(c *conn, head []byte) {
	k := after(head, key, endOfLine)
	if len(k) == 0 {
		s.refuse(c)
		return
	}
	sum := sha1.Sum(append(bytes.Clone(k), magic...))
	c.socket = true
	s.write(c, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n"))
}

// Opcodes of frames.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// frame answers the frame at the beginning of b, and tells how long it is: 0 if it is not whole. What is
// in it is unmasked where it is.
func (s *server) frame(c *conn, b []byte) (size int) {
	if len(b) < 2 {
		return 0
	}
	if b[0]&0xf0 != 0x80 || b[1]&0x80 == 0 { // one frame a message, masked
		s.refuse(c)
		return 0
	}
	at, n := 2, int(b[1]&0x7f)
	switch {
	case n == 126 && len(b) < 4:
		return 0
	case n == 126:
		at, n = 4, int(binary.BigEndian.Uint16(b[2:]))
	case n == 127:
		s.refuse(c)
		return 0
	}
	if len(b) < at+4+n {
		return 0
	}
	mask, payload := b[at:at+4], b[at+4:at+4+n]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	switch b[0] & 0x0f {
	case opText:
		s.message(c, nil, payload)
	case opPing:
		s.write(c, append([]byte{0x80 | opPong, byte(len(payload))}, payload...))
	case opPong:
	case opClose:
		s.drop(c)
	default:
		s.refuse(c)
		return 0
	}
	return at + 4 + n
}

// begin begins an answer of which the length is not known yet, at the end of out.
func (c *conn) begin(out []byte) []byte {
	if c.socket {
		return append(out, 0x80|opText, 126, 0, 0)
	}
	return append(out, "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length:         \r\n\r\n"...)
}

// room is for the digits of a length.
const room = 8

// end puts the length where begin has left room for it. The answer began at from.
func (c *conn) end(out []byte, from int) {
	if c.socket {
		binary.BigEndian.PutUint16(out[from+2:], uint16(len(out)-from-4))
		return
	}
	head := from + bytes.Index(out[from:], endOfHead)
	digits := strconv.AppendInt(make([]byte, 0, room), int64(len(out)-head-len(endOfHead)), 10)
	copy(out[head-len(digits):head], digits)
}
