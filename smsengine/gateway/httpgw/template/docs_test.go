package template

import (
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine/sms"
)

// TestDocs tries every example of docs/url-templates.md.
func TestDocs(t *testing.T) {
	guide, err := os.ReadFile("../../../../docs/url-templates.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]Values{}
	tried := map[string]int{}
	for _, table := range tables(string(guide)) {
		header, rows := table[0], table[2:]
		kind := strings.Join(header, " ")
		for _, row := range rows {
			tried[kind]++
			switch kind {
			case "text `%number%` says header `%parts%`":
				texts[row[0]] = documented(t, row)
			case "write for and get":
				checkRow(t, row[0], Field, texts[row[1]], row[2])
			case "write in for and get":
				checkRow(t, row[0], placeCalled(t, row[1]), texts[row[2]], row[3])
			case "write in and hear":
				_, err := Parse(code(row[0])[0], placeCalled(t, row[1]), settings...)
				if err == nil || err.Error() != row[2] {
					t.Errorf("%s:\nit says        %v\nthe guide says %s", row[0], err, row[2])
				}
			default:
				t.Fatalf("docs/url-templates.md has a table %q", kind)
			}
		}
	}
	if len(tried) != 4 || tried["write for and get"] < 30 {
		t.Errorf("tried %v", tried)
	}
}

// settings are those of the guide's gateway.
var settings = []Setting{{Name: "user"}, {Name: "password", Secret: true}, {Name: "server"}, {Name: "region"}}

// documented makes the Values of a row that describes a text.
func documented(t *testing.T, row []string) Values {
	octets := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		return b
	}
	parts, err := strconv.Atoi(row[4])
	if err != nil {
		t.Fatal(err)
	}
	v := Values{
		Number: code(row[1])[0], Sender: "Example", SenderPhoneAlias: "+15555550199", MsgID: "0192f0c4", Parts: parts,
		Settings: map[string]string{"user": "mary", "password": "s&cret", "server": "http://192.0.2.7:8080/sms/", "region": "eu"},
	}
	if row[3] != "" {
		v.UDH = octets(code(row[3])[0])
	}
	says := code(row[2])[0]
	if strings.HasPrefix(row[2], "octets") {
		v.Data, v.Alphabet, v.PID, v.DCS = octets(says), sms.Binary, "64", "245"
		return v
	}
	v.Text, v.Alphabet = says, sms.Measure(says).Alphabet
	return v
}

func checkRow(t *testing.T, write string, place Place, v Values, want string) {
	t.Helper()
	expect := ""
	if want != "nothing" {
		expect = code(want)[0]
	}
	for i, src := range code(write) {
		if i == 1 && strings.Contains(write, "settings") {
			expect = "s&cret"
		}
		if place == Field && !strings.HasPrefix(src, "%") {
			continue // a word about the attribute
		}
		tp, err := Parse(src, place, settings...)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got, err := tp.Expand(v); err != nil || got != expect {
			t.Errorf("%s\ngives          %s %v\nthe guide says %s", src, got, err, expect)
		}
	}
}

func placeCalled(t *testing.T, name string) Place {
	place, ok := map[string]Place{"a URL": URL, "a form": Form, "JSON": JSON, "a header": Header}[name]
	if !ok {
		t.Fatalf("the guide has a place %q", name)
	}
	return place
}

var span = regexp.MustCompile("`([^`]*)`")

// code gives what stands between backquotes.
func code(cell string) []string {
	var spans []string
	for _, m := range span.FindAllStringSubmatch(cell, -1) {
		spans = append(spans, m[1])
	}
	return append(spans, make([]string, max(0, 1-len(spans)))...)
}

// tables gives the cells of all tables of a page.
func tables(page string) (all [][][]string) {
	var table [][]string
	for line := range strings.Lines(page + "\n\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if table != nil {
				all = append(all, table)
			}
			table = nil
			continue
		}
		var row []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			row = append(row, strings.TrimSpace(cell))
		}
		table = append(table, row)
	}
	return all
}
