// Package postfix holds the lines that an administrator adds to Postfix, so
// that programs and tests use the very same ones. README.md explains them.
package postfix

import "embed"

// Files are the configuration files of this directory, under their names.
//
//go:embed *.cf *.regexp
var Files embed.FS
