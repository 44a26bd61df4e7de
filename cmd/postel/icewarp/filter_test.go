package icewarp

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/rule"
)

var update = flag.Bool("update", false, "write the golden files")

func filterSite(d rule.Direction) FilterSite {
	return FilterSite{
		Site:      rule.Site{Gateways: []string{"us", "eu"}, Domains: []string{"sms.example.org"}, Databases: []string{"crm"}},
		Direction: d,
		List: func(name string) ([]byte, bool) {
			return []byte("+15551234567;+15551238866\r\n"), name == "staff.txt"
		},
	}
}

// readFilters makes rules of a document and sees that they load.
func readFilters(t testing.TB, data string, d rule.Direction) (*Filters, *rule.Set) {
	t.Helper()
	found, err := ReadFilters("filters.xml", []byte(data), filterSite(d))
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, l := range found.Lists {
		folder[l.Name] = &fstest.MapFile{Data: []byte(l.Text)}
	}
	text := found.Text("filters.xml")
	set, err := rule.Parse(folder, "rules.toml", text, d, filterSite(d).Site)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return found, set
}

// The rules that are made are those of the golden files.
func TestFiltersGolden(t *testing.T) {
	for _, d := range []rule.Direction{rule.Outgoing, rule.Incoming} {
		for _, form := range []string{"api", "plain"} {
			name := filepath.Join("testdata", string(d)+"-"+form)
			data, err := os.ReadFile(name + ".xml")
			if os.IsNotExist(err) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			found, _ := readFilters(t, string(data), d)
			got := string(found.Text("filters.xml"))
			if *update {
				if err := os.WriteFile(name+".toml", []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".toml")
			if err != nil || got != string(want) {
				t.Errorf("%s: %v\n%s", name, err, got)
			}
		}
	}
}

// The reference's examples decide as the reference says, each alone.
func TestFiltersDecide(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	unrouted := rule.Facts{To: "+15551234567", From: "john@example.org", Text: "Hello", PhoneAlias: "+15555550123", At: at}
	bound := unrouted
	bound.Gateway = "eu"
	abroad := unrouted
	abroad.To = "+420776047467"
	phone := rule.Facts{From: "+15551238866", To: "+15555550100", Gateway: "us", Text: "Hi", At: at}
	stranger := phone
	stranger.From = "+15550000000"
	gateway := func(d rule.Decision) string {
		if len(d.Changes.Gateways) == 1 {
			return d.Changes.Gateways[0].Name
		}
		return ""
	}
	for _, c := range []struct {
		name, conditions, actions string
		d                         rule.Direction
		facts                     rule.Facts
		got                       func(rule.Decision) string
		want                      string
	}{
		{"least cost", all, to(`^(?!.*@)(.*)$`, "$1@us"), rule.Outgoing, unrouted, gateway, "us"},
		{"least cost, bound", all, to(`^(?!.*@)(.*)$`, "$1@us"), rule.Outgoing, bound, gateway, ""},
		{"least cost, a condition as well", words("2", "3", `^(?!.*@)(.*)$`), to(`^(?!.*@)(.*)$`, "$1@us"), rule.Outgoing, bound, gateway, ""},
		{"not a pattern", all, to("", "%%To%%@us"), rule.Outgoing, unrouted, gateway, "us"},
		{"by prefix", all, to(`^(\+1)(.*)`, "$1$2@us"), rule.Outgoing, unrouted, gateway, "us"},
		{"by prefix, bound to another", all, to(`^(\+1)(.*)`, "$1$2@us"), rule.Outgoing, bound, gateway, "us"},
		{"by prefix, elsewhere", all, to(`^(\+1)(.*)`, "$1$2@us"), rule.Outgoing, abroad, gateway, ""},
		{"by prefix, more is done", all, to(`^(\+1)(.*)`, "$1$2@us") + stop, rule.Outgoing, unrouted, gateway, "us"},
		{"caller ID", all, to(`^(.*.@)(.*)$`, "$1@$2&amp;sender=%sender_phonealias%"), rule.Outgoing, bound,
			func(d rule.Decision) string { return d.Changes.Sender }, "+15555550123"},
		{"caller ID, not bound", all, to(`^(.*.@)(.*)$`, "$1@$2&amp;sender=%sender_phonealias%"), rule.Outgoing, unrouted,
			func(d rule.Decision) string { return d.Changes.Sender }, ""},
		{"sender validation", words("1", "3", `(\+15551234567)|(\+15551238866)`), forward, rule.Incoming, phone, forwarded, "john.doe@example.org"},
		{"sender validation, another", words("1", "3", `(\+15551234567)|(\+15551238866)`), forward, rule.Incoming, stranger, forwarded, ""},
		{"sender validation by a list", words("1", "2", `C:\IceWarp\staff.txt`), forward, rule.Incoming, phone, forwarded, "john.doe@example.org"},
		{"sender validation by a list, another", words("1", "2", `C:\IceWarp\staff.txt`), forward, rule.Incoming, stranger, forwarded, ""},
		{"filter by content", words("11", "1", "bye;hello"), forward, rule.Outgoing, unrouted, copied, "john.doe@example.org"},
		{"filter by content, case", words("11", "1", "hello", "<MatchCase>1</MatchCase>"), forward, rule.Outgoing, unrouted, copied, ""},
		{"filter by content, whole words", words("11", "1", "hell", "<MatchWholeWordsOnly>1</MatchWholeWordsOnly>"), forward, rule.Outgoing, unrouted, copied, ""},
		{"not", words("11", "1", "hello", "<LogicalNot>1</LogicalNot>"), forward, rule.Outgoing, unrouted, copied, ""},
		{"not not", words("11", "1", "hello", "<LogicalNot>1</LogicalNot><NotMatch>1</NotMatch>"), forward, rule.Outgoing, unrouted, copied, "john.doe@example.org"},
		{"is it bound", words("2", "1", "@"), forward, rule.Outgoing, bound, copied, "john.doe@example.org"},
		{"is it bound: no", words("2", "1", "@"), forward, rule.Outgoing, unrouted, copied, ""},
		{"or", words("11", "1", "x") + words("11", "1", "hello", "<OperatorAnd>0</OperatorAnd>"), forward, rule.Outgoing, unrouted, copied, "john.doe@example.org"},
		{"brackets", words("11", "1", "x", "<BracketsLeft>1</BracketsLeft>") + words("11", "1", "hello", "<OperatorAnd>0</OperatorAnd><BracketsRight>1</BracketsRight>") +
			words("2", "4", "+420", "<OperatorAnd>1</OperatorAnd>"), forward, rule.Outgoing, unrouted, copied, ""},
		{"delete", all, `<Item><ActionType>26</ActionType></Item>`, rule.Outgoing, unrouted, func(d rule.Decision) string { return string(d.Verdict) }, string(rule.Drop)},
		{"reject", all, `<Item><ActionType>25</ActionType><MessageActionType>2</MessageActionType></Item>`, rule.Outgoing, unrouted,
			func(d rule.Decision) string { return string(d.Verdict) }, string(rule.Reject)},
		{"a URL", all, `<Item><ActionType>12</ActionType><Url>https://example.org/?t=%%body%%</Url></Item>`, rule.Incoming, phone, func(d rule.Decision) string {
			r, _ := d.Effects[0].(rule.Call).Fill()
			return r.URL
		}, "https://example.org/?t=Hi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, set := readFilters(t, filter("x", c.conditions, c.actions), c.d)
			if got := c.got(set.Decide(c.facts)); got != c.want || !found.Filters[0].Active {
				t.Errorf("%q, want %q\n%s", got, c.want, found.Text("filters.xml"))
			}
		})
	}
}

