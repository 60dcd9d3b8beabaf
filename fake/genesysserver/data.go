package genesysserver

import (
	"context"
	"maps"
)

// mergeData attaches user data to the call, or updates it. Data is never changed in place, for views
// share it.
func (s *Server) mergeData(q *request) *reply {
	data, _ := q.fields.object("userData")
	s.setData(q, func(old map[string]any) map[string]any {
		all := maps.Clone(old)
		if all == nil {
			all = map[string]any{}
		}
		maps.Copy(all, data)
		return all
	})
	return nil
}

// deleteData takes user data off the call: all of it, or one key. The name of the parameter is not
// documented.
func (s *Server) deleteData(q *request) *reply {
	key, one := q.fields.text("key")
	s.setData(q, func(old map[string]any) map[string]any {
		if !one || q.op == opDelete {
			return nil
		}
		all := maps.Clone(old)
		delete(all, key)
		return all
	})
	return nil
}

func (s *Server) setData(q *request, change func(map[string]any) map[string]any) {
	s.mu.Lock()
	r := s.run(q.room.Instance)
	if data := change(r.userData); len(data) <= maxKeys {
		r.userData = data
	}
	s.mu.Unlock()
	s.announce(q.Context(), q.room.Instance, dataChanged)
}

const maxKeys = 1000 // of user data

// record begins, ends, pauses and resumes the recording of the call.
func (s *Server) record(q *request) *reply {
	s.mu.Lock()
	s.run(q.room.Instance).recording = map[Operation]string{
		opRecord: "Recording", opResumeRec: "Recording", opPauseRec: "Paused", opStopRec: "Stopped",
	}[q.op]
	s.mu.Unlock()
	s.announce(context.WithoutCancel(q.Context()), q.room.Instance, recordingChange)
	return nil
}
