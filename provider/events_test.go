package provider_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

func bell(s *stub) { s.ring(provider.Update{Conference: room}) }

// First the subscription, then following, then the read that the story begins with.
func TestEventsBegin(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		e := p.last(t)
		require.Equal(t, "synced", p.words())
		require.Equal(t, time.UTC, e.At.Location())
		require.Equal(t, time.Now().UTC(), e.At)
		require.Equal(t, first, e.Snapshot.Instance)
		require.Len(t, e.Snapshot.Participants, 3)
		require.Equal(t, "listen follow-true snapshot", kinds(s.made("listen", "follow-true", "snapshot", "participant")))
		require.Equal(t, provider.ForWatching, s.made("snapshot")[0].purpose)
		time.Sleep(time.Hour)
		require.Equal(t, "", p.words(), "nothing happens, and nothing is told")
		require.Len(t, s.made("snapshot"), 1, "and nothing is read while the news comes")
	})
}

func TestEventsDifferences(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		require.Equal(t, "synced", p.words())

		time.Sleep(time.Second)
		s.join("4", "call-4")
		bell(s)
		e := p.last(t)
		require.Equal(t, "joined:4", p.words())
		require.Equal(t, "call-4", e.Participant.CallID)
		require.Len(t, e.Snapshot.Participants, 4)

		time.Sleep(time.Second)
		s.apply("1", mute)
		bell(s)
		e = p.last(t)
		require.Equal(t, "changed:1", p.words())
		require.Equal(t, off, e.Before)
		require.Equal(t, cc.On, e.Participant.State.Mute)

		time.Sleep(time.Second)
		s.leave("2")
		s.ring(provider.Update{Conference: first}) // by its Instance
		e = p.last(t)
		require.Equal(t, "left:2", p.words())
		require.Equal(t, "call-2", e.Participant.CallID)
		require.Len(t, e.Snapshot.Participants, 3)

		time.Sleep(time.Second)
		s.change(func(room *provider.Snapshot) { room.Controls = 0 })
		s.ring(provider.Update{}) // of all
		e = p.last(t)
		require.Equal(t, "changed:", p.words())
		require.Equal(t, cc.Participant{}, e.Participant)

		time.Sleep(time.Second)
		n := len(s.made("snapshot"))
		s.ring(provider.Update{Conference: "elsewhere"})
		synctest.Wait()
		require.Len(t, s.made("snapshot"), n, "another conference's news")
	})
}

// Bells are gathered for 100 ms, and the last one is never lost.
func TestDebounce(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		time.Sleep(time.Second)
		s.forget()
		began := time.Now()
		for range 1000 {
			bell(s)
			time.Sleep(time.Millisecond)
		}
		s.join("4", "call-4")
		bell(s)
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, "synced joined:4", p.words())
		reads := s.made("snapshot")
		require.Contains(t, []int{11, 12}, len(reads)) // the last bell rings just when a read is due
		for i, r := range reads {
			require.Equal(t, time.Duration(i)*100*time.Millisecond, r.at.Sub(began))
		}
	})
}

// All who range over one conference share its reads, and each is told everything.
func TestTwoReadersShareReads(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		a := record(t, conf)
		time.Sleep(time.Second)
		s.apply("1", mute) // of which no news has come
		b := record(t, c.Conference(room))
		require.Equal(t, "synced changed:1", a.words())
		require.Equal(t, "synced", b.words())
		require.Len(t, s.made("snapshot"), 2, "the second begins with a read of its own time")
		require.Len(t, s.made("follow-true"), 1)
		time.Sleep(time.Second)
		s.join("4", "call-4")
		bell(s)
		require.Equal(t, "joined:4", a.words())
		require.Equal(t, "joined:4", b.words())
		require.Len(t, s.made("snapshot"), 3)

		// What one writes into its Snapshot nobody else sees.
		time.Sleep(time.Second)
		s.join("5", "call-5")
		bell(s)
		list := a.last(t).Snapshot.Participants
		for i := range list {
			list[i] = cc.Participant{}
		}
		require.Equal(t, cc.ParticipantID("1"), b.last(t).Snapshot.Participants[2].ID)

		a.cancel()
		over, err := a.over()
		require.True(t, over)
		require.ErrorIs(t, err, cc.ErrCanceled)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, cc.OpEvents, err.(*cc.Error).Op)
		require.Empty(t, s.made("follow-false"))
		time.Sleep(time.Second)
		b.words()
		s.leave("5")
		bell(s)
		require.Equal(t, "left:5", b.words())
	})
}

// Breaking off ends what was done for the range: nothing is read or followed for nobody.
// A reader that begins after another run has got the name is told of that one, though those who were
// there before it are told by the same read that theirs has ended.
func TestReaderOfTheNextRun(t *testing.T) {
	s := newStub()
	s.onListen = deaf
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		before := record(t, conf)
		time.Sleep(time.Second)
		s.restart("uuid:2")
		after := record(t, conf)
		e := after.last(t)
		require.Equal(t, "synced", after.words())
		require.Equal(t, cc.ConferenceID("uuid:2"), e.Snapshot.Instance)
		require.Equal(t, "synced left:1:ended left:2:ended left:3:ended ended:ended", before.words())
		time.Sleep(time.Second)
		s.join("4", "call-4")
		time.Sleep(5 * time.Second)
		require.Equal(t, "joined:4", after.words())
	})
}

