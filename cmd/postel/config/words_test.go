package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine/mistake"
)

const wordsFile = `[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
template = "alert"
attachments = "link"
national_tables = ["turkish", "all"]
machine_mail = ["auto-generated"]
identical = "none"
[[access.user]]
name = "john@example.org"
template = "[{subject}: ]{text}"
[[text.template]]
name = "alert"
text = "{subject}"
[text]
disclaimers = ["Example Ltd. is registered"]
[incoming]
direct_domains = ["example.org"]
conflict = "Whom? {codes}"
[attachments]
listen = "inet:127.0.0.1:8025"
url = "https://sms.example.org/a/"
[[gateway]]
id = "office"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
`

func TestWords(t *testing.T) {
	c, err := Parse("postel.toml", []byte(wordsFile), drivers)
	if err != nil {
		t.Fatal(err)
	}
	if form, ok := c.Text.Forms()["alert"]; !ok || form.Expand(strings.ToUpper) != "SUBJECT" {
		t.Errorf("templates: %+v", c.Text.Forms())
	}
	if c.Incoming.ConflictLimit != 3 || c.Incoming.Identical.Parts != 3 || len(c.Incoming.Stop) == 0 {
		t.Errorf("incoming: %+v", c.Incoming)
	}
	if n := len(c.Doors()); n != 2 {
		t.Errorf("%d doors", n)
	}
}

// Each mistake is told at its key, with what to write instead.
func TestWordsMistakes(t *testing.T) {
	for _, x := range []struct{ old, wrong, key, what string }{
		{`template = "alert"`, `template = "allert"`, "access.template", `no template called "allert"`},
		{`"[{subject}: ]{text}"`, `"{sbject}"`, "access.user[0].template", `no variable "sbject"`},
		{`text = "{subject}"`, `text = "{subject"`, "text.template[0].text", "not closed"},
		{`name = "alert"`, `name = "an alert"`, "text.template[0].name", "no name"},
		{`"turkish", "all"`, `"klingon"`, "access.national_tables", "klingon"},
		{`["auto-generated"]`, `["auto-replied"]`, "access.machine_mail", "auto-replied"},
		{`attachments = "link"`, `attachments = "send"`, "access.attachments", "not a choice"},
		{`identical = "none"`, `identical = "often"`, "access.identical", "want a rate"},
		{`["Example Ltd. is registered"]`, `["Hi"]`, "text.disclaimers", "so short"},
		{`direct_domains = ["example.org"]`, `direct_domains = ["@example.org"]`, "incoming.direct_domains", "none"},
		{`"Whom? {codes}"`, `"Whom?"`, "incoming.conflict", "how to answer"},
		{`[incoming]`, "[incoming]\nstart = [\"stop\"]", "incoming.start", "too"},
		{`"https://sms.example.org/a/"`, `"sms.example.org"`, "attachments.url", "address"},
		{"listen = \"inet:127.0.0.1:8025\"\n", "", "access.attachments", "nothing serves"},
	} {
		file := strings.Replace(wordsFile, x.old, x.wrong, 1)
		if file == wordsFile {
			t.Fatalf("%s is not in the file", x.old)
		}
		_, err := Parse("postel.toml", []byte(file), drivers)
		problems, _ := errors.AsType[mistake.Problems](err)
		if !slices.ContainsFunc(problems, func(p mistake.Problem) bool {
			return p.Key == x.key && strings.Contains(p.String(), x.what) && p.Line > 0
		}) {
			t.Errorf("%s: %v", x.wrong, err)
		}
	}
}
