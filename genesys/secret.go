package genesys

import (
	"fmt"
	"log/slog"
)

// A Secret is a word that is used and never shown. No verb of package fmt and no encoding shows it,
// and nothing that walks through a value by reflection finds it. The zero Secret is empty.
type Secret struct{ reveal func() string }

// NewSecret makes a Secret of a word.
func NewSecret(word string) Secret {
	return Secret{reveal: func() string { return word }}
}

const redacted = "[redacted]"

func (s Secret) word() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String returns a fixed word, whatever the secret.
func (s Secret) String() string { return redacted }

// GoString returns a fixed word, whatever the secret.
func (s Secret) GoString() string { return redacted }

// Format writes a fixed word for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a fixed word, whatever the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns a fixed word, whatever the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalBinary returns a fixed word, whatever the secret.
func (s Secret) MarshalBinary() ([]byte, error) { return []byte(redacted), nil }
