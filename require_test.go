package callcontrol_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
)

func TestRequire(t *testing.T) {
	all := cc.Capabilities{
		Conference: cc.CanEnd | cc.CanList | cc.CanWatch, Others: cc.CanRemove | cc.CanMute, Self: cc.CanHold,
		Removed: cc.FateHangsUp, Ended: cc.FateDepends,
	}
	session := all
	session.SessionOnly = true
	for name, c := range map[string]struct {
		have, want cc.Capabilities
		missing    cc.Controls
		text       string
	}{
		"nothing":            {have: cc.Capabilities{}, want: cc.Capabilities{}},
		"the same":           {have: all, want: all},
		"less":               {have: all, want: cc.Capabilities{Others: cc.CanMute}},
		"session, enough":    {have: session, want: session},
		"session not needed": {have: all, want: session},
		"one control": {
			have: all, want: cc.Capabilities{Others: cc.CanMute | cc.CanCoach},
			missing: cc.CanCoach, text: ": missing coach: wanted of other participants: coach",
		},
		"in another place": {
			have: all, want: cc.Capabilities{Self: cc.CanMute},
			missing: cc.CanMute, text: ": missing mute: wanted of one's own leg: mute",
		},
		"everywhere": {
			have: cc.Capabilities{}, want: all,
			missing: cc.CanEnd | cc.CanList | cc.CanWatch | cc.CanRemove | cc.CanMute | cc.CanHold,
			text: ": missing remove,mute,hold,end,list,watch: wanted of the conference: end,list,watch; " +
				"of other participants: remove,mute; of one's own leg: hold; " +
				"a removed leg: hangs-up, here unknown; a leg of an ended conference: depends, here unknown",
		},
		"fate of removed": {
			have: all, want: cc.Capabilities{Removed: cc.FateContinues},
			text: ": wanted a removed leg: continues, here hangs-up",
		},
		"fate of ended": {
			have: all, want: cc.Capabilities{Ended: cc.FateHangsUp},
			text: ": wanted a leg of an ended conference: hangs-up, here depends",
		},
		"session": {
			have: session, want: all,
			text: ": wanted the whole account: here only the calls of one login are seen",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := cc.Require(&stubClient{name: "support", provider: "fake", caps: c.have}, c.want)
			if c.text == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "Require (fake, support): unsupported"+c.text)
			require.ErrorIs(t, err, cc.ErrUnsupported)
			var e *cc.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, c.missing, e.Missing)
		})
	}
	require.ErrorIs(t, cc.Require(nil, all), cc.ErrInvalid)
}

func TestAs(t *testing.T) {
	c := &stubClient{vendor: "the bridge"}
	s, ok := cc.As[string](c)
	require.True(t, ok)
	require.Equal(t, "the bridge", s)
	s, ok = cc.As[string](c.Conference("a"))
	require.True(t, ok)
	require.Equal(t, "the bridge", s)
	n, ok := cc.As[int](c)
	require.False(t, ok)
	require.Zero(t, n)
	_, ok = cc.As[string](nil)
	require.False(t, ok)
	s, ok = cc.As[string](scribbler{})
	require.False(t, ok)
	require.Empty(t, s, "what is refused is not given")
}

// A scribbler writes to the target and says that it did not.
type scribbler struct{}

func (scribbler) As(target any) bool {
	*target.(*string) = "half"
	return false
}
