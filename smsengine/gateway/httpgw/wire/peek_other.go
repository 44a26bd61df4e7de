//go:build !unix

package wire

import "errors"

var errNothing = errors.New("nothing to read")

// peek cannot look.
func peek(uintptr) error { return errNothing }
