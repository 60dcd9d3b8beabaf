package plivo_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// A shape writes the meta of a page as one of the sources has it.
type shape func(count, limit, offset, length int) string

func next(count, limit, offset int) string {
	if offset+limit >= count {
		return "null"
	}
	return fmt.Sprintf(`"/v1/Account/%s/MultiPartyCall/?limit=%d&offset=%d"`, authID, limit, offset+limit)
}

// The page "Retrieve all multiparty calls" and fixtures: count in the Go, Python and Ruby fixtures, total_count in a Java one, no next and
// previous on a newer page.
var shapes = map[string]shape{
	"count": func(count, limit, offset, _ int) string {
		return fmt.Sprintf(`{"count":%d,"limit":%d,"offset":%d,"previous":null,"next":%s}`, count, limit, offset, next(count, limit, offset))
	},
	"total_count": func(count, limit, offset, _ int) string {
		return fmt.Sprintf(`{"total_count":%d,"limit":%d,"offset":%d,"previous":null,"next":%s}`, count, limit, offset, next(count, limit, offset))
	},
	"without next": func(count, limit, offset, _ int) string {
		return fmt.Sprintf(`{"count":%d,"limit":%d,"offset":%d}`, count, limit, offset)
	},
	"count as text": func(count, limit, offset, _ int) string {
		return fmt.Sprintf(`{"count":"%d","limit":"%d"}`, count, limit)
	},
	"next alone": func(count, limit, offset, _ int) string {
		return fmt.Sprintf(`{"next":%s}`, next(count, limit, offset))
	},
	"nothing": func(_, _, _, _ int) string { return `{}` },
}

func person(id int) string { return fmt.Sprintf(`{"member_id":"%d","role":"agent"}`, id) }

func pageOf(s shape, count, offset int, objects ...string) answer {
	return ok(fmt.Sprintf(`{"meta":%s,"objects":[%s]}`, s(count, 20, offset, len(objects)), strings.Join(objects, ",")))
}

func people(from, to int) (list []string) {
	for i := from; i <= to; i++ {
		list = append(list, person(i))
	}
	return list
}

func offset(n int) string { return fmt.Sprintf("%s?limit=20&offset=%d", listPath, n) }

func ids(list []cc.Participant) (ids []string) {
	for _, p := range list {
		ids = append(ids, string(p.ID))
	}
	return ids
}

func numbers(from, to int) (list []string) {
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

func TestEveryPageIsReadInEveryShape(t *testing.T) {
	for name, s := range shapes {
		for _, n := range []int{1, 19, 21, 45} {
			t.Run(fmt.Sprintf("%s of %d", name, n), func(t *testing.T) {
				w := newWire().on(roomPath, ok(activeRoom))
				for o := 0; o < n; o += 20 {
					w.on(offset(o), pageOf(s, n, o, people(o+1, min(n, o+20))...))
				}
				got, err := mpcDriver(t, w).Snapshot(background, "standup")
				require.NoError(t, err)
				require.Equal(t, numbers(1, n), ids(got.Participants))
				require.Len(t, w.lines(), 1+(n+19)/20)
			})
		}
	}
}

// A full last page is the last, where the list says so; where it says nothing, one more is asked for.
func TestTheEndOfAFullPage(t *testing.T) {
	for name, requests := range map[string]int{"count": 2, "total_count": 2, "without next": 2, "count as text": 2, "next alone": 2, "nothing": 3} {
		w := newWire().on(roomPath, ok(activeRoom)).
			on(offset(0), pageOf(shapes[name], 20, 0, people(1, 20)...)).
			on(offset(20), pageOf(shapes[name], 20, 20))
		got, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.NoError(t, err)
		require.Len(t, got.Participants, 20)
		require.Len(t, w.lines(), requests, name)
	}
}

// What a page calls next is where nobody goes: the answer of a stranger could name any address.
func TestNextIsNoAddress(t *testing.T) {
	w := newWire().on(roomPath, ok(activeRoom)).
		on(offset(0), ok(`{"meta":{"next":"https://evil.example/v1/"},"objects":[`+person(1)+`]}`)).
		on(offset(1), ok(`{"meta":{"next":null},"objects":[`+person(2)+`]}`))
	got, err := mpcDriver(t, w).Snapshot(background, "standup")
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, ids(got.Participants))
	require.Equal(t, []string{roomPath, offset(0), offset(1)}, w.lines())
}

