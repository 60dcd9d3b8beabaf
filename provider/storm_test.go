package provider_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A fold is a conference as one range has told it.
type fold struct {
	people map[cc.ParticipantID]cc.Participant
	stale  bool
}

func (f *fold) hear(t *testing.T, e cc.Event) {
	was, there := f.people[e.Participant.ID]
	switch e.Type {
	case cc.Synced:
		if f.people == nil {
			f.people = make(map[cc.ParticipantID]cc.Participant)
			for _, p := range e.Snapshot.Participants {
				f.people[p.ID] = p
			}
		}
		f.stale = false
		f.same(t, e.Snapshot.Participants)
	case cc.Joined:
		require.False(t, there)
		f.people[e.Participant.ID] = e.Participant
	case cc.Changed:
		require.True(t, there)
		require.Equal(t, was.State, e.Before)
		f.people[e.Participant.ID] = e.Participant
	case cc.Left:
		require.Equal(t, was, e.Participant)
		delete(f.people, e.Participant.ID)
	case cc.Stale:
		require.False(t, f.stale)
		f.stale = true
	default:
		t.Fatalf("%s came", e.Type)
	}
}

func (f *fold) same(t *testing.T, list []cc.Participant) {
	require.Len(t, f.people, len(list))
	for _, p := range list {
		require.Equal(t, p, f.people[p.ID])
	}
}

// Whatever is lost, doubled, late or unreadable: when all is well again, every reader has been told
// the truth, and was told whenever it could not be had.
func TestStoryThroughStorms(t *testing.T) {
	for seed := range uint64(12) {
		for _, push := range []bool{true, false} {
			s := newStub()
			var readable, connected atomic.Bool
			readable.Store(true)
			connected.Store(true)
			s.onSnapshot = func(ctx context.Context, n int) (provider.Snapshot, error) {
				snap, err := s.read(ctx, room)
				time.Sleep(time.Duration(n%5) * 10 * time.Millisecond)
				if !readable.Load() {
					return provider.Snapshot{}, broken()
				}
				return snap, err
			}
			s.onListen = func(ctx context.Context, _ int, report func(provider.Update)) error {
				switch {
				case !push:
					return deaf(ctx, 0, report)
				case !connected.Load():
					return broken()
				}
				return s.stand(ctx, report)
			}
			bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
				r := rand.New(rand.NewPCG(seed, 7))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				folds := make([]fold, 3)
				for i := range folds {
					go func() {
						for e, err := range conf.Events(ctx) {
							if err != nil {
								return
							}
							folds[i].hear(t, e)
							time.Sleep(time.Duration(i*i) * 150 * time.Millisecond) // some are slow
						}
					}()
				}
				calls := 0
				synctest.Wait()
				for range 300 {
					who := cc.ParticipantID(fmt.Sprint(r.IntN(6)))
					calls++
					switch r.IntN(10) {
					case 0, 1:
						s.leave(who)
					case 2, 3:
						s.leave(who)
						s.join(who, fmt.Sprint("call-x", calls))
					case 4, 5:
						s.apply(who, cc.Change{Mute: cc.Toggle(1 + r.IntN(2))})
					case 6:
						readable.Store(!readable.Load())
					case 7:
						connected.Store(!connected.Load())
						select {
						case s.lose <- broken():
						default:
						}
					}
					if push && r.IntN(3) > 0 && connected.Load() {
						s.ring(provider.Update{Conference: room})
						if r.IntN(10) == 0 {
							s.ring(provider.Update{Gap: true})
						}
					}
					time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
				}
				readable.Store(true)
				connected.Store(true)
				time.Sleep(time.Minute)
				if push {
					s.ring(provider.Update{Conference: room})
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				truth, err := s.read(t.Context(), room)
				require.NoError(t, err)
				for i := range folds {
					require.False(t, folds[i].stale)
					folds[i].same(t, truth.Participants)
				}
				cancel()
				synctest.Wait()
			})
		}
	}
}

// Everything at once, the end of the client included. What is judged is that nothing hangs, races or
// answers what it must not.
func TestEverythingAtOnce(t *testing.T) {
	allowed := []cc.Kind{0, cc.ErrNotParticipant, cc.ErrUncertain, cc.ErrCanceled, cc.ErrClosed}
	for _, serial := range []bool{false, true} {
		s := newStub()
		bubble(t, s, provider.Options{Serial: serial, Poll: 50 * time.Millisecond}, func(t *testing.T, c cc.Client, conf cc.Conference) {
			for g := range 12 {
				go func() {
					r := rand.New(rand.NewPCG(uint64(g), 3))
					for range 60 {
						ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(50))*time.Millisecond)
						conf := conf
						if r.IntN(2) == 0 {
							conf = c.Conference(first)
						}
						who := cc.ParticipantID(fmt.Sprint(r.IntN(4)))
						var err error
						switch r.IntN(6) {
						case 0:
							err = conf.SetParticipantState(ctx, who, cc.Change{Mute: cc.Toggle(1 + r.IntN(2)), Hold: cc.On})
						case 1:
							err = conf.RemoveParticipant(ctx, who)
							s.join(who, "again")
						case 2:
							_, err = conf.Snapshot(ctx)
						case 3:
							for _, err = range conf.Events(ctx) {
								if r.IntN(3) == 0 {
									break
								}
							}
						case 4:
							c.Notify(room)
						default:
							bell(s)
						}
						if !slices.Contains(allowed, cc.KindOf(err)) {
							t.Errorf("%v", err)
						}
						cancel()
						time.Sleep(time.Duration(r.IntN(5)) * time.Millisecond)
					}
				}()
			}
			time.Sleep(100 * time.Millisecond)
			go func() { _ = c.Close() }()
			_ = c.Close()
			synctest.Wait()
			time.Sleep(time.Minute)
		})
	}
}
