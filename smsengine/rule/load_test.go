package rule

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// What is wrong with a file is said with its place and, where there is one, the
// remedy.
func TestProblems(t *testing.T) {
	folder := fstest.MapFS{"list.txt": {Data: []byte("+1555\n")}}
	rule := func(lines string) string { return "[[rule]]\ntitle = \"x\"\n" + lines }
	for _, c := range []struct {
		name, doc string
		d         Direction
		want      string
	}{
		{"not TOML", "[[rule]\n", Outgoing, `f.toml:1:7: expected`},
		{"another table", "[rules]\n", Outgoing, `f.toml:1:2: there is no "rules" here; there is [[rule]], and nothing else`},
		{"one bracket", "[rule]\n", Outgoing, `f.toml:1:2: rules are a list; begin each rule with [[rule]], two brackets`},
		{"unknown key", rule("tittle = \"y\"\nif.always = true\nstop = true"), Outgoing, `f.toml:3:1: a rule has no key "tittle"; did you mean title?`},
		{"no title", "[[rule]]\nif.always = true\nstop = true", Outgoing, `f.toml:1:3: the rule needs a title of one line; write title = "what it is for"`},
		{"the same title", rule("if.always = true\nstop = true\n") + rule("if.always = true\nstop = true"), Outgoing, `f.toml:5:3: there is another rule with the title "x"`},
		{"no condition", rule("stop = true"), Outgoing, `f.toml:1:3: the rule has no condition; write if.always = true for all messages`},
		{"empty condition", rule("if = {}\nstop = true"), Outgoing, `f.toml:3:1: there is no condition here`},
		{"always false", rule("if.always = false\nstop = true"), Outgoing, `f.toml:3:4: write always = true, or another condition; leave the rule out, or write active = false`},
		{"no action", rule("if.always = true"), Outgoing, `f.toml:1:3: the rule does nothing`},
		{"wrong type", rule("active = \"yes\"\nif.always = true\nstop = true"), Outgoing, `f.toml:3:1: active: want true or false, not a text`},
		{"unknown field", rule("if.acount = \"a\"\nstop = true"), Outgoing, `f.toml:3:4: outgoing messages have no field "acount"; did you mean account?`},
		{"field of the other direction", rule("if.account = \"a\"\nstop = true"), Incoming, `f.toml:3:4: incoming messages have no field "account"`},
		{"header from a phone", rule("if.header.x = \"a\"\nstop = true"), Incoming, `f.toml:3:4: texts from phones have no header`},
		{"the word is", rule("if.to.is = \"+1\"\nstop = true"), Outgoing, `f.toml:3:7: "is" is what a field without another word means; write to = …`},
		{"unknown operator", rule("if.to.begins = \"+1\"\nstop = true"), Outgoing, `f.toml:3:7: to cannot be asked for "begins"`},
		{"operator of another form", rule("if.parts.starts = \"1\"\nstop = true"), Outgoing, `f.toml:3:10: parts cannot be asked for "starts"; there are between, over, under`},
		{"empty list", rule("if.to = []\nstop = true"), Outgoing, `f.toml:3:4: to: the list is empty`},
		{"contains nothing", rule("if.text.contains = \"\"\nstop = true"), Outgoing, `f.toml:3:9: text: everything contains nothing`},
		{"number in quotes", rule("if.parts = \"3\"\nstop = true"), Outgoing, `f.toml:3:4: parts: want a whole number, without quotes`},
		{"a time alone", rule("if.hour = \"08:00\"\nstop = true"), Outgoing, `f.toml:3:4: a time of day lasts no longer than a minute; write hour.between = ["08:00", "18:00"]`},
		{"no time", rule("if.hour.between = [\"8\", \"18:00\"]\nstop = true"), Outgoing, `f.toml:3:20: hour: want a time of day in quotes, "18:00"`},
		{"one bound", rule("if.parts.between = [3]\nstop = true"), Outgoing, `f.toml:3:10: parts: that is not the right number of values; write parts.between = [FIRST, LAST]`},
		{"no day", rule("if.weekday = \"monay\"\nstop = true"), Outgoing, `f.toml:3:4: weekday: want a day in quotes`},
		{"bounds the wrong way", rule("if.parts.between = [3, 1]\nstop = true"), Outgoing, `f.toml:3:10: parts: nothing is between these; write the lower one first`},
		{"bad pattern", rule("if.to.matches = '(+'\nstop = true"), Outgoing, "f.toml:3:7: error parsing regexp: missing argument to repetition operator: `+`"},
		{"expression", rule("if.expr = 'partz > 3'\nstop = true"), Outgoing, `f.toml:3:4: the expression is wrong: unknown name partz`},
		{"expression that is no condition", rule("if.expr = 'parts'\nstop = true"), Outgoing, `f.toml:3:4: the expression is wrong: expected bool, but got int`},
		{"expression with a function", rule("if.expr = 'len(text) > 3'\nstop = true"), Outgoing, `f.toml:3:4: the expression is wrong: unknown name len`},
		{"expression with a loop", rule("if.expr = 'any(tag, # == \"a\")'\nstop = true"), Outgoing, `f.toml:3:4: the expression is wrong: there are no functions`},
		{"expression with a pattern from outside", rule("if.expr = 'text matches subject'\nstop = true"), Outgoing, `f.toml:3:4: the expression is wrong: a pattern must stand in quotes behind matches`},
		{"expression with a range", rule("if.expr = 'parts in 1..1000000000'\nstop = true"), Outgoing, `f.toml:3:4: the expression is wrong: there are no ranges`},
		{"no such list", rule("if.to.in = \"lost.txt\"\nstop = true"), Outgoing, `f.toml:3:7: there is no file lost.txt`},
		{"list outside", rule("if.to.in = \"../list.txt\"\nstop = true"), Outgoing, `f.toml:3:7: "../list.txt" is no file in the folder of the rules`},
		{"unknown action", rule("if.always = true\nthen.gatway = \"us\""), Outgoing, `f.toml:4:6: there is no action "gatway"; did you mean gateway?`},
		{"unknown gateway", rule("if.always = true\nthen.gateway = \"uss\""), Outgoing, `f.toml:4:6: there is no gateway "uss"; did you mean us?`},
		{"unknown gateway in a list", rule("if.always = true\nthen.gateway = [\"us\", \"e\"]"), Outgoing, `f.toml:4:23: there is no gateway "e"; did you mean eu?`},
		{"gateway for a mailbox", rule("if.always = true\nthen.gateway = \"us\""), Incoming, `f.toml:4:6: texts from phones go to mailboxes`},
		{"stop as an action", rule("if.always = true\nthen.stop = true"), Outgoing, `f.toml:4:6: stop is no action; write stop = true in the rule itself`},
		{"behind the end", rule("if.always = true\nthen.drop = true\nthen.tag = \"x\""), Outgoing, `f.toml:5:6: nothing is done behind drop; write it in front`},
		{"rejecting a phone", rule("if.always = true\nthen.reject = \"no\""), Incoming, `f.toml:4:6: a text from a phone cannot be rejected: nobody would be told; write drop = true`},
		{"no address", rule("if.always = true\nthen.copy = \"John <john@example.org>\""), Outgoing, `f.toml:4:6: copy: want one mail address, like john@example.org`},
		{"archive at a number", rule("if.always = true\nthen.archive = \"+15551234567\""), Outgoing, `f.toml:4:6: an archive is a mailbox, and +15551234567 is a number; write copy`},
		{"unknown group", rule("if.always = true\nthen.edit.to = { matches = '^(.*)$', with = '$2@us' }"), Outgoing, `f.toml:4:38: the pattern has no group 2; write $$ for a dollar`},
		{"unknown variable", rule("if.always = true\nthen.edit.text = \"%%txt%%\""), Outgoing, `f.toml:4:11: there is no variable %%txt%%; did you mean text?`},
		{"unknown parameter", rule("if.always = true\nthen.edit.to = \"%%to%%@us&sendr=1\""), Outgoing, `f.toml:4:11: unknown parameter sendr`},
		{"credentials", rule("if.always = true\nthen.edit.to = \"%%to%%&pass=1\""), Outgoing, `f.toml:4:11: a user, password or key has no place here`},
		{"a reserved header", rule("if.always = true\nthen.edit.header.bcc = \"a@example.org\""), Outgoing, `f.toml:4:18: the header field bcc is not a rule's; take a name of your own, like X-Department`},
		{"a program without path", rule("if.always = true\nthen.run = [\"page\"]"), Outgoing, `f.toml:4:6: the program "page" is not named by its path`},
		{"a program from a text", rule("if.always = true\nthen.run = [\"/bin/%%text%%\"]"), Outgoing, `f.toml:4:6: the program "/bin/%%text%%" is not named by its path`},
		{"an option from a text", rule("if.always = true\nthen.run = [\"/bin/page\", \"%%text%%\"]"), Outgoing, `f.toml:4:6: %%text%% could begin with "-" and be taken for an option; write "--" before it, or --name=%%text%%`},
		{"an option's name from a text", rule("if.always = true\nthen.run = [\"/bin/page\", \"--%%text%%\"]"), Outgoing, `f.toml:4:6: --%%text%% could begin with "-"`},
		{"a value for the shell", rule("if.always = true\nthen.run = { command = \"echo %%text%%\", shell = true }"), Outgoing, `f.toml:4:14: no value is written into a line for the shell; write "$POSTEL_TEXT", in double quotes, for %%text%%`},
		{"a server from a text", rule("if.always = true\nthen.call = \"https://%%text%%/\""), Outgoing, `f.toml:4:6: no value can say which server is asked`},
		{"a server's end from a text", rule("if.always = true\nthen.call = \"https://example.org%%text%%\""), Outgoing, `f.toml:4:6: no value can say which server is asked`},
		{"a file", rule("if.always = true\nthen.call = \"file:///etc/passwd\""), Outgoing, `f.toml:4:6: a URL begins with https:// or http://`},
		{"a quoted variable", rule("if.always = true\nthen.sql = { database = \"crm\", statement = \"insert into t values ('%%text%%')\" }"), Outgoing, `f.toml:4:32: %%text%% stands in quotes; leave the quotes out: values are bound`},
		{"unknown database", rule("if.always = true\nthen.sql = { database = \"cmr\", statement = \"x\" }"), Outgoing, `f.toml:4:14: there is no database "cmr"; did you mean crm?`},
		{"a digest without a time", rule("if.always = true\nthen.digest = { after = 3 }"), Outgoing, `f.toml:4:6: a digest needs to know after how many texts, within which time; write digest = { after = 3, within = "10m" }`},
		{"a digest of all time", rule("if.always = true\nthen.digest = { after = 3, within = \"48h\" }"), Outgoing, `f.toml:4:28: want a time in quotes from "1s" to "24h"`},
		{"a digest after half a text", rule("if.always = true\nthen.digest = { after = 0.5, within = \"1h\" }"), Outgoing, `f.toml:4:17: after: want a whole number from 0 to 1000, without quotes`},
		{"a digest with another key", rule("if.always = true\nthen.digest = { after = 3, within = \"1h\", part = 1 }"), Outgoing, `f.toml:4:43: a digest has no "part"; did you mean parts?`},
		{"a digest for a mailbox", rule("if.always = true\nthen.digest = { after = 3, within = \"1h\" }"), Incoming, `f.toml:4:6: a digest is for texts to phones`},
		{"too deep", rule("if." + strings.Repeat("all.", 20) + "to = \"+1\"\nstop = true"), Outgoing, `these are too many groups in groups`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(folder, "f.toml", []byte(c.doc), c.d, Site{Gateways: []string{"us", "eu"}, Databases: []string{"crm"}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

// Everything that is wrong is said at once, in the order of the lines.
func TestAllProblems(t *testing.T) {
	_, err := Parse(fstest.MapFS{}, "f.toml", []byte("[[rule]]\ntitle = \"a\"\nif.too = \"+1\"\nthen.tag = \"\"\n[[rule]]\ntitle = \"b\"\nif.always = true\nthen.copi = \"x\"\n"), Outgoing, Site{})
	problems, ok := errors.AsType[mistake.Problems](err)
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if !ok || !slices.Equal(lines, []int{3, 4, 8}) {
		t.Errorf("%v", err)
	}
}

// A set tells which files it was made of, so that somebody can watch them.
func TestFiles(t *testing.T) {
	folder := fstest.MapFS{
		"out.toml":        {Data: []byte("[[rule]]\ntitle = \"x\"\nif.to.in = \"lists/a.txt\"\nif.text.contains.in = \"lists/b.txt\"\nthen.tag = \"x\"")},
		"lists/a.txt":     {Data: []byte("\ufeff# staff\n\n+1 (555) 123-4567  \r\n")},
		"lists/b.txt":     {Data: []byte("Pump\n")},
		"lists/other.txt": {Data: []byte("x\n")},
	}
	s, err := Load(folder, "out.toml", Outgoing, Site{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Files(); !slices.Equal(got, []string{"out.toml", "lists/a.txt", "lists/b.txt"}) {
		t.Errorf("files %q", got)
	}
	if d := s.Decide(Facts{To: "+15551234567", Text: "the pumps"}); len(d.Changes.Tags) != 1 {
		t.Errorf("%+v", d)
	}
	folder["lists/other.txt"].ModTime = time.Unix(1, 0)
	if s.Stale(folder) {
		t.Error("a file that the rules do not name makes them stale")
	}
	folder["lists/b.txt"].ModTime = time.Unix(1, 0)
	if !s.Stale(folder) {
		t.Error("a list has changed, and nobody sees it")
	}
	delete(folder, "lists/b.txt")
	if !s.Stale(folder) {
		t.Error("a list has gone, and nobody sees it")
	}
	if _, err := Load(folder, "in.toml", Incoming, Site{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A rule says which engine its patterns run on.
func TestNotes(t *testing.T) {
	rules := load(t, Outgoing, leastCost+byPrefix).Rules()
	if len(rules[0].Notes) != 1 || !strings.Contains(rules[0].Notes[0], "backtracking") || len(rules[1].Notes) != 0 {
		t.Errorf("%+v", rules)
	}
	if rules[0].When != "always" || rules[0].Line != 2 {
		t.Errorf("%+v", rules[0])
	}
}
