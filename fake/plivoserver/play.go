package plivoserver

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A Playing is one sound, or one text, that a request had played. There is no sound in it, so it
// does not end by itself: it lasts until it is stopped, or whom it is for has left. It is for tests,
// so it holds names, ids and the text as they are; its LogValue and the verb %#v leave them out.
type Playing struct {
	Conference string             // the room's name
	Instance   cc.ConferenceID    // of the run
	All        bool               // it is for all of the room, those to come included
	Members    []cc.ParticipantID // whom it is for, where not for all
	URLs       []string           // what is played; none: a text is spoken
	Text       string             // what is spoken
	Voice      string             // as asked for
	Language   string             // as asked for
	Mix        bool               // as asked for
	At         time.Time          // when it was ordered
}

// GoString tells how many it is for, and of whom nothing.
func (p Playing) GoString() string {
	return fmt.Sprintf("plivoserver.Playing{All:%v, Members:%d, URLs:%d}", p.All, len(p.Members), len(p.URLs))
}

// LogValue tells how many it is for, and of whom nothing.
func (p Playing) LogValue() slog.Value {
	return slog.GroupValue(slog.Bool("all", p.All), slog.Int("members", len(p.Members)), slog.Int("urls", len(p.URLs)))
}

// Playing returns what is played and spoken in a conference, which is named by its name or by an
// Instance; in all of them where c is empty. It is in order of ordering. Beyond 1,024 on the server
// the oldest is forgotten.
func (s *Server) Playing(c cc.ConferenceID) []Playing {
	s.settle()
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	list := []Playing{}
	for _, p := range s.media.plays {
		if c == "" || c == p.Instance || c == cc.ConferenceID(p.Conference) {
			p.Members, p.URLs = slices.Clone(p.Members), slices.Clone(p.URLs)
			list = append(list, p)
		}
	}
	return list
}

// over tells whether nobody is left to hear it.
func (p Playing) over(room fake.RoomInfo) bool {
	return room.Status == fake.Ended || !p.All && !slices.ContainsFunc(p.Members, func(id cc.ParticipantID) bool {
		_, ok := room.Member(id)
		return ok
	})
}

// spoken tells of which of the two kinds it is.
func (p Playing) spoken() bool { return len(p.URLs) == 0 }

// queue adds one more.
func (m *media) queue(p Playing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plays = append(m.plays, p)
	m.plays = slices.Delete(m.plays, 0, max(len(m.plays)-mostPlays, 0))
}

// silence stops everything of one kind that was ordered for exactly these, and reports whether there
// was any: a member cannot be cut out of what was started for all ("Stop playing audio on a MPC
// call").
func (m *media) silence(like Playing) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.plays)
	m.plays = slices.DeleteFunc(m.plays, func(p Playing) bool {
		return p.Instance == like.Instance && p.spoken() == like.spoken() &&
			p.All == like.All && slices.Equal(p.Members, like.Members)
	})
	return len(m.plays) < before
}

// What playing and speaking take ("Play audio on a MPC call", "Conference API"; speaking in a room:
// plivo-go). plivo-go sends an empty voice and language.
var (
	playParameters      = with(repeated, map[string]parameter{"url": anyURL, "urls": urlOrURLs})
	playMemberParameter = with(repeatedMember, map[string]parameter{"url": anyURL})
	speakParameters     = with(repeated, map[string]parameter{
		"text": anyText, "voice": anyText, "language": anyText, "mix": flag, "type": anyText,
		"callback_url": anyURL, "callback_method": method,
	})
	speakMemberParameters = with(repeatedMember, map[string]parameter{
		"text": anyText, "voice": oneOf("", "man", "woman"), "language": anyText,
	})
)

// urlOrURLs takes one URL or a list.
func urlOrURLs(f fields, name string) (any, *reply) {
	var list []string
	if json.Unmarshal(f[name], &list) != nil {
		s, bad := anyURL(f, name)
		return s, bad
	}
	for _, s := range list {
		if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return list, wrongType(name, "URL")
		}
	}
	return list, nil
}

// parsePlay reads what is to be played: the libraries' url, or the page's urls.
func parsePlay(f fields, known map[string]parameter) (p Playing, bad *reply) {
	v, bad := checkParameters(f, known)
	if bad != nil {
		return p, bad
	}
	if u := v.text("url"); u != "" {
		p.URLs = append(p.URLs, u)
	}
	switch urls := v["urls"].(type) {
	case string:
		p.URLs = append(p.URLs, urls)
	case []string:
		p.URLs = append(p.URLs, urls...)
	}
	_, one := f["url"]
	_, several := f["urls"]
	switch {
	case one && several:
		return p, refuse("url excludes urls")
	case len(p.URLs) == 0:
		return p, missing("url")
	}
	return p, nil
}

