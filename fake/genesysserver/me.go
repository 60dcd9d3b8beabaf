package genesysserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// postMe starts and ends the contact-center session. Source: "StartContactCenterSession",
// "EndContactCenterSession".
func (s *Server) postMe(q *request) reply {
	if bad := s.named(q); bad != nil {
		return *bad
	}
	if q.op == "EndContactCenterSession" {
		q.agent.register(false)
		s.sessions.drop(q.session.id)
		return ok(nil)
	}
	var channels []string
	if json.Unmarshal(q.fields["channels"], &channels) != nil || len(channels) == 0 {
		return *s.refuse(codeMissing, "channels is missing")
	}
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	broken := func(c string) bool { return slices.Contains(q.agent.options.Broken, c) || down && c == "voice" }
	var failing, starting []string
	for _, c := range channels {
		if broken(c) {
			failing = append(failing, c)
		} else {
			starting = append(starting, c)
		}
	}
	if len(starting) == 0 {
		return failed(http.StatusInternalServerError, codeInternal, "The channel cannot be started")
	}
	if !q.agent.has(FeatureVoice) {
		return *s.refuse(codePermission, "The user lacks the feature api-voice")
	}
	return s.ordered(q, func() reply {
		if slices.Contains(starting, "voice") {
			q.agent.register(true)
		}
		if len(failing) > 0 {
			return answer(http.StatusOK, partial(starting, failing))
		}
		return ok(nil)
	})
}

// postVoice makes the agent ready or not. The trace of 8.5.202.96 has the device's notification
// before the answer, by about 20 ms.
func (s *Server) postVoice(q *request) reply {
	if bad := s.named(q); bad != nil {
		return *bad
	}
	if !q.agent.has(FeatureVoice) {
		return *s.refuse(codePermission, "The user lacks the feature api-voice")
	}
	return s.ordered(q, func() reply {
		s.mu.Lock()
		q.agent.state = string(q.op)
		s.deviceNews(q.agent)
		s.mu.Unlock()
		if s.courier.get().Order != AfterReply {
			wait(q.Request, 20*time.Millisecond)
		}
		return ok(nil)
	})
}
