// Package gateways holds the provider files: what the HTTP interfaces of
// companies that send texts look like. README.md says how to write one; package
// provider reads them.
package gateways

import "embed"

// Files are the provider files, under their names.
//
//go:embed *.toml
var Files embed.FS
