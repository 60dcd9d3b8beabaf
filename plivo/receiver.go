package plivo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// ReceiverOptions are what a [Receiver] is made of. PublicURL and Tokens are required.
type ReceiverOptions struct {
	// PublicURL is where Plivo's requests arrive, as Plivo was told: "https://hooks.example.net", with
	// the port and the case of letters that the addresses have which Plivo was given. Only its origin
	// counts; which paths lead to the receiver is for whoever mounts it. It is https, or plain http to a
	// loopback address with Insecure, without user, query and fragment. The addresses that Plivo is given
	// have a path, a slash at least: one that ends with the host is signed without, and requested with it.
	PublicURL string
	Insecure  bool

	// Tokens are those that a genuine request may be signed with, as for [NewVerifier].
	Tokens []Secret
	// AllowV2 takes a request that has only the signature of the older scheme; see [Verifier.VerifyV2]
	// for what that does not prove. Where a request has anything of V3, V3 decides.
	AllowV2 bool

	// Provider says whose events ring: MPC or Conference, or both where it is empty.
	Provider string
	// Notify is told which conference may have changed, once for a callback that rings: its name, or
	// its Instance where this library would refuse the name. It is called after the answer to Plivo was
	// written, in a goroutine of the receiver, one call at a time, and may take its time: a conference
	// that rings again before its turn is told once. Beyond 1,024 that wait they are dropped. A panic
	// in it is the application's own, and is not caught.
	Notify func(cc.ConferenceID)

	Logger *slog.Logger // silent if nil; at most one line a minute about what was refused
}

// A Receiver is the http.Handler of Plivo's callbacks: MPC status callbacks, Conference callbacks, and
// callbacks about recordings of either, by GET or POST. Reach that of a client which has a PublicURL
// by callcontrol.As, for http.Handler or *plivo.Receiver, or make one by [NewReceiver]; mount it
// where the addresses lead that Plivo is given. It is safe for concurrent use.
//
// A callback is a bell and is never believed: it has the conference read that it names. It rings if
//
//   - it is genuine. Its signature is V3 (V2 by option only), made with one of the tokens, and of
//     PublicURL's origin and the request URI as it came; Host and forwarded headers are not looked at, so
//     a proxy in front may change them, but neither path nor query.
//   - it is new. The nonces of the last 10 minutes, at most 100,000, are remembered. A repeated one is
//     answered like the first, and nothing else is done. There is no timestamp in Plivo's scheme: what
//     is older than that and is sent again rings once more, which costs a read and tells nobody anything.
//   - it is a known event that may have changed what a Snapshot shows, with every field that Plivo
//     documents for it, none of those that this library knows twice, and each in its own format, or
//     empty where the event need not have it. Speaking, digits, the floor and recordings change nothing
//     there.
//
// Everything genuine and new, whether it rings or not, is in [Receiver.RawEvents].
//
// A genuine request is answered with 200 and an empty <Response/>. The answer is written before
// anything is done about the request, and nothing that is done holds it up.
// So a Receiver is no place for an address that has to answer with XML of its own, such as an exit
// action. Others are answered 403 if the signature does not prove them, 400 if they cannot be read,
// 405 for another method, 408 if the body takes longer than 10 s, 413 if it is longer than 64 KiB, 415
// if it is no form, and 503 after Close. No answer repeats anything of a request. Of a body no more
// than 64 KiB and a byte is read. The 10 s hold where the http.ResponseWriter takes a read deadline, as
// that of a server does; behind one that takes none the time is the server's to limit.
//
// Where something before it in the chain has parsed the form already, the receiver takes
// [http.Request.PostForm].
type Receiver struct {
	origin   string
	verifier *Verifier
	allowV2  bool
	provider string
	notifier *notifier // nil: nobody wants to know
	nonces   *nonces
	log      *slog.Logger
	closing  chan struct{}

	mu        sync.Mutex // never held across a wait or a call of somebody else's
	closed    bool
	listeners []*listener // replaced as a whole
	readers   map[*rawReader]struct{}
	stats     ReceiverStats
	logged    time.Time // when a line was last written
	unlogged  uint64    // refusals since
}

// ReceiverStats count what a [Receiver] has done with requests. Each of them is Accepted, Repeated or
// Refused.
type ReceiverStats struct {
	Accepted uint64 // genuine and new
	Rung     uint64 // of these: have rung a bell
	Unknown  uint64 // of these: are no known event, or lack or garble one of its fields
	Repeated uint64 // genuine, with a nonce that had been seen
	Refused  uint64 // not genuine, not readable, or too late
	Dropped  uint64 // conferences of which Notify was not told, since too many waited or the receiver was closed
	Unread   uint64 // events that went by a slow reader of RawEvents
}

