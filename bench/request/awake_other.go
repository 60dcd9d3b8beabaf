//go:build !linux

package request

import (
	"errors"
	"net"
)

func (s *server) stayAwake(net.Listener) (stop func(), err error) {
	return nil, errors.New("only on Linux")
}
