package hostile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/twilio/twilio-go/client"
	twilio "github.com/twilio/twilio-go/rest/api/v2010"

	safety "github.com/callcontrol-go/callcontrol/internal/hostile"
)

// Twilio's account, conference and participant.
const (
	twilioAccount = "ACfake0000000000000000000000000000"
	twilioToken   = "fakefakefakefakefakefakefakefake"
	twilioRoom    = "CFfake0000000000000000000000000000"
	twilioPerson  = "CAfake0000000000000000000000000001"
	twilioRoot    = "/2010-04-01/Accounts/" + twilioAccount + "/Conferences/" + twilioRoom
)

// twilioVendor answers as Twilio's Conference and Participant resources are documented to, as far as
// the client below asks.
func twilioVendor() (*safety.Vendor, error) {
	v := &twilioServer{}
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(twilioAccount, twilioToken)
	return &safety.Vendor{
		Host: "api.twilio.com", Handler: v, Secret: strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "),
		Room: twilioRoom, Person: twilioPerson,
		Refusal: func(status int) string {
			return fmt.Sprintf(`{"code":20001,"message":"it is %d","more_info":"https://www.twilio.com/docs/errors/20001","status":%d}`, status, status)
		},
		// Twilio has no member_id; beside what it has, a client does not mind one.
		Sample: func(memberID string) string {
			return strings.Replace(participant(true), "{", `{"member_id":`+memberID+`,`, 1)
		},
	}, nil
}

// A twilioServer is a conference of two at Twilio.
type twilioServer struct {
	mu    sync.Mutex
	muted bool
	gone  bool
}

func participant(muted bool) string {
	b, err := json.Marshal(map[string]any{
		"account_sid": twilioAccount, "call_sid": twilioPerson, "conference_sid": twilioRoom, "label": nil, "muted": muted, "hold": false,
		"coaching": false, "call_sid_to_coach": nil, "status": "connected", "start_conference_on_enter": true, "end_conference_on_exit": false,
		"date_created": "Fri, 18 Feb 2011 21:07:19 +0000", "date_updated": "Fri, 18 Feb 2011 21:07:19 +0000",
		"uri": twilioRoot + "/Participants/" + twilioPerson + ".json",
	})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func conference(status string) string {
	return `{"account_sid":"` + twilioAccount + `","sid":"` + twilioRoom + `","friendly_name":"standup","status":"` + status + `","region":"us1"}`
}

func (s *twilioServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	answer := func(status int, body string) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
	room := r.URL.Path == twilioRoot+".json"
	person := r.URL.Path == twilioRoot+"/Participants/"+twilioPerson+".json" && !s.gone
	switch {
	case room && r.Method == http.MethodGet:
		answer(200, conference("in-progress"))
	case room && r.Method == http.MethodPost:
		s.gone = true
		answer(200, conference("completed"))
	case person && r.Method == http.MethodDelete:
		s.gone = true
		w.WriteHeader(http.StatusNoContent)
	case person && r.Method == http.MethodPost:
		s.muted = r.FormValue("Muted") == "true"
		answer(200, participant(s.muted))
	default:
		answer(404, `{"code":20404,"message":"not found","more_info":"https://www.twilio.com/docs/errors/20404","status":404}`)
	}
}

// twilioClient is twilio-go's service for the API that conferences are in.
type twilioClient struct {
	api  *twilio.ApiService
	http *http.Client
}

// openTwilio makes the HTTP client as the library makes it.
func openTwilio(site safety.Site) (safety.Client, error) {
	h := &http.Client{
		Transport:     connected(http.DefaultTransport.(*http.Transport), site),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       10 * time.Second,
	}
	base := &client.Client{Credentials: client.NewCredentials(twilioAccount, twilioToken), HTTPClient: h}
	base.SetAccountSid(twilioAccount)
	return twilioClient{twilio.NewApiServiceWithClient(base), h}, nil
}

func (c twilioClient) Snapshot(_ context.Context, room string) error {
	_, err := c.api.FetchConference(room, nil)
	return err
}

func (c twilioClient) Remove(_ context.Context, room, person string) error {
	return c.api.DeleteParticipant(room, person, nil)
}

func (c twilioClient) Mute(_ context.Context, room, person string, on bool) error {
	_, err := c.api.UpdateParticipant(room, person, (&twilio.UpdateParticipantParams{}).SetMuted(on))
	return err
}

func (c twilioClient) End(_ context.Context, room string) error {
	_, err := c.api.UpdateConference(room, (&twilio.UpdateConferenceParams{}).SetStatus("completed"))
	return err
}

func (c twilioClient) Tell(err error) safety.Told {
	var e *client.TwilioRestError
	if errors.As(err, &e) {
		return safety.Told{Status: e.Status}
	}
	return safety.Told{}
}

func (c twilioClient) Close() error {
	c.http.CloseIdleConnections()
	return nil
}
