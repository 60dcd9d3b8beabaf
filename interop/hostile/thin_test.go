package hostile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/hashicorp/go-retryablehttp"

	safety "github.com/callcontrol-go/callcontrol/internal/hostile"
	"github.com/callcontrol-go/callcontrol/internal/hostile/ours"
)

// thin is what one would write in an hour on go-retryablehttp as it comes: Plivo's Conference API,
// identifiers escaped by url.PathEscape, answers read whole, and an error that has the status.
type thin struct {
	http *retryablehttp.Client
	root string
}

func openThin(site safety.Site) (safety.Client, error) {
	c := retryablehttp.NewClient()
	c.HTTPClient.Transport = connected(c.HTTPClient.Transport.(*http.Transport), site)
	return thin{c, site.URL + "/v1/Account/" + ours.AuthID + "/Conference/"}, nil
}

// A thinError is an answer that is no success.
type thinError int

func (e thinError) Error() string { return fmt.Sprintf("status %d", int(e)) }

func (c thin) do(ctx context.Context, method, path string) error {
	r, err := retryablehttp.NewRequestWithContext(ctx, method, c.root+path, nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth(ours.AuthID, ours.AuthToken)
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode >= 300:
		return thinError(answer.StatusCode)
	case len(body) == 0:
		return nil
	}
	var said struct {
		APIID   string `json:"api_id"`
		Message string `json:"message"`
	}
	return json.Unmarshal(body, &said)
}

func (c thin) Snapshot(ctx context.Context, room string) error {
	return c.do(ctx, http.MethodGet, url.PathEscape(room)+"/")
}

func (c thin) Remove(ctx context.Context, room, person string) error {
	return c.do(ctx, http.MethodPost, url.PathEscape(room)+"/Member/"+url.PathEscape(person)+"/Kick/")
}

func (c thin) Mute(ctx context.Context, room, person string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPost
	}
	return c.do(ctx, method, url.PathEscape(room)+"/Member/"+url.PathEscape(person)+"/Mute/")
}

func (c thin) End(ctx context.Context, room string) error {
	return c.do(ctx, http.MethodDelete, url.PathEscape(room)+"/")
}

func (c thin) Tell(err error) safety.Told {
	var status thinError
	errors.As(err, &status)
	return safety.Told{Status: int(status)}
}

func (c thin) Close() error {
	c.http.HTTPClient.CloseIdleConnections()
	return nil
}
