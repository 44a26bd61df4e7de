package provider

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// least is the shortest provider file.
const least = `name = "Least"
verified = "unverified"
splits = "provider"
alphabets = ["gsm7"]
[[need]]
name = "key"
words = "the key"
secret = true
[send]
url = "https://sms.example.org/send"
[send.form]
to = "%number%"
text = "%data%"
key = "%key%"
[answer]
id = "json:/id"
`

func TestParseRefuses(t *testing.T) {
	if _, err := Parse("least.toml", []byte(least)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`name = "Least"`, `nam = "Least"`, `least.toml:1: nam: there is no such key`},
		{`name = "Least"`, `name = `, `least.toml:1: `},
		{`name = "Least"`, ``, `least.toml: name: the provider has no name`},
		{`"unverified"`, `"docs"`, `least.toml:2: verified: "docs" names the documents`},
		{`"unverified"`, `"yes"`, `least.toml:2: verified: "yes"`},
		{`splits = "provider"`, `splits = "nobody"`, `least.toml:3: splits: "nobody": write "provider" or "postel"`},
		{`["gsm7"]`, `["gsm7", "latin1"]`, `least.toml:4: alphabets: "latin1": write "gsm7", "ucs2" or "binary"`},
		{`["gsm7"]`, `[]`, `least.toml:4: alphabets: it carries no texts at all`},
		{`name = "key"`, `name = "Key"`, `least.toml:6: need[0].name: `},
		{`name = "key"`, `name = "number"`, `least.toml:6: need[0].name: `},
		{`name = "key"`, `name = "seconds"`, `least.toml:6: need[0].name: "seconds" is a variable already`},
		{`words = "the key"`, ``, `least.toml:5: need[0].words: say what it is`},
		{`secret = true`, "secret = true\ndefault = \"x\"", `least.toml:9: need[0].default: a secret has no default`},
		{`secret = true`, `template = true`, `least.toml:10: send.url: "key" is a URL with variables`},
		{`key = "%key%"`, ``, `least.toml:6: need[0].name: nothing needs "key"`},
		{`text = "%data%"`, `text = "%datum%"`, `least.toml:13: send.form.text: column 1: `},
		{`[send.form]`, "method = \"GET\"\n[send.form]", `least.toml:11: send.method: GET has no body`},
		{`[send.form]`, "json = '{}'\n[send.form]", `least.toml:9: send: a request has one body`},
		{`[send.form]`, "json = '{'\n[send.form]", `least.toml:11: send.json: JSON, line 1: it ends too early`},
		{`[send.form]`, "auth = { kind = \"basic\", user = \"%key%\" }\n[send.form]", `least.toml:11: send.auth.password: "basic" needs it`},
		{`[send.form]`, "auth = { kind = \"bearer\", token = \"%key%\", user = \"u\" }\n[send.form]", `least.toml:11: send.auth.user: "bearer" has no use for it`},
		{`[send.form]`, "auth = { kind = \"kerberos\" }\n[send.form]", `least.toml:11: send.auth.kind: "kerberos": write `},
		{`[send.form]`, "headers = { Authorization = \"%key%\" }\n[send.form]", `belongs into send.auth`},
		{`[send.form]`, "timeouts = { answer = \"0s\" }\n[send.form]", `least.toml:11: send.timeouts.answer: want a time`},
		{`[send.form]`, "repeatable = true\n[send.form]", `least.toml:11: send.repeatable: the request does not carry our name`},
		{`"json:/id"`, `"json:id"`, `least.toml:16: answer.id: `},
		{`"json:/id"`, `"regexp:id"`, `put what is wanted in parentheses`},
		{`"json:/id"`, `"msgid"`, `least.toml:16: answer.id: the request does not carry our name`},
		{`id = "json:/id"`, `status = { "2xy" = "accepted" }`, `least.toml:16: answer.status.2xy: want HTTP status codes`},
		{`id = "json:/id"`, `status = { 2xx = "fine" }`, `"fine" is no outcome`},
		{`id = "json:/id"`, `status = { 2xx = "accepted 5.0.0" }`, `the code of what is accepted begins with "2."`},
		{`id = "json:/id"`, `codes = { 1 = "temporary" }`, `least.toml:15: answer.code: it does not say where the codes stand`},
		{`id = "json:/id"`, "match = [{ text = \"(\", outcome = \"temporary\" }]", `missing closing )`},
		{`id = "json:/id"`, "match = [{ text = \"x\" }]", `answer.match[0].outcome: it has none`},
		{`[answer]`, "[incoming]\n[answer]", `least.toml:15: incoming.from: it does not say where this is`},
		{`[answer]`, "[receipts]\nstate = \"form:s\"\nreference = [\"form:r\"]\n[answer]", `least.toml:15: receipts.states: no state is known`},
		{`[answer]`, "[receipts]\nstates = { ok = \"good\" }\n[answer]", `"good" is no state`},
		{`[answer]`, "[receipts]\nstates = { ok = \"delivered 2.0.0\" }\n[answer]", `only a failure has a code`},
	} {
		p, err := Parse("least.toml", []byte(strings.Replace(least, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q (%v)", c.new, err, c.want, p)
		}
	}
}

func TestLoadTakesTheSitesFile(t *testing.T) {
	ours := fstest.MapFS{"least.toml": {Data: []byte(least)}, "other.toml": {Data: []byte(least)}, "README.md": {}}
	site := fstest.MapFS{"least.toml": {Data: []byte(strings.Replace(least, "Least", "Site's", 1))}}
	for id, name := range map[string]string{"least": "Site's", "other": "Least"} {
		p, err := Load(id, site, ours)
		if err != nil || p.Name != name || p.ID != id {
			t.Errorf("%s: %+v, %v", id, p, err)
		}
	}
	for _, id := range []string{"none", "", "../least", "README.md"} {
		if _, err := Load(id, site, ours); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if ids, err := List(site, ours); err != nil || strings.Join(ids, " ") != "least other" {
		t.Errorf("%q, %v", ids, err)
	}
}

func TestTemplateLeavesOut(t *testing.T) {
	v := template.Values{Number: "+15555550123", Settings: map[string]string{VarReceipts: ""}}
	for source, want := range map[string]bool{
		"":                               false,
		"fixed":                          true,
		"%number%":                       true,
		"%sender%":                       false,
		"x%sender%":                      true,
		"%receipts_url%?number=%number%": false,
	} {
		tmpl, err := NewTemplate(source, template.Field)
		if err != nil {
			t.Fatal(err)
		}
		if source == "" {
			tmpl = Template{}
		}
		if s, there, err := tmpl.Expand(v); there != want || err != nil {
			t.Errorf("%q: %q, %v, %v", source, s, there, err)
		}
	}
}
