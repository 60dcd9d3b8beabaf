package standup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

func TestGiveTheFloor(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	client, err := sw.Client(fake.PlivoMPC()) // as Plivo would: it tells no names, and nobody can be deaf
	require.NoError(t, err)
	defer client.Close()

	ada, err := sw.Join("standup", fake.Leg{Name: "Ada"})
	require.NoError(t, err)
	ben, err := sw.Join("standup", fake.Leg{Name: "Ben"})
	require.NoError(t, err)

	// The worst of nights: the answer to a command is lost after it has been done.
	sw.Inject(fake.Fault{Op: fake.OpSet, What: fake.LoseAfter, Times: 1})

	require.NoError(t, GiveTheFloor(t.Context(), client.Conference("standup"), ada.ID()))
	require.True(t, ben.Hears(ada))
	require.False(t, ada.Hears(ben))
	require.Equal(t, callcontrol.On, ben.State().Mute)
}
