package fake_test

import (
	"testing"
	"time"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
)

// RoomsOf follows the read lag, as every read; LookOf does not.
func TestRoomsOfOneLogin(t *testing.T) {
	bubble(t, fake.Options{ReadLag: time.Second}, func(t *testing.T, sw *fake.Switch) {
		_, err := sw.Join("a", fake.Leg{Login: "ana"})
		require.NoError(t, err)
		_, err = sw.Join("b", fake.Leg{Login: "bob"})
		require.NoError(t, err)
		rings := dial(t, sw, "b", fake.Leg{Login: "ana"})[0]
		names := func(rooms []fake.RoomInfo) []string {
			list := []string{}
			for _, r := range rooms {
				list = append(list, r.Name)
			}
			return list
		}
		require.Equal(t, []string{"a", "b"}, names(sw.LookOf("ana")))
		require.Equal(t, []string{"b"}, names(sw.LookOf("bob")))
		require.Empty(t, sw.LookOf("eve"))
		require.Empty(t, sw.RoomsOf("ana"))
		time.Sleep(time.Second)
		require.Equal(t, []string{"a", "b"}, names(sw.RoomsOf("ana")))

		_, err = sw.End("a", fake.HangUp)
		require.NoError(t, err)
		require.NoError(t, rings.Decline())
		require.Empty(t, sw.LookOf("ana"))
		require.Equal(t, []string{"a", "b"}, names(sw.RoomsOf("ana")))
		time.Sleep(time.Second)
		require.Empty(t, sw.RoomsOf("ana"))
	})
}
