package interop_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// talk is a server that answers each line with its own text.
func talk(t *testing.T, answer string) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer func() { _ = c.Close() }()
				for r := bufio.NewScanner(c); r.Scan() && r.Text() != "silence"; {
					if _, err := io.WriteString(c, answer); err != nil {
						return
					}
				}
				_, _ = io.Copy(io.Discard, c)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		running.Wait()
	})
	return ln.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

func TestProxyCutsInsideTheEventThatItIsTold(t *testing.T) {
	const event = `{"data":{"n":1,"filling":"xxxx"}}`
	for _, test := range []struct {
		name  string
		event int
		after int
		want  string
	}{
		{"in the first", 1, 0, `{"data":{"n":`},
		{"in the third", 3, 2, event + event + `{"data":{"n":1,`},
		{"never beyond what was said at once", 2, 1000, event + event},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := through(t, talk(t, event))
			c := dial(t, p.addr())
			done := p.cutInside(test.event, test.after)
			var got strings.Builder
			var err error
			for err == nil {
				if _, err = io.WriteString(c, "next\n"); err != nil {
					break
				}
				buf := make([]byte, len(event))
				var n int
				n, err = io.ReadFull(c, buf)
				got.Write(buf[:n])
			}
			within(t, patience, "the cut", done)
			require.Equal(t, test.want, got.String())
			require.Truef(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE), "%v", err)
			// And once only.
			again := dial(t, p.addr())
			for range 5 {
				_, err := io.WriteString(again, "next\n")
				require.NoError(t, err)
				_, err = io.ReadFull(again, make([]byte, len(event)))
				require.NoError(t, err)
			}
		})
	}
}

func TestProxyFindsAnEventThatArrivesInTwoParts(t *testing.T) {
	p := through(t, talk(t, "unused"))
	done := p.cutInside(1, 0)
	l := &link{}
	p.links[l] = struct{}{}
	defer delete(p.links, l)
	require.Nil(t, p.said(l, []byte(`{"data":{"`), false))
	require.Equal(t, `n":`, string(p.said(l, []byte(`n":5}}`), false)))
	within(t, patience, "the cut", done)
}

func TestProxyResetsWhatIsHeld(t *testing.T) {
	p := through(t, talk(t, "answer\n"))
	idle, held := dial(t, p.addr()), dial(t, p.addr())
	_, err := io.WriteString(idle, "next\n")
	require.NoError(t, err)
	_, err = io.ReadFull(idle, make([]byte, len("answer\n")))
	require.NoError(t, err)
	_, err = io.WriteString(held, "silence\n")
	require.NoError(t, err)
	p.resetHeld(t)
	for _, c := range []net.Conn{idle, held} {
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
}

func TestProxyRefuses(t *testing.T) {
	p := through(t, talk(t, "answer\n"))
	p.refuse(true)
	c, err := net.Dial("tcp", p.addr())
	if err == nil { // else the reset was quicker
		_, err = c.Read(make([]byte, 1))
		_ = c.Close()
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
	p.refuse(false)
	c = dial(t, p.addr())
	_, err = io.WriteString(c, "next\n")
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, len("answer\n")))
	require.NoError(t, err)
}
