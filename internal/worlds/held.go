package worlds

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A holder stands before the in-process driver, as a network would. It keeps commands that are never
// answered, and loses them when they are let go.
type holder struct {
	provider.Driver
	commands atomic.Int64 // that were held

	mu    sync.Mutex
	holds []*hold
}

// attempt is how long a transport waits for an answer.
const attempt = 4 * time.Second

// A hold keeps the commands that it matches, until it is let go.
type hold struct {
	matches func(fake.Request) bool
	gone    chan struct{}
}

var _ provider.Vetter = (*holder)(nil)

// hold keeps commands until the function that it returns is called.
func (d *holder) hold(matches func(fake.Request) bool) (letGo func()) {
	h := &hold{matches: matches, gone: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds = append(d.holds, h)
	return sync.OnceFunc(func() { close(h.gone) })
}

// pass waits if the command is held, and returns what became of it then.
func (d *holder) pass(ctx context.Context, r fake.Request) error {
	d.mu.Lock()
	var held *hold
	for _, h := range d.holds {
		select {
		case <-h.gone:
			continue
		default:
		}
		if held == nil && h.matches(r) {
			held = h
		}
	}
	d.mu.Unlock()
	if held == nil || ctx.Err() != nil {
		return nil
	}
	d.commands.Add(1)
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	select {
	case <-held.gone:
		return &cc.Error{Kind: cc.ErrUncertain, Err: io.ErrUnexpectedEOF}
	case <-ctx.Done():
		return &cc.Error{Kind: cc.ErrUncertain, Err: ctx.Err()}
	}
}

func (d *holder) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	if err := d.pass(ctx, fake.Request{Op: fake.OpRemove, Conference: c, Participant: p}); err != nil {
		return provider.Result{}, err
	}
	return d.Driver.Remove(ctx, c, p)
}

func (d *holder) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	r := fake.Request{Op: fake.OpSet, Conference: c, Participant: p, Change: change}
	if err := d.pass(ctx, r); err != nil {
		return provider.Result{}, err
	}
	return d.Driver.SetState(ctx, c, p, change)
}

func (d *holder) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	if err := d.pass(ctx, fake.Request{Op: fake.OpEnd, Conference: c}); err != nil {
		return provider.Result{}, err
	}
	return d.Driver.End(ctx, c)
}

// Vet is the driver's.
func (d *holder) Vet(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) error {
	if v, ok := d.Driver.(provider.Vetter); ok {
		return v.Vet(ctx, c, p, change)
	}
	return nil
}
