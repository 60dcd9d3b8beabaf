package fake_test

import (
	"testing"
	"testing/synctest"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs f in fake time with a Switch that is closed at the end.
func bubble(t *testing.T, o fake.Options, f func(t *testing.T, sw *fake.Switch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sw := fake.NewSwitch(o)
		defer func() { require.NoError(t, sw.Close()) }()
		f(t, sw)
	})
}

// join brings a leg in.
func join(t *testing.T, sw *fake.Switch, name string, leg fake.Leg) *fake.Member {
	t.Helper()
	m, err := sw.Join(name, leg)
	require.NoError(t, err)
	return m
}

// look returns the truth about a conference.
func look(t *testing.T, sw *fake.Switch, c cc.ConferenceID) fake.RoomInfo {
	t.Helper()
	r, err := sw.Look(c)
	require.NoError(t, err)
	return r
}

// ids returns the numbers of members in order.
func ids(ms []fake.MemberInfo) []cc.ParticipantID {
	list := []cc.ParticipantID{}
	for _, m := range ms {
		list = append(list, m.ID)
	}
	return list
}
