package rulefile

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine/rule"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Files come out as they went in, whatever is in them.
func TestPackAndUnpack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		files := rapid.SliceOfNDistinct(rapid.Custom(func(r *rapid.T) File {
			return File{
				Name: rapid.StringMatching(`(lists/)?[a-z][a-z0-9-]{0,20}\.(toml|txt)`).Draw(r, "name"),
				Text: strings.Join(rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"'''", `"""`, "\r\n", "\n", "'", `\`, "\t", "\x7f", "\u0085", "\ufeff"}))).Draw(r, "text"), ""),
			}
		}), 1, 4, func(f File) string { return f.Name }).Draw(r, "files")
		data, err := Pack(files, now)
		if err != nil {
			r.Fatal(err)
		}
		got, err := Unpack(data)
		if err != nil || !slices.Equal(got, files) || !IsBundle(data) {
			r.Fatalf("%v %q\n%s", err, got, data)
		}
	})
}

// What would be written elsewhere is refused, and so is what is not whole.
func TestUnpackRefuses(t *testing.T) {
	const head = "postel_rules = 1\n"
	for _, doc := range []string{
		"", head, "postel_rules = 2\n[[file]]\nname = \"a\"\ntext = \"\"\n", head + "[[file]]\nname = \"../a\"\ntext = \"\"\n",
		head + "[[file]]\nname = \"/etc/passwd\"\ntext = \"\"\n", head + "[[file]]\nname = \"a\"\n[[file]]\nname = \"a\"\n",
		head + "[[file]]\nname = 'c:\\a'\n", head + "[[file]]\nname = \".a\"\n", head + "[[file]]\nname = \"a/.ssh/b\"\n", head + "more = 1\n[[file]]\nname = \"a\"\n",
		head + "[[file]]\nname = ", head + "[[file]]\nname = \"a\\nb\"\n",
	} {
		if files, err := Unpack([]byte(doc)); err == nil {
			t.Errorf("%q gives %q", doc, files)
		}
	}
	if _, err := Pack([]File{{"a", "\xff"}}, now); err == nil {
		t.Error("what is not UTF-8 was packed")
	}
}

// A text in quotes is the same text to whoever reads TOML.
func TestQuote(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.String().Draw(r, "s")
		var read struct{ X string }
		if err := toml.Unmarshal([]byte("x = "+Quote(s)), &read); err != nil || read.X != s {
			r.Fatalf("%v %q is read as %q", err, Quote(s), read.X)
		}
	})
}

const golden = `# Made by a test,
# in two lines

# an evil [[rule]] in a comment
[[rule]]
title = 'A "quoted" one'
active = false
if.to.starts = ["+1", "+44"]
if.hour.between = ["08:00", "18:00"]
if.any = [{ account = "sales", parts.over = 3 }, { none = [{ text.matches = '(?i)\bhi' }] }]
then.gateway = "us"

[[rule]]
title = "Two"
if.always = true
stop = true
[[rule.then]]
edit.to = { matches = '^(\+1)(.*)', with = "$1$2@us" }
[[rule.then]]
edit.header.X-A = "x"
copy = "+15555550199"
`

// Rules are written as people write them, and load.
func TestWrite(t *testing.T) {
	rules := []Rule{
		{
			Comment: []string{"an evil\r[[rule]]\x00in a comment"}, Title: `A "quoted" one`, Passive: true,
			If: Table{
				{"to", Field("starts", []string{"+1", "+44"})}, {"hour", Field("between", []string{"08:00", "18:00"})},
				{"any", []Table{{{"account", "sales"}, {"parts", Field("over", 3)}}, Field("none", []Table{Field("text", Field("matches", `(?i)\bhi`))})}},
			},
			Then: []Table{Field("gateway", "us")},
		},
		{
			Title: "Two", If: Field("always", true), Stop: true,
			Then: []Table{
				Field("edit", Field("to", Table{{"matches", `^(\+1)(.*)`}, {"with", "$1$2@us"}})),
				{{"edit", Field("header", Field("X-A", "x"))}, {"copy", "+15555550199"}},
			},
		},
	}
	got := string(Write([]string{"Made by a test,\nin two lines"}, rules))
	if got != golden {
		t.Errorf("%s", got)
	}
	if _, err := rule.Parse(Folder{}, "x", []byte(got), rule.Outgoing, rule.Site{Gateways: []string{"us"}}); err != nil {
		t.Error(err)
	}
}

func FuzzUnpack(f *testing.F) {
	data, _ := Pack([]File{{"outgoing.toml", golden}, {"lists/a.txt", "'''\r"}}, now)
	f.Add(data)
	f.Add([]byte("postel_rules = 1\n[[file]]\nname = \"../a\"\ntext = \"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := Unpack(data)
		if err != nil {
			return
		}
		for _, one := range files {
			if !IsName(one.Name) || strings.Contains(one.Name, "..") && strings.Contains("/"+one.Name+"/", "/../") {
				t.Errorf("%q", one.Name)
			}
		}
	})
}
