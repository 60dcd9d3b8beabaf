package provider_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A stub is a driver in front of one conference in memory, which does at once what it is told. A test
// puts a function in the place of what it wants to go otherwise.
type stub struct {
	provider.Unimplemented
	caps cc.Capabilities

	onSnapshot    func(ctx context.Context, n int) (provider.Snapshot, error)
	onParticipant func(ctx context.Context, n int) (cc.Participant, cc.ConferenceID, error)
	onSet         func(ctx context.Context, n int, change cc.Change) (provider.Result, error)
	onRemove      func(ctx context.Context, n int) (provider.Result, error)
	onEnd         func(ctx context.Context, n int) (provider.Result, error)
	onListen      func(ctx context.Context, n int, report func(provider.Update)) error
	onFollow      func(ctx context.Context, on bool) error
	onList        func(ctx context.Context, yield func(cc.Summary, error) bool)
	onCheck       func(ctx context.Context) error
	onClose       func() error

	mu     sync.Mutex
	room   provider.Snapshot
	over   bool
	calls  []call
	report func(provider.Update) // of the Listen under way
	lose   chan error            // ends the Listen under way
}

// A call is one call of the driver.
type call struct {
	what    string
	conf    cc.ConferenceID
	part    cc.ParticipantID
	change  cc.Change
	purpose provider.Purpose
	at      time.Time
}

const (
	room  = cc.ConferenceID("room")
	first = cc.ConferenceID("uuid:1")
)

var everything = cc.Capabilities{
	Conference: cc.CanEnd | cc.CanList | cc.CanWatch,
	Others:     cc.CanRemove | cc.CanMute | cc.CanDeaf | cc.CanHold | cc.CanCoach,
}

var off = cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off, Coach: cc.Off}

func newStub() *stub {
	s := &stub{caps: everything, lose: make(chan error)}
	s.room.Conference, s.room.Instance, s.room.Controls = room, first, cc.CanEnd
	for _, id := range []cc.ParticipantID{"1", "2", "3"} {
		s.room.Participants = append(s.room.Participants, cc.Participant{
			ID: id, CallID: "call-" + string(id), State: off, Controls: everything.Others,
			JoinedAt: time.Date(2030, 1, 1, 0, 0, len(s.room.Participants), 0, time.UTC),
		})
	}
	return s
}

// Bubble runs a test in fake time, with a client of the stub.
func bubble(t *testing.T, s *stub, o provider.Options, test func(t *testing.T, c cc.Client, conf cc.Conference)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.lose = make(chan error) // of this bubble
		c, err := provider.New(s, o)
		require.NoError(t, err)
		defer func() { require.NoError(t, c.Close()) }()
		test(t, c, c.Conference(room))
	})
}

func (s *stub) Name() string                  { return "stub" }
func (s *stub) Capabilities() cc.Capabilities { return s.caps }

func (s *stub) CheckConference(c cc.ConferenceID) error {
	if strings.HasPrefix(string(c), "uuid:") {
		return nil
	}
	return provider.CheckName(string(c))
}

// Note writes a call down, and tells the how manieth of its kind it is, from 1.
func (s *stub) note(ctx context.Context, c call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.at, c.purpose = time.Now(), provider.PurposeOf(ctx)
	s.calls = append(s.calls, c)
	n := 0
	for i := range s.calls {
		if s.calls[i].what == c.what {
			n++
		}
	}
	return n
}

// With puts a function into its place while the driver is at work.
func (s *stub) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func hook[F any](s *stub, f *F) F {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *f
}

// Made returns the calls of the given kinds; all but listen if none is given.
func (s *stub) made(what ...string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []call
	for _, c := range s.calls {
		if len(what) == 0 && c.what != "listen" || slices.Contains(what, c.what) {
			list = append(list, c)
		}
	}
	return list
}

func (s *stub) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// Kinds returns what the calls were.
func kinds(calls []call) string {
	var list []string
	for _, c := range calls {
		list = append(list, c.what)
	}
	return strings.Join(list, " ")
}

