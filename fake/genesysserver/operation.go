package genesysserver

import (
	"net/http"
	"slices"
)

// An Operation names what a request asks for: one of the constants here, or, for a POST, its
// operationName as the vendor spells it ("RemoveParticipantFromConference").
type Operation string

// What is read, and the CometD endpoint.
const (
	GetMe        Operation = "GetMe"
	ListDevices  Operation = "ListDevices"
	GetDevice    Operation = "GetDevice"
	ListCalls    Operation = "ListCalls"
	GetCall      Operation = "GetCall"
	GetVersion   Operation = "GetVersion"
	ListServices Operation = "ListServices"
	CometDPost   Operation = "CometD" // any request to the CometD endpoint
)

// Classes, for Fault.On alone.
const (
	Any       Operation = ""          // every request
	Reads     Operation = "reads"     // every GET of a resource
	Posts     Operation = "posts"     // every POST to a resource: operations of any kind
	CallPosts Operation = "callposts" // every POST to a call
)

// A place is a kind of resource.
type place uint8

const (
	nowhere place = iota
	placeMe
	placeDevices
	placeDevice
	placeDeviceCalls
	placeCalls
	placeCall
	placeVoice
	placeVersion
	placeServices
	placeCometD
)

// reads is what a GET of each place is.
var reads = map[place]Operation{
	placeMe: GetMe, placeDevices: ListDevices, placeDevice: GetDevice, placeCalls: ListCalls,
	placeCall: GetCall, placeVersion: GetVersion, placeServices: ListServices,
}

// names is what can be posted to each place but calls, whose names callOperations has.
var names = map[place][]Operation{
	placeMe:          {"StartContactCenterSession", "EndContactCenterSession"},
	placeVoice:       {"Ready", "NotReady"},
	placeDevice:      {"ListenIn", "Coach", "BargeIn", "CancelSupervisorMonitoring"},
	placeDeviceCalls: {"Dial"},
}

// posts tells whether a place knows an operation.
func (p place) posts(name Operation) bool {
	if p == placeCall {
		_, ok := callOperations[name]
		return ok
	}
	return slices.Contains(names[p], name)
}

// postable tells whether anything can be posted to a place.
func (p place) postable() bool { return p == placeCall || names[p] != nil }

// operation is what a request asks for; "" where it is nothing that is served.
func (t target) operation(method string, name Operation) Operation {
	switch {
	case t.place == placeCometD:
		return CometDPost
	case method == http.MethodGet || method == http.MethodHead:
		return reads[t.place]
	case method == http.MethodPost && t.place.posts(name):
		return name
	}
	return ""
}

// known tells whether there can be a fault on o.
func (o Operation) known() bool {
	switch o {
	case Any, Reads, Posts, CallPosts, CometDPost:
		return true
	}
	for _, r := range reads {
		if r == o {
			return true
		}
	}
	for p := range names {
		if p.posts(o) {
			return true
		}
	}
	return placeCall.posts(o)
}

// covers tells whether a fault on o is one on a request.
func (o Operation) covers(t target, method string, op Operation) bool {
	post := method == http.MethodPost && t.place != placeCometD
	switch o {
	case Any:
		return true
	case Reads:
		return t.place != placeCometD && (method == http.MethodGet || method == http.MethodHead)
	case Posts:
		return post
	case CallPosts:
		return post && t.place == placeCall
	}
	return o == op
}
