package mailbridge

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens of testdata/mail")

// TestMails reads the mails in testdata/mail, which have the shapes that mail
// programs are known to write, with either kind of line ends. Beside each stands
// what is to come of it.
func TestMails(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".eml") + ".txt"
			got := told(read(t, string(raw)))
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if again := told(read(t, string(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))))); withoutSizes(again) != withoutSizes(got) {
				t.Errorf("with CRLF\n%s\nwith LF\n%s", again, got)
			}
		})
	}
}

// told writes what was found in a mail.
func told(m Mail) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	sender := m.From
	if m.Header.Get("Return-Path") == "<>" {
		sender = ""
	}
	line("kind", string(m.Kind(sender)))
	line("author", m.Name)
	line("subject", m.Subject)
	line("language", m.Language)
	line("why", m.Why)
	for _, a := range m.Attachments {
		line("attachment", fmt.Sprintf("%q %s, %d", a.Name, a.Type, a.Size))
	}
	for _, p := range m.Passages {
		fmt.Fprintf(&b, "--- %s\n%s\n", p.Kind, p.Text)
	}
	return b.String()
}

// withoutSizes leaves out what differs with the line ends.
func withoutSizes(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "attachment: ") {
			lines[i] = l[:strings.LastIndexByte(l, ',')]
		}
	}
	return strings.Join(lines, "\n")
}
