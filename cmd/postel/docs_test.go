package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postel-mail/postel/cmd/postel/config"
)

// TestDocumentedCommands runs the commands of the guides as they are printed, in
// their order, with the configuration that the guide gives.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	postel, err := exec.LookPath("postel")
	if err != nil {
		t.Fatal(err)
	}
	for _, guide := range []string{"accounts.md", "icewarp.md", "words.md", "answers.md", "rules.md"} {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("../../docs", guide))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			write := func(name, contents string, mode os.FileMode) {
				t.Helper()
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(contents), mode); err != nil {
					t.Fatal(err)
				}
			}
			write("bin/postel", "#!/bin/sh\nif [ $1 = tool ]; then exec "+postel+` "$@"; fi`+"\nexec "+postel+` "$@" -c `+dir+"/postel.toml\n", 0o700)
			write("mail.eml", "From: john@example.org\nSubject: Lunch\nMessage-ID: <1@example.org>\n\nAt noon?\n", 0o600)
			write("icewarp/config/sms.dat", "::::100\r\n", 0o600)
			write("icewarp/config/smsusers.dat", "Alerts:alertpwd:http:Monitoring:100:7:0:30:0:0\r\ngroup:::Everybody\r\nbad\r\n", 0o600)
			for _, d := range directions {
				filters, err := os.ReadFile("icewarp/testdata/" + string(d) + "-api.xml")
				if err != nil {
					t.Fatal(err)
				}
				write("icewarp/"+string(d)+".xml", string(filters), 0o600)
			}
			toml := strings.Join(blocks(string(text), "toml"), "\n")
			if guide == "rules.md" { // which has rules in its blocks, and no configuration
				toml = "[access]\ndomains = [\"example.org\"]\nsend = true\nallow = [\"*\"]\n"
			}
			if !strings.Contains(toml, "[access]") {
				toml += "[access]\ndomains = [\"example.org\"]\n"
			}
			write("postel.toml", strings.ReplaceAll(base, "$DIR", dir)+toml, 0o600)
			if _, err := config.Load(filepath.Join(dir, "postel.toml"), drivers); err != nil {
				t.Fatal(err)
			}
			sh := exec.Command("sh", "-eux")
			sh.Dir, sh.Stdin = dir, strings.NewReader(made[guide]+strings.Join(blocks(string(text), "sh"), "\n"))
			sh.Env = append(os.Environ(), "PATH="+dir+"/bin:"+os.Getenv("PATH"))
			out, err := sh.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// made is what a guide counts on.
var made = map[string]string{
	"words.md": "postel account add john@example.org\npostel account add monitoring\n",
	"rules.md": "postel account add john@example.org\nmkdir rules\n" +
		"printf '[[rule]]\ntitle = \"Least cost\"\nif.to.starts = \"+44\"\nthen.gateway = \"sim\"\n' >rules/outgoing.toml\n",
}

const base = `state = "$DIR/state"
[address]
phone_domains = ["sms.example.org"]
[mail]
to = "maildir:$DIR/Maildir"
[[gateway]]
id = "sim"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
`

// blocks gives the fenced blocks of a language.
func blocks(text, language string) (all []string) {
	for _, m := range regexp.MustCompile("(?ms)^ *```"+language+"\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}
