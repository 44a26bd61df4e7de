package modem

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The guide for administrators names every alarm that there is, and every reading.
func TestTheGuideNamesAlarmsAndReadings(t *testing.T) {
	b, err := os.ReadFile("../../../docs/modem.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	alarm := regexp.MustCompile(`(?:raise\(|alarm\w+ += |\bname, phase(?:, text)? :?= )"(\w+)"`)
	reading := regexp.MustCompile(`\b(gauge|flag|count|info)\("(\w+)"|Reading\{[^}]*Name: "(\w+)"`)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range alarm.FindAllStringSubmatch(string(source), -1) {
			if found++; !strings.Contains(guide, "`"+m[1]+"`") && !strings.Contains(guide, "`"+m[1]+"-") {
				t.Errorf("%s: docs/modem.md does not tell of the alarm %s", name, m[1])
			}
		}
		for _, m := range reading.FindAllStringSubmatch(string(source), -1) {
			want := m[2] + m[3]
			if m[1] == "info" {
				want += "_info"
			}
			if found++; !strings.Contains(guide, "`"+want+"`") {
				t.Errorf("%s: docs/modem.md does not tell of the reading %s", name, want)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d alarms and readings were found: the patterns of this test are out of date", found)
	}
}
