package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/internal/testbed/modem"
)

func TestModemProbe(t *testing.T) {
	t.Parallel()
	first, second := modem.Start(t, modem.E1556, modem.Options{}), modem.Start(t, modem.SIM800, modem.Options{PIN: "4711"})
	code, out, errw := post(t, "", "modem", "probe", first.Path(), second.Path())
	for _, want := range []string{"huawei, E1556", "SIMCOM_SIM800L", `id = "modem"`, `id = "modem2"`, `device = "` + second.Path() + `"`, "\n# pin = "} {
		if !strings.Contains(out, want) {
			t.Errorf("not there: %s", want)
		}
	}
	if code != 0 || errw != "" || len(second.SIM().Attempts()) != 0 || t.Failed() {
		t.Errorf("code %d\n%s%s", code, out, errw)
	}

	code, out, _ = post(t, "", "modem", "probe", "--json", first.Path(), "/dev/ttyUSB99")
	answers := strings.Split(strings.TrimSpace(out), "\n")
	var p, none probed
	if len(answers) != 2 || json.Unmarshal([]byte(answers[0]), &p) != nil || json.Unmarshal([]byte(answers[1]), &none) != nil ||
		code != 0 || p.Best != 0 || p.Reports[0].Model != "E1556" || !strings.Contains(p.Block, "[[gateway]]") || none.Best != -1 {
		t.Errorf("code %d\n%s", code, out)
	}
	if code, out, errw := post(t, "", "modem", "probe", "/dev/ttyUSB99"); code != 1 || !strings.Contains(out, "there is no such port") || !strings.Contains(errw, "no modem was found") {
		t.Errorf("code %d\n%s%s", code, out, errw)
	}
}

// The block is refused for what only its owner knows, and for nothing else.
func TestModemProbeBlock(t *testing.T) {
	t.Parallel()
	sim := modem.NewSIM("", 10)
	sim.Number = ""
	m := modem.Start(t, modem.EC25, modem.Options{SIM: sim})
	_, out, _ := post(t, "", "modem", "probe", m.Path())
	_, block, ok := strings.Cut(out, "For postel.toml:\n\n")
	if !ok {
		t.Fatal(out)
	}
	file := filepath.Join(t.TempDir(), "postel.toml")
	load := func(block string) string {
		if err := os.WriteFile(file, []byte("state = \"/var/lib/postel\"\n[mail]\nto = \"maildir:/tmp/x\"\ndomain = \"example.org\"\n"+block), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(file, drivers); err != nil {
			return err.Error()
		}
		return ""
	}
	problems := load(block)
	for _, want := range []string{`"the number of its SIM card" is not a phone number`, "gateway[0].default_recipient: "} {
		if !strings.Contains(problems, want) {
			t.Errorf("not there: %s", want)
		}
	}
	if strings.Count(problems, "\n") != 1 || t.Failed() {
		t.Error(problems)
	}
	block = regexp.MustCompile(`(?m)^number = .*$`).ReplaceAllString(block, `number = "+15555550100"`)
	block = regexp.MustCompile(`(?m)^default_recipient = .*$`).ReplaceAllString(block, `default_recipient = "office@example.org"`)
	if problems := load(block); problems != "" {
		t.Error(problems)
	}
}

func TestModemProbeNothing(t *testing.T) {
	var out, errw strings.Builder
	err := probeModems(t.Context(), &terminal{nil, &out, &errw}, t.TempDir(), nil, 0, false)
	if err == nil || !strings.Contains(err.Error(), "plug one in") {
		t.Error(err)
	}
}
