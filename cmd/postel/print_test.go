package main

import "testing"

// What a stranger wrote cannot change the terminal, or read as something else.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Zoë\t1+1=2 🌊 שלום":                    "Zoë\t1+1=2 🌊 שלום",
		"a\x1b]0;x\x07b\x00c\r\nd\x7fe\u0085f": "a]0;xbcdef",
		"a\u2028b\u2029c\u202ed\u2066e\u2069f": "abcdef",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}
