package plivoserver_test

import (
	"fmt"
	"io"
	"net/http"

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
