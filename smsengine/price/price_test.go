package price

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Price{"0": 0, "0.075": 75000, "1": 1000000, ".5": 500000, "12.3456789": 12345679} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, wrong := range []string{"", "-1", "1e3", "NaN", "0,075", "1.2.3", "free", "0x10", "99999999999", "+1", "1_0"} {
		if got, err := Parse(wrong); err == nil {
			t.Errorf("%q was read as %v", wrong, got)
		}
	}
	if got := Price(75000).String(); got != "0.075" {
		t.Error(got)
	}
}

const sample = "\ufeffprefix,price\n# home\n+1,0.01\n1876,0.2,Jamaica\n\n49;0.07\n49171\t0.05\n\"4917\",\"0.06\"\n881,-\n8816,1.5\n"

func TestTable(t *testing.T) {
	table, err := Read(strings.NewReader(sample))
	if err != nil || table.Len() != 7 {
		t.Fatal(err)
	}
	for _, x := range []struct {
		number, want string // "-": not reached, "": not listed
	}{
		{"+15551234567", "0.01"}, {"+18765551234", "0.2"}, {"+4930123456", "0.07"}, {"+491701234567", "0.06"},
		{"+491711234567", "0.05"}, {"+881512345678", "-"}, {"+881612345678", "1.5"}, {"+441234567890", ""},
		{"+4", ""}, {"+49", "0.07"}, {"72727", ""}, {"", ""}, {"+", ""}, {"+49x", ""}, {"+4917112345678901234567890", "0.05"},
	} {
		p, listed, reached := table.Of(x.number)
		got := ""
		switch {
		case listed && reached:
			got = p.String()
		case listed:
			got = "-"
		}
		if got != x.want {
			t.Errorf("%s: %q, want %q", x.number, got, x.want)
		}
	}
}

func TestTableIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "no price in it",
		"# nothing\n":              "no price in it",
		"49,0.1\n49,0.2":           "line 2: the prefix 49 is there twice",
		"49,0.1\n+49,0.2":          "line 2: the prefix +49 is there twice",
		"49,0.1\n\ngermany,0.2":    `line 3: "germany" is no prefix`,
		"49":                       `line 1: "" is no price`,
		"49,cheap":                 `line 1: "cheap" is no price`,
		"49,0,07":                  "", // a price of 0 and a remark: nobody can tell
		"1234567890123456,0.1":     "line 1: \"1234567890123456\" is no prefix",
		"49,0.1\nprefix,price\n":   `line 2: "prefix" is no prefix`,
		strings.Repeat("9", 70000): "too long",
	} {
		_, err := Read(strings.NewReader(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

// The table finds what a search through all prefixes finds.
func TestLongestPrefixCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.MapOfN(rapid.StringMatching(`[0-3]{1,6}`), rapid.Int64Range(0, 99), 1, 40).Draw(t, "prices")
		var text strings.Builder
		for prefix, p := range of {
			fmt.Fprintf(&text, "%s,%s\n", prefix, Price(p))
		}
		table, err := Read(strings.NewReader(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.StringMatching(`[0-3]{1,9}`).Draw(t, "number")
		best := ""
		for prefix := range of {
			if strings.HasPrefix(number, prefix) && len(prefix) > len(best) {
				best = prefix
			}
		}
		p, listed, _ := table.Of("+" + number)
		if listed != (best != "") || listed && p != Price(of[best]) {
			t.Fatalf("%s: %v, %v; the best prefix is %q", number, p, listed, best)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(sample, "+491711234567")
	f.Add("49,0.1\n", "49")
	f.Fuzz(func(t *testing.T, text, number string) {
		table, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if p, listed, reached := table.Of(number); p < 0 || reached && !listed {
			t.Fatal(p, listed, reached)
		}
	})
}

// large is a table of 100,000 prefixes.
func large() string {
	var b strings.Builder
	r, seen := rand.New(rand.NewPCG(1, 2)), map[uint64]bool{}
	for len(seen) < 100000 {
		if n := 1 + r.Uint64N(99999999); !seen[n] {
			seen[n] = true
			fmt.Fprintf(&b, "%d,0.%03d\n", n, r.IntN(1000))
		}
	}
	return b.String()
}

func BenchmarkRead(b *testing.B) {
	text := large()
	for b.Loop() {
		if _, err := Read(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	table, err := Read(strings.NewReader(large()))
	if err != nil {
		b.Fatal(err)
	}
	r, numbers := rand.New(rand.NewPCG(3, 4)), make([]string, 4096)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+%d", 1e11+r.Uint64N(9e11))
	}
	i := 0
	for b.Loop() {
		table.Of(numbers[i%len(numbers)])
		i++
	}
}