// The world.

func (s *stub) change(f func(room *provider.Snapshot)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room.Participants = slices.Clone(s.room.Participants)
	f(&s.room)
}

func (s *stub) apply(id cc.ParticipantID, change cc.Change) {
	s.change(func(room *provider.Snapshot) {
		for i := range room.Participants {
			st := &room.Participants[i].State
			if room.Participants[i].ID != id {
				continue
			}
			for _, f := range []struct {
				want cc.Toggle
				have *cc.Toggle
			}{{change.Mute, &st.Mute}, {change.Deaf, &st.Deaf}, {change.Hold, &st.Hold}, {change.Coach, &st.Coach}} {
				if f.want != cc.Unset {
					*f.have = f.want
				}
			}
		}
	})
}

func (s *stub) join(id cc.ParticipantID, call string) {
	s.change(func(room *provider.Snapshot) {
		room.Participants = append(room.Participants, cc.Participant{ID: id, CallID: call, State: off})
	})
}

func (s *stub) leave(id cc.ParticipantID) {
	s.change(func(room *provider.Snapshot) {
		room.Participants = slices.DeleteFunc(room.Participants, func(p cc.Participant) bool { return p.ID == id })
	})
}

func (s *stub) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// Restart begins another run under the name, with the same people on other legs.
func (s *stub) restart(instance cc.ConferenceID) {
	s.change(func(room *provider.Snapshot) {
		room.Instance, s.over = instance, false
		for i := range room.Participants {
			room.Participants[i].CallID += "'"
			room.Participants[i].State = off
		}
	})
}

func (s *stub) state(id cc.ParticipantID) cc.ParticipantState {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, _ := s.room.Snapshot.Participant(id)
	return p.State
}

// Ring reports an update to the Listen under way.
func (s *stub) ring(u provider.Update) {
	s.mu.Lock()
	report := s.report
	s.mu.Unlock()
	if report != nil {
		report(u)
	}
}

// The driver.

func (s *stub) find(c cc.ConferenceID) error {
	if s.over || c != s.room.Conference && c != s.room.Instance {
		return &cc.Error{Kind: cc.ErrNotFound, Status: 404}
	}
	return nil
}

func (s *stub) Snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	n := s.note(ctx, call{what: "snapshot", conf: c})
	if f := hook(s, &s.onSnapshot); f != nil {
		return f(ctx, n)
	}
	return s.read(ctx, c)
}

func (s *stub) read(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return provider.Snapshot{}, &cc.Error{Kind: cc.ErrUnavailable, Err: err}
	}
	if err := s.find(c); err != nil {
		return provider.Snapshot{}, err
	}
	return s.room, nil
}

