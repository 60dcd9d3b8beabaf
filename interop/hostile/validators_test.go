package hostile_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	plivogo "github.com/plivo/plivo-go/v7"
	"github.com/twilio/twilio-go/client"

	"github.com/callcontrol-go/callcontrol/plivo"
)

// validators are those that are judged, in the order of the table.
func validators() []validator {
	return []validator{
		{name: "plivo.Receiver", open: openReceiver, several: true, nonces: true,
			source: []string{"github.com/callcontrol-go/callcontrol", "plivo/signature.go"}},
		{name: "plivo-go", open: openPlivoHook, several: true, nonces: true,
			source: []string{"github.com/plivo/plivo-go/v7", "utils.go"}},
		{name: "twilio-go", open: openTwilioHook,
			source: []string{"github.com/twilio/twilio-go", "client/request_validator.go"}},
	}
}

// plivoSigned signs as Plivo does. The signing function of package plivo is held to the vendor's
// published vectors by its own tests.
type plivoSigned struct{}

func (plivoSigned) sign(d delivery, token string) string {
	s, err := plivo.SignV3(plivo.NewSecret(token), d.method, d.url, d.form, d.nonce)
	if err != nil {
		return "AAAA"
	}
	return s
}

// form is an event that has a conference read, and one in which a letter has moved from a name to the
// value.
func (plivoSigned) form() (genuine, other url.Values) {
	genuine = url.Values{
		"EventName": {"MPCStart"}, "EventTimestamp": {"2026-03-01 10:00:05.123456+00:00"},
		"MPCName": {"room-7"}, "MPCUUID": {"5d1c2f1e-9a0b-4c55-8f57-0d2b1f6a7c11"},
	}
	other = without(genuine, "MPCName")
	other["MPCNam"] = []string{"eroom-7"}
	return genuine, other
}

// ourHook is plivo.Receiver behind a server. Something is done about a callback if it rings.
type ourHook struct {
	plivoSigned
	token string
	at    map[string]*plivo.Receiver // by origin
}

func openReceiver(token string) (receiver, error) {
	h := &ourHook{token: token, at: make(map[string]*plivo.Receiver)}
	return h, h.open(hookURL)
}

func (h *ourHook) open(origin string) error {
	r, err := plivo.NewReceiver(plivo.ReceiverOptions{PublicURL: origin, Tokens: []plivo.Secret{plivo.NewSecret(h.token)}})
	if err != nil {
		return err
	}
	h.at[origin] = r
	return nil
}

// Close ends the receivers.
func (h *ourHook) Close() error {
	var errs []error
	for _, r := range h.at {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

func (h *ourHook) take(d delivery) bool {
	// The origin is the receiver's own; a callback for another one cannot come to it.
	origin, target := hookURL, strings.TrimPrefix(d.url, hookURL)
	if other := hookURL + ":8443"; strings.HasPrefix(d.url, other) {
		origin, target = other, strings.TrimPrefix(d.url, other)
	}
	if h.at[origin] == nil {
		if err := h.open(origin); err != nil {
			return false
		}
	}
	r := h.at[origin]
	q := httptest.NewRequest(d.method, "/", strings.NewReader(d.form.Encode()))
	q.RequestURI = target
	if d.method == http.MethodPost {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	q.Header.Set(plivo.HeaderNonceV3, d.nonce)
	q.Header.Set(plivo.HeaderSignatureV3, strings.Join(d.signatures, ","))
	for k, v := range d.headers {
		q.Header.Set(k, v)
	}
	if host := d.headers["Host"]; host != "" {
		q.Host = host
	}
	before := r.Stats().Rung
	r.ServeHTTP(httptest.NewRecorder(), q)
	return r.Stats().Rung > before
}

// plivoHook is plivo-go's function for V3, called as its documentation has it.
type plivoHook struct {
	plivoSigned
	token string
}

func openPlivoHook(token string) (receiver, error) { return plivoHook{token: token}, nil }

func (h plivoHook) take(d delivery) bool {
	return plivogo.ValidateSignatureV3(d.url, d.nonce, d.method, strings.Join(d.signatures, ","), h.token, firsts(d.form))
}

func firsts(form url.Values) map[string]string {
	m := make(map[string]string)
	for k, v := range form {
		m[k] = v[0]
	}
	return m
}

// twilioHook is twilio-go's validator.
type twilioHook struct{ v client.RequestValidator }

func openTwilioHook(token string) (receiver, error) {
	return twilioHook{client.NewRequestValidator(token)}, nil
}

// sign is Twilio's documented scheme: the URL and then each parameter and its value, sorted by name.
func (twilioHook) sign(d delivery, token string) string {
	var text strings.Builder
	text.WriteString(d.url)
	keys := make([]string, 0, len(d.form))
	for k := range d.form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		for _, v := range d.form[k] {
			fmt.Fprintf(&text, "%s%s", k, v)
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (twilioHook) form() (genuine, other url.Values) {
	genuine = url.Values{
		"ConferenceSid": {twilioRoom}, "CallSid": {twilioPerson}, "StatusCallbackEvent": {"participant-join"}, "Muted": {"false"},
	}
	other = without(genuine, "Muted")
	other["Mute"] = []string{"dfalse"}
	return genuine, other
}

func (h twilioHook) take(d delivery) bool {
	signature := strings.Join(d.signatures, ",")
	if d.method == http.MethodGet {
		return h.v.Validate(d.url, nil, signature)
	}
	return h.v.ValidateBody(d.url, []byte(d.form.Encode()), signature)
}
