package page_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/bench/internal/page"
)

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o644)) }
	read := func() string {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(b)
	}
	const before, after = "# A\n<!-- a: by hand -->\nold\n<!-- end of a -->\n", "<!-- b: by hand -->\n<!-- end of b -->\nend\n"
	write(before + after)
	require.NoError(t, page.Check(file, "a"))
	require.NoError(t, page.Replace(file, "a", "new\n\n"))
	require.Equal(t, "# A\n<!-- a: by hand -->\nnew\n<!-- end of a -->\n"+after, read())
	require.NoError(t, page.Replace(file, "b", "more"))
	require.Equal(t, "# A\n<!-- a: by hand -->\nnew\n<!-- end of a -->\n<!-- b: by hand -->\nmore\n<!-- end of b -->\nend\n", read())

	for _, bad := range []string{"", "<!-- a: x -->\n", "<!-- end of a -->\n<!-- a: x -->\n", before + before} {
		write(bad)
		require.Error(t, page.Check(file, "a"), bad)
		require.Error(t, page.Replace(file, "a", "new"), bad)
		require.Equal(t, bad, read())
	}
	require.Error(t, page.Replace(filepath.Join(t.TempDir(), "none.md"), "a", "new"))
}
