package plivoserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/callcontrol-go/callcontrol/fake"
	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// A server on a port of the loopback interface, a person in a room, and a client that removes them.
func Example() {
	sw := fake.NewSwitch(fake.Options{FirstMember: 12})
	defer func() { _ = sw.Close() }()
	server, err := plivoserver.New(sw, plivoserver.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	endpoint, err := server.Start(plivoserver.TCP)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = endpoint.Close() }()

	anna, err := sw.Join("standup", fake.Leg{Role: "agent"})
	if err != nil {
		fmt.Println(err)
		return
	}
	path := "/v1/Account/" + server.AuthID() + "/MultiPartyCall/name_standup/Participant/12/"
	r, err := http.NewRequest(http.MethodDelete, endpoint.URL()+path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r.SetBasicAuth(server.AuthID(), server.AuthToken())
	resp, err := (&http.Client{Transport: endpoint.Transport()}).Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	fmt.Println(resp.StatusCode, anna.Present(), anna.Up())
	// Output: 204 false true
}

// An application is told of what happens in a room, and checks nothing: a real one verifies the
// signature first.
func ExampleServer_SendCallbacks() {
	sw := fake.NewSwitch(fake.Options{FirstMember: 12})
	defer func() { _ = sw.Close() }()
	application := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		signed := r.Header.Get("X-Plivo-Signature-V3") != ""
		fmt.Println(r.FormValue("SequenceNumber"), r.FormValue("EventName"), r.FormValue("MemberID"), signed)
	}))
	defer application.Close()
	server, err := plivoserver.New(sw, plivoserver.Options{Callbacks: plivoserver.Callbacks{URL: application.URL + "/plivo"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The second callback is lost, as callbacks sometimes are.
	sender, err := server.SendCallbacks(plivoserver.CallbackOptions{Decide: func(c plivoserver.Callback) plivoserver.Plan {
		return plivoserver.Plan{Drop: c.Event == "MPCStart"}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = sender.Close() }()

	anna, err := sw.Join("standup", fake.Leg{Role: "agent"})
	if err != nil {
		fmt.Println(err)
		return
	}
	anna.HangUp()
	if err := sender.Flush(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sender.Counts().Dropped, "lost")
	// Output:
	// 1 MPCInitialized  true
	// 3 ParticipantJoin 12 true
	// 4 ParticipantExit 12 true
	// 5 MPCEnd  true
	// 1 lost
}