const (
	all     = `<Item><ClassName>TRuleAllCondition</ClassName><ConditionType>35</ConditionType></Item>`
	stop    = `<Item><ClassName>TRuleStopAction</ClassName><ActionType>27</ActionType></Item>`
	forward = `<Item><ActionType>2</ActionType><Email>john.doe@example.org</Email></Item>`
)

func filter(title, conditions, actions string) string {
	return "<Filters><Rule><Title>" + title + "</Title><Active>1</Active><Conditions>" + conditions + "</Conditions><Actions>" + actions + "</Actions></Rule></Filters>"
}

func words(kind, how, value string, more ...string) string {
	return "<Item><ConditionType>" + kind + "</ConditionType><MatchFunction>" + how + "</MatchFunction><MatchValue>" + value + "</MatchValue>" + strings.Join(more, "") + "</Item>"
}

func to(pattern, value string) string {
	has := "0"
	if pattern != "" {
		has = "1"
	}
	return "<Item><ActionType>10</ActionType><Headers><Item><EditHeaderType>0</EditHeaderType><Header>To:</Header><HasRegex>" + has +
		"</HasRegex><Regex>" + pattern + "</Regex><Value>" + value + "</Value></Item></Headers></Item>"
}

func forwarded(d rule.Decision) string { return d.Changes.To }

