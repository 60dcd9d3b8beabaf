package plivoserver

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// news makes the callbacks of one step of a room.
func (s *Sender) news(n fake.News) {
	if n.Kind == fake.NewsGap {
		s.mu.Lock()
		s.counts.Missed++
		s.mu.Unlock()
		return
	}
	where := s.server.where.of(n.Room.Instance, n.Room.Name)
	for _, e := range events(n) {
		s.status(n.Room, where, e, n.At)
	}
	if action, ok := conferenceActions[n.Kind]; ok {
		s.conference(n.Room, where, n.Member, action, nil, n.At)
	}
	if p, f, ok := callStatusOf(n); ok {
		s.post(about(n, CallStatusCallback, p, f.Get("Event"), f))
	}
	if p, f, ok := exitAction(n); ok {
		s.post(about(n, ExitAction, p, "", f))
	}
	s.server.follow(n.Room.Instance, n.Room.Name)
}

// about is a callback about the leg of a piece of news.
func about(n fake.News, kind CallbackKind, p place, event string, f url.Values) Callback {
	return Callback{
		Kind: kind, Event: event, Conference: n.Room.Name, Instance: n.Room.Instance, Participant: n.Member.ID,
		URL: p.url, Method: p.method, Fields: f, At: n.At,
	}
}

// status posts a status callback, if its group is asked for. SequenceNumber counts those of the run
// that are.
func (s *Sender) status(room fake.RoomInfo, where directory, e event, at time.Time) {
	if where.status.url == "" || !slices.Contains(where.groups, eventGroup[e.name]) {
		return
	}
	f := statusFields(room, e, at)
	s.mu.Lock()
	f.Set("SequenceNumber", strconv.Itoa(s.numbers.take(room.Instance)))
	s.mu.Unlock()
	c := Callback{
		Kind: StatusCallback, Event: e.name, Conference: room.Name, Instance: room.Instance,
		URL: where.status.url, Method: where.status.method, Fields: f, At: at,
	}
	if e.member != nil {
		c.Participant = e.member.ID
	}
	s.post(c)
}

// conference posts a Conference callback.
func (s *Sender) conference(room fake.RoomInfo, where directory, m fake.MemberInfo, action string, extra url.Values, at time.Time) {
	if where.conference.url == "" {
		return
	}
	f := conferenceFields(room, m, action)
	for k, v := range extra {
		f[k] = v
	}
	s.post(Callback{
		Kind: ConferenceCallback, Event: action, Conference: room.Name, Instance: room.Instance, Participant: m.ID,
		URL: where.conference.url, Method: where.conference.method, Fields: f, At: at,
	})
}

// Digits tells that a member has pressed keys: ParticipantDigitInput where its group is asked for,
// and digits of a Conference, whose every input counts as one that digitsMatch matches. The error is
// ErrInvalid for what no keys send, and ErrConflict where the member is not in its room.
func (s *Sender) Digits(m *fake.Member, digits string) error {
	if !digitsOnly(digits) {
		return &cc.Error{Kind: cc.ErrInvalid, Err: cc.Detail("digits are 0 to 9, * and #")}
	}
	return s.tell(m, "ParticipantDigitInput", url.Values{"DigitInput": {digits}},
		"digits", url.Values{"ConferenceDigitsMatch": {digits}})
}

// Speaks tells that a member has begun to speak, or has stopped: ParticipantSpeakStart and
// ParticipantSpeakStop where their group is asked for, and, of the beginning, floor of a Conference
// with Callbacks.Floor. The error is ErrConflict where the member is not in its room.
func (s *Sender) Speaks(m *fake.Member, begun bool) error {
	if begun {
		return s.tell(m, "ParticipantSpeakStart", nil, "floor", nil)
	}
	return s.tell(m, "ParticipantSpeakStop", nil, "", nil)
}

// tell tells what only the person does.
func (s *Sender) tell(m *fake.Member, name string, extra url.Values, action string, more url.Values) error {
	room, err := s.server.bridge.Look(m.Instance())
	if err != nil {
		return err
	}
	info, ok := room.Member(m.ID())
	if !ok {
		return &cc.Error{Kind: cc.ErrConflict, Err: cc.Detail("the member is not in its room")}
	}
	where, now := s.server.where.of(room.Instance, room.Name), time.Now()
	s.status(room, where, event{name: name, member: &info, extra: extra}, now)
	if action != "" && (action != "floor" || where.floor) {
		s.conference(room, where, info, action, more, now)
	}
	return nil
}

