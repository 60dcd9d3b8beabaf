package all_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	_ "github.com/callcontrol-go/callcontrol/provider/all"
)

func TestEveryProviderIsRegistered(t *testing.T) {
	require.Equal(t, []string{"fake", "genesys", "plivo-conference", "plivo-mpc"}, cc.Providers())
}

// What an unknown provider is told about the providers of this module is what there is.
func TestHintNamesWhatThereIs(t *testing.T) {
	_, err := cc.Open(t.Context(), "nobody:")
	require.ErrorContains(t, err, "every provider of this module: "+strings.Join(cc.Providers(), ", ")+";")
}
