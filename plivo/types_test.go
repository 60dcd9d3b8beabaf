package plivo_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/exported"
	"github.com/callcontrol-go/callcontrol/plivo"
)

// TestEveryExportedTypeKeepsToItself walks the exported types: none of them shows a credential in any
// form, nor anybody's number in its Go form or a log line. A new type needs a specimen.
func TestEveryExportedTypeKeepsToItself(t *testing.T) {
	const number = "15550101"
	o := options(letsNobodyIn{})
	r, _ := cc.As[*plivo.Room](client(t, plivo.NewMPC, o).Conference(number))
	c, _ := cc.As[*plivo.ConferenceRoom](client(t, plivo.NewConference, o).Conference(number))
	verifier, err := plivo.NewVerifier(plivo.NewSecret(authToken))
	require.NoError(t, err)
	raw := json.RawMessage(`{"to":"` + number + `"}`)
	specimens := map[string]any{
		"Secret": plivo.NewSecret(authToken), "Verifier": verifier, "Options": o, "Removal": plivo.RemoveHangUp, "Room": r, "ConferenceRoom": c,
		"RoomRecord":        plivo.RoomRecord{FriendlyName: number, MPCUUID: number, Status: number, Raw: raw},
		"ParticipantRecord": plivo.ParticipantRecord{MemberAddress: number, MemberID: number, CallUUID: number, Role: number, Raw: raw},
		"Callback":          plivo.Callback{URL: "https://hooks.example.net/plivo", Method: "POST"},
		"Invitation":        plivo.Invitation{Role: number, From: number, To: []string{number}, CallerName: number, SIPHeaders: map[string]string{"a": number}},
		"Added":             plivo.Added{APIID: number, RequestUUID: number, Calls: []plivo.AddedCall{{CallUUID: number, From: number, To: number}}},
		"AddedCall":         plivo.AddedCall{CallUUID: number, From: number, To: number},
		"Receiver":          busyReceiver(t, number),
		"ReceiverOptions":   plivo.ReceiverOptions{PublicURL: "https://hooks.example.net", Tokens: []plivo.Secret{plivo.NewSecret(authToken)}},
		"ReceiverStats":     plivo.ReceiverStats{Accepted: 1},
		"RawEvent": plivo.RawEvent{
			Event: number, Provider: number, Known: true, Conference: number, Instance: number, Path: "/" + number,
			Fields: url.Values{"From": {number}}, Query: url.Values{number: {number}},
		},
		"Recording":        plivo.Recording{APIID: number, ID: number, URL: "https://media.example.net/" + number},
		"RecordingOptions": plivo.RecordingOptions{TranscriptionURL: "https://hooks.example.net/" + number},
		"ConferenceRecordingOptions": plivo.ConferenceRecordingOptions{
			Callback: plivo.Callback{URL: "https://hooks.example.net/" + number}, TranscriptionType: number,
		},
		"Speech":           plivo.Speech{Text: number, Voice: number, Language: number},
		"ConferenceSpeech": plivo.ConferenceSpeech{Text: number, Voice: number, Language: number},
	}
	types, err := exported.Types(".")
	require.NoError(t, err)
	require.ElementsMatch(t, types, slices.Collect(maps.Keys(specimens)))
	for _, v := range specimens {
		requireHidden(t, v, authToken)
		requireUnlogged(t, v, number)
	}
}