// Forge sends a callback that nothing has happened for, forged in this way. Kind, URL, Method and
// Fields have to be there; the rest is only noted. It goes its way like any other, without a Plan;
// Flush waits for it.
func (s *Sender) Forge(c Callback, how Forgery) error {
	if err := how.check(); err != nil {
		return err
	}
	if !webURL(c.URL) || c.Method != "GET" && c.Method != "POST" {
		return &cc.Error{Kind: cc.ErrInvalid, Err: cc.Detail("a callback has a URL with http or https, and GET or POST")}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return senderClosed()
	}
	c = c.clone()
	s.forge(c, c.Fields, how)
	return nil
}

// recorded tells of a recording. The lock of the recordings is held.
func (s *Sender) recorded(event string, r recording, at time.Time) {
	where := s.server.where.of(r.Instance, r.Conference)
	c := Callback{Conference: r.Conference, Instance: r.Instance, Participant: r.Participant, At: at}
	if r.conference {
		if r.State.Over() {
			s.conferenceRecorded(c, where, r)
		}
		return
	}
	p := place{r.url, r.method}
	if p.url == "" {
		p = where.recording
	}
	if p.url == "" {
		return
	}
	c.Kind, c.Event, c.URL, c.Method = RecordingCallback, event, p.url, p.method
	c.Fields = url.Values{
		"EventName": {event}, "EventTimestamp": {stampText(at)}, "MPCName": {r.Conference},
		"MPCUUID": {uuidOf(r.Instance)}, "RecordingUUID": {r.ID}, "RecordingURL": {r.URL},
		"RecordingFormat": {r.Format}, "RecordingStartTime": {millis(r.StartedAt)},
		"SequenceNumber": {strconv.Itoa(r.told)},
	}
	if r.State.Over() {
		c.Fields.Set("RecordingDuration", strconv.Itoa(seconds(r.Duration())))
		c.Fields.Set("RecordingEndTime", millis(r.EndedAt))
	}
	s.post(c)
}

// conferenceRecorded tells of a recording of the Conference API that is over: to the callback_url of
// the request, in its own spelling, and to the conference's callbackUrl.
func (s *Sender) conferenceRecorded(c Callback, where directory, r recording) {
	whole, exact := strconv.Itoa(seconds(r.Duration())), strconv.FormatInt(r.Duration().Milliseconds(), 10)
	if r.url != "" {
		own := c
		own.Kind, own.URL, own.Method = RecordCallback, r.url, r.method
		own.Fields = url.Values{
			"api_id": {r.apiID}, "record_url": {r.URL}, "recording_id": {r.ID}, "conference_name": {r.Conference},
			"recording_duration": {whole}, "recording_duration_ms": {exact},
			"recording_start_ms": {millis(r.StartedAt)}, "recording_end_ms": {millis(r.EndedAt)},
		}
		s.post(own)
	}
	room, err := s.server.bridge.Look(r.Instance)
	if where.conference.url == "" || err != nil {
		return
	}
	f := conferenceFields(room, firstLeg(room), "record")
	f.Del("ConferenceMemberID")
	for k, v := range map[string]string{
		"RecordUrl": r.URL, "RecordingID": r.ID, "RecordingDuration": whole, "RecordingDurationMs": exact,
		"RecordingStartMs": millis(r.StartedAt), "RecordingEndMs": millis(r.EndedAt),
	} {
		f.Set(k, v)
	}
	c.Kind, c.Event, c.URL, c.Method, c.Fields = ConferenceCallback, "record", where.conference.url, where.conference.method, f
	s.post(c)
}

// firstLeg is whoever came into a room first: the call whose element a recording belongs to.
func firstLeg(room fake.RoomInfo) fake.MemberInfo {
	var first fake.MemberInfo
	for _, m := range slices.Concat(room.Members, room.Departed) {
		if !m.JoinedAt.IsZero() && (first.JoinedAt.IsZero() || m.JoinedAt.Before(first.JoinedAt)) {
			first = m
		}
	}
	return first
}

func uuidOf(run cc.ConferenceID) string { return fake.RoomInfo{Instance: run}.UUID() }

// millis is an instant as recordings have it: milliseconds since 1970.
func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