func copied(d rule.Decision) string {
	if len(d.Effects) == 1 {
		return d.Effects[0].(rule.Mail).To
	}
	return ""
}

// Whatever has no counterpart is said, and its rule is not active and never holds.
func TestFiltersLeft(t *testing.T) {
	for _, c := range []struct {
		name, conditions, actions, want string
		d                               rule.Direction
	}{
		{"a condition", `<Item><ConditionType>9</ConditionType></Item>`, forward, `"spam"`, rule.Outgoing},
		{"a type that there is not", `<Item><ConditionType>99</ConditionType></Item>`, forward, `"99"`, rule.Outgoing},
		{"no condition", "", forward, "no condition", rule.Outgoing},
		{"brackets", words("11", "1", "x", "<BracketsLeft>1</BracketsLeft>"), forward, "brackets", rule.Outgoing},
		{"subject of a text from a phone", words("3", "1", "x"), forward, `"subject"`, rule.Incoming},
		{"an element that nobody knows", words("11", "1", "hello", "<Fuzzy>70</Fuzzy>"), forward, "<fuzzy>", rule.Outgoing},
		{"a flag that is none", words("11", "1", "hello", "<LogicalNot>perhaps</LogicalNot>"), forward, "<logicalnot>", rule.Outgoing},
		{"a pattern that is none", words("11", "3", "("), forward, "wrong", rule.Outgoing},
		{"a list that is not there", words("1", "2", `/opt/icewarp/config/vip.txt`), forward, "lists/vip.txt", rule.Incoming},
		{"two lists of a name", words("1", "2", `/a/staff.txt`) + words("1", "2", `/b/staff.txt`), forward, "already", rule.Incoming},
		{"the beginning of a number as it was dialled", words("2", "4", "00420"), forward, "begin with +", rule.Outgoing},
		{"a number without a country", words("1", "6", "5551234567"), forward, "begin with +", rule.Incoming},
		{"a pattern for a number as it was dialled", words("1", "3", `^(00420|\+420)`), forward, "begin with +", rule.Incoming},
		{"an edit of a number as it was dialled", all, to(`^00(.*)`, "+$1@us"), "begin with +", rule.Outgoing},
		{"an action", all, `<Item><ActionType>4</ActionType><Folder>john@example.org/SMS</Folder></Item>`, "john@example.org/SMS", rule.Incoming},
		{"one of two actions", all, forward + `<Item><ActionType>11</ActionType></Item>`, `"score"`, rule.Outgoing},
		{"no action", all, "", "does nothing", rule.Outgoing},
		{"a gateway that there is not", all, to(`^(\+1)(.*)`, "$1$2@asia"), "the gateway asia", rule.Outgoing},
		{"a variable that there is not", all, to("", "%%To%%@us&amp;x=%%Moon%%"), "wrong", rule.Outgoing},
		{"a mailbox that is none", all, `<Item><ActionType>2</ActionType><Email>john</Email></Item>`, "wrong", rule.Outgoing},
		{"a Windows program", all, `<Item><ActionType>12</ActionType><Application>C:\x.exe</Application></Item>`, "then.run", rule.Outgoing},
		{"a database", all, `<Item><ActionType>21</ActionType><Statement>insert into s values ('%%body%%')</Statement></Item>`, `"crm"`, rule.Outgoing},
		{"and, or", words("11", "1", "x") + words("11", "1", "hello", "<OperatorAnd>0</OperatorAnd>") + words("11", "1", "hello", "<OperatorAnd>1</OperatorAnd>"), forward, "brackets", rule.Outgoing},
		{"numbers in elements of other names", `<Item><Expression>35</Expression></Item>`, forward, "<expression> 35", rule.Outgoing},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, set := readFilters(t, filter("x", c.conditions, c.actions), c.d)
			if f := found.Filters[0]; f.Active || set.Rules()[0].Active || !strings.Contains(strings.Join(f.Left, "\n"), c.want) {
				t.Errorf("%q\n%s", f.Left, found.Text("filters.xml"))
			}
		})
	}
}

