package callcontrol

import (
	"encoding/json"
	"strings"
)

// A wordSet is the text form of a small enumeration, by value.
type wordSet []string

func (w wordSet) word(v int) (string, bool) {
	if v < 0 || v >= len(w) {
		return "", false
	}
	return w[v], true
}

func (w wordSet) value(text []byte) (int, bool) {
	for v, word := range w {
		if string(text) == word {
			return v, true
		}
	}
	return 0, false
}

var (
	toggleWords  = wordSet{Unset: "", On: "on", Off: "off"}
	fateWords    = wordSet{FateUnknown: "unknown", FateHangsUp: "hangs-up", FateContinues: "continues", FateDepends: "depends"}
	controlWords = [...]string{"remove", "mute", "deaf", "hold", "coach", "end", "list", "watch"}
)

// String gives "on", "off" or "unset".
func (t Toggle) String() string {
	if t == Unset {
		return "unset"
	}
	if s, ok := toggleWords.word(int(t)); ok {
		return s
	}
	return "invalid"
}

// MarshalText gives "on", "off", or nothing for Unset. Any other value is an error.
func (t Toggle) MarshalText() ([]byte, error) {
	return marshalWord(toggleWords, int(t), "toggle")
}

// UnmarshalText is the inverse of MarshalText. Any other text is an error.
func (t *Toggle) UnmarshalText(text []byte) error {
	return unmarshalWord(toggleWords, t, text, `a toggle is "on" or "off"`)
}

// String gives the fate's word.
func (f Fate) String() string {
	if s, ok := fateWords.word(int(f)); ok {
		return s
	}
	return "invalid"
}

// MarshalText gives the fate's word. A value that is none of the constants is an error.
func (f Fate) MarshalText() ([]byte, error) {
	return marshalWord(fateWords, int(f), "fate")
}

// UnmarshalText is the inverse of MarshalText. Any other text is an error.
func (f *Fate) UnmarshalText(text []byte) error {
	return unmarshalWord(fateWords, f, text, `a fate is "unknown", "hangs-up", "continues" or "depends"`)
}

// MarshalText gives the kind's word, such as "not-found", and nothing for the zero value. A value
// that is none of the constants is an error.
func (k Kind) MarshalText() ([]byte, error) {
	return marshalWord(kindWords, int(k), "kind")
}

// UnmarshalText is the inverse of MarshalText. Any other text is an error.
func (k *Kind) UnmarshalText(text []byte) error {
	return unmarshalWord(kindWords, k, text, "an unknown kind of error")
}

func marshalWord(w wordSet, v int, what string) ([]byte, error) {
	s, ok := w.word(v)
	if !ok {
		return nil, Detail("no such " + what)
	}
	return []byte(s), nil
}

func unmarshalWord[T ~uint8](w wordSet, to *T, text []byte, otherwise Detail) error {
	v, ok := w.value(text)
	if !ok {
		return otherwise
	}
	*to = T(v)
	return nil
}

// words gives the words of c, and false if c has a member without one.
func (c Controls) words() ([]string, bool) {
	list := make([]string, 0, len(controlWords))
	for i, word := range controlWords {
		if c&(1<<i) != 0 {
			list = append(list, word)
		}
	}
	return list, c < 1<<len(controlWords)
}

func (c *Controls) set(list []string) error {
	var got Controls
next:
	for _, word := range list {
		for i, known := range controlWords {
			if word == known {
				got |= 1 << i
				continue next
			}
		}
		return Detail("controls are words of " + strings.Join(controlWords[:], ", "))
	}
	*c = got
	return nil
}

// String gives the words joined by commas, or "none".
func (c Controls) String() string {
	list, known := c.words()
	if !known {
		list = append(list, "invalid")
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ",")
}

// MarshalText gives the words joined by commas, nothing for the empty set. A member that is none of
// the constants is an error.
func (c Controls) MarshalText() ([]byte, error) {
	list, ok := c.words()
	if !ok {
		return nil, Detail("no such control")
	}
	return []byte(strings.Join(list, ",")), nil
}

// UnmarshalText is the inverse of MarshalText; the words may come in any order. Any other word is
// an error.
func (c *Controls) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = 0
		return nil
	}
	return c.set(strings.Split(string(text), ","))
}

// MarshalJSON gives a list of words, an empty one for the empty set. A member that is none of the
// constants is an error.
func (c Controls) MarshalJSON() ([]byte, error) {
	list, ok := c.words()
	if !ok {
		return nil, Detail("no such control")
	}
	return json.Marshal(list)
}

// UnmarshalJSON is the inverse of MarshalJSON; the words may come in any order. Any other word is an
// error.
func (c *Controls) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return Detail("controls are a list of words")
	}
	return c.set(list)
}

// String gives what is told, such as "mute=on,hold=off", or "unset".
func (s ParticipantState) String() string { return Change(s).String() }

// String gives what is set, such as "mute=on,hold=off", or "unset".
func (c Change) String() string {
	var list []string
	for _, f := range [...]struct {
		name   string
		toggle Toggle
	}{{"mute", c.Mute}, {"deaf", c.Deaf}, {"hold", c.Hold}, {"coach", c.Coach}} {
		if f.toggle != Unset {
			list = append(list, f.name+"="+f.toggle.String())
		}
	}
	if len(list) == 0 {
		return "unset"
	}
	return strings.Join(list, ",")
}
