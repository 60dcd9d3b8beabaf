package mutants

import (
	"context"
	"iter"
	"sync"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/internal/worlds"
)

// A shim stands between the suite and a client. What is nil leaves the client as it is.
type shim struct {
	cc.Client
	declares func(cc.Capabilities) cc.Capabilities
	handle   func(id cc.ConferenceID) cc.ConferenceID // the id that a handle is really made of
	command  func(ctx context.Context, cmd cc.Command, next order) error
	snapshot func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error)
	events   func(id cc.ConferenceID, s stream) stream
	list     func(ctx context.Context, next func(context.Context) iter.Seq2[cc.Summary, error]) iter.Seq2[cc.Summary, error]
	check    func(ctx context.Context, next func(context.Context) error) error
	notify   func(ids []cc.ConferenceID, next func())
	as       func()
	close    func(next func() error) error
}

// An order gives one command to a client, by the handle that it names.
type order func(context.Context, cc.Command) error

// A look reads a conference, by name or Instance.
type look func(context.Context, cc.ConferenceID) (cc.Snapshot, error)

// A stream is one range over Events.
type stream = iter.Seq2[cc.Event, error]

// inClient is a change between the suite and the client; each site has a shim of its own.
func inClient(change func(*shim)) worlds.With {
	return worlds.With{Client: func(c cc.Client) cc.Client {
		s := &shim{Client: c}
		change(s)
		return s
	}}
}

// onOrder is a change to what a client does when it is given a command.
func onOrder(change func(s *shim, ctx context.Context, cmd cc.Command, next order) error) worlds.With {
	return inClient(func(s *shim) {
		s.command = func(ctx context.Context, cmd cc.Command, next order) error { return change(s, ctx, cmd, next) }
	})
}

// answers is a change to the error of one kind of command, after it came to its end.
func answers(op string, change func(s *shim, cmd cc.Command, err error) error) worlds.With {
	return onOrder(func(s *shim, ctx context.Context, cmd cc.Command, next order) error {
		err := next(ctx, cmd)
		if cmd.Op != op {
			return err
		}
		return change(s, cmd, err)
	})
}

// turns is a change to what stands in the errors of one kind of command that are of some kind.
func turns(op string, kind cc.Kind, change func(*cc.Error)) worlds.With {
	return answers(op, func(_ *shim, _ cc.Command, err error) error { return turned(err, kind, change) })
}

// turned is err changed, if it is of that kind.
func turned(err error, kind cc.Kind, change func(*cc.Error)) error {
	e, ok := err.(*cc.Error)
	if !ok || e.Kind != kind {
		return err
	}
	other := *e
	change(&other)
	return &other
}

// into gives an error another kind.
func into(kind cc.Kind) func(*cc.Error) { return func(e *cc.Error) { e.Kind = kind } }

// onSnapshot is a change to what applications read.
func onSnapshot(change func(s *shim, told *cc.Snapshot, err error) error) worlds.With {
	return inClient(func(s *shim) {
		s.snapshot = func(ctx context.Context, id cc.ConferenceID, next look) (cc.Snapshot, error) {
			told, err := next(ctx, id)
			err = change(s, &told, err)
			return told, err
		}
	})
}

// A step is one step of a range; it tells whether the range goes on.
type step func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool

// onEvents is a change to what one range tells; each range has a step of its own.
func onEvents(begin func(s *shim, id cc.ConferenceID) step) worlds.With {
	return inClient(func(s *shim) {
		s.events = func(id cc.ConferenceID, from stream) stream {
			return func(yield func(cc.Event, error) bool) {
				next := begin(s, id)
				for ev, err := range from {
					if !next(ev, err, yield) {
						return
					}
				}
			}
		}
	})
}

