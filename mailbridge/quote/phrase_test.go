package quote

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestFolded(t *testing.T) {
	for line, want := range map[string]string{
		"":                "",
		" \t\u00a0\u200b": "",
		"  Le\u00a0LUN. \u202f5 a\u0300 ÉCRIT : ": "le lun. 5 à écrit :",
		"„Wysłane” z iPhone’a":                    "\"wysłane\" z iphone'a",
		"写道：":                                     "写道:",
		strings.Repeat("\u200b ", 900) + "Words":  "words",
		strings.Repeat("\x80", 2000):              "?",
		" On\tMon, `John`\v WROTE:\r":             "on mon, 'john' wrote:",
	} {
		if got := folded(line); got != want {
			t.Errorf("%.40q: got %q, want %q", line, got, want)
		}
	}
}

func TestPhrases(t *testing.T) {
	p := phrases{"wrote", "a écrit", "写道"}
	for s, want := range map[string]bool{
		"john wrote:": true, "wrote": true, "johnwrote:": false, "wrotes": false, "jean a écrit :": true, "il a écrite": false,
		"他于周一写道:": true, "": false, "unwrote, wrote": true,
	} {
		if got := p.in(s); got != want {
			t.Errorf("in %q: %v", s, got)
		}
	}
	if got := p.begin("wrote it"); got != "wrote" || p.begin("wrotes") != "" {
		t.Errorf("begin: %q", got)
	}
	if got := (phrases{"confiden", "delet"}).stems("confidential, undeleted, confidentially"); got != 1 {
		t.Errorf("stems: %d", got)
	}
}

// The short way through a line says what the long one would.
func TestFoldedASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringOfN(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}}), 0, 40, -1).Draw(t, "line")
		plain, ok := foldedASCII(line)
		if long := strings.TrimSuffix(folded(line+" \u200b"), " "); !ok || plain != long {
			t.Fatalf("%q: %q, the long way %q", line, plain, long)
		}
	})
}