// NewReceiver makes a Receiver that belongs to no client. A PublicURL that cannot be one, and tokens
// that NewVerifier would refuse, are ErrInvalid. It starts nothing. Close it.
func NewReceiver(o ReceiverOptions) (*Receiver, error) {
	const op = "NewReceiver"
	origin, err := originOf(o.PublicURL, o.Insecure)
	if err != nil {
		return nil, signatureError(op, cc.ErrInvalid, publicForm)
	}
	if o.Provider != "" && o.Provider != MPC && o.Provider != Conference {
		return nil, signatureError(op, cc.ErrInvalid, "Provider is neither empty nor one of this package")
	}
	verifier, err := NewVerifier(o.Tokens...)
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		origin: origin, verifier: verifier, allowV2: o.AllowV2, provider: o.Provider, nonces: newNonces(), log: o.Logger,
		closing: make(chan struct{}), readers: make(map[*rawReader]struct{}),
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if o.Notify != nil {
		r.notifier = &notifier{call: o.Notify}
	}
	return r, nil
}

const publicForm cc.Detail = "the public URL is https, or plain http to a loopback address with Insecure, " +
	"with a host and without user, query and fragment"

// originOf is scheme, host and port as they are written, since Plivo signs what it was given.
func originOf(public string, insecure bool) (string, error) {
	cfg := cc.Config{Endpoint: public}
	if insecure && strings.HasPrefix(public, "http:") {
		cfg.Settings = map[string]string{settingInsecure: "true"}
	}
	if _, err := cfg.EndpointURL(""); err != nil {
		return "", err
	}
	scheme, rest, ok := strings.Cut(public, "://")
	if !ok || scheme != "https" && scheme != "http" {
		return "", publicForm // small letters, as what is signed has them
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, nil
}

// Stats tells what was done so far.
func (r *Receiver) Stats() ReceiverStats {
	r.mu.Lock()
	s := r.stats
	r.mu.Unlock()
	if r.notifier != nil {
		s.Dropped = r.notifier.lost()
	}
	return s
}

// Close ends the readers of RawEvents and answers requests with 503 from now on. It waits for a call of
// Notify under way, at most 2 s; if that has not returned it is ErrUnavailable. Closing again does
// nothing. A client closes its own receiver.
func (r *Receiver) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	close(r.closing)
	r.mu.Unlock()
	if r.notifier != nil && !r.notifier.close() {
		return &cc.Error{Op: cc.OpClose, Kind: cc.ErrUnavailable, Err: cc.Detail("Notify did not return within two seconds")}
	}
	return nil
}

// work does what is to be done about a callback that was answered. Nothing in it waits.
func (r *Receiver) work(c callback) {
	rings := c.meaning.kind.rings && (r.provider == "" || r.provider == c.meaning.kind.api) && c.meaning.conference != ""
	r.mu.Lock()
	r.stats.Accepted++
	if rings {
		r.stats.Rung++
	}
	if !c.meaning.known {
		r.stats.Unknown++
	}
	if len(r.readers) > 0 {
		e := c.raw()
		for reader := range r.readers {
			r.stats.Unread += uint64(reader.push(e, c.size))
		}
	}
	listeners := r.listeners
	r.mu.Unlock()
	if !rings {
		return
	}
	for _, l := range listeners {
		l.ring(c.meaning)
	}
	if r.notifier != nil {
		r.notifier.ring(c.meaning.conference)
	}
}

// A listener is a driver that wants to know which conferences may have changed.
type listener struct{ report func(provider.Update) }

// ring reports the run, and the name, which another run may have by now.
func (l *listener) ring(m meaning) {
	l.report(provider.Update{Conference: m.conference})
	if m.instance != m.conference {
		l.report(provider.Update{Conference: m.instance})
	}
}

// listen reports what rings until ctx ends or the receiver is closed.
func (r *Receiver) listen(ctx context.Context, report func(provider.Update)) error {
	l := &listener{report}
	r.listening(func(list []*listener) []*listener { return append(list, l) })
	defer r.listening(func(list []*listener) []*listener {
		for i := range list {
			if list[i] == l {
				return append(list[:i], list[i+1:]...)
			}
		}
		return list
	})
	report(provider.Update{}) // it stands
	select {
	case <-ctx.Done():
		return &cc.Error{Kind: cc.ErrCanceled, Err: ctx.Err()}
	case <-r.closing:
		return &cc.Error{Kind: cc.ErrClosed}
	}
}

func (r *Receiver) listening(change func([]*listener) []*listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners = change(append([]*listener(nil), r.listeners...))
}

// refused counts a request that is not a callback, and says so in a line, once a minute at most.
func (r *Receiver) refused(ctx context.Context, status int, why error) {
	r.mu.Lock()
	r.stats.Refused++
	r.unlogged++
	n, now := r.unlogged, time.Now()
	quiet := !r.logged.IsZero() && now.Sub(r.logged) < time.Minute
	if !quiet {
		r.logged, r.unlogged = now, 0
	}
	r.mu.Unlock()
	if !quiet {
		r.log.LogAttrs(ctx, slog.LevelWarn, "callbacks refused",
			slog.Uint64("count", n), slog.Int("status", status), slog.Any("last", why))
	}
}

// String says what it is, and hides what it knows.
func (r *Receiver) String() string { return "plivo.Receiver{...}" }

// GoString says what String says.
func (r *Receiver) GoString() string { return r.String() }

// Format writes what String says, whatever the verb.
func (r *Receiver) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }

// LogValue says what String says.
func (r *Receiver) LogValue() slog.Value { return slog.StringValue(r.String()) }

var _ http.Handler = (*Receiver)(nil)
