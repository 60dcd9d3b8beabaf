package plivo_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// Identifiers that have addressed something else, or everybody, through one client library or
// another.
var hostile = []string{
	"", " ", "  ", ".", "..", "...", "../../x", "a/../../b", "name with space/%2F", "a/b", "/", "\\", "a\\b", "10?x=1", "10#f", "%2e%2e%2f",
	"%2e%2e", "%00", "10\r\nX: y", "10\x00", "\t", "10\n", "ä", "１０", "\xff", "all", "ALL", "All", "participants", "last", "non_moderator",
	"10,11", "10<11", "10;11", "*", "10 ", " 10", "1 0", "-1", "+10", "1e1", "0x10", "10.0", "name_x", "uuid_x", "uuid:", "uuid:all",
	"uuid:..", "uuid:a/b", "uuid:a b", "UUID:" + runA, "Member", strings.Repeat("1", 21), strings.Repeat("a", 129), "a  b", "<b>", "a&b", "a=b", `"`, "'", "{}",
}

func TestHostileParticipantsReachNobody(t *testing.T) {
	for _, open := range []func(plivo.Options) (cc.Client, error){plivo.NewMPC, plivo.NewConference} {
		w := newWire()
		c := client(t, open, options(w)).Conference("room")
		for _, id := range hostile {
			p := cc.ParticipantID(id)
			require.ErrorIs(t, c.RemoveParticipant(background, p), cc.ErrInvalid, "%q", id)
			require.ErrorIs(t, c.SetParticipantState(background, p, cc.Change{Mute: cc.On}), cc.ErrInvalid, "%q", id)
		}
		require.Empty(t, w.lines())
	}
}

func TestHostileRoomsReachNobody(t *testing.T) {
	segments := map[string]string{ // what is a name like any other
		"name_x": "name_x", "uuid_x": "uuid_x", "-1": "-1", "1 0": "1%200", "1e1": "1e1", "0x10": "0x10", "10.0": "10.0",
		"Member": "Member", strings.Repeat("1", 21): strings.Repeat("1", 21),
	}
	for _, x := range []struct {
		open   func(plivo.Options) (cc.Client, error)
		prefix string
	}{{plivo.NewMPC, "/MultiPartyCall/name_"}, {plivo.NewConference, "/Conference/"}} {
		for _, id := range hostile {
			w := newWire()
			w.otherise = status(403, "")
			c := client(t, x.open, options(w)).Conference(cc.ConferenceID(id))
			_, err := c.Snapshot(background)
			errs := []error{err, c.End(background), c.RemoveParticipant(background, "10"),
				c.SetParticipantState(background, "10", cc.Change{Mute: cc.On})}
			segment, fine := segments[id]
			for _, err := range errs {
				require.Equal(t, fine, !isInvalid(err), "%q: %v", id, err)
			}
			if !fine {
				require.Empty(t, w.lines(), "%q", id)
				continue
			}
			require.NotEmpty(t, w.lines())
			for _, line := range w.lines() {
				_, path, _ := strings.Cut(line, " ")
				require.True(t, strings.HasPrefix(path, x.prefix+segment+"/"), path)
			}
		}
	}
}

func isInvalid(err error) bool { return cc.KindOf(err) == cc.ErrInvalid }

func TestGrammars(t *testing.T) {
	mpc, conference := mpcDriver(t, newWire()), conferenceDriver(t, newWire())
	for _, id := range []cc.ConferenceID{"standup", "stand up", "a.b-c_d", "1", cc.ConferenceID(strings.Repeat("a", 128))} {
		require.NoError(t, mpc.CheckConference(id))
		require.NoError(t, conference.CheckConference(id))
	}
	for _, id := range []cc.ConferenceID{instanceA, "uuid:a", "uuid:A-1"} {
		require.NoError(t, mpc.CheckConference(id))
		require.ErrorIs(t, conference.CheckConference(id), cc.ErrInvalid)
	}
	for _, id := range []cc.ParticipantID{"0", "10", cc.ParticipantID(strings.Repeat("9", 20))} {
		require.NoError(t, mpc.CheckParticipant(id))
		require.NoError(t, conference.CheckParticipant(id))
	}
}

// What the list of an odd server holds makes no handle that addresses another.
func TestOddNamesInTheListOfConferences(t *testing.T) {
	w := newWire().on("GET /Conference/", ok(`{"api_id":"a","conferences":["room a","all","a/b","",7,null,["x"],"ä","ok"]}`))
	require.Equal(t, []cc.Summary{
		{Conference: "room a", Instance: "room a", Participants: -1},
		{Conference: "7", Instance: "7", Participants: -1},
		{Conference: "x", Instance: "x", Participants: -1},
		{Conference: "ok", Instance: "ok", Participants: -1},
	}, all(t, conferenceDriver(t, w).Conferences(background)))
}

// The key can be missing, and the list empty, where no conference is live.
func TestNoConference(t *testing.T) {
	for _, body := range []string{`{"api_id":"a","conferences":[]}`, `{"api_id":"a"}`, `{"api_id":"a","conferences":null}`} {
		w := newWire().on("GET /Conference/", ok(body))
		require.Empty(t, all(t, conferenceDriver(t, w).Conferences(background)))
	}
}

// A room whose name this library refuses is a room like any other by its Instance: a command of
// unknown outcome is sent again, since the handle itself names the run.
func TestARoomWithAnOddNameIsOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := "/MultiPartyCall/uuid_" + runA + "/"
		odd := strings.Replace(activeRoom, `"standup"`, `"odd / name"`, 1)
		w := newWire().on("GET "+path, ok(odd), status(404, "{}")).on(listPath, page(agent10)).
			on("DELETE "+path, status(500, ""), status(204, ""))
		require.NoError(t, client(t, plivo.NewMPC, options(w)).Conference(instanceA).End(background))
		require.Equal(t, []string{
			"DELETE " + path, "GET " + path, listPath + "?limit=20&offset=0", "DELETE " + path, "GET " + path,
		}, w.lines())
	})
}
