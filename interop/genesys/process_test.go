package interop_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process is a driver in another language. It answers each line with a line.
type process struct {
	in  io.Writer
	out *bufio.Reader
	err *bytes.Buffer // what it and the client print
}

// patience is how long one command may take, over and above what a driver waits for.
const patience = time.Minute

// launch starts a driver. It ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{err: &bytes.Buffer{}}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = p.err
	require.NoError(t, cmd.Start())
	p.in, p.out = in, bufio.NewReader(out)
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the driver ended with %v:\n%s", err, p.err)
		}
	})
	return p
}

// An answer is what a driver tells. Which fields there are is the command's.
type answer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error"`

	Version, Adapter string
	Status           int
	CSRF             string
	Cookies          []string
	Body             map[string]any // as the driver's HTTP client got it
	Reply            map[string]any // as the CometD client decoded it
	Events           []event
	Sessions         []string
	Failures         []failure
}

// An event is what a listener was given.
type event struct {
	Channel string
	Data    map[string]any
}

// A failure is a connect or a handshake that failed, as the CometD client tells of it.
type failure struct {
	Channel   string
	Error     string
	Status    int // of HTTP, where that is what failed
	Reconnect string
}

// ask sends a command and reads the answer.
func (p *process) ask(t *testing.T, command map[string]any) answer {
	t.Helper()
	line, err := json.Marshal(command)
	require.NoError(t, err)
	_, err = p.in.Write(append(line, '\n'))
	require.NoError(t, err)
	type read struct {
		line []byte
		err  error
	}
	answered := make(chan read, 1)
	go func() {
		line, err := p.out.ReadBytes('\n')
		answered <- read{line, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var a answer
	select {
	case got := <-answered:
		require.NoErrorf(t, got.err, "the driver gave no answer:\n%s", p.err)
		require.NoErrorf(t, json.Unmarshal(got.line, &a), "%s", got.line)
	case <-timer.C:
		require.FailNow(t, "the driver does not answer")
	}
	require.Truef(t, a.OK, "%v: %s\n%s", command, a.Error, p.err)
	return a
}
