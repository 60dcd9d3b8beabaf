package plivoserver

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The vendor's limit for the XML that an exit action answers, and what is read of other answers.
const (
	mostXML    = 100 << 10
	mostAnswer = 64 << 10
)

// deliver sends one job, and again where Retries has it so.
func (s *Sender) deliver(j *job) {
	if s.o.Retries {
		s.persist(j)
		return
	}
	timeout := s.o.Timeout
	switch {
	case timeout > 0:
	case j.Kind == ExitAction:
		timeout = exitTimeout
	default:
		timeout = callbackTimeout
	}
	ctx, cancel := context.WithTimeout(s.ctx, timeout)
	defer cancel()
	s.attempt(ctx, j, 1)
}

// attempt sends a job once, and notes it.
func (s *Sender) attempt(ctx context.Context, j *job, number int) (status int, err error) {
	d := &Delivery{Callback: j.Callback, SentAt: time.Now(), Forged: j.forged, Copy: j.copy, Attempt: number}
	r, err := s.request(ctx, j, d)
	s.mu.Lock()
	d.Err = err
	s.log.add(d)
	s.counts.Sent++
	if number > 1 {
		s.counts.Retried++
	}
	s.mu.Unlock()
	var body []byte
	if err == nil {
		status, body, err = s.exchange(r, j.Kind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Err = err; err != nil {
		s.counts.Failed++
		return 0, err
	}
	s.counts.Answered++
	d.Status = status
	d.Body = string(body[:min(len(body), loggedBody)])
	d.XML = j.Kind == ExitAction && len(body) <= mostXML && isResponse(body)
	return status, nil
}

// exchange sends a request and reads the answer as far as it is read: of an exit action one byte more
// than there may be.
func (s *Sender) exchange(r *http.Request, kind CallbackKind) (int, []byte, error) {
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	most := int64(mostAnswer)
	if kind == ExitAction {
		most = mostXML + 1
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, body, nil
}

// request makes the request of a job and signs it, and notes what it is in d.
func (s *Sender) request(ctx context.Context, j *job, d *Delivery) (*http.Request, error) {
	target, _, _ := strings.Cut(j.URL, "#")
	signedAs := j.Fields
	if j.signedAs != nil {
		signedAs = j.signedAs
	}
	var (
		signed = target
		form   url.Values
		body   io.Reader
	)
	if j.Method == http.MethodGet {
		signed, target = withQuery(target, signedAs), withQuery(target, j.Fields)
	} else {
		form, body = signedAs, strings.NewReader(j.Fields.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, j.Method, target, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Header, s.o.Header.Clone())
	maps.Copy(r.Header, j.header)
	r.Header.Set("User-Agent", "callcontrol-plivoserver")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if j.forged != Unsigned {
		d.Nonce = j.nonce
		if d.Nonce == "" {
			d.Nonce = newNonce()
		}
		s.sign(r.Header, j.forged, signed, form, d.Nonce)
	}
	d.Header = r.Header.Clone()
	return r, nil
}

// withQuery adds fields to a URL's query.
func withQuery(target string, fields url.Values) string {
	q := fields.Encode()
	switch {
	case q == "":
		return target
	case !strings.Contains(target, "?"):
		return target + "?" + q
	case strings.HasSuffix(target, "?") || strings.HasSuffix(target, "&"):
		return target + q
	}
	return target + "&" + q
}

// sign sets the signature headers.
func (s *Sender) sign(h http.Header, forged Forgery, signed string, form url.Values, nonce string) {
	tokens, main := s.o.Tokens, s.o.MainToken
	if forged == WrongToken {
		tokens = []string{newNonce()}
		if main != "" {
			main = newNonce()
		}
	}
	var all []string
	for _, token := range tokens {
		all = append(all, signV3(token, signed, form, nonce))
	}
	h.Set(headerV3, strings.Join(all, ","))
	h.Set(headerNonceV3, nonce)
	if main != "" {
		h.Set(headerMainV3, signV3(main, signed, form, nonce))
	}
	if !s.o.V2 {
		return
	}
	h.Set(headerV2, signV2(tokens[0], signed, nonce))
	h.Set(headerNonceV2, nonce)
	if main != "" {
		h.Set(headerMainV2, signV2(main, signed, nonce))
	}
}

// isResponse reports whether it is well-formed XML with Response as its root.
func isResponse(b []byte) bool {
	d := xml.NewDecoder(strings.NewReader(string(b)))
	depth, roots := 0, 0
	for {
		t, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && roots == 1 && depth == 0
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				if roots++; roots > 1 || t.Name.Local != "Response" {
					return false
				}
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(t)) != "" {
				return false
			}
		}
	}
}