func (s *stub) Participant(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (cc.Participant, cc.ConferenceID, error) {
	n := s.note(ctx, call{what: "participant", conf: c, part: p})
	if f := hook(s, &s.onParticipant); f != nil {
		return f(ctx, n)
	}
	return s.readOne(ctx, c, p)
}

func (s *stub) readOne(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (cc.Participant, cc.ConferenceID, error) {
	room, err := s.read(ctx, c)
	if err != nil {
		return cc.Participant{}, "", err
	}
	who, ok := room.Snapshot.Participant(p)
	if !ok {
		return cc.Participant{}, "", &cc.Error{Kind: cc.ErrNotParticipant}
	}
	return who, room.Instance, nil
}

func (s *stub) accept(ctx context.Context, c cc.ConferenceID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return &cc.Error{Kind: cc.ErrCanceled, Err: err}
	}
	return s.find(c)
}

func (s *stub) SetState(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID, change cc.Change) (provider.Result, error) {
	n := s.note(ctx, call{what: "set", conf: c, part: p, change: change})
	if f := hook(s, &s.onSet); f != nil {
		return f(ctx, n, change)
	}
	if err := s.accept(ctx, c); err != nil {
		return provider.Result{}, err
	}
	s.apply(p, change)
	return provider.Result{}, nil
}

func (s *stub) Remove(ctx context.Context, c cc.ConferenceID, p cc.ParticipantID) (provider.Result, error) {
	n := s.note(ctx, call{what: "remove", conf: c, part: p})
	if f := hook(s, &s.onRemove); f != nil {
		return f(ctx, n)
	}
	if err := s.accept(ctx, c); err != nil {
		return provider.Result{}, err
	}
	s.leave(p)
	return provider.Result{}, nil
}

func (s *stub) End(ctx context.Context, c cc.ConferenceID) (provider.Result, error) {
	n := s.note(ctx, call{what: "end", conf: c})
	if f := hook(s, &s.onEnd); f != nil {
		return f(ctx, n)
	}
	if err := s.accept(ctx, c); err != nil {
		return provider.Result{}, err
	}
	s.finish()
	return provider.Result{}, nil
}

func (s *stub) Conferences(ctx context.Context) iter.Seq2[cc.Summary, error] {
	s.note(ctx, call{what: "list"})
	f := hook(s, &s.onList)
	return func(yield func(cc.Summary, error) bool) { f(ctx, yield) }
}

func (s *stub) Listen(ctx context.Context, report func(provider.Update)) error {
	n := s.note(ctx, call{what: "listen"})
	if f := hook(s, &s.onListen); f != nil {
		return f(ctx, n, report)
	}
	return s.stand(ctx, report)
}

// Stand is a subscription that lasts until lose says otherwise.
func (s *stub) stand(ctx context.Context, report func(provider.Update)) error {
	s.mu.Lock()
	s.report = report
	s.mu.Unlock()
	report(provider.Update{})
	select {
	case <-ctx.Done():
		return &cc.Error{Kind: cc.ErrCanceled, Err: ctx.Err()}
	case err := <-s.lose:
		return err
	}
}

// Deaf is a Listen of a vendor that pushes nothing.
func deaf(context.Context, int, func(provider.Update)) error {
	return &cc.Error{Kind: cc.ErrUnsupported}
}

func (s *stub) Follow(ctx context.Context, c cc.ConferenceID, on bool) error {
	s.note(ctx, call{what: fmt.Sprint("follow-", on), conf: c})
	if f := hook(s, &s.onFollow); f != nil {
		return f(ctx, on)
	}
	return nil
}

func (s *stub) Check(ctx context.Context) error {
	s.note(ctx, call{what: "check"})
	if f := hook(s, &s.onCheck); f != nil {
		return f(ctx)
	}
	return ctx.Err()
}

func (s *stub) Close() error {
	s.note(context.Background(), call{what: "close"})
	if f := hook(s, &s.onClose); f != nil {
		return f()
	}
	return nil
}

// What tests say often.

var (
	mute   = cc.Change{Mute: cc.On}
	unmute = cc.Change{Mute: cc.Off}
)

func lost() error    { return &cc.Error{Kind: cc.ErrUncertain, Code: "lost"} }
func refused() error { return &cc.Error{Kind: cc.ErrConflict, Code: "refused"} }
func broken() error  { return &cc.Error{Kind: cc.ErrUnavailable, Code: "broken"} }

// Hang waits for the end of ctx, as an exchange does that is never answered.
func hang(ctx context.Context, kind cc.Kind) error {
	<-ctx.Done()
	return &cc.Error{Kind: kind, Err: ctx.Err()}
}

// Start runs f and gives a channel with what it returned.
func start(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// Quiet gives the time that nothing needs, and then what has been returned, if anything.
func still(t *testing.T, done <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		t.Fatalf("it has returned %v", err)
	default:
	}
}

// AtOnce returns what has been returned without any time going by.
func atOnce(t *testing.T, done <-chan error) error {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		return err
	default:
		t.Fatal("it has not returned")
		return nil
	}
}

func codeOf(err error) string {
	e, _ := err.(*cc.Error)
	if e == nil {
		return ""
	}
	return e.Code
}
