package plivoserver

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// Callbacks say where the callbacks of a room go, as the XML elements MultiPartyCall and Conference
// name it that bring people in. Methods are GET or POST in any case. The zero Callbacks have nothing
// sent.
type Callbacks struct {
	// URL is statusCallbackUrl of a MultiPartyCall; empty: no status callbacks. Method empty: POST.
	// Events is a list of groups with commas, around which there may be blanks, in any case; empty:
	// "mpc-state-changes,participant-state-changes".
	URL, Method, Events string
	// RecordingURL is recordingCallbackUrl of a MultiPartyCall, for recordings that name none of
	// their own. RecordingMethod empty: GET.
	RecordingURL, RecordingMethod string

	// ConferenceURL is callbackUrl of a Conference; empty: no callbacks. ConferenceMethod empty: POST.
	ConferenceURL, ConferenceMethod string
	// Floor is floorEvent of a Conference.
	Floor bool
}

// Callback says where the callbacks of the room of this name go: of the run that is live, and of
// every later one, until it is said again. Without it they go where Options.Callbacks say. What Add
// Participant names is told by the request, and counts for the run alone: the first to name a URL
// binds, be it the XML or the request, and later ones change nothing.
func (s *Server) Callback(room string, c Callbacks) error {
	d, err := c.directory()
	if err != nil {
		return err
	}
	s.where.mu.Lock()
	defer s.where.mu.Unlock()
	if s.where.named == nil {
		s.where.named = map[string]directory{}
	}
	s.where.named[room] = d
	return nil
}

// A place is where one kind of callbacks goes.
type place struct{ url, method string }

// A directory is where all callbacks of a room go.
type directory struct {
	status, recording, conference place
	groups                        []string
	floor                         bool
}

// directory checks what a test says.
func (c Callbacks) directory() (directory, error) {
	p := directory{floor: c.Floor}
	for _, x := range []struct {
		to                     *place
		url, method, otherwise string
	}{
		{&p.status, c.URL, c.Method, "POST"},
		{&p.recording, c.RecordingURL, c.RecordingMethod, "GET"},
		{&p.conference, c.ConferenceURL, c.ConferenceMethod, "POST"},
	} {
		*x.to = place{x.url, strings.ToUpper(cmp.Or(x.method, x.otherwise))}
		if x.url != "" && !webURL(x.url) {
			return p, errors.New("plivoserver: a callback needs a URL with http or https and a host")
		}
		if m := x.to.method; m != "GET" && m != "POST" {
			return p, fmt.Errorf("plivoserver: callbacks come by GET or POST, not by %q", x.method)
		}
	}
	var ok bool
	if p.groups, ok = parseGroups(c.Events); !ok {
		return p, fmt.Errorf("plivoserver: unknown group of events in %q", c.Events)
	}
	return p, nil
}

// webURL reports whether it can be asked for, and is signed as it is sent.
func webURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// defaultGroups are those of whoever asks for none ("Multiparty Calls").
var defaultGroups = []string{"mpc-state-changes", "participant-state-changes"}

// parseGroups reads a list of groups.
func parseGroups(list string) ([]string, bool) {
	if strings.TrimSpace(list) == "" {
		return defaultGroups, true
	}
	var asked []string
	for g := range strings.SplitSeq(list, ",") {
		g = strings.ToLower(strings.TrimSpace(g))
		if !slices.Contains(groups, g) {
			return nil, false
		}
		asked = append(asked, g)
	}
	return asked, true
}

// whereabouts is where the callbacks of all rooms go.
type whereabouts struct {
	mu        sync.Mutex // held over Dial and Join, so that nobody asks before it is known
	otherwise directory
	named     map[string]directory
	bound     []*binding // by requests, oldest first
}

// A binding is what Add Participant said of a run.
type binding struct {
	run   cc.ConferenceID
	name  string
	order roomOrder
	begun bool // the recording that it orders
}

// mostBindings is how many runs that are over are remembered.
const mostBindings = 1024

