package plivo

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
	"github.com/callcontrol-go/callcontrol/provider/httpclient"
)

const (
	defaultEndpoint = "https://api.plivo.com"
	defaultRate     = 300 // requests per 5 s that Plivo allows one account
	maxRate         = 100_000
)

// A Removal says what RemoveParticipant does with the call leg.
type Removal uint8

const (
	// RemoveLeave puts the participant out of the conference. What the call does then is its own
	// business: a leg that came in by XML goes on with its next element.
	RemoveLeave Removal = iota
	// RemoveHangUp ends the call.
	RemoveHangUp
)

// Options are what a client of either API is made of. The zero value lacks the credentials.
type Options struct {
	AuthID    string // of the account or sub-account
	AuthToken Secret

	Name     string // of the client, where one program has several; the provider's name if empty
	Endpoint string // "https://api.plivo.com" if empty; may end in a prefix
	Insecure bool   // allows plain http to a loopback address, for tests
	Remove   Removal

	// Rate is this client's part of the 300 requests per 5 s that Plivo allows an account: 300 if
	// zero. Limiter, when set, is used in its place, and may be shared between clients of one account.
	Rate    int
	Limiter *httpclient.Limiter

	// PublicURL is where Plivo's callbacks reach this program, as Plivo was told. With it the client has
	// a Receiver, which callcontrol.As yields as http.Handler and as *Receiver and which somebody has to
	// mount; what is watched is then read when a callback rings. See ReceiverOptions for its form.
	PublicURL string
	// Notified is told, after Plivo was answered, which conference a callback has rung for, so that other
	// replicas can be told by their Notify; see ReceiverOptions.Notify. It has no effect without PublicURL.
	Notified func(cc.ConferenceID)
	// Tokens are those beside AuthToken that callbacks may be signed with: the main account's, those of
	// sub-accounts, and old ones while they are being replaced; at most 15. They need PublicURL.
	Tokens []Secret
	// AllowV2 takes callbacks that have only the weaker signature; see ReceiverOptions. It needs PublicURL.
	AllowV2 bool

	Timeout   time.Duration // of a command whose context has no deadline; 10 s if zero
	Poll      time.Duration // between reads of a conference that is watched; if zero 5 s, and 30 s with PublicURL
	Transport http.RoundTripper
	Logger    *slog.Logger // silent if nil
	Observer  provider.Observer

	// Unconfirmed trades proof for speed: what Plivo has accepted is not read back, and nil then means
	// accepted, not done.
	Unconfirmed bool
}

// NewLimiter makes a limiter of rate requests per 5 s, the window in which Plivo counts. A rate of
// zero or less is the 300 that Plivo allows one account.
func NewLimiter(rate int) *httpclient.Limiter {
	if rate <= 0 {
		rate = defaultRate
	}
	return httpclient.NewLimiter(rate, rateWindow)
}

// NewMPC opens a client of Plivo's Multiparty Call API, the provider "plivo-mpc". It makes no
// request. Options that cannot work are ErrInvalid.
func NewMPC(o Options) (cc.Client, error) {
	a, err := newAPI(MPC, o)
	if err != nil {
		return nil, err
	}
	return open(&mpc{api: a, hangUp: o.Remove == RemoveHangUp}, o, true)
}

// NewConference opens a client of Plivo's older Conference API, the provider "plivo-conference". It
// makes no request. Options that cannot work are ErrInvalid.
func NewConference(o Options) (cc.Client, error) {
	a, err := newAPI(Conference, o)
	if err != nil {
		return nil, err
	}
	return open(&conference{api: a, hangUp: o.Remove == RemoveHangUp}, o, false)
}

// open puts a driver under what all drivers share.
func open(d provider.Driver, o Options, whole bool) (cc.Client, error) {
	cfg := cc.Config{Name: o.Name, Provider: d.Name(), Logger: o.Logger}
	client, err := provider.New(d, provider.Options{
		Config: cfg, Timeout: o.Timeout, Poll: o.poll(), Whole: whole, Observer: o.Observer, Unconfirmed: o.Unconfirmed,
	})
	if err != nil {
		_ = d.Close()
		return nil, asOpen(err, d.Name(), o)
	}
	return client, nil
}

// asOpen says in a copy of an error whose opening failed.
func asOpen(err error, provider string, o Options) error {
	e := new(cc.Error)
	if !errors.As(err, &e) {
		e = &cc.Error{Kind: cc.ErrInvalid, Err: err}
	}
	told := *e
	told.Op, told.Client, told.Provider = cc.OpOpen, o.clientName(provider), provider
	return &told
}

// endpoint is where the API begins, by the rules that a configuration's endpoint has.
func (o Options) endpoint() (string, error) {
	cfg := cc.Config{Endpoint: o.Endpoint}
	if o.Insecure {
		cfg.Settings = map[string]string{settingInsecure: "true"}
	}
	u, err := cfg.EndpointURL(defaultEndpoint)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

func (o Options) clientName(provider string) string {
	if o.Name == "" {
		return provider
	}
	return o.Name
}

func (o Options) check() error {
	if err := checkAuthID(o.AuthID); err != nil {
		return err
	}
	if err := checkToken(o.AuthToken.word()); err != nil {
		return err
	}
	switch {
	case o.Remove > RemoveHangUp:
		return cc.Detail("Remove: neither RemoveLeave nor RemoveHangUp")
	case o.Rate < 0 || o.Rate > maxRate:
		return cc.Detail("Rate is not between 1 and 100000 requests per 5 s")
	case len(o.Tokens) > maxTokens-1:
		return cc.Detail("Tokens has more than 15 tokens beside AuthToken")
	case o.PublicURL == "" && (o.AllowV2 || len(o.Tokens) > 0):
		return cc.Detail("AllowV2 and Tokens are for callbacks, which need a PublicURL")
	}
	return nil
}

// checkAuthID takes what can be one path segment and the user of a Basic credential. Plivo's ids
// have 20 characters and begin with MA or SA; that is not insisted upon.
func checkAuthID(id string) error {
	if id == "" || len(id) > 64 {
		return cc.Detail("the auth id is empty or longer than 64 characters")
	}
	for i := range len(id) {
		if !isAlnum(id[i]) {
			return cc.Detail("the auth id has a character that is neither a letter nor a digit")
		}
	}
	return nil
}

func checkToken(token string) error {
	if token == "" || len(token) > 512 {
		return cc.Detail("the auth token is empty or longer than 512 characters")
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return cc.Detail("the auth token has a blank, a control character or one outside ASCII")
		}
	}
	return nil
}

func isAlnum(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// The names under which the two providers are registered.
const (
	MPC        = "plivo-mpc"
	Conference = "plivo-conference"
)
