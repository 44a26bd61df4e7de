package quote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// TestReplies reads testdata/reply, whose README.md tells the form of its cases.
func TestReplies(t *testing.T) {
	files, err := filepath.Glob("testdata/reply/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, c := range replyCases(t, file) {
				t.Run(c.name, c.test)
			}
		})
	}
}

type replyCase struct {
	name  string
	modes []string
	want  string // the text with its margin
	text  string
}

func (c replyCase) test(t *testing.T) {
	for _, mode := range c.modes {
		got := Passages(c.text, replyModes[mode])
		if page := withMargin(got); page != c.want {
			t.Fatalf("%s:\n%s\nwant\n%s", mode, page, c.want)
		}
		if mode == "alone" && Visible(c.text) != Own(got) {
			t.Errorf("Visible says otherwise: %q", Visible(c.text))
		}
	}
}

var replyModes = map[string]Options{
	"answers":  {Answers: true},
	"forwards": {Forwards: true},
	"both":     {Answers: true, Forwards: true},
	"new":      {},
	"alone":    {Alone: true},
	"site":     {Answers: true, Disclaimers: []string{"ACME Ltd is registered", "  Sent by the  Example Group"}},
}

func replyCases(t *testing.T, file string) []replyCase {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []replyCase
	for n, line := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n") {
		if title, ok := strings.CutPrefix(line, "== "); ok {
			name, modes, _ := strings.Cut(strings.TrimSuffix(title, "]"), " [")
			cases = append(cases, replyCase{name: name, modes: strings.Fields(modes)})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		kind, text, ok := strings.Cut(line, "|")
		if !ok || len(cases) == 0 || len(kind) != marginWidth {
			t.Fatalf("%s:%d: no case's line: %s", file, n+1, line)
		}
		c := &cases[len(cases)-1]
		if c.want != "" {
			c.text += "\n"
		}
		c.want += line + "\n"
		c.text += strings.ReplaceAll(strings.TrimPrefix(text, " "), "␠", " ")
	}
	for _, c := range cases {
		if len(c.modes) == 0 || c.text == "" {
			t.Fatalf("%s: %s: a case has modes and lines", file, c.name)
		}
		for _, mode := range c.modes {
			if _, ok := replyModes[mode]; !ok {
				t.Fatalf("%s: %s: no mode %q", file, c.name, mode)
			}
		}
	}
	return cases
}

const marginWidth = 11

// withMargin shows passages as the cases are written: the kind stands before the
// first line.
func withMargin(passages []smsengine.Passage) string {
	var page strings.Builder
	for _, p := range passages {
		margin := string(p.Kind)
		for line := range strings.SplitSeq(p.Text, "\n") {
			if trimmed := strings.TrimRight(line, " "); trimmed != line {
				line = trimmed + strings.Repeat("␠", len(line)-len(trimmed))
			}
			page.WriteString(strings.TrimRight(fmt.Sprintf("%-*s| %s", marginWidth, margin, line), " ") + "\n")
			margin = ""
		}
	}
	return page.String()
}