// onEvent is a change to single events.
func onEvent(change func(*cc.Event)) worlds.With {
	return onEvents(func(*shim, cc.ConferenceID) step {
		return func(ev cc.Event, err error, yield func(cc.Event, error) bool) bool {
			if err == nil {
				change(&ev)
			}
			return yield(ev, err)
		}
	})
}

// bridge is the vendor.
func (s *shim) bridge() *fake.Switch { return bridge(s.Client) }

func (s *shim) Capabilities() cc.Capabilities {
	c := s.Client.Capabilities()
	if s.declares != nil {
		c = s.declares(c)
	}
	return c
}

func (s *shim) Conference(id cc.ConferenceID) cc.Conference {
	real := id
	if s.handle != nil {
		real = s.handle(id)
	}
	return &grip{Conference: s.Client.Conference(real), shim: s}
}

func (s *shim) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	if s.list == nil {
		return s.Client.Conferences(ctx)
	}
	return s.list(ctx, s.Client.Conferences)
}

func (s *shim) Check(ctx context.Context) error {
	if s.check == nil {
		return s.Client.Check(ctx)
	}
	return s.check(ctx, s.Client.Check)
}

func (s *shim) Notify(ids ...cc.ConferenceID) {
	next := func() { s.Client.Notify(ids...) }
	if s.notify == nil {
		next()
		return
	}
	s.notify(ids, next)
}

func (s *shim) As(target any) bool {
	if s.as != nil {
		s.as()
	}
	return s.Client.As(target)
}

func (s *shim) Close() error {
	if s.close == nil {
		return s.Client.Close()
	}
	return s.close(s.Client.Close)
}

// A grip is a handle of a shim.
type grip struct {
	cc.Conference
	shim *shim
}

func (g *grip) RemoveParticipant(ctx context.Context, id cc.ParticipantID) error {
	return g.do(ctx, cc.Command{Op: cc.OpRemoveParticipant, Participant: id})
}

func (g *grip) SetParticipantState(ctx context.Context, id cc.ParticipantID, change cc.Change) error {
	return g.do(ctx, cc.Command{Op: cc.OpSetParticipantState, Participant: id, Change: change})
}

func (g *grip) End(ctx context.Context) error { return g.do(ctx, cc.Command{Op: cc.OpEnd}) }

func (g *grip) do(ctx context.Context, cmd cc.Command) error {
	cmd.Conference = g.ID()
	if g.shim.command == nil {
		return g.shim.order(ctx, cmd)
	}
	return g.shim.command(ctx, cmd, g.shim.order)
}

func (s *shim) order(ctx context.Context, cmd cc.Command) error {
	c := s.Client.Conference(cmd.Conference)
	switch cmd.Op {
	case cc.OpRemoveParticipant:
		return c.RemoveParticipant(ctx, cmd.Participant)
	case cc.OpSetParticipantState:
		return c.SetParticipantState(ctx, cmd.Participant, cmd.Change)
	}
	return c.End(ctx)
}

func (g *grip) Snapshot(ctx context.Context) (cc.Snapshot, error) {
	if g.shim.snapshot == nil {
		return g.Conference.Snapshot(ctx)
	}
	return g.shim.snapshot(ctx, g.ID(), g.shim.look)
}

func (s *shim) look(ctx context.Context, id cc.ConferenceID) (cc.Snapshot, error) {
	return s.Client.Conference(id).Snapshot(ctx)
}

func (g *grip) Events(ctx context.Context) iter.Seq2[cc.Event, error] {
	from := g.Conference.Events(ctx)
	if g.shim.events == nil {
		return from
	}
	return g.shim.events(g.ID(), from)
}

// A state is something that several goroutines look at and change.
type state[T any] struct {
	mu    sync.Mutex
	value T
}

// with does something with the value, alone.
func (s *state[T]) with(do func(*T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(&s.value)
}

func (s *state[T]) get() (v T) {
	s.with(func(t *T) { v = *t })
	return v
}

func (s *state[T]) set(v T) { s.with(func(t *T) { *t = v }) }
