package fake_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/internal/exported"
)

// TestEveryExportedTypeIsDiscreet walks the exported types: none of them shows a number, a name or an id
// in its Go form or in a log line. A new type needs a specimen.
func TestEveryExportedTypeIsDiscreet(t *testing.T) {
	const personal = "15550199"
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	leg := fake.Leg{CallID: personal, Address: personal, Name: personal, Login: personal, Called: personal, Role: personal, Data: personal}
	m, err := sw.Join(personal, leg)
	require.NoError(t, err)
	feed := sw.Subscribe(1)
	defer feed.Close()
	room, err := sw.Look(personal)
	require.NoError(t, err)
	profile := fake.Genesys()
	profile.Login = personal
	specimens := map[string]any{
		"Leg": leg, "Rules": fake.Rules{Capacity: 2}, "Entry": fake.EntryCommand, "Then": fake.GoOn, "Member": m, "MemberInfo": m.Info(),
		"RoomInfo": room, "Status": room.Status, "EndCause": fake.EndAlone, "ExitCause": fake.ExitLeft,
		"News": fake.News{Kind: fake.NewsJoined, Room: room, Member: m.Info()}, "NewsKind": fake.NewsJoined, "Feed": feed,
		"Request": fake.Request{Op: fake.OpSet, Conference: personal, Participant: personal, Change: cc.Change{Mute: cc.On}},
		"Fault":   fake.Fault{Op: fake.OpSet, What: fake.Refuse, On: personal, For: personal, Err: &cc.Error{Message: personal}},
		"Op":      fake.OpSet, "What": fake.Refuse, "Profile": profile, "IDs": fake.ByAddress, "RemoveBy": fake.OwnerOnly,
		"Options": fake.Options{}, "Switch": sw, "Timed": sw.Timed(fake.Fault{}),
	}
	types, err := exported.Types(".")
	require.NoError(t, err)
	require.ElementsMatch(t, types, slices.Collect(maps.Keys(specimens)))
	for name, v := range specimens {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		require.NotContains(t, log.String(), personal, name)
		require.NotContains(t, fmt.Sprintf("%#v", v), personal, name)
	}
	// The same values do carry it where it is asked for.
	require.Contains(t, fmt.Sprintf("%+v", m.Info()), personal)
	require.Contains(t, fmt.Sprintf("%+v", room), personal)
}

func TestLogLines(t *testing.T) {
	sw := fake.NewSwitch(fake.Options{})
	defer sw.Close()
	m, err := sw.Join("standup", fake.Leg{Mute: true})
	require.NoError(t, err)
	room, err := sw.Look("standup")
	require.NoError(t, err)
	m.HangUp()
	for want, v := range map[string]any{
		`v.state="mute=on,deaf=off,hold=off" v.cause=hung-up`:  m,
		`v.status=active v.members=1 v.ringing=0 v.departed=0`: room,
		`v.kind=left v.seq=3`:         fake.News{Kind: fake.NewsLeft, Seq: 3},
		`v.op=set v.change="mute=on"`: fake.Request{Op: fake.OpSet, Participant: "1", Change: cc.Change{Mute: cc.On}},
		`v.op=set v.what=hang`:        fake.Fault{Op: fake.OpSet, What: fake.Hang, For: "1"},
		`v.entry=command`:             fake.Leg{Entry: fake.EntryCommand},
		`v.name=genesys`:              fake.Genesys(),
		`v.conferences=0`:             sw,
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		require.Contains(t, log.String(), " "+want+"\n")
	}
	require.Equal(t, "fake.Switch{...} fake.Member{...}", fmt.Sprintf("%+v %d", sw, m))
}
