package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A crowd is a stub at a vendor that has many other conferences.
type crowd struct{ *stub }

func (d crowd) Snapshot(ctx context.Context, c cc.ConferenceID) (provider.Snapshot, error) {
	if strings.HasPrefix(string(c), "other") {
		return provider.Snapshot{Snapshot: cc.Snapshot{Conference: c, Instance: "uuid:" + c}}, nil
	}
	return d.stub.Snapshot(ctx, c)
}

// A watch hears of its conference by name and by Instance, whichever it was asked for by, also after so
// many others were read that the client has forgotten which belong together.
func TestAWatchIsNotDeafToItsOtherName(t *testing.T) {
	for _, test := range []struct{ watched, rung cc.ConferenceID }{
		{room, room}, {room, first}, {first, room}, {first, first},
	} {
		for _, others := range []int{0, 300} {
			t.Run(fmt.Sprint(test.watched, " ", test.rung, " ", others), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStub()
					c, err := provider.New(crowd{s}, provider.Options{})
					require.NoError(t, err)
					defer func() { require.NoError(t, c.Close()) }()
					p := record(t, c.Conference(test.watched))
					require.Equal(t, "synced", p.words())
					for i := range others {
						_, err := c.Conference(cc.ConferenceID(fmt.Sprint("other", i))).Snapshot(context.Background())
						require.NoError(t, err)
					}
					for _, ring := range []func(){
						func() { s.ring(provider.Update{Conference: test.rung}) },
						func() { c.Notify(test.rung) },
					} {
						time.Sleep(time.Second)
						s.forget()
						ring()
						synctest.Wait()
						require.Len(t, s.made("snapshot"), 1)
						time.Sleep(time.Second)
						c.Notify("other1", "uuid:other1", "stranger")
						s.ring(provider.Update{Conference: "uuid:2"})
						synctest.Wait()
						require.Len(t, s.made("snapshot"), 1, "what rings for others is not heard")
						for i := range others { // and again, since the watch has read
							_, err := c.Conference(cc.ConferenceID(fmt.Sprint("other", i))).Snapshot(context.Background())
							require.NoError(t, err)
						}
					}
				})
			})
		}
	}
}
