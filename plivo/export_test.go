package plivo

import (
	"encoding/json"
	"net/http"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

// NewMPCDriver and NewConferenceDriver make drivers without what provider.New puts over them.
func NewMPCDriver(o Options) (provider.Driver, error) {
	a, err := newAPI(MPC, o)
	if err != nil {
		return nil, err
	}
	return &mpc{api: a, hangUp: o.Remove == RemoveHangUp}, nil
}

func NewConferenceDriver(o Options) (provider.Driver, error) {
	a, err := newAPI(Conference, o)
	if err != nil {
		return nil, err
	}
	return &conference{api: a, hangUp: o.Remove == RemoveHangUp}, nil
}

func ParseTime(s string) time.Time      { return parseTime(s) }
func ExitReason(cause string) cc.Reason { return exitReason(cause) }
func CallerName(s string) string        { return callerName(s) }
func ReadAdded(raw []byte) Added        { return readAdded(raw) }

func Explain(secrets ...string) func(int, http.Header, []byte) (cc.Kind, string, string) {
	return explainer(secrets...)
}

func Text(b []byte) (string, error) {
	var t text
	err := json.Unmarshal(b, &t)
	return string(t), err
}

func Number(s string) int            { return text(s).number() }
func Seconds(s string) time.Duration { return text(s).seconds() }

func Flag(b []byte) (cc.Toggle, error) {
	var f flag
	err := json.Unmarshal(b, &f)
	return f.toggle(), err
}

func ReadRoom(raw []byte) (RoomRecord, error) {
	var r RoomRecord
	return r, r.decode(raw)
}

func ReadParticipant(raw []byte) (ParticipantRecord, cc.Participant, error) {
	var r ParticipantRecord
	err := r.decode(raw)
	return r, participant(r), err
}

func ReadConference(c cc.ConferenceID, raw []byte) (provider.Snapshot, error) {
	d := &conference{api: &api{}}
	return d.decode(c, raw)
}

// ReadPage reports whether a page is readable and whether more follows, with read read so far.
func ReadPage(raw []byte, read int) (readable, more bool, err error) {
	var p page
	if err = json.Unmarshal(raw, &p); err != nil {
		return false, false, err
	}
	return p.readable(), p.more(read + len(p.Objects)), nil
}

func (i Invitation) Body(insecure bool) (map[string]any, error) { return i.body(insecure) }
func CallbackURL(s string, insecure bool) bool                  { return callbackURL(s, insecure) }

// NewCountedSecret is NewSecret, and counts how often the word is looked at.
func NewCountedSecret(word string, looks *int) Secret {
	return Secret{reveal: func() string {
		*looks++
		return word
	}}
}

// Nonces is the memory of a Receiver.
type Nonces struct{ n *nonces }

func NewNonces() Nonces                { return Nonces{newNonces()} }
func (n Nonces) Add(nonce string) bool { return n.n.add(keyOf(nonce)) }
func (n Nonces) Len() int              { return len(n.n.known) }
