package plivo

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

const (
	maxCallback     = 64 << 10 // bytes of a body
	callbackTimeout = 10 * time.Second
	formType        = "application/x-www-form-urlencoded"
	fieldCost       = 128 // bytes that a field takes beside its own
	valueCost       = 32  // and each of its values
	emptyResponse   = "<Response/>"
)

// A callback is a request that is genuine.
type callback struct {
	meaning       meaning
	fields, query url.Values
	path          string
	size          int // roughly what it takes to keep it
	at            time.Time
}

func (c *callback) raw() RawEvent {
	return RawEvent{
		Event: c.meaning.name, Provider: c.meaning.kind.api, Known: c.meaning.known,
		Conference: c.meaning.conference, Instance: c.meaning.instance,
		Fields: c.fields, Query: c.query, Path: c.path, At: c.at,
	}
}

// A refusal is why a request is not a callback, and what is answered to it.
type refusal struct {
	status int
	why    error
}

// ServeHTTP answers one request. What it does for each is told at [Receiver].
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c, key, no := r.receive(w, q)
	if no.status == 0 && r.over() {
		no = refusal{http.StatusServiceUnavailable, &cc.Error{Kind: cc.ErrClosed}}
	}
	if no.status != 0 {
		r.refused(q.Context(), no.status, no.why)
		abandon(w, q)
		if no.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
		}
		http.Error(w, http.StatusText(no.status), no.status)
		return
	}
	fresh := r.nonces.add(key)
	if q.Method == http.MethodGet && q.ContentLength != 0 {
		abandon(w, q)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, emptyResponse)
	if !fresh {
		r.mu.Lock()
		r.stats.Repeated++
		r.mu.Unlock()
		return
	}
	r.work(c)
}

func (r *Receiver) over() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
	}
}

// receive reads a request no further than it has to be read to know what it is.
func (r *Receiver) receive(w http.ResponseWriter, q *http.Request) (callback, nonceKey, refusal) {
	if q.Method != http.MethodGet && q.Method != http.MethodPost {
		return callback{}, nonceKey{}, refusal{http.StatusMethodNotAllowed, cc.Detail("neither GET nor POST")}
	}
	if r.over() {
		return callback{}, nonceKey{}, refusal{http.StatusServiceUnavailable, &cc.Error{Kind: cc.ErrClosed}}
	}
	signed, v2, problem := r.signatures(q.Header)
	if problem != "" {
		return callback{}, nonceKey{}, refusal{http.StatusForbidden, problem}
	}
	target, problem := readTarget(q.RequestURI)
	if problem != "" {
		return callback{}, nonceKey{}, refusal{http.StatusBadRequest, problem}
	}
	c := callback{path: target.path, fields: target.query, size: len(q.RequestURI) + costOf(target.query)}
	var form url.Values
	if q.Method == http.MethodPost {
		var size int
		var no refusal
		if form, size, no = readForm(w, q); no.status != 0 {
			return callback{}, nonceKey{}, no
		}
		c.fields, c.query = form, target.query
		c.size += size + costOf(form)
	}
	key, err := r.verify(q, form, signed, v2)
	if err != nil {
		status := http.StatusForbidden
		if errors.Is(err, cc.ErrInvalid) {
			status = http.StatusBadRequest
		}
		return callback{}, nonceKey{}, refusal{status, err}
	}
	c.meaning, c.at = readCallback(c.fields), time.Now().Round(0).UTC()
	return c, key, refusal{}
}

// costOf is what fields take beside the bytes of their names and values.
func costOf(fields url.Values) int {
	n := fieldCost * len(fields)
	for _, values := range fields {
		n += valueCost * len(values)
	}
	return n
}

// signatures reads what the headers claim, before anything else of the request is looked at. V2 is
// asked for only where there is nothing of V3.
func (r *Receiver) signatures(h http.Header) (s signatures, v2 bool, problem cc.Detail) {
	v2 = r.allowV2 && h[HeaderNonceV3] == nil && h[HeaderSignatureV3] == nil && h[HeaderMainSignatureV3] == nil
	if v2 {
		s, problem = readSignatures(h, HeaderNonceV2, HeaderSignatureV2, HeaderMainSignatureV2)
		return s, v2, problem
	}
	s, problem = readSignatures(h, HeaderNonceV3, HeaderSignatureV3, HeaderMainSignatureV3)
	return s, v2, problem
}

