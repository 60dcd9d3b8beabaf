package genesys

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

// Name is the name under which the provider is registered.
const Name = "genesys"

const (
	defaultTimeout   = 10 * time.Second
	defaultReconcile = 30 * time.Second
	maxSetting       = 256 // bytes of a user name and of what goes with the start of a session
	maxPassword      = 512
)

// Options are what a client of one agent's login is made of. Endpoint is required, and User with
// Password or a Jar that holds a session already.
type Options struct {
	// Endpoint is where the server is, such as "https://gws.example.com:8090". It may end in a prefix;
	// "/api/v2" is added.
	Endpoint string
	Insecure bool // allows plain http to a loopback address, for tests

	// User and Password are the agent's, for HTTP Basic. They are sent to log in, and with no other
	// request. The user is opaque: it may have a tenant in front, as in `TENANT\agent7`.
	User     string
	Password Secret

	// Jar holds the cookies of REST and CometD together. It belongs to this client alone: the server
	// takes two clients with one jar for one. With a Jar in which there is a session, from a login by
	// SAML for instance, User may be empty; when that session is over everything is
	// ErrUnauthenticated. The default is a jar of this client's own.
	Jar http.CookieJar

	// Start has the contact-center session of the voice channel started at the first use, once in the
	// life of the client. A start that was refused is tried again at the next use; one of which nothing is
	// known only after a read has shown that the agent is not logged in. Without it the client attaches to
	// the session that the agent has already. Place, LoginCode, Queue and Device say where, and need Start;
	// see the vendor's page "StartContactCenterSession". Close ends no session.
	Start                           bool
	Place, LoginCode, Queue, Device string

	// Notifications is the path of the CometD service after the prefix of Endpoint; if empty
	// "api/v2/notifications".
	Notifications string

	Name      string              // of the client, where one program has several; "genesys" if empty
	Limiter   *httpclient.Limiter // may be shared between clients; nil: none
	Timeout   time.Duration       // of a command whose context has no deadline; 10 s if zero
	Poll      time.Duration       // between reads of a call that is watched, beside notifications; 30 s if zero
	Transport http.RoundTripper   // of REST and CometD; nil: this client's own
	Logger    *slog.Logger        // silent if nil
	Observer  provider.Observer

	// Unconfirmed trades proof for speed: what the server has accepted is not read back, and nil then
	// means accepted, not done.
	Unconfirmed bool
}

// New opens a client of one agent's login. It makes no request. Options that cannot work are
// ErrInvalid.
func New(o Options) (cc.Client, error) {
	d, err := newDriver(o)
	if err != nil {
		return nil, asOpen(err, o)
	}
	client, err := provider.New(d, d.options(o))
	if err != nil {
		_ = d.Close()
		return nil, asOpen(err, o)
	}
	return client, nil
}

// options tells what all drivers share about this one: failures name only the call, and a change
// takes a request for each field.
func (d *driver) options(o Options) provider.Options {
	poll := o.Poll
	if poll == 0 {
		poll = defaultReconcile
	}
	return provider.Options{
		Config:  cc.Config{Name: o.Name, Provider: Name, Logger: o.Logger},
		Timeout: o.Timeout, Poll: poll, Serial: true, Observer: o.Observer, Unconfirmed: o.Unconfirmed,
	}
}

// asOpen says in a copy of an error whose opening failed.
func asOpen(err error, o Options) error {
	e := new(cc.Error)
	if !errors.As(err, &e) {
		e = &cc.Error{Kind: cc.ErrInvalid, Err: err}
	}
	told := *e
	told.Op, told.Client, told.Provider = cc.OpOpen, o.clientName(), Name
	return &told
}

func (o Options) clientName() string {
	if o.Name == "" {
		return Name
	}
	return o.Name
}

// endpoint is where the server is, by the rules that a configuration's endpoint has.
func (o Options) endpoint() (string, error) {
	cfg := cc.Config{Endpoint: o.Endpoint}
	if o.Insecure {
		cfg.Settings = map[string]string{settingInsecure: "true"}
	}
	u, err := cfg.EndpointURL("")
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

func (o Options) check() error {
	password := o.Password.word()
	switch {
	case o.User == "" && o.Jar == nil:
		return cc.Detail("the user is missing")
	case o.User == "" && password != "":
		return cc.Detail("a password without a user")
	case o.User != "" && password == "":
		return cc.Detail("the password is missing")
	case len(password) > maxPassword || strings.ContainsFunc(password, isControl):
		return cc.Detail("the password is longer than 512 bytes or has a control character")
	case len(o.User) > maxSetting || strings.ContainsFunc(o.User, isControl) || strings.Contains(o.User, ":"):
		return cc.Detail("the user is longer than 256 bytes, or has a colon or a control character")
	case !o.Start && (o.Place != "" || o.LoginCode != "" || o.Queue != "" || o.Device != ""):
		return cc.Detail("Place, LoginCode, Queue and Device need Start")
	case o.Timeout < 0 || o.Poll < 0:
		return cc.Detail("Timeout or Poll is negative")
	}
	for _, s := range []string{o.Place, o.LoginCode, o.Queue, o.Device} {
		if len(s) > maxSetting || strings.ContainsFunc(s, isControl) {
			return cc.Detail("Place, LoginCode, Queue or Device is longer than 256 bytes or has a control character")
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// notifications is the path of the CometD service in segments.
func (o Options) notifications() ([]string, error) {
	if o.Notifications == "" {
		return []string{"api", "v2", "notifications"}, nil
	}
	path := strings.Split(strings.Trim(o.Notifications, "/"), "/")
	for _, s := range path {
		if strings.Trim(s, ".") == "" || strings.ContainsFunc(s, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`%?#\`, r)
		}) {
			return nil, cc.Detail("Notifications is not a plain path")
		}
	}
	return path, nil
}
