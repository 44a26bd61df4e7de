package testbed

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The alerts are what Prometheus understands, each fires where it should, and none
// is without such a test.
func TestAlertRules(t *testing.T) {
	const dir = "../../contrib/prometheus"
	if out, err := Promtool(t, dir, "check", "rules", "postel.rules.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := Promtool(t, dir, "test", "rules", "postel.rules.test.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	rules, err := os.ReadFile(filepath.Join(dir, "postel.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile(filepath.Join(dir, "postel.rules.test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1)
	if len(names) < 10 {
		t.Fatalf("there are %d alerts", len(names))
	}
	for _, m := range names {
		if !strings.Contains(string(tests), m[1]) {
			t.Errorf("no test has %s fire", m[1])
		}
		if !strings.Contains(string(guide), "| `"+m[1]+"` |") {
			t.Errorf("docs/metrics.md does not say what to do about %s", m[1])
		}
	}
	alerts := strings.Split(string(rules), "- alert: ")[1:]
	for _, a := range alerts {
		for _, want := range []string{"severity: ", "summary: ", "description: ", "docs/"} {
			if !strings.Contains(a, want) {
				t.Errorf("an alert has no %q:\n%s", want, a)
			}
		}
		for _, doc := range regexp.MustCompile(`docs/\w+[\w-]*\.md`).FindAllString(a, -1) {
			if _, err := os.Stat("../../" + doc); err != nil {
				t.Error(err)
			}
		}
	}
}
