package genesysserver

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/callcontrol-go/callcontrol/fake"
)

// A Dialect is which releases the call resources look like. Sources: the revisions of "Dial" and
// "Call Resource", "Recovering Existing State".
type Dialect uint8

const (
	// Current is late 2015 and after: participants are objects, path, connId, monitoring and extensions
	// are told, ClearCall is offered.
	Current Dialect = iota
	// Old is 8.5.0 to early 8.5.2: participants are numbers, with participantsInfo beside them, and
	// ClearCall is done and not offered.
	Old
)

// An IDStyle is what the id of a call is.
type IDStyle uint8

const (
	// IDByDialect: IDUUID in the new dialect and IDConn in the old one.
	IDByDialect IDStyle = iota
	// IDUUID: the call's UUID, which is that of the run on the Switch.
	IDUUID
	// IDConn: the connection id of the telephony server, 16 hexadecimal digits.
	IDConn
	// IDName: the name of the conference on the Switch. No release does so; suites that use a name
	// again do. A name that is not 1 to 64 letters, digits and hyphens gives the UUID.
	IDName
)

// Duplicates is what becomes of a removal of a number that several legs have. Source: SIP Server,
// "Deleting Party From Conference": one of them or both.
type Duplicates uint8

const (
	RemoveFirst  Duplicates = iota // the one who came in first
	RemoveLast                     // the one who came in last
	RemoveAll                      // all of them
	RefuseRemove                   // nobody, and code 2
)

// Shown is which supervisors the other people on a call are told of. It is documented for neither.
type Shown uint8

const (
	ShowBarging Shown = iota // those who can be heard by everybody
	ShowNobody
	ShowEverybody
)

// Options configure a Server. The zero Options are a current release with CSRF protection on, whose
// capabilities are those of the vendor's samples.
type Options struct {
	Version string // of diagnostics/version; empty: 8.5.202.96
	Dialect Dialect
	IDs     IDStyle
	// ExternalURL is what stands before /api/v2 in uri fields. It need not be where anybody can dial;
	// empty: https://gws.example.test.
	ExternalURL string

	// NoCSRF turns the protection off. CSRFRESTOnly leaves it off for the CometD endpoint, of which
	// the vendor says nothing.
	NoCSRF       bool
	CSRFRESTOnly bool
	// AuthFirst asks for authentication before the CSRF token.
	AuthFirst bool
	// IdleTimeout is for how long an HTTP session that is not used is kept; 0: 30 minutes.
	IdleTimeout time.Duration

	// Statuses is the HTTP status for a statusCode, where it is not to be the usual one of this
	// package: 400 for 1 and 10, 409 for 2, 403 for 3, 5 and 20, 500 for 4, 404 for 6. The vendor documents
	// the pair 20 and 403 and two pairs of 4 alone.
	Statuses map[int]int
	// UnknownOperation is the statusCode for an operationName that is not known: 1 or 3; 0: 3.
	UnknownOperation int
	// NotNow is the statusCode for an operation that the capabilities do not have: 2 or 3; 0: 2.
	NotNow int
	// NotOwner is the statusCode for a removal by somebody who may not remove: 2, 3 or 5; 0: 3.
	NotOwner int
	// Absent is the statusCode for a removal of somebody who is not there; 0: 2.
	Absent int
	// LateRefusals accepts removals that NotOwner or Absent would refuse, and tells of their failure by
	// an ErrorMessage.
	LateRefusals bool

	// HideClearCall does not offer ClearCall, which the current dialect does and the old one does not.
	// Offered or not, it is done for every agent on the call, unless NoClearCall.
	HideClearCall   bool
	NoClearCall     bool
	SupervisorClear bool // supervisors may do it too, and are offered it
	TwoPartyMute    bool // mute is offered on calls of two, which depends on the switch
	HeldMute        bool // mute is offered while one's own leg is on hold
	AnyoneRemoves   bool // every agent in the conference may remove others, as the switch itself allows
	OwnerMoves      bool // when the owner leaves, the agent who has been there longest is the owner
	Recording       bool // recording is set up
	Duplicates      Duplicates
	Supervisors     Shown
	// Intrude has monitoring begin with the calls that the monitored agent is on already.
	Intrude bool

	// Rules are those of the calls that begin by Dial or as a consultation. Nil: a telephone call, which
	// ends when one is left.
	Rules *fake.Rules
	// AnswerAfter is when numbers that are no agent's answer by themselves; below zero: never.
	AnswerAfter time.Duration

	Timing Timing
	Quirks Quirks
	CometD CometD

	// LogSize is how many requests are kept for Requests, the latest ones; 0: 4096.
	LogSize int
}

// CometD is how the notifications are served. Zero values are CometD's defaults.
type CometD struct {
	Hold         time.Duration // of a connect; 0: 30 s
	Interval     time.Duration // advised between connects
	MaxInterval  time.Duration // after which a session that does not connect is forgotten; 0: 10 s
	MultiSession time.Duration // advised to a second session of one cookie jar; 0: 2 s
	WebSocket    bool          // offered
}

const (
	defaultVersion = "8.5.202.96"
	defaultURL     = "https://gws.example.test"
	defaultIdle    = 30 * time.Minute
)

// check refuses what cannot be meant, and fills in what is left out.
func (o Options) check() (Options, error) {
	o.Version = cmp.Or(o.Version, defaultVersion)
	o.ExternalURL = strings.TrimSuffix(cmp.Or(o.ExternalURL, defaultURL), "/")
	o.IdleTimeout = cmp.Or(o.IdleTimeout, defaultIdle)
	o.LogSize = cmp.Or(o.LogSize, defaultLogSize)
	o.UnknownOperation = cmp.Or(o.UnknownOperation, codeForbidden)
	o.NotNow = cmp.Or(o.NotNow, codeState)
	o.NotOwner = cmp.Or(o.NotOwner, codeForbidden)
	o.Absent = cmp.Or(o.Absent, codeState)
	if o.IDs == IDByDialect {
		o.IDs = IDUUID
		if o.Dialect == Old {
			o.IDs = IDConn
		}
	}
	if o.Rules == nil {
		o.Rules = &fake.Rules{EndAlone: true}
	}
	statuses := map[int]int{
		codeMissing: http.StatusBadRequest, codeState: http.StatusConflict, codeForbidden: http.StatusForbidden,
		codeInternal: http.StatusInternalServerError, codePermission: http.StatusForbidden,
		codeNotFound: http.StatusNotFound, codeRange: http.StatusBadRequest, codeUnauthenticated: http.StatusForbidden,
	}
	for code, status := range o.Statuses {
		if code < 1 || code > 20 || status < 200 || status > 599 {
			return o, fmt.Errorf("genesysserver: HTTP status %d for statusCode %d", status, code)
		}
	}
	maps.Copy(statuses, o.Statuses)
	o.Statuses = statuses
	u, err := url.Parse(o.ExternalURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return o, errors.New("genesysserver: the external URL is not one")
	}
	switch {
	case o.Dialect > Old, o.IDs > IDName, o.Duplicates > RefuseRemove, o.Supervisors > ShowEverybody:
		return o, errors.New("genesysserver: an option with an unknown value")
	case o.LogSize < 0, o.IdleTimeout < 0:
		return o, errors.New("genesysserver: an option with a negative number")
	case o.UnknownOperation > 20, o.NotNow > 20, o.NotOwner > 20, o.Absent > 20,
		o.UnknownOperation < 0, o.NotNow < 0, o.NotOwner < 0, o.Absent < 0:
		return o, errors.New("genesysserver: a statusCode that there is not")
	}
	return o, o.Timing.check()
}
