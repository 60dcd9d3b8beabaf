package callcontrol_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is Go in the documentation is also in docs/examples, word for word, where it is compiled,
// vetted and tested like everything else.
const examplesFolder = "docs/examples"

// fenced finds the blocks of Go in a page.
var fenced = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// goFiles gives the text of every Go file under a folder.
func goFiles(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		files[filepath.ToSlash(path)] = string(text)
		return err
	}))
	return files
}

// holder gives the file that has the block as a run of whole lines, or nothing.
func holder(files map[string]string, block string) string {
	for path, text := range files {
		if strings.Contains("\n"+text, "\n"+block) {
			return path
		}
	}
	return ""
}

func TestGoInTheDocumentationIsCompiled(t *testing.T) {
	files := goFiles(t, filepath.FromSlash(examplesFolder))
	pages, err := filepath.Glob(filepath.FromSlash("docs/*.md"))
	require.NoError(t, err)
	found := 0
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
			found++
			require.NotEmpty(t, strings.TrimSpace(block[1]), page)
			require.NotEmpty(t, holder(files, block[1]), "%s has Go that no file of %s has:\n%s", page, examplesFolder, block[1])
		}
	}
	require.GreaterOrEqual(t, found, 5, "the documentation has lost its examples")
}

func TestOtherGoIsMissed(t *testing.T) {
	files := map[string]string{"x.go": "package x\n\n\tvar y = 1\n"}
	require.Equal(t, "x.go", holder(files, "\tvar y = 1\n"))
	require.Empty(t, holder(files, "var y = 1\n"), "lines are whole")
	require.Empty(t, holder(files, "\tvar y = 2\n"))
}

var (
	code = regexp.MustCompile("(?ms)^```.*?^```$|`[^`]*`") // what is code in a page
	link = regexp.MustCompile(`\]\(([^)]+)\)`)             // and the targets of links
)

func TestLinksOfTheDocumentation(t *testing.T) {
	pages, err := filepath.Glob(filepath.FromSlash("docs/*.md"))
	require.NoError(t, err)
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, target := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			path, _, _ := strings.Cut(target[1], "#")
			if path == "" || strings.Contains(path, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(path)))
			require.NoError(t, err, "%s links to what is not there: %s", page, target[1])
		}
	}
}

// What README.md tells someone to type on the first screen is what CI runs.
func TestCommandsOfReadmeAreRunByCI(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	ci, err := os.ReadFile(filepath.FromSlash(".ci/run"))
	require.NoError(t, err)
	for command, run := range map[string]string{
		"go run ./cmd/callcontrol demo": "go run ./cmd/callcontrol demo",
		"go test ./...":                 "go test -count=1 ./...", // the same, and never from the cache
	} {
		require.Contains(t, string(readme), "\n"+command+"\n")
		require.Contains(t, string(ci), " "+run+"\n")
	}
}

// Every kind of error has its line in README.md.
func TestKindsInReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("kind.go")
	require.NoError(t, err)
	kinds := regexp.MustCompile(`(?m)^\t(Err[A-Za-z]+)( |$)`).FindAllStringSubmatch(string(source), -1)
	require.Len(t, kinds, 12)
	for _, kind := range kinds {
		require.Contains(t, string(readme), "\n| `"+kind[1]+"` | ")
	}
}
