package fake_test

import (
	"strings"
	"testing"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/stretchr/testify/require"
)

func TestALongNumberGetsNoLongerBySuffix(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	long := strings.Repeat("7", 128)
	join(t, sw, "c", fake.Leg{Login: fake.Me, Address: "7001"})
	join(t, sw, "c", fake.Leg{Address: long})
	join(t, sw, "c", fake.Leg{Address: long})
	join(t, sw, "c", fake.Leg{Address: long + "7"})
	var got []cc.ParticipantID
	for _, p := range snapshot(t, driver(t, sw, fake.Genesys()), "c").Participants {
		got = append(got, p.ID)
	}
	require.Equal(t, []cc.ParticipantID{"7001", cc.ParticipantID(long), "#1", "#2"}, got)
}

// FuzzNumbersAsIDs holds that whatever numbers people have, they are listed under ids that are
// distinct, can be said, and lead to exactly the person listed, or to a conflict.
func FuzzNumbersAsIDs(f *testing.F) {
	f.Add("15001\n15001\n15001#2")
	f.Add("\n\n#1\n#2\n#1")
	f.Add("all\n..\na/b\n1,2\n 7\n7\n7#2\n7\n7#3")
	f.Add(strings.Repeat("9", 128) + "\n" + strings.Repeat("9", 128))
	f.Add("sip:a@b.test\nSIP:a@b.test\n\x00\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		numbers := strings.Split(text, "\n")
		if len(numbers) > 16 {
			return
		}
		sw := fake.NewSwitch(fake.Options{})
		defer sw.Close()
		p := fake.Genesys()
		d := driver(t, sw, p)
		join(t, sw, "c", fake.Leg{Login: fake.Me, Address: "7001"})
		times := map[string]int{"7001": 1}
		members := map[cc.ParticipantID]*fake.Member{}
		for _, number := range numbers {
			m := join(t, sw, "c", fake.Leg{Address: number, Withheld: number == ""})
			times[number]++
			members[m.ID()] = m
		}
		byID := map[cc.ParticipantID]*fake.Member{}
		for _, m := range members {
			byID[p.ParticipantID(m)] = m
		}
		require.Len(t, byID, len(numbers))
		for _, listed := range snapshot(t, d, "c").Participants {
			require.NoError(t, d.CheckParticipant(listed.ID))
			m := byID[listed.ID]
			if m == nil {
				require.Equal(t, cc.ParticipantID("7001"), listed.ID)
				continue
			}
			require.Equal(t, m.Address(), listed.Address)
			_, err := d.Remove(t.Context(), "c", listed.ID)
			if listed.Controls == 0 {
				require.Equal(t, cc.ErrConflict, cc.KindOf(err))
				require.True(t, m.Present())
				continue
			}
			require.NoError(t, err)
			require.False(t, m.Present())
			require.Equal(t, m.Address(), string(listed.ID))
			require.Equal(t, 1, times[m.Address()])
			return // the ids of those who are left may be others now
		}
	})
}
