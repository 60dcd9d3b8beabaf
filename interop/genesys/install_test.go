package interop_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// installed returns the folder that libraries are installed in, and installs them there unless they
// are already, as the files of the folder from say, which are what is asked for: for other contents
// there is another folder.
func installed(t *testing.T, from string, files []string, install func(dir string) []*exec.Cmd) string {
	t.Helper()
	hash := sha256.New()
	contents := make([][]byte, len(files))
	for i, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f))
		require.NoError(t, err)
		contents[i] = b
		fmt.Fprintf(hash, "%s %d\n%s", f, len(b), b)
	}
	top := cache(t)
	dir := filepath.Join(top, fmt.Sprintf("%s-%x", filepath.Base(from), hash.Sum(nil)[:8]))
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
		require.NoError(t, os.WriteFile(filepath.Join(work, filepath.Base(f)), contents[i], 0o644))
	}
	for _, cmd := range install(work) {
		t.Logf("installing: %v", cmd.Args)
		cmd.Dir = work
		out, err := cmd.CombinedOutput()
		require.NoErrorf(t, err, "%s", out)
	}
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
	return filepath.Join(dir, "callcontrol-interop-genesys")
}

// A missing names what a machine lacks.
type missing string

// tools finds programs that are there and that work.
func tools(names ...string) (found []string, lacking missing) {
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil || exec.Command(path, "--version").Run() != nil {
			return nil, missing(name)
		}
		found = append(found, path)
	}
	return found, ""
}

// source is a file of this folder, by its absolute path.
func source(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(parts...))
	require.NoError(t, err)
	return path
}
