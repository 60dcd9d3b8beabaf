package mutants

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// filled has reads of a path that ends in a member of kind, and that the vendor answers with an empty
// object, answered otherwise: as a driver would see it that takes what is not told for nothing.
func filled(kind string, status int, body string) worlds.With {
	return worlds.With{Transport: func(t http.RoundTripper) http.RoundTripper {
		return filler{RoundTripper: t, kind: kind, status: status, body: body}
	}}
}

type filler struct {
	http.RoundTripper
	kind   string
	status int
	body   string
}

func (f filler) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := f.RoundTripper.RoundTrip(r)
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if err != nil || r.Method != http.MethodGet || len(path) < 2 || path[len(path)-2] != f.kind {
		return resp, err
	}
	was, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if string(was) == "{}" {
		was = []byte(f.body)
		resp.StatusCode, resp.Status = f.status, http.StatusText(f.status)
		resp.ContentLength = int64(len(was))
		resp.Header.Del("Content-Length")
	}
	resp.Body = io.NopCloser(bytes.NewReader(was))
	return resp, nil
}
