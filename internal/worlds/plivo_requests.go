package worlds

import (
	"net/http"
	"strings"

	"github.com/callcontrol-go/callcontrol/conformance"
)

// matching tells which requests a fault on op meets, by method and path alone; nil where that does
// not tell.
func matching(op string) func(*http.Request) bool {
	command := func(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }
	switch op {
	case conformance.OpAny:
		return func(*http.Request) bool { return true }
	case conformance.OpRead:
		return func(r *http.Request) bool { return !command(r) }
	case conformance.OpRemove, conformance.OpSet, conformance.OpEnd:
		return func(r *http.Request) bool { return command(r) && commandOf(r) == op }
	}
	return nil
}

// commandOf tells what kind of command a request is, from Plivo's paths below the account:
//
//	MultiPartyCall/{room}/                         DELETE: end
//	MultiPartyCall/{room}/Participant/{id}/        DELETE: remove, POST: set
//	Conference/{name}/                             DELETE: end
//	Conference/{name}/Member/{id}/[Kick/]          remove
//	Conference/{name}/Member/{id}/Mute/ or Deaf/   set
//	Call/{uuid}/                                   DELETE: remove
func commandOf(r *http.Request) string {
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	if len(path) < 4 {
		return ""
	}
	path = path[3:] // v1, Account, and its id
	switch last := path[len(path)-1]; {
	case len(path) == 2 && path[0] == "Call" && r.Method == http.MethodDelete:
		return conformance.OpRemove
	case len(path) == 2 && r.Method == http.MethodDelete:
		return conformance.OpEnd
	case len(path) == 4 && path[0] == "MultiPartyCall" && r.Method == http.MethodPost,
		len(path) == 5 && (last == "Mute" || last == "Deaf"):
		return conformance.OpSet
	case len(path) == 4 && r.Method == http.MethodDelete, len(path) == 5 && last == "Kick":
		return conformance.OpRemove
	}
	return ""
}
