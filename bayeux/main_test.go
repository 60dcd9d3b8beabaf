package bayeux_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// idleVariable makes the test binary the server of BenchmarkIdle, so that its memory is not counted.
const idleVariable = "BAYEUX_IDLE_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(idleVariable) != "" {
		h := httptest.NewServer(&benchServer{perPoll: 1, start: make(chan struct{})})
		fmt.Println(h.URL)
		_, _ = io.Copy(io.Discard, os.Stdin) // until the other half has gone
		return
	}
	goleak.VerifyTestMain(m)
}
