// Package lists holds examples of telephones in aliases and mailing lists, so
// that the tests use the very lines that README.md shows.
package lists

import "embed"

// Files are the example files of this directory, under their names.
//
//go:embed aliases duty virtual
var Files embed.FS