// Whom this client removed is told so, also when what it knew of them as it sent the command was of an
// earlier run.
func TestRemovedByName(t *testing.T) {
	s := newStub()
	s.onListen = deaf
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		old, err := s.read(t.Context(), room)
		require.NoError(t, err)
		s.restart("uuid:2")
		p := record(t, conf)
		require.Equal(t, "synced", p.words())
		s.with(func() {
			s.onSnapshot = func(context.Context, int) (provider.Snapshot, error) { return old, nil } // a slow answer
		})
		_, err = conf.Snapshot(t.Context())
		require.NoError(t, err)
		s.with(func() { s.onSnapshot = nil })
		require.NoError(t, conf.RemoveParticipant(t.Context(), "2"))
		time.Sleep(time.Second)
		require.Equal(t, "left:2:removed", p.words())
	})
}

// Who has the same number in another run, and was removed there by Instance, is none of this run.
func TestRemovedByInstance(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		p := record(t, conf)
		require.Equal(t, "synced", p.words())
		s.restart("uuid:2")
		second := c.Conference("uuid:2")
		_, err := second.Snapshot(t.Context())
		require.NoError(t, err)
		require.NoError(t, second.RemoveParticipant(t.Context(), "2"))
		time.Sleep(time.Second)
		require.Equal(t, "left:1:ended left:2:ended left:3:ended ended:ended", p.words())
	})
}

// A read that began before a reader tells it nothing, not even that there is no such conference.
func TestReaderAfterTheReadBegan(t *testing.T) {
	s := newStub()
	s.onListen = deaf
	s.finish()
	s.onSnapshot = func(ctx context.Context, n int) (provider.Snapshot, error) {
		room, err := s.read(ctx, room)
		if n == 1 {
			time.Sleep(time.Second)
		}
		return room, err
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		before := record(t, conf)
		synctest.Wait()
		s.restart("uuid:2")
		after := record(t, conf)
		time.Sleep(2 * time.Second)
		over, err := before.over()
		require.True(t, over)
		require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
		require.Equal(t, "synced", after.words())
	})
}

func TestBreak(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{Poll: time.Second}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		for range conf.Events(t.Context()) {
			break
		}
		synctest.Wait()
		require.Equal(t, "follow-true snapshot follow-false", kinds(s.made()))
		bell(s)
		time.Sleep(time.Minute)
		require.Len(t, s.made("snapshot"), 1)
	})
}

// One who breaks off and ranges again at once must not fall silent, however slow the vendor is to
// unfollow.
func TestFollowOrder(t *testing.T) {
	s := newStub()
	var following atomic.Bool
	s.onFollow = func(_ context.Context, on bool) error {
		if !on {
			time.Sleep(200 * time.Millisecond)
		}
		following.Store(on)
		return nil
	}
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		for range 3 {
			for range conf.Events(t.Context()) {
				break
			}
		}
		p := record(t, conf)
		time.Sleep(10 * time.Second)
		require.True(t, following.Load())
		require.Equal(t, "synced", p.words())
		p.cancel()
		time.Sleep(10 * time.Second)
		require.False(t, following.Load())

		// One who gives up while the one before is still unfollowed must not let a third overtake.
		for range conf.Events(t.Context()) {
			break
		}
		synctest.Wait()
		record(t, conf).cancel()
		synctest.Wait()
		record(t, conf)
		time.Sleep(10 * time.Second)
		require.True(t, following.Load())
	})
}

// A slow reader misses steps, never the outcome.
func TestSlowReader(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		fast := record(t, conf)
		require.Equal(t, "synced", p.words())
		time.Sleep(time.Second)
		require.Equal(t, "synced", fast.words())
		p.hold()
		s.join("4", "call-4")
		bell(s)
		time.Sleep(time.Second) // it has been told of 4, and thinks about it
		for i := range 50 {
			s.join("5", fmt.Sprint("call-5-", i))
			bell(s)
			time.Sleep(time.Second)
			s.leave("5")
			bell(s)
			time.Sleep(time.Second)
		}
		s.leave("4")
		s.apply("1", mute)
		bell(s)
		time.Sleep(time.Second)
		p.resume()
		require.Equal(t, "joined:4 left:4 changed:1", p.words())
		require.Equal(t, "joined:4 "+strings.Repeat("joined:5 left:5 ", 50)+"left:4 changed:1", fast.words())
	})
}

