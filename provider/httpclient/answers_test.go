package httpclient_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// TestAnswers plays one answer for ever and tells what each class makes of it. A Read is asked three
// times where its answer may become better.
func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		answer  handler
		read    cc.Kind
		reads   int64
		command cc.Kind
		status  int
	}{
		{"200 JSON", says(200, `{"api_id":"a"}`), 0, 1, 0, 200},
		{"201 JSON", says(201, `{"api_id":"a"}`), 0, 1, 0, 201},
		{"202 blanks and JSON", says(202, " \n{\"api_id\":\"a\"}\n"), 0, 1, 0, 202},
		{"204", raw("HTTP/1.1 204 X\r\n\r\n"), cc.ErrUnavailable, 3, 0, 204},
		{"200 empty", says(200, ""), cc.ErrUnavailable, 3, 0, 200},
		{"200 blank", says(200, " \r\n"), cc.ErrUnavailable, 3, 0, 200},
		{"200 odd shape", says(200, `["a"]`), cc.ErrUnavailable, 1, 0, 200},
		{"200 odd type", says(200, `{"api_id":15551234567}`), cc.ErrUnavailable, 1, 0, 200},
		{"200 number", says(200, `7`), cc.ErrUnavailable, 1, 0, 200},
		{"200 null", says(200, `null`), 0, 1, 0, 200},
		{"200 duplicate keys", says(200, `{"api_id":"a","api_id":"b"}`), 0, 1, 0, 200},
		{"200 invalid UTF-8", says(200, "{\"api_id\":\"\xff\"}"), 0, 1, 0, 200},
		{"200 long string", says(200, `{"api_id":"`+strings.Repeat("a", 1<<20-20)+`"}`), 0, 1, 0, 200},
		{"200 too long", says(200, `{"api_id":"`+strings.Repeat("a", 1<<20)+`"}`), cc.ErrUnavailable, 1, cc.ErrUncertain, 200},
		{"200 deep", says(200, strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 HTML", says(200, "<html>welcome</html>"), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 text", says(200, "OK"), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 broken JSON", says(200, `{"api_id":"a"`), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 two values", says(200, `{}{}`), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 cut", raw("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{\"api_id\":"), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 chunked", raw("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 0, 1, 0, 200},
		{"200 chunked, cut", raw("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},
		{"200 until closed", raw("HTTP/1.1 200 X\r\n\r\n{}"), 0, 1, 0, 200},
		{"200 gzip nobody asked for", gzipped(1000), cc.ErrUnavailable, 3, cc.ErrUncertain, 200},

		{"300", says(300, ""), cc.ErrUnavailable, 1, cc.ErrUncertain, 300},
		{"301", redirect(301, "http://127.0.0.1/y"), cc.ErrUnavailable, 1, cc.ErrUnavailable, 301},
		{"302", redirect(302, "http://127.0.0.1:81/y"), cc.ErrUnavailable, 1, cc.ErrUncertain, 302},
		{"303", redirect(303, "http://other.test/y"), cc.ErrUnavailable, 1, cc.ErrUncertain, 303},
		{"304", raw("HTTP/1.1 304 X\r\n\r\n"), cc.ErrUnavailable, 1, cc.ErrUncertain, 304},
		{"307", redirect(307, "https://127.0.0.1/y"), cc.ErrUnavailable, 1, cc.ErrUnavailable, 307},
		{"308", redirect(308, "/y"), cc.ErrUnavailable, 1, cc.ErrUnavailable, 308},
		{"308 nowhere", says(308, ""), cc.ErrUnavailable, 1, cc.ErrUnavailable, 308},
		{"307 to nonsense", redirect(307, "::%zz"), cc.ErrUnavailable, 1, cc.ErrUnavailable, 307},
		{"101", raw("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), cc.ErrUnavailable, 1, cc.ErrUncertain, 101},

		{"400", says(400, `{"error":"e"}`), cc.ErrInvalid, 1, cc.ErrInvalid, 400},
		{"401 empty", says(401, ""), cc.ErrUnauthenticated, 1, cc.ErrUnauthenticated, 401},
		{"402", says(402, ""), cc.ErrForbidden, 1, cc.ErrForbidden, 402},
		{"403", says(403, `{}`), cc.ErrForbidden, 1, cc.ErrForbidden, 403},
		{"404 HTML", says(404, "<html>"), cc.ErrNotFound, 1, cc.ErrNotFound, 404},
		{"404 cut", raw("HTTP/1.1 404 X\r\nContent-Length: 100\r\n\r\n{"), cc.ErrNotFound, 1, cc.ErrNotFound, 404},
		{"405", says(405, ""), cc.ErrUnsupported, 1, cc.ErrUnsupported, 405},
		{"407", says(407, ""), cc.ErrUnavailable, 1, cc.ErrUnavailable, 407},
		{"409", says(409, ""), cc.ErrConflict, 1, cc.ErrConflict, 409},
		{"410", says(410, ""), cc.ErrNotFound, 1, cc.ErrNotFound, 410},
		{"412", says(412, ""), cc.ErrConflict, 1, cc.ErrConflict, 412},
		{"415", says(415, ""), cc.ErrInvalid, 1, cc.ErrInvalid, 415},
		{"422", says(422, ""), cc.ErrInvalid, 1, cc.ErrInvalid, 422},
		{"425", says(425, ""), cc.ErrUnavailable, 1, cc.ErrUnavailable, 425},
		{"451", says(451, ""), cc.ErrForbidden, 1, cc.ErrForbidden, 451},
		{"429", says(429, ""), cc.ErrRateLimited, 3, cc.ErrRateLimited, 429},
		{"500", says(500, `{"error":"e"}`), cc.ErrUnavailable, 3, cc.ErrUncertain, 500},
		{"500 cut", raw("HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\n{"), cc.ErrUnavailable, 3, cc.ErrUncertain, 500},
		{"502 HTML", says(502, "<html>"), cc.ErrUnavailable, 3, cc.ErrUncertain, 502},
		{"503 empty", says(503, ""), cc.ErrUnavailable, 3, cc.ErrUncertain, 503},
		{"504", says(504, ""), cc.ErrUnavailable, 3, cc.ErrUncertain, 504},
		{"999", says(999, ""), cc.ErrUnavailable, 3, cc.ErrUncertain, 999},

		{"closed before the first byte", raw(""), cc.ErrUnavailable, 3, cc.ErrUncertain, 0},
		{"reset before the first byte", resets(""), cc.ErrUnavailable, 3, cc.ErrUncertain, 0},
		{"reset after the first byte", resets("H"), cc.ErrUnavailable, 3, cc.ErrUncertain, 0},
		{"not HTTP", raw("SIP/2.0 200 OK\r\n\r\n"), cc.ErrUnavailable, 3, cc.ErrUncertain, 0},
		{"headers of 8 MiB", longHeaders, cc.ErrUnavailable, 3, cc.ErrUncertain, 0},
	} {
		for _, class := range classes {
			t.Run(tc.name+"/"+class.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := serve(t, tc.answer)
					c := w.client(t, httpclient.Options{})
					var into struct {
						APIID string `json:"api_id"`
					}
					answer, err := c.Do(t.Context(), request(class), &into)
					kind, requests := tc.command, int64(1)
					if class == read || tc.status == 429 {
						kind, requests = tc.read, tc.reads
					}
					require.Equal(t, kind, cc.KindOf(err), "%v", err)
					require.Equal(t, requests, w.requests.Load())
					require.Equal(t, tc.status, answer.Status)
					require.LessOrEqual(t, len(answer.Body), 1<<20)
				})
			})
		}
	}
}

func resets(after string) handler {
	return func(_ int64, _ *http.Request, conn *pipenet.Conn) {
		if after != "" {
			_, _ = io.WriteString(conn, after)
			synctest.Wait() // until it has been read
		}
		conn.Reset()
	}
}

func redirect(code int, to string) handler {
	return raw(fmt.Sprintf("HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", code, to))
}

func longHeaders(_ int64, _ *http.Request, conn *pipenet.Conn) {
	_, _ = io.WriteString(conn, "HTTP/1.1 200 X\r\n")
	for range 8 << 10 {
		if _, err := io.WriteString(conn, "X: "+strings.Repeat("x", 1019)+"\r\n"); err != nil {
			return
		}
	}
	_, _ = io.WriteString(conn, "Content-Length: 2\r\n\r\n{}")
	_ = conn.Close()
}

func gzipped(n int) handler {
	return func(_ int64, r *http.Request, conn *pipenet.Conn) {
		if r.Header.Get("Accept-Encoding") != "" {
			return // would be the client's own fault
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\n")
		z := gzip.NewWriter(conn)
		_, _ = z.Write(make([]byte, n))
		_ = z.Close()
		_ = conn.Close()
	}
}

// TestHugeAnswers holds the memory that answers without an end may take.
func TestHugeAnswers(t *testing.T) {
	endless := func(head string) handler {
		return func(_ int64, _ *http.Request, conn *pipenet.Conn) {
			_, _ = io.WriteString(conn, head)
			chunk := []byte(strings.Repeat("a", 64<<10))
			for range 1 << 30 / len(chunk) {
				if _, err := conn.Write(chunk); err != nil {
					return
				}
			}
		}
	}
	for name, tc := range map[string]struct {
		answer handler
		kind   cc.Kind
	}{
		"JSON of 1 GiB":       {endless("HTTP/1.1 200 X\r\nContent-Length: 1073741824\r\n\r\n"), cc.ErrUncertain},
		"JSON without an end": {endless("HTTP/1.1 200 X\r\n\r\n\""), cc.ErrUncertain},
		"error page of 1 GiB": {endless("HTTP/1.1 404 X\r\nContent-Length: 1073741824\r\n\r\n"), cc.ErrNotFound},
		"error page endless":  {endless("HTTP/1.1 500 X\r\n\r\n"), cc.ErrUncertain},
		"gzip of much":        {gzipped(1 << 30 / 64), cc.ErrUncertain},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serve(t, tc.answer)
				c := w.client(t, httpclient.Options{})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				answer, err := c.Do(t.Context(), request(absolute), nil)
				runtime.ReadMemStats(&after)
				require.Equal(t, tc.kind, cc.KindOf(err), "%v", err)
				if answer.Status >= 300 {
					require.Len(t, answer.Body, 4<<10)
				}
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "everything ever allocated meanwhile, by the server too")
			})
		})
	}
}

