package reference

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
)

const root = "../../../.."

var known = config.Drivers{
	"sim":   func() any { c := sim.Default(); return &c },
	"modem": func() any { c := modem.Default(); return &c },
	"http":  func() any { c := httpgw.Default(); return &c },
}

func TestDocumentsAreCurrent(t *testing.T) {
	docs, err := Documents(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range docs {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is not current: run go generate ./cmd/postel/config (%v)", name, err)
		}
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	tables, err := Tables(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Doc == "" {
			t.Errorf("[%s] has no comment", table.Name)
		}
		for _, k := range table.Keys {
			if !strings.HasSuffix(k.Doc, ".") && !strings.HasSuffix(k.Doc, `".`) {
				t.Errorf("[%s] %s: %q is no sentence", table.Name, k.Name, k.Doc)
			}
		}
	}
}

func TestSampleLoads(t *testing.T) {
	tables, err := Tables(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Parse("sample.toml", []byte(Sample(tables)), known); err != nil {
		t.Error(err)
	}
}

// With every comment that hides a key taken away, the sample still loads: all
// defaults are shown as they must be written.
func TestSampleShowsDefaultsAsWritten(t *testing.T) {
	tables, err := Tables(root)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(Sample(tables), "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") {
			lines[i] = rest
		}
	}
	if _, err := config.Parse("sample.toml", []byte(strings.Join(lines, "\n")), known); err != nil {
		t.Error(err)
	}
}
