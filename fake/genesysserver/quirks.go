package genesysserver

import (
	"bytes"
	"encoding/json"
)

// Quirks are the ways in which answers and notifications of the vendor have been seen to differ, or
// may in a release to come. They can be changed at any time: see Server.SetQuirks.
type Quirks struct {
	// ForeignURL, where not empty, stands in uri fields in place of Options.ExternalURL, as behind a
	// proxy that nobody told the server of.
	ForeignURL string
	// BarePaths leaves the leading slash of path fields out, as one of the vendor's samples does.
	BarePaths bool
	// ExtraFields adds fields that no client knows to resources, notifications and answers.
	ExtraFields bool
	// FewFields leaves optional fields out: the flags of supervision, path, dnis, extensions, metrics,
	// recordingState.
	FewFields bool
	// UnknownTypes gives every notification about a call a notificationType that no client knows.
	UnknownTypes bool
	// Doubled publishes every notification twice.
	Doubled bool
	// EmptyID leaves the id of calls empty in notifications, so that the uri alone tells it, as a
	// sample client of the vendor expects of calls that never started.
	EmptyID bool
}

// SetQuirks changes the quirks of what is answered and published from now on.
func (s *Server) SetQuirks(q Quirks) { s.quirks.Store(&q) }

// future is spliced into objects by ExtraFields.
const future = `"xFutureField":{"list":[1,null,{"a":"b"}],"on":true},`

// spice adds the extra fields to an object in JSON.
func (q *Quirks) spice(b []byte) json.RawMessage {
	if !q.ExtraFields || len(b) < 3 || b[0] != '{' {
		return b
	}
	return bytes.Join([][]byte{{'{'}, []byte(future), b[1:]}, nil)
}
