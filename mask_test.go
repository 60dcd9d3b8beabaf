package callcontrol_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/internal/exported"
)

const (
	credential = "c0rrect-horse-battery"
	number     = "15551234567"
	person     = "Jane Doe"
	place      = "room of Jane"
)

// A vault is a transport that holds a credential.
type vault struct{ Token string }

func (vault) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.EOF }

// specimens has values of every exported type of the package, with personal data wherever a value of
// the type can have it and a credential wherever one could stray to.
func specimens() map[string][]any {
	jane := cc.Participant{
		ID: number, CallID: number, Address: "+" + number, Name: person, Role: person, Self: true,
		State: cc.ParticipantState{Mute: cc.On}, Controls: cc.CanMute,
	}
	room := cc.Snapshot{Conference: place, Instance: number, Participants: []cc.Participant{jane}, At: instant(1)}
	stray := &url.Error{Op: "Get", URL: "https://" + credential + "@x.test/" + number + "/" + url.PathEscape(person), Err: errors.New(place)}
	failure := cc.Error{
		Op: "End", Client: "support", Provider: "plivo-mpc", Conference: place, Participant: number, Kind: cc.ErrUncertain,
		Code: "+" + number, Status: 500, RequestID: "for " + person, Message: credential + " " + person + " " + number, Err: stray,
	}
	nested := failure
	nested.Err = fmt.Errorf("%s: %w", number, &failure)
	event := cc.Event{
		Type: cc.Left, Participant: jane, Before: cc.ParticipantState{Mute: cc.Off}, Reason: person, Code: number,
		Err: &nested, Snapshot: room,
	}
	cfg := cc.Config{
		Name: "support", Provider: "plivo-mpc",
		Endpoint:  "https://user:" + credential + "@x.test/" + number,
		PublicURL: "https://x.test/?token=" + credential,
		Settings:  map[string]string{"user": number, "password": credential},
		Secrets:   map[string]string{"PLIVO_AUTH_TOKEN": credential},
		Secret:    func(context.Context, string) (string, error) { return credential, nil },
		Transport: vault{credential},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)).With("token", credential),
	}
	client := &stubClient{name: "support", provider: "plivo-mpc", vendor: credential, snapshot: room}
	wrapped := cc.Intercept(client, func(ctx context.Context, _ cc.Command, next func(context.Context) error) error { return next(ctx) })
	return map[string][]any{
		"ConferenceID":     {cc.ConferenceID(number)},
		"ParticipantID":    {cc.ParticipantID(number)},
		"Toggle":           {cc.On},
		"ParticipantState": {jane.State},
		"Change":           {cc.Change(jane.State)},
		"Role":             {cc.RoleAgent},
		"Controls":         {cc.CanMute},
		"Capabilities":     {cc.Capabilities{Others: cc.CanMute}},
		"Fate":             {cc.FateDepends},
		"Participant":      {jane, &jane},
		"Snapshot":         {room, &room},
		"Summary":          {cc.Summary{Conference: place, Instance: number, Participants: 3}},
		"EventType":        {cc.Synced},
		"Event":            {event, &event},
		"Reason":           {cc.ReasonEnded},
		"Conference":       {wrapped.Conference(number)},
		"Client":           {wrapped},
		"Kind":             {cc.ErrConflict},
		"Error":            {failure, &failure, &nested},
		"Detail":           {cc.Detail("no such room")},
		"Config":           {cfg, &cfg},
		"Command":          {cc.Command{Op: cc.OpEnd, Client: "support", Conference: place, Participant: number}},
	}
}

// carriers are the types whose JSON and whose %v carry personal data, because applications need it.
var carriers = map[string]bool{
	"ConferenceID": true, "ParticipantID": true, "Participant": true, "Snapshot": true, "Summary": true, "Event": true, "Command": true,
}

func TestEveryExportedTypeIsWalked(t *testing.T) {
	types, err := exported.Types(".")
	require.NoError(t, err)
	require.ElementsMatch(t, types, slices.Collect(maps.Keys(specimens())))
}

func TestNothingIsGivenAway(t *testing.T) {
	for name, values := range specimens() {
		for _, v := range values {
			t.Run(fmt.Sprintf("%s/%T", name, v), func(t *testing.T) {
				for kind, text := range renderings(v) {
					if name == "Config" && strings.HasPrefix(kind, "encoding") {
						continue // writes what it was given, so that it can be stored
					}
					requireNone(t, kind, text, credential)
					personal := kind == "GoString" || kind == "%#v" || strings.HasPrefix(kind, "log")
					if personal || !carriers[name] {
						requireNone(t, kind, text, number, person, "Jane")
					}
				}
			})
		}
	}
}

