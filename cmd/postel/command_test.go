package main

import (
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestParseTakesFlagsAnywhere(t *testing.T) {
	tests := []struct{ args, rest, from string }{
		{"a b", "a b", ""},
		{"--from x a b", "a b", "x"},
		{"a --from x b", "a b", "x"},
		{"a b -from=x", "a b", "x"},
		{"a -- --from x", "a --from x", ""},
		{"-- a", "a", ""},
		{"a - b", "a - b", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		from := fs.String("from", "", "")
		rest, err := parse(fs, strings.Fields(tt.args))
		if err != nil || !slices.Equal(rest, strings.Fields(tt.rest)) || *from != tt.from {
			t.Errorf("%q: %q, from %q, %v", tt.args, rest, *from, err)
		}
	}
}

// Every command has a line in the list, a way to run and a help that names it.
func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(path string, c *command)
	walk = func(path string, c *command) {
		path = strings.TrimSpace(path + " " + c.name)
		if c.short == "" || c.setup == nil && c.raw == nil && len(c.sub) == 0 {
			t.Errorf("%s is not complete", path)
		}
		if c.raw == nil {
			var out strings.Builder
			args := append(strings.Fields(path)[1:], "--help")
			code := run(t.Context(), &terminal{strings.NewReader(""), &out, io.Discard}, args)
			if code != exitOK || !strings.HasPrefix(out.String(), path+" - ") {
				t.Errorf("postel %s: exit code %d, %q", args, code, out.String())
			}
		}
		for _, s := range c.sub {
			walk(path, s)
		}
	}
	walk("", root())
}

func TestIndentTamesTexts(t *testing.T) {
	got := indent("red \x1b[31malert\a\nline\u009b2\r\n")
	if want := "    red [31malert\n    line2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
