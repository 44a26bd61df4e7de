package config

import _ "embed"

// Sample is a configuration with every key, explained.
//
//go:embed sample.toml
var Sample string
