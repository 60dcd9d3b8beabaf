package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A verdict is what an attempt proves.
type verdict uint8

const (
	accepted  verdict = 1 + iota // a 2xx that can be believed
	refused                      // not done, and repeating cannot help; outcome.kind says why
	throttled                    // not done, the vendor had too much to do
	notSent                      // not done, nothing left; repeating may help
	unknown                      // may have been done; repeating may help who may repeat
	unclear                      // may have been done; the same would be answered again
	ended                        // ctx ended
)

var verdictText = [...]string{
	accepted: "accepted", refused: "refused", throttled: "throttled", notSent: "not sent",
	unknown: "unknown", unclear: "unclear", ended: "ended",
}

func (v verdict) String() string { return verdictText[v] }

// An outcome is how an attempt ended, with the vendor's answer where there was one.
type outcome struct {
	verdict       verdict
	kind          cc.Kind // if refused
	code, message string
	status        int
	header        http.Header
	body          []byte
	requestID     string
	after         time.Duration // what Retry-After asks for
	sent          bool          // if ended: a byte may have left
	err           error
}

// answered reads the answer and notes what it means.
func (k *call) answered(ctx context.Context, resp *http.Response) {
	defer resp.Body.Close()
	c := k.c
	k.last = outcome{
		status: resp.StatusCode, header: resp.Header,
		requestID: resp.Header.Get(c.idHeader), after: retryAfter(resp.Header),
	}
	o := &k.last
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	var err error
	if success {
		o.body, err = readWhole(resp, c.maxBody)
	} else {
		o.body, err = readStart(resp)
	}
	if success {
		k.success(err)
	} else {
		k.failure()
	}
	if err == nil || o.verdict != unknown {
		return
	}
	if ctxErr := k.Context.Err(); ctxErr != nil {
		k.end(ctxErr, true)
	} else {
		o.err = describe(err, true, k.late(ctx))
	}
}

// success judges a 2xx, whose body may have failed to come.
func (k *call) success(err error) {
	o := &k.last
	switch {
	case errors.Is(err, errTooLong):
		o.verdict, o.err = unclear, errTooLong
	case err != nil:
		o.verdict = unknown
	default:
		o.verdict, o.err = k.decode(o.body)
	}
}

// decode reads the body of a 2xx.
func (k *call) decode(body []byte) (verdict, error) {
	command := k.req.Class != Read
	if len(bytes.TrimSpace(body)) == 0 {
		if command || k.into == nil {
			return accepted, nil
		}
		return unknown, errEmpty
	}
	if k.into == nil {
		if json.Valid(body) {
			return accepted, nil
		}
		return unknown, errNotJSON
	}
	err := json.Unmarshal(body, k.into)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return accepted, nil
	case errors.As(err, &syntax) && !json.Valid(body):
		return unknown, errNotJSON
	case command:
		return accepted, nil
	}
	return unclear, shapeError(err)
}

// failure judges any other status: by the vendor's own code, else by the status.
func (k *call) failure() {
	o := &k.last
	if e := k.c.explain; e != nil {
		o.kind, o.code, o.message = e(o.status, o.header, o.body)
	}
	repeatable := o.status == http.StatusRequestTimeout || o.status >= 500
	switch o.kind {
	case 0:
		o.verdict, o.kind = byStatus(o.status)
	case cc.ErrRateLimited:
		o.verdict = throttled
	case cc.ErrUncertain:
		o.verdict = unknown
	case cc.ErrUnavailable:
		o.verdict = refused
		if repeatable && k.req.Class == Read {
			o.verdict = unknown
		}
	default:
		o.verdict = refused
	}
	if o.status >= 300 && o.status < 400 {
		o.err = errRedirect
	}
}

// byStatus is the table at the top of this package.
func byStatus(status int) (verdict, cc.Kind) {
	switch status {
	case http.StatusUnauthorized:
		return refused, cc.ErrUnauthenticated
	case http.StatusPaymentRequired, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return refused, cc.ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return refused, cc.ErrNotFound
	case http.StatusMethodNotAllowed:
		return refused, cc.ErrUnsupported
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked, http.StatusPreconditionRequired:
		return refused, cc.ErrConflict
	case http.StatusTooManyRequests:
		return throttled, cc.ErrRateLimited
	case http.StatusProxyAuthRequired, http.StatusTooEarly,
		http.StatusMovedPermanently, http.StatusUseProxy, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return refused, cc.ErrUnavailable
	case http.StatusRequestTimeout:
		return unknown, 0
	}
	switch {
	case status < 400:
		return unclear, 0
	case status < 500:
		return refused, cc.ErrInvalid
	}
	return unknown, 0
}

// readWhole reads a body of at most limit bytes.
func readWhole(resp *http.Response, limit int64) ([]byte, error) {
	switch n := resp.ContentLength; {
	case n == 0 || resp.StatusCode == http.StatusNoContent || resp.Body == http.NoBody:
		return nil, nil
	case n > limit:
		return nil, errTooLong
	case n > 0 && n <= maxDrain:
		body := make([]byte, n)
		m, err := io.ReadFull(resp.Body, body)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return body[:m], err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if int64(len(body)) > limit {
		return nil, errTooLong
	}
	return body, err
}

// readStart keeps the first bytes of an error's body and reads on to its end, so that the connection
// can be used again, if that is not far.
func readStart(resp *http.Response) ([]byte, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols || resp.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err == nil && len(body) == maxErrorBody {
		_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxDrain))
	}
	return body, err
}
