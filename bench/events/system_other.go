//go:build !linux

package events

import (
	"errors"
)

var errNotHere = errors.New("only on Linux")

func resident() (int64, error) { return 0, errNotHere }

func files(uint64) uint64 { return 0 }

// A server is not to be had on this system.
type server struct{}

func newServer(bool) (*server, error)             { return nil, errNotHere }
func (*server) open(place) (string, error)        { return "", errNotHere }
func (*server) count(string) (counts, error)      { return counts{}, errNotHere }
func (*server) flow(string, flow) (counts, error) { return counts{}, errNotHere }
func (*server) close() error                      { return nil }
