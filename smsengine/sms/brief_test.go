package sms

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

func TestBrief(t *testing.T) {
	for _, x := range []struct {
		text string
		n    int
		want string
	}{
		{"", 10, ""},
		{"disk full", 9, "disk full"},
		{"disk full on db1", 12, "disk full..."},
		{"disk full on db1", 13, "disk full..."},
		{"disk fuller on db1", 10, "disk..."},
		{strings.Repeat("x", 60), 50, strings.Repeat("x", 47) + "..."},
		{"👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 4, "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧"},
		{"👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 4, "👩‍👩‍👧..."},
		{"e\u0301e\u0301e\u0301e\u0301e\u0301", 4, "e\u0301..."},
	} {
		if got := Brief(x.text, x.n); got != x.want {
			t.Errorf("%q in %d: %q, want %q", x.text, x.n, got, x.want)
		}
	}
}

// A brief text is no longer than wished, and begins as the whole one does.
func TestBriefIsABeginning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, n := rapid.String().Draw(t, "text"), rapid.IntRange(4, 40).Draw(t, "n")
		got := Brief(text, n)
		if count := uniseg.GraphemeClusterCount(got); count > n {
			t.Fatalf("%q has %d characters, and may have %d", got, count, n)
		}
		if got != text && (!strings.HasSuffix(got, "...") || !strings.HasPrefix(text, strings.TrimSuffix(got, "...")) || utf8.ValidString(text) && !utf8.ValidString(got)) {
			t.Fatalf("%q of %q", got, text)
		}
	})
}
