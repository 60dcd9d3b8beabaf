package genesysserver

import (
	"encoding/json"
	"net/http"
	"strings"
)

// read answers a GET.
func (s *Server) read(q *request) reply {
	quirks := s.quirks.Load()
	all := q.URL.Query().Get("fields") != ""
	switch q.op {
	case GetVersion:
		return ok(object{"version": s.options.Version})
	case ListServices:
		s.mu.Lock()
		defer s.mu.Unlock()
		if !all {
			return ok(object{"uris": []string{s.uri(quirks, "services", s.voiceID)}})
		}
		return ok(object{"services": []any{s.voiceService()}})
	case ListDevices:
		if !all {
			return ok(object{"uris": []string{s.uri(quirks, "me", "devices", q.agent.deviceID)}})
		}
		return ok(object{"devices": s.devices(q.agent, quirks)})
	case GetDevice:
		if q.id != q.agent.deviceID {
			return *s.refuse(codeNotFound, "There is no such device")
		}
		return ok(object{"device": s.devices(q.agent, quirks)[0]})
	case ListCalls:
		views := s.shown(q.agent)
		if all {
			return ok(object{"calls": s.calls(q.agent, views, quirks)})
		}
		uris := []string{}
		for i := range views {
			uris = append(uris, s.uri(quirks, "me", "calls", views[i].id))
		}
		return ok(object{"uris": uris})
	case GetCall:
		for _, v := range s.shown(q.agent) {
			if v.id == q.id {
				return ok(object{"call": s.resource(q.agent, &v, quirks, false)})
			}
		}
		return *s.refuse(codeNotFound, "There is no such call")
	}
	return s.me(q, quirks)
}

// shown is the calls that reads show an agent, oldest first.
func (s *Server) shown(a *Agent) []view {
	rooms := s.bridge.RoomsOf(a.options.User)
	s.mu.Lock()
	defer s.mu.Unlock()
	views := make([]view, 0, len(rooms))
	for i := range rooms {
		if v, ok := s.see(a, &rooms[i], s.extraOf(rooms[i].Instance)); ok {
			views = append(views, v)
		}
	}
	return views
}

func (s *Server) calls(a *Agent, views []view, q *Quirks) []json.RawMessage {
	list := make([]json.RawMessage, len(views))
	for i := range views {
		list[i] = s.resource(a, &views[i], q, false)
	}
	return list
}

func (s *Server) devices(a *Agent, q *Quirks) []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []json.RawMessage{s.device(a, q)}
}

// voiceService is the resource of the voice service. The caller holds the mutex.
func (s *Server) voiceService() object {
	state := "Active"
	if s.down {
		state = "Inactive"
	}
	return object{"id": s.voiceID, "type": "Voice", "state": state}
}

// wants tells whether a list of sub-resources has one.
func wants(list, name string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == name || one == "*" {
			return true
		}
	}
	return false
}

// me answers GET /api/v2/me.
func (s *Server) me(q *request, quirks *Quirks) reply {
	a := q.agent
	user := object{
		"id": a.userID, "userName": a.options.User, "firstName": a.options.FirstName, "lastName": a.options.LastName,
		"emailAddress": "", "roles": a.options.Roles, "enabled": true, "changePasswordOnFirstLogin": false,
		"contactCenterId": s.voiceID, "uri": s.uri(quirks, "users", a.userID),
	}
	if s.options.Dialect == Current {
		user["path"] = path(quirks, "users", a.userID)
	}
	sub := q.URL.Query().Get("subresources")
	if wants(sub, "features") {
		list := []object{}
		for _, f := range a.options.Features {
			list = append(list, object{"id": f})
		}
		user["features"] = list
	}
	if wants(sub, "devices") {
		user["devices"] = s.devices(a, quirks)
	}
	if wants(sub, "calls") {
		user["calls"] = s.calls(a, s.shown(a), quirks)
	}
	return answer(http.StatusOK, object{"statusCode": codeOK, "user": user})
}
