package httpclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

const (
	secret = "open-sesame"
	number = "15551234567"
)

// spellings are the ways in which something of a value may get into a text.
func spellings(v any) map[string]string {
	all := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all[verb] = fmt.Sprintf(verb, v)
	}
	if b, err := json.Marshal(v); err == nil {
		all["json"] = string(b)
	}
	var text, enc bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&enc, nil)).Info("m", "v", v)
	all["slog text"], all["slog json"] = text.String(), enc.String()
	return all
}

// TestSecrets makes calls that end in every way, and looks for the credentials and for the person
// whom they were about wherever a text comes out.
func TestSecrets(t *testing.T) {
	answers := map[string]handler{
		"200": says(200, `{}`), "200 HTML": says(200, "<p>"+number), "401": says(401, "no such account"), "404": says(404, `{"error":"`+number+`"}`),
		"500": says(500, number), "429": says(429, ""), "reset": resets(""), "not HTTP": raw("hello " + number + "\r\n\r\n"),
		"bad length": raw("HTTP/1.1 200 X\r\nContent-Length: " + number + "x\r\n\r\n"), "bad header": raw("HTTP/1.1 200 X\r\n" + number + "\r\n\r\n"),
		"odd shape":   says(200, `{"count":"`+number+`"}`),
		"odd number":  says(200, `{"word":`+number+`}`),
		"too big":     says(200, `{"small":`+number+`}`),
		"odd element": says(200, `{"list":{"`+number+`":`+number+`}}`),
		"redirect":    redirect(307, "http://127.0.0.1/"+number),
		"cut":         raw("HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n" + number),
		"hang":        func(int64, *http.Request, *pipenet.Conn) {},
	}
	for name, answer := range answers {
		for _, class := range classes {
			t.Run(name+"/"+class.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					w := serve(t, answer)
					c := w.client(t, httpclient.Options{
						Logger:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
						Provider: "p", Name: "n",
						Authorize: func(_ context.Context, h http.Header) error {
							h.Set("Authorization", "Bearer "+secret)
							return nil
						},
					})
					req := request(class)
					req.Path, req.Query = []string{"Participant", number}, url.Values{"to": {number}}
					if class != read {
						req.Body = map[string]string{"to": number}
					}
					var into struct {
						Count int             `json:"count"`
						Word  string          `json:"word"`
						Small int8            `json:"small"`
						List  map[string]int8 `json:"list"`
					}
					got, err := c.Do(t.Context(), req, &into)
					require.NotEmpty(t, log.String())
					texts := map[string]any{"client": c, "log": log.String()}
					for what, v := range texts {
						for how, text := range spellings(v) {
							require.NotContains(t, text, secret, "%s as %s", what, how)
							require.NotContains(t, text, number, "%s as %s", what, how)
						}
					}
					for how, text := range spellings(req) {
						if how != "json" {
							require.NotContains(t, text, number, "request as %s", how)
						}
					}
					for how, text := range spellings(got) {
						require.NotContains(t, text, secret, "answer as %s", how)
						if how != "json" {
							require.NotContains(t, text, number, "answer as %s", how)
						}
					}
					if err == nil {
						return
					}
					var e *cc.Error
					require.ErrorAs(t, err, &e)
					for err := range flatten(e) {
						for how, text := range spellings(err) {
							require.NotContains(t, text, secret, "error as %s", how)
						}
					}
					if e.Err != nil {
						require.NotContains(t, e.Err.Error(), number)
						require.NotContains(t, fmt.Sprintf("%#v", e.Err), number)
					}
				})
			})
		}
	}
}

// A vault is a transport that holds a credential.
type vault struct {
	http.RoundTripper
	Token string
}

func TestOptionsHideWhatTheyHold(t *testing.T) {
	o := httpclient.Options{Base: "https://u:" + secret + "@x.test", Transport: vault{Token: secret}, Provider: "p", Name: "n"}
	for how, text := range spellings(o) {
		if how != "json" { // they hold functions, which have none
			require.Contains(t, text, "httpclient.Options(p, n)", how)
		}
		require.NotContains(t, text, secret, how)
	}
}

// flatten yields err and whatever is in it.
func flatten(err error) func(func(error) bool) {
	return func(yield func(error) bool) {
		var walk func(error) bool
		walk = func(err error) bool {
			if err == nil {
				return true
			}
			if !yield(err) {
				return false
			}
			switch u := err.(type) {
			case interface{ Unwrap() []error }:
				for _, e := range u.Unwrap() {
					if !walk(e) {
						return false
					}
				}
			case interface{ Unwrap() error }:
				return walk(u.Unwrap())
			}
			return true
		}
		walk(err)
	}
}

// TestLog holds the lines that are written, and that nothing is built for a logger which does not
// want them.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		strip := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		o := httpclient.Options{
			Transport: play(status(429), fails(refusedDial), status(404)), Provider: "plivo-mpc", Name: "main",
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: strip})),
		}
		_, err := newClient(t, o).Do(t.Context(), request(once), nil)
		require.ErrorIs(t, err, cc.ErrNotFound)
		const line = `level=DEBUG msg="http attempt" client=main provider=plivo-mpc op=test class=once `
		require.Equal(t, line+"attempt=1 status=429 outcome=throttled wait=1s\n"+
			line+"attempt=2 status=0 outcome=\"not sent\" wait=100ms\n"+
			line+"attempt=3 status=404 outcome=refused\n", log.String())

		log.Reset()
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		_, err = newClient(t, o).Do(t.Context(), request(once), nil)
		require.Error(t, err)
		require.Empty(t, log.String())
	})
}

// TestAuthorize shows how credentials that cannot be had end a call.
func TestAuthorize(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		kind cc.Kind
	}{
		"plain":      {errors.New("vault is sealed: " + secret), cc.ErrUnauthenticated},
		"of a kind":  {&cc.Error{Kind: cc.ErrUnavailable}, cc.ErrUnavailable},
		"kind alone": {cc.ErrForbidden, cc.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			w := play(status(204))
			c := newClient(t, httpclient.Options{Transport: w, Authorize: func(context.Context, http.Header) error { return tc.err }})
			_, err := c.Do(t.Context(), request(absolute), nil)
			require.Equal(t, tc.kind, cc.KindOf(err))
			require.ErrorIs(t, err, tc.err)
			require.Zero(t, w.requests())
			require.NotContains(t, failure(t, err).Err.Error(), secret)
		})
	}

	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := play(status(204))
		c := newClient(t, httpclient.Options{Transport: w, Authorize: func(ctx context.Context, _ http.Header) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		_, err := c.Do(t.Context(), request(absolute), nil)
		require.Equal(t, cc.ErrUnavailable, cc.KindOf(err))
		require.Equal(t, 4*s, time.Since(start), "an attempt's limit is its too")
		require.Zero(t, w.requests())
	})

	// Headers by which net/http would repeat a command are taken away.
	w := play(status(204))
	c := newClient(t, httpclient.Options{Transport: w, Authorize: func(_ context.Context, h http.Header) error {
		h.Set("Idempotency-Key", "k")
		h.Set("X-Idempotency-Key", "k")
		return nil
	}})
	_, err := c.Do(t.Context(), request(absolute), nil)
	require.NoError(t, err)
	require.False(t, strings.Contains(fmt.Sprint(w.seen[0].Header), "Idempotency"))
}
