package interop_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
	server "github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// callbackOrigin is where the vendor believes the application to be.
const callbackOrigin = "https://hooks.example.test"

// A received is what became of callbacks.
type received struct {
	genuine, accepted, forged int
	events                    map[string]bool
	defects                   []defect
}

// callbacks has the server tell a server of the library's about a life of a room: everything genuine has to
// be valid there, and everything forged invalid.
func (b *book) callbacks(t *testing.T, lib *library, d driver) {
	for _, method := range []string{"POST", "GET"} {
		t.Run(method, func(t *testing.T) {
			r := b.begin(t, lib, d, server.Options{})
			to, err := url.Parse(d.listen(t, callbackOrigin, r.server.AuthToken()))
			require.NoError(t, err)
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			n := 0
			sender, err := r.server.SendCallbacks(server.CallbackOptions{
				Transport: moved{to, transport},
				Tokens:    []string{"another token of the account", r.server.AuthToken()},
				Decide: func(server.Callback) server.Plan {
					n++
					return server.Plan{Forge: []server.Forgery{server.WrongToken, server.Unsigned, server.Altered}[n%3]}
				},
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, sender.Close()) })
			at := callbackOrigin + "/plivo/"
			require.NoError(t, r.server.Callback(blankRoom, server.Callbacks{
				URL: at + "status?tenant=t%209&b=1", Method: method,
				Events:       "mpc-state-changes,participant-state-changes,add-participant-api-events",
				RecordingURL: at + "recording", RecordingMethod: method,
				ConferenceURL: at + "conference#rt=5000", ConferenceMethod: method,
			}))
			r.life(at+"record", method)
			require.NoError(t, sender.Flush(context.Background()))
			sum := received{events: map[string]bool{}}
			broken := lib.column == "Java" && method == "GET" // javaMethod
			for _, one := range sender.Sent() {
				require.NoError(t, one.Err)
				require.Equal(t, method, one.Method)
				if one.Forged != server.Genuine {
					require.Equal(t, http.StatusForbidden, one.Status, "%s %s", one.Forged, one.Event)
					sum.forged++
					continue
				}
				sum.genuine++
				sum.events[string(one.Kind)+" "+one.Event] = true
				if broken {
					require.Equal(t, http.StatusForbidden, one.Status, "the defect %s is gone", javaMethod)
					sum.defects = []defect{javaMethod}
					continue
				}
				require.Equal(t, http.StatusOK, one.Status, "%+v", one.Fields)
				sum.accepted++
			}
			require.NotZero(t, sum.forged)
			for _, word := range []string{
				"status MPCInitialized", "status MPCStart", "status ParticipantJoin", "status ParticipantMute", "status ParticipantUnmute",
				"status ParticipantHold", "status ParticipantCoachModeStop", "status ParticipantExit", "status MPCEnd",
				"recording MPCRecordingInitiated", "recording MPCRecordingPaused", "recording MPCRecordingResumed", "recording MPCRecordingCompleted",
				"conference enter", "conference exit", "record ",
			} {
				require.Contains(t, sum.events, word)
			}
			b.received[cell{lib.column, method}] = sum
		})
	}
}

// life is one of a room, with much of what is told of. Recordings of the Conference API are told of
// where their request says.
func (r *run) life(recorded, method string) {
	r.Helper()
	r.join(blankRoom, fake.Leg{Role: cc.RoleAgent, Address: "+15550107", Called: "sip:desk7@phone.example.test", Name: "Zoë & Söhne"})
	m := r.join(blankRoom, fake.Leg{Role: cc.RoleSupervisor, Address: "15550108"})
	q := r.about(m)
	for _, change := range []string{`{"mute":true}`, `{"mute":false,"hold":true}`, `{"coach_mode":false}`} {
		r.order(updateParticipant, q, change)
	}
	r.order(startRoomRecording, q, "{}")
	r.order(pauseRoomRecording, q, "{}")
	r.order(resumeRoomRecording, q, "{}")
	r.order(stopRoomRecording, q, "")
	r.order(recordConference, q, fmt.Sprintf(`{"callback_url":%q,"callback_method":%q}`, recorded, method))
	r.order(stopRecordConference, q, "")
	r.order(kickParticipant, q, "")
	r.order(endRoom, q, "")
}

// callbackTable is the part of the document that is about callbacks as they are sent.
func (b *book) callbackTable(w *strings.Builder) {
	w.WriteString(`
## Callbacks

The fake server tells a small server of each library about a life of a room: status, recording and Conference callbacks,
each with the signatures of two tokens, and beside each a forged one (signed with another token, not signed, or altered
after it was signed). A number is how many genuine ones the library took for valid, of how many; it refused every
forged one.

| sent by |`)
	for _, lib := range libraries() {
		w.WriteString(" " + lib.column + " |")
	}
	w.WriteString("\n|---|" + strings.Repeat("---|", len(libraries())) + "\n")
	for _, method := range []string{"POST", "GET"} {
		fmt.Fprintf(w, "| %s |", method)
		for _, lib := range libraries() {
			sum := b.received[cell{lib.column, method}]
			fmt.Fprintf(w, " %d of %d%s |", sum.accepted, sum.genuine, numbers(sum.defects))
		}
		w.WriteString("\n")
	}
}
