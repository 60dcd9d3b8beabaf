package plivo

import (
	"log/slog"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A Callback is an address that Plivo requests, and how. Where Method is empty Plivo's own default
// for that address holds, except where the field says otherwise. The address is https, without a
// user, at most 2,048 bytes, of a host that has a name; a fragment may hold Plivo's settings for the
// delivery (Plivo's page "Callback Configurations"). A client with Options.Insecure takes plain http
// and any host, too.
type Callback struct {
	URL    string
	Method string // "GET" or "POST"
}

// An Invitation says who comes into a room, and how: the parameters of Plivo's page "Add a
// participant" and of its client libraries. The zero value of every field leaves the parameter out,
// so that Plivo's default holds; a Toggle that is Off sends false. Either From and To, or CallUUID,
// and Role are required.
//
// A parameter is of the participant, of the dialling, or of the room as a whole. It is not
// documented whether one of the room is obeyed when it comes with a later participant.
//
// An Invitation is printed and encoded in full; a log line of it tells only its role.
type Invitation struct {
	Role cc.Role // agent, supervisor, customer or ai-agent, in any case; fixed from then on

	// Whom to dial, and what the callee sees: a number, or a "sip:" address. More than one
	// destination, at most 20, for agents only: they ring together, and the first to answer comes in.
	From string
	To   []string
	// The live call to move into the room instead; it leaves what it is doing.
	CallUUID string

	// Of the dialling.
	CallerName       string   // shown at SIP endpoints; at most 50 characters
	CallStatus       Callback // of newly dialled calls only; POST
	SIPHeaders       map[string]string
	ConfirmKey       string // one of 0 to 9, # and *: what the callee presses to come in
	ConfirmKeySound  Callback
	DialMusic        string          // "real", "none", or an address; what the room hears meanwhile
	RingTimeout      []time.Duration // one for all, or one each, in whole seconds; 45 s
	DelayDial        []time.Duration // before each destination is dialled, likewise
	SendDigits       string          // DTMF, after the answer
	SendOnPreanswer  cc.Toggle
	TranscriptionURL string
	Transcript       cc.Toggle

	// Of the participant.
	Mute, Hold             cc.Toggle
	CoachMode              cc.Toggle // of supervisors; On where unset
	StartMPCOnEnter        cc.Toggle // On where unset
	EndMPCOnExit           cc.Toggle
	RelayDTMFInputs        cc.Toggle
	RecordParticipantTrack cc.Toggle
	EnterSound, ExitSound  Callback // the address, or "beep:1", "beep:2", "none"
	OnExitAction           Callback // what the call does after it has left; POST

	// Of the room.
	MaxDuration                               time.Duration // 300 to 28,800 whole seconds; 14,400
	MaxParticipants                           int           // 2 to 10; 10
	RecordMinMemberCount                      int           // 1 or 2; 1
	StayAlone                                 cc.Toggle     // Off where unset: the last one left is put out
	CreateMPCWithSingleParticipant            cc.Toggle     // On where unset
	WaitMusic                                 Callback
	AgentHoldMusic, CustomerHoldMusic         Callback
	Record                                    cc.Toggle
	RecordFileFormat                          string // "mp3" or "wav"
	RecordingCallback                         Callback
	StartRecordingAudio                       Callback
	StopRecordingAudio                        Callback
	StatusCallback                            Callback // POST where Method is empty; always sent, since Plivo's own default is not the same everywhere
	StatusCallbackEvents                      []string // groups of Plivo's page "Multiparty Calls"; the two groups of state changes
	AgentHoldMusicWord, CustomerHoldMusicWord string   // agent_hold_music and customer_hold_music, which only Plivo's Go library has
}

// LogValue tells the role and nothing by which anybody could be known.
func (i Invitation) LogValue() slog.Value {
	return slog.GroupValue(slog.String("role", word(string(i.Role))))
}

// GoString tells the type alone.
func (i Invitation) GoString() string { return "plivo.Invitation{...}" }

// LogValue tells the number of calls and nothing by which anybody could be known.
func (a Added) LogValue() slog.Value { return slog.GroupValue(slog.Int("calls", len(a.Calls))) }

// GoString tells the type alone.
func (a Added) GoString() string { return "plivo.Added{...}" }

// LogValue tells nothing by which anybody could be known.
func (c AddedCall) LogValue() slog.Value { return slog.StringValue("call") }

// GoString tells the type alone.
func (c AddedCall) GoString() string { return "plivo.AddedCall{...}" }
