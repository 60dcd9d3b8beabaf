package provider_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/mock/gomock"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/mocks"
	"github.com/callcontrol-go/callcontrol/provider"
)

// A mock knows only the calls that it was told to expect: anything else that the driver is asked
// fails the test.
func mocked(t *testing.T, caps cc.Capabilities) *mocks.MockDriver {
	m := mocks.NewMockDriver(gomock.NewController(t))
	m.EXPECT().Name().Return("mocked")
	m.EXPECT().Capabilities().Return(caps)
	m.EXPECT().Close()
	return m
}

func TestWhatIsRefusedAsksTheDriverNothing(t *testing.T) {
	m := mocked(t, cc.Capabilities{Others: cc.CanMute})
	bad := &cc.Error{Kind: cc.ErrForbidden, Code: "grammar"}
	m.EXPECT().CheckConference(cc.ConferenceID("bad")).Return(bad).AnyTimes()
	m.EXPECT().CheckConference(room).Return(nil).AnyTimes()
	m.EXPECT().CheckParticipant(cc.ParticipantID("bad")).Return(bad).AnyTimes()
	m.EXPECT().CheckParticipant(cc.ParticipantID("1")).Return(nil).AnyTimes()
	watcher := mocks.NewMockObserver(gomock.NewController(t))
	refusals := 0
	watcher.EXPECT().Command(gomock.Any(), gomock.Any()).Times(7).DoAndReturn(
		func(ctx context.Context, _ cc.Command) (context.Context, func(error)) {
			return ctx, func(err error) {
				require.Error(t, err)
				refusals++
			}
		})

	c, err := provider.New(m, provider.Options{Observer: watcher})
	require.NoError(t, err)
	conf, wrong := c.Conference(room), c.Conference("bad")
	ctx := t.Context()
	_, err = wrong.Snapshot(ctx)
	require.Equal(t, cc.ErrInvalid, cc.KindOf(err), "whatever the driver's grammar calls it")
	require.Equal(t, "grammar", codeOf(err))
	require.Equal(t, cc.ErrInvalid, cc.KindOf(wrong.End(ctx)))
	require.Equal(t, cc.ErrInvalid, cc.KindOf(wrong.SetParticipantState(ctx, "1", mute)))
	require.Equal(t, cc.ErrInvalid, cc.KindOf(conf.SetParticipantState(ctx, "bad", mute)))
	require.Equal(t, cc.ErrInvalid, cc.KindOf(conf.SetParticipantState(ctx, "1", cc.Change{})))
	require.Equal(t, cc.ErrUnsupported, cc.KindOf(conf.SetParticipantState(ctx, "1", cc.Change{Mute: cc.On, Hold: cc.On})))
	require.Equal(t, cc.ErrUnsupported, cc.KindOf(conf.RemoveParticipant(ctx, "1")))
	require.Equal(t, cc.ErrUnsupported, cc.KindOf(conf.End(ctx)))
	require.Equal(t, 7, refusals)
	require.NoError(t, c.Close())
}

// A command whose answer is proof is one call, and no read follows it.
func TestDoneAsksTheDriverOnce(t *testing.T) {
	m := mocked(t, everything)
	m.EXPECT().CheckConference(room)
	m.EXPECT().CheckParticipant(cc.ParticipantID("1"))
	m.EXPECT().Listen(gomock.Any(), gomock.Any()).Return(&cc.Error{Kind: cc.ErrUnsupported}).MaxTimes(1)
	m.EXPECT().SetState(gomock.Any(), room, cc.ParticipantID("1"), mute).Return(provider.Result{Done: true}, nil)
	c, err := provider.New(m, provider.Options{})
	require.NoError(t, err)
	require.NoError(t, c.Conference(room).SetParticipantState(t.Context(), "1", mute))
	require.NoError(t, c.Close())
}
