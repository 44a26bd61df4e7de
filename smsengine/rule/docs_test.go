package rule

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const manual = "../../docs/rules.md"

var (
	block   = regexp.MustCompile("(?s)```toml\n# (\\w+)\n(.*?)```")
	example = regexp.MustCompile("`((?:if|then)\\.[^`]*=[^`]*)`")
)

// site is what the examples of the manual name.
var site = Site{Gateways: []string{"us", "eu"}, Domains: []string{"sms.example.org"}, Databases: []string{"crm"}}

// Every example on the page is right: whole rules, and lines in tables.
func TestManual(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	lists := fstest.MapFS{"lists/staff.txt": {Data: []byte("john@example.org\n")}, "lists/premium.txt": {Data: []byte("+4490\n")}}
	blocks := block.FindAllStringSubmatch(string(text), -1)
	if all := strings.Count(string(text), "```toml"); all != len(blocks) || all < 10 {
		t.Errorf("%d of %d blocks say of which messages they are", len(blocks), all)
	}
	for _, b := range blocks {
		if _, err := Parse(lists, "rules.md", []byte(b[2]), Direction(b[1]), site); err != nil {
			t.Errorf("%v\n%s", err, b[2])
		}
	}
	lines := 0
	for _, l := range example.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(l[1], "…") {
			continue
		}
		lines++
		rule := "[[rule]]\ntitle = \"x\"\nif.always = true\n" + l[1] + "\nstop = true\n"
		if strings.HasPrefix(l[1], "if.always") {
			rule = "[[rule]]\ntitle = \"x\"\n" + l[1] + "\nstop = true\n"
		}
		_, err := Parse(lists, "rules.md", []byte(rule), Outgoing, site)
		if _, in := Parse(lists, "rules.md", []byte(rule), Incoming, site); err != nil && in != nil {
			t.Errorf("%v\n%s", err, l[1])
		}
	}
	if lines < 20 {
		t.Errorf("only %d lines", lines)
	}
}

// The page names every field, word, action and variable there is.
func TestManualIsWhole(t *testing.T) {
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, name := range append(fieldNames(Outgoing), actionNames...) {
		if name == HeaderOf.String() {
			name = "header.NAME"
		}
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("nothing about %s", name)
		}
	}
	for name := range variables {
		if !strings.Contains(text, "%%"+name+"%%") && !strings.Contains(text, "%"+name+"%") {
			t.Errorf("nothing about %%%%%s%%%%", name)
		}
	}
}
