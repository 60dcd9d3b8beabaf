package provider

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

func snapshotOf(name, instance cc.ConferenceID, list ...cc.Participant) *Snapshot {
	return &Snapshot{Snapshot: cc.Snapshot{Conference: name, Instance: instance, Participants: list}}
}

func TestMemoryIsBounded(t *testing.T) {
	var m memory
	m.saw("kept", snapshotOf("kept", "kept"))
	for i := range 10 * memorySize {
		id := cc.ConferenceID(fmt.Sprint("room", i))
		m.saw(id, snapshotOf(id, "uuid:"+id))
		m.sawOne("one"+id, "one"+id, cc.Participant{ID: "1"})
		require.LessOrEqual(t, len(m.entries), memorySize)
		require.NotNil(t, m.get(id), "the latest is remembered")
		require.NotNil(t, m.get("kept"), "what is used is remembered")
	}
	require.Len(t, m.entries, memorySize)
	require.Nil(t, m.get("room0"), "the oldest is forgotten")
}

func TestMemoryAliases(t *testing.T) {
	var m memory
	m.saw("room", snapshotOf("room", "uuid:1", cc.Participant{ID: "1", CallID: "a"}))
	for _, id := range []cc.ConferenceID{"room", "uuid:1"} {
		e := m.get(id)
		require.NotNil(t, e, id)
		require.Equal(t, evidence{
			handle: id, known: true, instance: "uuid:1", named: true, others: e.participants,
			present: true, callID: "a", self: no,
		}, e.evidence(id, "1"))
	}
	m.sawOne("room", "uuid:1", cc.Participant{ID: "1", CallID: "b", Self: true})
	require.Equal(t, "b", m.get("uuid:1").evidence("uuid:1", "1").callID)
	require.Equal(t, yes, m.get("room").evidence("room", "1").self)

	// Another run under the name has nothing to do with the one before.
	m.sawOne("room", "uuid:2", cc.Participant{ID: "2"})
	require.False(t, m.get("room").evidence("room", "1").present)
	require.True(t, m.get("uuid:1").evidence("uuid:1", "1").present)
}

// What has been handed out is never changed afterwards.
func TestMemoryEvidenceStandsStill(t *testing.T) {
	var m memory
	m.saw("room", snapshotOf("room", "room", cc.Participant{ID: "1", CallID: "a"}, cc.Participant{ID: "2"}))
	ev := m.get("room").evidence("room", "1")
	m.sawOne("room", "room", cc.Participant{ID: "1", CallID: "b"})
	m.sawNone("room", "2")
	m.sawOver("room")
	require.Equal(t, []cc.Participant{{ID: "1", CallID: "a"}, {ID: "2"}}, ev.others)
}

func TestMemoryAsAsked(t *testing.T) {
	muted := cc.Participant{ID: "1", State: cc.ParticipantState{Mute: cc.On}}
	remove, end := order{op: opRemove, part: "1"}, order{op: opEnd}
	mute := order{op: opSet, part: "1", change: cc.Change{Mute: cc.On}}
	unmute := order{op: opSet, part: "1", change: cc.Change{Mute: cc.Off}}
	for _, test := range []struct {
		name   string
		memo   memo
		order  order
		expect bool
	}{
		{"end, live", memo{whole: true}, end, false},
		{"end, over", memo{over: true}, end, true},
		{"remove, over", memo{over: true}, remove, true},
		{"remove, there", memo{whole: true, participants: []cc.Participant{muted}}, remove, false},
		{"remove, not there", memo{whole: true}, remove, true},
		{"remove, nobody knows", memo{}, remove, false},
		{"mute, is", memo{participants: []cc.Participant{muted}}, mute, true},
		{"unmute, is not", memo{participants: []cc.Participant{muted}}, unmute, false},
		{"mute, not there", memo{whole: true}, mute, true},
		{"mute, nobody knows", memo{}, mute, false},
		{"mute, not told", memo{participants: []cc.Participant{{ID: "1"}}}, mute, false},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.expect, test.memo.asAsked(test.order)) })
	}
}
