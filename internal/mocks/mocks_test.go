package mocks_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callcontrol-go/callcontrol/internal/mocks"
	"github.com/callcontrol-go/callcontrol/provider"
)

// The mocks have the methods of what they mock, with the same signatures, and no others. That every
// byte is as generated is checked by generating them again: "go generate ./internal/mocks" must change nothing.
func TestMocksAreCurrent(t *testing.T) {
	for _, test := range []struct{ is, mock reflect.Type }{
		{reflect.TypeFor[provider.Driver](), reflect.TypeFor[*mocks.MockDriver]()},
		{reflect.TypeFor[provider.Observer](), reflect.TypeFor[*mocks.MockObserver]()},
	} {
		want, got := map[string]string{}, map[string]string{}
		for i := range test.is.NumMethod() {
			m := test.is.Method(i)
			want[m.Name] = m.Type.String()
		}
		for i := range test.mock.NumMethod() {
			m := test.mock.Method(i)
			if m.Name != "EXPECT" && m.Name != "ISGOMOCK" {
				got[m.Name] = withoutReceiver(m.Type).String()
			}
		}
		require.Equal(t, want, got, "go generate ./internal/mocks")
	}
}

func withoutReceiver(f reflect.Type) reflect.Type {
	var in, out []reflect.Type
	for i := 1; i < f.NumIn(); i++ {
		in = append(in, f.In(i))
	}
	for i := range f.NumOut() {
		out = append(out, f.Out(i))
	}
	return reflect.FuncOf(in, out, f.IsVariadic())
}