// TestMaxBody holds the limit to the byte, and that who announces more is not listened to.
func TestMaxBody(t *testing.T) {
	for head, slow := range map[string]bool{
		"HTTP/1.1 200 X\r\n\r\n%s":                                                        false,
		"HTTP/1.1 200 X\r\nContent-Length: %[2]d\r\n\r\n%[1]s":                            false,
		"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n%[2]x\r\n%[1]s\r\n0\r\n\r\n": false,
		"HTTP/1.1 200 X\r\nContent-Length: %[2]d\r\n\r\n":                                 true,
	} {
		for _, n := range []int{9, 10, 11} {
			synctest.Test(t, func(t *testing.T) {
				body := `"` + strings.Repeat("a", n-2) + `"`
				w := serve(t, func(_ int64, _ *http.Request, conn *pipenet.Conn) {
					_, _ = io.WriteString(conn, strings.NewReplacer("%s", body, "%[1]s", body, "%[2]d", fmt.Sprint(n), "%[2]x", fmt.Sprintf("%x", n)).Replace(head))
					if !slow {
						_ = conn.Close()
					}
				})
				c := w.client(t, httpclient.Options{MaxBody: 10})
				start := time.Now()
				answer, err := c.Do(t.Context(), request(absolute), nil)
				if n == 11 || slow {
					require.ErrorIs(t, err, cc.ErrUncertain)
				} else {
					require.NoError(t, err)
					require.Equal(t, body, string(answer.Body))
				}
				if n == 11 || !slow {
					require.Zero(t, time.Since(start))
				}
			})
		}
	}
}

