package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	"github.com/callcontrol-go/callcontrol/internal/hostile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestThereAreFortyThree(t *testing.T) {
	cases := hostile.Cases()
	require.Len(t, cases, 43)
	ids, identifiers := map[string]bool{}, 0
	for _, c := range cases {
		require.NotEmpty(t, c.Does)
		require.NotEmpty(t, c.Expected)
		require.False(t, ids[c.ID], c.ID)
		ids[c.ID] = true
		if strings.HasPrefix(c.ID, "id-") {
			identifiers++
		}
	}
	require.Equal(t, 10, identifiers)
}

// Every case is lost by one client or another that does what must not be done.
func TestEveryCaseCanBeLost(t *testing.T) {
	for _, c := range hostile.Cases() {
		t.Run(c.ID, func(t *testing.T) {
			loses := "says that all went well"
			switch {
			case strings.HasPrefix(c.ID, "member-id"), c.ID == "429-wait", c.ID == "kept-closed":
				loses = "says that nothing went well"
			case strings.HasPrefix(c.ID, "json-") && c.ID != "json-1gib":
				loses = "panics"
			}
			synctest.Test(t, func(t *testing.T) {
				v, err := c.Play(careless[loses], onPipes())
				require.NoError(t, err)
				require.NotEmpty(t, v.Why)
				if strings.HasSuffix(c.ID, "-1gib") {
					require.Equal(t, "holds more than 64 MiB", v.Why)
				}
			})
		})
	}
}

// What a client does wrong is told in words that say which.
func TestVerdicts(t *testing.T) {
	for _, x := range []struct{ id, who, why string }{
		{"id-dots", "says that all went well", `"..": sent`},
		{"id-control", "says that all went well", `"10\r\nX-Evil: 1": not one segment`},
		{"500-post", "says that all went well", "reports success"},
		{"redirect-307", "says that nothing went well", "followed without TLS with credentials"},
		{"silence", "says that nothing went well", "does not come back"},
		{"drip-body", "says that nothing went well", "comes back after 19.9s"},
		{"json-deep", "panics", "panics"},
		{"kept-closed", "says what it sees", "20 errors"},
	} {
		for _, c := range hostile.Cases() {
			if c.ID == x.id {
				synctest.Test(t, func(t *testing.T) {
					v, err := c.Play(careless[x.who], onPipes())
					require.NoError(t, err)
					require.Equal(t, hostile.Verdict{Case: x.id, Why: x.why}, v)
				})
			}
		}
	}
}

// A case that does not begin in order is none.
func TestABadBeginningIsAnError(t *testing.T) {
	peer := careless["says that nothing went well"]
	peer.Open = func(hostile.Site) (hostile.Client, error) { return &client{reads: errors.New("no")}, nil }
	synctest.Test(t, func(t *testing.T) {
		_, err := hostile.Cases()[0].Play(peer, onPipes())
		require.ErrorContains(t, err, "the first snapshot failed: no")
	})
}

func onPipes() hostile.Stage {
	n := pipenet.New()
	return hostile.Stage{
		Listen: func(addr string) (net.Listener, error) { return n.Listen(addr) },
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return n.DialContext(ctx, network, addr)
		},
	}
}

var careless = map[string]hostile.Peer{
	"says that all went well":     peer(func(error) error { return nil }),
	"says that nothing went well": peer(func(error) error { return errors.New("it did not go well") }),
	"says what it sees":           peer(func(err error) error { return err }),
	"panics":                      peer(func(error) error { panic("no") }),
}

const secret = "the-secret"

func peer(say func(error) error) hostile.Peer {
	return hostile.Peer{
		Name: "careless", Posts: hostile.Mute, Deletes: hostile.End, Vendor: vendor,
		Open: func(site hostile.Site) (hostile.Client, error) {
			return &client{http: &http.Client{Transport: site.Transport}, root: site.URL, say: say}, nil
		},
	}
}

// vendor takes everything.
func vendor() (*hostile.Vendor, error) {
	return &hostile.Vendor{
		Host: "api.plivo.com", Secret: secret, Room: "room", Person: "10",
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }),
		Refusal: func(status int) string { return fmt.Sprintf(`{"error":"%d"}`, status) },
		Sample:  func(memberID string) string { return `{"member_id":` + memberID + `}` },
	}, nil
}

// A client reads answers whole, follows everybody, takes no context, and says what it likes.
type client struct {
	http  *http.Client
	root  string
	say   func(error) error
	reads error
	once  sync.Once
}

func (c *client) do(method string, segments ...string) error {
	path := ""
	for _, s := range segments {
		path += "/" + url.PathEscape(s)
		if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			path += "/x"
		}
	}
	r, err := http.NewRequest(method, c.root+path, nil)
	if err != nil {
		return c.say(err)
	}
	r.Header.Set("Authorization", secret)
	answer, err := c.http.Do(r)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
	}
	return c.say(err)
}

func (c *client) Snapshot(context.Context, string) error {
	begun := true
	c.once.Do(func() { begun = false })
	if !begun {
		return c.reads
	}
	return c.do(http.MethodGet, "room")
}

func (c *client) Remove(_ context.Context, room, person string) error {
	return c.do(http.MethodDelete, room, person)
}

func (c *client) Mute(_ context.Context, room, person string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPost
	}
	return c.do(method, room, person)
}

func (c *client) End(_ context.Context, room string) error { return c.do(http.MethodDelete, room) }
func (c *client) Tell(error) hostile.Told                  { return hostile.Told{} }

func (c *client) Close() error {
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	return nil
}