// of is where the callbacks of a run go.
func (w *whereabouts) of(run cc.ConferenceID, name string) directory {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.xml(name)
	if b := w.binding(run); b != nil {
		if b.order.status.url != "" {
			p.status, p.groups = b.order.status, b.order.groups
		}
		if b.order.recording.url != "" {
			p.recording = b.order.recording
		}
	}
	return p
}

// xml is what the element that brings people into a room of this name says. The caller holds mu.
func (w *whereabouts) xml(name string) directory {
	if p, ok := w.named[name]; ok {
		return p
	}
	return w.otherwise
}

func (w *whereabouts) binding(run cc.ConferenceID) *binding {
	for _, b := range slices.Backward(w.bound) {
		if b.run == run {
			return b
		}
	}
	return nil
}

// bind keeps what a request said of a run first. A run that others had begun obeys what they said.
// The caller holds mu.
func (w *whereabouts) bind(run cc.ConferenceID, name string, began bool, o roomOrder) {
	if o.status.url == "" && o.recording.url == "" && !o.record {
		return
	}
	xml := w.xml(name)
	b := w.binding(run)
	if b == nil {
		b = &binding{run: run, name: name}
		w.bound = append(w.bound, b)
	}
	if b.order.status.url == "" && (began || xml.status.url == "") {
		b.order.status, b.order.groups = o.status, o.groups
	}
	if b.order.recording.url == "" && (began || xml.recording.url == "") {
		b.order.recording = o.recording
	}
	if !b.order.record && o.record {
		b.order.record, b.order.format, b.order.least = true, o.format, o.least
	}
}

// forget drops the oldest bindings of runs that are over, where there are too many.
func (s *Server) forget() {
	s.where.mu.Lock()
	defer s.where.mu.Unlock()
	excess := len(s.where.bound) - 2*mostBindings
	if excess <= 0 {
		return
	}
	excess += mostBindings
	s.where.bound = slices.DeleteFunc(s.where.bound, func(b *binding) bool {
		if excess <= 0 {
			return false
		}
		if room, err := s.bridge.Look(b.run); err == nil && room.Status != fake.Ended {
			return false
		}
		excess--
		return true
	})
}

// A roomOrder is what Add Participant says for the room.
type roomOrder struct {
	status, recording place
	groups            []string
	record            bool
	format            string
	least             int // so many have to be in it before the recording begins
}

// A legOrder is what Add Participant says for the leg, which carries it along.
type legOrder struct {
	exitMethod string
	callStatus place // of a leg that is dialled
	pulled     bool  // a call that was up is moved
}

// parseOrders reads what Add Participant says of callbacks. Its methods are GET unless it says
// otherwise, where the XML has POST ("Add a participant").
func parseOrders(v values) (roomOrder, legOrder) {
	o := roomOrder{
		status:    place{v.text("status_callback_url"), v.method("status_callback_method", "GET")},
		recording: place{v.text("recording_callback_url"), v.method("recording_callback_method", "GET")},
		record:    v.boolean("record", false),
		format:    strings.ToLower(v.text("record_file_format")),
		least:     v.integer("record_min_member_count", 1),
	}
	o.groups, _ = parseGroups(v.text("status_callback_events")) // checked before
	return o, legOrder{
		exitMethod: v.method("on_exit_action_method", "POST"),
		callStatus: place{v.text("call_status_callback_url"), v.method("call_status_callback_method", "POST")},
	}
}

// data is the order as a leg carries it: nothing, where nothing is out of the ordinary.
func (o legOrder) data() any {
	if o.exitMethod == "POST" && o.callStatus.url == "" && !o.pulled {
		return nil
	}
	return &o
}

// bring has people brought into a room, and keeps what the request said of the run.
func (s *Server) bring(name string, o roomOrder, do func() (cc.ConferenceID, error)) error {
	s.forget()
	s.where.mu.Lock()
	defer s.where.mu.Unlock()
	before, err := s.bridge.Look(cc.ConferenceID(name))
	live := err == nil && before.Status != fake.Ended
	run, err := do()
	if err != nil {
		return err
	}
	s.where.bind(run, name, !live || before.Instance != run, o)
	return nil
}
