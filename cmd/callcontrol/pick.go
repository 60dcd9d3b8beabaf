package main

import (
	"fmt"
	"slices"
	"strings"
)

// pick returns those of all that are wanted by name, or all where nothing is. kind is what they are, for
// the error about a name that nobody has.
func pick[T any](all []T, name func(T) string, kind string, wanted []string) ([]T, error) {
	if len(wanted) == 0 {
		return all, nil
	}
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = name(one)
	}
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return nil, fmt.Errorf("there is no %s %q; there are: %s", kind, w, strings.Join(names, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !slices.Contains(wanted, name(one)) }), nil
}
