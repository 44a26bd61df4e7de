package tool

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMail(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := write("text", "From: john@example.org\nSubject: Hi\nContent-Type: text/html\n\n<p>Call <b>me</b> &lt;now&gt;\n")
	bounce := write("bounce", "Return-Path: <>\nSubject: Undelivered\n\nSorry\n")
	away := write("away", "From: john@example.org\nAuto-Submitted: auto-replied\n\nAway\n")
	files := write("files", "From: john@example.org\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nSee\n--x\nContent-Disposition: attachment; filename=plan.pdf\n\n%PDF\n--x--\n")
	sealed := write("sealed", "From: john@example.org\nSubject: ...\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\nVersion: 1\n--x--\n")
	var out, errw bytes.Buffer
	code := Mail([]string{text, bounce, "-", away, files, sealed, filepath.Join(dir, "nothing")}, strings.NewReader("Subject: Re: only this\n\n"), &out, &errw)
	want := `{"file":"` + text + `","text":"Call me <now>","subject":"Hi","kind":"person","refused":""}
{"file":"` + bounce + `","text":"Sorry","subject":"Undelivered","kind":"bounce","refused":"a bounce does not become a text"}
{"file":"-","text":"Re: only this","subject":"Re: only this","kind":"person","refused":""}
{"file":"` + away + `","text":"Away","subject":"","kind":"auto-replied","refused":"an automatic reply does not become a text"}
{"file":"` + files + `","text":"See","subject":"","kind":"person","refused":"","attachments":["plan.pdf"]}
{"file":"` + sealed + `","text":"...","subject":"...","kind":"person","refused":"the mail is encrypted"}
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if code != 1 || !strings.Contains(errw.String(), "nothing: no such file") {
		t.Errorf("exit code %d, said %q", code, errw.String())
	}
	if code := Mail(nil, nil, &out, &errw); code != 2 {
		t.Errorf("without files: exit code %d", code)
	}
}