// renderings gives every form in which v can be written, by name.
func renderings(v any) map[string]string {
	all := map[string]string{}
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d", "T", "U", "t", "b", "c", "e", "# x", "+q", "#q", "20v", ".3s"} {
		all["%"+verb] = fmt.Sprintf("%"+verb, v)
	}
	if err, ok := v.(error); ok {
		all["GoString"] = err.Error()
	}
	if g, ok := v.(fmt.GoStringer); ok {
		all["GoString"] += g.GoString()
	}
	for kind, encode := range map[string]func(io.Writer) error{
		"json": func(w io.Writer) error { return json.NewEncoder(w).Encode(v) },
		"xml":  func(w io.Writer) error { return xml.NewEncoder(w).Encode(v) },
		"gob":  func(w io.Writer) error { return gob.NewEncoder(w).Encode(v) },
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			b.WriteString(err.Error())
		}
		all["encoding "+kind] = b.String()
	}
	var text, jsonl bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v, slog.Group("g", "v", v))
	slog.New(slog.NewJSONHandler(&jsonl, nil)).With("v", v).Info("m", "w", v)
	all["log text"], all["log json"] = text.String(), jsonl.String()
	return all
}

func requireNone(t *testing.T, kind, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), hex.EncodeToString([]byte(s)), fmt.Sprintf("%X", s), fmt.Sprintf("% x", s)} {
			require.NotContains(t, text, form, kind)
		}
	}
}

// What must be hidden in one form is there in another, or the test above would prove nothing.
func TestCarriersCarry(t *testing.T) {
	for name, values := range specimens() {
		if !carriers[name] {
			continue
		}
		for _, v := range values {
			forms := renderings(v)
			require.Contains(t, forms["%+v"], number, name)
			require.Contains(t, forms["encoding json"], number, name)
			require.NotEmpty(t, forms["GoString"], name)
		}
	}
}

func TestLogValues(t *testing.T) {
	written := func(v any) string {
		var b bytes.Buffer
		drop := func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, slog.LevelKey, slog.MessageKey:
				return slog.Attr{}
			}
			return a
		}
		slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: drop})).Info("", "v", v)
		return strings.TrimSpace(b.String())
	}
	jane := cc.Participant{ID: "1", Role: cc.RoleAgent, Self: true, State: cc.ParticipantState{Mute: cc.On}, Controls: cc.CanMute, JoinedAt: instant(5)}
	room := cc.Snapshot{Conference: "a", Participants: []cc.Participant{jane}, Controls: cc.CanEnd, At: instant(6)}
	for want, v := range map[string]any{
		`v=(hidden)`: cc.ConferenceID("a"),
		`v.role=agent v.self=true v.state="mute=on" v.controls=mute v.joined_at=2026-03-01T12:04:05.250Z`: jane,
		`v.state=unset v.controls=none`:                                 cc.Participant{},
		`v.participants=1 v.controls=end v.at=2026-03-01T12:04:06.250Z`: room,
		`v.participants=2`:                                              cc.Summary{Participants: 2},
		`v.started_at=2026-03-01T12:04:06.250Z`:                         cc.Summary{Participants: -1, StartedAt: instant(6)},
		`v.type=left v.participant.state=unset v.participant.controls=none v.reason=hung-up v.code=4000 v.snapshot.participants=0 v.snapshot.controls=none`: cc.Event{
			Type: cc.Left, Reason: cc.ReasonHungUp, Code: "4000",
		},
		`v.type=synced v.gap=true v.snapshot.participants=0 v.snapshot.controls=none`: cc.Event{Type: cc.Synced, Gap: true},
		`v.type=stale v.error.kind=unavailable v.error.cause=EOF v.snapshot.participants=0 v.snapshot.controls=none`: cc.Event{
			Type: cc.Stale, Err: &cc.Error{Kind: cc.ErrUnavailable, Err: io.EOF},
		},
		`v.op=SetParticipantState v.client=support v.change="mute=on"`: cc.Command{
			Op: cc.OpSetParticipantState, Client: "support", Conference: "a", Participant: "1", Change: cc.Change{Mute: cc.On},
		},
		`v.op=End v.client=support v.provider=fake v.kind=conflict v.missing=end v.code=a v.status=409 v.request_id=b v.retry_after=2s v.applied="mute=on" v.cause=timeout`: &cc.Error{
			Op: "End", Client: "support", Provider: "fake", Kind: cc.ErrConflict, Missing: cc.CanEnd, Code: "a", Status: 409,
			RequestID: "b", RetryAfter: 2e9, Applied: cc.Change{Mute: cc.On}, Err: timeout{},
		},
		`v.name=support v.provider=plivo-mpc v.endpoint=https://x.test v.public_url=(hidden) v.settings=rate,remove v.secrets=TOKEN`: cc.Config{
			Name: "support", Provider: "plivo-mpc", Endpoint: "https://x.test/v1", PublicURL: "ftp://x",
			Settings: map[string]string{"remove": "x", "rate": "1"}, Secrets: map[string]string{"TOKEN": "y"},
		},
	} {
		require.Equal(t, want, written(v))
	}
}

func TestConfigText(t *testing.T) {
	c := cc.Config{Name: "support", Provider: "fake", Settings: map[string]string{"b": "1", "a": "2"}}
	const text = "{Name:support Provider:fake Endpoint: PublicURL: Settings:[a b] Secrets:[]}"
	require.Equal(t, text, fmt.Sprint(c))
	require.Equal(t, text, fmt.Sprintf("%+v", &c))
	require.Equal(t, "callcontrol.Config"+text, fmt.Sprintf("%#v", c))
}