// verify proves a request, and tells what makes it the same as another. Of V3 that is the nonce, which
// ends where the text ends. In the text of V2 characters can be moved between path and nonce, so
// there it is the text.
func (r *Receiver) verify(q *http.Request, form url.Values, signed signatures, v2 bool) (nonceKey, error) {
	rawURL := r.origin + q.RequestURI
	if v2 {
		text, problem := textV2(rawURL)
		if problem != "" {
			return nonceKey{}, signatureError("VerifyV2", cc.ErrInvalid, problem)
		}
		text += signed.nonce
		return keyOf("V2 " + text), r.verifier.verify("VerifyV2", text, signed)
	}
	text, problem := textV3(q.Method, rawURL, form)
	if problem != "" {
		return nonceKey{}, signatureError("VerifyV3", cc.ErrInvalid, problem)
	}
	return keyOf("V3 " + signed.nonce), r.verifier.verify("VerifyV3", text+"."+signed.nonce, signed)
}

// A target is a request URI taken apart as its signature takes it apart.
type target struct {
	path  string
	query url.Values
}

// readTarget takes what a request to a server has: a path, and perhaps a query. A "#" is refused: net/http
// would take what follows for a part of path or query, and no signature is of it.
func readTarget(uri string) (target, cc.Detail) {
	const form cc.Detail = "the request is not for a path of this server"
	if !strings.HasPrefix(uri, "/") || strings.Contains(uri, "#") {
		return target{}, form
	}
	if len(uri) > maxSignedURL {
		return target{}, "the URL is longer than 64 KiB"
	}
	path, raw, _ := strings.Cut(uri, "?")
	query, problem := readPairs(raw)
	return target{path, query}, problem
}

// readPairs reads a query or a form as it is signed.
func readPairs(raw string) (url.Values, cc.Detail) {
	list, problem := queryPairs(raw)
	if problem != "" {
		return nil, problem
	}
	values := make(url.Values) // of no size yet: all of them may have one name
	for _, p := range list {
		values[p.key] = append(values[p.key], p.value)
	}
	return values, ""
}

// readForm reads the form of a POST, and tells of how many bytes.
func readForm(w http.ResponseWriter, q *http.Request) (url.Values, int, refusal) {
	if q.ContentLength != 0 {
		if kind, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); err != nil || kind != formType {
			return nil, 0, refusal{http.StatusUnsupportedMediaType, cc.Detail("the body is not a form")}
		}
	}
	if q.PostForm != nil {
		form, size := cloneValues(q.PostForm), 0
		for key, values := range form {
			for _, value := range values {
				size += len(key) + len(value)
			}
		}
		return form, size, refusal{}
	}
	body, no := readBody(w, q)
	if no.status != 0 {
		return nil, 0, no
	}
	form, problem := readPairs(string(body))
	if problem != "" {
		return nil, 0, refusal{http.StatusBadRequest, problem}
	}
	return form, len(body), refusal{}
}

// readBody reads a body that is neither long nor slow.
func readBody(w http.ResponseWriter, q *http.Request) ([]byte, refusal) {
	if q.Body == nil || q.Body == http.NoBody {
		return nil, refusal{} // and no deadline, which nothing would take back
	}
	limit := int64(maxCallback)
	if q.ContentLength > limit {
		limit = 0 // it is not worth a read that it will be too much for
	}
	if !hurried(q) { // where it is not supported the server's own time holds; at the end of the body net/http takes it back
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(callbackTimeout))
	}
	var body bytes.Buffer
	if q.ContentLength > 0 {
		body.Grow(int(min(q.ContentLength, limit)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, q.Body, limit))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, refusal{http.StatusRequestEntityTooLarge, cc.Detail("the body is longer than 64 KiB")}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refusal{http.StatusRequestTimeout, cc.Detail("the body takes too long")}
	case err != nil:
		return nil, refusal{http.StatusBadRequest, cc.Detail("the body ends before its end")}
	}
	return body.Bytes(), refusal{}
}

// hurried reports whether the server itself allows less time for a request.
func hurried(q *http.Request) bool {
	s, ok := q.Context().Value(http.ServerContextKey).(*http.Server)
	return ok && s.ReadTimeout > 0 && s.ReadTimeout <= callbackTimeout
}

// abandon sees to it that the rest of a body is not read. A server would go on to read up to 256 KiB,
// for as long as it takes, to use the connection again.
func abandon(w http.ResponseWriter, q *http.Request) {
	if q.Body == nil || q.Body == http.NoBody || q.ContentLength == 0 {
		return
	}
	if q.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
}
