package plivo_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// lagging has the bridge do what it accepted after one time, and show it after another.
func lagging(do, show time.Duration) func(*fake.Options, *plivo.Options) {
	return func(o *fake.Options, _ *plivo.Options) { o.Lag, o.ReadLag = do, show }
}

// Nil means done: a command comes back when a read has shown the effect, and soon after that.
func TestNilMeansDone(t *testing.T) {
	const lag = 200 * ms
	for name, x := range map[string]struct{ do, show time.Duration }{
		"done later":            {lag, 0},
		"shown later":           {0, lag},
		"done and shown later":  {lag, lag},
		"done much later":       {3 * s1, 0},
		"shown much later":      {0, 3 * s1},
		"done at the last read": {7990 * ms, 0},
	} {
		t.Run(name, func(t *testing.T) {
			eachDeed(t, func(t *testing.T, p product, d deed) {
				r := newRig(t, p, lagging(x.do, x.show))
				time.Sleep(10 * s1)
				r.began = time.Now()
				require.NoError(t, d.do(background, r.conf, r))
				require.True(t, d.done(r), "it came back before the effect")
				require.GreaterOrEqual(t, r.clock(), x.do+x.show)
				require.LessOrEqual(t, r.clock(), min(8*s1, (x.do+x.show)*2+100*ms), "nobody waits twice as long as it takes")
				commands, reads := r.seen()
				require.Equal(t, []time.Duration{0}, commands)
				require.Zero(t, reads[0], "the first read is at once")
			})
		})
	}
}

// Every state that a driver has, on and off, one after the other and all of them at once.
func TestNilMeansDoneForEveryState(t *testing.T) {
	for _, p := range products {
		t.Run(p.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, p, lagging(100*ms, 100*ms))
			boss := r.join(fake.Leg{Role: cc.RoleSupervisor})
			time.Sleep(s1)
			set := func(c cc.Change, want cc.ParticipantState) {
				t.Helper()
				began := r.clock()
				require.NoError(t, r.conf.SetParticipantState(background, boss.ID(), c))
				require.Equal(t, want, boss.State(), "%v", c)
				require.GreaterOrEqual(t, r.clock()-began, 200*ms)
			}
			state := cc.ParticipantState{Mute: cc.Off, Deaf: cc.Off, Hold: cc.Off, Coach: cc.On}
			require.Equal(t, state, boss.State())
			on, off := cc.Change{Mute: cc.On, Deaf: cc.On}, cc.Change{Mute: cc.Off, Deaf: cc.Off}
			if p.name == plivo.MPC {
				on = cc.Change{Mute: cc.On, Hold: cc.On, Coach: cc.Off}
				off = cc.Change{Mute: cc.Off, Hold: cc.Off, Coach: cc.On}
			}
			for _, x := range []struct{ with, without cc.Change }{{on, off}, {off, on}} {
				for _, field := range []func(c *cc.Change, s *cc.ParticipantState) (*cc.Toggle, *cc.Toggle){
					func(c *cc.Change, s *cc.ParticipantState) (*cc.Toggle, *cc.Toggle) { return &c.Mute, &s.Mute },
					func(c *cc.Change, s *cc.ParticipantState) (*cc.Toggle, *cc.Toggle) { return &c.Deaf, &s.Deaf },
					func(c *cc.Change, s *cc.ParticipantState) (*cc.Toggle, *cc.Toggle) { return &c.Hold, &s.Hold },
					func(c *cc.Change, s *cc.ParticipantState) (*cc.Toggle, *cc.Toggle) { return &c.Coach, &s.Coach },
				} {
					want, is := field(&x.with, &state)
					if *want == cc.Unset {
						continue
					}
					*is = *want
					var one cc.Change
					only, _ := field(&one, &state)
					*only = *want
					set(one, state)
				}
				for _, all := range []cc.Change{x.without, x.with} { // several at once, there and back
					for _, f := range []struct {
						from cc.Toggle
						to   *cc.Toggle
					}{{all.Mute, &state.Mute}, {all.Deaf, &state.Deaf}, {all.Hold, &state.Hold}, {all.Coach, &state.Coach}} {
						if f.from != cc.Unset {
							*f.to = f.from
						}
					}
					set(all, state)
				}
			}
			for _, m := range []*fake.Member{r.anna, r.bob} {
				require.Equal(t, cc.Off, m.State().Mute)
				require.Equal(t, cc.Off, m.State().Deaf)
				require.Equal(t, cc.Off, m.State().Hold)
			}
		}))
	}
}

// An effect that never comes is ErrUncertain within the deadline, after the read that was to decide.
func TestAnEffectThatNeverComes(t *testing.T) {
	for within, decides := range map[time.Duration]time.Duration{
		0:         8 * s1, // of 10
		500 * ms:  400 * ms,
		9990 * ms: 7992 * ms,
		20 * s1:   18 * s1, // two seconds at most are left for it
	} {
		for _, late := range []bool{false, true} {
			if late && within > 0 {
				continue
			}
			eachDeed(t, func(t *testing.T, p product, d deed) {
				r := newRig(t, p, func(o *fake.Options, _ *plivo.Options) {
					if late {
						o.Lag = decides + ms // after that read
					}
				})
				if !late {
					r.ignore()
				}
				ctx, cancel := context.WithCancel(background)
				if within > 0 {
					cancel()
					ctx, cancel = context.WithTimeout(background, within)
				}
				defer cancel()
				requireOutcome(t, d.do(ctx, r.conf, r), cc.ErrUncertain)
				require.Equal(t, decides, r.clock())
				require.False(t, d.done(r))
				commands, reads := r.seen()
				require.Len(t, commands, 1)
				require.Equal(t, decides, reads[len(reads)-1], "the read that decides was made")
			})
		}
	}
}

