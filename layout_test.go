package callcontrol_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/callcontrol-go/callcontrol"

// A layer says what the code of a folder may import besides the standard library.
type layer struct {
	ours   []string // folders of this module, "" being its root
	theirs []string // other modules
}

// layers is the import table of the module. A folder that is not here, and is no command and not
// under internal, is not part of the house.
var layers = map[string]layer{
	"":                                   {},
	"bayeux":                             {theirs: []string{"github.com/gorilla/websocket"}},
	"provider":                           {ours: []string{""}},
	"provider/httpclient":                {ours: []string{"", "provider"}, theirs: []string{"github.com/hashicorp/go-retryablehttp"}},
	"provider/all":                       {ours: []string{"fake", "genesys", "plivo"}},
	"plivo":                              {ours: []string{"", "provider", "provider/httpclient"}},
	"genesys":                            {ours: []string{"", "provider", "provider/httpclient", "bayeux"}},
	"fake":                               {ours: []string{"", "provider"}},
	"fake/pipenet":                       {},
	"fake/plivoserver":                   {ours: []string{"", "fake", "fake/pipenet"}},
	"fake/genesysserver":                 {ours: []string{"", "fake", "fake/pipenet", "fake/genesysserver/internal/cometd"}},
	"fake/genesysserver/internal/cometd": {theirs: []string{"github.com/gorilla/websocket"}},
	"conformance":                        {ours: []string{""}},
}

// helped are the folders that may use the small shared helpers under internal.
var helped = []string{"provider", "provider/httpclient", "provider/all", "plivo", "genesys", "fake", "conformance"}

// forTests are the modules that only tests may import.
var forTests = []string{"github.com/stretchr/testify", "github.com/google/go-cmp", "go.uber.org/goleak", "go.uber.org/mock"}

// Nobody imports the top of the house: these folders, and what is under them, may import anything.
func isTop(folder string) bool {
	return under(folder, "cmd") || under(folder, "docs") ||
		under(folder, "internal/worlds") || under(folder, "internal/mutants") || under(folder, "internal/mocks") ||
		under(folder, "internal/hostile")
}

func under(p, top string) bool { return p == top || strings.HasPrefix(p, top+"/") }

// wrong says why code in folder may not import path, or nothing.
func wrong(folder, path string) string {
	ours := under(path, module)
	to := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	rule, known := layers[folder]
	helper := under(folder, "internal") && !isTop(folder)
	first, _, _ := strings.Cut(path, "/")
	switch {
	case !known && !helper && !isTop(folder):
		return "the folder is not in the import table"
	case !ours && !strings.Contains(first, "."):
		return "" // the standard library
	case !ours && slices.ContainsFunc(forTests, func(m string) bool { return under(path, m) }):
		if under(folder, "internal/mocks") {
			return ""
		}
		return "only tests may"
	case ours && isTop(to):
		if isTop(folder) {
			return ""
		}
		return "nobody but commands and tests may"
	case isTop(folder):
		return ""
	case helper:
		return "helpers import the standard library only"
	case ours && under(to, "internal"):
		if slices.Contains(helped, folder) {
			return ""
		}
		return "this folder has no helpers"
	case ours:
		if slices.Contains(rule.ours, to) {
			return ""
		}
		return "the import table does not have it"
	}
	if slices.ContainsFunc(rule.theirs, func(m string) bool { return under(path, m) }) {
		return ""
	}
	return "the import table does not have that module"
}

// imports gives what the code of each folder imports, without tests and without modules of their own.
func imports(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	require.NoError(t, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		name := entry.Name()
		switch {
		case entry.IsDir() && rel != ".":
			_, err := os.Stat(filepath.Join(file, "go.mod"))
			if err == nil || name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
				return filepath.SkipDir
			}
		case !entry.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			folder := strings.TrimPrefix(path.Dir(rel), ".")
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			if found[folder] == nil {
				found[folder] = []string{} // a folder without imports is one all the same
			}
			for _, spec := range parsed.Imports {
				p, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				found[folder] = append(found[folder], p)
			}
		}
		return nil
	}))
	return found
}

