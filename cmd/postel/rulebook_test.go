package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/mistake"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Rules that change are taken together, or those from before stay; a file that is
// gone is no word against its rules.
func TestRulesAreRefreshed(t *testing.T) {
	dir := t.TempDir()
	parser, err := phone.New(phone.Rules{PhoneDomains: []string{"sms.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := openRules(&config.Config{Rules: dir}, parser)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	write := func(name, text string) {
		at = at.Add(time.Minute)
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	has := func(step string, loaded bool, wrong bool, out, in int) {
		t.Helper()
		got, err := b.refresh()
		_, problems := errors.AsType[mistake.Problems](err)
		now := b.now.Load()
		if got != loaded || problems != wrong || len(rulesOf(now.out)) != out || len(rulesOf(now.in)) != in {
			t.Errorf("%s: loaded %v, %v; %d and %d rules", step, got, err, len(rulesOf(now.out)), len(rulesOf(now.in)))
		}
	}
	one := "[[rule]]\ntitle = \"x\"\nif.always = true\nthen.tag = \"a\"\n"
	has("no files", false, false, 0, 0)
	write(outgoingRules, one)
	has("one came", true, false, 1, 0)
	has("nothing new", false, false, 1, 0)
	write(outgoingRules, one+"[[rule]]\ntitle = \"y\"\nif.always = true\nthen.tag = \"b\"\n")
	write(incomingRules, "[[rule]]\n")
	has("one is good and one is bad", false, true, 1, 0)
	has("it is bad still", false, true, 1, 0)
	write(incomingRules, one)
	has("both are good", true, false, 2, 1)
	if err := os.Remove(filepath.Join(dir, outgoingRules)); err != nil {
		t.Fatal(err)
	}
	has("one went", false, true, 2, 1)
	write(outgoingRules, "")
	has("one is empty", true, false, 0, 1)
}
