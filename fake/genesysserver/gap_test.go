package genesysserver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake"
)

// Where more happens at once than the feed has room for, everybody is told what has become of it.
func TestNothingIsLostForWantOfRoom(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	s, err := New(sw, Options{})
	require.NoError(t, err)
	defer s.Close()
	a, err := s.AddAgent(AgentOptions{User: "ana"})
	require.NoError(t, err)
	for _, name := range []string{"stays", "ends"} {
		_, err = a.Join(name)
		require.NoError(t, err)
	}
	require.NoError(t, s.Quiet(t.Context()))
	lift := sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Drop})
	_, err = sw.Join("stays", fake.Leg{Address: "15001"})
	require.NoError(t, err)
	_, err = sw.End("ends", fake.HangUp)
	require.NoError(t, err)
	_, err = a.Join("new")
	require.NoError(t, err)
	require.NoError(t, s.Quiet(t.Context()))
	lift()
	require.Len(t, s.recent["ana"], 2)

	s.tell(fake.News{Kind: fake.NewsGap})
	told := map[string]int{}
	for _, p := range s.recent["ana"][2:] {
		for _, kind := range []string{`"ParticipantsUpdated"`, `"state":"Released"`, `"state":"Established"`} {
			if strings.Contains(string(p.data), kind) {
				told[kind]++
			}
		}
	}
	require.Equal(t, map[string]int{`"ParticipantsUpdated"`: 1, `"state":"Released"`: 1, `"state":"Established"`: 2}, told)
	require.Len(t, s.runs, 2)

	// A gap that a fault has made stays one.
	n := len(s.recent["ana"])
	sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Gap, Times: 1})
	_, err = sw.Join("stays", fake.Leg{Address: "15002"})
	require.NoError(t, err)
	require.NoError(t, s.Quiet(t.Context()))
	require.Len(t, s.recent["ana"], n)
}

// Records of runs whose end was lost are dropped when there are many.
func TestRecordsAreBounded(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	s, err := New(sw, Options{})
	require.NoError(t, err)
	defer s.Close()
	// What names nobody is lost: that a run begins and that it ends.
	defer sw.Inject(fake.Fault{Op: fake.OpNews, What: fake.Drop, Match: func(r fake.Request) bool { return r.Participant == "" }})()
	for range 10 {
		s.mu.Lock()
		s.fullAt = 3
		s.mu.Unlock()
		m, err := sw.Join("c", fake.Leg{})
		require.NoError(t, err)
		require.NoError(t, s.Quiet(t.Context()))
		m.HangUp()
		require.NoError(t, s.Quiet(t.Context()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.runs)
	require.LessOrEqual(t, len(s.runs), 3)
}
