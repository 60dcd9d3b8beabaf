// Package mocks has mocks of the interfaces of package provider, for tests that show that something
// was not called. They are generated: "go generate ./internal/mocks" writes them anew, byte for byte as
// they are unless an interface has changed.
package mocks

//go:generate go tool mockgen -destination=provider.go -package=mocks -write_package_comment=false -typed github.com/callcontrol-go/callcontrol/provider Driver,Observer
