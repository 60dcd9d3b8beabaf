package interop_test

import (
	"testing"

	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// A library is one official client library, and how it is asked.
type library struct {
	name    string // as its registry has it
	version string
	column  string // in the table
	moved   string // how it is redirected, for the table
	network plivoserver.Network
	// start makes the library ready, or tells what the machine lacks for it.
	start func(t *testing.T) (driver, missing)

	ways []way
	// helpers are methods that are part of the others.
	helpers []string

	// zeroes: what is null or absent is decoded as "", 0 or false.
	zeroes bool
	// keys translates the library's names of decoded fields to those on the wire; nil: they are the same.
	keys func(string) string
	// adapt is the value that the library has for want, where it differs by the library's own types.
	adapt func(key string, want any) any
	// lacks are the fields that the library has no place for, as operation.field.
	lacks []string
	// nothing is what a call decodes to when the answer is 204.
	nothing func(op string) any
	// refuses are the scenarios whose query the library refuses itself, and the type of its error.
	refuses map[string]string
	// textMemberID is what becomes of a member_id that is text and not a list; zero: it is decoded.
	textMemberID failure
	// failure is what an error answer is turned into.
	failure func(answer failed) failure
}

// A missing is what a machine lacks for a library; empty: nothing.
type missing string

// A driver calls a library.
type driver interface {
	// redirect makes a new client of the library, for the server at an endpoint.
	redirect(t *testing.T, to *plivoserver.Endpoint, id, token string) (version string)
	// ask does the steps one after the other, each on the result of the one before.
	ask(t *testing.T, steps []step) reply
	// surface is every method that the library offers for rooms, participants, conferences and members.
	surface(t *testing.T) []string
	// signatures has the library validate and compute signatures.
	signatures(t *testing.T, asks []check) []verdict
	// listen starts a server of callbacks that answers 200 to what the library takes for valid, and else
	// 403. The vendor believes it to be at origin; it is at the URL that is returned.
	listen(t *testing.T, origin, token string) string
}

// A step is one call of a method, or something that leads to one. Its keys are explained in
// python/driver.py.
type step map[string]any

// call is the step that calls a method.
func call(name string, args ...any) step {
	if args == nil {
		args = []any{}
	}
	return step{"call": name, "args": args}
}

// item is the step that takes an element of a list.
func item(i int) step { return step{"item": i} }

// A reply is what a library made of an answer.
type reply struct {
	OK      bool     `json:"ok"`
	Type    string   `json:"type"`   // of the result, or of the error
	Result  any      `json:"result"` // decoded by the library, as JSON has it
	Error   string   `json:"error"`
	Status  int      `json:"status"`  // that the error tells, if it does
	Methods []string `json:"methods"` // of the library, as they were called
	Args    any      `json:"args"`    // of the calls, as the library left them
}

// A failed is an error answer of the server.
type failed struct {
	op     string
	method string
	status int
	text   string // what it says
	body   string // what is in its body
	plain  bool   // the body is no JSON
}

// A failure is what a library tells of an error answer.
type failure struct {
	ok     bool // it tells nothing
	typ    string
	text   string // exactly
	status int
	defect defect
}

// A way is one of a library's methods for an operation.
type way struct {
	op    string
	name  string // for the test's name
	steps func(q query) []step
	// byObject: it is a method of an object that was listed, which knows the uuid of its room.
	byObject bool
	// bound: it is a method of the participant who came in last.
	bound bool
	// broken says that the method can never work, and how it fails.
	broken *broken
	// instead says that the method asks for another operation.
	instead *instead
}

// An instead is a method that asks for another operation than its name says.
type instead struct {
	op     string
	defect defect
}

// A broken method fails in the same way whatever it is asked.
type broken struct {
	defect defect
	typ    string
	text   string // is in the error
	sends  bool   // it fails after sending something, and not before
}

// A query is what is asked for; which fields matter is the operation's.
type query struct {
	name, uuid string // of the room
	byUUID     bool
	member     string

	mute, hold, coach *bool

	call, role, from string
	to               []string
	more             map[string]any // further parameters, by their names on the wire

	filter filter
}

// A filter narrows a list. Empty fields do not.
type filter struct {
	name, status, call  string
	code, limit, offset int
	ended, created      string // after these
}

func (q query) object(uuid, name string) map[string]any {
	if q.byUUID {
		return map[string]any{uuid: q.uuid}
	}
	return map[string]any{name: q.name}
}

// with returns m with more in it, where that is not empty.
func with(m map[string]any, more map[string]any) map[string]any {
	for k, v := range more {
		switch x := v.(type) {
		case string:
			if x != "" {
				m[k] = x
			}
		case int:
			if x != 0 {
				m[k] = x
			}
		case *bool:
			if x != nil {
				m[k] = *x
			}
		default:
			m[k] = v
		}
	}
	return m
}

// rename returns m with its keys renamed.
func rename(m map[string]any, f func(string) string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[f(k)] = v
	}
	return out
}
