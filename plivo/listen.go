package plivo

import (
	"context"
	"net/http"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// reconcile is how often what is watched is read beside the callbacks, some of which get lost.
const reconcile = 30 * time.Second

// receiver makes the receiver of a client, if it has an address.
func (o Options) receiver(provider string) (*Receiver, error) {
	if o.PublicURL == "" {
		return nil, nil
	}
	return NewReceiver(ReceiverOptions{
		PublicURL: o.PublicURL, Insecure: o.Insecure, Tokens: append([]Secret{o.AuthToken}, o.Tokens...), AllowV2: o.AllowV2,
		Provider: provider, Notify: o.Notified, Logger: o.Logger,
	})
}

// poll is the time between reads of what is watched.
func (o Options) poll() time.Duration {
	if o.Poll == 0 && o.PublicURL != "" {
		return reconcile
	}
	return o.Poll
}

// listen stands at once, since nothing has to be asked for, and rings by callbacks.
func (a *api) listen(ctx context.Context, report func(provider.Update)) error {
	if a.receiver == nil {
		return &cc.Error{Kind: cc.ErrUnsupported}
	}
	return a.receiver.listen(ctx, report)
}

// as yields the receiver.
func (a *api) as(target any) bool {
	if a.receiver == nil {
		return false
	}
	switch t := target.(type) {
	case *http.Handler:
		if t == nil {
			return false
		}
		*t = a.receiver
	case **Receiver:
		if t == nil {
			return false
		}
		*t = a.receiver
	default:
		return false
	}
	return true
}

func (d *mpc) Listen(ctx context.Context, report func(provider.Update)) error {
	return d.api.listen(ctx, report)
}

func (d *mpc) As(target any) bool { return d.api.as(target) }

func (d *conference) Listen(ctx context.Context, report func(provider.Update)) error {
	return d.api.listen(ctx, report)
}

func (d *conference) As(target any) bool { return d.api.as(target) }
