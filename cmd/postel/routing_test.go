package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/stage"
)

var (
	section   = regexp.MustCompile(`(?m)^## `)
	csvBlock  = regexp.MustCompile("(?ms)`(/etc/postel/[a-z]+\\.csv)`.*?```csv\n(.*?)^```$")
	untilWhen = regexp.MustCompile(` ?until [-0-9T:Z+]+`)
)

// Each example of the guide is a configuration that loads, and what it says of
// routes is what they are.
func TestRoutingGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/routing.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, s := range section.Split(string(text), -1) {
		title, _, _ := strings.Cut(s, "\n")
		settings := strings.Join(blocks(s, "toml"), "\n")
		if settings == "" {
			continue
		}
		examples++
		t.Run(title, func(t *testing.T) {
			dir := t.TempDir()
			for _, m := range csvBlock.FindAllStringSubmatch(s, -1) {
				name := filepath.Join(dir, filepath.Base(m[1]))
				if err := os.WriteFile(name, []byte(m[2]), 0o600); err != nil {
					t.Fatal(err)
				}
				settings = strings.ReplaceAll(settings, m[1], name)
			}
			routes := blocks(s, "text")
			if len(routes) != 1 {
				t.Fatal("the example does not say what its routes are")
			}
			engine := smsengine.New(smsengine.Config{Outgoing: stage.Outgoing(guideStages(t, dir, settings))})
			for line := range strings.Lines(routes[0]) {
				to, want, _ := strings.Cut(strings.TrimSpace(line), " ")
				if got := routeTo(t, engine, to); got != strings.TrimSpace(want) {
					t.Errorf("%s:\n got %s\nwant %s", to, got, strings.TrimSpace(want))
				}
			}
		})
	}
	if examples != 5 {
		t.Errorf("%d examples were tried", examples)
	}
}

// guideStages decides as the settings of an example say, completed with what the
// guide leaves out.
func guideStages(t *testing.T, dir, settings string) stage.Config {
	t.Helper()
	if !strings.Contains(settings, "type =") {
		n := 0
		settings = regexp.MustCompile(`(?m)^id = .*$`).ReplaceAllStringFunc(settings, func(id string) string {
			n++
			return id + "\ntype = \"sim\"\nnumber = \"+1555555010" + string(rune('0'+n)) + "\"\ndefault_recipient = \"office@example.org\""
		})
	}
	head, _, _ := strings.Cut(base, "[[gateway]]")
	if !strings.Contains(settings, "[access]") {
		settings = "[access]\n" + settings
	}
	settings = strings.Replace(settings, "[access]\n", "[access]\ndomains = [\"example.org\"]\nsend = true\nallow = [\"*\"]\n", 1)
	file := filepath.Join(dir, "postel.toml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(head, "$DIR", dir)+settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, drivers)
	if err != nil {
		t.Fatal(err)
	}
	stages, err := decisions(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

// routeTo is what the stage route says of a text, or its refusal.
func routeTo(t *testing.T, engine *smsengine.Engine, to string) string {
	t.Helper()
	src := smsengine.Source{
		Sender: smsengine.Mailbox("john@example.org"), MessageID: "1@example.org",
		Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org"},
	}
	_, steps, err := engine.Explain(t.Context(), src, smsengine.Body{Text: "hi"}, nil, smsengine.Recipient{Address: to + "@sms.example.org"})
	for _, s := range steps {
		if s.Stage == "route" && s.Err == nil {
			return untilWhen.ReplaceAllString(s.Note, "")
		}
	}
	st := smsengine.StatusOf(err)
	return st.Code + " " + st.Text
}
