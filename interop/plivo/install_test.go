package interop_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// installed returns the folder that a library is installed in, and installs it there unless it is
// already, as the files say, which are what is asked for: for other contents there is another folder.
func installed(t *testing.T, language string, files []string, install func(dir string) *exec.Cmd) string {
	t.Helper()
	hash := sha256.New()
	contents := make([][]byte, len(files))
	for i, f := range files {
		b, err := os.ReadFile(filepath.Join(language, f))
		require.NoError(t, err)
		contents[i] = b
		fmt.Fprintf(hash, "%s %d\n%s", f, len(b), b)
	}
	top := cache(t)
	dir := filepath.Join(top, fmt.Sprintf("%s-%x", language, hash.Sum(nil)[:8]))
	done := filepath.Join(dir, ".installed")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	// In a folder of its own first, so that a half of it is never taken for the whole.
	require.NoError(t, os.MkdirAll(top, 0o755))
	work, err := os.MkdirTemp(top, "new-")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(work) }()
	for i, f := range files {
		require.NoError(t, os.WriteFile(filepath.Join(work, f), contents[i], 0o644))
	}
	cmd := install(work)
	t.Logf("installing: %v", cmd.Args)
	out, err := cmd.CombinedOutput()
	require.NoErrorf(t, err, "%s", out)
	require.NoError(t, os.WriteFile(filepath.Join(work, ".installed"), nil, 0o644))
	if err := os.Rename(work, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		_, there := os.Stat(done) // another run may have been quicker
		require.NoErrorf(t, there, "%v", err)
	}
	return dir
}

// cache is where libraries are installed.
func cache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("CALLCONTROL_INTEROP_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "callcontrol-interop-plivo")
}

// tools finds programs, each being the first one of its names that is there and that works.
func tools(t *testing.T, needed ...[]string) (found []string, lacking missing) {
	t.Helper()
	for _, names := range needed {
		path := ""
		for _, name := range names {
			if p, err := exec.LookPath(name); err == nil && works(p) {
				path = p
				break
			}
		}
		if path == "" {
			return nil, missing(strings.Join(names, " or "))
		}
		found = append(found, path)
	}
	return found, ""
}

// works tells whether a program starts: the name may be a stand-in for a runtime that is not there.
func works(program string) bool { return exec.Command(program, "--version").Run() == nil }

// source is a file of this folder, by its absolute path.
func source(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(parts...))
	require.NoError(t, err)
	return path
}

// must runs a program and returns what it prints.
func must(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	require.NoErrorf(t, err, "%v: %s", cmd.Args, problems.Bytes())
	return out
}
