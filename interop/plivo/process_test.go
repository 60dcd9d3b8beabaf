package interop_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/fake/plivoserver"
)

// A process is a driver in another language. It answers each line with a line.
type process struct {
	in  io.Writer
	out *bufio.Reader
	err *bytes.Buffer // what it and the library print
	ca  string        // file
}

// patience is how long one call may take, over and above what any library waits for an answer.
const patience = time.Minute

// launch starts a driver. It ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{err: &bytes.Buffer{}, ca: filepath.Join(t.TempDir(), "ca.pem")}
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

// exchange sends a line and reads the one that answers it.
func (p *process) exchange(t *testing.T, ask map[string]any) reply {
	t.Helper()
	line, err := json.Marshal(ask)
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
	var r reply
	select {
	case got := <-answered:
		require.NoErrorf(t, got.err, "the driver gave no answer:\n%s", p.err)
		require.NoErrorf(t, json.Unmarshal(got.line, &r), "%s", got.line)
	case <-timer.C:
		require.FailNow(t, "the driver does not answer")
	}
	return r
}

func (p *process) redirect(t *testing.T, to *plivoserver.Endpoint, id, token string) string {
	t.Helper()
	ask := map[string]any{"to": to.URL(), "id": id, "token": token}
	if to.Roots() != nil {
		p.trust(t, to)
		ask["ca"] = p.ca
	}
	r := p.exchange(t, ask)
	require.Truef(t, r.OK, "no client: %s: %s", r.Type, r.Error)
	version, _ := r.Result.(string)
	return version
}

// trust writes the endpoint's certificate down for a library to trust.
func (p *process) trust(t *testing.T, to *plivoserver.Endpoint) {
	t.Helper()
	u, err := url.Parse(to.URL())
	require.NoError(t, err)
	conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: to.Roots(), MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	cert := conn.ConnectionState().PeerCertificates[0] // its own authority
	require.NoError(t, conn.Close())
	require.NoError(t, os.WriteFile(p.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600))
}

func (p *process) ask(t *testing.T, steps []step) reply {
	t.Helper()
	return p.exchange(t, map[string]any{"steps": steps})
}

func (p *process) surface(t *testing.T) []string {
	t.Helper()
	r := p.exchange(t, map[string]any{"surface": true})
	require.Truef(t, r.OK, "%s: %s", r.Type, r.Error)
	list, _ := r.Result.([]any)
	methods := make([]string, len(list))
	for i, m := range list {
		methods[i], _ = m.(string)
	}
	return methods
}

func (p *process) signatures(t *testing.T, asks []check) []verdict {
	t.Helper()
	r := p.exchange(t, map[string]any{"signatures": asks})
	require.Truef(t, r.OK, "%s: %s", r.Type, r.Error)
	b, err := json.Marshal(r.Result)
	require.NoError(t, err)
	var verdicts []verdict
	require.NoError(t, json.Unmarshal(b, &verdicts))
	require.Len(t, verdicts, len(asks))
	return verdicts
}

func (p *process) listen(t *testing.T, origin, token string) string {
	t.Helper()
	r := p.exchange(t, map[string]any{"listen": origin, "token": token})
	require.Truef(t, r.OK, "%s: %s", r.Type, r.Error)
	url, _ := r.Result.(string)
	return url
}
