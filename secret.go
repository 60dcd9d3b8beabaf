package callcontrol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// SecretValue looks up a secret by its usual name, such as "PLIVO_AUTH_TOKEN", or by the name that
// Secrets gives instead. It asks Secret, or else the environment. Line breaks at the end of the value,
// as files have them, are dropped. A secret that is missing or blank is [ErrInvalid], and the error
// names it; so is an error of Secret that is fs.ErrNotExist. Another error of Secret keeps its kind if
// it has one, else it is [ErrUnavailable], or [ErrCanceled] if it came from ctx. No error holds a
// value.
func (c Config) SecretValue(ctx context.Context, usualName string) (string, error) {
	name := usualName
	if other, ok := c.Secrets[usualName]; ok {
		name = other
	}
	if strings.TrimSpace(name) == "" {
		return "", c.invalid("the name to look up for the secret " + quote(usualName) + " is empty")
	}
	value, err := c.lookup(ctx, name)
	what := "the secret " + secretName(usualName, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", c.invalid(what + " is missing")
	case err != nil:
		return "", &Error{
			Op: OpOpen, Client: c.Name, Provider: c.Provider, Kind: cmp.Or(KindOf(err), kindOfContext(err), ErrUnavailable),
			Err: fmt.Errorf("%w: %w", Detail(what+" could not be looked up"), err),
		}
	}
	value = strings.TrimRight(value, "\r\n")
	if strings.TrimSpace(value) == "" {
		return "", c.invalid(what + " is blank")
	}
	return value, nil
}

func (c Config) lookup(ctx context.Context, name string) (string, error) {
	if c.Secret != nil {
		return c.Secret(ctx, name)
	}
	value, ok := os.LookupEnv(name)
	if !ok {
		return "", fs.ErrNotExist
	}
	return value, nil
}

// secretName names a secret in an error. A name that could be the secret itself, put in the wrong
// place, is not shown.
func secretName(usual, name string) string {
	switch {
	case name == usual:
		return quote(usual)
	case looksLikeSecret(name):
		return hidden + " (in place of " + quote(usual) + ")"
	}
	return `"` + name + `" (in place of ` + quote(usual) + ")"
}

// looksLikeSecret reports whether s is not of the form that names have: few digits, words that are
// separated if they are many, and not upper case, lower case and digits mixed as generated secrets have them.
func looksLikeSecret(s string) bool {
	var upper, lower, digits, separators int
	for _, r := range s {
		switch {
		case 'A' <= r && r <= 'Z':
			upper++
		case 'a' <= r && r <= 'z':
			lower++
		case '0' <= r && r <= '9':
			digits++
		case strings.ContainsRune("_-./:", r):
			separators++
		default:
			return true
		}
	}
	return len(s) > 256 || digits > 14 || upper > 0 && lower > 0 && digits > 0 || len(s) >= 20 && separators == 0
}
