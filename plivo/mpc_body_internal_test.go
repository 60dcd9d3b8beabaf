package plivo

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

// The body of an update is what encoding/json makes of the same fields, for each combination of toggles.
func TestBodyOfAnUpdate(t *testing.T) {
	toggles := []cc.Toggle{cc.Unset, cc.On, cc.Off, cc.Off + 1}
	for _, mute := range toggles {
		for _, hold := range toggles {
			for _, coach := range toggles {
				want, err := json.Marshal(struct {
					Mute  *bool `json:"mute,omitempty"`
					Hold  *bool `json:"hold,omitempty"`
					Coach *bool `json:"coach_mode,omitempty"`
				}{onOff(mute), onOff(hold), onOff(coach)})
				require.NoError(t, err)
				require.Equal(t, string(want), string(stateChange(mute, hold, coach)))
			}
		}
	}
}
