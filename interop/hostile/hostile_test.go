package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/pipenet"
	safety "github.com/callcontrol-go/callcontrol/internal/hostile"
)

// A process that is to play one case finds here which one, whose, and where its verdict goes.
const (
	envPeer    = "HOSTILE_PEER"
	envCase    = "HOSTILE_CASE"
	envVerdict = "HOSTILE_VERDICT"
)

// TestPlay plays the case that the environment names. Elsewhere there is none.
func TestPlay(t *testing.T) {
	file := os.Getenv(envVerdict)
	if file == "" {
		return
	}
	for _, p := range peers() {
		for _, c := range safety.Cases() {
			if p.Name != os.Getenv(envPeer) || c.ID != os.Getenv(envCase) {
				continue
			}
			play := func(t *testing.T, on safety.Stage) {
				v, err := c.Play(p, on)
				require.NoError(t, err)
				b, err := json.Marshal(v)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(file, b, 0o600))
			}
			if c.Own && p.Exact { // what the drivers' own transport does
				play(t, safety.Own())
				return
			}
			synctest.Test(t, func(t *testing.T) { play(t, onPipes()) })
			return
		}
	}
	require.Fail(t, "no such case")
}

// onPipes is a stage of pipes.
func onPipes() safety.Stage {
	n := pipenet.New()
	return safety.Stage{
		Listen: func(addr string) (net.Listener, error) { return n.Listen(addr) },
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return n.DialContext(ctx, network, addr)
		},
	}
}

// A result is how a peer did in a case.
type result struct{ peer, id string }

// tried plays every case with every peer, each in a process of its own, two at a time. What comes
// back is what went wrong, or nothing.
func tried(t *testing.T) map[result]string {
	t.Helper()
	var (
		mu      sync.Mutex
		results = make(map[result]string)
		busy    sync.WaitGroup
		free    = make(chan struct{}, 2)
		dir     = t.TempDir()
	)
	for i, p := range peers() {
		for j, c := range safety.Cases() {
			free <- struct{}{}
			busy.Go(func() {
				defer func() { <-free }()
				why, err := alone(p, c, filepath.Join(dir, fmt.Sprintf("%d-%d", i, j)))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("%s, %s: %v", p.Name, c.ID, err)
				}
				results[result{p.Name, c.ID}] = why
			})
		}
	}
	busy.Wait()
	return results
}

// alone plays one case in a process of its own.
func alone(p safety.Peer, c safety.Case, file string) (why string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPlay$", "-test.count=1")
	cmd.Env = append(os.Environ(), envPeer+"="+p.Name, envCase+"="+c.ID, envVerdict+"="+file)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	ended := cmd.Run()
	b, err := os.ReadFile(file)
	switch {
	case ctx.Err() != nil:
		return "does not come back", nil
	case err == nil:
		var v safety.Verdict
		err = json.Unmarshal(b, &v)
		return v.Why, err
	case bytes.Contains(said.Bytes(), []byte("--- FAIL")):
		return "", fmt.Errorf("the case could not be played: %s", said.Bytes())
	case bytes.Contains(said.Bytes(), []byte("panic: ")), bytes.Contains(said.Bytes(), []byte("fatal error: ")):
		return "the process panics", nil
	case ended != nil:
		return "the process ends", nil
	}
	return "", fmt.Errorf("no verdict: %s", said.Bytes())
}
