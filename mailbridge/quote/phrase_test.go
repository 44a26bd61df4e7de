package quote

import (
	"strings"
	"testing"
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
