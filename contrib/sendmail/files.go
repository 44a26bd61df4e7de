// Package sendmail holds the lines that an administrator adds to Sendmail, so
// that programs and tests use the very same ones. README.md explains them.
package sendmail

import "embed"

// Files are the configuration files of this directory, under their names.
//
//go:embed postel.m4 mailertable access
var Files embed.FS
