package pipenet_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pair returns the two ends of a connection over buffers of size bytes.
func pair(t *testing.T, size int) (near, far *pipenet.Conn) {
	t.Helper()
	n := pipenet.NewBuffered(size)
	t.Cleanup(func() { _ = n.Close() })
	l, err := n.Listen("a:1")
	require.NoError(t, err)
	c, err := n.DialContext(t.Context(), "tcp", "a:1")
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	return c.(*pipenet.Conn), s.(*pipenet.Conn)
}

func isTimeout(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var ne net.Error
	require.ErrorAs(t, err, &ne)
	require.True(t, ne.Timeout())
}

func TestBytesArriveInOrderThroughAnyBuffer(t *testing.T) {
	for _, size := range []int{1, 2, 3, 511, 512, 513, 4096, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			near, far := pair(t, size)
			rng := rand.New(rand.NewPCG(1, uint64(size)))
			want := make([]byte, 20_000)
			for i := range want {
				want[i] = byte(rng.Uint32())
			}
			go func() {
				for rest := want; len(rest) > 0; {
					n := min(1+rng.IntN(3000), len(rest))
					if m, err := near.Write(rest[:n]); m != n || err != nil {
						t.Errorf("wrote %d of %d: %v", m, n, err)
					}
					rest = rest[n:]
				}
				_ = near.CloseWrite()
			}()
			var got bytes.Buffer
			for b := make([]byte, 1777); ; {
				n, err := far.Read(b[:1+got.Len()%len(b)])
				got.Write(b[:n])
				if err == io.EOF {
					break
				}
				require.NoError(t, err)
			}
			require.True(t, bytes.Equal(want, got.Bytes()))

			n, err := far.Write([]byte("!")) // the other way is still open
			require.NoError(t, err)
			require.Equal(t, 1, n)
			b := make([]byte, 2)
			n, err = near.Read(b)
			require.NoError(t, err)
			require.Equal(t, "!", string(b[:n]))
		})
	}
}

func TestAWriteWaitsForRoomOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pair(t, 4)
		n, err := near.Write([]byte("1234"))
		require.NoError(t, err)
		require.Equal(t, 4, n)

		wrote := false
		go func() {
			_, err := near.Write([]byte("56"))
			assert.NoError(t, err)
			wrote = true
		}()
		synctest.Wait()
		require.False(t, wrote)
		b := make([]byte, 1)
		_, err = far.Read(b)
		require.NoError(t, err)
		synctest.Wait()
		require.False(t, wrote)
		_, err = far.Read(b)
		require.NoError(t, err)
		synctest.Wait()
		require.True(t, wrote)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pair(t, 1024)
		_, err := near.Write([]byte("last words"))
		require.NoError(t, err)
		require.NoError(t, near.Close())
		require.ErrorIs(t, near.Close(), net.ErrClosed)
		require.ErrorIs(t, near.CloseWrite(), net.ErrClosed)
		require.ErrorIs(t, near.SetDeadline(time.Now()), net.ErrClosed)
		_, err = near.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = near.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)

		b, err := io.ReadAll(far)
		require.NoError(t, err)
		require.Equal(t, "last words", string(b))
		_, err = far.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
	})
}

func TestCloseWakesWhoeverWaits(t *testing.T) {
	for name, wake := range map[string]struct {
		do          func(near, far *pipenet.Conn)
		read, write error // at near
	}{
		"own close":  {func(near, _ *pipenet.Conn) { _ = near.Close() }, net.ErrClosed, net.ErrClosed},
		"own reset":  {func(near, _ *pipenet.Conn) { near.Reset() }, net.ErrClosed, net.ErrClosed},
		"peer close": {func(_, far *pipenet.Conn) { _ = far.Close() }, io.EOF, syscall.EPIPE},
		"peer reset": {func(_, far *pipenet.Conn) { far.Reset() }, syscall.ECONNRESET, syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := pair(t, 8)
				var wg sync.WaitGroup
				wg.Go(func() {
					_, err := near.Read(make([]byte, 1))
					assert.ErrorIs(t, err, wake.read)
				})
				wg.Go(func() {
					n, err := near.Write(make([]byte, 9))
					assert.Equal(t, 8, n)
					assert.ErrorIs(t, err, wake.write)
				})
				synctest.Wait()
				wake.do(near, far)
				wg.Wait()
			})
		})
	}
}

func TestResetLosesWhatIsUnderWay(t *testing.T) {
	for name, first := range map[string]func(*pipenet.Conn){
		"open":   func(*pipenet.Conn) {},
		"closed": func(c *pipenet.Conn) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t, 1024)
			_, err := near.Write([]byte("never read"))
			require.NoError(t, err)
			first(near)
			near.Reset()
			_, err = far.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
			_, err = far.Write([]byte("x"))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
	}
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pair(t, 4)
		start := time.Now()
		b := make([]byte, 8)

		require.NoError(t, near.SetReadDeadline(start.Add(time.Second)))
		_, err := near.Read(b)
		isTimeout(t, err)
		require.Equal(t, time.Second, time.Since(start))

		_, err = far.Write([]byte("x"))
		require.NoError(t, err)
		_, err = near.Read(b)
		isTimeout(t, err) // a deadline that has passed fails a read even where there is something

		require.NoError(t, near.SetReadDeadline(time.Time{}))
		n, err := near.Read(b)
		require.NoError(t, err)
		require.Equal(t, 1, n)

		require.NoError(t, near.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err = near.Write(b)
		require.Equal(t, 4, n)
		isTimeout(t, err)
		require.Equal(t, 2*time.Second, time.Since(start))
		n, err = near.Write(b)
		require.Zero(t, n)
		isTimeout(t, err)

		// The other end has deadlines of its own.
		n, err = far.Read(b)
		require.NoError(t, err)
		require.Equal(t, 4, n)
	})
}

func TestAMovedDeadlineReachesACallThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := pair(t, 4)
		start := time.Now()
		require.NoError(t, near.SetDeadline(start.Add(time.Hour)))
		done := make(chan time.Duration)
		go func() {
			_, err := near.Read(make([]byte, 1))
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			done <- time.Since(start)
		}()
		time.Sleep(time.Minute)
		require.NoError(t, near.SetDeadline(start.Add(2*time.Minute)))
		require.Equal(t, 2*time.Minute, <-done)

		require.NoError(t, near.SetDeadline(time.Time{}))
		go func() {
			_, err := near.Read(make([]byte, 1))
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			done <- time.Since(start)
		}()
		time.Sleep(time.Minute)
		require.NoError(t, near.SetDeadline(time.Unix(1, 0)))
		require.Equal(t, 3*time.Minute, <-done)
	})
}

func TestReadsAndWritesOfNothing(t *testing.T) {
	near, far := pair(t, 4)
	n, err := near.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = near.Write(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, far.Close())
	_, err = near.Write(nil)
	require.ErrorIs(t, err, syscall.EPIPE)
}

func TestManyAtOnce(t *testing.T) {
	near, far := pair(t, 64)
	var wg sync.WaitGroup
	const each, writers = 1000, 4
	for range writers {
		wg.Go(func() {
			for range each {
				_, err := near.Write([]byte{1})
				assert.NoError(t, err)
			}
		})
	}
	var mu sync.Mutex
	total := 0
	for range 3 {
		wg.Go(func() {
			b := make([]byte, 7)
			for {
				n, err := far.Read(b)
				mu.Lock()
				total += n
				done := total == each*writers
				mu.Unlock()
				if done {
					_ = near.Close()
				}
				if err != nil {
					assert.Equal(t, io.EOF, err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, each*writers, total)
}
