package plivoserver

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/fake"
)

// roomObject is a room ("The Multiparty Object"; which fields there are: recorded fixtures).
type roomObject struct {
	APIID                string  `json:"api_id,omitempty"`
	BilledAmount         any     `json:"billed_amount"`
	BilledDuration       *int    `json:"billed_duration"`
	CreationTime         *string `json:"creation_time"`
	Duration             *int    `json:"duration"`
	EndTime              *string `json:"end_time"`
	FriendlyName         string  `json:"friendly_name"`
	UUID                 string  `json:"mpc_uuid"`
	Participants         string  `json:"participants"`
	Recording            *string `json:"recording"`
	ResourceURI          string  `json:"resource_uri"`
	StartTime            *string `json:"start_time"`
	Status               string  `json:"status"`
	StayAlone            bool    `json:"stay_alone"`
	SubAccount           *string `json:"sub_account"`
	TerminationCause     *string `json:"termination_cause"`
	TerminationCauseCode *int    `json:"termination_cause_code"`
}

var roomStatus = map[fake.Status]string{
	fake.Initialized: "Initialized", fake.Active: "Active", fake.Ended: "Ended",
}

// A termination is how the vendor tells why a room ended.
type termination struct {
	code int
	text string
}

// terminations: "Multiparty Calls". What is told of a room that a participant's exit ended is not
// documented.
var terminations = map[fake.EndCause]termination{
	fake.EndOnExit:      {0, "Unknown"},
	fake.EndLastLeft:    {1000, "No Active Participants"},
	fake.EndAlone:       {1010, "Stay Alone Not Permitted"},
	fake.EndMaxDuration: {2000, "Max Duration Reached"},
	fake.EndCommand:     {3000, "Hangup API Triggered"},
}

// room is a room as an answer shows it, with links in the form that it was asked by.
func (s *Server) room(info fake.RoomInfo, form string) roomObject {
	uri := s.roomURI(info, form)
	o := roomObject{
		CreationTime: timeText(info.CreatedAt), StartTime: timeText(info.StartedAt), EndTime: timeText(info.EndedAt),
		FriendlyName: info.Name, UUID: info.UUID(), Participants: uri + "Participant/", ResourceURI: uri,
		Status: roomStatus[info.Status], StayAlone: !info.Rules.EndAlone,
	}
	if s.options.Quirks.LowerCase {
		o.Status = strings.ToLower(o.Status)
	}
	if info.Status != fake.Ended {
		o.Recording = new(s.media.roomState(info))
		return o
	}
	billed := 0
	for _, m := range info.Departed {
		billed += billedSeconds(m)
	}
	why := terminations[info.Cause]
	o.Duration, o.BilledDuration = new(seconds(info.RunTime(info.EndedAt))), &billed
	o.BilledAmount = s.amount(billed)
	o.TerminationCause, o.TerminationCauseCode = &why.text, &why.code
	return o
}

// roomURI is where a room is: always by uuid once it has ended, since its name may be another's.
func (s *Server) roomURI(info fake.RoomInfo, form string) string {
	id := byName + info.Name
	if form == byUUID || info.Status == fake.Ended || s.options.Quirks.UUIDLinks {
		id = byUUID + info.UUID()
	}
	return s.root() + "MultiPartyCall/" + url.PathEscape(id) + "/"
}

func (s *Server) root() string { return "/v1/Account/" + s.options.AuthID + "/" }

// form is how the path names the room.
func (t target) form() string {
	if strings.HasPrefix(t.room, byUUID) {
		return byUUID
	}
	return byName
}

func (s *Server) listRooms(q request) reply {
	filter, bad := parseRoomFilter(q.query, time.Now())
	if bad != nil {
		return *bad
	}
	p, bad := parsePage(q.query)
	if bad != nil {
		return *bad
	}
	// One that ends between the two readings is in both, and counts as ended.
	live, ended := s.bridge.Rooms(), s.bridge.History()
	live = slices.DeleteFunc(live, func(r fake.RoomInfo) bool {
		return slices.ContainsFunc(ended, func(e fake.RoomInfo) bool { return e.Instance == r.Instance })
	})
	rooms := slices.DeleteFunc(slices.Concat(ended, live), func(r fake.RoomInfo) bool { return !filter.admits(r) })
	slices.Reverse(rooms)
	slices.SortStableFunc(rooms, func(a, b fake.RoomInfo) int { return b.CreatedAt.Compare(a.CreatedAt) })

	s.settle()
	objects := []any{}
	for _, r := range of(p, rooms) {
		objects = append(objects, s.room(r, byName))
	}
	return answer(200, object{"meta": s.meta(p, len(rooms), s.root()+"MultiPartyCall/", q.query), "objects": objects})
}

func (s *Server) getRoom(q request) reply {
	info, ok := s.shown(q)
	if !ok {
		return notFound()
	}
	s.settle()
	o := s.room(info, q.form())
	o.APIID = newUUID()
	return raw(200, o)
}

// activateRoom starts a room that is Initialized. The status is "active" in any case, or a list of
// that one word, which plivo-python sends.
func (s *Server) activateRoom(q request) reply {
	info, ok := s.live(q)
	if !ok {
		return notFound()
	}
	if bad := q.fields.only("status"); bad != nil {
		return *bad
	}
	status, set, bad := q.fields.textOrListOfOne("status")
	switch {
	case bad != nil:
		return *bad
	case !set:
		return *missing("status")
	case !strings.EqualFold(status, "active"):
		return *wrongValue("status")
	}
	if !q.dry {
		if _, err := s.bridge.Activate(info.Instance); err != nil {
			return refused(err)
		}
	}
	return answer(204, nil)
}

func (s *Server) endRoom(q request) reply {
	info, ok := s.live(q)
	if !ok {
		return notFound()
	}
	if bad := q.end(info, fake.AsEntered); bad != nil {
		return *bad
	}
	return answer(204, nil)
}

// timeText is an instant in the vendor's form, or null.
func timeText(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format("2006-01-02 15:04:05-07:00"))
}

// seconds is a duration in whole seconds.
func seconds(d time.Duration) int { return int(d / time.Second) }

// billedSeconds is how long a leg is billed: each minute that it began.
func billedSeconds(m fake.MemberInfo) int {
	if m.JoinedAt.IsZero() || m.ExitAt.IsZero() {
		return 0
	}
	return 60 * int(math.Ceil(m.ExitAt.Sub(m.JoinedAt).Minutes()))
}

// amount is what so many billed seconds cost, by the rate that fits every recorded answer.
func (s *Server) amount(billed int) any {
	if s.options.Quirks.NumericAmounts {
		return dollars(billed)
	}
	return amountText(billed)
}

func dollars(billed int) float64 { return float64(billed) / 60 * 0.005 }

func amountText(billed int) string { return strconv.FormatFloat(dollars(billed), 'f', 5, 64) }
