package exported_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/internal/exported"
)

func TestTypes(t *testing.T) {
	types, err := exported.Types("../../provider/all")
	require.NoError(t, err)
	require.Empty(t, types)

	types, err = exported.Types("../mutants")
	require.NoError(t, err)
	require.Equal(t, []string{"Mutant"}, types)

	broken := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(broken, "broken.go"), []byte("package broken\n\ntype {"), 0o600))
	types, err = exported.Types(broken)
	require.ErrorContains(t, err, "broken.go")
	require.Nil(t, types)
}