// No report repeats a password.
func TestFiltersHideSecrets(t *testing.T) {
	for _, action := range []string{
		`<Item><ActionType>12</ActionType><Application>C:\x.exe</Application><Parameters>-u john -password=hunter2 x</Parameters></Item>`,
		`<Item><ActionType>12</ActionType><Application>C:\x.exe?pass=hunter2&amp;a=b</Application></Item>`,
		`<Item><ActionType>21</ActionType><Statement>x</Statement><Connection>Server=db;Pwd=hunter2;</Connection></Item>`,
		`<Item><ActionType>21</ActionType><Statement>x</Statement><Password>hunter2</Password></Item>`,
		`<Item><ActionType>99</ActionType><Password>hunter2</Password></Item>`,
		`<Item><ActionType>99</ActionType><Url>https://john:hunter2@example.org/</Url></Item>`,
		`<Item><ActionType>99</ActionType><DbPass>hunter2</DbPass></Item>`,
		`<Item><ActionType>99</ActionType><A><ApiKey>hunter2</ApiKey></A></Item>`,
		`<Item><ActionType>2</ActionType><Email>sms:+1?user=x&amp;pass=hunter2@</Email></Item>`,
	} {
		found, _ := readFilters(t, filter("x", all, action), rule.Outgoing)
		if said := strings.Join(append(found.Filters[0].Left, found.Filters[0].Notes...), "\n"); strings.Contains(said, "hunter2") || found.Filters[0].Active {
			t.Errorf("%s says %s", action, said)
		}
	}
}

// A pattern that became a condition and a gateway decides as the pattern does.
func TestReroutesMeanTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		prefix := rapid.StringMatching(`\+[1-9][0-9]{0,3}`).Draw(r, "prefix")
		pattern, value := `^(\`+prefix+`)(.*)`, "$1$2@us"
		if rapid.Bool().Draw(r, "unrouted") {
			pattern, value = `^(?!.*@)(.*)$`, "$1@us"
		}
		_, made := readFilters(t, filter("x", all, to(pattern, value)), rule.Outgoing)
		plain, err := rule.Parse(fstest.MapFS{}, "x", []byte("[[rule]]\ntitle = \"x\"\nif.always = true\nthen.edit.to = { matches = '"+pattern+"', with = '"+value+"' }\n"),
			rule.Outgoing, filterSite(rule.Outgoing).Site)
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.StringMatching(`\+[1-9][0-9]{7,10}`).Draw(r, "number")
		if rapid.Bool().Draw(r, "begins so") {
			number = prefix + "5551234567"
		}
		f := rule.Facts{To: number, Gateway: rapid.SampledFrom([]string{"", "us", "eu"}).Draw(r, "gateway")}
		changes := func(s *rule.Set) rule.Changes {
			c := s.Decide(f).Changes
			if len(c.Gateways) == 0 && f.Gateway != "" {
				c.Gateways = []rule.Choice{{Name: f.Gateway}} // it stays
			}
			return c
		}
		if a, b := changes(made), changes(plain); !reflect.DeepEqual(a, b) {
			r.Fatalf("%+v, and the pattern %+v", a, b)
		}
	})
}

// No entity of the document is replaced, and nothing outside of it is read.
func TestFiltersEntities(t *testing.T) {
	doc := `<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd"><!ENTITY a "hello">]>` + filter("&secret;", all, stop)
	if found, err := ReadFilters("x", []byte(doc), filterSite(rule.Outgoing)); err == nil {
		t.Errorf("%+v", found)
	}
}

func FuzzFilters(f *testing.F) {
	f.Add([]byte(filter("x", all, stop+forward+to(`^(\+1)(.*)`, "$1$2@us"))), true)
	f.Add([]byte(filter("", words("11", "1", "x", "<BracketsLeft>2</BracketsLeft>")+words("2", "3", "^(?!@)", "<OperatorAnd>0</OperatorAnd><BracketsRight>2</BracketsRight>"), to("", "%%To%%@us"))), false)
	f.Add([]byte("<FILTER><CONDITION><EXPRESSION>33</EXPRESSION><Weekdays>1</Weekdays><Monday>1</Monday></CONDITION><ACTION type='21'><SQL>x</SQL></ACTION></FILTER>"), true)
	f.Add([]byte(filter("x", words("12", "1", "X-A:b;c")+words("10", "1", "1"), `<Item><ActionType>12</ActionType><Application>/bin/x %%text%%</Application></Item>`)), true)
	f.Fuzz(func(t *testing.T, data []byte, outgoing bool) {
		d := rule.Incoming
		if outgoing {
			d = rule.Outgoing
		}
		if _, err := ReadFilters("filters.xml", data, filterSite(d)); err != nil {
			return
		}
		found, set := readFilters(t, string(data), d)
		for i, one := range found.Filters {
			if one.Title == "" || one.Active && len(one.Left) > 0 || one.Active != set.Rules()[i].Active {
				t.Errorf("%+v", one)
			}
		}
	})
}
