package provider_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/provider"
)

func TestCheckName(t *testing.T) {
	good := []string{
		"a", "standup", "Stand-Up_2.1", "room 12", "a.b", "..a", "a..", "0", "allhands", "All hands", "lasting",
		"non-moderator", "participant", strings.Repeat("x", provider.MaxID),
	}
	bad := []string{
		"", " ", "  ", " a", "a ", "a  b", ".", "..", "...", "....", strings.Repeat("x", provider.MaxID+1),
		"../../x", "a/../../b", "name with space/%2F", "10?x=1", "10#f", "%2e%2e%2f", "a\r\nb", "a\x00b", "a\tb",
		"all", "ALL", "All", "participants", "Participants", "last", "LAST", "non_moderator", "Non_Moderator",
		"10,11", "10<11", "*", "10;11", "a:b", "uuid:1", "a\\b", "é", "\u202e", "１", "a\u00a0b", "a+b", "a@b", "15001#2",
		"\xff", "a|b", "{x}", "$x", "~", "'", "\"", "`",
	}
	for _, s := range good {
		require.NoError(t, provider.CheckName(s), "%q", s)
	}
	for _, s := range bad {
		err := provider.CheckName(s)
		require.ErrorIs(t, err, cc.ErrInvalid, "%q", s)
		if len(s) > 3 {
			require.NotContains(t, err.Error(), s)
			require.NotContains(t, err.(*cc.Error).Message, s)
		}
	}
}

func TestCheckNumber(t *testing.T) {
	for _, s := range []string{"0", "1", "007", "18446744073709551616", strings.Repeat("9", 20)} {
		require.NoError(t, provider.CheckNumber(s, 20), s)
	}
	for _, s := range []string{"", "-1", "+1", "1.0", "1e3", "1,2", " 1", "1 ", "all", "0x1", "１", "1\n", strings.Repeat("9", 21)} {
		require.ErrorIs(t, provider.CheckNumber(s, 20), cc.ErrInvalid, s)
	}
}

func TestReserved(t *testing.T) {
	for _, s := range []string{"all", "aLL", "last", "LAST", "participants", "PARTICIPANTS", "non_moderator", "NON_moderator", "la\u017ft"} {
		require.True(t, provider.Reserved(s), s)
	}
	for _, s := range []string{"", "al", "alle", "lastly", "participant", "non-moderator", "all "} {
		require.False(t, provider.Reserved(s), s)
	}
}

// An id that passes is one path segment that decodes to itself, names nobody else, and is the same id
// whatever trims or cleans it.
func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"standup", "room 12", "all", "..", "a/b", "%2e", "x\x00", "é", " a", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if provider.CheckName(s) != nil {
			return
		}
		if s == "" || len(s) > 128 || strings.TrimSpace(s) != s || strings.Trim(s, ".") == "" || strings.Contains(s, "  ") {
			t.Fatalf("%q passed", s)
		}
		for _, word := range []string{"all", "participants", "last", "non_moderator"} {
			if strings.EqualFold(s, word) {
				t.Fatalf("%q passed", s)
			}
		}
		for _, r := range s {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. ", r) {
				t.Fatalf("%q passed", s)
			}
		}
	})
}

func FuzzCheckNumber(f *testing.F) {
	for _, s := range []string{"1", "", "-1", "1,2", "99999999999999999999"} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, most int) {
		if provider.CheckNumber(s, most) == nil && (s == "" || len(s) > most || strings.Trim(s, "0123456789") != "") {
			t.Fatalf("%q passed", s)
		}
	})
}