// Who has asked for speed gets nil for what was accepted, and no read.
func TestUnconfirmed(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p, func(o *fake.Options, p *plivo.Options) { o.Lag, p.Unconfirmed = s1, true })
		require.NoError(t, d.do(background, r.conf, r))
		require.Zero(t, r.clock())
		require.False(t, d.done(r))
		time.Sleep(s1)
		require.True(t, d.done(r))
	})
}

// Removing the last one ends the room, and that is what was asked.
func TestTheLastOneIsRemoved(t *testing.T) {
	for _, x := range []struct{ do, show time.Duration }{{0, 0}, {200 * ms, 0}, {0, 200 * ms}, {200 * ms, 200 * ms}} {
		for _, p := range products {
			for _, removal := range []plivo.Removal{plivo.RemoveLeave, plivo.RemoveHangUp} {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, p, lagging(x.do, x.show), func(_ *fake.Options, o *plivo.Options) { o.Remove = removal })
					time.Sleep(s1)
					require.NoError(t, r.conf.RemoveParticipant(background, r.anna.ID()))
					require.True(t, r.bob.Present())
					require.NoError(t, r.conf.RemoveParticipant(background, r.bob.ID()))
					require.False(t, r.bob.Present())
					require.Equal(t, removal == plivo.RemoveLeave, r.bob.Up())
					_, err := r.conf.Snapshot(background)
					requireOutcome(t, err, cc.ErrNotFound)
				})
			}
		}
	}
	// A room that ends when one is left alone: removing the one ends it for the other.
	for _, p := range products {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, p, lagging(200*ms, 200*ms))
			legs := []*fake.Member{}
			for range 2 {
				m, err := r.sw.Join("pair", fake.Leg{Rules: &fake.Rules{EndAlone: true}})
				require.NoError(t, err)
				legs = append(legs, m)
			}
			time.Sleep(s1)
			require.NoError(t, r.client.Conference("pair").RemoveParticipant(background, legs[0].ID()))
			require.False(t, legs[0].Present() || legs[1].Present())
		})
	}
}

// News from elsewhere bring the next read forward, and prove nothing.
func TestABellBringsTheReadForward(t *testing.T) {
	eachDeed(t, func(t *testing.T, p product, d deed) {
		r := newRig(t, p, lagging(1300*ms, 0))
		c := r.begin(func() error { return d.do(background, r.conf, r) })
		time.Sleep(1290 * ms)
		r.client.Notify(rigRoom) // too early
		synctest.Wait()
		time.Sleep(10 * ms)
		r.client.Notify(rigRoom)
		c.wait(t)
		require.NoError(t, c.err)
		require.Equal(t, 1300*ms, c.at)
		_, reads := r.seen()
		require.Contains(t, reads, 1290*ms)
	})
}

// What a client is told when somebody else undoes what it does, or is faster.
func TestSomebodyElseIsFaster(t *testing.T) {
	for _, p := range products {
		t.Run(p.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, p, lagging(200*ms, 0))
			c := r.begin(func() error { return r.conf.RemoveParticipant(background, r.anna.ID()) })
			time.Sleep(100 * ms)
			r.anna.HangUp()
			require.NoError(t, c.wait(t).err, "she is not there any more")

			c = r.begin(func() error { return r.conf.SetParticipantState(background, r.bob.ID(), cc.Change{Mute: cc.On}) })
			time.Sleep(100 * ms)
			r.bob.HangUp()
			requireOutcome(t, c.wait(t).err, cc.ErrUncertain)
		}))
	}
}

// Commands on one participant are done one after the other, each before the next is sent.
func TestOneAfterTheOther(t *testing.T) {
	for _, p := range products {
		t.Run(p.name, inFakeTime(func(t *testing.T) {
			r := newRig(t, p, lagging(200*ms, 100*ms))
			time.Sleep(s1)
			r.began = time.Now()
			var all []*running
			for _, to := range []cc.Toggle{cc.On, cc.Off, cc.On, cc.Off, cc.On} {
				all = append(all, r.begin(func() error {
					err := r.conf.SetParticipantState(background, r.anna.ID(), cc.Change{Mute: to})
					if is := r.anna.State().Mute; err == nil && is != to {
						t.Errorf("it is %v and not %v", is, to)
					}
					return err
				}))
				synctest.Wait()
			}
			other := r.begin(func() error { return r.conf.RemoveParticipant(background, r.bob.ID()) })
			for i, c := range all {
				require.NoError(t, c.wait(t).err)
				synctest.Wait()
				commands, _ := r.seen()
				require.Len(t, commands, min(i+3, 6))
			}
			require.NoError(t, other.wait(t).err)
			require.Less(t, other.at, all[2].at, "nobody waits for somebody else's")
		}))
	}
}
