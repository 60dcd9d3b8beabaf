package acme

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A vendor is a fake of Acme. The rules of a bridge are a Switch's; what is here is Acme's wire, by
// its documentation, and no line of the driver's.
type vendor struct {
	sw              *fake.Switch
	commands, reads atomic.Int64

	mu       sync.Mutex
	troubles []*trouble
}

// A trouble has requests meet something else than their answer. do has what was asked for done.
type trouble struct {
	meets func(fake.Op) bool
	once  bool
	with  func(w http.ResponseWriter, r *http.Request, do func())
}

func newVendor() *vendor {
	return &vendor{sw: fake.NewSwitch(fake.Options{Rules: fake.Rules{FirstMember: 1}})}
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		v.reads.Add(1)
	} else {
		v.commands.Add(1)
	}
	asked, ok := understand(r)
	switch t := v.trouble(asked.Op); {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case t != nil:
		t.with(w, r, func() { v.do(asked) })
	case r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusUnauthorized)
	case asked.Op == fake.OpCheck:
		_, _ = w.Write([]byte(`{"account":"a-1"}`))
	case asked.Op == fake.OpSnapshot:
		v.show(w, asked.Conference)
	default:
		w.WriteHeader(v.do(asked))
	}
}

// understand reads what a request asks for, in the words of the bridge.
func understand(r *http.Request) (asked fake.Request, ok bool) {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if r.URL.Path == "/v1/account" {
		return fake.Request{Op: fake.OpCheck}, r.Method == http.MethodGet
	}
	if len(path) < 3 || path[0] != "v1" || path[1] != "rooms" && path[1] != "runs" {
		return asked, false
	}
	asked.Conference = callcontrol.ConferenceID(path[2])
	if path[1] == "runs" {
		asked.Conference = "uuid:" + asked.Conference // as a Switch has it
	}
	if len(path) > 4 && path[3] == "people" {
		asked.Participant = callcontrol.ParticipantID(path[4])
	}
	switch {
	case len(path) == 3 && r.Method == http.MethodGet:
		asked.Op = fake.OpSnapshot
	case len(path) == 5 && r.Method == http.MethodDelete:
		asked.Op = fake.OpRemove
	case len(path) == 6 && path[5] == "muted" && r.Method == http.MethodPut:
		var muted bool
		if json.NewDecoder(r.Body).Decode(&muted) != nil {
			return asked, false
		}
		asked.Op, asked.Change.Mute = fake.OpSet, toggle(muted)
	default:
		return asked, false
	}
	return asked, true
}

// do does a command, and returns Acme's status. What is in store at the bridge for such a command is
// heeded: it may be done later, or never.
func (v *vendor) do(asked fake.Request) (status int) {
	fault, _ := v.sw.Admit(asked)
	if fault.What == fake.Ignore {
		return http.StatusAccepted
	}
	var err error
	switch bridge := v.sw.Timed(fault); asked.Op {
	case fake.OpRemove:
		_, err = bridge.Remove(asked.Conference, asked.Participant, fake.HangUp)
	case fake.OpSet:
		_, err = bridge.Set(asked.Conference, asked.Participant, asked.Change)
	}
	switch {
	case errors.Is(err, callcontrol.ErrNotFound):
		return http.StatusNotFound
	case fault.What == fake.Contradict:
		return http.StatusConflict
	}
	return http.StatusAccepted
}

// show answers who is in a room.
func (v *vendor) show(w http.ResponseWriter, c callcontrol.ConferenceID) {
	room, err := v.sw.Read(c)
	if err != nil || room.Status == fake.Ended {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	people := []map[string]any{}
	for _, m := range room.Members {
		people = append(people, map[string]any{"id": m.ID, "call": m.CallID, "muted": m.Mute})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"room": room.Name, "run": room.UUID(), "people": people})
}

// trouble is what a request of that kind meets, if anything.
func (v *vendor) trouble(op fake.Op) *trouble {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.troubles {
		if t.meets(op) {
			if t.once {
				v.remove(t)
			}
			return t
		}
	}
	return nil
}

// inject puts a trouble in the way, until lift.
func (v *vendor) inject(t *trouble) (lift func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.troubles = append(v.troubles, t)
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.remove(t)
	}
}

func (v *vendor) remove(t *trouble) {
	var others []*trouble
	for _, o := range v.troubles {
		if o != t {
			others = append(others, o)
		}
	}
	v.troubles = others
}

func toggle(on bool) callcontrol.Toggle {
	if on {
		return callcontrol.On
	}
	return callcontrol.Off
}
