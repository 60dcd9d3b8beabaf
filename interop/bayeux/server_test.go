package interop_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Milliseconds that the servers are told. A held request is answered after hold, and a session without
// one is forgotten after lasts; Faye has it at twice hold.
const (
	hold  = 2000
	lasts = 6000
	sweep = 100
)

// patience is how long a server may take for anything that it is asked for.
const patience = 20 * time.Second

// A server is a running product.
type server struct {
	product *product
	args    []string
	env     []string
	port    int
	version string

	mu  sync.Mutex // one command at a time
	cmd *exec.Cmd
	in  io.WriteCloser
	out chan string // lines
	err *bytes.Buffer
}

// start starts a product, or skips the test where the machine lacks what it takes: loudly, and as a
// failure where everything has to be there. The server ends with the test.
func start(t *testing.T, p *product) *server {
	t.Helper()
	args, env, lacking := p.program(t)
	if lacking != "" {
		if os.Getenv("CALLCONTROL_INTEROP") == "required" {
			require.Failf(t, "a runtime is missing", "%s needs %s", p.library, lacking)
		}
		word := fmt.Sprintf("!!! NOTHING IS SHOWN ABOUT %s: this machine lacks %s", p.library, lacking)
		fmt.Fprintln(os.Stderr, word)
		t.Skip(word)
	}
	s := &server{product: p, args: args, env: env}
	s.launch(t)
	t.Cleanup(s.kill)
	return s
}

// launch starts the process: on the port that it had, if it had one.
func (s *server) launch(t *testing.T) {
	t.Helper()
	args := append(s.args[1:], fmt.Sprint("timeout=", hold), "interval=0", fmt.Sprint("maxInterval=", lasts),
		fmt.Sprint("sweep=", sweep), fmt.Sprint("port=", s.port))
	s.cmd = exec.Command(s.args[0], args...)
	s.cmd.Env = s.env
	s.err = &bytes.Buffer{}
	s.cmd.Stderr = s.err
	in, err := s.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	s.in, s.out = in, make(chan string)
	go func(lines chan string) {
		for r := bufio.NewScanner(out); r.Scan(); {
			lines <- r.Text()
		}
		close(lines)
	}(s.out)
	words := strings.Fields(s.line(t))
	require.Lenf(t, words, 4, "%v", words)
	s.port, err = strconv.Atoi(words[1])
	require.NoError(t, err)
	s.version = words[3]
}

// kill ends the process at once. It ends by itself, too, when nobody holds its input.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	for range s.out { // until it is closed
	}
	_ = s.cmd.Wait()
}

// restart kills the process and starts another one on the same port.
func (s *server) restart(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
	s.launch(t)
}

func (s *server) addr() string { return fmt.Sprint("127.0.0.1:", s.port) }

// do has the server obey a command and returns its answer: see node/control.js.
func (s *server) do(t *testing.T, command string, args ...any) int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	line := command
	for _, a := range args {
		line += fmt.Sprint(" ", a)
	}
	_, err := io.WriteString(s.in, line+"\n")
	require.NoErrorf(t, err, "%s", s.err)
	answer := s.line(t)
	n, err := strconv.Atoi(answer)
	require.NoErrorf(t, err, "%s: %s", line, answer)
	return n
}

func (s *server) line(t *testing.T) string {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case line, ok := <-s.out:
		require.Truef(t, ok, "%s ended: %s", s.product.name, s.err)
		return line
	case <-timer.C:
		require.FailNowf(t, "no answer", "%s", s.product.name)
		return ""
	}
}
