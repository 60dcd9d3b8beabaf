package request

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/hashicorp/go-retryablehttp"
)

// The floor is what net/http costs when it is used well and for nothing but the exchange: one
// connection a worker, a body that goes out with its header, an answer that is read to its end within
// bounds and closed. It has no deadline, no repeats and no limiter, and of what it is told it looks at the
// status alone.
//
// By hand it is what a program would have in place of a library, and still be safe to run: each call has
// ten seconds, and an answer in JSON is decoded.
type floor struct {
	client *http.Client
	url    string
	byHand bool
}

const maxAnswer = 1 << 20

func openFloor(o opening) (contender, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = maxWorkers, maxWorkers
	t.DisableCompression = true
	return &floor{client: &http.Client{Transport: t}, url: o.URL}, nil
}

func openByHand(o opening) (contender, error) {
	c, err := openFloor(o)
	if f, ok := c.(*floor); ok {
		f.byHand = true
	}
	return c, err
}

// An order is what is sent as JSON, and a reply is what comes back.
type (
	order struct {
		Mute bool `json:"mute"`
	}
	reply struct {
		APIID string `json:"api_id"`
		Mute  string `json:"mute"`
	}
)

func memberURL(base string, member int) string {
	return base + "/v1/Account/" + authID + "/MultiPartyCall/name_standup/Participant/" + strconv.Itoa(member) + "/"
}

func (f *floor) prepare(e exchange, member int) (func() error, error) {
	url := memberURL(f.url, member)
	return func() error {
		ctx := context.Background()
		if f.byHand {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, patience)
			defer cancel()
		}
		method, body := http.MethodDelete, io.Reader(nil)
		if e == withJSON {
			b, err := json.Marshal(order{Mute: true})
			if err != nil {
				return err
			}
			method, body = http.MethodPost, bytes.NewReader(b)
		}
		req, err := http.NewRequestWithContext(ctx, method, url, body)
		if err != nil {
			return err
		}
		req.SetBasicAuth(authID, authToken)
		req.Header.Set("Accept", "application/json")
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := f.client.Do(req)
		if err != nil {
			return err
		}
		said, err := finish(resp)
		if err == nil && f.byHand && e == withJSON {
			var r reply
			err = json.Unmarshal(said, &r)
		}
		return err
	}, nil
}

// finish reads an answer to its end and closes it.
func finish(resp *http.Response) ([]byte, error) {
	said, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if closing := resp.Body.Close(); err == nil {
		err = closing
	}
	if err == nil && (resp.StatusCode < 200 || resp.StatusCode > 299) {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return said, err
}

func (f *floor) close() error {
	f.client.CloseIdleConnections()
	return nil
}

// retryable is go-retryablehttp with all its defaults: its pool, its policy, and its log, of which
// nobody sees anything.
type retryable struct {
	client *retryablehttp.Client
	url    string
}

func openRetryable(o opening) (contender, error) {
	c := retryablehttp.NewClient()
	if o.Fast {
		c.RetryWaitMin, c.RetryWaitMax = 1, 1
	}
	return &retryable{client: c, url: o.URL}, nil
}

func (r *retryable) prepare(e exchange, member int) (func() error, error) {
	url := memberURL(r.url, member)
	return func() error {
		method, body := http.MethodDelete, []byte(nil)
		if e == withJSON {
			b, err := json.Marshal(order{Mute: true})
			if err != nil {
				return err
			}
			method, body = http.MethodPost, b
		}
		req, err := retryablehttp.NewRequest(method, url, body)
		if err != nil {
			return err
		}
		req.SetBasicAuth(authID, authToken)
		req.Header.Set("Accept", "application/json")
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := r.client.Do(req)
		if err != nil {
			return err
		}
		_, err = finish(resp)
		return err
	}, nil
}

func (r *retryable) close() error {
	r.client.HTTPClient.CloseIdleConnections()
	return nil
}