// parseSpeak reads what is to be said.
func parseSpeak(f fields, known map[string]parameter) (p Playing, bad *reply) {
	v, bad := checkParameters(f, known)
	if bad != nil {
		return p, bad
	}
	p.Text, p.Voice, p.Language, p.Mix = v.text("text"), v.text("voice"), v.text("language"), v.boolean("mix", false)
	if strings.TrimSpace(p.Text) == "" {
		return p, missing("text")
	}
	return p, nil
}

// aim says whom it is for.
func (p *Playing) aim(room fake.RoomInfo, sel selection) {
	p.Conference, p.Instance, p.All, p.At = room.Name, room.Instance, sel.all, time.Now()
	if !sel.all {
		for _, m := range sel.members {
			p.Members = append(p.Members, m.ID)
		}
		slices.Sort(p.Members)
	}
}

func (s *Server) startPlay(q request) reply {
	return s.startAudio(q, "play queued into MPC", func() (Playing, *reply) { return parsePlay(q.fields, playParameters) })
}

func (s *Server) startSpeak(q request) reply {
	return s.startAudio(q, "speak queued into MPC", func() (Playing, *reply) { return parseSpeak(q.fields, speakParameters) })
}

// startAudio is for one member, several or all of a room. The keys of its answer are the vendor's
// ("Play audio on a MPC call").
func (s *Server) startAudio(q request, message string, parse func() (Playing, *reply)) reply {
	room, ok := s.live(q)
	if !ok {
		return notFound()
	}
	sel, bad := s.play(q, room, parse)
	if bad != nil {
		return *bad
	}
	return answer(202, object{"message": message, "mpcMemberId": sel.ids, "mpcName": room.Name})
}

// play queues what a request asks for, for whom it names.
func (s *Server) play(q request, room fake.RoomInfo, parse func() (Playing, *reply)) (selection, *reply) {
	p, bad := parse()
	if bad != nil {
		return selection{}, bad
	}
	sel, ok := choose(room, q.member, true, true)
	if !ok {
		return sel, new(notFound())
	}
	p.aim(room, sel)
	s.media.queue(p)
	return sel, nil
}

func (s *Server) stopPlay(q request) reply  { return s.stopAudio(q, Playing{URLs: []string{""}}) }
func (s *Server) stopSpeak(q request) reply { return s.stopAudio(q, Playing{}) }

// stopAudio stops what was started on the same path. Where there is nothing, nothing is found: no
// page says so.
func (s *Server) stopAudio(q request, like Playing) reply {
	room, ok := s.live(q)
	if !ok || !s.hush(q, room, like) {
		return notFound()
	}
	return answer(204, nil)
}

// hush stops what was started for whom the path names, if they are all there.
func (s *Server) hush(q request, room fake.RoomInfo, like Playing) bool {
	sel, ok := choose(room, q.member, true, true)
	if !ok {
		return false
	}
	like.aim(room, sel)
	return s.media.silence(like)
}

func (s *Server) playToMember(q request) reply {
	return s.startMemberAudio(q, "play queued into conference", func() (Playing, *reply) { return parsePlay(q.fields, playMemberParameter) })
}

func (s *Server) speakToMember(q request) reply {
	return s.startMemberAudio(q, "speak queued into conference", func() (Playing, *reply) { return parseSpeak(q.fields, speakMemberParameters) })
}

// startMemberAudio is for one member of a conference, several or all ("Conference API").
func (s *Server) startMemberAudio(q request, message string, parse func() (Playing, *reply)) reply {
	room, ok := s.liveConference(q)
	if !ok {
		return notFound()
	}
	sel, bad := s.play(q, room, parse)
	if bad != nil {
		return *bad
	}
	return s.memberAnswer(202, message, sel)
}

func (s *Server) stopPlayToMember(q request) reply {
	return s.stopMemberAudio(q, Playing{URLs: []string{""}})
}

func (s *Server) stopSpeakToMember(q request) reply { return s.stopMemberAudio(q, Playing{}) }

func (s *Server) stopMemberAudio(q request, like Playing) reply {
	room, ok := s.liveConference(q)
	if !ok || !s.hush(q, room, like) {
		return notFound()
	}
	return answer(204, nil)
}
