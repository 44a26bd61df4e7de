package rule

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// manyRules are rules about numbers, accounts and mailboxes, as a provider's
// price list or a large site has them.
func manyRules(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[rule]]\ntitle = \"Rule %d\"\n", i)
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "if.to.starts = \"+%d\"\nif.text.contains = \"urgent\"\nthen.tag = \"t%d\"\n", 1000+i, i)
		case 1:
			fmt.Fprintf(&b, "if.account = \"account%d\"\nif.hour.between = [\"08:00\", \"18:00\"]\nthen.gateway = \"us\"\n", i)
		case 2:
			fmt.Fprintf(&b, "if.from = \"user%d@example.org\"\nthen.archive = \"archive@example.org\"\n", i)
		default:
			fmt.Fprintf(&b, "if.to.matches = '^\\+%d[0-9]'\nif.routed = false\nthen.gateway = \"eu\"\n", 40000+i)
		}
	}
	return b.String()
}

// aMillion is a list of a million numbers.
func aMillion() []byte {
	var b strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&b, "+1%010d\n", (i*7919)%10_000_000_000)
	}
	return []byte(b.String())
}

var aText = strings.Repeat("The pump in building seven has stopped again. ", 6)

func message() Facts {
	return Facts{
		From: "user4002@example.org", To: "+15551234567", Account: "account4001", Domain: "example.org",
		Text: aText, At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkDecide(b *testing.B) {
	list := fstest.MapFS{"numbers.txt": {Data: aMillion()}}
	for _, c := range []struct{ name, doc string }{
		{"no rules", ""},
		{"10 rules", manyRules(10)},
		{"10000 rules", manyRules(10_000)},
		{"10000 rules and a list of 1000000", manyRules(10_000) + `
[[rule]]
title = "Known"
if.to.in = "numbers.txt"
then.tag = "known"
[[rule]]
title = "Prefix"
if.to.starts.in = "numbers.txt"
then.tag = "prefix"`},
		{"10000 rules about digits of the number", digits(10_000)},
		{"10000 rules about the hour", hours(10_000)},
		{"1000 rules about words of the text", wordsIn(1000)},
		{"look-ahead", leastCost},
		{"expression", "[[rule]]\ntitle = \"x\"\nif.expr = 'parts > 3 and to startsWith \"+1\" and not routed'\nthen.tag = \"x\""},
	} {
		b.Run(c.name, func(b *testing.B) {
			before := memory()
			s, err := Parse(list, "rules.toml", []byte(c.doc), Outgoing, Site{Gateways: []string{"us", "eu", "gatewayid"}})
			if err != nil {
				b.Fatal(err)
			}
			size := float64(memory()) - float64(before)
			f := message()
			b.ReportAllocs()
			for b.Loop() {
				s.Decide(f)
			}
			b.ReportMetric(size/1e6, "MB")
		})
	}
}

func digits(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[rule]]\ntitle = \"Rule %d\"\nif.to.contains = \"%07d\"\nif.parts.over = 1\nthen.tag = \"x\"\n", i, i)
	}
	return b.String()
}

// hours are rules that the index does not know: each is asked.
func hours(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[rule]]\ntitle = \"Rule %d\"\nif.hour.between = [\"13:00\", \"14:00\"]\nif.parts.over = 1\nthen.tag = \"x\"\n", i)
	}
	return b.String()
}

func wordsIn(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[rule]]\ntitle = \"Rule %d\"\nif.text.contains = \"word%d\"\nthen.tag = \"x\"\n", i, i)
	}
	return b.String()
}

func BenchmarkLoad(b *testing.B) {
	doc := []byte(manyRules(10_000) + "[[rule]]\ntitle = \"Known\"\nif.to.in = \"numbers.txt\"\nthen.tag = \"known\"\n")
	list := fstest.MapFS{"numbers.txt": {Data: aMillion()}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(list, "rules.toml", doc, Outgoing, Site{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListContains(b *testing.B) {
	var words strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&words, "%cx%d word\n", 'a'+i%26, i)
	}
	s, err := Parse(fstest.MapFS{"words.txt": {Data: []byte(words.String())}}, "rules.toml",
		[]byte("[[rule]]\ntitle = \"x\"\nif.text.contains.in = \"words.txt\"\nthen.tag = \"x\""), Outgoing, Site{})
	if err != nil {
		b.Fatal(err)
	}
	f := message()
	b.ReportAllocs()
	for b.Loop() {
		s.Decide(f)
	}
}