// Only these end a story with an error.
func TestEventsErrors(t *testing.T) {
	for kind := cc.ErrUnsupported; kind <= cc.ErrClosed; kind++ {
		for _, synced := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, " synced ", synced), func(t *testing.T) {
				s := newStub()
				var fail atomic.Bool
				fail.Store(!synced)
				s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
					if fail.Load() {
						return provider.Snapshot{}, &cc.Error{Kind: kind}
					}
					return s.read(ctx, room)
				}
				bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
					p := record(t, conf)
					if synced {
						require.Equal(t, "synced", p.words())
						fail.Store(true)
						s.ring(provider.Update{Gap: true})
					}
					time.Sleep(time.Second)
					over, err := p.over()
					switch kind {
					case cc.ErrUnsupported, cc.ErrUnauthenticated, cc.ErrForbidden, cc.ErrClosed:
						require.True(t, over)
						require.Equal(t, kind, cc.KindOf(err))
						require.Equal(t, "", p.words())
						require.Len(t, s.made("follow-false"), 1)
					case cc.ErrNotFound, cc.ErrNotParticipant:
						require.True(t, over)
						if !synced {
							require.Equal(t, cc.ErrNotFound, cc.KindOf(err))
							require.Equal(t, "", p.words())
							break
						}
						require.NoError(t, err)
						require.Equal(t, "left:1:ended left:2:ended left:3:ended ended:ended", p.words())
					default:
						require.False(t, over)
						require.Equal(t, "stale", p.words())
						fail.Store(false)
						time.Sleep(5 * time.Second)
						require.Equal(t, "synced+gap", p.words())
					}
				})
			})
		}
	}
}

// A read that is never answered is given up, and told as stale.
func TestEventsHangingRead(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		p := record(t, conf)
		s.with(func() {
			s.onSnapshot = func(ctx context.Context, _ int) (provider.Snapshot, error) {
				return provider.Snapshot{}, hang(ctx, cc.ErrUnavailable)
			}
		})
		s.ring(provider.Update{Gap: true})
		time.Sleep(11 * time.Second)
		require.Equal(t, "synced stale", p.words())
	})
}

func TestNotify(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		p := record(t, conf)
		require.Equal(t, "synced", p.words())
		for i, ids := range [][]cc.ConferenceID{{room}, {"elsewhere", first}, {}} {
			time.Sleep(time.Second)
			id := cc.ParticipantID(fmt.Sprint(4 + i))
			s.join(id, "call-"+string(id))
			c.Notify(ids...)
			require.Equal(t, "joined:"+string(id), p.words())
		}
		time.Sleep(time.Second)
		s.forget()
		c.Notify("elsewhere")
		c.Notify("")
		synctest.Wait()
		require.Empty(t, s.made())
	})
}

// What this client has done itself is looked at without waiting for news.
func TestOwnCommandsRing(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		p := record(t, conf)
		q := record(t, c.Conference(first))
		time.Sleep(time.Second)
		require.NoError(t, conf.SetParticipantState(t.Context(), "1", mute))
		require.Equal(t, "synced changed:1", p.words())
		require.Equal(t, "synced changed:1", q.words())
	})
}

// Nothing is told once the context has ended, not even what was known by then.
func TestCancelInTheLoop(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, _ cc.Client, conf cc.Conference) {
		ctx, cancel := context.WithCancel(t.Context())
		var got []cc.EventType
		var last error
		for e, err := range conf.Events(ctx) {
			if last = err; err != nil {
				continue
			}
			got = append(got, e.Type)
			if e.Type == cc.Synced {
				time.Sleep(time.Second)
				s.join("4", "call-4")
				s.join("5", "call-5")
				bell(s)
				continue
			}
			cancel()
		}
		cancel()
		require.Equal(t, []cc.EventType{cc.Synced, cc.Joined}, got)
		require.ErrorIs(t, last, context.Canceled)
	})
}

func TestCloseEndsStories(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		p, q := record(t, conf), record(t, c.Conference(first))
		stuck := record(t, conf)
		stuck.hold()
		bell(s)
		s.join("4", "call-4")
		time.Sleep(time.Second)
		began := time.Now()
		require.NoError(t, c.Close())
		require.Zero(t, time.Since(began), "a caller's loop is never waited for")
		for _, p := range []*tape{p, q} {
			over, err := p.over()
			require.True(t, over)
			require.Equal(t, cc.ErrClosed, cc.KindOf(err))
			require.Equal(t, began, p.ended)
		}
		require.Len(t, s.made("follow-false"), 2)
		s.forget()
		stuck.resume()
		over, err := stuck.over()
		require.True(t, over)
		require.Equal(t, cc.ErrClosed, cc.KindOf(err))
		require.Empty(t, s.made())
	})
}

// Close may be called in the body of the loop.
func TestCloseInTheLoop(t *testing.T) {
	s := newStub()
	bubble(t, s, provider.Options{}, func(t *testing.T, c cc.Client, conf cc.Conference) {
		var last error
		for _, err := range conf.Events(t.Context()) {
			last = err
			if err == nil {
				require.NoError(t, c.Close())
			}
		}
		require.Equal(t, cc.ErrClosed, cc.KindOf(last))
	})
}