func TestAListThatMovesIsReadOnceMore(t *testing.T) {
	s := shapes["count"]
	t.Run("and is then still", func(t *testing.T) {
		// Newest first: 22 comes in after the first page, and pushes 2 onto the second one again.
		w := newWire().on(roomPath, ok(activeRoom)).
			on(offset(0), pageOf(s, 21, 0, people(2, 21)...), pageOf(s, 22, 0, people(3, 22)...)).
			on(offset(20), pageOf(s, 22, 20, person(2), person(1)))
		got, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.NoError(t, err)
		require.ElementsMatch(t, numbers(1, 22), ids(got.Participants))
		require.Equal(t, []string{roomPath, offset(0), offset(20), offset(0), offset(20)}, w.lines())
	})
	t.Run("and grows again", func(t *testing.T) {
		w := newWire().on(roomPath, ok(activeRoom)).
			on(offset(0), pageOf(s, 21, 0, people(2, 21)...), pageOf(s, 22, 0, people(3, 22)...)).
			on(offset(20), pageOf(s, 22, 20, person(2), person(1)), pageOf(s, 23, 20, person(3), person(2), person(1)))
		got, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.NoError(t, err)
		require.ElementsMatch(t, numbers(1, 22), ids(got.Participants))
		require.Len(t, w.lines(), 5)
	})
	t.Run("and shrinks again", func(t *testing.T) {
		// Somebody has slipped from the second page onto the first one, which was read already.
		w := newWire().on(roomPath, ok(activeRoom)).
			on(offset(0), pageOf(s, 23, 0, people(1, 20)...)).
			on(offset(20), pageOf(s, 22, 20, person(22), person(23)))
		_, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.ErrorIs(t, err, cc.ErrUnavailable)
		require.Len(t, w.lines(), 5)
	})
}

// Somebody who is on two pages is listed once, as read last.
func TestPagesAreMergedByMember(t *testing.T) {
	s := shapes["count"]
	muted := `{"member_id":"2","role":"agent","mute":true}`
	w := newWire().on(roomPath, ok(activeRoom)).
		on(offset(0), pageOf(s, 21, 0, people(2, 21)...)).
		on(offset(20), pageOf(s, 21, 20, muted, person(1)))
	got, err := mpcDriver(t, w).Snapshot(background, "standup")
	require.NoError(t, err)
	require.ElementsMatch(t, numbers(1, 21), ids(got.Participants))
	require.Equal(t, cc.On, got.Participants[0].State.Mute)
}

// A list that never ends is left, and is no answer.
func TestAListWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire().on(roomPath, ok(activeRoom)).
			on(listPath, ok(`{"meta":{"next":"/more"},"objects":[`+person(1)+`]}`))
		_, err := mpcDriver(t, w).Snapshot(background, "standup")
		require.ErrorIs(t, err, cc.ErrUnavailable)
		require.LessOrEqual(t, len(w.lines()), 600)
	})
}

func aRoom(uuid, name, status, times string) string {
	return fmt.Sprintf(`{"mpc_uuid":"%s","friendly_name":"%s","status":"%s"%s}`, uuid, name, status, times)
}

// Rooms that wait and rooms that run are listed; a room that starts meanwhile is told once.
func TestListOfRooms(t *testing.T) {
	waiting := "GET /MultiPartyCall/?limit=20&offset=0&status=initialized"
	running := "GET /MultiPartyCall/?limit=20&offset=0&status=active"
	w := newWire().
		on(waiting, page(aRoom("a1", "early", "Initialized", `,"creation_time":"2024-05-01 10:00:00+00:00","start_time":null`))).
		on(running, page(
			aRoom("a1", "early", "Active", ""),
			aRoom("a2", "stand up", "active", `,"creation_time":"1975-01-01 00:00:00+00:00","start_time":"2024-05-01 10:00:05+00:00"`),
			aRoom("a3", "odd/name", "Active", `,"creation_time":"1975-01-01 00:00:00+00:00"`),
			aRoom("a4", "over", "Ended", "")))
	require.Equal(t, []cc.Summary{
		{Conference: "early", Instance: "uuid:a1", Participants: -1, StartedAt: at("10:00:00")},
		{Conference: "stand up", Instance: "uuid:a2", Participants: -1, StartedAt: at("10:00:05")},
		{Conference: "uuid:a3", Instance: "uuid:a3", Participants: -1},
	}, all(t, mpcDriver(t, w).Conferences(background)))
	require.Equal(t, []string{waiting, running}, w.lines())
}

func TestAListOfRoomsThatIsLeft(t *testing.T) {
	w := newWire()
	w.otherise = page(aRoom("a1", "x", "Active", ""), aRoom("a2", "y", "Active", ""))
	for range mpcDriver(t, w).Conferences(background) {
		break
	}
	require.Len(t, w.lines(), 1)
}

func TestAListOfRoomsThatFails(t *testing.T) {
	w := newWire().on("GET /MultiPartyCall/?limit=20&offset=0&status=active", status(403, `{"error":"no"}`))
	w.otherise = page(aRoom("a1", "x", "Initialized", ""))
	var errs []error
	n := 0
	for _, err := range mpcDriver(t, w).Conferences(background) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	require.Equal(t, 1, n)
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], cc.ErrForbidden)
}