func TestImportTable(t *testing.T) {
	found := imports(t, ".")
	require.Contains(t, found, "")
	require.Contains(t, found, "provider")
	for folder, paths := range found {
		for _, p := range append(paths, "fmt") {
			require.Empty(t, wrong(folder, p), "%q imports %q", folder, p)
		}
	}
}

func TestImportTableIsJudged(t *testing.T) {
	for _, c := range []struct {
		folder, path string
		ok           bool
	}{
		{"", "net/http", true},
		{"", "github.com/hashicorp/go-retryablehttp", false},
		{"", module + "/provider", false},
		{"", module + "/internal/helper", false},
		{"provider", module, true},
		{"provider", module + "/provider/httpclient", false},
		{"provider", "net/http", true},
		{"provider/httpclient", "github.com/hashicorp/go-retryablehttp", true},
		{"provider/httpclient", module + "/plivo", false},
		{"provider/all", module + "/plivo", true},
		{"provider/all", module + "/conformance", false},
		{"plivo", module + "/provider/httpclient", true},
		{"plivo", module + "/genesys", false},
		{"plivo", "github.com/hashicorp/go-retryablehttp", false},
		{"plivo", module + "/internal/helper", true},
		{"plivo", module + "/internal/worlds", false},
		{"plivo", module + "/internal/mocks/x", false},
		{"plivo", "github.com/stretchr/testify/require", false},
		{"genesys", module + "/bayeux", true},
		{"bayeux", module, false},
		{"bayeux", "github.com/gorilla/websocket", true},
		{"fake", module + "/provider", true},
		{"fake", module + "/fake/plivoserver", false},
		{"fake/pipenet", module, false},
		{"fake/plivoserver", module + "/fake", true},
		{"fake/plivoserver", module + "/plivo", false},
		{"fake/plivoserver", module + "/provider", false},
		{"fake/plivoserver", module + "/provider/httpclient", false},
		{"fake/plivoserver", module + "/internal/helper", false},
		{"fake/genesysserver", module + "/bayeux", false},
		{"conformance", module, true},
		{"conformance", module + "/fake", false},
		{"conformance", "github.com/stretchr/testify/require", false},
		{"internal/worlds", module + "/fake/plivoserver", true},
		{"internal/mutants", module + "/internal/worlds", true},
		{"internal/worlds", "github.com/stretchr/testify/require", false},
		{"internal/mocks", "go.uber.org/mock/gomock", true},
		{"internal/helper", module + "/plivo", false},
		{"internal/helper", "net/http", true},
		{"cmd/callcontrol", module + "/internal/worlds", true},
		{"cmd/callcontrol", "github.com/alecthomas/kong", true},
		{"docs/examples", module + "/fake", true},
		{"plivo", module + "/docs/examples", false},
		{"util", "fmt", false},
		{"provider/other", "fmt", false},
		{"provider", module + "x/y", false},
		{"provider", "example.com/x", false},
	} {
		require.Equal(t, c.ok, wrong(c.folder, c.path) == "", "%q imports %q: %s", c.folder, c.path, wrong(c.folder, c.path))
	}
}

func TestImportsAreFound(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a.go":          "package a\nimport _ \"x.test/root\"\n",
		"a_test.go":     "package a\nimport _ \"x.test/test\"\n",
		"b/c/c.go":      "package c\nimport (\n\tz \"x.test/deep\"\n)\nvar _ = z.Z\n",
		"b/alone.go":    "package b\n",
		"own/go.mod":    "module own\n",
		"own/own.go":    "package own\nimport _ \"x.test/own\"\n",
		"testdata/t.go": "package t\nimport _ \"x.test/data\"\n",
		".hidden/h.go":  "package h\nimport _ \"x.test/hidden\"\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.Equal(t, map[string][]string{"": {"x.test/root"}, "b/c": {"x.test/deep"}, "b": {}}, imports(t, root))
}