// TestSlowAnswers shows that a trickle does not outlast the limit of an attempt, nor a cancel.
func TestSlowAnswers(t *testing.T) {
	trickle := func(fast, slow string) handler {
		return func(_ int64, _ *http.Request, conn *pipenet.Conn) {
			_, _ = io.WriteString(conn, fast)
			for {
				for i := range len(slow) {
					if _, err := conn.Write([]byte{slow[i]}); err != nil {
						return
					}
					time.Sleep(100 * ms)
				}
			}
		}
	}
	for name, answer := range map[string]handler{
		"header": trickle("HTTP/1.1 200 X\r\n", "X-A: aaaaaaaaaa\r\n"),
		"body":   trickle("HTTP/1.1 200 X\r\n\r\n\"", "a"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serve(t, answer)
				c := w.client(t, httpclient.Options{})
				start := time.Now()
				_, err := c.Do(t.Context(), request(absolute), nil)
				require.ErrorIs(t, err, cc.ErrUncertain)
				require.Equal(t, 4*s, time.Since(start))

				ctx, cancel := context.WithTimeout(t.Context(), 300*ms)
				defer cancel()
				start = time.Now()
				_, err = c.Do(ctx, request(absolute), nil)
				require.ErrorIs(t, err, cc.ErrUncertain)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 300*ms, time.Since(start))
			})
		})
	}
}

// TestExplain shows what a vendor's own code overrules.
func TestExplain(t *testing.T) {
	for _, tc := range []struct {
		status        int
		says          cc.Kind
		read, command cc.Kind
		reads, orders int
	}{
		{500, cc.ErrConflict, cc.ErrConflict, cc.ErrConflict, 1, 1},
		{500, cc.ErrUnavailable, cc.ErrUnavailable, cc.ErrUnavailable, 3, 1},
		{400, cc.ErrUnavailable, cc.ErrUnavailable, cc.ErrUnavailable, 1, 1},
		{503, cc.ErrRateLimited, cc.ErrRateLimited, cc.ErrRateLimited, 3, 3},
		{403, cc.ErrUncertain, cc.ErrUnavailable, cc.ErrUncertain, 3, 1},
		{404, cc.ErrNotParticipant, cc.ErrNotParticipant, cc.ErrNotParticipant, 1, 1},
		{404, 0, cc.ErrNotFound, cc.ErrNotFound, 1, 1},
		{500, 0, cc.ErrUnavailable, cc.ErrUncertain, 3, 1},
	} {
		for _, class := range classes {
			t.Run(fmt.Sprint(tc.status, " ", tc.says, " ", class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := play(status(tc.status))
					c := newClient(t, httpclient.Options{
						Transport: w,
						Explain: func(status int, h http.Header, _ []byte) (cc.Kind, string, string) {
							return tc.says, "c", "m"
						},
					})
					_, err := c.Do(t.Context(), request(class), nil)
					kind, n := tc.command, tc.orders
					if class == read {
						kind, n = tc.read, tc.reads
					}
					e := failure(t, err)
					require.Equal(t, kind, e.Kind)
					require.Equal(t, "c m", e.Code+" "+e.Message)
					require.Equal(t, n, w.requests())
				})
			})
		}
	}
}
