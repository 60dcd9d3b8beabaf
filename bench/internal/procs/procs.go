// Package procs runs the roles of a measurement, a server and its clients, as processes of their own:
// this program starts itself once more for each, on CPUs of their own, and talks to it in lines of JSON.
package procs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Command is the argument that makes this program a role; the name of the role follows it.
const Command = "role"

// A Role answers what its process is asked.
type Role func(ask json.RawMessage) (any, error)

// A reply is one line from a role.
type reply struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Serve is the life of a role: one reply to each ask, until there is no more.
func Serve(r io.Reader, w io.Writer, role Role) error {
	in, out := json.NewDecoder(r), json.NewEncoder(w)
	for {
		var ask json.RawMessage
		switch err := in.Decode(&ask); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		var answer reply
		value, err := role(ask)
		if err == nil {
			answer.Value, err = json.Marshal(value)
		}
		if err != nil {
			answer = reply{Error: err.Error()}
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}

// A Process is a role in a process of its own. It is for one goroutine at a time.
type Process struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *json.Decoder
}

// Start begins a role on these CPUs; none means wherever the system likes. What the role writes to
// its standard error goes to log. The environment is this process's and env.
func Start(role string, cpus CPUs, env []string, log io.Writer) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, Command, role)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cpus.start(cmd); err != nil {
		return nil, fmt.Errorf("start the role %s: %w", role, err)
	}
	return &Process{name: role, cmd: cmd, in: in, out: json.NewDecoder(out)}, nil
}

// Ask sends one ask and waits for its reply, which is decoded into value unless that is nil.
func (p *Process) Ask(ask, value any) error {
	line, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	var answer reply
	if err := p.out.Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", p.name, answer.Error)
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, value)
}

// Close lets the process end, and ends it if it does not within five seconds.
func (p *Process) Close() error {
	_ = p.in.Close()
	patience := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer patience.Stop()
	return p.cmd.Wait()
}
