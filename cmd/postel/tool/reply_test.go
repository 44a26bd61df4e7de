package tool

import (
	"io"
	"strings"
	"testing"
)

func TestReply(t *testing.T) {
	code, answers, errw := ask(t, `{"text":"On my way\r\n\r\n-- \r\nJohn"}`+"\n \n"+
		`{"text":"Oui, à 5 h.\n\nLe 05/01/2026 à 10:11, Marie a écrit :\n> Tu viens ?"}`+"\n"+
		`{"text":"> 5 & < 6"}`+"\n"+`{"text":""}`, "reply")
	want := []string{`{"visible":"On my way"}`, `{"visible":"Oui, à 5 h."}`, `{"visible":"> 5 & < 6"}`, `{"visible":""}`}
	if code != 0 || errw != "" || strings.Join(answers, "\n") != strings.Join(want, "\n") {
		t.Errorf("code %d, %q\n%s", code, errw, strings.Join(answers, "\n"))
	}
}

// A line that cannot be read is answered too, and what follows it is not lost.
func TestReplyBadLines(t *testing.T) {
	for _, bad := range []string{"{", "text", `"text"`, `{"txt":"x"}`, `{"text":1}`, `{"text":null}`, "\x00", `{"text":"a"}{"text":"b"}`} {
		code, answers, _ := ask(t, bad+"\n"+`{"text":"x"}`+"\n", "reply")
		if code != 1 || len(answers) != 2 || !strings.HasPrefix(answers[0], `{"error":"`) || answers[1] != `{"visible":"x"}` {
			t.Errorf("%s: code %d, %q", bad, code, answers)
		}
	}
}

func TestReplyWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"reply", "text"}, {"reply", "--what"}} {
		if code, _, errw := ask(t, "", args...); code != 2 || errw == "" {
			t.Errorf("%q: code %d, %q", args, code, errw)
		}
	}
	if code := Run([]string{"reply"}, broken{}, io.Discard, io.Discard); code != 1 {
		t.Errorf("from a broken reader: code %d", code)
	}
	if code := Run([]string{"reply"}, strings.NewReader(`{"text":"x"}`), broken{}, io.Discard); code != 1 {
		t.Errorf("to a broken writer: code %d", code)
	}
}
